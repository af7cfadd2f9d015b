"""What a hostile file is, and ways to lay one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Make = Callable[[Path], object]
"""Writes a file, or spoils an honest one, in a folder."""


@dataclass(frozen=True)
class Attack:
    """A hostile file.

    Attributes:
        name: Of its folder.
        kind: Who reads it: one of KINDS.
        says: A part of what is said of it.
        make: Writes it.
    """

    name: str
    kind: str
    says: str
    make: Make


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        read: Reads it from a folder, as the program does.
        honest: Writes one that is as it should be.
        exit_code: Of the program, where it is not.
    """

    read: Callable[[Path], object]
    honest: Make
    exit_code: int


class Canary:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("canary",)


def put(name: str, content: bytes, folder: Path) -> None:
    """Write a file."""
    (folder / name).write_bytes(content)


def link(name: str, target: str, folder: Path) -> None:
    """Put a link in a file's place."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)


def _pipe(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)


def _folder(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()


def places(kind: str, name: str) -> list[Attack]:
    """What stands where a file should."""
    return [
        Attack(f"{kind} a pipe", kind, "not a regular file", partial(_pipe, name)),
        Attack(f"{kind} a folder", kind, "", partial(_folder, name)),
        Attack(f"{kind} nowhere", kind, "", partial(link, name, "/nowhere/at/all")),
    ]


def poison(value: float, tensors: dict[str, Any]) -> None:
    """Change one number of the last tensor."""
    name = max(tensors)
    tensors[name] = tensors[name].astype(np.float32)
    tensors[name].flat[-1] = value


def fill(name: str, value: int, tensors: dict[str, Any]) -> None:
    """Make all numbers of a tensor one."""
    tensors[name] = np.full_like(tensors[name], value)


def rename(tensors: dict[str, Any]) -> None:
    """Give a tensor a name that leads out of the folder."""
    name = max(tensors)
    tensors[f"../{name}"] = tensors.pop(name)
