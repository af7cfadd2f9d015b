"""The shown clock: digits of any colour, and straight lines that are told from standing ones."""

from typing import Any, cast

import numpy as np
import pytest
import torch

from dreamplay.config import Config
from tests import tiny
from training import assets
from training.cache import Cache
from training.data import Footage
from training.evaluate import dreamer_of
from training.measure import clock

COUNTER = tiny.COUNTERS[1]
RATE = 1 / 12
GLYPHS = np.random.default_rng(3).integers(0, 2, (10, 8, 8)).astype(np.uint8)
GLYPHS[:, -1] = 0


def config() -> Config:
    """A tiny cartridge with a clock."""
    return tiny.config()


def draw(frames: Any, values: Any, *, ink: int = 1, paper: int = 0) -> None:
    """Write a number of two digits into each of some frames."""
    for place, unit in ((16, 10), (24, 1)):
        glyphs = GLYPHS[values // unit % 10]
        frames[:, :8, place : place + 8] = np.where(glyphs == 1, ink, paper)


@pytest.fixture(scope="module")
def footage() -> Footage:
    """Play whose clock loses one in four frames."""
    made = tiny.Play(300, 300, game=tiny.SMALL)
    made.table["clock"] = 99 - made.table["number"] // 4
    draw(made.frames, made.table["clock"])
    return Footage(cast(Cache, made), assets.setting(config()))


def test_every_number_is_read_in_any_colours(footage: Footage) -> None:
    digits, values = clock.learn(footage, COUNTER), np.arange(25, 100)
    frames = np.zeros((75, 32, 48), np.uint8)
    for ink, paper in ((1, 0), (0, 3)):
        draw(frames, values, ink=ink, paper=paper)
        assert digits.read(torch.from_numpy(frames)).tolist() == values.tolist()


def test_a_blank_and_a_smudged_clock_are_unreadable(footage: Footage) -> None:
    digits = clock.learn(footage, COUNTER)
    frames = np.zeros((2, 32, 48), np.uint8)
    draw(frames[:1], np.array([57]))
    frames[0, 0, 16] ^= 1
    assert digits.read(torch.from_numpy(frames)).tolist() == [-1, -1]


def test_the_console_loses_what_its_column_says(footage: Footage) -> None:
    assert clock.console_rate(footage, COUNTER) == pytest.approx(1 / 4, rel=1e-3)


def test_play_too_short_to_tell_a_rate_measures_no_clock() -> None:
    short = tiny.footage(config(), 28, 28)
    assert clock.clock(dreamer_of(tiny.model(config())), short, tiny.ring(config()), dreams=1, frames=1) == {}


def counting(frames: int = 900, every: int = 12) -> Any:
    """A clock that loses one in so many frames."""
    return 400 - np.arange(frames) // every


def test_a_clock_that_counts_like_the_consoles_has_no_error() -> None:
    numbers = clock.numbers([(counting(), np.ones(900, bool))], RATE)
    assert numbers["clock.readable"] == 1 and numbers["clock.rate_error_median"] < 1e-3


@pytest.mark.parametrize("readings", [np.full(900, 400), np.full(900, -1), counting(every=6)])
def test_a_clock_that_stands_that_nobody_reads_or_that_runs_twice_as_fast_is_off_by_its_all(readings: Any) -> None:
    numbers = clock.numbers([(readings, np.ones(900, bool))], RATE)
    assert numbers["clock.rate_error_median"] == pytest.approx(1, rel=1e-3)


def test_a_clock_may_stand_while_mario_dies_and_begin_anew() -> None:
    readings = np.concatenate([counting(400), np.full(42, 367), np.full(60, -1), counting(398)])
    there = np.ones(900, bool)
    there[442:502] = False
    assert clock.losing(readings, there) == pytest.approx(RATE, rel=1e-2)


def test_frames_that_cannot_be_read_do_not_matter() -> None:
    readings = counting()
    readings[::3] = -1
    assert clock.losing(readings, np.ones(900, bool)) == pytest.approx(RATE, rel=1e-3)


def test_a_dream_without_mario_tells_no_rate() -> None:
    assert clock.losing(counting(), np.zeros(900, bool)) is None
    assert clock.numbers([(counting(), np.zeros(900, bool))], RATE) == {}


def test_an_untrained_network_is_measured_twice_alike(footage: Footage) -> None:
    first, again = (
        clock.clock(dreamer_of(tiny.model(config())), footage, tiny.ring(config()), dreams=1, frames=32)
        for _ in range(2)
    )
    assert first == again and set(map(type, first.values())) == {float}


def test_a_cartridge_without_a_clock_has_no_numbers(footage: Footage) -> None:
    made = tiny.plain(tiny.SMALL)
    assert clock.clock(dreamer_of(tiny.model(made)), footage, tiny.ring(made), dreams=1, frames=1) == {}
