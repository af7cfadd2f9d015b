"""What things see of a frame: the blocks around each of them, and those that it meets if nothing stops it.

Axis letters: B batch, N things, h w pixels, P planes.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import color_codes, leave_out
from dreamplay.models.moves import CELL, FRAMES, PARTS, unstopped
from dreamplay.ring import Ring

ACROSS, DOWN = 4, 5
"""Blocks that a thing sees around it, from one to the left of and above the one that holds its corner."""
EVERY = 4
"""Pixels from one that is seen in a block to the next, along each axis."""
LOOK = 12
"""Numbers that tell what a block looks like."""
POINTS = ((8, 4), (8, 18), (3, 32), (12, 32), (2, 8), (2, 24), (13, 8), (13, 24), (8, 24), (0, 20), (16, 20))
"""Pixels right of and below a thing's corner where it meets blocks: head, feet and sides of the hero and the others."""
HEADS = 2
"""The first of these: where big and small heroes hit blocks, out of which other things come."""
BLUR = 0.1
"""Share of the seen values that training leaves out: else it learns the level by heart instead of how things move."""


@dataclass(frozen=True)
class Seen:
    """What things see and where they go.

    Attributes:
        around: How the blocks around each look, row by row, (B, N, DOWN ACROSS, LOOK).
        met: Those that it meets after every console frame if nothing stops it, (B, N, FRAMES, POINTS, LOOK).
        way: Where on the screen it will be then, in parts of a pixel, (B, N, FRAMES, 2).
        inside: The same from the corner of the first of the blocks around it, (B, N, FRAMES, 2).
    """

    around: Tensor
    met: Tensor
    way: Tensor
    inside: Tensor


class Sight(nn.Module):
    """Every block is seen by the same small network."""

    codes: Tensor | None
    points: Tensor

    def __init__(self, palette: tuple[tuple[int, int, int], ...], *, backdrop: bool = False) -> None:
        """Make it.

        Args:
            palette: Of the frames; empty for RGB.
            backdrop: Whether the oldest past frame is what was last seen behind things, which is then looked at, too.
        """
        super().__init__()
        self.backdrop = backdrop
        self.register_buffer("codes", color_codes(torch.tensor(palette)) if palette else None, persistent=False)
        self.register_buffer("points", torch.tensor(POINTS), persistent=False)
        self.unknown = len(palette)
        seen = (CELL // EVERY) ** 2 * (4 if palette else 3) * (1 + backdrop)
        self.look = nn.Sequential(nn.Linear(seen, 2 * LOOK), nn.SiLU(), nn.Linear(2 * LOOK, LOOK))

    def forward(self, ring: Ring) -> Seen:
        """Look at the newest frame, and at what was behind things."""
        corner, way = first_block(ring), unstopped(ring.things[:, -2:])
        inside = way - PARTS * corner[:, :, None]
        around = self._around(ring, corner)
        return Seen(around, self._met(inside, around), way, inside)

    def _around(self, ring: Ring, corner: Tensor) -> Tensor:
        """How the blocks around each thing look, row by row, (B, N, DOWN ACROSS, LOOK).

        Args:
            ring: The past.
            corner: Where the first of them begins, (B, N, 2).
        """
        seen = self._seen(ring.newest, corner, EVERY // 2)
        if self.backdrop:  # between the pixels of the newest frame: a flagpole is thinner than they are apart
            seen = torch.cat([seen, self._seen(ring.frames[:, 0], corner, 0)], -1)
        side = CELL // EVERY
        blocks = seen.view(*seen.shape[:2], DOWN, side, ACROSS, side, -1).transpose(3, 4).flatten(4)
        looks: Tensor = self.look(leave_out(blocks, BLUR, training=self.training))
        return looks.flatten(2, 3)

    def _seen(self, frames: Tensor, corner: Tensor, first: int) -> Tensor:
        """Pixels of the blocks around each thing as numbers.

        Args:
            frames: (B, h, w, P) uint8.
            corner: Where the first of the blocks begins, (B, N, 2).
            first: Column in a block of the first pixel that is looked at.

        Returns:
            (B, N, y, x, codes).
        """
        (b, h, w, _), device, side, dtype = frames.shape, frames.device, CELL // EVERY, torch.get_default_dtype()
        left, top = corner.unbind(-1)
        x = left[..., None] + torch.arange(ACROSS * side, device=device) * EVERY + first  # (B, N, x)
        y = top[..., None] + torch.arange(DOWN * side, device=device) * EVERY + EVERY // 2  # (B, N, y)
        outside = ((x < 0) | (x >= w))[:, :, None] | ((y < 0) | (y >= h))[..., None]  # (B, N, y, x)
        where = y.clamp(0, h - 1)[..., None] * w + x.clamp(0, w - 1)[:, :, None]
        pixels = frames.flatten(1, 2)[torch.arange(b, device=device)[:, None, None, None], where]  # (B, N, y, x, P)
        if self.codes is None:
            return (pixels.to(dtype) / 127.5 - 1).masked_fill(outside[..., None], 0)
        return F.embedding(pixels[..., 0].long().masked_fill(outside, self.unknown), self.codes).to(dtype)

    def _met(self, inside: Tensor, around: Tensor) -> Tensor:
        """The blocks that each thing meets, after every console frame: (B, N, FRAMES, POINTS, LOOK).

        Args:
            inside: Where it will be, (B, N, FRAMES, 2).
            around: The blocks around each, (B, N, DOWN ACROSS, LOOK).
        """
        corners = inside.div(PARTS, rounding_mode="floor")
        column, row = ((corners[:, :, :, None] + self.points) // CELL).unbind(-1)
        which = row.clamp(0, DOWN - 1) * ACROSS + column.clamp(0, ACROSS - 1)
        looks = around.gather(2, which.flatten(2)[..., None].expand(-1, -1, -1, LOOK))
        return looks.view(*looks.shape[:2], FRAMES, len(POINTS), LOOK)


def first_block(ring: Ring) -> Tensor:
    """Screen column and row where the first of the blocks around each thing begins, (B, N, 2)."""
    corner = ring.things[:, -1, :, :2]
    scrolled = F.pad(ring.odometer[:, None, None], (0, 1))  # (B, 1, 2)
    return corner - (corner + scrolled) % CELL - CELL
