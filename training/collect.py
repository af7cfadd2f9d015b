"""Collects movies: policies play the real game in several processes, and only the buttons are kept.

Movies come in families of sixteen that share a run-up through the level, the trunk. Twice four of a family begin in the
very same moment and end in different ways; the last one begins with the stage. Movie k depends on nothing but the
seed and k, so that a collection that was killed goes on as if nothing had happened.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count, takewhile
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tyro

from dreamplay import games, movie
from dreamplay.emulator.mario import MarioWorld, Past
from dreamplay.errors import UsageError
from dreamplay.games.mario import GAME
from dreamplay.movie import Header, Movie
from training import policies
from training.progress import Progress

FAMILY = 16  # movies with a common trunk
_TWINS = 4  # movies that begin in the same moment, twice in a family
_TAIL_FRAMES = 120  # no movie begins so shortly before the end of a trunk


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
        shortest: Kept frames of the shortest movie, unless the stage ends before.
        longest: Kept frames of the longest movie.
        trunk: Frames of a run-up, unless the stage ends before.
        near: Movies begin only where Mario is a screen or less before this x of the level, if a run-up gets there.
    """

    output: tyro.conf.Positional[Path]
    game: str = "mario"
    stage: str = "1-1"
    frames: int = 64_000
    policy: str = "mix"
    workers: int = 2
    seed: int = 0
    shortest: int = 400
    longest: int = 900
    trunk: int = 2600
    near: int | None = None


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
    present = [kept_frames(movie.read(path)) for path in _present(options)]
    frames = sum(present)
    progress.start_at(frames)
    with closing(_movies(options, len(present), lambda: options.frames - frames)) as made:
        while frames < options.frames:
            k, one = next(made)
            movie.write(_path(options, k), one)
            frames += kept_frames(one)
            progress.add(kept_frames(one))
    progress.close()
    return frames


def kept_frames(played: Movie) -> int:
    """How many frames of a movie are data."""
    return len(played.buttons) - played.header.skip


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
    known = (*(style for style, _ in policies.MIX), *policies.OTHERS)
    found = tuple(style for style in known if style.name == policy)
    if not found:
        names = ", ".join(["mix", *(style.name for style in known), "ppo:FILE"])
        raise UsageError(f"no policy named '{policy}' (found: {names})")
    return found


def _path(options: Options, k: int) -> Path:
    return options.output / f"{options.game}-{options.stage}-{options.seed:04d}-{k:05d}.movie"


def _present(options: Options) -> Iterator[Path]:
    """The movies that are there, up to the first that is not."""
    return takewhile(Path.exists, (_path(options, k) for k in count()))


def _movies(options: Options, first: int, missing: Callable[[], int]) -> Generator[tuple[int, Movie], None, None]:
    """The movies from number `first` on, in order; no family is begun that is not likely to be needed."""
    context = get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context, initializer=_die_quietly) as pool:
        waiting: deque[Future[list[Movie]]] = deque()
        started = number = first // FAMILY
        usual = FAMILY * (options.shortest + options.longest) // 2
        while True:
            while not waiting or (len(waiting) < options.workers and len(waiting) * usual < missing()):
                waiting.append(pool.submit(play_family, options, started))
                started += 1
            for k, made in enumerate(waiting.popleft().result(), start=number * FAMILY):
                if k >= first:
                    yield k, made
            number += 1


def _die_quietly() -> None:
    """Let Ctrl-C end a worker without a word: the main process says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def play_family(options: Options, number: int) -> list[Movie]:
    """Play the trunk and the movies of a family, in order."""
    world = MarioWorld(options.stage)
    rng = np.random.default_rng([options.seed, number])
    past = _trunk(world, rng, options, number)
    moments = np.arange(max(past.steps - _TAIL_FRAMES, 1))
    if options.near is not None:
        moments = _moments_near(options.near, world, past)
    drawn = [int(start) for start in rng.choice(moments, size=FAMILY - 2 * _TWINS + 1)]
    last = 0 if options.near is None else drawn[-1]
    starts = drawn[:1] * _TWINS + drawn[1:2] * _TWINS + drawn[2:] + [last]
    made: dict[int, Movie] = {}
    for i in sorted(range(FAMILY), key=starts.__getitem__):
        world.restore(Past(past.seed, past.log, starts[i]))
        world.mark()
        made[i] = _aside(partial(_play, world, options, [options.seed, number, i]))
    return [made[i] for i in range(FAMILY)]


def _moments_near(x: int, world: MarioWorld, past: Past) -> npt.NDArray[np.int64]:
    """The steps of a past after which Mario obeys a screen or less before an x of the level, or else all of them."""
    world.reset(past.seed)
    found = []
    for step, buttons in enumerate(past.buttons, start=1):
        world.advance(buttons)
        probe = world.probe()
        if probe["player_state"] == policies.OBEYS and 0 <= x - probe["x"] < GAME.width:
            found.append(step)
    return np.array(found) if found else np.arange(max(past.steps, 1))


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


def _trunk(world: MarioWorld, rng: np.random.Generator, options: Options, number: int) -> Past:
    world.reset(int(rng.integers(2**31)))
    forward = policies.SEEK if number % 2 else policies.FORWARD
    if options.policy in {style.name for style in policies.OTHERS if style.proud}:  # only a fork may read an agent
        forward = policies.GROW
    policies.explore(world, rng, options.trunk, forward)
    return world.save()


def _play(world: MarioWorld, options: Options, seed: list[int]) -> Movie:
    start = world.save()
    rng = np.random.default_rng(seed)
    known = styles(options.policy)
    style = known[0] if known else policies.choose(rng)
    checksums = {start.steps: movie.checksum(world.frame)} if start.steps else {}
    policies.explore(world, rng, int(rng.integers(options.shortest, options.longest)), style)
    played = world.save()
    checksums[played.steps] = movie.checksum(world.frame)
    game = world.game
    header = Header(
        game.name, "real", world.source, options.stage, start.seed, game.fps, game.buttons, skip=start.steps
    )
    return Movie(header, tuple(played.buttons), checksums)
