"""What was last seen behind things: a block that Mario passes stays as he left it.

A few past frames forget in a tenth of a second what a thing hides. So the oldest of a dream's frames is no frame that
was: where the oldest one showed no thing it is that frame, and elsewhere what was there before.

Axis letters: B batch, N things, h w pixels, P planes of a frame, E what is known of a thing.
"""

from collections.abc import Iterator

from torch import Tensor

ACROSS, DOWN = (-2, 18), (-2, 36)
"""Pixels from a thing's place between which it may be drawn: its box, a console frame's way and a pixel more."""


def remember(behind: Tensor, frame: Tensor, things: Tensor, since: Tensor) -> Tensor:
    """What is seen behind things once another frame is past.

    Args:
        behind: What was seen before, (B, h, w, P) uint8.
        frame: The next frame of the past, (B, h, w, P) uint8; both are shifted to where the camera stands now.
        things: In that frame, on the screen as it was then, (B, N, E).
        since: Pixels that the camera went since, (B,).

    Returns:
        (B, h, w, P) uint8.
    """
    seen = frame.clone()
    for row, left, top, right, bottom in boxes(things, since, frame.shape[2], frame.shape[1]):
        seen[row, top:bottom, left:right] = behind[row, top:bottom, left:right]
    return seen


def boxes(things: Tensor, since: Tensor, width: int, height: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Where things may be drawn: row of the batch, left, top, right and bottom of each box that is on the screen.

    Args:
        things: (B, N, E).
        since: Pixels that the camera went since, (B,).
        width, height: Of a frame.
    """
    rows, which = (things[..., 2] > 0).nonzero(as_tuple=True)
    x, y = things[rows, which, 0] - since[rows], things[rows, which, 1]
    for row, at_x, at_y in zip(rows.tolist(), x.tolist(), y.tolist(), strict=True):
        left, right = max(at_x + ACROSS[0], 0), min(at_x + ACROSS[1], width)
        top, bottom = max(at_y + DOWN[0], 0), min(at_y + DOWN[1], height)
        if left < right and top < bottom:
            yield row, left, top, right, bottom
