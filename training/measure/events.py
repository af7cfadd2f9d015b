"""Events: does a dream stomp, bump, take, die and slide where the real game does, under the same buttons?

Axis letters: B batch, h w pixels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.cache import Cache, Table
from training.data import Footage, Rows
from training.measure import Numbers, free, signs
from training.measure.dreaming import Dreamer, spread
from training.measure.frames import shift_copy
from training.measure.patches import Hashes
from training.measure.signs import AFTER, Sign, View

BEFORE = 30
"""Frames that a dream runs freely before the event."""
SLACK = 4
"""Frames by which a dream may be early or late."""
COUNT = 48
LESSONS = 256
"""Occasions of a kind at most that its sign is learned from."""
USUAL = 1500
"""Frames without an event that signs are told from."""
GLANCE = 4
"""Frames from one look at what was there before an event to the next."""
LASTING = 60
"""Frames for which an event may still be seen: none of them is a frame without it."""
BATCH = 24

_OBEYS, _DIES, _SLIDES, _GROWS, _PIPES = 8, 11, 4, 9, (2, 3)
_BAR = 32  # rows of the status bar
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
    found = np.zeros(len(table["coins"]), bool)
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


def _coins(table: Table) -> Bools:
    """A coin comes out of a block."""
    return _bumps(table) & (np.diff(table["coins"], prepend=table["coins"][:1]) > 0)


def _falls(table: Table) -> Bools:
    """Mario is below the surface of the ground, and still on the screen."""
    below = (table["thing0_y"] >= _FLOOR - _TILE) & (table["player_state"] == _OBEYS)
    return _begins(below) & (table["visible"] > 0)


KINDS = {
    "stomp": Kind(_stomps, View(_BAR), delay=4),
    "bump": Kind(_bumps, View(_BAR, grid=_TILE)),
    "coin": Kind(_coins, View(_BAR)),
    "mushroom": Kind(lambda table: _begins(table["player_state"] == _GROWS), View(_BAR), delay=4),
    "enemy": Kind(lambda table: _begins(table["player_state"] == _DIES), View(_BAR)),
    "pit": Kind(_falls, View(_FLOOR)),
    "pipe": Kind(lambda table: _begins(np.isin(table["player_state"], _PIPES)), View(_BAR), delay=3),
    "flag": Kind(lambda table: _begins(table["player_state"] == _SLIDES), View(_BAR)),
}
"""A Goomba squashed, a block hit from below, a coin out of one, Mario growing, killed by an enemy, falling into a pit,
halfway into a pipe, and sliding down the flagpole."""


def told(table: Table) -> bool:
    """Whether a cache's columns tell of events."""
    return set(table) >= {"coins", "player_state", "visible", "camera", "thing0_x", "thing0_y", "thing0_speed_y"}


def occasions(kind: Kind, table: Table, episodes: Sequence[tuple[int, int]], *, before: int) -> Rows:
    """Rows at which an event begins to show that none of its kind came shortly before.

    Args:
        kind: Of event.
        table: Columns of a cache.
        episodes: First row and end of each; others are left alone.
        before: Rows that its episode must have before it.
    """
    rows = np.flatnonzero(kind.happens(table))
    alone = rows[np.diff(rows, prepend=-LASTING) >= LASTING] + kind.delay
    inside = [alone[(alone - before >= first) & (alone + SLACK < end)] for first, end in episodes]
    return np.concatenate(inside)


def learn(cache: Cache) -> dict[str, Sign]:
    """The signs of all kinds of events that happen in some play at least twice."""
    table = cache.table
    calm = spread(np.flatnonzero((table["player_state"] == _OBEYS) & (table["visible"] > 0)), USUAL)
    frames = [cache.load(rows=range(row, row + 1)) for row in calm.tolist()]
    usual: dict[View, list[Hashes]] = {}
    found = {}
    for name, kind in KINDS.items():
        view, since = kind.view, kind.delay + BEFORE
        rows = spread(occasions(kind, table, cache.episodes, before=since), LESSONS)
        if len(rows) < signs.TWICE:
            continue
        if view not in usual:
            usual[view] = [view.patches(frame, *_place(table, row))[0] for frame, row in zip(frames, calm, strict=True)]
        lately = np.convolve(kind.happens(table), np.ones(LASTING))[calm] > 0
        without, shown = [usual[view][i] for i in np.flatnonzero(~lately)], []
        for row in rows.tolist():
            place, before = _place(table, row), cache.load(rows=range(row - since, row - kind.delay - 1))
            shown.append(view.patches(cache.load(rows=range(row, row + AFTER + 1)), *place))
            without += view.patches(before[::GLANCE], *place, across=before.shape[2])
        found[name] = signs.learn(view, shown, without)
    return found


def events(dreamer: Dreamer, footage: Footage, known: Mapping[str, Sign], *, count: int, batch: int = BATCH) -> Numbers:
    """Dream what led to real events and look whether they happen.

    A dream begins on real frames 30 frames before the event and runs freely under the buttons that were really pressed.
    `recall` is the share of the events that it shows at most 4 frames early or late and at most 16 pixels beside where
    they really are, judged by its pictures alone; `count` is how many there are. In the row `real` the real frames are
    looked at in the same way, in `shift_copy` the last frame that the dream began on, moved with the real camera.

    Args:
        dreamer: What dreams.
        footage: Real play.
        known: Signs of the kinds of events, learned from other play.
        count: Events of a kind at most.
        batch: Dreams at once.
    """
    found: Numbers = {}
    past = BEFORE + max(footage.setting.context, footage.setting.steps)
    for name, kind in KINDS.items():
        rows = spread(occasions(kind, footage.table, footage.episodes, before=past), count)
        if name not in known:
            rows = rows[:0]
        found[f"events.{name}.count"] = float(len(rows))
        if not len(rows):
            continue
        around = torch.from_numpy(rows)[:, None] + torch.arange(-SLACK, SLACK + 1)
        ways = {
            "": torch.cat([_dream(dreamer, footage, part) for part in np.array_split(rows, -(-len(rows) // batch))]),
            "shift_copy.": _moved(footage, rows),
            "real.": footage.frames[around],
        }
        for way, shown in ways.items():
            seen = [
                known[name].seen(frames.numpy(), *_place(footage.table, row))
                for frames, row in zip(shown, rows.tolist(), strict=True)
            ]
            found[f"events.{name}.{way}recall"] = float(np.mean(seen))
    return found


def _dream(dreamer: Dreamer, footage: Footage, rows: Rows) -> Tensor:
    """What free dreams show around the rows, (B, 2 SLACK + 1, h, w)."""
    rings = free.run(dreamer, footage, rows - BEFORE, BEFORE + SLACK + 1)
    return torch.stack([dreamer.shown(ring) for n, ring in enumerate(rings) if n >= BEFORE - SLACK], 1)


def _moved(footage: Footage, rows: Rows) -> Tensor:
    """The frames that the dreams of the rows begin on, moved with the camera, (B, 1, h, w)."""
    last = torch.from_numpy(rows - BEFORE - 1)
    went = (footage.odometer[torch.from_numpy(rows)] - footage.odometer[last]).clamp(min=0)
    return shift_copy(footage.frames[last], went, top=footage.setting.status_rows)[:, None]


def _place(table: Table, row: int) -> tuple[int, int]:
    """Where Mario is on the screen."""
    return int(table["thing0_x"][row] - table["camera"][row]), int(table["thing0_y"][row])
