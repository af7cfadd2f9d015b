"""What a thing hides is remembered as it was last seen."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamplay.config import Look
from dreamplay.models import backdrop
from dreamplay.ring import Ring
from tests import tiny
from training import assets
from training.cache import Cache
from training.data import Footage

HEIGHT, WIDTH = 64, 96
STILL = torch.zeros(1, dtype=torch.int64)


def frame(value: int) -> Tensor:
    return torch.full((1, HEIGHT, WIDTH, 1), value, dtype=torch.uint8)


def things(*places: tuple[int, int]) -> Tensor:
    return torch.tensor([[tiny.thing(x=x, y=y, kind=1) for x, y in places]])


def test_beside_things_the_newer_frame_is_seen_and_behind_them_the_older() -> None:
    seen = backdrop.remember(frame(1), frame(2), things((40, 10)), STILL, {})[0, ..., 0]
    assert (seen[10:42, 40:56] == 1).all()
    assert (seen[:, :36] == 2).all()
    assert (seen[:, 60:] == 2).all()


def test_an_empty_slot_hides_nothing() -> None:
    empty = torch.zeros_like(things((40, 10)))
    assert torch.equal(backdrop.remember(frame(1), frame(2), empty, STILL, {}), frame(2))


def test_a_thing_hides_where_it_was_seen_before_the_camera_went_on() -> None:
    seen = backdrop.remember(frame(1), frame(2), things((40, 10)), STILL + 30, {})[0, ..., 0]
    assert (seen[10:42, 10:26] == 1).all()
    assert (seen[:, 30:] == 2).all()


def test_a_wide_thing_hides_all_that_its_boxes_do() -> None:
    seen = backdrop.remember(frame(1), frame(2), things((40, 10)), STILL, {1: (((0, 0), (16, 0), (32, 0)),)})[0, ..., 0]
    assert (seen[10:42, 40:88] == 1).all()
    assert (seen[:, 92:] == 2).all()


def test_only_looks_with_several_pictures_have_more_boxes_than_one() -> None:
    one = Look(kinds=(2, 3), first=6, pictures=1, lasts=1, behind=False)
    made = backdrop.forms((one, replace(one, kinds=(4, 5), first=9, across=3)))
    assert made == dict.fromkeys((4, 5), (((0, 0), (16, 0), (32, 0)),))


def test_things_beside_the_screen_hide_nothing() -> None:
    off = things((-40, 10), (WIDTH + 4, 10), (10, HEIGHT + 4))
    assert torch.equal(backdrop.remember(frame(1), frame(2), off, STILL, {}), frame(2))


def test_a_dream_and_training_remember_the_same() -> None:
    """Longer than the past frames, with things that hide, through the camera's ways."""
    made = tiny.config(tiny.GAME)
    shot, model = tiny.footage(made, 60), tiny.model(made)
    row = int(shot.rows[0])
    ring: Ring = shot.ring([row])
    hidden = 0
    assert shot.backdrops is not None
    for now in range(row, 59):
        rows = torch.tensor([now])
        ring = model.push(ring, model.move(ring, shot.held[rows], shot.foresight(rows)), shot.pictures(rows))
        expected = shot.ring([now + 1]).frames
        known = expected != len(tiny.PALETTE)
        assert torch.equal(ring.frames[known], expected[known]), now
        past = shot.frames[torch.tensor([now + 1 - made.context])]
        hidden += int((shot.backdrops[torch.tensor([now + 1 - made.context])] != past).sum())
    assert hidden > 100


