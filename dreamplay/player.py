"""The loop: wait, read the hands, step the world, record, show. `Player.tick` is the whole of it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dreamplay import pace
from dreamplay.controls import Input, Status
from dreamplay.dashboard import Dashboard
from dreamplay.errors import DreamplayError
from dreamplay.hotkeys import Command
from dreamplay.tape import Tape
from dreamplay.world import Buttons, Frame, State, World

if TYPE_CHECKING:  # the window needs pygame; a run without a window does without
    from dreamplay.screen import Screen

Pilot = Callable[[Frame], Buttons | None]
"""Plays instead of the hands: given the frame that is shown, the buttons of the next step, or None at its end."""

_REWIND = 10.0  # seconds that can be rewound


@dataclass(frozen=True)
class Clock:
    """Where the time comes from: `now` in seconds, `sleep` for some."""

    now: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Sitting:
    """How a world is played.

    Attributes:
        seed: Seed of the first dream; a new dream takes the next one.
        fps: Steps a second; 0 for as fast as possible.
        pilot: Plays instead of the hands until it has no more buttons.
        ends: Whether the play ends with the pilot; otherwise the hands take over.
        rewinds: Whether the world's states cost next to nothing to keep and to go back to.
        card: Seconds that the key card shows at the start.
        open_model: Loads another world, by name or folder, while this one plays.
        models: Names that the key for the next model goes through, the one that plays first.
    """

    seed: int
    fps: float
    pilot: Pilot | None = None
    ends: bool = False
    rewinds: bool = False
    card: float = 0.0
    open_model: Callable[[str], World] | None = None
    models: tuple[str, ...] = ()


class Player:
    """Plays a world on a screen."""

    def __init__(
        self, world: World, screen: "Screen", tape: Tape, sitting: Sitting, clock: Clock | None = None
    ) -> None:
        """Reset the world; `run` or `tick` plays it."""
        self._world, self._screen, self._tape = world, screen, tape
        self._sitting, self._seed, self._fps = sitting, sitting.seed, sitting.fps
        self._pilot, self._rewinds = sitting.pilot, sitting.rewinds
        self._models = deque(sitting.models)
        self._clock = clock or Clock()
        self._board = Dashboard()
        self._past: deque[State] = deque(maxlen=round(world.game.fps * _REWIND))
        self._speed, self._rush = 1.0, False
        self._paused = self._once = self._card = self._stopped = False
        self._card_until = self._clock.now() + sitting.card
        self._buttons: Buttons = 0
        self._age = 0
        self._due = 0.0
        self._frame = world.reset(self._seed)
        self._tape.reset(self._seed, self._frame)
        self._acts: dict[Command, Callable[[], None]] = {
            Command.QUIT: self.stop,
            Command.CARD: self._toggle_card,
            Command.PAUSE: self._toggle_pause,
            Command.ADVANCE: self._advance,
            Command.RESET: self._reset,
            Command.NEW_DREAM: self._dream_anew,
            Command.SCREENSHOT: lambda: self._tape.screenshot(self._frame),
            Command.RECORD_GIF: lambda: self._tape.toggle_gif(self._frame),
            Command.SAVE_CLIP: self._tape.save_clip,
            Command.HUD: self._board.cycle_hud,
            Command.SHOW_BUTTONS: self._board.toggle_buttons,
            Command.STEPS_DOWN: lambda: self._change_steps(-1),
            Command.STEPS_UP: lambda: self._change_steps(1),
            Command.SLOWER: lambda: self._change_speed(pace.slower(self._speed)),
            Command.FASTER: lambda: self._change_speed(pace.faster(self._speed)),
            Command.NORMAL_SPEED: lambda: self._change_speed(1.0),
            Command.NEXT_MODEL: self._next_model,
        }

    @property
    def frame(self) -> Frame:
        """The frame that is shown, (h, w, 3)."""
        return self._frame

    @property
    def seed(self) -> int:
        """Seed of the dream that is played."""
        return self._seed

    @property
    def age(self) -> int:
        """Steps since the last reset."""
        return self._age

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment."""
        self._board.say(sentence)

    def stop(self) -> None:
        """End the play with this tick."""
        self._stopped = True

    def run(self) -> None:
        """Play until the end."""
        self._show()
        while self.tick():
            pass

    def tick(self) -> bool:
        """Wait for the next step's time, read the hands, step, record, show. Returns whether the play goes on."""
        self._wait()
        given = self._screen.poll()
        self._rush = Command.FAST_FORWARD in given.holding
        for command in given.commands:
            if command in self._acts:  # the others were the window's own
                self._acts[command]()
        if given.dropped:
            self._swap(given.dropped)
        if not self._stopped:
            self._play(given)
        self._show()
        return not self._stopped

    def _wait(self) -> None:
        if self._sitting.fps == 0:
            return
        beat = pace.pace(self._due, self._clock.now(), 1 / (self._fps * self._pace()))
        self._due = beat.due
        self._clock.sleep(beat.wait)

    def _play(self, given: Input) -> None:
        if given.buttons:
            self._card_until = 0.0
        if Command.REWIND in given.holding:
            self._rewind()
        elif self._once or not (self._paused or self._shows_card()):
            self._once = False
            self._step(given.buttons)

    def _step(self, buttons: Buttons) -> None:
        chosen = self._choose(buttons)
        if chosen is None:
            return
        if self._rewinds:
            self._past.append(self._world.save())
        start = self._clock.now()
        self._frame = self._world.step(chosen)
        self._board.watch.note(start, self._clock.now())
        self._buttons = chosen
        self._age += 1
        self._tape.write(chosen, self._frame)

    def _choose(self, buttons: Buttons) -> Buttons | None:
        if self._pilot is None:
            return buttons
        chosen = self._pilot(self._frame)
        if chosen is not None:
            return chosen
        self._pilot = None
        if self._sitting.ends:
            self.stop()
            return None
        self.say("The recording is over: now you play")
        return buttons

    def _show(self) -> None:
        while sentence := self._tape.news():
            self.say(sentence)
        status = self._board.status(
            self._clock.now(),
            self._world,
            wanted=self._fps * self._pace(),
            speed=self._pace(),
            paused=self._paused,
            card=self._shows_card(),
            seed=self._seed,
            age=self._age,
            buttons=self._buttons,
            recording=self._tape.seconds,
        )
        self._screen.show(self._frame, status)

    def _pace(self) -> float:
        return pace.FASTEST if self._rush else self._speed

    def _shows_card(self) -> bool:
        return self._card or self._clock.now() < self._card_until

    def _toggle_card(self) -> None:
        self._card = not self._shows_card()
        self._card_until = 0.0
        self._board.watch.clear()

    def _toggle_pause(self) -> None:
        self._paused = not self._paused
        self._board.watch.clear()

    def _advance(self) -> None:
        self._paused = self._once = True
        self._board.watch.clear()

    def _reset(self) -> None:
        self._frame = self._world.reset(self._seed)
        self._buttons, self._age, self._once, self._pilot = 0, 0, False, None
        self._past.clear()
        self._tape.reset(self._seed, self._frame)

    def _dream_anew(self) -> None:
        self._seed += 1
        self._reset()
        self._board.say_now(f"New dream, seed {self._seed}")

    def _rewind(self) -> None:
        if self._past:
            self._frame = self._world.restore(self._past.pop())
            self._age -= 1
            self._tape.undo(1)
        elif not self._rewinds:
            self._board.say_now("This world cannot be rewound")

    def _change_steps(self, change: int) -> None:
        steps = getattr(self._world, "steps", None)
        if steps is None:
            self._board.say_now("The real game has no sampler steps")
            return
        try:
            self._world.steps = steps + change  # type: ignore[attr-defined]  # only dreams have them
        except (ValueError, DreamplayError):
            self._board.say_now(f"Sampler steps: {steps}, no further")
            return
        self._board.watch.clear()
        self._board.say_now(f"Sampler steps: {steps + change}")

    def _change_speed(self, speed: float) -> None:
        self._speed = speed
        self._board.watch.clear()
        self._board.say_now(f"Speed {100 * speed:.0f} %")

    def _next_model(self) -> None:
        if len(self._models) < 2:
            self._board.say_now("No other model is installed: drop a model's folder on the window")
            return
        self._models.rotate(-1)
        self._swap(self._models[0])

    def _swap(self, name: str) -> None:
        if self._sitting.open_model is None:
            return
        self._screen.show(self._frame, Status(toast=f"Loading {name} ..."))
        try:
            world = self._sitting.open_model(name)
        except DreamplayError as error:
            self._board.say_now(str(error))
            return
        self._tape.change(world.game)
        self._screen.change(world.game)
        self._world, self._fps, self._rewinds = world, world.game.fps, True
        self._board.watch.clear()
        self._reset()
        self._board.say_now(f"Now playing {name}")
