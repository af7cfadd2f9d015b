"""Small valid cartridges for tests, made from the types alone so that a new field needs no change here."""

import hashlib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from safetensors.numpy import save_file

import dreamplay.config
from dreamplay.config import WEIGHTS, Config
from dreamplay.games import load


def smallest(kind: Any, low: float = 0) -> Any:
    """The smallest value that a type and a lower bound allow."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        values = {each.name: smallest(hints[each.name], each.metadata.get("low", 0)) for each in fields(kind)}
        return kind(**values)  # type: ignore[operator]
    if get_origin(kind) is tuple:
        item, *rest = get_args(kind)
        return tuple(smallest(item, 1) for _ in range(int(low) if rest == [Ellipsis] else 1 + len(rest)))
    if get_origin(kind) is dict:
        return {}
    plain: dict[Any, Any] = {int: int(low), float: float(low), str: "sample", bool: False}
    return plain.get(kind)


def config() -> Config:
    """A valid config of the smallest cartridge."""
    hints = get_type_hints(Config)
    values = {
        each.name: smallest(hints[each.name], each.metadata.get("low", 0))
        for each in fields(Config)
        if each.name not in ("game", "denoiser")
    }
    values["format"] = dreamplay.config.FORMAT
    denoiser = replace(smallest(hints["denoiser"]), backbone=dreamplay.config.backbones()[0])
    return Config(**values, game=load("mario").GAME, denoiser=denoiser)


def write_cartridge(directory: Path) -> Config:
    """Write a directory that looks like a cartridge: a valid config and pinned files of one tensor each."""
    directory.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(WEIGHTS):
        save_file({"weight": np.arange(64, dtype=np.float32) + i}, directory / name)
    sha256 = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in WEIGHTS}
    made = replace(config(), name=directory.name, license="MIT", sha256=sha256)
    dreamplay.config.save(directory, made)
    return made
