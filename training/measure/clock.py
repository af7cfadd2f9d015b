"""Clock: does the clock that a dream shows count as fast as the console's?

Axis letters: B batch, n frames, h w pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.config import Counter
from dreamplay.models.layers import PATCH
from dreamplay.ring import Ring
from training.data import Footage, unpack
from training.measure import Numbers
from training.measure.dreaming import Dreamer, spread
from training.measure.survival import play

FRAMES = 900
LESSONS = 2000
"""Real frames that the digits are learned from."""
SURE = 0.9
"""Share of its occurrences at which a shape must stand for one digit to be it."""
LAST = 45
"""Frames before Mario vanishes in which the clock may stand already: a dead Mario is seen for 42."""
ENOUGH = 30
"""Frames of a stretch that is long enough to tell a rate."""
_OBEYS = 8
_BASE = 10

Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """The shapes of the digits, whatever their colours, and where they are shown.

    Attributes:
        counter: The clock that they show.
        shapes: Digit of every shape, an 8x8 bit mask.
    """

    counter: Counter
    shapes: dict[bytes, int]

    def read(self, frames: Tensor) -> Whole:
        """What the clock shows, in units of its last digit; -1 where it is unreadable. frames: (B, h, w). (B,)."""
        total = np.zeros(len(frames), np.int64)
        for place in range(len(self.counter.digits)):
            read = np.array([self.shapes.get(shape, -1) for shape in _shapes(frames, self.counter, place)])
            worth = self.counter.digits[place].unit // self.counter.unit
            total = np.where((total < 0) | (read < 0), -1, total + worth * read)
        return total


def learn(footage: Footage, counter: Counter) -> Digits:
    """Learn the shapes from real frames, whose clock is known."""
    votes: dict[bytes, Whole] = {}
    rows = spread(np.arange(len(footage.frames)), LESSONS)
    shown = footage.frames[torch.from_numpy(rows)]
    for place, digit in enumerate(counter.digits):
        truth = footage.table[counter.name][rows].astype(np.int64) // digit.unit % _BASE
        for shape, value in zip(_shapes(shown, counter, place), truth.tolist(), strict=True):
            votes.setdefault(shape, np.zeros(_BASE, np.int64))[value] += 1
    sure = {shape: int(v.argmax()) for shape, v in votes.items() if v.max() >= SURE * v.sum() and any(shape)}
    return Digits(counter, sure)


def _shapes(frames: Tensor, counter: Counter, place: int) -> list[bytes]:
    """What stands out from its last pixel, which no digit covers, at a digit's place. frames: (B, h, w)."""
    x, y = counter.digits[place].x, counter.digits[place].y
    patches = frames[:, y : y + PATCH, x : x + PATCH]
    return [np.packbits(shape).tobytes() for shape in (patches != patches[:, -1:, -1:]).numpy()]


def clock(dreamer: Dreamer, footage: Footage, starts: Ring, *, dreams: int, frames: int, seed: int = 0) -> Numbers:
    """Let dreams run under a human-like policy and read their clocks.

    `readable` is the share of the frames with Mario whose clock shows digits, `rate_error` how far the rate at which it
    counts is off the console's, as a share of it: 1 for a clock that stands. Only stretches with Mario count, without
    the second and a half before he vanishes, in which the console's clock stands. The row `real` is real play.

    Args:
        dreamer: What dreams; it must know where Mario is.
        footage: Real play.
        starts: Where dreams may begin; the n-th begins at the n-th modulo their number.
        dreams: How many, all in one batch.
        frames: How long.
        seed: Of the play.
    """
    counter = next((counter for counter in dreamer.config.counters if counter.digits), None)
    if counter is None:
        return {}
    digits, rate = learn(footage, counter), console_rate(footage, counter)
    if rate is None:
        return {}

    def look(shown: Tensor) -> tuple[Whole, Bools]:
        there: Bools = dreamer.places(shown)[:, 2].numpy() > 0
        return digits.read(shown), there

    looks = [look(shown) for shown in _run(dreamer, starts, np.stack([play(seed + i, frames) for i in range(dreams)]))]
    dreamed = list(zip(*(np.stack(column, 1) for column in zip(*looks, strict=True)), strict=True))
    episodes = footage.episodes[:: max(len(footage.episodes) // dreams, 1)][:dreams]
    real = [look(footage.frames[first : min(end, first + frames)]) for first, end in episodes]
    return {"clock.dreams": float(dreams)} | numbers(dreamed, rate) | numbers(real, rate, row="real.")


def numbers(lives: Sequence[tuple[Whole, Bools]], rate: float, *, row: str = "") -> Numbers:
    """What is told of some clocks.

    Args:
        lives: What the clock shows, -1 where it is unreadable, and whether Mario is there, frame by frame.
        rate: Units that the console's clock loses in a frame.
        row: Of the table.
    """
    found: Numbers = {}
    there = np.concatenate([readings[there] for readings, there in lives])
    if len(there):
        found[f"clock.{row}readable"] = float((there >= 0).mean())
    rates = [own for own in (losing(readings, there) for readings, there in lives) if own is not None]
    if rates:
        found[f"clock.{row}rate_error_median"] = float(np.median([abs(own / rate - 1) for own in rates]))
    return found


def losing(readings: Whole, there: Bools) -> float | None:
    """Units that a clock loses in a frame while Mario is there; None where no stretch is long enough. Both (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    ends = [(first, end if end == len(there) else end - LAST) for first, end in edges.reshape(-1, 2).tolist()]
    stretches = [np.arange(first, end) for first, end in ends if end - first >= ENOUGH]
    if not stretches:
        return None
    slopes = [_slope(frames[readings[frames] >= 0], readings) for frames in stretches]
    return -float(np.average(slopes, weights=[len(frames) for frames in stretches]))


def _slope(frames: Whole, readings: Whole) -> float:
    """Of the straight line through the readings of some frames."""
    return float(np.polyfit(frames, readings[frames], 1)[0]) if len(frames) > 1 else 0.0


def console_rate(footage: Footage, counter: Counter) -> float | None:
    """Units that the console's clock loses in a frame while Mario obeys: the median of all episodes long enough."""
    obeys, shown = footage.table["player_state"] == _OBEYS, footage.table[counter.name].astype(np.int64) // counter.unit
    rates = [losing(shown[first:end], obeys[first:end]) for first, end in footage.episodes]
    known = [rate for rate in rates if rate]
    return float(np.median(known)) if known else None


def _run(dreamer: Dreamer, starts: Ring, buttons: Whole) -> Iterator[Tensor]:
    """The frames of dreams under some buttons, (B, n): (B, h, w) at a time."""
    ring = starts.select([i % len(starts) for i in range(len(buttons))])
    for held in buttons.T:
        ring = dreamer.step(ring, torch.from_numpy(unpack(held, len(dreamer.config.game.buttons))))
        yield dreamer.shown(ring)
