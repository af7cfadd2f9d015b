"""One sitting from the command line's wishes to the last frame: find, load, play, save."""

import importlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dreamplay import movie, script, system
from dreamplay.choice import Choice, Progress, Wish, find
from dreamplay.controls import Status
from dreamplay.errors import UsageError
from dreamplay.hotkeys import Command
from dreamplay.pilot import Blank, MoviePilot, ScriptPilot
from dreamplay.player import Pilot, Player, Sitting
from dreamplay.signals import Signals
from dreamplay.tape import Tape
from dreamplay.world import GameSpec, World

if TYPE_CHECKING:
    from dreamplay.screen import Window

_HEADLESS_FRAMES = 300
_CARD = 5.0  # seconds that the key card shows on the first run
_LOOK = 1 / 30  # seconds between two looks at the window while something loads


@dataclass(frozen=True)
class Options:
    """How a sitting is to go; None where nothing is said.

    Attributes:
        wish: What is played, and on what.
        seed: Seed of the first dream.
        fps: Steps a second.
        scale: Size of the window.
        fullscreen: Whether to start in full screen.
        aspect: Shape of the picture.
        record: File to record to.
        replay: Movie to play again.
        verify: Whether to compare the replay's frames with the movie's.
        headless: Whether to do without a window.
        frames: Steps of a run without a window.
        buttons: Script of buttons.
        keys: The user's own keys, by game and button.
    """

    wish: Wish
    seed: int | None = None
    fps: float | None = None
    scale: int = 3
    fullscreen: bool = False
    aspect: str = "square"
    record: Path | None = None
    replay: Path | None = None
    verify: bool = False
    headless: bool = False
    frames: int | None = None
    buttons: str | None = None
    keys: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a sitting ended.

    Attributes:
        frames: Steps since the last reset.
        seed: Seed of the last dream.
        seconds: Time from the first frame to the last.
        checksum: CRC-32 of the last frame.
        compared: Checksums of the replayed movie that were found right.
        saved: Whether everything that was recorded is on disk.
    """

    frames: int
    seed: int
    seconds: float
    checksum: int
    compared: int
    saved: bool


def play(options: Options, signals: Signals, say: Callable[[str], None], progress: Progress | None = None) -> Outcome:
    """Play until the player quits.

    Args:
        options: What was asked for.
        signals: Stops the play when the process is asked to end.
        say: Tells a line of progress.
        progress: Is told how a download gets on.

    Raises:
        DreamplayError: What the user can fix.
    """
    _check(options)
    watched = movie.read(options.replay) if options.replay else None
    options = _as_recorded(options, watched)
    choice = find(options.wish, progress)
    pilot = _pilot(options, watched, choice.game)
    if options.headless:
        world = _load(choice, say)
        sitting = Sitting(options.seed or 0, 0.0, pilot=pilot, ends=True)
        return _run(world, Blank(), choice, sitting, options, signals, say)
    return _play_in_window(choice, pilot, options, signals, say)


def _play_in_window(
    choice: Choice,
    pilot: Pilot | None,
    options: Options,
    signals: Signals,
    say: Callable[[str], None],
) -> Outcome:
    from dreamplay.screen import Window

    window = Window(
        choice.game,
        scale=options.scale,
        fullscreen=options.fullscreen,
        aspect=options.aspect,
        keys=options.keys,
    )
    try:
        _wait_for_import(window, choice, signals)
        world = _load(choice, say)
        for conflict in window.conflicts:
            say(conflict)
        sitting = Sitting(
            options.seed or 0,
            options.fps or choice.game.fps,
            pilot=pilot,
            rewinds=choice.kind == "dream",
            card=_CARD if pilot is None and system.first_run() else 0.0,
            open_model=partial(_open_model, options.wish),
            models=_models(choice),
        )
        return _run(world, window, choice, sitting, options, signals, say)
    finally:
        window.close()


def _run(
    world: World,
    screen: "Window | Blank",
    choice: Choice,
    sitting: Sitting,
    options: Options,
    signals: Signals,
    say: Callable[[str], None],
) -> Outcome:
    tape = Tape(
        world.game,
        fps=sitting.fps or world.game.fps,
        pictures=system.pictures(),
        journals=system.journals(),
        target=options.record,
        header=choice.header,
        clip=not options.headless,
    )
    try:
        player = Player(world, screen, tape, sitting)
        signals.stop = player.stop
        began = time.perf_counter()
        player.run()
        seconds = time.perf_counter() - began
    finally:
        tape.close(hurry=bool(signals.code))
        while sentence := tape.news():
            say(sentence)
    compared = sitting.pilot.compared if isinstance(sitting.pilot, MoviePilot) else 0
    return Outcome(player.age, player.seed, seconds, movie.checksum(player.frame), compared, not tape.failed)


def _check(options: Options) -> None:
    if options.frames is not None and not options.headless:
        raise UsageError("--frames needs --headless (in a window you decide when it ends)")
    if options.verify and options.replay is None:
        raise UsageError("--verify needs --replay")
    if options.replay and options.buttons:
        raise UsageError("--replay and --buttons both say what to press: give one of them")


def _as_recorded(options: Options, watched: movie.Movie | None) -> Options:
    """The options with what a movie says about its world, where the user says nothing else."""
    if watched is None:
        return options
    header, wish = watched.header, options.wish
    real = wish.real or (header.world == "real" and wish.model is None)
    model = wish.model or (header.game if real else None)
    return replace(
        options,
        wish=replace(wish, real=real, model=model, start=wish.start or header.start or None),
        seed=header.seed if options.seed is None else options.seed,
    )


def _pilot(options: Options, watched: movie.Movie | None, game: GameSpec) -> Pilot | None:
    if watched is not None:
        return MoviePilot(watched, game, verify=options.verify)
    if options.buttons is None and not options.headless:
        return None
    buttons = script.parse(options.buttons or "", game)
    frames = options.frames if options.frames is not None or buttons else _HEADLESS_FRAMES
    return ScriptPilot(buttons, frames)


def _open_model(wish: Wish, name: str) -> World:
    return find(replace(wish, model=name, real=False, start=None, steps=None)).load()


def _models(choice: Choice) -> tuple[str, ...]:
    if choice.kind == "real":
        return ()
    from dreamplay import hub

    names = [entry.name for entry in hub.listing()]
    return (choice.name, *(name for name in names if name != choice.name))


def _load(choice: Choice, say: Callable[[str], None]) -> World:
    say(f"Loading {choice.name} ...")
    began = time.perf_counter()
    world = choice.load()
    say(f"Ready after {time.perf_counter() - began:.1f} s")
    return world


def _wait_for_import(window: "Window", choice: Choice, signals: Signals) -> None:
    """Keep the window alive while the slowest part of loading, importing torch, runs beside it."""
    if choice.kind == "real":
        return
    thread = threading.Thread(target=_import_dream, daemon=True)
    thread.start()
    black = np.zeros((choice.game.height, choice.game.width, 3), np.uint8)
    while thread.is_alive():
        if Command.QUIT in window.poll().commands:
            signals.leave(0)
        window.show(black, Status(toast=f"Loading {choice.name} ..."))
        thread.join(_LOOK)
    window.show(black, Status(toast=f"Loading {choice.name} ..."))


def _import_dream() -> None:
    with suppress(Exception):  # it comes again where it can be told
        importlib.import_module("dreamplay.dream")
