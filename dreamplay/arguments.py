"""The words of the command line: what there is, what it means, the user's settings beneath it."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dreamplay import __version__, settings, system
from dreamplay.errors import UsageError
from dreamplay.preferences import ASPECTS, FILTERS, HUD_SIZES, SCALES, Look, Preferences


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says what there is)")


def parse(words: Sequence[str], tell: Callable[[str], None]) -> argparse.Namespace:
    """Read the command line over the user's settings.

    Args:
        words: Without the program's name.
        tell: Tells of settings that were left out.

    Returns:
        The arguments; `command` is the subcommand's name, "play" where there is none.

    Raises:
        UsageError: A word means nothing.
    """
    parser = _parser()
    arguments = parser.parse_args(words)
    chosen = _settings(parser, arguments.config, arguments.set, tell)
    arguments = parser.parse_args([*chosen.words, *words]) if chosen.words else arguments
    if arguments.command == "play":
        arguments.auto_steps = arguments.steps == "auto"
        arguments.steps = None if arguments.auto_steps else arguments.steps
        arguments.preferences = _preferences(arguments, chosen)
    return arguments


def _preferences(arguments: argparse.Namespace, chosen: settings.Settings) -> Preferences:
    look = Look(
        scale=arguments.scale,
        fullscreen=arguments.fullscreen,
        fill=arguments.fill,
        aspect=arguments.aspect,
        filter=arguments.filter,
        hud_size=arguments.hud_size,
    )
    return Preferences(look, chosen.bindings, arguments.gif_keys, arguments.config or system.settings())


def _settings(
    parser: argparse.ArgumentParser, path: Path | None, changes: list[str], tell: Callable[[str], None]
) -> settings.Settings:
    """The settings; a usual file that means nothing is told and left alone: it must keep nobody from playing."""
    usual = system.settings()
    if path is None and usual is not None and usual.is_file():
        try:
            parser.parse_args(settings.read(usual).words)
            path = usual
        except UsageError as error:
            tell(f"Settings left out: {usual.name}: {error}")
    chosen = settings.read(path, changes)
    parser.parse_args(chosen.words)
    return chosen


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
    parser.set_defaults(command="play")
    add = parser.add_argument
    add("--model", metavar="M", help="a name, a folder, or user/repo[@revision] on the Hub")
    add("--real", action="store_true", help="play the real game in its emulator")
    help_start = "where to begin: a stage like 1-1 or 1-1+fire, a span like 1-1..1-4, or a start of the model"
    add("--start", metavar="S", help=help_start)
    add("--seed", type=_seed, metavar="N", help="seed of the dream (default 0, or the movie's)")
    add("--side-by-side", action="store_true", help="the real game beside the dream (V while playing)")
    add("--steps", type=_steps, metavar="N|auto", help="sampler steps a frame: fewer are faster; auto keeps the rate")
    add("--fps", type=_rate, metavar="F", help="frames a second (default: the game's)")
    add("--device", default="auto", metavar="D", help="auto, cpu or cuda")
    add("--dtype", metavar="T", help="float32 or bfloat16")
    add("--compile", action=argparse.BooleanOptionalAction, default=False, help="compile the networks")
    add("--scale", type=int, choices=SCALES, default=3, metavar="1..12", help="size of the window (default 3)")
    add("--fullscreen", action="store_true", help="start in full screen")
    add("--aspect", choices=ASPECTS, default="square", help="shape of the picture")
    add("--fill", action="store_true", help="fill the window, with pixels of uneven size")
    add("--filter", choices=FILTERS, default="none", help="what the picture is looked at through")
    add("--hud-size", type=int, choices=HUD_SIZES, default=100, help="size of what is written over it, per cent")
    add("--calm", action=argparse.BooleanOptionalAction, default=True, help="hold back flashing (on unless --no-calm)")
    add("--gif-keys", action="store_true", help="draw the pressed buttons into films")
    add("--record", "-o", type=Path, metavar="FILE", help="record to a .gif, .mp4 or .movie")
    add("--replay", type=Path, metavar="FILE", help="play a .movie again")
    add("--verify", action="store_true", help="with --replay: compare the frames, exit 8 if they differ")
    add("--headless", action="store_true", help="no window, as fast as possible")
    add("--frames", type=_positive, metavar="N", help="with --headless: how many (default 300)")
    add("--config", type=Path, metavar="FILE", help="settings instead of the usual file")
    add("--set", action="append", default=[], metavar="K=V", help="one setting, like keys.mario.a=space")
    add("--buttons", metavar="SCRIPT", help='buttons to press, like "right:60,right+a:20,:30"')


def _add_models(commands: Any, common: argparse.ArgumentParser) -> None:
    _command(commands, common, "list", "what can be played")
    get = _command(commands, common, "get", "download a model")
    get.add_argument("name", help="user/repo[@revision]")
    verify = _command(commands, common, "verify", "check a model's files")
    verify.add_argument("name", help="a name, a folder, or user/repo[@revision]")
    publish = _command(commands, common, "publish", "put a model on the Hub")
    publish.add_argument("directory", type=Path)
    publish.add_argument("repo", help="user/repo")


def _add_bench(commands: Any, common: argparse.ArgumentParser) -> None:
    bench = _command(commands, common, "bench", "how fast frames are dreamed, without a window")
    add = bench.add_argument
    add("--front-end", action="store_true", help="the window instead, with no world behind it; takes two minutes")
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
    _command(commands, common, "doctor", "what this machine has, for reports of errors")
    _command(commands, common, "recover", "finish recordings that were cut off")


def _command(commands: Any, common: argparse.ArgumentParser, name: str, does: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=does, description=does, parents=[common])
    parser.set_defaults(command=name)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return int(text)


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):  # what a generator takes, with room for a new dream now and then
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of up to 18 digits")
    return int(text)


def _steps(text: str) -> int | str:
    return text if text == "auto" else _positive(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1 <= rate <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to 1000")
    return rate
