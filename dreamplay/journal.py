"""Journals: records that survive whatever ends the program.

A file begins with MAGIC; every record is its length and its CRC-32 (both 32 bits, little endian) and its bytes. Records
reach the operating system one by one, unbuffered, and the disk once a second; whoever reads stops at the first record
that is not whole.
"""

import contextlib
import os
import stat
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from dreamplay.errors import MovieError, StorageError
from dreamplay.files import opened

MAGIC = b"dreamplay journal 1\n"
ENDING = ".journal"
MAX_RECORD = 64 << 20  # bytes: a raw frame of 1920x1080 has a tenth
_SYNC = 1.0  # seconds between two syncs
_HEAD = struct.Struct("<II")


class Journal:
    """A journal that is being written, and locked so that nobody recovers it meanwhile."""

    def __init__(self, path: Path, first: bytes) -> None:
        """Create the file with its first record.

        Raises:
            StorageError: The disk is full or the folder may not be written.
        """
        self.path = path
        self._good = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
        _lock(self._file.fileno())
        self._put(MAGIC + _framed(first))
        self._ended = threading.Event()
        self._syncer = threading.Thread(target=self._sync, name="journal", daemon=True)
        self._syncer.start()

    def append(self, record: bytes) -> None:
        """Add a record; it survives the end of this process at once.

        Raises:
            StorageError: The disk is full. The file ends with the last whole record.
        """
        self._put(_framed(record))

    def close(self) -> None:
        """Sync and close; a second call does nothing."""
        if self._file.closed:
            return
        self._ended.set()
        self._syncer.join()
        with contextlib.suppress(OSError):  # a full disk has been reported by `append`
            os.fsync(self._file.fileno())
        self._file.close()

    def _put(self, content: bytes) -> None:
        try:
            done = 0
            while done < len(content):
                done += self._file.write(content[done:]) or 0
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._good)
                self._file.seek(self._good)
            raise StorageError(f"cannot write {self.path}: {error.strerror or error}") from error
        self._good += done

    def _sync(self) -> None:
        while not self._ended.wait(_SYNC):
            with contextlib.suppress(OSError):  # the next write says it
                os.fsync(self._file.fileno())


def read_journal(path: Path) -> Iterator[bytes]:
    """The whole records of a journal, oldest first.

    Raises:
        MovieError: The file is no journal or cannot be read.
    """
    try:
        with opened(path) as file:
            left = os.fstat(file.fileno()).st_size - len(MAGIC)
            if file.read(len(MAGIC)) != MAGIC:
                raise MovieError(f"{path}: not a journal of dreamplay")
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                length, crc = _HEAD.unpack(head)
                left -= _HEAD.size + length
                if length > MAX_RECORD or left < 0:
                    return
                record = file.read(length)
                if len(record) != length or zlib.crc32(record) != crc:
                    return
                yield record
    except OSError as error:
        raise MovieError(f"{path}: cannot be read: {error.strerror or error}") from error


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep a closed journal from being recovered by another program while this one makes its film."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # reading it says what is wrong
            _lock(stack.enter_context(opened(path)).fileno())
        yield


def abandoned(folder: Path) -> list[Path]:
    """The journals of a folder that nobody writes any more, oldest first."""
    try:
        paths = sorted(folder.glob(f"*{ENDING}"))
    except OSError:
        return []
    return [path for path in paths if _own(path) and not _locked(path)]


def _framed(record: bytes) -> bytes:
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def _own(path: Path) -> bool:
    """Whether the user wrote it: in a folder for temporary files anybody may leave a journal."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and (sys.platform == "win32" or status.st_uid == os.getuid())


_TRIES, _MOMENT = 20, 0.01  # seconds


def _lock(file: int) -> None:
    if sys.platform != "win32":
        import fcntl

        with contextlib.suppress(OSError):  # some network disks have no locks
            for _ in range(_TRIES):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:  # whoever looks for abandoned journals holds it for a moment
                    time.sleep(_MOMENT)


def _locked(path: Path) -> bool:
    """Whether a living process writes the journal; the lock dies with its process."""
    try:
        with path.open("r+b") as file:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
