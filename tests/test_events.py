"""Events on made-up play: a picture beside the hero gives one away, early or late, here or there."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamplay.config import Config, Counter
from dreamplay.models.motion import Foresight
from dreamplay.ring import Ring
from tests import tiny
from training import assets
from training.cache import Cache, Table
from training.data import Footage
from training.measure import events, signs
from training.measure.dreaming import Dreamer
from training.measure.events import KINDS
from training.measure.patches import hashes, hashes_everywhere
from training.measure.signs import View

GAME = replace(tiny.GAME, height=240, width=128)
AT = (100, 180)
"""Rows of every episode at which the hero is killed."""
SPRITE = np.random.default_rng(1).integers(0, 4, (16, 16)).astype(np.uint8)


def config() -> Config:
    """Of a game as high as the real one, with a counter of its rows."""
    rows = Counter(name="frame_counter", period=4096, steps=(1,), reset=-1, digits=())
    return replace(tiny.config(GAME), counters=(rows,), temperature=0.0)


def play(seed: int) -> Cache:
    """Three episodes in each of which the hero is killed twice, which a picture shows for ten frames."""
    made = tiny.Play(200, 200, 200, game=GAME, seed=seed)
    made.table["frame_counter"] = np.arange(600)
    for row in (first + at for first, _ in made.episodes for at in AT):
        made.table["player_state"][row : row + 3] = 11
        left = made.table["thing0_x"][row] - made.table["camera"][row]
        made.frames[row : row + 10, 182:214, left - 8 : left + 24] = np.pad(SPRITE, 8)
    return cast(Cache, made)


class Late:
    """Dreams what really comes, so many frames too late."""

    def __init__(self, footage: Footage, frames: int) -> None:
        self.config, self.noise_shape, self.footage, self.frames = config(), (2, 30, 16), footage, frames

    def foresee(self, ring: Ring, held: Tensor) -> Foresight:
        """What was true."""
        return self.footage.foresight(ring.counters[:, 0] + 1)

    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """The past one row on, with the frames of earlier ones."""
        row = ring.counters[:, 0].numpy() + 2
        return replace(self.footage.ring(row), frames=self.footage.ring(row - self.frames).frames)


@pytest.fixture(scope="module")
def footage() -> Footage:
    """Held-out play."""
    return Footage(play(seed=0), assets.setting(config()))


@pytest.fixture(scope="module")
def known() -> dict[str, signs.Sign]:
    """What other play taught."""
    return events.learn(play(seed=2))


@pytest.mark.parametrize(("late", "recall"), [(0, 1), (4, 1), (5, 0)])
def test_a_dream_may_be_four_frames_late_and_no_more(
    footage: Footage, known: dict[str, signs.Sign], late: int, recall: int
) -> None:
    numbers = events.events(Dreamer(Late(footage, late), probe=None), footage, known, count=24)
    assert (numbers["events.enemy.count"], numbers["events.enemy.recall"]) == (6, recall)


def test_real_frames_show_all_events_and_the_frames_long_before_none(
    footage: Footage, known: dict[str, signs.Sign]
) -> None:
    numbers = events.events(Dreamer(Late(footage, 0), probe=None), footage, known, count=24)
    assert (numbers["events.enemy.real.recall"], numbers["events.enemy.shift_copy.recall"]) == (1, 0)


def test_events_that_nothing_taught_are_counted_as_none(footage: Footage) -> None:
    numbers = events.events(Dreamer(Late(footage, 0), probe=None), footage, {}, count=24)
    assert numbers == {f"events.{name}.count": 0 for name in KINDS}


def test_an_untrained_network_is_measured_twice_alike(footage: Footage, known: dict[str, signs.Sign]) -> None:
    only = {"enemy": known["enemy"]}
    first, again = (events.events(Dreamer(tiny.model(config()), probe=None), footage, only, count=1) for _ in range(2))
    assert first == again and set(map(type, first.values())) == {float}


def row_of(**columns: tuple[int, int]) -> Table:
    """Columns whose values change between the rows 4 and 5; all others are those of a hero who obeys on the ground."""
    calm = {"player_state": 8, "visible": 1, "coins": 0, "x": 50, "thing0_y": 176, "thing0_speed_y": 0}
    table = {name: np.full(10, value) for name, value in (calm | {"thing0_kind": 1, "thing1_kind": 7}).items()}
    return table | {name: np.repeat(values, 5) for name, values in columns.items()}


HIT = {"thing0_speed_y": (-60, 20)}
HAPPENING: dict[str, dict[str, tuple[int, int]]] = {
    "stomp": {"thing1_kind": (7, 7 + 2 * 64)},
    "bump": HIT,
    "coin": {"coins": (3, 4), **HIT},
    "mushroom": {"player_state": (8, 9)},
    "enemy": {"player_state": (8, 11)},
    "pit": {"thing0_y": (190, 198)},
    "pipe": {"player_state": (8, 3)},
    "flag": {"player_state": (8, 4)},
}


@pytest.mark.parametrize("name", KINDS)
def test_the_columns_tell_when_an_event_happens(name: str) -> None:
    assert np.flatnonzero(KINDS[name].happens(row_of(**HAPPENING[name]))).tolist() == [5]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("stomp", {"thing1_kind": (7, 7 + 64)}),  # shot
        ("stomp", {"thing1_kind": (7, 3 + 2 * 64)}),  # another enemy in the same slot
        ("bump", {"thing0_speed_y": (-15, 3)}),  # the top of a jump
        ("bump", {"thing0_speed_y": (70, 0)}),  # a landing
        ("coin", {"coins": (3, 4)}),  # in the bonus room
        ("enemy", {"player_state": (11, 11)}),
        ("pit", {"thing0_y": (190, 198), "visible": (0, 0)}),
    ],
)
def test_what_only_looks_like_an_event_is_none(name: str, columns: dict[str, tuple[int, int]]) -> None:
    assert not KINDS[name].happens(row_of(**columns)).any()


def test_an_event_soon_after_another_of_its_kind_is_left_out() -> None:
    table = {"player_state": np.full(400, 8)}
    table["player_state"][[100, 120, 300]] = 11
    assert events.occasions(KINDS["enemy"], table, [(0, 400)], before=40).tolist() == [100, 300]
    assert events.occasions(KINDS["enemy"], table, [(0, 90), (90, 400)], before=40).tolist() == [300]


def scene() -> Any:
    """A frame of a plain level, (1, h, w)."""
    return np.zeros((1, 240, 256), np.uint8)


def sprite(x: int, y: int) -> Any:
    """The same with the sprite."""
    frame = scene()
    frame[0, y : y + 16, x : x + 16] = SPRITE
    return frame


def learned(view: View, frame: Any, empty: Any) -> signs.Sign:
    """A sign that two occasions with the same frame taught."""
    return signs.learn(view, [view.patches(frame, 100, 120)] * 2, view.patches(empty, 100, 120) * 2)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (16, 16), (-16, 16), (16, -16), (5, -11)])
def test_a_sign_is_seen_sixteen_pixels_beside_its_place(x: int, y: int) -> None:
    sign = learned(View(32), sprite(124, 176), scene())
    assert sign.seen(sprite(124 + x, 176 + y), 100, 120)


def test_a_sign_is_not_seen_where_it_is_not_or_elsewhere_on_the_screen() -> None:
    sign = learned(View(32), sprite(124, 176), scene())
    assert not sign.seen(scene(), 100, 120) and not sign.seen(sprite(124 + 48, 176), 100, 120)


def test_what_is_there_without_the_event_is_no_part_of_its_sign() -> None:
    assert not len(np.intersect1d(learned(View(32), sprite(100, 120), sprite(104, 128)).patches, inner()))


def inner() -> Any:
    """Hashes of the patches that lie within the sprite."""
    return hashes_everywhere(SPRITE[None]).ravel()


def test_a_block_off_its_place_is_told_from_one_at_its_place() -> None:
    sign = learned(View(32, grid=16), sprite(100, 125), sprite(100, 128))
    assert sign.seen(sprite(108, 125), 100, 120)
    assert not sign.seen(sprite(108, 128), 100, 120) and not sign.seen(sprite(108, 112), 100, 120)


def test_nothing_is_seen_above_the_rows_that_are_looked_at() -> None:
    assert [len(found) for found in View(208).patches(sprite(100, 120), 100, 120)] == [0]


def test_patches_at_every_pixel_are_those_of_the_grid_and_more() -> None:
    frames = torch.randint(0, 4, (2, 24, 40), dtype=torch.uint8).numpy()
    everywhere = hashes_everywhere(frames)
    assert everywhere.shape == (2, 17, 33)
    assert np.array_equal(everywhere[:, ::8, ::8], hashes(frames))
    assert np.array_equal(everywhere[:, 3:4, 5:6], hashes(frames[:, 3:11, 5:13]))
