"""Pictures and films of play: frames packed in memory, PNG, MP4, and the last half minute."""

import io
import os
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from dreamplay.errors import MissingExtraError, MovieError, StorageError, UsageError
from dreamplay.files import write_whole
from dreamplay.gif import write_gif
from dreamplay.world import Frame

CLIP_SECONDS = 30
CLIP_BYTES = 64 << 20
"""Most that the clip's packed frames may take."""

_LEVEL = 1  # of zlib: 0.1 ms and 2 KB for a frame of 256x240 on one core of a server; higher levels save a tenth
_MEMORY = 5  # of zlib: half the time of the usual 8 at the same size, because less is cleared for every frame
_RAW = -zlib.MAX_WBITS  # of zlib: no header, so that frames of one stream can stand alone


class Packer:
    """Compresses frames without loss, each so that it can be unpacked without the others."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY)  # 200 KB, kept from frame to frame

    def __call__(self, frame: Frame) -> bytes:
        """A frame, (h, w, 3), packed."""
        packed = self._stream.compress(np.ascontiguousarray(frame).data)
        return packed + self._stream.flush(zlib.Z_FULL_FLUSH)


def unpack(packed: bytes, height: int, width: int) -> Frame:
    """The frame that was packed, (h, w, 3).

    Raises:
        MovieError: The bytes are no frame of this size.
    """
    size = height * width * 3
    try:
        pixels = zlib.decompressobj(_RAW).decompress(packed, size + 1)
    except zlib.error as error:
        raise MovieError(f"a recorded frame cannot be unpacked: {error}") from error
    if len(pixels) != size:
        raise MovieError(f"a recorded frame has not the {size} bytes of {width}x{height} pixels")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


class Clip:
    """The last half minute, always armed."""

    def __init__(self, fps: float, *, seconds: float = CLIP_SECONDS, limit: int = CLIP_BYTES) -> None:
        self._most = max(1, round(fps * seconds))
        self._limit = limit
        self._frames: deque[bytes] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def size(self) -> int:
        """Bytes that the packed frames take."""
        return self._bytes

    def push(self, packed: bytes) -> None:
        """Add a packed frame; the oldest make room."""
        self._frames.append(packed)
        self._bytes += len(packed)
        while len(self._frames) > self._most or (self._bytes > self._limit and len(self._frames) > 1):
            self._bytes -= len(self._frames.popleft())

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()
        self._bytes = 0

    def frames(self) -> tuple[bytes, ...]:
        """The packed frames, oldest first."""
        return tuple(self._frames)


KINDS = (".gif", ".mp4")
"""Endings of films."""


def write_film(path: Path, frames: Callable[[], Iterable[Frame]], fps: float) -> None:
    """Write a GIF or an MP4, by the path's ending, beside its place and move it there.

    Args:
        path: Ends in .gif or .mp4.
        frames: Gives the frames, (h, w, 3); may be called more than once.
        fps: Frames a second.

    Raises:
        StorageError: The disk is full or the folder may not be written.
        MissingExtraError: MP4 without the extra `video`.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"{path}: a film ends in {' or '.join(KINDS)}")
    with _beside(path) as file:
        (write_gif if kind == ".gif" else write_mp4)(file, frames, fps)


def write_png(path: Path, frame: Frame) -> None:
    """Write a picture, (h, w, 3), beside its place and move it there."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG", compress_level=6)
    write_whole(path, buffer.getvalue())


def require_mp4() -> Any:
    """The encoder's module.

    Raises:
        MissingExtraError: The extra `video` is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("MP4", "video") from error
    return av


def write_mp4(file: BinaryIO, frames: Callable[[], Iterable[Frame]], fps: float) -> int:
    """Write an MP4 in full colour resolution (4:4:4: halved colour ruins pixel art), each pixel shown as 2x2.

    Returns:
        The number of frames written.
    """
    av = require_mp4()
    written = 0
    with av.open(file, "w", format="mp4") as container:
        stream = None
        for frame in _doubled(frames()):
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt, stream.options = "yuv444p", {"crf": "14", "preset": "veryfast"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            written += 1
        if stream is not None:
            container.mux(stream.encode(None))
    return written


def _doubled(frames: Iterable[Frame]) -> Iterator[Frame]:
    return (frame.repeat(2, axis=0).repeat(2, axis=1) for frame in frames)


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the path's place once it is whole; long films need not fit into memory."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # it is gone already, or was never there
            part.unlink()
