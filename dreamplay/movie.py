"""Movies: the buttons of a sitting, one text file that plays it again bit for bit.

The first line is a JSON header. Every further line is a run, `<buttons> <frames> [<crc32>]`: the buttons were held for
so many frames, and the last of those frames had this CRC-32 (hexadecimal). Frame 0 is the one that `World.reset`
returned, frame n the one that the n-th step led to. A last line without its line end was cut off while it was written:
it is left out.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from dreamplay.errors import DivergedError, MovieError, StorageError
from dreamplay.world import Buttons, Frame, World

FORMAT = "dreamplay-movie"
VERSION = 1
MAX_FRAMES = 10_000_000
MAX_HEADER = 65_536  # characters: no honest header comes near
MAX_LINE = 64  # characters of a run
JOURNAL_FRAMES = 30  # a run is written down at least this often, so that a killed recorder loses a second at most


@dataclass(frozen=True)
class Header:
    """What a movie was made with.

    Attributes:
        game: Name of the game.
        world: "real" or "dream".
        source: SHA-256 of the ROM, or of the cartridge's config.json.
        start: Where the world starts, "1-1".
        seed: Seed of `World.reset`.
        fps: Frames (steps) a second.
        buttons: Names in bit order.
        skip: Number of first frames that only lead there (a past shared with other movies) and are not part of the
            data.
    """

    game: str
    world: str
    source: str
    start: str
    seed: int
    fps: float
    buttons: tuple[str, ...]
    skip: int = 0


@dataclass(frozen=True)
class Movie:
    """A header, the buttons of every frame, and checksums of some frames.

    Attributes:
        header: What it was made with.
        buttons: `buttons[n - 1]` led to frame n.
        checksums: CRC-32 by frame number; frame 0 is the one of the reset.
    """

    header: Header
    buttons: tuple[Buttons, ...]
    checksums: dict[int, int] = field(default_factory=dict)


def checksum(frame: Frame) -> int:
    """The CRC-32 of a frame's bytes, (h, w, 3)."""
    return zlib.crc32(np.ascontiguousarray(frame).data)


def read(path: Path) -> Movie:
    """Read a movie.

    Raises:
        MovieError: The file is missing or is no movie; names file, line and what is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            header = _read_header(path, file.readline(MAX_HEADER))
            return _read_runs(path, header, file)
    except UnicodeDecodeError as error:
        raise MovieError(f"{path}: not a movie: byte {error.start} is not text") from error
    except OSError as error:
        raise MovieError(f"{path}: cannot be read: {error.strerror}") from error


def write(path: Path, movie: Movie) -> None:
    """Write a movie beside its place and move it there.

    Raises:
        StorageError: The disk is full or the folder may not be written.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_header_line(movie.header))
            file.writelines(_run_lines(movie))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from error


