"""What was last seen behind things: a block that Mario passes stays as he left it.

A few past frames forget in a tenth of a second what a thing hides. So the oldest of a dream's frames is no frame that
was: where the oldest one showed no thing it is that frame, and elsewhere what was there before.

Axis letters: B batch, N things, h w pixels, P planes of a frame, E what is known of a thing.
"""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dreamplay.config import Look
from dreamplay.models.layers import PATCH
from dreamplay.models.rules import PULL
from dreamplay.models.sprites import ONE, Pieces, pieces
from dreamplay.ring import away

ACROSS, DOWN = (-2, 18), (-2, 36)
"""Pixels from a thing's place between which it may be drawn: its box, a console frame's way and a pixel more."""
FEW = 4
"""Pixels of a patch up to which what a thing leaves behind differs from what was there before by mistake: blocks that
were hit and coins that were taken differ by more."""


def forms(looks: Sequence[Look]) -> dict[int, Pieces]:
    """Where the boxes of things are, of those kinds that take more than one."""
    return {kind: pieces(look) for look in looks if look.across > 1 or look.arm for kind in look.kinds}


def remember(behind: Tensor, frame: Tensor, things: Tensor, since: Tensor, shapes: Mapping[int, Pieces]) -> Tensor:
    """What is seen behind things once another frame is past.

    Args:
        behind: What was seen before, (B, h, w, P) uint8.
        frame: The next frame of the past, (B, h, w, P) uint8; both are shifted to where the camera stands now.
        things: In that frame, on the screen as it was then, (B, N, E).
        since: Pixels that the camera went since, (B,).
        shapes: Where the boxes of things of some kinds are, for every way that they may point.

    Returns:
        (B, h, w, P) uint8.
    """
    seen = frame.clone()
    for row, left, top, right, bottom in boxes(things, since, frame.shape[2], frame.shape[1], shapes):
        seen[row, top:bottom, left:right] = behind[row, top:bottom, left:right]
    return seen


def tidy(
    frame: Tensor,
    behind: Tensor,
    things: Tensor,
    since: Tensor,
    shapes: Mapping[int, Pieces],
    *,
    top: int,
    unknown: int,
) -> Tensor:
    """Wipe off the dots that things leave where they have just been: nothing else would, for nothing there changes.

    Args:
        frame: As it was drawn, palette indices, (B, h, w, 1) uint8.
        behind: What was seen behind things before, (B, h, w, 1) uint8.
        things: In the last two frames and in this one, on the screen as it was then, (B, 3, N, E).
        since: Pixels that the camera went since each of them, (B, 3).
        shapes: Where the boxes of things of some kinds are, for every way that they may point.
        top: Rows that do not scroll, which stay as they are.
        unknown: Value of pixels that nothing is known of.

    Returns:
        (B, h, w, 1) uint8.
    """
    height, width = frame.shape[1:3]
    left = torch.zeros_like(frame[..., 0], dtype=torch.bool)
    for number, covered in enumerate((True, True, False)):
        for row, start, upper, end, lower in boxes(things[:, number], since[:, number], width, height, shapes):
            left[row, max(upper, top) : lower, start:end] = covered
    left &= ~away(things[:, -1])[:, None, None]  # nothing of this scene was behind the things of the last one
    differs = left & ((frame != behind) & (behind != unknown))[..., 0]
    if not differs.any():
        return frame
    patches = differs.view(len(frame), -1, PATCH, width // PATCH, PATCH)  # (B, H, 8, W, 8)
    dots = patches.sum((2, 4), keepdim=True, dtype=torch.uint8) <= FEW
    return torch.where((patches & dots).view_as(frame), behind, frame)


def boxes(
    things: Tensor, since: Tensor, width: int, height: int, shapes: Mapping[int, Pieces]
) -> Iterator[tuple[int, int, int, int, int]]:
    """Where things may be drawn: row of the batch, left, top, right and bottom of each box that is on the screen.

    Args:
        things: (B, N, E).
        since: Pixels that the camera went since, (B,).
        width, height: Of a frame.
        shapes: Where the boxes of things of some kinds are, for every way that they may point.
    """
    rows, which = (things[..., 2] > 0).nonzero(as_tuple=True)
    x, y, kind, way = things[rows, which][:, [0, 1, 2, PULL]].unbind(1)
    places = ((x - since[rows]).tolist(), y.tolist(), kind.tolist(), way.tolist())
    for row, at_x, at_y, of, pull in zip(rows.tolist(), *places, strict=True):
        ways = shapes.get(of, ONE)
        for right_of, below in ways[pull % len(ways)]:
            left, right = max(at_x + right_of + ACROSS[0], 0), min(at_x + right_of + ACROSS[1], width)
            top, bottom = max(at_y + below + DOWN[0], 0), min(at_y + below + DOWN[1], height)
            if left < right and top < bottom:
                yield row, left, top, right, bottom
