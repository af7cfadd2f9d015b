"""Stage `export`: writes the cartridge: config, weights, starts and a model card."""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from dreamplay import checkpoint, trial
from dreamplay import config as configs
from dreamplay.checkpoint import NETWORKS, packed_starts, packed_weights
from dreamplay.config import Config, Provenance
from dreamplay.errors import DreamplayError
from dreamplay.models.model import Model
from dreamplay.ring import Ring
from training import assets, card
from training import recipe as recipes
from training.data import Footage, Rows
from training.recipe import Recipe

MOVIES = Path("training/movies")
CHECKPOINTS = Path("checkpoints")
_OBEYS = 8  # value of `player_state` while Mario obeys


def export(recipe: Recipe, folder: Path, directory: Path, *, dtype: torch.dtype = torch.float16) -> Config:
    """Write the cartridge of a run.

    Args:
        recipe: Of the run.
        folder: Of the run, with the weights that its stages kept.
        directory: Of the cartridge.
        dtype: That weights are stored in.

    Returns:
        The cartridge's config.
    """
    config = assets.blank_config(recipe)
    model = Model(config)
    for name in NETWORKS:
        network = getattr(model, name)
        if network is not None:
            assets.recall(network, folder / f"{name}.safetensors")
    starts, names = pick_starts(assets.footage(recipe, "train"), recipe.starts)
    config = replace(config, starts=names, provenance=provenance(recipe, folder))
    config = write(model, starts, config, directory, dtype=dtype)
    card.write(directory, config)
    return config


def write(model: Model, starts: Ring, config: Config, directory: Path, *, dtype: torch.dtype = torch.float16) -> Config:
    """Write networks, starts, config, first frames. Returns the config with the files' hashes."""
    directory.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name in NETWORKS:
        if getattr(model, name) is not None:
            tensors = packed_weights(getattr(model, name), dtype)
            hashes[f"{name}.safetensors"] = _write(tensors, directory / f"{name}.safetensors")
    hashes["starts.safetensors"] = _write(packed_starts(starts), directory / "starts.safetensors")
    (directory / configs.GOLDEN).unlink(missing_ok=True)
    configs.save(directory, replace(config, sha256=hashes))
    golden = trial.golden(checkpoint.load(directory))
    hashes[configs.GOLDEN] = _write({"frames": golden}, directory / configs.GOLDEN)
    config = replace(config, sha256=hashes)
    configs.save(directory, config)
    return config


def pick_starts(footage: Footage, count: int) -> tuple[Ring, tuple[str, ...]]:
    """Choose quiet moments spread over each stage: the hero obeys, on the ground, unhurt; the first is when it begins.

    Those of other stages than the first are named after them.
    """
    rows, odometer = footage.rows, footage.odometer.numpy()
    calm = (footage.places[:, 2].numpy() > 0) & (footage.table["player_state"] == _OBEYS)
    for name in ("float_state", "power", "injury"):
        calm &= footage.table[name] == 0
    calm = np.convolve(calm, np.ones(8), "full")[: len(calm)] == 8
    world, stage = (footage.table[name].astype(np.int64) for name in ("world", "stage"))
    number = (4 * world + stage)[rows - 1]
    picked, names = list[int](), list[str]()
    for n in np.unique(number):
        begun = _begun(footage, rows[number == n])
        here = rows[(number == n) & calm[rows - 1] & (odometer[rows - 1] >= odometer[begun - 1])]
        level = np.unique(odometer[here - 1])
        wanted = level[np.linspace(0, 0.9 * (len(level) - 1), count).astype(int)]
        later = [int(here[np.abs(odometer[here - 1] - place).argmin()]) for place in wanted[1:]]
        ways = [int(odometer[row - 1] - odometer[begun - 1]) for row in later]
        if names:
            name = f"{n // 4 + 1}-{n % 4 + 1}"
            names += [name, *(f"{name}+{x}px" for x in ways)]
        else:
            names = ["start", *(f"{i}-{x}px" for i, x in enumerate(ways, 1))]
        picked += [begun, *later]
    return footage.ring(picked), tuple(names)


def _begun(footage: Footage, rows: Rows) -> int:
    """The one of these rows in which a stage has just begun: all of its time is left, nothing scored, little moves."""
    score, left, obeys = (footage.table[name][rows - 1].astype(np.int64) for name in ("score", "time", "player_state"))
    begun = score - 1000 * left + 10**6 * (obeys != _OBEYS)
    early = rows[begun == begun.min()]
    odometer = footage.odometer.numpy()[early - 1]
    early = early[odometer == odometer.min()]
    return int(early[footage.changed.numpy()[early].argmin()])


def provenance(recipe: Recipe, folder: Path) -> Provenance:
    """Where the weights come from."""
    movies = sha256()
    for path in sorted((movies_of(recipe, folder) / "train").glob("*.movie")):
        movies.update(path.read_bytes())
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    state = torch.load(folder / "denoiser" / "state.pt", weights_only=True)
    return Provenance(
        recipe=recipe.name,
        commit=commit,
        movies=movies.hexdigest(),
        samples=state["clock"]["samples"],
        seed=recipe.denoiser.seed,
    )


def movies_of(recipe: Recipe, folder: Path) -> Path:
    """Folder of a recipe's movies, `train` and `heldout`.

    The recipe that bears a game's name has the project's own, every other one those among its run.
    """
    return MOVIES / recipe.game if recipe.name == recipe.game else folder / "movies"


def record_quality(directory: Path, numbers: dict[str, float]) -> None:
    """Write an evaluation's numbers into the config and the model card."""
    config = replace(configs.load(directory), quality=numbers)
    configs.save(directory, config)
    card.write(directory, config)


def _write(tensors: dict[str, Tensor], path: Path) -> str:
    """Write beside, then rename. Returns the file's SHA-256."""
    beside = path.with_suffix(".tmp")
    save_file(tensors, beside)
    beside.chmod(0o644)  # safetensors makes it its owner's alone
    beside.replace(path)
    return sha256(path.read_bytes()).hexdigest()


def main(argv: list[str]) -> int:
    """`python -m training export --recipe NAME [--quality FILE]`."""
    parser = argparse.ArgumentParser(prog="python -m training export")
    parser.add_argument("--recipe", default="mario", help="name of a module in training/recipes")
    parser.add_argument("--runs", type=Path, default=assets.RUNS, help="folder of all runs")
    parser.add_argument("--output", type=Path, help="folder of the cartridge (checkpoints/NAME)")
    parser.add_argument(
        "--quality", type=Path, help="only write the numbers that `evaluate --json` printed into the card"
    )
    options = parser.parse_args(argv)
    try:
        recipe = recipes.load(options.recipe)
        directory = options.output or CHECKPOINTS / recipe.name
        if options.quality:
            record_quality(directory, json.loads(options.quality.read_text()))
        else:
            export(recipe, options.runs / recipe.name, directory)
    except DreamplayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    size = sum(path.stat().st_size for path in directory.iterdir()) / 2**20
    print(f"{directory}: {size:.1f} MiB")
    return 0
