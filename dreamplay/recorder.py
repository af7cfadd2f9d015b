"""The recorder: appends to a journal while the play goes on, and makes a movie, a GIF or an MP4 of it afterwards."""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from dreamplay import movie, video
from dreamplay.errors import CheckpointError, MovieError, StorageError, UsageError
from dreamplay.files import unused
from dreamplay.journal import ENDING, Journal, abandoned, held, read_journal
from dreamplay.strict import decode, read_json, shown
from dreamplay.world import Buttons, Frame, GameSpec

MOVIE = ".movie"
KINDS = (MOVIE, *video.KINDS)
"""Endings of what can be recorded."""

_STEP, _FRAME, _UNDO, _GO = b"S", b"F", b"U", b"G"
_HELD = struct.Struct("<QI")  # buttons, CRC-32 of the frame they led to
_COUNT = struct.Struct("<I")
_CHECK_EVERY = 30  # frames between two checksums of a movie
_LONGEST_PLAN = 65_536  # bytes


@dataclass(frozen=True)
class Film:
    """What is recorded.

    Attributes:
        fps: Frames a second.
        height: Rows of a frame, h.
        width: Columns of a frame, w.
        header: Of the movie; None for films.
    """

    fps: float = field(metadata={"low": 1, "high": 1000})
    height: int = field(metadata={"low": 1, "high": 4096})
    width: int = field(metadata={"low": 1, "high": 4096})
    header: movie.Header | None = None


@dataclass(frozen=True)
class Plan:
    """What a recording becomes: a file, ending in one of KINDS, and what is in it."""

    target: Path
    film: Film


def plan(target: Path, game: GameSpec, fps: float, header: movie.Header | None) -> Plan:
    """Plan a recording.

    Raises:
        UsageError: The file's ending is none of KINDS.
        MissingExtraError: MP4 without the extra `video`.
    """
    kind = target.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"cannot record '{target}': the name ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if kind == ".mp4":
        video.require_mp4()
    return Plan(target.absolute(), Film(fps, game.height, game.width, header if kind == MOVIE else None))


class Recorder:
    """Records one film or movie."""

    def __init__(self, planned: Plan, folder: Path, first: Frame) -> None:
        """Open the journal in a folder and write the first frame, (h, w, 3).

        Raises:
            StorageError: The folder may not be written.
        """
        self.plan = planned
        self.frames = 0
        self.stopped = ""
        self._records, self._pack = 0, video.Packer()
        self._journal = Journal(unused(folder / f"{planned.target.name}{ENDING}"), _encode(planned))
        self._append(0, first, None)
        self.frames = 0

    @property
    def is_movie(self) -> bool:
        """Whether it keeps buttons; films keep pictures."""
        return self.plan.film.header is not None

    @property
    def seconds(self) -> float:
        """Time recorded."""
        return self.frames / self.plan.film.fps

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self._journal.path

    def write(self, buttons: Buttons, frame: Frame, packed: bytes | None = None) -> None:
        """Add the buttons held and the frame they led to, (h, w, 3); a full disk sets `stopped`, never raises.

        Args:
            buttons: What was held.
            frame: What it led to.
            packed: The same, packed, where the caller has it already.
        """
        self._append(buttons, frame, packed)

    def undo(self, frames: int) -> None:
        """Take back the last frames: the player rewound."""
        frames = min(frames, self.frames)
        if frames and self._put(_UNDO + _COUNT.pack(frames)):
            self.frames -= frames

    @property
    def mark(self) -> tuple[int, int]:
        """Where it stands, for `go`: records in the journal, and frames."""
        return self._records, self.frames

    def go(self, mark: tuple[int, int]) -> None:
        """Go on from where it stood then, back or forth: the player loaded a state."""
        if self._put(_GO + _COUNT.pack(mark[0])):
            self.frames = mark[1]

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _append(self, buttons: Buttons, frame: Frame, packed: bytes | None) -> None:
        if self.is_movie:
            record = _STEP + _HELD.pack(buttons, movie.checksum(frame))
        else:
            record = _FRAME + (packed or self._pack(frame))
        self.frames += self._put(record)

    def _put(self, record: bytes) -> bool:
        if self.stopped:
            return False
        try:
            self._journal.append(record)
        except StorageError as error:
            self.stopped = f"Recording stopped after {self.seconds:.1f} s: {error}"
            return False
        self._records += 1
        return True


def export(journal: Path, *, target: Path | None = None) -> Path:
    """Make the film or movie of a closed journal, then delete the journal.

    Args:
        journal: The journal.
        target: Where to write instead of the journal's own target.

    Returns:
        The file that was written.

    Raises:
        MovieError: The file is no journal.
        StorageError: The disk is full; the journal stays.
    """
    with held(journal):
        target = _export(journal, target)
    journal.unlink(missing_ok=True)
    return target


