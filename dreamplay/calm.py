"""Keeps flashes from the eyes: never more than three large swings of brightness a second reach the screen.

After WCAG 2.2, success criterion 2.3.1 (https://www.w3.org/TR/WCAG22/#three-flashes-or-below-threshold): a swing turns
the brightness of a quarter of the picture round, by a tenth of full brightness or more. A flash is two swings there;
here each counts, so this is the stricter rule. Brightness is that of the coded colours, which overrates dark ones.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from dreamplay.world import Frame

SWINGS = 3
"""Large swings that may reach the screen within a second."""

_SECOND = 1.0
_LARGE = 0.1  # of full brightness
_AREA = 0.25  # of the picture
_TILES = 8  # along each side: brightness is compared tile by tile
_STRIDE = 3  # pixels between those that are looked at: no part of a tile, or a pattern that moves would flash
_LUMA = np.array((0.299, 0.587, 0.114), np.float32) / 255  # ITU-R BT.601

_Levels = npt.NDArray[np.float32]


class Calm:
    """Decides what of a play reaches the screen."""

    def __init__(self) -> None:
        self._turned = np.zeros((1, 1), np.float32)
        self._rising = np.zeros(0, np.bool_)
        self._times: deque[float] = deque()
        self._shown: Frame | None = None

    def __call__(self, frame: Frame, now: float) -> Frame:
        """The frame, (h, w, 3), or the last one that was shown while the frame would be a swing too many.

        Args:
            frame: To be shown; one of another size than before begins anew.
            now: The time, seconds.
        """
        if frame is self._shown:
            return frame
        levels = _levels(frame)
        if self._shown is None or self._shown.shape != frame.shape:
            self._turned, self._rising, self._shown = levels, np.zeros(levels.shape, np.bool_), frame
            return frame
        while self._times and now - self._times[0] >= _SECOND:
            self._times.popleft()
        up = (levels - self._turned >= _LARGE) & ~self._rising
        down = (self._turned - levels >= _LARGE) & self._rising
        swings = max(np.count_nonzero(up), np.count_nonzero(down)) >= _AREA * levels.size
        if swings and len(self._times) >= SWINGS:
            return self._shown
        if swings:
            self._times.append(now)
        self._follow(levels, up, down)
        self._shown = frame
        return frame

    def _follow(self, levels: _Levels, up: npt.NDArray[np.bool_], down: npt.NDArray[np.bool_]) -> None:
        """Keep, for each tile, the brightest or darkest level since it last turned: a swing is measured from there."""
        further = np.where(self._rising, levels > self._turned, levels < self._turned)
        self._turned = np.where(up | down | further, levels, self._turned)
        self._rising = (self._rising | up) & ~down


def _levels(frame: Frame) -> _Levels:
    """Mean brightness of the tiles, 0 to 1, (tiles, tiles)."""
    seen = frame[::_STRIDE, ::_STRIDE]
    down, across = min(_TILES, seen.shape[0]), min(_TILES, seen.shape[1])
    rows, columns = seen.shape[0] // down, seen.shape[1] // across
    whole = seen[: down * rows, : across * columns].reshape(down, rows, across * columns, 3)
    sums = whole.sum(1, dtype=np.uint16).reshape(down, across, columns, 3)  # 16 bits hold 257 rows
    levels: _Levels = sums.mean(2, dtype=np.float32) / rows @ _LUMA
    return levels
