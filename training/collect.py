"""Collects movies: policies play the real game in several processes, and only the buttons are kept.

Movies come in families of sixteen that share a run-up through the level, the trunk. Twice four of a family begin in the
very same moment and end in different ways; the last one begins with the stage. Movie k depends on nothing but the
seed and k, so that a collection that was killed goes on as if nothing had happened.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import tyro

from dreamplay import games, movie
from dreamplay.emulator.mario import MarioWorld, Past
from dreamplay.errors import UsageError
from dreamplay.movie import Header, Movie
from training import policies
from training.progress import Progress

FAMILY = 16  # movies with a common trunk
_TWINS = 4  # movies that begin in the same moment, twice in a family
_TRUNK_FRAMES = 2600
_TAIL_FRAMES = 120  # no movie begins so shortly before the end of a trunk
_SHORTEST, _LONGEST = 400, 900  # kept frames


@dataclass(frozen=True)
class Options:
    """Collect movies of the real game.

    Attributes:
        output: Folder of the movies.
        game: Which game.
        stage: Where the world starts.
        frames: How many frames to keep in all.
        policy: Who plays: "mix", the name of a style ("macros", "chords", "bumper" ...), or "ppo:FILE".
        workers: Number of processes.
        seed: Another seed gives other movies.
    """

    output: tyro.conf.Positional[Path]
    game: str = "mario"
    stage: str = "1-1"
    frames: int = 64_000
    policy: str = "mix"
    workers: int = 2
    seed: int = 0


@dataclass(frozen=True)
class Family:
    """What the movies of a family depend on."""

    stage: str
    policy: str
    seed: int
    number: int


def main(argv: list[str]) -> int:
    """Run the stage `collect`."""
    options = tyro.cli(Options, args=argv, prog="python -m training collect")
    collect(options)
    return 0


def collect(options: Options) -> int:
    """Write movies until there are enough frames; those that are there already are kept.

    Returns:
        The number of frames in the movies.

    Raises:
        UsageError: The game, stage or policy does not exist.
    """
    games.load(options.game)
    if options.game != "mario":
        raise UsageError(f"'{options.game}' cannot be collected yet (found: mario)")
    styles(options.policy)
    MarioWorld(options.stage)
    options.output.mkdir(parents=True, exist_ok=True)
    progress = Progress("collect", options.frames)
    frames = _present(options)
    progress.start_at(frames)
    number = len(list(_paths(options, present=True)))
    for k, made in _movies(options, first=number) if frames < options.frames else ():
        movie.write(_path(options, k), made)
        kept = len(made.buttons) - made.header.skip
        frames += kept
        progress.add(kept)
        if frames >= options.frames:
            break
    progress.close()
    return frames


def styles(policy: str) -> tuple[policies.Style, ...] | None:
    """The styles of a policy; None for the mix.

    Raises:
        UsageError: There is no such policy.
    """
    if policy == "mix":
        return None
    if policy.startswith("ppo:"):
        from training import agent

        return (agent.style(Path(policy.removeprefix("ppo:"))),)
    found = tuple(style for style, _ in policies.MIX if style.name == policy)
    if not found:
        names = ", ".join(["mix", *(style.name for style, _ in policies.MIX), "ppo:FILE"])
        raise UsageError(f"no policy named '{policy}' (found: {names})")
    return found


def _path(options: Options, k: int) -> Path:
    return options.output / f"{options.game}-{options.stage}-{options.seed:04d}-{k:05d}.movie"


def _paths(options: Options, *, present: bool) -> Iterator[Path]:
    k = 0
    while not present or _path(options, k).exists():
        yield _path(options, k)
        k += 1


def _present(options: Options) -> int:
    movies = (movie.read(path) for path in _paths(options, present=True))
    return sum(len(one.buttons) - one.header.skip for one in movies)


def _movies(options: Options, *, first: int) -> Iterator[tuple[int, Movie]]:
    """The movies from number `first` on, in order, without end."""
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[list[Movie]]] = []
        started = number = first // FAMILY
        try:
            while True:
                while len(waiting) < options.workers:
                    family = Family(options.stage, options.policy, options.seed, started)
                    waiting.append(pool.submit(play_family, family))
                    started += 1
                for i, made in enumerate(waiting.pop(0).result()):
                    if number * FAMILY + i >= first:
                        yield number * FAMILY + i, made
                number += 1
        finally:
            for future in waiting:
                future.cancel()


def play_family(family: Family) -> list[Movie]:
    """Play the trunk and the movies of a family, in order."""
    world = MarioWorld(family.stage)
    rng = np.random.default_rng([family.seed, family.number])
    past = _trunk(world, rng, family)
    latest = max(past.steps - _TAIL_FRAMES, 1)
    drawn = [int(start) for start in rng.integers(latest, size=FAMILY - 2 * _TWINS + 1)]
    starts = drawn[:1] * _TWINS + drawn[1:2] * _TWINS + drawn[2:] + [0]
    made: dict[int, Movie] = {}
    for i in sorted(range(FAMILY), key=starts.__getitem__):
        world.restore(Past(past.seed, past.log, starts[i]))
        world.mark()
        made[i] = _aside(partial(_play, world, family, i))
    return [made[i] for i in range(FAMILY)]


def _aside(play: Callable[[], Movie]) -> Movie:
    """Play in a fork of the process, which is the only copy that there is of a console's present.

    Without forks, here: then the world has to be restored by a replay of its past, which only takes longer.
    """
    if not hasattr(os, "fork"):
        return play()
    context = get_context("fork")
    here, there = context.Pipe(duplex=False)
    with here, there:
        process = context.Process(target=lambda: there.send(play()))
        process.start()
        there.close()
        made: Movie = here.recv()
        process.join()
    return made


def _trunk(world: MarioWorld, rng: np.random.Generator, family: Family) -> Past:
    world.reset(int(rng.integers(2**31)))
    style = policies.SEEK if family.number % 2 else policies.FORWARD
    policies.explore(world, rng, _TRUNK_FRAMES, style)
    return world.save()


def _play(world: MarioWorld, family: Family, i: int) -> Movie:
    start = world.save()
    rng = np.random.default_rng([family.seed, family.number, i])
    known = styles(family.policy)
    style = known[0] if known else policies.choose(rng)
    checksums = {start.steps: movie.checksum(world.frame)} if start.steps else {}
    policies.explore(world, rng, int(rng.integers(_SHORTEST, _LONGEST)), style)
    played = world.save()
    checksums[played.steps] = movie.checksum(world.frame)
    game = world.game
    header = Header(game.name, "real", world.source, family.stage, start.seed, game.fps, game.buttons, skip=start.steps)
    return Movie(header, tuple(played.buttons), checksums)
