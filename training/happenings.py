"""In which rows of play something happens that the motion head has to foresee: what training draws more often.

Axis letters: N things.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.config import Counter
from dreamplay.models.moves import most_steps, tick
from dreamplay.ring import THING
from training.data import Footage, Rows

Bools = npt.NDArray[np.bool_]

NEARBY = 8
"""Frames that are not long."""
SUDDEN = (6, 24)
"""Sixteenths of a pixel a console frame, across and down, from which a change of speed is none of gravity or feet."""
SELDOM = 10
"""Times that such a change must be seen."""
LATE = 1
"""Console frames that a clock may be off by: the console leaves one out now and then."""
LEAP = 12
"""Pixels a frame from which a thing's way is an event."""


def ticks(now: Tensor, after: Tensor, counters: Sequence[Counter], odometer: Tensor) -> Tensor:
    """The classes that lead clocks on, -1 where none does, (B, counters).

    Args:
        now, after: (B, counters).
        counters: What they are.
        odometer: The camera's left edge before, (B,).
    """
    classes = torch.full_like(now, -1)
    for late in (0, LATE):
        for number in range(most_steps(counters)):
            led = (tick(now, torch.full_like(now, number), counters, odometer) - after).abs() <= late
            classes = torch.where(led & (classes < 0), number, classes)
    return classes


def counts(footage: Footage) -> list[Rows]:
    """For each counter and each class of its steps but the usual one, the rows to which it led."""
    classes = _steps(footage)[footage.rows].numpy()
    found = []
    for steps in classes.T:
        kinds, number = np.unique(steps[steps >= 0], return_counts=True)
        found += [footage.rows[steps == kind] for kind in kinds if kind != kinds[number.argmax()]]
    return found


def states(footage: Footage) -> list[Rows]:
    """For each way in which the hero's state or a clock's step changes, the rows in which it does."""
    now = footage.rows
    told = [steps[:, None] for steps in _steps(footage).unbind(1)]
    if "player_state" in footage.table:
        told.append(torch.from_numpy(footage.table["player_state"].astype(np.int64))[:, None])
    return [rows for numbers in told for rows in _changes(now, numbers)]


def _steps(footage: Footage) -> Tensor:
    """The class of the step that led to each row, of each clock, (rows, counters)."""
    steps, now = torch.full_like(footage.counters, -1), footage.rows
    steps[now] = ticks(
        footage.counters[now - 1], footage.counters[now], footage.setting.counters, footage.odometer[now - 1]
    )
    return steps


def _changes(now: Rows, numbers: Tensor) -> list[Rows]:
    """The rows of `now` in which numbers (rows, n) change, put together by what they were and became."""
    turned = now[(numbers[now - 1] != numbers[now]).any(1).numpy()]
    pairs = torch.cat([numbers[turned - 1], numbers[turned]], 1).numpy()
    _, which, number = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return [turned[which.ravel() == kind] for kind in np.flatnonzero(number >= SELDOM)]


def poses(footage: Footage) -> list[Rows]:
    """For each pose of the hero, the rows in which he has it."""
    if not footage.setting.things:
        return []
    hero = footage.things[footage.rows, 0, 2].numpy()
    kinds, number = np.unique(hero[hero > 0], return_counts=True)
    return [footage.rows[hero == kind] for kind in kinds[number >= SELDOM]]


def turns(footage: Footage) -> list[Rows]:
    """For each way in which the hero's kind or another thing's kind or pull changes, the rows in which it does."""
    if not footage.setting.things:
        return []
    things, told = footage.things, [THING.index("kind"), THING.index("pull")]
    numbers = [things[:, :1, told[0]], *things[:, 1:, told].unbind(1)]
    return [rows for number in numbers for rows in _changes(footage.rows, number)]


def eventful(footage: Footage) -> Bools:
    """In which rows a thing comes, goes, jumps or becomes another kind, (rows,) bool."""
    things = footage.things
    went = (things[1:, :, :2] - things[:-1, :, :2]).abs().amax(-1) > LEAP
    other = things[1:, :, 2] != things[:-1, :, 2]
    scenes = things[..., :1, 2].clamp(max=0)  # the hero's poses change all the time, scenes do not
    other[:, :1] = ((things[1:, :1, 2] > 0) != (things[:-1, :1, 2] > 0)) | (scenes[1:] != scenes[:-1])
    return np.concatenate([[False], (went | other).any(1).numpy()])


def sudden(footage: Footage) -> Bools:
    """In which rows the hero's speed changes at once, (rows,) bool."""
    if not footage.setting.things:
        return np.zeros(len(footage.things), bool)
    before, after = footage.things[:-1, :1], footage.things[1:, :1]
    gained = ((after - before)[..., 5:7].abs() > before.new_tensor(SUDDEN)).any(-1)
    there = (before[..., 2] > 0) & (after[..., 2] > 0)
    return np.concatenate([[False], (gained & there)[:, 0].numpy()])


def nearly(happens: Bools) -> Bools:
    """In which rows something does not happen that does a little before or after, (rows,)."""
    around: Bools = np.convolve(happens, np.ones(2 * NEARBY + 1), "same") > 0
    return around & ~happens
