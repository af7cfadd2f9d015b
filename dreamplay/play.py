"""One sitting from the command line's wishes to the last frame: find, load, play, save."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay import movie, script, system
from dreamplay.choice import Choice, Progress, Wish, find
from dreamplay.errors import StorageError, UsageError
from dreamplay.journal import abandoned
from dreamplay.menu import Menu
from dreamplay.pages import Desk
from dreamplay.pilot import Blank, MoviePilot, ScriptPilot
from dreamplay.player import Player
from dreamplay.preferences import Preferences
from dreamplay.recorder import MOVIE
from dreamplay.signals import Signals
from dreamplay.sitting import Pilot, Sitting
from dreamplay.slots import Slots
from dreamplay.speeds import Speeds
from dreamplay.stamp import Stamp
from dreamplay.startup import BLANK, Stages, attended, beside, guarded, installed, own_steps, ready, warm
from dreamplay.tape import Tape
from dreamplay.world import GameSpec, World, layers, news

if TYPE_CHECKING:
    from dreamplay.screen import Screen

_HEADLESS_FRAMES = 300
_CARD = 5.0  # seconds that the key card shows on the first run


@dataclass(frozen=True)
class Options:
    """How a sitting is to go; None where nothing is said.

    Attributes:
        wish: What is played, and on what.
        seed: Seed of the first dream.
        fps: Steps a second.
        preferences: Look of the window, and keys.
        record: File to record to.
        replay: Movie to play again.
        verify: Whether to compare the replay's frames with the movie's.
        headless: Whether to do without a window.
        frames: Steps of a run without a window.
        buttons: Script of buttons.
        side_by_side: Whether the real game is played beside the dream.
        auto_steps: Whether the sampler steps are fitted to the time there is.
        calm: Whether flashes are held back from the screen.
    """

    wish: Wish
    seed: int | None = None
    fps: float | None = None
    preferences: Preferences = field(default_factory=Preferences)
    record: Path | None = None
    replay: Path | None = None
    verify: bool = False
    headless: bool = False
    frames: int | None = None
    buttons: str | None = None
    side_by_side: bool = False
    auto_steps: bool = False
    calm: bool = True


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
    if options.headless:
        choice = find(options.wish, progress)
        pilot = _pilot(options, watched, choice.game)
        world = ready(choice, Stages(say), side_by_side=options.side_by_side)
        for sentence in news(world):
            say(sentence)
        sitting = Sitting(options.seed or 0, 0.0, pilot=pilot, ends=True)
        return _run(world, Blank(), choice, sitting, options, signals, say)
    return _play_in_window(options, watched, signals, say, progress)


def _play_in_window(
    options: Options,
    watched: movie.Movie | None,
    signals: Signals,
    say: Callable[[str], None],
    progress: Progress | None,
) -> Outcome:
    wish, stages = replace(options.wish, compile=False), Stages(say, progress)
    found = installed(wish)
    from dreamplay.screen import Window  # pygame; a mistyped name has been answered by now

    window = Window(found.game if found else BLANK, options.preferences)
    try:
        choice = found or _download(wish, window, stages, signals)
        pilot = _pilot(options, watched, choice.game)
        load = partial(ready, choice, stages, side_by_side=options.side_by_side)
        world = attended(load, window, choice.game, stages, signals)
        if options.wish.compile:
            _compile(world)
        if world.game != choice.game:
            window.change(world.game)
        desk = _desk(options.preferences)
        desk.lay(choice.game, choice.name if choice.kind == "dream" else "the real game")
        sitting = Sitting(
            options.seed or 0,
            options.fps or choice.game.fps,
            pilot=pilot,
            rewinds=choice.kind == "dream",
            card=_CARD if pilot is None and system.first_run() else 0.0,
            calm=options.calm,
            most_steps=own_steps(world) if options.auto_steps else 0,
            slots=Slots(system.states()),
            open_model=partial(_open_model, options.wish),
            open_beside=partial(beside, start=choice.start),
            menu=desk.menu,
            swapped=desk.lay,
            timed=desk.speeds.note,
        )
        return _run(world, window, choice, sitting, options, signals, say, window.conflicts)
    finally:
        window.close()
        _keep(options.preferences, say)


def _run(
    world: World,
    screen: "Screen",
    choice: Choice,
    sitting: Sitting,
    options: Options,
    signals: Signals,
    say: Callable[[str], None],
    notes: Sequence[str] = (),
) -> Outcome:
    cut_off = abandoned(system.journals())
    tape = Tape(
        world.game,
        fps=sitting.fps or world.game.fps,
        pictures=system.pictures(),
        journals=system.journals(),
        target=options.record,
        header=choice.header,
        clip=not options.headless,
        stamp=Stamp(lambda: options.preferences.gif_keys),
    )
    try:
        player = Player(world, screen, tape, sitting)
        if cut_off:
            notes = (*notes, f"{len(cut_off)} recording(s) were cut off: `dreamplay recover` finishes them")
        for note in notes:
            say(note)
            player.say(note)
        signals.stop = player.stop
        began = time.perf_counter()
        player.run()
        seconds = time.perf_counter() - began
    finally:
        tape.close(hurry=bool(signals.code))
        sitting.slots.close()
        while sentence := tape.news() or sitting.slots.news():
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
    if options.side_by_side and options.wish.real:
        raise UsageError("--side-by-side shows the real game already: leave --real out")
    if options.side_by_side and options.record is not None and options.record.suffix == MOVIE:
        raise UsageError("--side-by-side cannot be kept as a movie, which is of one world: record a .gif")


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
    return warm(guarded(find(replace(wish, model=name, real=False, start=None, steps=None)).load()))


def _keep(preferences: Preferences, say: Callable[[str], None]) -> None:
    try:
        preferences.save()
    except StorageError as error:
        say(f"Settings not saved: {error}")


def _desk(preferences: Preferences) -> Desk:
    from dreamplay import hub

    return Desk(Menu(preferences.save), preferences, Speeds(system.speeds()), hub.listing, system.pictures())


def _download(wish: Wish, window: "Screen", stages: Stages, signals: Signals) -> Choice:
    stages.begin(f"download and verify {wish.model}")
    choice = attended(partial(find, wish, stages.note), window, BLANK, stages, signals)
    window.change(choice.game)
    return choice


def _compile(world: World) -> None:
    """Compile a dream beside the play."""
    for layer in layers(world):
        if hasattr(layer, "compile"):
            layer.compile(wait=False)
