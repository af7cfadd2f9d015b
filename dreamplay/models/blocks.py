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
HELD = 2
"""Frames after it came to rest in which a block stays as it is: the console puts some back a frame late."""


def settle(frame: Tensor, before: Tensor, things: Tensor, scrolls: Tensor, kinds: Sequence[int]) -> Tensor:
    """Put blocks that were things and are none any more back into the level.

    Args:
        frame: As it was drawn, (B, h, w, P) uint8.
        before: The frame before, shifted to where the camera stands now, (B, h, w, P) uint8.
        things: In the last frames and in this one, on the screen as it was then, (B, HELD + 2, N, E).
        scrolls: Pixels that the camera went to each of them, (B, HELD + 2).
        kinds: Of things that become a part of the level.

    Returns:
        (B, h, w, P) uint8.
    """
    kind, (height, width) = things[..., 2], frame.shape[1:3]
    ends = torch.isin(kind[:, :-1], kind.new_tensor(kinds)) & (kind[:, 1:] != kind[:, :-1])
    ends &= ~away(things[:, 1:])[..., None]  # (B, HELD + 1, N)
    if not ends.any():
        return frame
    frame = frame.clone()
    for row, number, slot in ends.nonzero().tolist():
        x, y = things[row, number, slot, :2].tolist()
        x, rests = x - int(scrolls[row, number + 1 :].sum()), CELL * round(y / CELL)
        shown = y + LOWER if number == HELD else rests
        left, right = max(x, 0), min(x + CELL, width)
        if left < right and min(shown, rests) >= 0 and max(shown, rests) + CELL <= height:
            frame[row, rests : rests + CELL, left:right] = before[row, shown : shown + CELL, left:right]
    return frame