def test_what_a_thing_hides_for_long_is_still_known_when_it_goes() -> None:
    """A thing stands before a wall whose colour nobody sees for 40 frames."""
    made = tiny.config(tiny.GAME)
    play = tiny.Play(60, game=made.game)
    names = [name for name in play.table if name.startswith("thing")]
    for name in names:
        play.table[name] = np.zeros(60, np.int64)
    play.table["camera"][:] = 0
    play.frames[:, tiny.TOP :] = 2
    play.frames[10:50, 40:56, 40:56] = 3
    play.table["thing1_kind"][10:50], play.table["thing1_x"][:], play.table["thing1_y"][:] = 1, 40, 36
    shot = Footage(cast(Cache, play), assets.setting(made))
    ring = shot.ring([49])
    assert (ring.frames[0, 1:, 40:56, 40:56] == 3).all()
    assert (ring.frames[0, 0, 40:56, 40:56] == 2).all()


def test_what_nobody_has_seen_is_unknown() -> None:
    made = tiny.config(tiny.GAME)
    shot = tiny.footage(made, 60)
    assert shot.backdrops is not None
    first, frames = shot.backdrops[torch.tensor([0])], shot.frames[torch.tensor([0])]
    x, y = shot.things[0, 0, :2].tolist()
    assert (first[0, y : y + 32, x : x + 16] == len(tiny.PALETTE)).all()
    assert torch.equal(first[:, :, : x - 4], frames[:, :, : x - 4])


def dotted(*places: tuple[int, int]) -> Tensor:
    """A frame of ones with pixels of another colour at some rows and columns."""
    made = frame(1)
    for row, column in places:
        made[0, row, column] = 7
    return made


def tidied(made: Tensor, *, behind: Tensor | None = None, kind: int = 1) -> Tensor:
    """What is left of it after a thing has gone elsewhere, where it is of this kind, below fourteen rows of status."""
    went, still = (
        torch.stack([things(place) for place in ((40, 10), (200, 200), (66, 10))], 1),
        torch.zeros(1, 3).long(),
    )
    went[0, -1, 0, 2] = kind
    return backdrop.tidy(made, frame(1) if behind is None else behind, went, still, {}, top=14, unknown=9)


def test_dots_are_wiped_off_where_a_thing_has_just_been() -> None:
    assert torch.equal(tidied(dotted((20, 42), (21, 42), (40, 50))), frame(1))


@pytest.mark.parametrize("place", [(20, 70), (20, 20), (60, 42), (12, 42)], ids=["is there", "left", "below", "status"])
def test_dots_elsewhere_stay(place: tuple[int, int]) -> None:
    assert torch.equal(tidied(dotted(place)), dotted(place))


def test_a_new_scene_gets_no_dots_of_the_last_one() -> None:
    card = frame(0)
    corner = frame(0)
    corner[0, 20, 42] = 1  # all that the thing hid of its patch
    assert torch.equal(tidied(card, behind=corner, kind=-3), card)
    assert torch.equal(tidied(card, behind=corner), corner)


def test_what_is_more_than_dots_has_really_changed() -> None:
    coin = dotted(*((row, 42) for row in range(16, 16 + backdrop.FEW + 1)))
    assert torch.equal(tidied(coin), coin)


def test_where_nothing_is_known_dots_stay() -> None:
    assert torch.equal(tidied(dotted((20, 42)), behind=frame(9)), dotted((20, 42)))


@pytest.mark.parametrize(("column", "stays"), [(11, False), (32, True)])
def test_a_dream_wipes_dots_off_where_things_were_before_the_camera_went_on(column: int, stays: bool) -> None:
    made = tiny.config()
    network = tiny.model(made)
    past = tiny.ring(made)
    past.things.zero_()
    past.things[0, -1, 0] = torch.tensor(tiny.thing(x=16, y=20, kind=1))
    past = replace(past, frames=torch.ones_like(past.frames))
    gone = replace(tiny.going(past, scroll=4), things=torch.zeros_like(past.things[:, -1]))
    moved = network.move(past, tiny.held(made), gone)
    moved.frames[:, 0, 24, column] = 1
    moved.frames[0, -1, 24, column] = 2
    shape = (1, made.game.height // 8, made.game.width // 8)
    shown = network.paint(moved, torch.zeros(*shape, made.codec.width), torch.full(shape, -100.0))
    assert (int(shown[0, 24, column, 0]) == 2) == stays
