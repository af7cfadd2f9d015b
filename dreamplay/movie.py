"""Movies: the buttons of a sitting, one text file that plays it again bit for bit.

The first line is a JSON header. Every further line is a run, `<buttons> <frames> [<crc32>]`: the buttons were held for
so many frames, and the last of those frames had this CRC-32 (hexadecimal). Frame 0 is the one that `World.reset`
returned, frame n the one that the n-th step led to. A last line without its line end was cut off while it was written:
it is left out.
"""

import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, repeat, starmap
from pathlib import Path
from typing import TextIO

import numpy as np

from dreamplay.errors import CheckpointError, DivergedError, MovieError
from dreamplay.files import opened, write_whole
from dreamplay.strict import decode, read_json, shown
from dreamplay.world import Buttons, Frame, World

FORMAT = "dreamplay-movie"
VERSION = 1
MAX_FRAMES = 10_000_000
MAX_HEADER = 65_536  # characters: no honest header comes near
MAX_LINE = 64  # characters of a run
_RUN = re.compile(r"([0-9]+) ([0-9]+)(?: ([0-9a-f]{1,8}))?\s*")


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
    seed: int = field(metadata={"low": -(2**63), "high": 2**63 - 1})
    fps: float = field(metadata={"low": 1, "high": 1000})
    buttons: tuple[str, ...] = field(metadata={"low": 1, "high": 64})
    skip: int = field(default=0, metadata={"low": 0, "high": MAX_FRAMES})


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
        with io.TextIOWrapper(opened(path), encoding="utf-8", newline="\n") as file:
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
    write_whole(path, "".join([_header_line(movie.header), *_run_lines(movie)]).encode())


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


def _read_header(path: Path, line: str) -> Header:
    place = f"{path}, line 1"
    try:
        values = read_json(line, place)
    except CheckpointError as error:
        raise MovieError(f"{path}: not a movie: {error}") from error
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise MovieError(f"{place}: not a movie: its format is not '{FORMAT}'")
    version = values.pop("version", None)
    if version != VERSION:
        raise MovieError(f"{place}: movie version {shown(version)} is not {VERSION}: update dreamplay")
    try:
        header: Header = decode(Header, values, place)
    except CheckpointError as error:
        raise MovieError(str(error)) from error
    if header.world not in ("real", "dream"):
        raise MovieError(f"{place}: world is {shown(header.world)}, expected is 'real' or 'dream'")
    return header


def _read_runs(path: Path, header: Header, file: TextIO) -> Movie:
    runs: list[tuple[Buttons, int]] = []
    checksums: dict[int, int] = {}
    total = 0
    for number, line in enumerate(_lines(file), start=2):
        if not line.endswith("\n") and len(line) < MAX_LINE:
            break
        held, frames, crc = _read_run(f"{path}, line {number}", line, len(header.buttons))
        total += frames
        if total > MAX_FRAMES:
            raise MovieError(f"{path}, line {number}: more than {MAX_FRAMES} frames")
        runs.append((held, frames))
        if crc is not None:
            checksums[total] = crc
    if header.skip > total:
        raise MovieError(f"{path}, line 1: skip is {header.skip}, but there are {total} frames")
    return Movie(header, tuple(chain.from_iterable(starmap(repeat, runs))), checksums)


def _lines(file: TextIO) -> Iterator[str]:
    return iter(lambda: file.readline(MAX_LINE), "")


def _read_run(place: str, line: str, buttons: int) -> tuple[Buttons, int, int | None]:
    match = _RUN.fullmatch(line)
    if match is None:
        raise MovieError(f"{place}: {shown(line)} is not '<buttons> <frames> [<crc32>]'")
    held, frames, crc = int(match[1]), int(match[2]), match[3]
    if held >= 1 << buttons:
        raise MovieError(f"{place}: buttons {held} are not among the {buttons} of the header")
    if not 0 < frames <= MAX_FRAMES:
        raise MovieError(f"{place}: a run of {frames} frames")
    return held, frames, None if crc is None else int(crc, 16)
