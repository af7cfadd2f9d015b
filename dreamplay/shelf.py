"""Save states on disk: a folder for each cartridge, a file for each slot, read with suspicion.

A file holds plain arrays and never code. It says which cartridge it belongs to, and no other one can load it.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save

from dreamplay import weights
from dreamplay.errors import CheckpointError, StorageError
from dreamplay.files import write_whole
from dreamplay.tape import Mark
from dreamplay.world import Frame, GameSpec, State

Arrays = dict[str, npt.NDArray[Any]]

_OWN: weights.Expected = {"source": ((32,), "U8"), "seed": ((1,), "I64"), "age": ((1,), "I64")}
"""What a file holds besides the world's own arrays: the cartridge's hash, the seed, steps since the beginning."""


@dataclass(frozen=True)
class Saved:
    """A present to go back to.

    Attributes:
        state: What the world saved.
        frame: What was shown then, (h, w, 3).
        seed: Of the dream.
        age: Steps since its beginning.
        mark: Where the movie stood, if one is recorded.
    """

    state: State
    frame: Frame
    seed: int
    age: int
    mark: Mark | None


class Lasting(Protocol):
    """A world whose saved presents may outlive it."""

    @property
    def game(self) -> GameSpec:
        """What is played."""

    @property
    def source(self) -> str:
        """SHA-256 of what the world is made of."""

    @property
    def shapes(self) -> weights.Expected:
        """Shapes and types of what `pack` gives."""

    def pack(self, state: State) -> Arrays:
        """A saved present as arrays."""

    def unpack(self, arrays: Arrays, age: int, file: str) -> State:
        """The saved present that arrays stand for; raises CheckpointError."""

    def picture(self, state: State) -> Frame:
        """The frame that was shown then, (h, w, 3)."""


class Shelf:
    """Where the states of one cartridge lie."""

    def __init__(self, folder: Path, world: Lasting) -> None:
        """Take the folder of all cartridges' states; nothing is made there before `put`."""
        self._world = world
        self._folder = folder / f"{world.game.name}-{world.source[:16]}"
        self._waiting: dict[int, Saved] = {}
        self._writer = ThreadPoolExecutor(1, "states")
        self._news: SimpleQueue[str] = SimpleQueue()

    def read(self, slot: int) -> Saved | None:
        """What lies in a slot; None where it is empty, or holds what cannot be trusted, which becomes news."""
        path = self._path(slot)
        if not path.exists() and not path.is_symlink():
            return None
        try:
            return load(path, self._world)
        except CheckpointError as error:
            self._news.put(f"Slot {slot + 1} left out: {error}")
            return None

    def put(self, slot: int, saved: Saved) -> None:
        """Write a state without waiting for the disk; a newer one of the same slot takes its place."""
        self._waiting[slot] = saved
        self._writer.submit(self._write)

    def news(self) -> str:
        """What went wrong since, a sentence a call; empty when nothing did."""
        try:
            return self._news.get_nowait()
        except Empty:
            return ""

    def close(self) -> None:
        """Wait until everything is written."""
        self._writer.shutdown()

    def _path(self, slot: int) -> Path:
        return self._folder / f"slot-{slot + 1}.safetensors"

    def _write(self) -> None:
        if not self._waiting:
            return
        slot, saved = self._waiting.popitem()
        own: Arrays = {
            "source": np.frombuffer(bytes.fromhex(self._world.source), np.uint8),
            "seed": np.array([saved.seed], np.int64),
            "age": np.array([saved.age], np.int64),
        }
        try:
            write_whole(self._path(slot), save({**self._world.pack(saved.state), **own}))
        except StorageError as error:
            self._news.put(f"Slot {slot + 1} lasts until you quit: {error}")


def load(path: Path, world: Lasting) -> Saved:
    """Read a state's file.

    Raises:
        CheckpointError: It is damaged, hostile, or of another cartridge.
    """
    weights.check(path, {**world.shapes, **_OWN})
    arrays = load_file(path)
    source, seed, age = (arrays.pop(name) for name in _OWN)
    if source.tobytes().hex() != world.source:
        raise CheckpointError(f"{path.name}: is of cartridge {source.tobytes().hex()[:12]}, not of {world.source[:12]}")
    if age[0] < 0:
        raise CheckpointError(f"{path.name}: tensor age holds {age[0]}")
    state = world.unpack(arrays, int(age[0]), path.name)
    return Saved(state, world.picture(state), int(seed[0]), int(age[0]), None)
