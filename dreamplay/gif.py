"""GIFs, written frame by frame: one palette for all, only what changed, delays whose average is right.

Axis letters: h w pixels, N colours.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import GifImagePlugin, Image

from dreamplay.world import Frame

COLORS = 255
"""Colours of a palette; the 256th index says "as in the frame before"."""

_SAME = 255
_FASTEST = 50.0  # frames a second: viewers show shorter delays than 2/100 s as 10/100 s
_LONGEST = 65_535  # 1/100 s that a delay can hold
_SAMPLES = 16  # frames that a palette is chosen from when there are too many colours

_Indices = npt.NDArray[np.uint8]


def write_gif(file: BinaryIO, frames: Callable[[], Iterable[Frame]], fps: float) -> int:
    """Write an endless GIF.

    Args:
        file: Open for writing in binary.
        frames: Gives the frames, (h, w, 3); called twice, once for the palette.
        fps: Frames a second; above 50 some frames are left out, because viewers slow such GIFs down.

    Returns:
        The number of frames written; identical neighbours count as one.
    """
    stride = max(1, -int(-fps // _FASTEST))
    palette = Palette.of(islice(frames(), 0, None, stride))
    written, pending = 0, _Pending(palette)
    for number, frame in enumerate(islice(frames(), 0, None, stride)):
        if number == 0:
            file.write(_header(frame, palette))
        for part in pending.push(frame, round(100 * (number + 1) * stride / fps)):
            file.write(part)
            written += 1
    for part in pending.flush():
        file.write(part)
        written += 1
    file.write(b";")
    return written


class Palette:
    """At most 255 colours, and the nearest of them for any pixel."""

    def __init__(self, colors: npt.NDArray[np.uint8], *, exact: bool) -> None:
        """Take the colours, (N, 3); exact says that the frames have no others."""
        self.colors = colors
        self._exact = exact
        self._index = np.zeros(1 << 24 if exact else 0, np.uint8)
        if exact:
            self._index[_packed(colors)] = np.arange(len(colors), dtype=np.uint8)
        self._image = Image.new("P", (1, 1))
        self._image.putpalette(colors.tobytes())

    @classmethod
    def of(cls, frames: Iterable[Frame]) -> "Palette":
        """The colours of the frames, (h, w, 3); if there are too many, a choice that stands for them."""
        seen = np.zeros(1 << 24, bool)
        samples: list[Frame] = []
        stride = 1
        for number, frame in enumerate(frames):
            seen[_packed(frame)] = True
            if number % stride == 0:
                samples.append(frame)
            if len(samples) > _SAMPLES:
                samples, stride = samples[::2], stride * 2
        values = np.flatnonzero(seen)
        if len(values) <= COLORS:
            return cls(_unpacked(values), exact=True)
        mosaic = Image.fromarray(np.concatenate(samples))
        chosen = mosaic.quantize(COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).getpalette()
        return cls(np.array(chosen, np.uint8).reshape(-1, 3)[:COLORS], exact=False)

    def indices(self, frame: Frame) -> _Indices:
        """The palette's index of every pixel, (h, w)."""
        if self._exact:
            found: _Indices = self._index[_packed(frame)]
            return found
        image = Image.fromarray(frame).quantize(palette=self._image, dither=Image.Dither.NONE)
        return np.minimum(np.asarray(image), len(self.colors) - 1).astype(np.uint8)


class _Pending:
    """Holds a frame back until it is known how long it stays."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._shown: _Indices | None = None
        self._image: tuple[Image.Image, tuple[int, int]] | None = None
        self._start = self._end = 0

    def push(self, frame: Frame, end: int) -> Iterator[bytes]:
        """Add a frame that ends then, in 1/100 s; gives the one before it where that is over."""
        indices = self._palette.indices(frame)
        if self._shown is None or not np.array_equal(indices, self._shown):
            yield from self.flush()
            self._image = _difference(self._shown, indices)
            self._shown, self._start = indices, self._end
        self._end = end

    def flush(self) -> Iterator[bytes]:
        """Give the frame that is held back."""
        if self._image is not None:
            image, offset = self._image
            delay = min(max(1, self._end - self._start), _LONGEST) * 10  # milliseconds
            parts: list[bytes] = GifImagePlugin.getdata(image, offset, duration=delay, transparency=_SAME, disposal=1)
            yield b"".join(parts)


def _difference(before: _Indices | None, after: _Indices) -> tuple[Image.Image, tuple[int, int]]:
    """The smallest rectangle with what changed, and its left upper corner."""
    if before is None:
        return _image(after), (0, 0)
    changed = before != after
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part = np.where(changed[area], after[area], np.uint8(_SAME))
    return _image(part), (int(columns[0]), int(rows[0]))


def _image(indices: _Indices) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(indices))
    image.encoderinfo = {}
    return image


def _header(frame: Frame, palette: Palette) -> bytes:
    height, width = frame.shape[:2]
    table = palette.colors.tobytes().ljust(768, b"\0")
    screen = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    forever = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    return b"GIF89a" + screen + b"\xf7\x00\x00" + table + forever


def _packed(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    wide = pixels.astype(np.int32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def _unpacked(values: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1).astype(np.uint8)
