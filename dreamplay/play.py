"""One sitting from the command line's wishes to the last frame: find, load, play, save."""

import importlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreamplay import games, movie, script, system
from dreamplay.controls import Status
from dreamplay.errors import UsageError
from dreamplay.hotkeys import Command, conflicts
from dreamplay.pilot import Blank, MoviePilot, ScriptPilot
from dreamplay.player import Pilot, Player, Sitting
from dreamplay.signals import Signals
from dreamplay.tape import Tape
from dreamplay.world import GameSpec, World

if TYPE_CHECKING:
    from dreamplay.screen import Window

DEFAULT_MODEL = "mario"
_HEADLESS_FRAMES = 300
_CARD = 5.0  # seconds that the key card shows on the first run
_LOOK = 1 / 30  # seconds between two looks at the window while something loads


@dataclass(frozen=True)
class Options:
    """What the command line asks of a sitting; None where it does not say."""

    model: str | None = None
    real: bool = False
    start: str | None = None
    seed: int | None = None
    steps: int | None = None
    fps: float | None = None
    device: str = "auto"
    dtype: str | None = None
    compile: bool = False
    scale: int = 3
    fullscreen: bool = False
    aspect: str = "square"
    record: Path | None = None
    replay: Path | None = None
    verify: bool = False
    headless: bool = False
    frames: int | None = None
    buttons: str | None = None
    offline: bool = False


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


@dataclass(frozen=True)
class _Cartridge:
    """What is to be played, found but not loaded."""

    name: str
    game: GameSpec
    start: str
    source: Callable[[World], str]
    load: Callable[[], World]
    kind: str


def play(options: Options, signals: Signals, say: Callable[[str], None]) -> Outcome:
    """Play until the player quits.

    Args:
        options: What was asked for.
        signals: Stops the play when the process is asked to end.
        say: Tells a line of progress.

    Raises:
        DreamplayError: What the user can fix.
    """
    _check(options)
    watched = movie.read(options.replay) if options.replay else None
    options = _as_recorded(options, watched)
    cartridge = _find(options)
    pilot = _pilot(options, watched, cartridge.game)
    seed = options.seed if options.seed is not None else 0
    if options.headless:
        world = _load(cartridge, say)
        sitting = Sitting(seed, 0.0, pilot=pilot, ends=True)
        return _run(world, Blank(), cartridge, sitting, options, signals, say)
    return _play_in_window(cartridge, pilot, seed, options, signals, say)


def _play_in_window(
    cartridge: _Cartridge,
    pilot: Pilot | None,
    seed: int,
    options: Options,
    signals: Signals,
    say: Callable[[str], None],
) -> Outcome:
    from dreamplay.screen import Window

    window = Window(cartridge.game, scale=options.scale, fullscreen=options.fullscreen, aspect=options.aspect)
    try:
        _wait_for_import(window, cartridge, signals)
        world = _load(cartridge, say)
        for conflict in conflicts(cartridge.game):
            say(conflict)
        sitting = Sitting(
            seed,
            options.fps or cartridge.game.fps,
            pilot=pilot,
            card=_CARD if pilot is None and system.first_run() else 0.0,
            open_model=partial(_open_model, options),
            models=_models(cartridge),
        )
        return _run(world, window, cartridge, sitting, options, signals, say)
    finally:
        window.close()


def _run(
    world: World,
    screen: "Window | Blank",
    cartridge: _Cartridge,
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
        header=partial(_header, cartridge, cartridge.source(world)),
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
    header = watched.header
    real = options.real or (header.world == "real" and options.model is None)
    return replace(
        options,
        real=real,
        model=options.model or (header.game if real else None),
        start=options.start or header.start or None,
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


def _find(options: Options) -> _Cartridge:
    name = options.model or DEFAULT_MODEL
    return _real(name, options) if options.real else _dream(name, options)


def _real(name: str, options: Options) -> _Cartridge:
    if name not in games.names():
        from dreamplay import config, hub

        name = config.load(hub.find(name, offline=options.offline)).game.name
    module = games.load(name)
    start = options.start or module.DEFAULT_START
    return _Cartridge(
        name, module.GAME, start, lambda world: str(getattr(world, "source", "")), lambda: _made(module, start), "real"
    )


def _made(module: Any, start: str) -> World:
    world: World = module.make_world(start)
    return world


def _dream(name: str, options: Options) -> _Cartridge:
    from dreamplay import config, hub

    directory = hub.find(name, offline=options.offline)
    game = config.load(directory).game
    source = sha256((directory / config.FILE).read_bytes()).hexdigest()
    return _Cartridge(
        name, game, options.start or "", lambda world: source, partial(_load_dream, directory, options), "dream"
    )


def _load_dream(directory: Path, options: Options) -> World:
    from dreamplay import dream

    return dream.load(
        directory,
        device=options.device,
        dtype=options.dtype,
        steps=options.steps,
        compile=options.compile,
        start=options.start,
    )


def _open_model(options: Options, name: str) -> World:
    return _dream(name, replace(options, start=None, steps=None)).load()


def _models(cartridge: _Cartridge) -> tuple[str, ...]:
    if cartridge.kind == "real":
        return ()
    from dreamplay import hub

    names = [entry.name for entry in hub.listing()]
    return (cartridge.name, *(name for name in names if name != cartridge.name))


def _load(cartridge: _Cartridge, say: Callable[[str], None]) -> World:
    say(f"Loading {cartridge.name} ...")
    began = time.perf_counter()
    world = cartridge.load()
    say(f"Ready after {time.perf_counter() - began:.1f} s")
    return world


def _header(cartridge: _Cartridge, source: str, seed: int) -> movie.Header:
    game = cartridge.game
    return movie.Header(
        game=game.name,
        world=cartridge.kind,
        source=source,
        start=cartridge.start,
        seed=seed,
        fps=game.fps,
        buttons=game.buttons,
    )


def _wait_for_import(window: "Window", cartridge: _Cartridge, signals: Signals) -> None:
    """Keep the window alive while the slowest part of loading, importing torch, runs beside it."""
    if cartridge.kind == "real":
        return
    thread = threading.Thread(target=_import_dream, daemon=True)
    thread.start()
    black = np.zeros((cartridge.game.height, cartridge.game.width, 3), np.uint8)
    while thread.is_alive():
        if Command.QUIT in window.poll().commands:
            signals.leave(0)
        window.show(black, Status(toast=f"Loading {cartridge.name} ..."))
        thread.join(_LOOK)
    window.show(black, Status(toast=f"Loading {cartridge.name} ..."))


def _import_dream() -> None:
    with suppress(Exception):  # it comes again where it can be told
        importlib.import_module("dreamplay.dream")
