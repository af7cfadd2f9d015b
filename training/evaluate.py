"""Stage `evaluate`: measures a cartridge on held-out play, with the real game's frames as truth.

    python -m training evaluate checkpoints/mario [--json] [--quick | --soak] [--only one_step,free]

`training.measure` says in its modules what each number means. Needs no network; the same cartridge, play and machine
give the same numbers.
"""

import json
import re
import sys
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal

import torch
import tyro

from dreamplay import checkpoint
from dreamplay.checkpoint import Cartridge
from dreamplay.errors import UnknownNameError, UsageError
from dreamplay.files import write_whole
from dreamplay.ring import Ring
from training import assets, render
from training import recipe as recipes
from training.cache import Cache
from training.data import Footage
from training.measure import table
from training.measure.bench import BRIEF, PARTS, QUICK, USUAL, Bench, Sizes, measure, picture
from training.measure.dreaming import Dreamer, Probe, Stepper
from training.measure.patches import vocabulary
from training.runner import keep_memory

MOVIES = Path(__file__).parent / "movies"
_STAGE = re.compile(r"\d-\d")


@dataclass(frozen=True)
class Options:
    """Measure a cartridge on held-out play.

    Attributes:
        cartridge: Directory of the cartridge.
        json: Print one object of plain numbers instead of tables.
        stage: Only on play that begins at this stage, and from the starts that lie in it; a recipe's own by default.
        quick: Measure a little of everything but events, clock and soak.
        soak: Leave dreams alone for ten minutes, too.
        only: Parts to measure instead, joined by commas.
        dreams: Number of dreams in the survival part.
        cache: Folder with the rendered play, `train` and `heldout`; cache/RECIPE by default, rendered if missing.
        movies: Folder with the movies, `train` and `heldout`.
        out: Folder of the report and its pictures; runs/NAME/evaluation by default.
        device: Where the networks run.
        dtype: What they compute in.
        seed: Of noise and play.
        workers: Processes that run the real game.
    """

    cartridge: tyro.conf.Positional[Path]
    json: bool = False
    stage: str | None = None
    quick: bool = False
    soak: bool = False
    only: str | None = None
    dreams: int | None = None
    cache: Path | None = None
    movies: Path | None = None
    out: Path | None = None
    device: str = "cpu"
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    seed: int = 0
    workers: int = 2


def main(argv: list[str]) -> int:
    """Run the stage `evaluate`."""
    options = tyro.cli(Options, args=argv, prog="python -m training evaluate")
    parts = parts_of(options)
    keep_memory()
    bench, name = prepare(options)
    numbers = measure(bench, parts)
    folder = options.out or assets.RUNS / name / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    report = "\n".join(table.lines(numbers)).lstrip("\n") + "\n"
    packed = json.dumps(numbers, indent=2) + "\n"
    write_whole(folder / "report.json", packed.encode())
    write_whole(folder / "report.txt", report.encode())
    picture(bench, folder)
    print(packed if options.json else report, end="")
    print(f"pictures and reports: {folder}", file=sys.stderr)
    return 0


def parts_of(options: Options) -> tuple[str, ...]:
    """The parts to measure.

    Raises:
        UnknownNameError: There is no such part.
    """
    parts = tuple(options.only.split(",")) if options.only else BRIEF if options.quick else USUAL
    for part in parts:
        if part not in PARTS:
            raise UnknownNameError("part", part, PARTS)
    return parts + ("soak",) * (options.soak and "soak" not in parts)


def prepare(options: Options) -> tuple[Bench, str]:
    """Load the cartridge and the play. Returns them and the cartridge's name.

    Raises:
        CheckpointError: The cartridge cannot be trusted.
        UsageError: There are no movies to render, or no start in the stage.
        CacheError: No movie begins at the stage.
    """
    cartridge = checkpoint.load(options.cartridge, device=options.device)
    config = cartridge.config
    movies = options.movies or _movies(config.provenance.recipe, config.game.name)
    folder = options.cache or assets.CACHE / config.provenance.recipe
    home = recipes.load(config.provenance.recipe).stage.partition("..")[0]
    stage = options.stage or home
    stages = sorted({stage, *(stage_of(name, home) for name in config.starts)})  # a dream of one may go on in another
    played = {one: _rendered(movies, folder, options.workers, f"{config.game.name}-{one}") for one in stages}
    heldout, train = played[stage]
    sizes = _sizes(options)
    footage = Footage(heldout, assets.setting(config), limit=sizes.rows)
    dreamer = dreamer_of(cartridge.model, seed=options.seed, dtype=options.dtype, device=options.device)
    bench = Bench(
        dreamer=dreamer,
        starts=starts_of(cartridge, stage, home),
        cache=heldout,
        train=train,
        footage=footage,
        known=vocabulary([*chain.from_iterable(played.values())], folder),
        movies=movies / "heldout",
        folder=folder,
        sizes=sizes,
        seed=options.seed,
        workers=options.workers,
    )
    return bench, config.name


def dreamer_of(model: Stepper, *, seed: int = 0, dtype: str = "float32", device: str = "cpu") -> Dreamer:
    """A dreamer whose probe is the model's own tracker, which was trained on real frames."""
    motion = getattr(model, "motion", None)
    probe: Probe | None = motion.tracker.places if motion is not None else None
    return Dreamer(model, probe=probe, seed=seed, precision=getattr(torch, dtype), device=device)


def _sizes(options: Options) -> Sizes:
    sizes = QUICK if options.quick else Sizes()
    return sizes if options.dreams is None else replace(sizes, dreams=options.dreams)


def _movies(recipe: str, game: str) -> Path:
    """Folder of the movies that a recipe's play is rendered from."""
    return next((MOVIES / name for name in (recipe, game) if (MOVIES / name).exists()), MOVIES / game)


def starts_of(cartridge: Cartridge, stage: str, home: str) -> Ring:
    """Where dreams of a stage begin: at the starts that are named after no stage if it is their home, else at its own.

    A start that is named after a stage is its name, or that and how far behind its beginning it is: "1-2+960px".

    Raises:
        UsageError: There is none.
    """
    names = cartridge.config.starts
    found = [i for i, name in enumerate(names) if stage_of(name, home) == stage]
    if not found:
        raise UsageError(f"the cartridge has no start in '{stage}' (found: {', '.join(names)})")
    return cartridge.starts.select(found)


def stage_of(start: str, home: str) -> str:
    """The stage that a start lies in: the one that it is named after, else the home of all."""
    stage = start.partition("+")[0]
    return stage if _STAGE.fullmatch(stage) else home


def _rendered(movies: Path, folder: Path, workers: int, begins: str) -> list[Cache]:
    """The rendered play, held-out and for training, of movies whose names begin so; rendered now if missing."""
    caches = []
    for played, shown in ((movies / split, folder / split) for split in ("heldout", "train")):
        if not any(shown.glob("*.npz")):
            if not any(played.glob("*.movie")):
                raise UsageError(f"{shown} holds no rendered play, and {played} no movies to render it from")
            print(f"rendering {played} into {shown} ...", file=sys.stderr)
            render.render(render.Options(played, shown, workers=workers))
        caches.append(Cache(shown, begins=begins))
    return caches
