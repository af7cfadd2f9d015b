"""Survival: how long dreams that nobody corrects stay dreams of the game, under a human-like policy.

Axis letters: B batch, K buttons, h w pixels, n frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.emulator.mario import MarioWorld
from dreamplay.ring import Ring, stack
from training import policies
from training.data import Footage, unpack
from training.measure import Numbers
from training.measure.dreaming import Dreamer
from training.measure.patches import Vocabulary

FRAMES = 1800
LOOK = 3
"""Frames from one look at a dream's validity to the next."""
SECOND = 30
PATIENCE = 150
"""Frames that a death, a black screen or a standstill may last: five seconds."""
VALID = 0.9
DARK = 0.9
"""Share of black pixels below the status bar from which a screen is a black one."""

MUSH, GONE, FROZEN, BLACK = "mush", "mario_gone", "frozen", "stuck_on_black"
KINDS = (MUSH, GONE, FROZEN, BLACK)
_MARKS = (300, 600, 900, 1200, 1500, 1800)

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Life:
    """What was seen of one dream, frame by frame, (n,) each.

    Attributes:
        validity: Share of known patches; a frame without a look repeats the last look's.
        there: Whether Mario is on the screen.
        dark: Whether the screen is black.
        moved: Whether anything below the status bar differs from the frame before.
        pressed: Whether a button that should move Mario is held.
    """

    validity: npt.NDArray[np.float64]
    there: Bools
    dark: Bools
    moved: Bools
    pressed: Bools


@dataclass(frozen=True)
class Collapse:
    """When a dream ceased to be one, and how: one of `KINDS`."""

    frame: int
    kind: str


def judge(life: Life) -> Collapse | None:
    """The first collapse of a dream, None while it is alive.

    A brief dip is no collapse: the median of the validity over one second has to fall below 0.9 (mush), or for more
    than five seconds in a row Mario has to be missing while the screen is not black (Mario gone), or the screen to be
    black (stuck on black), or nothing to change on a screen with Mario though a direction or A is pressed (frozen).
    A death in the real game takes up to three seconds without Mario and three more of black screen; twice five seconds
    of both in any order are a collapse too. It is dated to the first frame of what lasted too long.
    """
    found = [_mush(life)]
    found += [_standstill(life, first, end) for first, end in _runs(~life.moved)]
    found += [Collapse(first + 1, GONE) for first, _ in _runs(~life.there & ~life.dark)]
    found += [Collapse(first + 1, BLACK) for first, _ in _runs(life.dark)]
    found += [_missing(life, first, end) for first, end in _runs(~life.there, 2 * PATIENCE)]
    return min((one for one in found if one), key=lambda one: one.frame, default=None)


def survive(
    dreamer: Dreamer, vocabulary: Vocabulary, starts: Ring, *, dreams: int, frames: int, seed: int = 0
) -> list[tuple[Life, Collapse | None]]:
    """Let dreams run, each under its own play, until they collapse or the time is over.

    Args:
        dreamer: What dreams; it must know where Mario is.
        vocabulary: Patches of real frames.
        starts: Where dreams may begin; the n-th begins at the n-th modulo their number.
        dreams: How many, all in one batch.
        frames: How long.
        seed: Of the play.
    """
    buttons = np.stack([play(seed + i, frames) for i in range(dreams)])
    ring = stack([starts.select([i % len(starts)]) for i in range(dreams)])
    watch = _Watch(dreamer, vocabulary, buttons)
    alive = torch.arange(dreams)
    for n in range(frames):
        held = torch.from_numpy(unpack(buttons[alive.numpy(), n], len(dreamer.config.game.buttons)))
        before, ring = ring, dreamer.step(ring, held)
        watch.look(n, alive, before, ring)
        if n % SECOND == SECOND - 1:
            kept = [i for i, dream in enumerate(alive.tolist()) if judge(watch.life(dream, n + 1)) is None]
            if len(kept) < len(alive):
                ring, alive = ring.select(kept), alive[kept]
            if not kept:
                break
    lives = [watch.life(i, int(watch.seen[i])) for i in range(dreams)]
    return [(life, judge(life)) for life in lives]


def play(seed: int, frames: int) -> npt.NDArray[np.int64]:
    """Buttons of a human-like player who does not look: right-biased runs, jumps, steps back, waits. (frames,)."""
    rng = np.random.default_rng([seed, 7])
    blind = cast(MarioWorld, _Unseen())  # a policy asks a world for no more than its probe
    buttons: list[int] = []
    while len(buttons) < frames:
        buttons += policies.macros(rng, blind)
    return np.array(buttons[:frames], dtype=np.int64)


class _Unseen:
    """A world of which nothing is known: small Mario, in the air."""

    def probe(self) -> dict[str, int]:
        """The same at any time."""
        return {"float_state": 1, "y": 255, "power": 0}


