"""Many frames in little memory: a game draws the same 8x8 patches again and again, so each is kept once.

Axis letters: N frames, M patches, h w pixels, H W rows and columns of patches.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.models.layers import PATCH
from training.cache import Cache
from training.kept import Arrays, kept
from training.measure.patches import CHUNK, Hashes, hashes

COMMON = 100
"""Times that a patch is drawn from which it is not as rare as can be."""

Words = npt.NDArray[np.int64]
"""Patches with each row of 8 pixels as one word, (..., 8)."""


class Numbering:
    """Gives patches numbers, the same patch the same one."""

    def __init__(self) -> None:
        self._known: Hashes = np.zeros(0, np.uint64)
        self._order: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._patches: list[Words] = [np.zeros((0, PATCH), np.int64)]

    def __call__(self, wanted: Hashes, patches: Words) -> npt.NDArray[np.int32]:
        """Their numbers.

        Args:
            wanted: Hashes of the patches, of any shape.
            patches: The patches themselves, that shape and 8 words more.
        """
        new = np.flatnonzero(~_among(wanted, self._known))
        strange, where = np.unique(wanted.ravel()[new], return_index=True)
        if len(strange):
            self._patches.append(patches.reshape(-1, PATCH)[new[where]])
            first = len(self._known)
            self._order = np.concatenate([self._order, np.arange(first, first + len(strange), dtype=np.int32)])
            self._known = np.concatenate([self._known, strange])
            sort = np.argsort(self._known)
            self._known, self._order = self._known[sort], self._order[sort]
        return self._order[np.searchsorted(self._known, wanted)]

    def patches(self) -> Words:
        """All patches by their number, (M, 8)."""
        return np.concatenate(self._patches)


class Film:
    """Palette frames, (N, h, w) uint8, that are put together when they are asked for. One of 60 KB takes 4 KB."""

    def __init__(self, numbers: Tensor, patches: Tensor) -> None:
        """Take frames apart already.

        Args:
            numbers: Of the patches of each frame, (N, H, W) int32.
            patches: Each row of 8 pixels as one word, (M, 8) int64.
        """
        self.numbers, self.patches = numbers, patches
        counts = torch.zeros(len(patches), dtype=torch.int64)
        for first in range(0, len(numbers), CHUNK):  # all at once would take twice their memory
            counts += torch.bincount(numbers[first : first + CHUNK].flatten(), minlength=len(patches))
        self._rarity = (COMMON / counts.clamp(min=COMMON)).sqrt()

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Tensor | int | slice) -> Tensor:
        """Some frames, (..., h, w), a copy."""
        return assembled(self.numbers[rows], self.patches)

    def rarity(self, rows: Tensor) -> Tensor:
        """How rare each patch of some frames is, (..., H, W): 1, or by the root of how often it is drawn, the less."""
        return self._rarity[self.numbers[rows].long()]


def film(cache: Cache, count: int, folder: Path | None = None) -> Film:
    """The first rows of a cache. folder: Where to keep them taken apart, if anywhere."""

    def make() -> Arrays:
        numbering = Numbering()
        _, height, width = cache.load(rows=range(1)).shape
        numbers = np.empty((count, height // PATCH, width // PATCH), np.int32)
        for first in range(0, count, CHUNK):
            frames = cache.load(rows=range(first, min(first + CHUNK, count)))
            numbers[first : first + len(frames)] = numbering(hashes(frames), words(frames))
        return {"numbers": numbers, "patches": numbering.patches()}

    arrays = kept(folder, "film", cache.fingerprint if folder else 0, make)
    return Film(torch.from_numpy(arrays["numbers"]), torch.from_numpy(arrays["patches"]))


def assembled(numbers: Tensor, patches: Tensor) -> Tensor:
    """Frames of the patches with these numbers. numbers: (..., H, W). patches: (M, 8). Returns (..., h, w) uint8."""
    found = patches.index_select(0, numbers.flatten()).view(*numbers.shape, PATCH)
    pixels = found.transpose(-1, -2).contiguous().view(torch.uint8)  # (..., H, 8, 8 W)
    return pixels.flatten(-3, -2)


def words(frames: npt.NDArray[np.uint8]) -> Words:
    """Every patch as 8 words of 8 pixels. frames: (N, h, w). Returns (N, H, W, 8), a view where that is possible."""
    n, h, w = frames.shape
    rows = np.ascontiguousarray(frames).view(np.int64).reshape(n, h // PATCH, PATCH, w // PATCH)
    return rows.transpose(0, 1, 3, 2)


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    if not len(known):
        return np.zeros(wanted.shape, bool)
    found: npt.NDArray[np.bool_] = known[np.searchsorted(known, wanted).clip(max=len(known) - 1)] == wanted
    return found
