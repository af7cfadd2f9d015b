"""What goes wrong in a dream, done to real frames on purpose, so that the denoiser learns to mend it.

The recipe is that of noise augmentation (GameNGen, arXiv 2408.14837), with damage that a palette image can have.

Axis letters: B batch, T past frames, h w pixels, P planes of a frame.
"""

import numpy as np
import torch
from torch import Tensor

from training.data import HERO_BOX


def damage(
    frames: Tensor, places: Tensor, generator: np.random.Generator, *, corrupt: float, erase: float, top: int
) -> None:
    """Damage the newest frame of some pasts, in place.

    Args:
        frames: (B, T, h, w, P) uint8.
        places: Of the hero in the newest frame, (B, 3).
        generator: Of all choices.
        corrupt: Share of the pasts that get one to seven boxes of other pixels.
        erase: Share of the pasts whose hero is erased, doubled or moved.
        top: Rows of the status bar, which stay.
    """
    for i in range(len(frames)):
        if generator.random() < corrupt:
            for _ in range(int(generator.integers(1, 8))):
                _box(frames[i, -1], frames[int(generator.integers(len(frames))), -1], generator, top)
        if places[i, 2] and generator.random() < erase:
            _hero(frames[i, -1], places[i], generator, top)


def _box(frame: Tensor, other: Tensor, generator: np.random.Generator, top: int) -> None:
    """Paste a box of 4 to 24 pixels from elsewhere, or move one by up to 8 pixels."""
    height, width = frame.shape[:2]
    rows, columns = (int(n) for n in generator.integers(4, 25, 2))
    y, x = int(generator.integers(top, height - rows)), int(generator.integers(0, width - columns))
    if generator.random() < 0.5:
        frame[y : y + rows, x : x + columns] = other[y : y + rows, x : x + columns].clone()
        return
    down, right = (int(n) for n in generator.integers(-8, 9, 2))
    v, u = min(max(y + down, top), height - rows), min(max(x + right, 0), width - columns)
    frame[y : y + rows, x : x + columns] = frame[v : v + rows, u : u + columns].clone()


def _hero(frame: Tensor, place: Tensor, generator: np.random.Generator, top: int) -> None:
    """Erase the hero, paste it a second time, or move it by some pixels."""
    width, height = HERO_BOX
    x, y = int(place[0]), max(int(place[1]), top)
    rows, columns = frame.shape[:2]
    right, bottom = min(x + width, columns), min(y + height, rows)
    box = frame[y:bottom, x:right].clone()
    choice = generator.random()
    if choice < 0.7:
        _fill(frame, x, y, right, bottom, generator)
    if choice >= 0.4:
        across, down = (int(n) for n in generator.integers(-6, 7, 2))
        v = min(max(y + down, top), rows - box.shape[0])
        u = min(max(x + across, 0), columns - box.shape[1])
        frame[v : v + box.shape[0], u : u + box.shape[1]] = box


def _fill(frame: Tensor, x: int, y: int, right: int, bottom: int, generator: np.random.Generator) -> None:
    """Paint a neighbouring piece of the same rows over a box."""
    columns, wide = frame.shape[1], right - x
    side = -(wide + 2) if generator.random() < 0.5 else wide + 2
    u = x + side if 0 <= x + side <= columns - wide else x - side
    u = min(max(u, 0), columns - wide)
    frame[y:bottom, x:right] = frame[y:bottom, u : u + wide].clone()


def hero_patches(places: Tensor, rows: int, columns: int) -> Tensor:
    """The patches that the hero's box touches.

    Args:
        places: x, y in pixels and whether it is there, (B, 3).
        rows: Patches along a column of the frame.
        columns: Patches along a row.

    Returns:
        (B, rows, columns) bool.
    """
    width, height = HERO_BOX
    x, y, there = places.unbind(1)
    across = torch.arange(columns) * 8
    down = torch.arange(rows) * 8
    in_x = (across[None] + 8 > x[:, None]) & (across[None] < x[:, None] + width)
    in_y = (down[None] + 8 > y[:, None]) & (down[None] < y[:, None] + height)
    return in_x[:, None] & in_y[:, :, None] & (there > 0)[:, None, None]
