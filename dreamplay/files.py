"""Files that are read with suspicion and written whole."""

import contextlib
import errno
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from dreamplay.errors import CheckpointError, StorageError


def regular(path: Path) -> Path:
    """The regular file behind a path: the path itself, or the blob that a link of the Hub's cache leads to.

    Raises:
        CheckpointError: There is no such file, it is no regular file, or it is a link to somewhere else.
    """
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path.name}: no such file in {path.parent}") from error
    if path.is_symlink() and not _in_blobs(target, path):
        raise CheckpointError(f"{path.name}: is a link to {target}; a cartridge holds its files itself")
    if not stat.S_ISREG(mode):
        raise CheckpointError(f"{path.name}: is not a regular file")
    return target


def opened_regular(path: Path) -> BufferedReader:
    """Open the regular file behind a path for reading.

    Raises:
        CheckpointError: There is none, or it may not be read.
    """
    try:
        return regular(path).open("rb")
    except OSError as error:
        raise CheckpointError(f"{path.name}: cannot be read: {error.strerror or error}") from error


def opened(path: Path) -> BinaryIO:
    """Open a regular file for reading: a pipe would never answer, a device never end.

    Raises:
        OSError: It is none, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def _in_blobs(target: Path, link: Path) -> bool:
    """Whether the link is `<repository>/snapshots/<commit>/<file>` and leads into the cache's blobs."""
    snapshots = link.parent.resolve().parent
    repository = snapshots.parent
    blobs = (repository / "blobs", repository.parent / "blobs")
    return snapshots.name == "snapshots" and any(map(target.is_relative_to, blobs))


def unused(path: Path) -> Path:
    """The path, with a number before its ending where it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target, sync, rename into place: the file is the old one or the new one, never half of one.

    Raises:
        StorageError: The disk is full or the folder may not be written.
    """
    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            beside = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)  # a temporary file is its owner's alone
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
