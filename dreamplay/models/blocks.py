"""Blocks that bounce are things while they do and parts of the level before and after.

A console takes a block that was hit out of the level, draws it as a thing for a few frames, and puts it back when it
has come to rest, which no place near it tells: the map knows the block as it was before. So the picture that the
thing has is what the level shows from then on.

Axis letters: B batch, N things, h w pixels, P planes of a frame, E what is known of a thing.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dreamplay.models.moves import CELL
from dreamplay.ring import away

LOWER = 1
"""Rows below its place at which the console draws a thing."""


def settle(frame: Tensor, before: Tensor, things: Tensor, scrolls: Tensor, kinds: Sequence[int]) -> Tensor:
    """Put blocks that were things a frame before and are none any more back into the level.

    Args:
        frame: As it was drawn, (B, h, w, P) uint8.
        before: The frame before, shifted to where the camera stands now, (B, h, w, P) uint8.
        things: In the frame before and in this one, on the screen as it was then, (B, 2, N, E).
        scrolls: Pixels that the camera went in between, (B,).
        kinds: Of things that become a part of the level.

    Returns:
        (B, h, w, P) uint8.
    """
    were, now = things.unbind(1)
    kind = were[..., 2]
    ends = torch.isin(kind, kind.new_tensor(kinds)) & (now[..., 2] != kind) & ~away(now)[:, None]
    if not ends.any():
        return frame
    frame, (height, width) = frame.clone(), frame.shape[1:3]
    for row, slot in ends.nonzero().tolist():
        x, y = (were[row, slot, :2]).tolist()
        x, drawn, rests = x - int(scrolls[row]), y + LOWER, CELL * round(y / CELL)
        left, right = max(x, 0), min(x + CELL, width)
        if left < right and min(drawn, rests) >= 0 and max(drawn, rests) + CELL <= height:
            frame[row, rests : rests + CELL, left:right] = before[row, drawn : drawn + CELL, left:right]
    return frame
