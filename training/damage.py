"""What goes wrong in a dream, done to real frames on purpose, so that the denoiser learns to mend it.

The recipe is that of noise augmentation (GameNGen, arXiv 2408.14837), with damage that a palette image can have.

Axis letters: B batch, T past frames, h w pixels, P planes of a frame.
"""

import numpy as np
import torch
from torch import Tensor

from dreamplay.models.motion import SURE
from dreamplay.ring import Ring
from training.data import HERO_BOX

GONE = 12
"""A hero that is erased from all past frames was last seen up to so many steps before them, and reckoned since."""


def damage(ring: Ring, generator: np.random.Generator, *, corrupt: float, erase: float, top: int) -> list[int]:
    """Damage the newest frame of some pasts, in place.

    Args:
        ring: Pasts whose tensors nobody else holds.
        generator: Of all choices.
        corrupt: Share of the pasts that get one to seven boxes of other pixels.
        erase: Share of the pasts whose hero is erased, doubled or moved; a third of them lose it in all past frames.
        top: Rows of the status bar, which stay.

    Returns:
        The rows whose hero was damaged in the newest frame: where it seems to be now is for a tracker to say.
    """
    frames, seen = ring.frames, []
    for i in range(len(ring)):
        if generator.random() < corrupt:
            for _ in range(int(generator.integers(1, 8))):
                _box(frames[i, -1], frames[int(generator.integers(len(frames))), -1], generator, top)
        if ring.places[i, -1, 2] and generator.random() < erase:
            if generator.random() < 1 / 3:
                _vanish(ring, i, generator, top)
            else:
                _hero(frames[i, -1], ring.places[i, -1], generator, top)
                seen.append(i)
    return seen


def _vanish(ring: Ring, i: int, generator: np.random.Generator, top: int) -> None:
    """Erase the hero from all past frames, and from its trail for some steps more."""
    width, height = HERO_BOX
    rows, columns = ring.frames.shape[2:4]
    since = 0
    for age in range(1, ring.frames.shape[1] + 1):
        x, y, there = (int(v) for v in ring.places[i, -age])
        x, y = x - since, max(y, top)
        if there and x > -width:
            left, right = max(x, 0), min(x + width, columns)
            if right - left > 1:
                _fill(ring.frames[i, -age], left, y, right, min(y + height, rows), generator)
        since += int(ring.scrolls[i, -age])
    gone = min(ring.frames.shape[1] + int(generator.integers(GONE + 1)), ring.places.shape[1])
    if generator.random() < 0.3:
        ring.places[i, -gone:, 2] = 0
        return
    for age in range(gone):
        drift = torch.from_numpy(generator.integers(-(age // 3), age // 3 + 1, 2))
        ring.places[i, age - gone, :2] += drift
        ring.places[i, age - gone, 2] *= SURE ** (age + 1)


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
