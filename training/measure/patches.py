"""Validity: the share of a picture's 8x8 patches that exist somewhere in real frames. Mush has none.

Axis letters: N frames, h w pixels.
"""

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.models.layers import PATCH
from training.cache import Cache

Hashes = npt.NDArray[np.uint64]

CHUNK = 512
"""Frames that are hashed at once."""
_SEED, _PRIME = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def hashes(frames: npt.NDArray[np.uint8]) -> Hashes:
    """A 64-bit hash of every patch. frames: (N, h, w), w a multiple of 8. Returns (N, h / 8, w / 8)."""
    words = np.ascontiguousarray(frames).view(np.uint64)  # a word is one row of a patch
    words = words.reshape(len(frames), -1, PATCH, words.shape[-1])  # (N, H, 8, W)
    return mixed(words[:, :, row] for row in range(PATCH))


def hashes_everywhere(frames: npt.NDArray[np.uint8]) -> Hashes:
    """The same hashes of the patches at every pixel. frames: (N, h, w). Returns (N, h - 7, w - 7)."""
    rows = np.lib.stride_tricks.sliding_window_view(frames, PATCH, axis=2)  # (N, h, w - 7, 8)
    words = np.ascontiguousarray(rows).view(np.uint64)[..., 0]
    last = words.shape[1] - PATCH + 1
    return mixed(words[:, row : row + last] for row in range(PATCH))


def mixed(rows: Iterable[Hashes]) -> Hashes:
    """One number of the eight rows of every patch, each a number already."""
    mixed: Hashes = np.array(_SEED)
    for row in rows:
        mixed = (mixed ^ row) * _PRIME
        mixed ^= mixed >> _HALF
    return mixed


class Vocabulary:
    """All patches of real frames.

    Attributes:
        known: Their hashes, sorted, each once.
    """

    def __init__(self, known: Hashes) -> None:
        self.known = known

    def __len__(self) -> int:
        return len(self.known)

    def validity(self, frames: Tensor) -> Tensor:
        """Share of the patches that are known. frames: (B, h, w) uint8. Returns (B,)."""
        wanted = hashes(frames.numpy())
        places = np.searchsorted(self.known, wanted).clip(max=len(self.known) - 1)
        found = self.known[places] == wanted
        return torch.from_numpy(found.mean((1, 2)))


def learn(chunks: Iterable[npt.NDArray[np.uint8]]) -> Vocabulary:
    """The vocabulary of frames that come in chunks of (N, h, w)."""
    parts = [np.unique(hashes(frames)) for frames in chunks]
    return Vocabulary(np.unique(np.concatenate(parts)))


def vocabulary(caches: Sequence[Cache], folder: Path) -> Vocabulary:
    """The vocabulary of some caches, kept in the folder for the next time."""
    path = folder / f"patches-{_fingerprint(caches):08x}.npy"
    if path.exists():
        return Vocabulary(np.load(path))
    learned = learn(chunk for cache in caches for chunk in _chunks(cache))
    beside = path.with_suffix(".tmp.npy")
    np.save(beside, learned.known)
    beside.replace(path)
    return learned


def _chunks(cache: Cache) -> Iterable[npt.NDArray[np.uint8]]:
    count = len(cache.table["buttons"])
    for first in range(0, count, CHUNK):
        yield cache.load(rows=range(first, min(first + CHUNK, count)))


def _fingerprint(caches: Sequence[Cache]) -> int:
    """Changes with the play in the caches."""
    mixed = 0
    for cache in caches:
        for name in ("buttons", "camera", "frame_counter"):
            mixed = zlib.crc32(cache.table[name].astype(np.int32).tobytes(), mixed)
    return mixed
