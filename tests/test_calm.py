"""Flashes are held back; everything else reaches the screen."""

from itertools import pairwise

import numpy as np
import pytest

from dreamplay.calm import SWINGS, Calm
from dreamplay.emulator.mario import MarioWorld
from dreamplay.world import Frame

BLACK, WHITE = np.zeros((240, 256, 3), np.uint8), np.full((240, 256, 3), 255, np.uint8)


def swings(frames: list[Frame]) -> int:
    """Turns between black and white."""
    return sum(not np.array_equal(a, b) for a, b in pairwise(frames))


@pytest.mark.parametrize("rate", [7, 15, 30, 60, 120])
def test_no_second_of_a_flashing_picture_has_more_than_three_swings(rate: int) -> None:
    calm = Calm()
    shown = [calm((BLACK, WHITE)[i % 2], i / rate) for i in range(5 * rate)]
    assert max(swings(shown[i : i + rate]) for i in range(4 * rate)) <= SWINGS + 1  # the first one turns nothing round
    assert swings(shown) > 8


def test_a_flashing_quarter_counts_and_a_flashing_corner_does_not() -> None:
    for share, blocked in ((0.5, True), (0.2, False)):
        lit = BLACK.copy()
        lit[: round(240 * share), : round(256 * share) + 128 * blocked] = 255
        calm = Calm()
        shown = [calm((BLACK, lit)[i % 2], i / 30) for i in range(30)]
        assert (swings(shown) < 29) == blocked


def test_a_black_screen_gets_through_at_once() -> None:
    calm = Calm()
    for i, frame in enumerate([WHITE] * 30 + [BLACK] * 30 + [WHITE] * 30):
        assert calm(frame, i / 30) is frame


def test_a_picture_that_stays_is_shown_within_a_second() -> None:
    calm = Calm()
    for i in range(20):
        calm((BLACK, WHITE)[i % 2], i / 30)
    shown = [calm(BLACK, 20 / 30 + i / 30) for i in range(31)]
    assert shown[-1] is BLACK


def test_another_size_begins_anew() -> None:
    calm = Calm()
    small = np.zeros((24, 32, 3), np.uint8)
    assert calm(WHITE, 0) is WHITE
    assert calm(small, 0) is small


@pytest.mark.emulator
def test_the_real_game_is_shown_as_it_is() -> None:
    """A walk into the first Goomba: a death, black screens, the level anew."""
    world, calm = MarioWorld(), Calm()
    frames = [world.reset(0), *(world.step(world.game.chord("right+b")) for _ in range(240))]
    assert any(frame[40:].max() == 0 for frame in frames), "the hero died"
    assert all(calm(frame, i / 30) is frame for i, frame in enumerate(frames))
