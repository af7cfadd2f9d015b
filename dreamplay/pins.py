"""What a commit of a repository held when it first came here: what it holds later must be the same.

A pin lies in the Hub's cache beside the repository's snapshots, `pins/<commit>`, in the format of `sha256sum`.
"""

import re
from pathlib import Path

from dreamplay import config
from dreamplay.errors import CheckpointError
from dreamplay.files import opened, write_whole
from dreamplay.weights import digest

_LINE = re.compile(r"([0-9a-f]{64})  ([a-z.]+)\n")
_LARGEST = 4096  # bytes of a pin


def keep(directory: Path) -> None:
    """Pin a verified download, or compare it with the pin that its commit has.

    Raises:
        CheckpointError: The commit held something else before.
        StorageError: The pin cannot be written.
    """
    found = _digests(directory)
    pinned = _read(directory)
    if pinned is None:
        write_whole(_place(directory), "".join(f"{found[name]}  {name}\n" for name in sorted(found)).encode())
    elif pinned != found:
        raise _changed(directory, pinned, found)


def check(directory: Path) -> None:
    """Compare the config of a download with its pin; the config pins the weights, which are compared as they load.

    Raises:
        CheckpointError: It is not what was downloaded.
    """
    pinned = _read(directory)
    if pinned is not None and pinned.get(config.FILE) != digest(directory / config.FILE):
        raise _changed(directory, pinned, _digests(directory))


def require(directory: Path, sha256: str | None) -> None:
    """Compare the config of a download with the hash that was known before it, if one was.

    Raises:
        CheckpointError: It is another one.
    """
    found = digest(directory / config.FILE)
    if sha256 not in (None, found):
        raise CheckpointError(
            f"{_name(directory)} is not what this dreamplay knows: {config.FILE} was {sha256[:12]}, is {found[:12]}"
        )


def changed(directory: Path) -> list[str]:
    """Names of the files that are not what was downloaded.

    Raises:
        CheckpointError: The pin cannot be read.
    """
    pinned = _read(directory) or {}
    return [name for name in pinned if (directory / name).exists() and digest(directory / name) != pinned[name]]


def _digests(directory: Path) -> dict[str, str]:
    names = [name for name in (config.FILE, *config.WEIGHTS) if (directory / name).exists()]
    return {name: digest(directory / name) for name in names}


def _place(directory: Path) -> Path:
    return directory.parent.parent / "pins" / directory.name


def _read(directory: Path) -> dict[str, str] | None:
    place = _place(directory)
    try:
        with opened(place) as file:
            text = file.read(_LARGEST).decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{place}: cannot be read: {error.strerror}") from error
    lines = [_LINE.fullmatch(line) for line in text.splitlines(keepends=True)]
    if not lines or None in lines:
        raise CheckpointError(f"{place}: is no pin. Delete it to trust what is downloaded next")
    return {match[2]: match[1] for match in lines if match}


def _changed(directory: Path, pinned: dict[str, str], found: dict[str, str]) -> CheckpointError:
    """The difference in one line: name, hash before, hash now."""
    differences = [
        f"{name} was {pinned.get(name, 'absent')[:12]}, is {found.get(name, 'absent')[:12]}"
        for name in sorted(pinned.keys() | found.keys())
        if pinned.get(name) != found.get(name)
    ]
    return CheckpointError(
        f"{_name(directory)} is not what was downloaded first: {'; '.join(differences)}. "
        f"Get it anew: dreamplay get {_repository(directory)}@{directory.name}"
    )


def _name(directory: Path) -> str:
    return f"{_repository(directory)}@{directory.name[:7]}"


def _repository(directory: Path) -> str:
    return directory.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
