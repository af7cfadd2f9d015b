"""Remembers how fast each model ran on this machine."""

import json
from contextlib import suppress
from pathlib import Path

from dreamplay.errors import StorageError
from dreamplay.files import write_whole

_WORTH = 0.05  # share that a speed has to differ by before the disk is troubled
_LARGEST = 65_536  # bytes: no honest file comes near


class Speeds:
    """Frames a second by model, in a small file."""

    def __init__(self, path: Path | None) -> None:
        """Read the file; one that says nothing counts as empty, it is measured again soon enough.

        Args:
            path: The file; None where nothing can be kept.
        """
        self.playing = ""
        self._path = path
        self._known = _read(path) if path else {}

    def of(self, name: str) -> float | None:
        """Frames a second of a model here; None where it has not been measured."""
        return self._known.get(name)

    def note(self, fps: float) -> None:
        """Write down how fast the model that plays now is; 0 says that it is too early to tell."""
        old = self._known.get(self.playing, 0.0)
        if not self.playing or not fps:
            return
        self._known[self.playing] = round(fps, 1)
        if self._path is not None and abs(fps - old) > _WORTH * fps:
            with suppress(StorageError):  # it will be measured again
                write_whole(self._path, json.dumps(self._known).encode())


def _read(path: Path) -> dict[str, float]:
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: float(fps) for name, fps in values.items() if isinstance(fps, int | float) and 0 < fps < 1e6}
