"""Stage `all`: from nothing to a cartridge, by the very commands that one would type; what is complete is skipped.

python -m training all --recipe mario-nano
"""

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import torch
import tyro

from dreamplay.errors import UsageError
from training import assets
from training import recipe as recipes
from training.export import CHECKPOINTS, MOVIES, movies_of
from training.recipe import Hyper, Recipe

SEEDS = {"train": 1, "heldout": 1001}
"""Of the collection: held-out movies start elsewhere."""


@dataclass(frozen=True)
class Options:
    """Run every stage of a recipe.

    Attributes:
        recipe: Name of a module in training/recipes.
        minutes_scale: Factor on the minutes of every training stage.
        workers: Processes that run the real game.
    """

    recipe: str
    minutes_scale: float = 1.0
    workers: int = 2


@dataclass(frozen=True)
class Stage:
    """One command: the words after `python -m training`, and whether its work is done already."""

    words: tuple[str, ...]
    complete: bool = False


def main(argv: list[str]) -> int:
    """Run the stage `all`. Returns the exit code of the first stage that fails."""
    options = tyro.cli(Options, args=argv, prog="python -m training all")
    if options.minutes_scale <= 0:
        raise UsageError(f"--minutes-scale is {options.minutes_scale:g}, allowed is more than 0")
    commands = _Commands()
    previous = {number: signal.signal(number, commands.stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _chain(stages(recipes.load(options.recipe), options), commands)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _chain(wanted: Iterable[Stage], commands: "_Commands") -> int:
    for stage in wanted:
        command = " ".join(stage.words)
        print(f"{'complete' if stage.complete else 'running'}: {command}", file=sys.stderr, flush=True)
        code = 0 if stage.complete else commands.run(stage.words)
        if code:
            print(f"stopped: {command} ended with {code}; what is complete stays", file=sys.stderr)
            return code
    return 0


def stages(recipe: Recipe, options: Options) -> Iterator[Stage]:
    """The stages of a recipe in order; whether one is complete is looked up when its turn has come."""
    run = assets.RUNS / recipe.name
    movies = movies_of(recipe, run)
    for split, frames in (("train", recipe.frames), ("heldout", recipe.heldout)):
        yield Stage(_collect(recipe, movies / split, split, frames, options.workers), _committed(movies / split))
    for split in SEEDS:
        cache = assets.CACHE / recipe.name / split
        yield Stage(("render", str(movies / split), str(cache), "--workers", str(options.workers)))
    for name in ("codec", "motion", "denoiser"):
        if name != "motion" or recipe.motion_net:
            yield _training(recipe, name, run, options.minutes_scale)
    cartridge = CHECKPOINTS / recipe.name
    yield Stage(("export", "--recipe", recipe.name), newer(cartridge / "config.json", run / "denoiser.safetensors"))
    report = run / "evaluation" / "report.json"
    words: tuple[str, ...] = (
        "evaluate",
        str(cartridge),
        "--quick",
        "--movies",
        str(movies),
        "--workers",
        str(options.workers),
    )
    yield Stage(words, newer(report, cartridge / "denoiser.safetensors"))
    words = ("export", "--recipe", recipe.name, "--quality", str(report))
    yield Stage(words, newer(cartridge / "config.json", report))


def trained(hyper: Hyper, state: Path) -> bool:
    """Whether a stage's state says that its budget is spent."""
    if not state.exists():
        return False
    clock = torch.load(state, weights_only=True, mmap=True)["clock"]
    spent = clock["step"] / hyper.steps if hyper.steps else clock["seconds"] / (60 * hyper.minutes)
    return bool(spent >= 1)


def newer(made: Path, source: Path) -> bool:
    """Whether a file exists and is not older than what it is made from."""
    return made.exists() and source.exists() and made.stat().st_mtime >= source.stat().st_mtime


def _committed(movies: Path) -> bool:
    """Whether the project's own movies are there: they are complete whatever their number."""
    return movies.is_relative_to(MOVIES) and any(movies.glob("*.movie"))


def _collect(recipe: Recipe, movies: Path, split: str, frames: int, workers: int) -> tuple[str, ...]:
    words = ("collect", str(movies), "--game", recipe.game, "--stage", recipe.stage, "--frames", str(frames))
    return (*words, "--seed", str(SEEDS[split]), "--workers", str(workers), *recipe.collect)


def _training(recipe: Recipe, name: str, run: Path, scale: float) -> Stage:
    hyper: Hyper = getattr(recipe, name)
    words: tuple[str, ...] = (name, "--recipe", recipe.name)
    if scale != 1:
        words = (*words, "--minutes", f"{hyper.minutes * scale:g}")
        hyper = replace(hyper, minutes=hyper.minutes * scale, steps=None)
    kept = (run / f"{name}.safetensors").exists()
    return Stage(words, kept and trained(hyper, run / name / "state.pt"))


class _Commands:
    """Runs stages in processes of their own; the one that runs is asked to stop when this process is."""

    def __init__(self) -> None:
        self._stage: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT."""
        self._stopped = True
        if self._stage is not None:
            self._stage.send_signal(signal.SIGTERM)

    def run(self, words: tuple[str, ...]) -> int:
        """Run one stage. Returns its exit code."""
        self._stage = subprocess.Popen([sys.executable, "-m", "training", *words])
        if self._stopped:  # asked before there was anyone to ask
            self._stage.terminate()
        code = self._stage.wait()
        return 128 - code if code < 0 else code  # killed by a signal: as a shell says it
