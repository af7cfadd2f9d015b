"""The command line: `dreamplay`. The only module that prints, and whose functions return exit codes."""

import argparse
import atexit
import gc
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay import system
from dreamplay.arguments import parse
from dreamplay.errors import (
    CheckpointError,
    DeviceError,
    DisplayError,
    DivergedError,
    DreamplayError,
    NetworkError,
    StorageError,
    UsageError,
    is_out_of_memory,
)
from dreamplay.signals import Signals

if TYPE_CHECKING:
    from dreamplay.choice import Progress, Wish

_CODES = {
    CheckpointError: "E-CKPT",
    NetworkError: "E-NET",
    DisplayError: "E-DISP",
    DeviceError: "E-DEV",
    StorageError: "E-DISK",
    DivergedError: "E-DIFF",
    UsageError: "E-USE",
}
_STORAGE = StorageError.exit_code


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    system.prepare()
    signals = Signals()
    signals.install()
    atexit.register(gc.freeze)  # nothing is worth collecting at the end: of torch's objects that takes 0.7 s
    verbose = False
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv, _tell)
        verbose = arguments.verbose
        code = _COMMANDS[arguments.command](arguments, signals)
    except DreamplayError as error:
        if verbose:
            traceback.print_exception(error)
        _tell(f"{_label(error)}  {' '.join(str(error).split())}")
        return error.exit_code
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        _tell(f"E-DEV  Out of memory ({(str(error) or 'RAM').splitlines()[0]}). --device cpu may have more.")
        return DeviceError.exit_code
    except BrokenPipeError:  # `dreamplay list | head`
        sys.stderr.close()
        return 0
    return signals.code or code


def _label(error: DreamplayError) -> str:
    return next((label for kind, label in _CODES.items() if isinstance(error, kind)), "E-BUG")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _play(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay.play import Options, play

    if arguments.model is None and not arguments.real and arguments.replay is None:
        arguments.model = _choose()
    options = Options(_wish(arguments), **_among(Options, arguments))
    outcome = play(options, signals, _silent if arguments.quiet else _tell, _progress(arguments))
    if arguments.json:
        print(json.dumps(asdict(outcome)))
    return 0 if outcome.saved else _STORAGE


def _silent(line: str) -> None:
    pass


def _wish(arguments: argparse.Namespace) -> "Wish":
    from dreamplay.choice import Wish

    return Wish(**_among(Wish, arguments))


def _among(kind: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """The arguments that are fields of a dataclass."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def _choose() -> str | None:
    """Ask what to play where there is a choice and somebody to ask."""
    from dreamplay import hub

    names = [entry.name for entry in hub.listing() if entry.installed]
    if len(names) < 2 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    for number, name in enumerate(names, start=1):
        _tell(f"{number:3}  {name}")
    try:
        answer = input(f"Play which (1 to {len(names)}, Enter for {names[0]})? ").strip()
    except EOFError:  # Ctrl-D
        answer = ""
    return names[int(answer) - 1] if answer.isdecimal() and 1 <= int(answer) <= len(names) else answer or names[0]


def _progress(arguments: argparse.Namespace) -> "Progress | None":
    """A bar with size, speed and time left, where there is a terminal to draw it on."""
    if arguments.quiet or not sys.stderr.isatty():
        return None
    began = time.monotonic()

    def show(done: int, size: int) -> None:
        rate = done / max(1e-3, time.monotonic() - began)
        left = (size - done) / rate if rate else 0
        bar = "#" * round(30 * done / max(1, size))
        line = f"\r[{bar:30}] {done / 1e6:.1f} of {size / 1e6:.1f} MB, {rate / 1e6:.1f} MB/s, {left:.0f} s left "
        print(line, end="\n" if done >= size else "", file=sys.stderr, flush=True)

    return show


def _list(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import games, hub

    entries = hub.listing()
    if arguments.json:
        print(json.dumps({"models": entries, "games": games.names()}, default=_plain))
        return 0
    for entry in entries:
        print(entry)
    for name in games.names():
        print(f"{name:24} the real game: dreamplay --model {name} --real")
    return 0


def _get(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import hub

    print(hub.get(arguments.name, _progress(arguments)))
    return 0


def _verify(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import config, hub

    hub.verify(arguments.name)
    _tell(f"{arguments.name}: whole and as it was published")
    directory = hub.find(arguments.name, offline=True)
    if config.GOLDEN in config.load(directory).sha256:
        from dreamplay import dream

        differs = dream.load(directory, device="auto").news()
        if differs:
            raise DeviceError(differs)
        _tell("this machine draws its first frames as its maker saw them")
    return 0


def _publish(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import hub

    print(hub.publish(arguments.directory, arguments.repo))
    return 0


def _bench(arguments: argparse.Namespace, signals: Signals) -> int:
    result = _bench_window() if arguments.front_end else _bench_world(arguments)
    if arguments.json:
        print(json.dumps(result))
        return 0
    for name, value in result.items():
        print(f"{name:16} {value:.2f}" if isinstance(value, float) else f"{name:16} {value}")
    return 0


def _bench_world(arguments: argparse.Namespace) -> Mapping[str, float | int | str]:
    from dreamplay import script
    from dreamplay.choice import find

    found = find(_wish(arguments), _progress(arguments))
    buttons = script.parse(arguments.buttons, found.game) if arguments.buttons else None
    from dreamplay.bench import measure  # torch; a mistyped name has been answered by now

    return measure(found.load(), arguments.frames, buttons)


def _bench_window() -> Mapping[str, float | int | str]:
    from dreamplay import games
    from dreamplay.choice import DEFAULT
    from dreamplay.feel import measure
    from dreamplay.preferences import Preferences
    from dreamplay.screen import Window

    game = games.load(DEFAULT).GAME
    window = Window(game, Preferences())
    try:
        return measure(window, game)
    finally:
        window.close()


def _doctor(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay.doctor import examine

    found = examine()
    if arguments.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        print(f"{name:12} {value}")
    return 0


def _recover(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay.recorder import recover

    folder = system.journals()
    results = list(recover(folder))
    for journal, result in results:
        print(f"{journal.name} -> {result}") if isinstance(result, Path) else _tell(f"{journal.name}: {result}")
    if not results:
        _tell(f"nothing to recover in {folder}")
    return 0 if all(isinstance(result, Path) for _, result in results) else _STORAGE


def _plain(value: object) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


_COMMANDS: dict[str, Callable[[argparse.Namespace, Signals], int]] = {
    "play": _play,
    "list": _list,
    "get": _get,
    "verify": _verify,
    "publish": _publish,
    "bench": _bench,
    "doctor": _doctor,
    "recover": _recover,
}
