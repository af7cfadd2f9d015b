"""From a choice to a world that is ready, in stages that the terminal and the window show."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dreamplay import games
from dreamplay.beside import Beside
from dreamplay.choice import Choice, Progress, Wish, find
from dreamplay.controls import Status
from dreamplay.errors import NetworkError
from dreamplay.guard import Guard
from dreamplay.loading import Loading, T, attend
from dreamplay.signals import Signals
from dreamplay.world import GameSpec, World, layers

BLANK = GameSpec("dreamplay", "dreamplay", 240, 256, 30, ())
"""What a window shows before its game is known."""

_WARM = 2  # steps until everything that is made at the first step is there


class Stages:
    """Where a start has got to. Written by the thread that loads, read by the one that shows."""

    def __init__(self, say: Callable[[str], None], progress: Progress | None = None) -> None:
        """Take what tells a line in the terminal, and what draws a bar there."""
        self._say, self._progress = say, progress
        self._done: tuple[str, ...] = ()
        self._name, self._detail = "", ""
        self._began = self._first = time.perf_counter()

    def begin(self, name: str) -> None:
        """The stage before has ended, the next one begins: "load mario"."""
        self._finish()
        self._name = name
        self._say(f"{name} ...")

    def end(self) -> None:
        """Everything is ready."""
        self._finish()
        self._name = ""
        self._say(f"ready after {time.perf_counter() - self._first:.1f} s")

    def note(self, done: int, size: int) -> None:
        """So many of so many bytes are there."""
        seconds = max(1e-3, time.perf_counter() - self._began)
        rate = done / seconds
        left = f", {(size - done) / rate:.0f} s left" if rate else ""
        self._detail = f" {done / 1e6:.1f} of {size / 1e6:.1f} MB, {rate / 1e6:.1f} MB/s{left}"
        if self._progress is not None:
            self._progress(done, size)

    def status(self) -> Status:
        """What the window says."""
        seconds = time.perf_counter() - self._began
        return Status(lines=(*self._done, f"{self._name}{self._detail} ... {seconds:.0f} s"))

    def _finish(self) -> None:
        now = time.perf_counter()
        if self._name:
            self._done = (*self._done, f"{self._name}: {now - self._began:.1f} s")
        self._began, self._detail = now, ""


def installed(wish: Wish) -> Choice | None:
    """What is wished for where it needs no download; None where it does.

    Raises:
        DreamplayError: There is no such thing, or it may not be downloaded.
    """
    try:
        return find(replace(wish, offline=True))
    except NetworkError:
        if wish.offline:
            raise
        return None


def attended(work: Callable[[], T], window: Any, game: GameSpec, stages: Stages, signals: Signals) -> T:
    """Do slow work while the window shows the stages; raises what the work raises. Quitting ends the process."""
    loading = Loading(work)
    black = np.zeros((game.height, game.width, 3), np.uint8)
    if not attend(loading, window, black, stages.status):
        signals.leave(0)
    return loading.result()


def ready(choice: Choice, stages: Stages, *, side_by_side: bool) -> World:
    """Load a world, put a guard on a dream, the real game beside it if wanted, and warm it up."""
    stages.begin(f"load and verify {choice.title}")
    world = guarded(choice.load())
    if side_by_side:
        stages.begin("load the real game")
        world = beside(world, choice.start)
    stages.begin("warm up")
    if choice.kind == "dream":
        warm(world)
    stages.end()
    return world


def warm(world: World) -> World:
    """The world, after everything is made that its first steps need: without it they take several times as long."""
    world.reset(0)
    for _ in range(_WARM):
        world.step(0)
    return world


def guarded(world: World) -> World:
    """The world, with a guard if it is a dream."""
    return Guard(world) if hasattr(world, "renew") else world  # type: ignore[arg-type]  # dreams have them


def beside(world: World, start: str = "") -> World:
    """The dream with the real game beside it.

    Args:
        world: The dream.
        start: Name of the start that it was asked for.

    Raises:
        UsageError: The world is no dream, or its game has no emulator here.
        MissingExtraError: The emulator is not installed.
    """
    game = games.load(world.game.name)
    return Beside(world, game.make_world(game.round_from(start)))


def own_steps(world: World) -> int:
    """Sampler steps of a world as it was loaded, 0 for a real game."""
    return next((int(layer.steps) for layer in layers(world) if hasattr(layer, "steps")), 0)
