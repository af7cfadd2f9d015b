"""Draws the pressed buttons into the frames of films.

Axis letters: h w pixels.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dreamplay.world import Buttons, Frame

_WHITE, _GREY, _BLACK = 248, 188, 0  # greys of the console's own palette
_GAP, _PAD = 2, 2  # pixels

_Mask = npt.NDArray[np.bool_]


class Stamp:
    """Draws into copies, while it is wanted."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        """Take who knows whether it is wanted now."""
        self._wanted = wanted

    def __call__(self, frame: Frame, buttons: Buttons, names: tuple[str, ...]) -> Frame:
        """The frame, (h, w, 3), with the names at its lower left, the held ones black on white."""
        if not self._wanted():
            return frame
        stamped = frame.copy()
        left = _GAP
        for bit, name in enumerate(names):
            mask = _mask(name)
            high, wide = mask.shape
            area = stamped[-high - _GAP : -_GAP, left : left + wide]
            held = buttons >> bit & 1
            area[:] = _WHITE if held else _BLACK
            area[mask[: area.shape[0], : area.shape[1]]] = _BLACK if held else _GREY
            left += wide + _GAP
        return stamped


@lru_cache(maxsize=256)
def _mask(name: str) -> _Mask:
    """Where a name has ink, (h, w), with some room around it."""
    font = ImageFont.load_default()
    _, _, wide, high = map(int, font.getbbox(name))
    image = Image.new("1", (wide + 2 * _PAD, high + 2 * _PAD))
    ImageDraw.Draw(image).text((_PAD, _PAD // 2), name, fill=1, font=font)
    return np.asarray(image)
