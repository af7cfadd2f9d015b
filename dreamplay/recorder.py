"""The recorder: appends to a journal while the play goes on, and makes a movie, a GIF or an MP4 of it afterwards."""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dreamplay import movie, video
from dreamplay.errors import MovieError, StorageError, UsageError
from dreamplay.journal import ENDING, Journal, abandoned, read_journal
from dreamplay.world import Buttons, Frame, GameSpec

MOVIE = ".movie"
KINDS = (MOVIE, *video.KINDS)
"""Endings of what can be recorded."""

_STEP, _FRAME, _UNDO = b"S", b"F", b"U"
_HELD = struct.Struct("<QI")  # buttons, CRC-32 of the frame they led to
_COUNT = struct.Struct("<I")
_CHECK_EVERY = 30  # frames between two checksums of a movie


@dataclass(frozen=True)
class Plan:
    """What a recording becomes.

    Attributes:
        target: The file, ending in one of KINDS.
        fps: Frames a second.
        height: Rows of a frame, h.
        width: Columns of a frame, w.
        header: Of the movie; None for films.
    """

    target: Path
    fps: float
    height: int
    width: int
    header: movie.Header | None = None


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
    return Plan(target.absolute(), fps, game.height, game.width, header if kind == MOVIE else None)


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
        self._journal = Journal(unused(folder / f"{planned.target.name}{ENDING}"), _encode(planned))
        self._append(0, first, None)
        self.frames = 0

    @property
    def seconds(self) -> float:
        """Time recorded."""
        return self.frames / self.plan.fps

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

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _append(self, buttons: Buttons, frame: Frame, packed: bytes | None) -> None:
        if self.plan.header is not None:
            record = _STEP + _HELD.pack(buttons, movie.checksum(frame))
        else:
            record = _FRAME + (packed or video.pack(frame))
        self.frames += self._put(record)

    def _put(self, record: bytes) -> bool:
        if self.stopped:
            return False
        try:
            self._journal.append(record)
        except StorageError as error:
            self.stopped = f"Recording stopped after {self.seconds:.1f} s: {error}"
        return not self.stopped


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
    planned = _decode(journal)
    target = target or planned.target
    if planned.header is not None:
        movie.write(target, _movie(journal, planned.header))
    else:
        video.write_film(target, partial(_film, journal, planned), planned.fps)
    journal.unlink(missing_ok=True)
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


def unused(path: Path) -> Path:
    """The path, with a number before its ending where it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _encode(planned: Plan) -> bytes:
    values = {**asdict(planned), "target": str(planned.target)}
    return json.dumps(values).encode()


def _decode(journal: Path) -> Plan:
    first = next(read_journal(journal), None)
    try:
        values: dict[str, Any] = json.loads(first or b"")
        header = values["header"]
        if header is not None:
            header = movie.Header(**{**header, "buttons": tuple(header["buttons"])})
        return Plan(**{**values, "target": Path(values["target"]), "header": header})
    except (ValueError, TypeError, KeyError) as error:
        raise MovieError(f"{journal}: its first record says nothing") from error


def _movie(journal: Path, header: movie.Header) -> movie.Movie:
    steps = [_HELD.unpack(record[1:]) for record in _kept(journal)]
    ends = {number for number in range(len(steps)) if _checked(number, steps)}
    checksums = {number: steps[number][1] for number in sorted(ends)}
    return movie.Movie(header, tuple(buttons for buttons, _ in steps[1:]), checksums)


def _checked(number: int, steps: list[tuple[int, int]]) -> bool:
    last = number + 1 == len(steps)
    return number > 0 and (last or number % _CHECK_EVERY == 0 or steps[number][0] != steps[number + 1][0])


def _film(journal: Path, planned: Plan) -> Iterator[Frame]:
    for record in _kept(journal):
        yield video.unpack(record[1:], planned.height, planned.width)


def _kept(journal: Path) -> Iterator[bytes]:
    """Steps or frames without those that were taken back; the first is the one before the first step."""
    undone = _undone(journal)
    records = (record for record in read_journal(journal) if record[:1] in (_STEP, _FRAME))
    return (record for number, record in enumerate(records) if number not in undone)


def _undone(journal: Path) -> set[int]:
    """Numbers of the records that were taken back."""
    kept: list[int] = []
    undone: set[int] = set()
    number = 0
    for record in read_journal(journal):
        if record[:1] == _UNDO:
            count = _COUNT.unpack(record[1:])[0]
            undone.update(kept[-count:])
            del kept[-count:]
        elif record[:1] in (_STEP, _FRAME):
            kept.append(number)
            number += 1
    return undone
