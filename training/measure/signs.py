"""Signs: what gives an event away in a picture, learned from real play.

A sign is a set of 8x8 patches, at any pixel, that real frames show around Mario when the event happens, again and again
at different occasions, and that they do not show there otherwise: a squashed Goomba, the edge of a block that is off
its place. They are looked for in pixels alone; what a dream's state says of itself does not count.

Axis letters: N frames, h w pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dreamplay.models.layers import PATCH
from training.measure.patches import Hashes, hashes_everywhere

REACH = 16
"""Pixels to every side by which a dream's event may lie beside the real one's."""
AFTER = 4
"""Frames after its own in which an event shows."""
OFTEN = 0.03
"""Share of the occasions that a patch must occur at to belong to the sign, and at least at `TWICE`."""
TWICE = 2
ENOUGH = 1 / 3
"""Share of the patches from which an event counts as seen, of those that all real ones but the `FAINTEST` show."""
FAINTEST = 0.1
"""Share of the real events that show less than the rest, before a hill or at the edge of what is looked at."""
CALM = 0.999
"""Share of the frames without the event that show fewer patches than count as seen."""
STRAY = 1
"""Frames without the event that may show a patch of its sign all the same."""
_BOX = (-24, -40, 40, 72)
"""Left, top, right and bottom of what is looked at, from Mario's place: with room for the coin above the block above
him, and for the enemy below him."""
_PHASE = np.uint64(0x9E3779B97F4A7C15)

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """Where and how pictures are looked at for a sign.

    Attributes:
        top: The first row that is looked at.
        grid: Rows after which the level's tiles repeat where it matters how a patch lies to them, else 1.
    """

    top: int
    grid: int = 1

    def patches(self, frames: Pictures, x: int, y: int, *, across: int = 0, down: int = 0) -> list[Hashes]:
        """Hashes of all patches around a place, each once, of every frame.

        Args:
            frames: (N, h, w).
            x: Mario's left edge on the screen.
            y: His upper edge.
            across: Pixels to the left and to the right that are looked at besides.
            down: Pixels above and below.
        """
        left, top, right, bottom = _BOX
        top = max(self.top, y + top - down)
        box = frames[:, top : max(y + bottom + down, 0), max(x + left - across, 0) : max(x + right + across, 0)]
        if min(box.shape[1:]) < PATCH:
            return [np.zeros(0, np.uint64)] * len(frames)
        found = hashes_everywhere(box)
        if self.grid > 1:
            rows = (np.arange(found.shape[1]) + top) % self.grid
            found = found ^ (rows.astype(np.uint64) * _PHASE)[:, None]
        return [np.unique(frame) for frame in found]


@dataclass(frozen=True)
class Sign:
    """What gives a kind of event away.

    Attributes:
        view: Where it is looked for.
        patches: Hashes of its patches, sorted, each once.
        enough: How many of them a frame must show.
    """

    view: View
    patches: Hashes
    enough: float

    def seen(self, frames: Pictures, x: int, y: int) -> bool:
        """Whether any of the frames (N, h, w) shows it within `REACH` of a place."""
        return self.count(self.view.patches(frames, x, y, across=REACH, down=REACH)) >= self.enough

    def count(self, found: Sequence[Hashes]) -> int:
        """The most patches of the sign that any of the frames' patches hold."""
        return max(int(np.isin(frame, self.patches, assume_unique=True).sum()) for frame in found)


def learn(view: View, occasions: Sequence[Sequence[Hashes]], usual: Sequence[Hashes]) -> Sign:
    """Learn a sign.

    Args:
        view: Where it is looked for.
        occasions: The patches of every frame in which the event shows, occasion by occasion.
        usual: The patches of frames without the event.
    """
    known, times = np.unique(np.concatenate([np.unique(np.concatenate(o)) for o in occasions]), return_counts=True)
    others, strays = np.unique(np.concatenate(usual), return_counts=True)
    telling, often = ~np.isin(known, others[strays > STRAY]), max(TWICE, OFTEN * len(occasions))
    by_others = Sign(view, known[telling & (times - 1 >= often)], 0.0)  # what an occasion itself taught proves nothing
    shown = float(np.quantile([by_others.count(frames) for frames in occasions], FAINTEST))
    sign = Sign(view, known[telling & (times >= often)], 0.0)
    stray = float(np.quantile([sign.count([frame]) for frame in usual], CALM))
    return replace(sign, enough=max(1.0 + stray, ENOUGH * shown))
