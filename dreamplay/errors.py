"""Every error that a user can fix, its wording and its exit code."""

from collections.abc import Iterable


class DreamplayError(Exception):
    """An error that a user can fix: one line with what was wrong, the value, and what to do."""

    exit_code = 1

    def __str__(self) -> str:
        """One line of printable characters, whatever a hostile file brought into it: no terminal is taken over."""
        words = "".join(each if each.isprintable() else " " for each in super().__str__())
        return " ".join(words.split())


class UsageError(DreamplayError):
    """A command line, name or script that means nothing."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not among those that exist."""

    def __init__(self, kind: str, name: str, found: Iterable[str]) -> None:
        super().__init__(f"no {kind} named '{name}' (found: {', '.join(found) or 'none'})")


class MissingExtraError(UsageError):
    """A feature whose packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'dreamplay[{extra}]'")


class CheckpointError(DreamplayError):
    """A cartridge that cannot be trusted or does not fit together."""

    exit_code = 3


class NetworkError(DreamplayError):
    """The Hub cannot be reached or refuses."""

    exit_code = 4


class DisplayError(DreamplayError):
    """No display to open a window on."""

    exit_code = 5


class DeviceError(DreamplayError):
    """A device that is missing or out of memory."""

    exit_code = 6


class StorageError(DreamplayError):
    """A disk that is full or a file that may not be read or written."""

    exit_code = 7


class DivergedError(DreamplayError):
    """A replay that shows other frames than the recording."""

    exit_code = 8


class MovieError(UsageError):
    """A movie file that is corrupt or made for another game."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is Python's or torch's way of saying so; torch is not imported to ask."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate memory" in words