def numbers(outcomes: Sequence[Collapse | None], frames: int, *, row: str = "") -> Numbers:
    """The share alive after some times, the number of collapses of each kind, and each collapse's frame.

    `survival.1800.alive` is a share; `survival.dream_07.mush_at_frame` stands only if dream 7 turned to mush.
    """
    ends = np.array([frames + 1 if one is None else one.frame for one in outcomes])
    found: Numbers = {f"survival.{row}dreams": float(len(outcomes))}
    for mark in sorted({mark for mark in _MARKS if mark <= frames} | {frames}):
        found[f"survival.{mark}.{row}alive"] = float((ends > mark).mean())
    for kind in KINDS:
        found[f"survival.{row}{kind}"] = float(sum(one is not None and one.kind == kind for one in outcomes))
    if not row:
        for i, one in enumerate(outcomes):
            if one is not None:
                found[f"survival.dream_{i:02d}.{one.kind}_at_frame"] = float(one.frame)
    return found


def real_lives(dreamer: Dreamer, footage: Footage, vocabulary: Vocabulary, *, count: int, frames: int) -> list[Life]:
    """The same looks at real play, for the real row of the table: some episodes from their beginning to their end."""
    top, moving, lives = footage.setting.status_rows, _moving(footage.setting.game.buttons), []
    for first, end in footage.episodes[:: max(len(footage.episodes) // count, 1)][:count]:
        rows = torch.arange(first + 1, min(end, first + frames))
        shown = footage.frames[rows]
        lives.append(
            Life(
                validity=_held_validity(vocabulary, shown),
                there=_there(dreamer, shown),
                dark=_dark(dreamer, top, shown),
                moved=_moved(top, footage.frames[rows - 1], shown),
                pressed=footage.table["buttons"][rows.numpy()] & moving > 0,
            )
        )
    return lives


def _held_validity(vocabulary: Vocabulary, shown: Tensor) -> npt.NDArray[np.float64]:
    return vocabulary.validity(shown[::LOOK]).double().numpy().repeat(LOOK)[: len(shown)]


class _Watch:
    """Looks at all dreams of a batch and remembers."""

    def __init__(self, dreamer: Dreamer, vocabulary: Vocabulary, buttons: npt.NDArray[np.int64]) -> None:
        """buttons: Of every dream and frame, (B, n)."""
        self.dreamer, self.vocabulary, self.top = dreamer, vocabulary, dreamer.config.status_rows
        self.validity = np.ones(buttons.shape)
        self.there, self.dark, self.moved = (np.zeros(buttons.shape, bool) for _ in range(3))
        self.pressed = buttons & _moving(dreamer.config.game.buttons) > 0
        self.seen = np.zeros(len(buttons), int)

    def look(self, n: int, dreams: Tensor, before: Ring, after: Ring) -> None:
        """Look at frame n of the dreams that are left."""
        rows, shown = dreams.numpy(), self.dreamer.shown(after)
        if n % LOOK == 0:
            self.validity[rows, n] = self.vocabulary.validity(shown).numpy()
        else:
            self.validity[rows, n] = self.validity[rows, n - 1]
        self.there[rows, n] = _there(self.dreamer, shown)
        self.dark[rows, n] = _dark(self.dreamer, self.top, shown)
        self.moved[rows, n] = _moved(self.top, before.newest.cpu(), after.newest.cpu())
        self.seen[rows] = n + 1

    def life(self, dream: int, frames: int) -> Life:
        """What was seen of a dream so far."""
        there, dark, moved, pressed = (
            column[dream, :frames] for column in (self.there, self.dark, self.moved, self.pressed)
        )
        return Life(self.validity[dream, :frames], there, dark, moved, pressed)


def _moving(buttons: Sequence[str]) -> int:
    """The bits of the buttons that should move Mario."""
    return sum(1 << i for i, name in enumerate(buttons) if name in ("left", "right", "a"))


def _there(dreamer: Dreamer, frames: Tensor) -> Bools:
    found: Bools = dreamer.places(frames)[:, 2].numpy() > 0
    return found


def _dark(dreamer: Dreamer, top: int, frames: Tensor) -> Bools:
    dark = torch.zeros(len(frames))
    for black in (dreamer.palette.sum(1) == 0).nonzero().flatten().tolist():
        dark += (frames[:, top:] == black).flatten(1).float().mean(1)
    found: Bools = dark.numpy() >= DARK
    return found


def _moved(top: int, before: Tensor, after: Tensor) -> Bools:
    found: Bools = (before[:, top:] != after[:, top:]).flatten(1).any(1).numpy()
    return found


def _mush(life: Life) -> Collapse | None:
    if len(life.validity) < SECOND:
        return None
    medians = np.median(np.lib.stride_tricks.sliding_window_view(life.validity, SECOND), axis=1)
    below = np.flatnonzero(medians < VALID)
    return Collapse(int(below[0]) + 1, MUSH) if len(below) else None


def _standstill(life: Life, first: int, end: int) -> Collapse | None:
    """Frozen, if a button is pressed for a good part of a standstill on a screen that is not black."""
    if not life.pressed[first:end].mean() > 0.25 or life.dark[first:end].mean() > 0.5 or not life.there[first]:
        return None
    return Collapse(first + 1, FROZEN)


def _missing(life: Life, first: int, end: int) -> Collapse:
    return Collapse(first + 1, BLACK if life.dark[first:end].mean() > 0.5 else GONE)


def _runs(flags: Bools, patience: int = PATIENCE) -> list[tuple[int, int]]:
    """First and end of every run of true flags that is longer than the patience."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > patience]
