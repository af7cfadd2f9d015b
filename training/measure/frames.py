"""How alike two pictures of palette indices are.

Axis letters: B batch, H W patch rows and columns, h w pixels.
"""

import math

import torch
from torch import Tensor

from dreamplay.models.layers import PATCH

REACH = 16
"""Pixels to either side among which the best horizontal alignment is sought."""
BEST_PSNR = 100.0
"""Decibels that stand for no error at all, whose logarithm no number could hold."""


def exact(made: Tensor, truth: Tensor) -> Tensor:
    """Share of the pixels that are exactly right, (B,). made, truth: (B, h, w)."""
    return (made == truth).flatten(1).float().mean(1)


def square_error(made: Tensor, truth: Tensor, palette: Tensor) -> float:
    """Mean squared error of red, green and blue in 0..255. made, truth: (B, h, w). palette: (colours, 3)."""
    wrong = made != truth
    if not wrong.any():
        return 0.0
    colors = palette.double()
    total = (colors[made[wrong].long()] - colors[truth[wrong].long()]).square().sum()
    return float(total) / (3 * made.numel())


def psnr(square: float) -> float:
    """Peak signal-to-noise ratio of a mean squared error, in decibels, at most `BEST_PSNR`."""
    return min(BEST_PSNR, 10 * math.log10(255**2 / square)) if square > 0 else BEST_PSNR


def patches_differ(made: Tensor, truth: Tensor) -> Tensor:
    """Which 8x8 patches are not exactly equal, (B, H, W) bool. made, truth: (B, h, w)."""
    b, h, w = made.shape
    tiles = (made != truth).reshape(b, h // PATCH, PATCH, w // PATCH, PATCH)
    return tiles.any(4).any(2)


def shift_copy(frames: Tensor, scrolls: Tensor, *, top: int) -> Tensor:
    """The best guess without a network: the frame moved by the scroll, the columns that come into view filled by
    repeating the last column.

    Args:
        frames: (B, h, w).
        scrolls: Pixels to the left, at least 0, (B,).
        top: Rows at the top that stand still.

    Returns:
        (B, h, w).
    """
    width = frames.shape[2]
    columns = (torch.arange(width) + scrolls[:, None]).clamp(max=width - 1)  # (B, w)
    moved = frames.gather(2, columns[:, None, :].expand_as(frames))
    return torch.cat([frames[:, :top], moved[:, top:]], 1)


def aligned(made: Tensor, truth: Tensor, *, top: int, reach: int = REACH) -> Tensor:
    """Share of the pixels that agree after the best horizontal alignment: one pixel of scroll moves every edge.

    The rows of the status bar are not moved. Of a moved picture only the columns that both pictures show count.

    Args:
        made: (B, h, w).
        truth: (B, h, w).
        top: Rows of the status bar.
        reach: Pixels to either side that are tried.

    Returns:
        (B,).
    """
    bar = (made[:, :top] == truth[:, :top]).flatten(1).sum(1)
    best = torch.zeros(len(made))
    for offset in range(-reach, reach + 1):
        left, right = _overlap(made[:, top:], truth[:, top:], offset)
        same = bar + (left == right).flatten(1).sum(1)
        best = torch.maximum(best, same / (bar.new_tensor(made[0, :top].numel()) + left[0].numel()))
    return best


def _overlap(made: Tensor, truth: Tensor, offset: int) -> tuple[Tensor, Tensor]:
    """The columns of both that lie upon each other when `made` is moved right by the offset."""
    width = made.shape[2]
    if offset < 0:
        return made[:, :, -offset:], truth[:, :, : width + offset]
    return made[:, :, : width - offset], truth[:, :, offset:]
