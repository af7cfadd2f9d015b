"""A small U-Net of FiLM blocks at 1, 1/2 and 1/4 of the latent's resolution.

Ronneberger et al. 2015, arXiv 1505.04597, with skips that are added instead of concatenated (a third less work) and
the condition entering by FiLM.

Axis letters: B batch, C channels, D width, H W latent rows and columns.
"""

import itertools

import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import FilmBlock, zeroed


class Level(nn.Module):
    """The blocks at one resolution."""

    def __init__(self, width: int, blocks: int, embedding: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(FilmBlock(width, embedding) for _ in range(blocks))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x: (B, D, H, W). condition: (B, embedding). Returns the shape of x."""
        for block in self.blocks:
            x = block(x, condition)
        return x


class Backbone(nn.Module):
    """Maps features and a condition to an output of the same resolution; knows nothing of noise."""

    def __init__(self, inputs: int, outputs: int, widths: tuple[int, ...], blocks: int, embedding: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inputs, widths[0], 1)
        self.down = nn.ModuleList(Level(width, blocks, embedding) for width in widths)
        self.up = nn.ModuleList(Level(width, blocks, embedding) for width in widths[:-1])
        steps = list(itertools.pairwise(widths))
        self.shrink = nn.ModuleList(nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in steps)
        self.grow = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in steps)
        self.leave = zeroed(nn.Conv2d(widths[0], outputs, 1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x: (B, inputs, H, W). condition: (B, embedding). Returns (B, outputs, H, W)."""
        x = self.enter(x)
        skips = []
        for level, shrink in zip(self.down, [*self.shrink, None], strict=True):
            x = level(x, condition)
            if shrink is not None:
                skips.append(x)
                x = shrink(x)
        for level, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(skips), strict=True):
            x = skip + F.interpolate(grow(x), size=skip.shape[-2:], mode="nearest")
            x = level(x, condition)
        return self.leave(F.silu(x))
