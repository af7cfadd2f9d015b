"""What was last seen behind things, for every frame of a film: what a dream that saw all of its episode remembers.

Axis letters: N frames, M patches, h w pixels, H W rows and columns of patches.
"""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dreamplay.models import backdrop
from dreamplay.models.layers import PATCH
from dreamplay.models.sprites import Pieces
from training.cache import Indices
from training.film import Film, Numbering, assembled, words
from training.kept import Arrays, kept
from training.measure.patches import CHUNK, mixed

_SAMPLE = 1000
"""One in so many frames tells films apart."""


class Backdrops:
    """The backdrops of a film's frames, (N, h, w) uint8; only the patches in which they differ are kept."""

    def __init__(
        self,
        film: Film,
        things: Tensor,
        scrolls: Tensor,
        episodes: Sequence[tuple[int, int]],
        *,
        top: int,
        unknown: int,
        shapes: Mapping[int, Pieces],
        folder: Path | None = None,
    ) -> None:
        """Go through every episode once.

        Args:
            film: The frames.
            things: In each of them, (N, slots, E).
            scrolls: Pixels that the camera went to each, (N,).
            episodes: First row and last row + 1 of each.
            top: Rows that do not scroll.
            unknown: Value of pixels that come into view behind a thing.
            shapes: Where the boxes of things of some kinds are, for every way that they may point.
            folder: Where to keep what is found, if anywhere.
        """

        def make() -> Arrays:
            return _found(film, things, scrolls, episodes, top=top, unknown=unknown, shapes=shapes)

        arrays = kept(folder, "backdrops", _fingerprint(film, things, scrolls, shapes) if folder else 0, make)
        self._film, self._ends = film, arrays["ends"]
        self._cells, self._numbers = (torch.from_numpy(arrays[name]) for name in ("cells", "numbers"))
        self._patches = torch.cat([film.patches, torch.from_numpy(arrays["patches"])])

    def __getitem__(self, rows: Tensor) -> Tensor:
        """Some backdrops. rows: (B,). Returns (B, h, w)."""
        seen = self._film.numbers[rows]  # (B, H, W), a copy
        for cells, row in zip(seen.flatten(1), rows.tolist(), strict=True):
            part = slice(self._ends[row], self._ends[row + 1])
            cells[self._cells[part].long()] = self._numbers[part]
        return assembled(seen, self._patches)


def _found(
    film: Film,
    things: Tensor,
    scrolls: Tensor,
    episodes: Sequence[tuple[int, int]],
    *,
    top: int,
    unknown: int,
    shapes: Mapping[int, Pieces],
) -> Arrays:
    """Where backdrops differ from frames: the running number of patches, their cells, their numbers, new patches."""
    numbering = Numbering()
    height, width = (PATCH * patches for patches in film.numbers.shape[1:])
    ends, cells, numbers = [np.zeros(1, np.int64)], [], []
    for first, end in episodes:
        before = np.full((height, width), unknown, np.uint8)
        for start in range(first, end, CHUNK):
            part = slice(start, min(start + CHUNK, end))
            shown = film[part].numpy()
            behind = shown.copy()
            _remember(behind, before, things[part], scrolls[part].tolist(), shapes, top=top, unknown=unknown)
            before = behind[-1]
            row, *cell = (words(behind) != words(shown)).any(-1).nonzero()
            patches = words(behind)[row, cell[0], cell[1]]  # (m, 8)
            ends.append(ends[-1][-1] + np.bincount(row, minlength=len(shown)).cumsum())
            cells.append(cell[0] * (width // PATCH) + cell[1])
            numbers.append(numbering(mixed(patches.view(np.uint64).T), patches) + len(film.patches))
    return {
        "ends": np.concatenate(ends),
        "cells": np.concatenate(cells).astype(np.int16),
        "numbers": np.concatenate(numbers),
        "patches": numbering.patches(),
    }


def _fingerprint(film: Film, things: Tensor, scrolls: Tensor, shapes: Mapping[int, Pieces]) -> int:
    """Changes with what backdrops are made from, and with how."""
    mixed = zlib.crc32(Path(backdrop.__file__).read_bytes() + repr(sorted(shapes.items())).encode())
    for part in (film.patches, film.numbers[::_SAMPLE], things[..., :3], scrolls):
        mixed = zlib.crc32(part.contiguous().numpy().tobytes(), mixed)
    return mixed


def _remember(
    frames: Indices,
    before: Indices,
    things: Tensor,
    scrolls: Sequence[int],
    shapes: Mapping[int, Pieces],
    *,
    top: int,
    unknown: int,
) -> None:
    """As `backdrop.remember`, for frame after frame, in place.

    Args:
        frames: (n, h, w).
        before: What was seen behind things before the first of them, (h, w).
        things: (n, slots, E).
        scrolls: n of them.
        shapes: Where the boxes of things of some kinds are, for every way that they may point.
        top: Rows that do not scroll.
        unknown: Value of pixels that come into view.
    """
    height, width = frames.shape[1:]
    still = torch.zeros(len(things), dtype=torch.int64)
    for row, left, upper, right, lower in backdrop.boxes(things, still, width, height, shapes):
        was = frames[row - 1] if row else before
        went = scrolls[row]
        edge = min(max(upper, top), lower)
        known = min(right, width - went)
        frames[row, upper:edge, left:right] = was[upper:edge, left:right]
        frames[row, edge:lower, left:right] = unknown
        if left < known:
            frames[row, edge:lower, left:known] = was[edge:lower, left + went : known + went]