class Writer:
    """Writes a movie while it is played; what is on disk is a movie at any moment, even after a kill."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._held: Buttons = 0
        self._frames = 0
        self._frame: Frame | None = None
        try:
            self._file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise StorageError(f"{path}: cannot be written: {error.strerror}") from error
        try:
            self._put(_header_line(header))
        except StorageError:
            with suppress(OSError):  # closing tries to write what could not be written
                self._file.close()
            raise

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, buttons: Buttons, frame: Frame | None = None) -> None:
        """Add one frame.

        Args:
            buttons: What was held.
            frame: What it led to; given, its checksum is written wherever a run ends.

        Raises:
            StorageError: The disk is full; what was written before is safe.
        """
        if self._frames and (buttons != self._held or self._frames >= JOURNAL_FRAMES):
            self._end_run()
        self._held, self._frame = buttons, frame
        self._frames += 1

    def close(self) -> None:
        """Write what is pending and close the file; a second call does nothing."""
        if self._file.closed:
            return
        try:
            if self._frames:
                self._end_run()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError(f"{self._path}: cannot be written: {error.strerror}") from error
        finally:
            self._close_file()

    def _end_run(self) -> None:
        line = _run_line(self._held, self._frames, None if self._frame is None else checksum(self._frame))
        self._frames, self._frame = 0, None
        self._put(line)

    def _put(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise StorageError(f"{self._path}: cannot be written: {error.strerror}") from error

    def _close_file(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise StorageError(f"{self._path}: cannot be written: {error.strerror}") from error


def replay(world: World, movie: Movie, *, verify: bool) -> Iterator[Frame]:
    """Play a movie again.

    Args:
        world: A world of the movie's game, made at the movie's start.
        movie: What to play.
        verify: Whether to compare the frames with the movie's checksums.

    Yields:
        The frame of the reset, then one frame for each of the movie's buttons, (h, w, 3).

    Raises:
        MovieError: The world is not of the movie's game.
        DivergedError: A frame has another checksum; names its number.
    """
    if (world.game.name, world.game.buttons) != (movie.header.game, movie.header.buttons):
        raise MovieError(f"a movie of '{movie.header.game}' cannot be played in '{world.game.name}'")
    expected = movie.checksums if verify else {}
    frame = world.reset(movie.header.seed)
    check(0, frame, expected)
    yield frame
    for number, buttons in enumerate(movie.buttons, start=1):
        frame = world.step(buttons)
        check(number, frame, expected)
        yield frame


def check(number: int, frame: Frame, expected: dict[int, int]) -> None:
    """Compare a frame with the checksum of its number, if there is one.

    Raises:
        DivergedError: They differ.
    """
    if number in expected and checksum(frame) != expected[number]:
        raise DivergedError(f"frame {number} differs from the movie's: another ROM, cartridge or version made it")


def _header_line(header: Header) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, **asdict(header)}) + "\n"


def _run_line(buttons: Buttons, frames: int, crc: int | None) -> str:
    return f"{buttons} {frames}\n" if crc is None else f"{buttons} {frames} {crc:08x}\n"


def _run_lines(movie: Movie) -> Iterator[str]:
    first = 0
    for end, buttons in enumerate(movie.buttons, start=1):
        crc = movie.checksums.get(end)
        if end == len(movie.buttons) or movie.buttons[end] != buttons or crc is not None:
            yield _run_line(buttons, end - first, crc)
            first = end


_TYPES: dict[str, tuple[type, ...]] = {
    "game": (str,), "world": (str,), "source": (str,), "start": (str,),
    "seed": (int,), "fps": (int, float), "buttons": (list,), "skip": (int,),
}  # fmt: skip


def _read_header(path: Path, line: str) -> Header:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MovieError(f"{path}, line 1: not a movie: no JSON header") from error
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise MovieError(f"{path}, line 1: not a movie: its format is not '{FORMAT}'")
    version = values.pop("version", None)
    if version != VERSION:
        raise MovieError(f"{path}, line 1: movie version {version!r} is not {VERSION}: update dreamplay")
    _check_header(path, values)
    return Header(**{**values, "buttons": tuple(values["buttons"])})


def _check_header(path: Path, values: dict[str, Any]) -> None:
    names = [item.name for item in fields(Header)]
    if missing := [name for name in names if name not in values]:
        raise MovieError(f"{path}, line 1: the header lacks '{missing[0]}'")
    if unknown := [name for name in values if name not in names]:
        raise MovieError(f"{path}, line 1: unknown key '{unknown[0]}' in the header")
    for name, types in _TYPES.items():
        if not isinstance(values[name], types) or isinstance(values[name], bool):
            raise MovieError(f"{path}, line 1: '{name}' is {values[name]!r}")
    if not all(isinstance(name, str) for name in values["buttons"]) or not 0 < len(values["buttons"]) <= 64:
        raise MovieError(f"{path}, line 1: 'buttons' must be 1 to 64 names")
    if values["world"] not in ("real", "dream"):
        raise MovieError(f"{path}, line 1: 'world' is {values['world']!r}, not 'real' or 'dream'")
    if not 0 <= values["skip"] <= MAX_FRAMES or not 0 < values["fps"] < 1000:
        raise MovieError(f"{path}, line 1: 'skip' or 'fps' is out of bounds")


def _read_runs(path: Path, header: Header, file: Iterable[str]) -> Movie:
    buttons: list[Buttons] = []
    checksums: dict[int, int] = {}
    for number, line in enumerate(_lines(file), start=2):
        if not line.endswith("\n") and len(line) < MAX_LINE:
            break
        held, frames, crc = _read_run(f"{path}, line {number}", line, len(header.buttons))
        if len(buttons) + frames > MAX_FRAMES:
            raise MovieError(f"{path}, line {number}: more than {MAX_FRAMES} frames")
        buttons.extend([held] * frames)
        if crc is not None:
            checksums[len(buttons)] = crc
    if header.skip > len(buttons):
        raise MovieError(f"{path}, line 1: 'skip' is {header.skip}, but there are {len(buttons)} frames")
    return Movie(header, tuple(buttons), checksums)


def _lines(file: Any) -> Iterator[str]:
    return iter(lambda: file.readline(MAX_LINE), "")


def _read_run(place: str, line: str, buttons: int) -> tuple[Buttons, int, int | None]:
    words = line.split()
    try:
        if len(words) not in (2, 3):
            raise ValueError
        held, frames = int(words[0]), int(words[1])
        crc = int(words[2], 16) if len(words) == 3 else None
    except ValueError as error:
        raise MovieError(f"{place}: {line.strip()!r} is not '<buttons> <frames> [<crc32>]'") from error
    if not 0 <= held < 1 << buttons:
        raise MovieError(f"{place}: buttons {held} are not among the {buttons} of the header")
    if not 0 < frames <= MAX_FRAMES:
        raise MovieError(f"{place}: a run of {frames} frames")
    return held, frames, crc
