"""What every stage of a run starts from: its folders, its footage, its networks, and where results go."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreamplay import checkpoint, games
from dreamplay.config import FORMAT, Config, Provenance
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.models import backdrop
from dreamplay.models.model import Model
from training import recipe as recipes
from training.cache import Cache
from training.data import Footage, Setting
from training.recipe import Hyper, Recipe
from training.runner import Network, Runner, keep_memory, processes

RUNS = Path("runs")
CACHE = Path("cache")


@dataclass
class Session:
    """What a stage works with."""

    recipe: Recipe
    model: Model
    hyper: Hyper
    folder: Path
    footage: Footage
    heldout: Footage
    palette: Tensor
    rank: int
    size: int


def blank_config(recipe: Recipe) -> Config:
    """The config of a recipe's cartridge before anything is measured or exported."""
    module = games.load(recipe.game)
    return Config(
        format=FORMAT,
        name=recipe.name,
        license="MIT",
        game=module.GAME,
        palette=tuple(module.PALETTE) if recipe.palette else (),
        status_rows=module.STATUS_ROWS if recipe.motion_net else 0,
        context=recipe.context,
        sigmas=recipe.sigmas,
        temperature=recipe.temperature,
        counters=recipe.counters,
        patience=recipe.patience,
        codec=recipe.codec_net,
        motion=recipe.motion_net,
        denoiser=recipe.denoiser_net,
        starts=("start",),
        provenance=Provenance(recipe=recipe.name, commit="", movies="", samples=0, seed=recipe.denoiser.seed),
        quality={},
        sha256={},
    )


def setting(config: Config) -> Setting:
    """What windows of the config's game are cut for."""
    return Setting(
        game=config.game,
        colors=len(config.palette),
        status_rows=config.status_rows,
        context=config.context,
        steps=checkpoint.history(config),
        fastest=config.motion.fastest if config.motion else 0,
        cuts=config.motion.cuts if config.motion else (),
        counters=config.counters,
        things=config.motion.things if config.motion else 0,
        patience=config.patience,
        backdrop=config.denoiser.backdrop,
        shapes=backdrop.forms(config.denoiser.looks),
    )


def footage(
    recipe: Recipe, split: str, *, limit: int | None = None, part: tuple[int, int] = (0, 1), backdrops: bool = True
) -> Footage:
    """The rendered play of a split, "train" or "heldout", or one of so many equal parts of it, torn frames mended.

    backdrops: Whether pasts are asked for.
    """
    colors = () if recipe.palette else games.load(recipe.game).PALETTE
    folder, cut = CACHE / recipe.name / split, setting(blank_config(recipe))
    cut = replace(cut, backdrop=cut.backdrop and backdrops)
    kept = folder if limit is None and part == (0, 1) else None
    return Footage(Cache(folder, part), cut, limit=limit, colors=colors, span=recipe.stage, folder=kept, mended=True)


@contextmanager
def session(recipe: Recipe, stage: str, folder: Path, hyper: Hyper, *, whole: bool = False) -> Iterator[Session]:
    """Everything a stage needs, alone or under `torchrun`: each process there holds a part of the play or the whole."""
    backdrops = stage != "codec"
    with processes() as (rank, size):
        torch.manual_seed(hyper.seed)
        model = Model(blank_config(recipe))
        torch.manual_seed(hyper.seed + 1 + rank)
        palette = torch.tensor(games.load(recipe.game).PALETTE)
        train = footage(recipe, "train", part=(0, 1) if whole else (rank, size), backdrops=backdrops)
        heldout = footage(recipe, "heldout", backdrops=backdrops)
        keep_memory()  # not before: loading takes more than what is loaded
        yield Session(recipe, model, hyper, folder / stage, train, heldout, palette, rank, size)


def channels_last(network: Network) -> Network:
    """The same network with its convolutions' weights laid out as CPUs and tensor cores like them."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return network


def keep(runner: Runner[Any], path: Path) -> None:
    """Write the averaged weights beside the other stages'."""
    if not runner.rank:
        save(runner.average, path)


def save(network: torch.nn.Module, path: Path) -> None:
    """Write weights where the stages of a run look for them."""
    beside = path.with_suffix(".tmp")
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, beside)
    beside.replace(path)


def recall(network: torch.nn.Module, path: Path) -> None:
    """Load the weights that an earlier stage kept.

    Raises:
        UsageError: That stage has not been run.
    """
    if not path.exists():
        first = f"python -m training {path.stem} --recipe {path.parent.name}"
        raise UsageError(f"{path} does not exist; run first: {first}")
    network.load_state_dict(load_file(path))


def stage_main(stage: str, train: Callable[..., bool], argv: list[str], **flags: str) -> int:
    """The command line that all training stages share. flags: What a stage has besides, each with its help."""
    parser = argparse.ArgumentParser(prog=f"python -m training {stage}")
    parser.add_argument("--recipe", default="mario", help="name of a module in training/recipes")
    parser.add_argument("--minutes", type=float, help="time budget instead of the recipe's")
    parser.add_argument("--rate", type=float, help="learning rate instead of the recipe's")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of all runs")
    for name, text in flags.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    options = parser.parse_args(argv)
    try:
        recipe = recipes.load(options.recipe)
        hyper = _asked(getattr(recipe, stage), options.minutes, options.rate)
        done = train(recipe, options.runs / recipe.name, hyper, **{name: getattr(options, name) for name in flags})
    except DreamplayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if done else 143


def _asked(hyper: Hyper, minutes: float | None, rate: float | None) -> Hyper:
    """A recipe's numbers with those of the command line in their place."""
    if rate is not None and not 0 < rate <= 1:
        raise UsageError(f"--rate is {rate:g}, allowed is more than 0 and at most 1")
    if minutes is not None:
        hyper = replace(hyper, minutes=minutes, steps=None)
    return hyper if rate is None else replace(hyper, rate=rate)
