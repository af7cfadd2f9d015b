"""Two worlds, the same buttons: what both show, how far they are apart, and back together."""

from dataclasses import replace

import numpy as np
import pytest

from dreamplay.beside import GAP, Beside
from dreamplay.errors import UsageError
from dreamplay.world import Buttons, Frame
from tests import contract
from tests.fakes import COUNTER, Console, CounterWorld, Dreamer

WIDTH = COUNTER.width


def pair() -> tuple[Dreamer, Console, Beside]:
    dream, real = Dreamer(), Console()
    return dream, real, Beside(dream, real)


def halves(frame: Frame) -> tuple[Frame, Frame]:
    return frame[:, :WIDTH], frame[:, WIDTH + GAP :]


def same(frame: Frame) -> bool:
    return np.array_equal(*halves(frame))


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
def test_it_keeps_the_contract_of_worlds(clause: object) -> None:
    assert callable(clause)
    clause(pair()[2])


def test_both_begin_at_the_same_frame_and_get_the_same_buttons() -> None:
    dream, real, world = pair()
    assert same(world.reset(3))
    frames = [world.step(buttons) for buttons in (1, 8, 0)]
    assert all(same(frame) for frame in frames)
    assert dream.pressed == real.pressed[-3:] == [1, 8, 0]


def test_it_says_how_far_they_are_apart() -> None:
    dream, _, world = pair()
    world.reset(0)
    world.step(0)
    assert world.lines[1] == "100.0 % of pixels agree, together for 1 frames"
    assert world.lines[2] == "the dream's hero: in the same place"
    dream.drift = 3
    assert world.lines[2] == "the dream's hero: 3 px ahead, 3 px higher"


def test_it_counts_the_frames_since_they_parted() -> None:
    dream, _, world = pair()
    world.reset(0)
    dream.step(0)
    for _ in range(4):
        world.step(0)
    assert "parted 3 frames ago" in world.lines[1]


def test_anchoring_brings_the_dream_back_to_the_real_game() -> None:
    dream, _, world = pair()
    world.reset(0)
    dream.step(0)
    assert not same(world.step(1))
    assert same(world.anchor())
    assert [moment.buttons for moment in dream.past] == [0, 0, 0, 1]
    assert "together for 0 frames" in world.lines[1]
    assert same(world.step(2))


def test_the_real_game_follows_a_rewind() -> None:
    _, real, world = pair()
    world.reset(0)
    world.step(1)
    state = world.save()
    shown = world.step(2)
    world.restore(state)
    assert np.array_equal(world.step(2), shown)
    assert real.save().steps == 32


def test_only_a_dream_of_the_same_game_stands_beside_a_real_game() -> None:
    with pytest.raises(UsageError, match="only a dream"):
        Beside(CounterWorld(), Console())
    with pytest.raises(UsageError, match="differ in buttons or size"):
        Beside(Dreamer(replace(COUNTER, width=40)), Console())


def test_a_frame_is_both_pictures_with_a_gap() -> None:
    world = pair()[2]
    frame = world.reset(0)
    assert frame.shape == (COUNTER.height, 2 * WIDTH + GAP, 3)
    assert world.game.width == frame.shape[1]
    assert isinstance(world.step(Buttons(1)), np.ndarray)
