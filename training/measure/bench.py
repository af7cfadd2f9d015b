"""Everything at once: what is measured, how much of it, and with what."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamplay.ring import Ring
from training.cache import Cache
from training.data import Footage
from training.measure import Numbers, buttons, clock, events, free, one_step, reactions, show, soak, survival
from training.measure.dreaming import Dreamer, probe_error, spread
from training.measure.patches import Vocabulary

PARTS = ("one_step", "free", "buttons", "survival", "events", "clock", "soak")
USUAL = PARTS[:-1]
"""The parts that take minutes; the soak takes half an hour or more."""
BRIEF = PARTS[:4]
"""The parts that can be measured with a little of everything."""
_TRACKED = ("buttons", "survival", "clock", "soak")


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        rows: Rows of held-out play in memory at most; None for all.
        frames: Frames dreamed from a real past.
        windows: Free-running windows.
        horizons: Frames after which free-running dreams are looked at.
        states: States in which every chord is tried.
        movies: Movies that those states come from at most; None for all.
        dreams: Dreams left alone.
        life: Their length in frames.
        events: Events of a kind at most.
        clocks: Dreams whose clock is read.
        soaked: Dreams left alone for long.
        shown: Windows in the pictures.
    """

    rows: int | None = None
    frames: int = 2048
    windows: int = 48
    horizons: tuple[int, ...] = free.HORIZONS
    states: int = 200
    movies: int | None = None
    dreams: int = 32
    life: int = survival.FRAMES
    events: int = events.COUNT
    clocks: int = 8
    soaked: int = 8
    shown: int = 6


QUICK = Sizes(
    rows=4000,
    frames=48,
    windows=8,
    horizons=(1, 5, 15, 30, 60),
    states=8,
    movies=1,
    dreams=4,
    life=300,
    shown=2,
)


@dataclass(frozen=True)
class Bench:
    """What the parts measure with.

    Attributes:
        dreamer: What is measured.
        starts: The cartridge's own beginnings.
        cache: Held-out play.
        train: Play that signs of events are learned from.
        footage: The same in memory.
        known: Patches of real frames.
        movies: Folder of the held-out movies.
        folder: Where slow truths are kept.
        sizes: How much to measure.
        seed: Of the play.
        workers: Processes that run the real game.
    """

    dreamer: Dreamer
    starts: Ring
    cache: Cache
    train: Cache
    footage: Footage
    known: Vocabulary
    movies: Path
    folder: Path
    sizes: Sizes
    seed: int
    workers: int


def measure(bench: Bench, parts: tuple[str, ...] = USUAL) -> Numbers:
    """All numbers of some parts, by names that explain themselves."""
    found: Numbers = {}
    if bench.dreamer.tracks:
        found |= probe_error(bench.dreamer, bench.footage, spread(bench.footage.rows, bench.sizes.frames))
    for part in parts:
        if part in _TRACKED and not bench.dreamer.tracks:
            print(f"{part}: left out, the cartridge has no tracker that finds the hero", file=sys.stderr)
            continue
        began = time.monotonic()
        numbers = _MEASURES[part](bench)
        if not numbers:
            print(f"{part}: left out, the play holds nothing to measure it by", file=sys.stderr)
        found |= numbers
        print(f"measured {part} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return {name: round(value, 6) for name, value in found.items()}


def picture(bench: Bench, folder: Path) -> None:
    """Write `sheet.png` and `beside.gif`: dreams beside what really came."""
    starts = free.windows(bench.footage, 2 * bench.sizes.shown + 1)[1::2]  # neither the very first nor the last
    if not len(starts):
        return
    dreamed, truth = show.clips(bench.dreamer, bench.footage, starts, bench.sizes.horizons[-1])
    palette = bench.dreamer.palette
    show.sheet(dreamed, truth, palette, folder / "sheet.png")
    show.gif(dreamed[:2], truth[:2], palette, folder / "beside.gif", bench.dreamer.config.game.fps)


def _one_step(bench: Bench) -> Numbers:
    return one_step.one_step(bench.dreamer, bench.footage, spread(bench.footage.rows, bench.sizes.frames))


def _free(bench: Bench) -> Numbers:
    starts = free.windows(bench.footage, bench.sizes.windows)
    return free.free(bench.dreamer, bench.footage, bench.known, starts, horizons=bench.sizes.horizons)


def _buttons(bench: Bench) -> Numbers:
    sizes = bench.sizes
    tried = buttons.moments(bench.cache, bench.footage, bench.movies, sizes.states, episodes=sizes.movies)
    if not tried:
        return {}
    real = reactions.real_reactions(tried, bench.folder, workers=bench.workers)
    rows = np.array([moment.row for moment in tried])
    return buttons.compare(real, buttons.dreamed_reactions(bench.dreamer, bench.footage, rows))


def _survival(bench: Bench) -> Numbers:
    dreamer, known, sizes = bench.dreamer, bench.known, bench.sizes
    lives = survival.survive(dreamer, known, bench.starts, dreams=sizes.dreams, frames=sizes.life, seed=bench.seed)
    real = survival.real_lives(dreamer, bench.footage, known, count=sizes.dreams, frames=sizes.life)
    found = survival.numbers([collapse for _, collapse in lives], sizes.life)
    return found | survival.numbers([survival.judge(life) for life in real], sizes.life, row="real.")


def _events(bench: Bench) -> Numbers:
    if not events.told(bench.train.table):
        return {}
    return events.events(bench.dreamer, bench.footage, events.learn(bench.train), count=bench.sizes.events)


def _clock(bench: Bench) -> Numbers:
    dreamer, sizes = bench.dreamer, bench.sizes
    return clock.clock(dreamer, bench.footage, bench.starts, dreams=sizes.clocks, frames=clock.FRAMES, seed=bench.seed)


def _soak(bench: Bench) -> Numbers:
    dreamer, known, count = bench.dreamer, bench.known, bench.sizes.soaked
    lives = survival.survive(dreamer, known, bench.starts, dreams=count, frames=soak.FRAMES, seed=bench.seed)
    real = survival.real_lives(dreamer, bench.footage, known, count=count, frames=soak.FRAMES)
    return soak.numbers(lives) | soak.numbers([(life, survival.judge(life)) for life in real], row="real.")


_MEASURES: dict[str, Callable[[Bench], Numbers]] = {
    "one_step": _one_step,
    "free": _free,
    "buttons": _buttons,
    "survival": _survival,
    "events": _events,
    "clock": _clock,
    "soak": _soak,
}
