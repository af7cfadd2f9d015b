"""What can be played, found but not loaded: a dream by its name, or the real game."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from dreamplay import games, movie
from dreamplay.loading import map_torch
from dreamplay.world import GameSpec, World

DEFAULT = "mario"

Progress = Callable[[int, int], None]
"""Is told bytes done and in all while something is downloaded."""


@dataclass(frozen=True)
class Wish:
    """What is to be played, and on what; None where nothing is said.

    Attributes:
        model: A name, a folder, or user/repo[@revision].
        real: Whether to play the real game instead of the dream.
        start: Where to begin.
        steps: Sampler steps a frame.
        device: "auto", "cpu", "cuda", "mps".
        dtype: Of the networks.
        compile: Whether to compile the networks.
        offline: Never ask the Hub.
    """

    model: str | None = None
    real: bool = False
    start: str | None = None
    steps: int | None = None
    device: str = "auto"
    dtype: str | None = None
    compile: bool = False
    offline: bool = False


@dataclass(frozen=True)
class Choice:
    """A world that can be loaded.

    Attributes:
        name: As it was asked for.
        game: What it plays.
        start: Where it begins.
        kind: "real" or "dream".
        load: Makes the world.
        source: What it is made of, for movies: SHA-256 of the ROM or of the config.
        commit: Of the Hub, where it comes from there.
    """

    name: str
    game: GameSpec
    start: str
    kind: str
    load: Callable[[], World]
    source: Callable[[], str]
    commit: str | None = None

    @property
    def title(self) -> str:
        """The name, and the commit that it stands for."""
        return f"{self.name}, commit {self.commit}" if self.commit else self.name

    def header(self, seed: int) -> movie.Header:
        """The header of a movie of this world."""
        game = self.game
        return movie.Header(game.name, self.kind, self.source(), self.start, seed, game.fps, game.buttons)


def find(wish: Wish, progress: Progress | None = None) -> Choice:
    """Find what is wished for; what the Hub has is downloaded.

    Raises:
        DreamplayError: There is no such model, game or start, or it cannot be had.
    """
    name = wish.model or DEFAULT
    return _real(name, wish) if wish.real else _dream(name, wish, progress)


def _real(name: str, wish: Wish) -> Choice:
    if name not in games.names():
        from dreamplay import config, hub

        name = config.load(hub.find(name, offline=wish.offline)).game.name
    module = games.load(name)
    start = wish.start or module.DEFAULT_START
    world = _real_world(module, start)
    return Choice(name, module.GAME, start, "real", lambda: world, lambda: str(getattr(world, "source", "")))


def _real_world(module: ModuleType, start: str) -> World:
    world: World = module.make_world(start)
    return world


def _dream(name: str, wish: Wish, progress: Progress | None) -> Choice:
    from dreamplay import config, hub, weights
    from dreamplay.repository import commit_of

    directory = hub.find(name, offline=wish.offline, progress=progress)
    game = config.load(directory).game
    source = weights.digest(directory / config.FILE)
    load = partial(_load_dream, directory, wish)
    return Choice(name, game, wish.start or "", "dream", load, lambda: source, commit_of(directory))


def _load_dream(directory: Path, wish: Wish) -> World:
    map_torch()
    from dreamplay import dream

    return dream.load(
        directory, device=wish.device, dtype=wish.dtype, steps=wish.steps, compile=wish.compile, start=wish.start
    )
