"""The command line: `dreamplay`. The only module that prints, and whose functions return exit codes."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dreamplay import __version__, settings, system
from dreamplay.errors import (
    CheckpointError,
    DeviceError,
    DisplayError,
    DivergedError,
    DreamplayError,
    NetworkError,
    StorageError,
    UsageError,
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


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says what there is)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    system.prepare()
    signals = Signals()
    signals.install()
    verbose = False
    try:
        arguments = _parse(list(sys.argv[1:] if argv is None else argv))
        verbose = arguments.verbose
        code: int = arguments.run(arguments, signals)
    except DreamplayError as error:
        if verbose:
            raise
        _tell(f"{_label(error)}  {' '.join(str(error).split())}")
        return error.exit_code
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        _tell(f"E-DEV  Out of memory ({(str(error) or 'RAM').splitlines()[0]}). --device cpu may have more.")
        return DeviceError.exit_code
    except BrokenPipeError:  # `dreamplay list | head`
        sys.stderr.close()
        return 0
    return signals.code or code


def _out_of_memory(error: BaseException) -> bool:
    """Whether an error is Python's or torch's way of saying so; torch is not imported to ask."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate memory" in words


def _parse(words: list[str]) -> argparse.Namespace:
    """The command line over the user's settings."""
    parser = _parser()
    arguments = parser.parse_args(words)
    chosen = _settings(parser, arguments.config, arguments.set)
    arguments = parser.parse_args([*chosen.words, *words]) if chosen.words else arguments
    arguments.keys = chosen.keys
    return arguments


def _settings(parser: argparse.ArgumentParser, path: Path | None, changes: list[str]) -> settings.Settings:
    """The settings; a usual file that means nothing is told and left alone: it must keep nobody from playing."""
    usual = system.settings()
    if path is None and usual.is_file():
        try:
            parser.parse_args(settings.read(usual).words)
            path = usual
        except UsageError as error:
            _tell(f"Settings left out: {usual.name}: {error}")
    chosen = settings.read(path, changes)
    parser.parse_args(chosen.words)
    return chosen


def _label(error: DreamplayError) -> str:
    return next((label for kind, label in _CODES.items() if isinstance(error, kind)), "E-BUG")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--offline", action="store_true", help="never ask the Hub")
    common.add_argument("-q", "--quiet", action="store_true", help="no progress")
    common.add_argument("-v", "--verbose", action="store_true", help="full reports of errors")
    parser = _Parser(
        prog="dreamplay",
        description="Play video games that a neural network dreams.",
        parents=[common],
        epilog="Keys: F1 shows them. Everything that is recorded survives a crash: dreamplay recover.",
    )
    parser.add_argument("--version", action="version", version=f"dreamplay {__version__}")
    _add_play(parser)
    commands = parser.add_subparsers(title="other commands", metavar="COMMAND", parser_class=_Parser)
    _add_models(commands, common)
    _add_bench(commands, common)
    _add_machine(commands, common)
    return parser


def _add_play(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_play)
    add = parser.add_argument
    add("--model", metavar="M", help="a name, a folder, or user/repo[@revision] on the Hub")
    add("--real", action="store_true", help="play the real game in its emulator")
    add("--start", metavar="S", help="where to begin: a stage like 1-1, or a start of the model")
    add("--seed", type=int, metavar="N", help="seed of the dream (default 0, or the movie's)")
    add("--steps", type=_positive, metavar="N", help="sampler steps a frame: fewer are faster")
    add("--fps", type=_rate, metavar="F", help="frames a second (default: the game's)")
    add("--device", default="auto", metavar="D", help="auto, cpu or cuda")
    add("--dtype", metavar="T", help="float32 or bfloat16")
    add("--compile", action=argparse.BooleanOptionalAction, default=False, help="compile the networks")
    add("--scale", type=int, choices=range(1, 13), default=3, metavar="1..12", help="size of the window (default 3)")
    add("--fullscreen", action="store_true", help="start in full screen")
    add("--aspect", choices=("square", "8:7", "4:3"), default="square", help="shape of the picture")
    add("--record", "-o", type=Path, metavar="FILE", help="record to a .gif, .mp4 or .movie")
    add("--replay", type=Path, metavar="FILE", help="play a .movie again")
    add("--verify", action="store_true", help="with --replay: compare the frames, exit 8 if they differ")
    add("--headless", action="store_true", help="no window, as fast as possible")
    add("--frames", type=_positive, metavar="N", help="with --headless: how many (default 300)")
    add("--config", type=Path, metavar="FILE", help="settings instead of the usual file")
    add("--set", action="append", default=[], metavar="K=V", help="one setting, like keys.mario.a=space")
    add("--buttons", metavar="SCRIPT", help='buttons to press, like "right:60,right+a:20,:30"')


