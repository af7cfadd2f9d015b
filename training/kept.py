"""What takes minutes to work out from a cache is kept beside it, and is read where it lies by all processes at once."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]


def kept(folder: Path | None, name: str, made_from: int, make: Callable[[], Arrays]) -> Arrays:
    """Arrays that were made before, or are made now; older ones of that name are deleted.

    Args:
        folder: Where they are kept; None makes them and keeps nothing.
        name: What they are.
        made_from: A number that changes with what they are made from.
        make: Makes them.

    Returns:
        Arrays that may be written to, which changes no file.
    """
    if folder is None:
        return make()
    place = folder / f"{name}-{made_from:08x}"
    if not place.exists():
        made, beside = make(), folder / f"{name}.{os.getpid()}"
        beside.mkdir()
        for key, array in made.items():
            np.save(beside / f"{key}.npy", array)
        del made
        for old in set(folder.glob(f"{name}-*")) - {place}:
            shutil.rmtree(old, ignore_errors=True)  # who reads it keeps it until he ends; another may delete it, too
        try:
            beside.rename(place)
        except OSError:  # another process was as quick
            shutil.rmtree(beside)
    return {path.stem: _opened(path) for path in sorted(place.glob("*.npy"))}


def _opened(path: Path) -> npt.NDArray[Any]:
    """An array of a file, read when it is needed; no file without numbers can be read so."""
    array: npt.NDArray[Any] = np.load(path, mmap_mode="c") if path.stat().st_size > _HEADER else np.load(path)
    return array


_HEADER = 128  # bytes of a file that holds no numbers