def _export(journal: Path, target: Path | None) -> Path:
    planned = _decode(journal)
    target, film = target or planned.target, planned.film
    if next(_kept(journal), None) is None:
        raise MovieError(f"{journal}: holds no frame")
    if film.header is not None:
        movie.write(target, _movie(journal, film.header))
    else:
        video.write_film(target, partial(_frames, journal, film), film.fps)
    return target


def recover(folder: Path) -> Iterator[tuple[Path, Path | str]]:
    """Export every abandoned journal of a folder; what exists already is not overwritten.

    Yields:
        The journal, and the file made of it or why it could not be.
    """
    for journal in abandoned(folder):
        try:
            target = _decode(journal).target
            yield journal, export(journal, target=unused(target))
        except (MovieError, StorageError, UsageError) as error:
            yield journal, str(error)


def _encode(planned: Plan) -> bytes:
    return json.dumps({"target": str(planned.target), "film": asdict(planned.film)}).encode()


def _decode(journal: Path) -> Plan:
    """The plan in a journal's first record: anybody may have written it, and it names a file that will be made."""
    place = f"{journal}, first record"
    first = next(read_journal(journal), b"")
    if len(first) > _LONGEST_PLAN:
        raise MovieError(f"{place}: has {len(first)} bytes, allowed are {_LONGEST_PLAN}")
    try:
        values = read_json(first.decode(errors="replace"), place)
        if type(values) is not dict or values.keys() != {"target", "film"}:
            raise MovieError(f"{place}: is {shown(values)}, expected are target and film")
        return Plan(_target(values["target"], place), decode(Film, values["film"], place, "film"))
    except CheckpointError as error:
        raise MovieError(str(error)) from error


def _target(value: Any, place: str) -> Path:
    if (
        type(value) is not str
        or "\0" in value
        or not Path(value).is_absolute()
        or Path(value).suffix.lower() not in KINDS
    ):
        raise MovieError(
            f"{place}: target is {shown(value)}, expected is a path from the root, ending in one of {KINDS}"
        )
    return Path(value)


def _movie(journal: Path, header: movie.Header) -> movie.Movie:
    steps = [_step(journal, record) for record in _kept(journal)]
    ends = {number for number in range(len(steps)) if _checked(number, steps)}
    checksums = {number: steps[number][1] for number in sorted(ends)}
    return movie.Movie(header, tuple(buttons for buttons, _ in steps[1:]), checksums)


def _step(journal: Path, record: bytes) -> tuple[Buttons, int]:
    """Buttons, and the checksum of the frame they led to."""
    if record[:1] != _STEP or len(record) != 1 + _HELD.size:
        raise MovieError(f"{journal}: {shown(record)} is no step of a movie")
    buttons, crc = _HELD.unpack(record[1:])
    return buttons, crc


def _checked(number: int, steps: list[tuple[int, int]]) -> bool:
    last = number + 1 == len(steps)
    return number > 0 and (last or number % _CHECK_EVERY == 0 or steps[number][0] != steps[number + 1][0])


def _frames(journal: Path, film: Film) -> Iterator[Frame]:
    for record in _kept(journal):
        yield video.unpack(record[1:], film.height, film.width)


def _kept(journal: Path) -> Iterator[bytes]:
    """Steps or frames without those that were taken back; the first is the one before the first step."""
    line = _line(journal)
    records = (record for record in read_journal(journal) if record[:1] in (_STEP, _FRAME))
    return (record for number, record in enumerate(records) if number in line)


def _line(journal: Path) -> set[int]:
    """Numbers of the steps or frames that lead to the last one; the first of all is always among them.

    What was taken back is a branch of its own, which a loaded state may come back to.
    """
    before: list[int] = []  # the number of the one before each
    tips: list[int] = []  # where the line ended after each record
    tip = 0
    for record in read_journal(journal):
        kind, count = record[:1], _count(record)
        if kind in (_STEP, _FRAME):
            before.append(tip)
            tip = len(before) - 1
        elif kind == _UNDO and count is not None:
            for _ in range(min(count, len(before))):
                tip = before[tip]
        elif kind == _GO and count is not None and 0 < count <= len(tips):
            tip = tips[count - 1]
        else:
            continue
        tips.append(tip)
    line = {0}
    while tip:
        line.add(tip)
        tip = before[tip]
    return line


def _count(record: bytes) -> int | None:
    """The number of a record that holds nothing else."""
    return _COUNT.unpack(record[1:])[0] if len(record) == 1 + _COUNT.size else None
