"""What goes wrong in a dream, done to real frames on purpose, so that the denoiser learns to mend it.

The recipe is that of noise augmentation (GameNGen, arXiv 2408.14837), with damage that a palette image can have.

Axis letters: B batch, N things, T past frames, h w pixels, P planes of a frame.
"""

import numpy as np
import torch
from torch import Tensor

from dreamplay.ring import Ring
from training.data import HERO_BOX

DOTS = 0.3
"""Share of damaged boxes that are dots: debris that a dream drops and a gate may never look at again."""
OLD = 0.5
"""Share of the dots that all past frames have: debris that a dream has left lying."""
STATUS = 0.15
"""Share of damaged boxes that lie in the status bar: a hero who jumps through it leaves marks."""
HERO_FIRST = 0.5
"""Share of erased things that are the hero where it is there."""


def damage(
    ring: Ring, generator: np.random.Generator, *, corrupt: float, erase: float, top: int, backdrop: bool = False
) -> None:
    """Damage the newest frame of some pasts, in place; some dots are in the older ones, too.

    Args:
        ring: Pasts whose tensors nobody else holds.
        generator: Of all choices.
        corrupt: Share of the pasts that get one to seven boxes of other pixels.
        erase: Share of the pasts one of whose things is erased, doubled or moved; a third lose it in all past frames.
        top: Rows of the status bar, into which no thing is moved.
        backdrop: Whether the oldest frame shows what is behind things, so that no thing can be erased from it.
    """
    frames = ring.frames
    for i in range(len(ring)):
        if generator.random() < corrupt:
            for _ in range(int(generator.integers(1, 8))):
                _box(frames[i], frames[int(generator.integers(len(frames))), -1], generator, top)
        thing = _chosen(ring.things[i, -1], frames.shape[2:4], generator)
        if thing is not None and generator.random() < erase:
            if generator.random() < 1 / 3:
                _vanish(ring, i, thing, generator, top, frames.shape[1] - backdrop)
            else:
                _one(frames[i, -1], ring.things[i, -1, thing], generator, top)


def _chosen(things: Tensor, size: torch.Size, generator: np.random.Generator) -> int | None:
    """One of the things on the screen. things: (N, E). size: h, w."""
    x, y, kind = things[:, :3].unbind(1)
    width, height = HERO_BOX
    inside = (kind > 0) & (x > -width) & (x < size[1]) & (y > -height) & (y < size[0])
    there = inside.nonzero().flatten().tolist()
    if not there:
        return None
    if there[0] == 0 and generator.random() < HERO_FIRST:
        return 0
    return int(there[int(generator.integers(len(there)))])


def _vanish(ring: Ring, i: int, thing: int, generator: np.random.Generator, top: int, count: int) -> None:
    """Erase a thing from the last frames, so many of them."""
    width, height = HERO_BOX
    rows, columns = ring.frames.shape[2:4]
    since = 0
    for age in range(1, count + 1):
        x, y, there = (int(v) for v in ring.things[i, -age, thing, :3])
        x, bottom, y = x - since, min(y + height, rows), max(y, top)
        if there and x > -width and bottom > y:
            left, right = max(x, 0), min(x + width, columns)
            if right - left > 1:
                _fill(ring.frames[i, -age], left, y, right, bottom, generator)
        since += int(ring.scrolls[i, -age])


def _box(past: Tensor, other: Tensor, generator: np.random.Generator, top: int) -> None:
    """Paste a box of 1 to 24 pixels from elsewhere, or move one by up to 8 pixels. past: (T, h, w, P)."""
    height, width = past.shape[1:3]
    top, height = (0, top) if top and generator.random() < STATUS else (top, height)
    dots = generator.random() < DOTS
    rows, columns = (int(n) for n in generator.integers(*((1, 4) if dots else (4, 25)), 2))
    rows = min(rows, height - top - 1)
    y, x = int(generator.integers(top, height - rows)), int(generator.integers(0, width - columns))
    v, u, source = y, x, other
    if generator.random() < 0.5:
        down, right = (int(n) for n in generator.integers(-8, 9, 2))
        v, u, source = min(max(y + down, top), height - rows), min(max(x + right, 0), width - columns), past[-1]
    hit = past if dots and generator.random() < OLD else past[-1:]
    hit[:, y : y + rows, x : x + columns] = source[v : v + rows, u : u + columns].clone()


def _one(frame: Tensor, thing: Tensor, generator: np.random.Generator, top: int) -> None:
    """Erase a thing, paste it a second time, or move it by some pixels."""
    width, height = HERO_BOX
    rows, columns = frame.shape[:2]
    right, bottom = min(int(thing[0]) + width, columns), min(int(thing[1]) + height, rows)
    x, y = max(int(thing[0]), 0), max(int(thing[1]), top)
    if right - x < 2 or bottom <= y:
        return
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


def thing_patches(things: Tensor, rows: int, columns: int) -> Tensor:
    """The patches that the boxes of things touch.

    Args:
        things: (B, N, E).
        rows: Patches along a column of the frame.
        columns: Patches along a row.

    Returns:
        (B, rows, columns) bool.
    """
    width, height = HERO_BOX
    x, y, there = things[..., :3].unbind(2)
    across = torch.arange(columns) * 8
    down = torch.arange(rows) * 8
    in_x = (across + 8 > x[..., None]) & (across < x[..., None] + width)  # (B, N, columns)
    in_y = (down + 8 > y[..., None]) & (down < y[..., None] + height)
    return (in_x[:, :, None] & in_y[..., None] & (there > 0)[..., None, None]).any(1)
