"""Dream beside truth: a contact sheet and a GIF of the same buttons.

Axis letters: B batch, h w pixels.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dreamplay.gif import write_gif
from dreamplay.world import Frame
from training import pictures
from training.data import Footage, Rows
from training.measure import free
from training.measure.dreaming import Dreamer

SHOWN = (1, 15, 30, 60, 150, 300)
"""Frames of the contact sheet."""
GAP = 4


def clips(dreamer: Dreamer, footage: Footage, starts: Rows, frames: int) -> tuple[Tensor, Tensor]:
    """Dreamed and real frames after each of the rows, palette indices, (B, frames, h, w) each."""
    dreamed = [dreamer.shown(ring) for ring in free.run(dreamer, footage, starts, frames)]
    rows = starts[:, None] + np.arange(frames)
    return torch.stack(dreamed, 1), footage.frames[torch.from_numpy(rows.clip(max=len(footage.frames) - 1))]


def sheet(dreamed: Tensor, truth: Tensor, palette: Tensor, path: Path, shown: Sequence[int] = SHOWN) -> None:
    """Write a PNG: for each window a row of dreamed frames above a row of the real ones. Both (B, n, h, w)."""
    picked = [n - 1 for n in shown if n <= dreamed.shape[1]]
    rows = itertools.chain.from_iterable(zip(dreamed, truth, strict=True))
    pictures.sheet([[pictures.paint(row[n][..., None], palette) for n in picked] for row in rows], path)


def gif(dreamed: Tensor, truth: Tensor, palette: Tensor, path: Path, fps: float) -> None:
    """Write a GIF: the dream on the left, the truth on the right, one window below the other. Both (B, n, h, w)."""
    frames = [_beside(dreamed[:, n], truth[:, n], palette) for n in range(dreamed.shape[1])]
    beside = path.with_suffix(".tmp.gif")
    with beside.open("wb") as file:
        write_gif(file, lambda: frames, fps)
    beside.replace(path)


def _beside(dreamed: Tensor, truth: Tensor, palette: Tensor) -> Frame:
    """One frame of the GIF. dreamed, truth: (B, h, w)."""
    rows = []
    for pair in zip(dreamed, truth, strict=True):
        left, right = (pictures.paint(frame[..., None], palette) for frame in pair)
        rows.append(np.concatenate([left, np.zeros((len(left), GAP, 3), np.uint8), right], 1))
    whole: Frame = np.concatenate(rows, 0)
    return whole
