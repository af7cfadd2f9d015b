"""Many frames in little memory: a game draws the same 8x8 patches again and again, so each is kept once.

Axis letters: N frames, M patches, h w pixels, H W rows and columns of patches.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.models.layers import PATCH
from training.cache import Cache
from training.measure.patches import CHUNK, Hashes, hashes

COMMON = 100
"""Times that a patch is drawn from which it is not as rare as can be."""


class Film:
    """Palette frames, (N, h, w) uint8, that are put together when they are asked for. One of 60 KB takes 4 KB."""

    def __init__(self, numbers: Tensor, patches: Tensor) -> None:
        """Take frames apart already.

        Args:
            numbers: Of the patches of each frame, (N, H, W) int32.
            patches: Each row of 8 pixels as one word, (M, 8) int64.
        """
        self._numbers, self._patches = numbers, patches
        counts = torch.zeros(len(patches), dtype=torch.int64)
        for first in range(0, len(numbers), CHUNK):  # all at once would take twice their memory
            counts += torch.bincount(numbers[first : first + CHUNK].flatten(), minlength=len(patches))
        self._rarity = (COMMON / counts.clamp(min=COMMON)).sqrt()

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, rows: Tensor | int | slice) -> Tensor:
        """Some frames, (..., h, w), a copy."""
        numbers = self._numbers[rows]  # (..., H, W)
        words = self._patches.index_select(0, numbers.flatten()).view(*numbers.shape, PATCH)
        pixels = words.transpose(-1, -2).contiguous().view(torch.uint8)  # (..., H, 8, 8 W)
        return pixels.flatten(-3, -2)

    def rarity(self, rows: Tensor) -> Tensor:
        """How rare each patch of some frames is, (..., H, W): 1, or by the root of how often it is drawn, the less."""
        return self._rarity[self._numbers[rows].long()]


def film(cache: Cache, count: int) -> Film:
    """The first rows of a cache."""
    known: Hashes = np.zeros(0, np.uint64)
    order: npt.NDArray[np.int32] = np.zeros(0, np.int32)
    patches: list[npt.NDArray[np.int64]] = []
    _, height, width = cache.load(rows=range(1)).shape
    numbers = np.empty((count, height // PATCH, width // PATCH), np.int32)
    for first in range(0, count, CHUNK):
        frames = cache.load(rows=range(first, min(first + CHUNK, count)))
        wanted = hashes(frames)
        new = np.flatnonzero(~_among(wanted, known))
        strange, where = np.unique(wanted.ravel()[new], return_index=True)
        if len(strange):
            at = new[where]
            patches.append(_words(frames).reshape(-1, PATCH)[at])
            order = np.concatenate([order, np.arange(len(known), len(known) + len(strange), dtype=np.int32)])
            known = np.concatenate([known, strange])
            sort = np.argsort(known)
            known, order = known[sort], order[sort]
        numbers[first : first + len(wanted)] = order[np.searchsorted(known, wanted)]
    return Film(torch.from_numpy(numbers), torch.from_numpy(np.concatenate(patches)))


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    if not len(known):
        return np.zeros(wanted.shape, bool)
    found: npt.NDArray[np.bool_] = known[np.searchsorted(known, wanted).clip(max=len(known) - 1)] == wanted
    return found


def _words(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Every patch as 8 words of 8 pixels. frames: (N, h, w). Returns (N, H, W, 8)."""
    n, h, w = frames.shape
    words = np.ascontiguousarray(frames).view(np.int64).reshape(n, h // PATCH, PATCH, w // PATCH)
    return words.transpose(0, 1, 3, 2)
