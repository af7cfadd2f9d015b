"""Stage `adopt`: lets a run begin with the weights of a cartridge, also where the recipe's networks have grown since.

python -m training adopt checkpoints/mario --recipe mario
"""

from dataclasses import dataclass
from pathlib import Path

import tyro
from torch import Tensor

from dreamplay import checkpoint
from dreamplay.checkpoint import NETWORKS
from dreamplay.errors import UsageError
from dreamplay.models.model import Model
from training import assets
from training import recipe as recipes
from training.recipe import Recipe


@dataclass(frozen=True)
class Options:
    """Begin a run with a cartridge's weights.

    Attributes:
        cartridge: Its directory.
        recipe: Name of a module in training/recipes.
        runs: Folder of all runs.
    """

    cartridge: tyro.conf.Positional[Path]
    recipe: str = "mario"
    runs: Path = assets.RUNS


def main(argv: list[str]) -> int:
    """Run the stage `adopt`."""
    options = tyro.cli(Options, args=argv, prog="python -m training adopt")
    for line in adopt(recipes.load(options.recipe), options.cartridge, options.runs / options.recipe):
        print(line)
    return 0


def adopt(recipe: Recipe, cartridge: Path, folder: Path) -> list[str]:
    """Write a cartridge's weights where the stages of a run look for them.

    Returns:
        What the cartridge does not have, or not in this size: a line each.

    Raises:
        CheckpointError: The cartridge cannot be trusted.
        UsageError: The run has weights already.
    """
    paths = {name: folder / f"{name}.safetensors" for name in NETWORKS}
    for path in paths.values():
        if path.exists():
            raise UsageError(f"{path} exists, and the run goes on from it; move it away to begin with {cartridge}")
    given, model = checkpoint.load(cartridge).model, Model(assets.blank_config(recipe))
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for name, path in paths.items():
        network, old = getattr(model, name), getattr(given, name)
        if network is not None:
            told += [f"{name}: {line}" for line in take(network.state_dict(), old.state_dict() if old else {})]
            assets.save(network, path)
    return told


def take(new: dict[str, Tensor], old: dict[str, Tensor]) -> list[str]:
    """Copy what both have, in place: where a tensor has grown, into its first rows and columns.

    Returns:
        What was not copied whole, a line each.
    """
    told = []
    for name, tensor in new.items():
        was = old.get(name)
        if was is None or was.dim() != tensor.dim():
            told.append(f"{name} is new")
            continue
        corner = tuple(slice(min(sizes)) for sizes in zip(tensor.shape, was.shape, strict=True))
        tensor[corner] = was[corner]
        if was.shape != tensor.shape:
            told.append(f"{name} was {list(was.shape)} and is {list(tensor.shape)}")
    return told
