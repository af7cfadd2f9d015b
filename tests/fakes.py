"""Worlds and screens for tests: exact, instant, and honest about what they were given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dreamplay.controls import Input, Status
from dreamplay.hotkeys import Command
from dreamplay.shelf import Arrays
from dreamplay.weights import Expected
from dreamplay.world import Buttons, Frame, GameSpec, Moment

COUNTER = GameSpec(
    name="counter",
    title="Counter",
    height=24,
    width=32,
    fps=30,
    buttons=("a", "b", "left", "right"),
    keys={"a": ("x",), "b": ("z",), "left": ("left", "a"), "right": ("right", "d")},
    pad={"a": ("a",), "b": ("b", "x"), "left": ("dpad_left", "leftx-"), "right": ("dpad_right", "leftx+")},
    opposites=(("left", "right"),),
)


@dataclass(frozen=True)
class Seen:
    """What a frame of CounterWorld says."""

    steps: int
    buttons: Buttons
    seed: int


class CounterWorld:
    """A world whose frames say how many steps were made, what was held in the last one, and the seed."""

    def __init__(self, game: GameSpec = COUNTER, *, work: Callable[[], None] = lambda: None, log: bool = True) -> None:
        """Take the game, what a step has to do meanwhile, and whether to remember what was pressed."""
        self._game, self._work, self._log = game, work, log
        self._state = Seen(0, 0, 0)
        self.pressed: list[Buttons] = []
        self._quality = 3

    @property
    def game(self) -> GameSpec:
        """The counter, or what it plays."""
        return self._game

    @property
    def steps(self) -> int:
        """Sampler steps, as a dream has them: 1 to 4, and of no effect here."""
        return self._quality

    @steps.setter
    def steps(self, steps: int) -> None:
        if not 1 <= steps <= 4:
            raise ValueError(steps)
        self._quality = steps

    def reset(self, seed: int) -> Frame:
        """Count from nought."""
        self._state = Seen(0, 0, seed)
        return self._frame()

    def step(self, buttons: Buttons) -> Frame:
        """Count one more."""
        self._work()
        if self._log:
            self.pressed.append(buttons)
        self._state = Seen(self._state.steps + 1, buttons, self._state.seed)
        return self._frame()

    def save(self) -> Seen:
        """The count."""
        return self._state

    def restore(self, state: Seen) -> Frame:
        """Go on from a count."""
        self._state = state
        return self._frame()

    @property
    def source(self) -> str:
        """It is made of nothing."""
        return "0" * 64

    @property
    def shapes(self) -> Expected:
        """Of `pack`."""
        return {"seen": ((3,), "I64")}

    def pack(self, state: Seen) -> Arrays:
        """The count as an array."""
        return {"seen": np.array([state.steps, state.buttons, state.seed])}

    def unpack(self, arrays: Arrays, age: int, file: str) -> Seen:
        """The count of an array."""
        return Seen(*arrays["seen"].tolist())

    def picture(self, state: Seen) -> Frame:
        """What was shown then."""
        here, shown = self._state, self.restore(state)
        self._state = here
        return shown

    def _frame(self) -> Frame:
        frame = np.zeros((self._game.height, self._game.width, 3), np.uint8)
        frame[0, 0] = self._state.steps >> 16 & 255, self._state.steps >> 8 & 255, self._state.steps & 255
        frame[0, 1] = self._state.buttons >> 8 & 255, self._state.buttons & 255, self._state.seed & 255
        frame[1:, self._state.steps % self._game.width] = (80, 160, 240)
        return frame


def read(frame: Frame) -> Seen:
    """What a frame of CounterWorld says."""
    steps, held = frame[0, 0].tolist(), frame[0, 1].tolist()
    return Seen(steps[0] << 16 | steps[1] << 8 | steps[2], held[0] << 8 | held[1], held[2])


class Console(CounterWorld):
    """A real game that tells where its hero is."""

    def probe(self) -> Mapping[str, int]:
        """The hero goes a pixel a step."""
        return {"x": 10 + self.save().steps, "y": 100, "y_viewport": 1}

    def mark(self) -> None:
        """Every present is quick to go back to."""


class Dreamer(CounterWorld):
    """A dream that counts, and that goes on from any frame of its kind."""

    memory = 4
    drift = 0
    past: Sequence[Moment] = ()

    @property
    def hero(self) -> tuple[int, int]:
        """As in the real game, but for the drift."""
        return 10 + self.save().steps + self.drift, 100 - self.drift

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        """Go on from the newest moment."""
        self.past = moments
        return self.restore(read(moments[-1].frame))


class ScriptedScreen:
    """Gives one input a poll, quits when there are no more, and keeps everything that it was shown."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._inputs = iter(inputs)
        self.frames: list[Frame] = []
        self.statuses: list[Status] = []
        self.games: list[GameSpec] = []

    def poll(self) -> Input:
        """The next input."""
        return next(self._inputs, Input(commands=(Command.QUIT,)))

    def show(self, frame: Frame, status: Status) -> None:
        """Keep the frame and what is said over it."""
        self.frames.append(frame.copy())
        self.statuses.append(status)

    def change(self, game: GameSpec) -> None:
        """Note the game."""
        self.games.append(game)

    @property
    def seen(self) -> list[Seen]:
        """What the frames say, the one of the reset first."""
        return [read(frame) for frame in self.frames]


class FakeTime:
    """A clock that only moves when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.time = 100.0
        self.slept = 0.0

    def now(self) -> float:
        """The time, seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.time += seconds
        self.slept += seconds
