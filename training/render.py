"""Renders movies into the frame cache, in several processes; what is there already is left alone."""

import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import tyro

from dreamplay import games, movie
from dreamplay.errors import DivergedError, DreamplayError, MovieError, UsageError
from dreamplay.movie import Movie
from dreamplay.world import Buttons, Frame, World
from training.cache import CacheError, Indices, Shard, Table, write_shard
from training.progress import Progress

Job = tuple[Path, Path]
Colours = tuple[tuple[int, int, int], ...]


class Probed(World, Protocol):
    """A world that says what its frame shows."""

    def probe(self) -> Mapping[str, int]:
        """Numbers of the present frame."""

    def seek(self, seed: int, buttons: Sequence[Buttons]) -> Frame:
        """Go to where these buttons lead after a reset, the quickest way there is. Returns the frame."""


@dataclass(frozen=True)
class Options:
    """Render movies into the frame cache.

    Attributes:
        movies: Folder of the movies.
        output: Folder of the cache.
        workers: Number of processes.
        skip_bad: Leave out movies that cannot be read or diverge, and count them, instead of ending there.
    """

    movies: tyro.conf.Positional[Path]
    output: tyro.conf.Positional[Path]
    workers: int = 2
    skip_bad: bool = False


def main(argv: list[str]) -> int:
    """Run the stage `render`."""
    options = tyro.cli(Options, args=argv, prog="python -m training render")
    bad = render(options)
    for line in bad:
        print(f"left out: {line}", file=sys.stderr)
    if bad:
        print(f"{len(bad)} movies left out", file=sys.stderr)
    return 0


def render(options: Options) -> list[str]:
    """Render every movie of the folder that has no shard yet.

    Returns:
        What was wrong with the movies that were left out.

    Raises:
        MovieError: There are no movies, or one is corrupt.
        DivergedError: A movie does not show the frames it was recorded with.
    """
    paths = sorted(options.movies.glob("*.movie"))
    if not paths:
        raise MovieError(f"{options.movies}: no movies (python -m training collect {options.movies})")
    options.output.mkdir(parents=True, exist_ok=True)
    jobs = [(path, options.output / path.stem) for path in paths]
    missing = [job for job in jobs if not is_rendered(*job)]
    progress = Progress("render", len(jobs), "movies")
    progress.start_at(len(jobs) - len(missing))
    bad = []
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for problems in pool.map(_render_family, _families(missing)):
            progress.add(len(problems))
            for problem in filter(None, problems):
                if not options.skip_bad:
                    pool.shutdown(cancel_futures=True)
                    raise problem
                bad.append(str(problem))
    progress.close()
    return bad


def _families(jobs: Iterable[Job]) -> list[list[Job]]:
    """Movies with a common past together, the one with the shortest past first; unreadable ones by themselves."""
    families: dict[tuple[str, int], list[tuple[int, Job]]] = {}
    for job in jobs:
        try:
            header = movie.read(job[0]).header
        except MovieError:
            families[str(job[0]), 0] = [(0, job)]
        else:
            families.setdefault((header.start, header.seed), []).append((header.skip, job))
    return [[job for _, job in sorted(family)] for family in families.values()]


def _render_family(jobs: Sequence[Job]) -> list[DreamplayError | None]:
    """Render movies of one past in one world. Returns what was wrong with each."""
    world: Probed | None = None
    problems: list[DreamplayError | None] = []
    for path, stem in jobs:
        try:
            played = movie.read(path)
            world = world or make_world(played, path)
            pictures, table = pictures_of(world, played, palette := games.load(played.header.game).PALETTE)
            write_shard(stem, pictures, table, np.array(palette, np.uint8), _crc(path))
        except MovieError as error:
            problems.append(error)
        except DivergedError as error:
            problems.append(DivergedError(f"{path}: {error}"))
        else:
            problems.append(None)
    return problems


def make_world(played: Movie, path: Path) -> Probed:
    """The real world of a movie.

    Raises:
        MovieError: The game cannot be rendered.
    """
    try:
        game = games.load(played.header.game)
        if not hasattr(game, "PALETTE"):
            raise MovieError(f"'{played.header.game}' has no palette: it cannot be rendered yet")
        world: Probed = game.make_world(played.header.start)
    except UsageError as error:
        raise MovieError(f"{path}: {error}") from error
    return world


def is_rendered(path: Path, stem: Path) -> bool:
    """Whether the movie as it is now has a shard."""
    index = stem.with_name(f"{stem.name}.npz")
    try:
        return index.exists() and Shard(index).movie_crc == _crc(path)
    except CacheError:
        return False


def pictures_of(world: Probed, played: Movie, palette: Colours) -> tuple[Indices, Table]:
    """Play a movie and keep the frames from its `skip` on.

    Returns:
        Palette indices, (N, h, w), and the table: the buttons that led to each frame, and the probe of each.

    Raises:
        DivergedError: The frames are not those of the recording.
    """
    skip = played.header.skip
    frame = world.seek(played.header.seed, played.buttons[:skip])
    pictures = np.empty((len(played.buttons) - skip + 1, *frame.shape[:2]), np.uint8)
    rows: list[Mapping[str, int]] = []
    for number in range(skip, len(played.buttons) + 1):
        frame = world.step(played.buttons[number - 1]) if number > skip else frame
        movie.check(number, frame, played.checksums)
        pictures[len(rows)] = indices(frame, palette)
        rows.append({"buttons": played.buttons[number - 1] if number else 0, "number": number, **world.probe()})
    return pictures, _columns(rows)


def _columns(rows: Sequence[Mapping[str, int]]) -> Table:
    return {name: np.array([row[name] for row in rows], np.int32) for name in rows[0]}


def indices(frame: Frame, palette: Colours) -> Indices:
    """The palette index of every pixel, (h, w); a colour that is not in the palette becomes its length, "unknown"."""
    wide = frame.astype(np.uint32)
    return _table(palette)[wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]]


@cache
def _table(palette: Colours) -> npt.NDArray[np.uint8]:
    """The index of each of the 2^24 colours: 16 MB, of which a game touches a few lines."""
    table = np.full(1 << 24, len(palette), np.uint8)
    for index, (red, green, blue) in enumerate(palette):
        table[red << 16 | green << 8 | blue] = index
    return table


def _crc(path: Path) -> int:
    return zlib.crc32(path.read_bytes())
