"""How the window feels, with no world behind it: what a frame costs, how soon a press is seen, how evenly frames come.

All of it is measured through the loop that plays: `Player.tick`.

Axis letters: h w pixels.
"""

import random
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from dreamplay.controls import Input, Status
from dreamplay.hotkeys import Command
from dreamplay.player import Player
from dreamplay.screen import Screen
from dreamplay.sitting import Sitting
from dreamplay.tape import Tape
from dreamplay.world import Buttons, Frame, GameSpec, State

_WARMUP = 60
"""Frames before the clock counts: fonts are rendered and surfaces made by then."""


class NullWorld:
    """A world whose frames cost nothing: two pictures in turn."""

    def __init__(self, game: GameSpec) -> None:
        """Draw the pictures: noise in sixteen colours, which packs about as badly as a game's picture may."""
        chance = np.random.default_rng(0)
        self.game = game
        tiles = chance.integers(0, 16, (2, -(-game.height // 8), -(-game.width // 8), 3), dtype=np.uint8) * 16
        self._frames = tiles.repeat(8, axis=1).repeat(8, axis=2)[:, : game.height, : game.width]
        self.held: Buttons = 0
        self._steps = 0

    def reset(self, seed: int) -> Frame:
        """The first picture."""
        self._steps = 0
        return self._frame()

    def step(self, buttons: Buttons) -> Frame:
        """The other picture."""
        self.held = buttons
        self._steps += 1
        return self._frame()

    def save(self) -> State:
        """How many steps were made."""
        return self._steps

    def restore(self, state: State) -> Frame:
        """Go back to a number of steps."""
        self._steps = state
        return self._frame()

    def _frame(self) -> Frame:
        frame: Frame = self._frames[self._steps % 2]
        return frame


class Probe:
    """A screen around a screen, that presses buttons of its own and notes when frames were shown."""

    def __init__(self, screen: Screen, world: NullWorld) -> None:
        self._screen, self._world = screen, world
        self.commands: tuple[Command, ...] = ()
        self.press_at = float("inf")
        self.delays: list[float] = []
        self.shown: list[float] = []

    def poll(self) -> Input:
        """What the hands did, and the press whose time has come."""
        given = self._screen.poll()
        commands, self.commands = (*given.commands, *self.commands), ()
        pressed = int(time.perf_counter() >= self.press_at)
        return replace(given, buttons=given.buttons | pressed, commands=commands)

    def show(self, frame: Frame, status: Status) -> None:
        """Show the frame and note the time."""
        self._screen.show(frame, status)
        now = time.perf_counter()
        self.shown.append(now)
        if self._world.held & 1 and now >= self.press_at:
            self.delays.append(now - self.press_at)
            self.press_at = float("inf")

    def change(self, game: GameSpec) -> None:
        """Another game."""
        self._screen.change(game)


def measure(
    screen: Screen, game: GameSpec, *, frames: int = 600, presses: int = 200, seconds: float = 60.0
) -> dict[str, float]:
    """Measure what the front end costs.

    Args:
        screen: A window, or whatever is to be measured.
        game: Whose frames are shown, at whose rate.
        frames: Whose cost is measured.
        presses: Presses of a button at random times.
        seconds: How long the frames' rhythm is listened to.

    Returns:
        Percentiles of a frame's cost with everything on the screen, the most memory that Python and numpy took
        meanwhile, delays from a press to its frame, and deviations of frames from their time, in milliseconds and KiB.
    """
    with _sitting(screen, game, 0.0) as (player, probe):
        costs = [1000 * _timed(player) for _ in range(frames)]
        tracemalloc.start()
        taken = [_taken(player) / 1024 for _ in range(min(frames, _WARMUP))]
        tracemalloc.stop()
    with _sitting(screen, game, game.fps) as (player, probe):
        _press(player, probe, presses, 1 / game.fps)
        delays = [1000 * delay for delay in probe.delays]
    with _sitting(screen, game, game.fps) as (player, probe):
        probe.shown.clear()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until or len(probe.shown) < 3:
            player.tick()
        uneven = [abs(1000 * float(gap) - 1000 / game.fps) for gap in np.diff(probe.shown)]
    return {
        **_percentiles("frame_ms", costs),
        "frame_kib": max(taken),
        **_percentiles("press_ms", delays),
        "press_bound_ms": 1000 / game.fps + 1000 / 60,
        **_percentiles("uneven_ms", uneven),
    }


@contextmanager
def _sitting(screen: Screen, game: GameSpec, fps: float) -> Iterator[tuple[Player, Probe]]:
    """A player with the whole HUD on the screen and the last half minute kept, warmed up."""
    world = NullWorld(game)
    probe = Probe(screen, world)
    with tempfile.TemporaryDirectory() as folder:
        tape = Tape(game, fps=game.fps, pictures=Path(folder), journals=Path(folder))
        player = Player(world, probe, tape, Sitting(0, fps, rewinds=True, calm=True))
        probe.commands = (Command.HUD, Command.HUD, Command.SHOW_BUTTONS)
        for _ in range(_WARMUP):
            player.tick()
        yield player, probe
        tape.close()


def _timed(player: Player) -> float:
    began = time.perf_counter()
    player.tick()
    return time.perf_counter() - began


def _taken(player: Player) -> int:
    """The most memory, in bytes, that one frame takes beyond what there was."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    player.tick()
    return tracemalloc.get_traced_memory()[1] - before


def _press(player: Player, probe: Probe, presses: int, period: float) -> None:
    """Press at random times, each once the press before was seen."""
    chance = random.Random(0)
    while len(probe.delays) < presses:
        if probe.press_at == float("inf"):
            probe.press_at = time.perf_counter() + period * (1 + chance.random())
        player.tick()


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float]:
    p50, p99 = (float(value) for value in np.percentile(values, (50, 99)))
    return {f"{name}_p50": p50, f"{name}_p99": p99, f"{name}_max": max(values)}
