"""What the real game does under every chord from the same moment; slow, so it is kept on disk.

Axis letters: N moments, h w pixels.
"""

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dreamplay import games, movie
from dreamplay.world import Buttons, Frame, GameSpec

CHORDS = ("", "right", "left", "a", "right+a", "right+b", "right+a+b", "left+a")
"""What is tried at each moment; the first, no buttons, is what the others are compared with."""
HORIZONS = (4, 8, 16)
"""Frames after which Mario's displacement is read."""
VISIBLE = 8
"""Pixels below the status bar in which two pictures must differ to count as different: a stray dot is no reaction."""
_OBEYS = 8

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Moment:
    """A frame of a movie, and the row of the footage that comes after it."""

    movie: Path
    number: int
    row: int


@dataclass(frozen=True)
class Reactions:
    """What follows from N moments under each chord.

    Attributes:
        moves: Mario's displacement dx, dy in the level after each horizon, (N, chords, horizons, 2) pixels; NaN where
            he is not there or does not obey.
        first: The first frame that differs from the one under no buttons, 0 if none does, (N, chords).
    """

    moves: Floats
    first: Whole


class Rewindable(Protocol):
    """A real game that can be tried out."""

    @property
    def game(self) -> GameSpec:
        """What is played."""

    def reset(self, seed: int) -> Frame:
        """Start anew."""

    def step(self, buttons: Buttons) -> Frame:
        """Hold the buttons for one frame."""

    def advance(self, buttons: Buttons) -> None:
        """A step without its frame."""

    def mark(self) -> object:
        """Remember the present."""

    def rewind(self) -> Frame:
        """Back to the mark."""

    def probe(self) -> Mapping[str, int]:
        """Numbers of the present frame."""


def real_reactions(moments: Sequence[Moment], folder: Path, *, workers: int = 2) -> Reactions:
    """The real game's reactions at some moments, from the folder if they are there.

    Args:
        moments: In the order of movies and frame numbers.
        folder: Where they are kept.
        workers: Number of processes.
    """
    path = folder / f"reactions-{_fingerprint(moments):08x}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return Reactions(kept["moves"], kept["first"])
    jobs = [list(group) for _, group in groupby(moments, key=lambda moment: moment.movie)]
    with ProcessPoolExecutor(max(1, min(workers, len(jobs))), mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_of_movie, jobs))
    found = Reactions(np.concatenate([part.moves for part in parts]), np.concatenate([part.first for part in parts]))
    beside = path.with_suffix(".tmp.npz")
    np.savez(beside, moves=found.moves, first=found.first)
    beside.replace(path)
    return found


def _of_movie(moments: Sequence[Moment]) -> Reactions:
    """The reactions at moments of one movie, which is played once."""
    played = movie.read(moments[0].movie)
    module = games.load(played.header.game)
    world: Rewindable = module.make_world(played.header.start)
    return reactions(world, played.header.seed, played.buttons, [m.number for m in moments], top=module.STATUS_ROWS)


def reactions(
    world: Rewindable, seed: int, buttons: Sequence[Buttons], numbers: Sequence[int], *, top: int
) -> Reactions:
    """Play some buttons and try every chord at some frames.

    Args:
        world: The real game.
        seed: Of the reset.
        buttons: What is played.
        numbers: Frames (counted from the reset, 0) at which the chords are tried, rising.
        top: Rows of the status bar.
    """
    world.reset(seed)
    chords = [world.game.chord(text) for text in CHORDS]
    played, moves, first = 0, [], []
    for number in numbers:
        for held in buttons[played:number]:
            world.advance(held)
        played = number
        world.mark()
        moved, differs = _try(world, chords, top)
        moves.append(moved)
        first.append(differs)
        world.rewind()
    shape = (len(numbers), len(chords))
    return Reactions(np.array(moves).reshape(*shape, len(HORIZONS), 2), np.array(first, np.int64).reshape(shape))


def _try(world: Rewindable, chords: Sequence[Buttons], top: int) -> tuple[Floats, list[int]]:
    """Displacements (chords, horizons, 2) and first different frames from the marked present."""
    home, nothing = _place(world.probe()), list[Frame]()
    moves, first = np.full((len(chords), len(HORIZONS), 2), np.nan), []
    for i, chord in enumerate(chords):
        world.rewind()
        differs = 0
        for n in range(1, HORIZONS[-1] + 1):
            frame = world.step(chord)
            if i == 0:
                nothing.append(frame)
            elif not differs and (frame != nothing[n - 1])[top:].any(-1).sum() >= VISIBLE:
                differs = n
            if n in HORIZONS:
                moves[i, HORIZONS.index(n)] = _place(world.probe()) - home
        first.append(differs)
    return moves, first


def _place(probe: Mapping[str, int]) -> Floats:
    """Where Mario is in the level, (2,); NaN when he does not obey."""
    if probe["player_state"] != _OBEYS or probe["y_viewport"] != 1:
        return np.full(2, np.nan)
    return np.array([probe["x"], probe["y"]], dtype=np.float64)


def _fingerprint(moments: Sequence[Moment]) -> int:
    """Changes with the movies, the moments and what is tried there."""
    mixed = zlib.crc32(repr((CHORDS, HORIZONS, VISIBLE, [(m.movie.name, m.number) for m in moments])).encode())
    for path in sorted({moment.movie for moment in moments}):
        mixed = zlib.crc32(path.read_bytes(), mixed)
    return mixed