def _add_models(commands: Any, common: argparse.ArgumentParser) -> None:
    _command(commands, common, "list", "what can be played", _list)
    get = _command(commands, common, "get", "download a model", _get)
    get.add_argument("name", help="user/repo[@revision]")
    verify = _command(commands, common, "verify", "check a model's files", _verify)
    verify.add_argument("name", help="a name, a folder, or user/repo[@revision]")
    publish = _command(commands, common, "publish", "put a model on the Hub", _publish)
    publish.add_argument("directory", type=Path)
    publish.add_argument("repo", help="user/repo")


def _add_bench(commands: Any, common: argparse.ArgumentParser) -> None:
    bench = _command(commands, common, "bench", "how fast frames are dreamed, without a window", _bench)
    add = bench.add_argument
    add("--model", metavar="M")
    add("--real", action="store_true", help="the real game instead")
    add("--frames", type=_positive, default=600, metavar="N")
    add("--buttons", metavar="SCRIPT", help="what is held meanwhile, again and again (default: run and jump)")
    add("--start", metavar="S")
    add("--steps", type=_positive, metavar="N")
    add("--device", default="auto", metavar="D")
    add("--dtype", metavar="T")
    add("--compile", action=argparse.BooleanOptionalAction, default=False)


def _add_machine(commands: Any, common: argparse.ArgumentParser) -> None:
    _command(commands, common, "doctor", "what this machine has, for reports of errors", _doctor)
    _command(commands, common, "recover", "finish recordings that were cut off", _recover)


def _command(
    commands: Any, common: argparse.ArgumentParser, name: str, does: str, run: Callable[..., int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=does, description=does, parents=[common])
    parser.set_defaults(run=run)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1 <= rate <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to 1000")
    return rate


def _play(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay.play import Options, play

    if arguments.model is None and not arguments.real and arguments.replay is None:
        arguments.model = _choose()
    options = Options(_wish(arguments), **_among(Options, arguments))
    _mention_unfinished()
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
    answer = input(f"Play which (1 to {len(names)})? ").strip()
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


def _mention_unfinished() -> None:
    from dreamplay.journal import abandoned

    found = abandoned(system.journals())
    if found:
        _tell(f"{len(found)} recording(s) were cut off: `dreamplay recover` finishes them")


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
    from dreamplay import hub

    hub.verify(arguments.name)
    _tell(f"{arguments.name}: whole and as it was published")
    return 0


def _publish(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import hub

    print(hub.publish(arguments.directory, arguments.repo))
    return 0


def _bench(arguments: argparse.Namespace, signals: Signals) -> int:
    from dreamplay import script
    from dreamplay.choice import find

    found = find(_wish(arguments), _progress(arguments))
    buttons = script.parse(arguments.buttons, found.game) if arguments.buttons else None
    from dreamplay.bench import measure  # torch; a mistyped name has been answered by now

    result = measure(found.load(), arguments.frames, buttons)
    if arguments.json:
        print(json.dumps(result))
        return 0
    for name, value in result.items():
        print(f"{name:16} {value:.2f}" if isinstance(value, float) else f"{name:16} {value}")
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
