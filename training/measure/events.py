"""Events: does a dream stomp, bump, take, die and slide where the real game does, under the same buttons?

Axis letters: B batch, h w pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.cache import Cache, Table
from training.data import Footage, Rows
from training.measure import Numbers, signs
from training.measure.dreaming import Dreamer, spread
from training.measure.frames import shift_copy
from training.measure.signs import AFTER, Sign, View

BEFORE = 30
"""Frames that a dream runs freely before the event."""
SLACK = 4
"""Frames by which a dream may be early or late."""
COUNT = 24
LESSONS = 64
"""Occasions of a kind at most that its sign is learned from."""
USUAL = 1500
"""Frames without an event that signs are told from."""
LASTING = 60
"""Frames for which an event may still be seen: none of them is a frame without it."""
BATCH = 24

_OBEYS, _DIES, _SLIDES, _GROWS, _PIPES = 8, 11, 4, 9, (2, 3)
_FLOOR = 208  # the ground's first row on the screen
_TILE = 16
_HIT = 32  # sixteenths of a pixel a console frame: Mario was at least so fast when the block stopped him
_ENEMIES, _KINDS, _PHASES = 16, 64, 4  # kinds of enemies, of all things, and of their phases
_WELL, _STOMPED = 0, 2

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """A kind of event.

    Attributes:
        happens: Tells from a cache's columns at which rows.
        view: Where it is seen.
        delay: Frames until it is seen.
    """

    happens: Callable[[Table], Bools]
    view: View
    delay: int = 0


def _begins(state: Bools) -> Bools:
    return state & ~np.roll(state, 1)


def _stomps(table: Table) -> Bools:
    """An enemy that was well is stomped."""
    found = np.zeros(len(table["x"]), bool)
    for name in (name for name in table if name.startswith("thing") and name.endswith("_kind")):
        kind, phase = (table[name] - 1) % _KINDS, (table[name] - 1) // _KINDS % _PHASES
        enemy = (table[name] > 0) & (kind < _ENEMIES) & (name != "thing0_kind")
        same = np.roll(enemy, 1) & (np.roll(kind, 1) == kind) & (np.roll(phase, 1) == _WELL)
        found |= enemy & same & (phase == _STOMPED)
    return found


def _bumps(table: Table) -> Bools:
    """A block stops Mario on his way up."""
    speed, obeys = table["thing0_speed_y"], table["player_state"] == _OBEYS
    return obeys & np.roll(obeys, 1) & (np.roll(speed, 1) <= -_HIT) & (speed >= 0)


def _falls(table: Table) -> Bools:
    """Mario is below the surface of the ground, and still on the screen."""
    below = (table["thing0_y"] >= _FLOOR - _TILE) & (table["player_state"] == _OBEYS)
    return _begins(below) & (table["visible"] > 0)


KINDS = {
    "stomp": Kind(_stomps, View(32)),
    "bump": Kind(_bumps, View(32, grid=_TILE)),
    "coin": Kind(lambda table: np.diff(table["coins"], prepend=table["coins"][:1]) > 0, View(32)),
    "mushroom": Kind(lambda table: _begins(table["player_state"] == _GROWS), View(32), delay=4),
    "enemy": Kind(lambda table: _begins(table["player_state"] == _DIES), View(32)),
    "pit": Kind(_falls, View(_FLOOR)),
    "pipe": Kind(lambda table: _begins(np.isin(table["player_state"], _PIPES)), View(32), delay=3),
    "flag": Kind(lambda table: _begins(table["player_state"] == _SLIDES), View(32)),
}
