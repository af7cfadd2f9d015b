"""The loop: wait, read the hands, step the world, record, show. `Player.tick` is the whole of it."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dreamplay import pace
from dreamplay.autopilot import Autopilot
from dreamplay.beside import Beside
from dreamplay.calm import Calm
from dreamplay.controls import Input, Status
from dreamplay.dashboard import Dashboard
from dreamplay.errors import DreamplayError
from dreamplay.governor import Governor
from dreamplay.hotkeys import Command
from dreamplay.loading import Loading, T, attend
from dreamplay.shelf import Saved
from dreamplay.sitting import Clock, Pilot, Sitting
from dreamplay.tape import Tape
from dreamplay.world import Buttons, Frame, State, World, layers, news

if TYPE_CHECKING:  # the window needs pygame; a run without a window does without
    from dreamplay.screen import Screen

__all__ = ["Clock", "Pilot", "Player", "Sitting"]

_REWIND = 10.0  # seconds that can be rewound


class Player:
    """Plays a world on a screen."""

    def __init__(
        self, world: World, screen: "Screen", tape: Tape, sitting: Sitting, clock: Clock | None = None
    ) -> None:
        """Reset the world; `run` or `tick` plays it."""
        self._world, self._screen, self._tape = world, screen, tape
        self._sitting, self._seed, self._fps = sitting, sitting.seed, sitting.fps
        self._pilot, self._rewinds = sitting.pilot, sitting.rewinds
        self._menu, self._slots = sitting.menu, sitting.slots
        self._clock = clock or Clock()
        self._board, self._calm = Dashboard(), Calm() if sitting.calm else None
        self._autopilot = Autopilot(sitting.seed, self._clock.now())
        self._governor = Governor(sitting.most_steps) if sitting.most_steps else None
        self._past: deque[State] = deque(maxlen=round(world.game.fps * _REWIND))
        self._speed, self._rush = 1.0, False
        self._paused = self._once = self._stopped = False
        self._card_until = self._clock.now() + sitting.card
        self._buttons: Buttons = 0
        self._age = 0
        self._due = 0.0
        self._frame = world.reset(self._seed)
        self._tape.reset(self._seed, self._frame)
        self._slots.change(world)
        self._acts: dict[Command, Callable[[], None]] = {
            Command.QUIT: self.stop,
            Command.PAUSE: self._toggle_pause,
            Command.ADVANCE: self._advance,
            Command.RESET: self._reset,
            Command.NEW_DREAM: self._dream_anew,
            Command.SCREENSHOT: lambda: self._tape.screenshot(self._frame),
            Command.RECORD_GIF: lambda: self._tape.toggle_film(self._frame, ".gif"),
            Command.RECORD_MP4: lambda: self._tape.toggle_film(self._frame, ".mp4"),
            Command.SAVE_CLIP: self._tape.save_clip,
            Command.HUD: self._board.cycle_hud,
            Command.SHOW_BUTTONS: self._board.toggle_buttons,
            Command.STEPS_DOWN: lambda: self._change_steps(-1),
            Command.STEPS_UP: lambda: self._change_steps(1),
            Command.BESIDE: self._toggle_beside,
            Command.ANCHOR: self._anchor,
            Command.AUTOPILOT: lambda: self._board.say_now(self._autopilot.toggle(self._world.game)),
            Command.SLOWER: lambda: self._change_speed(pace.slower(self._speed)),
            Command.FASTER: lambda: self._change_speed(pace.faster(self._speed)),
            Command.NORMAL_SPEED: lambda: self._change_speed(1.0),
            Command.SAVE_STATE: lambda: self._slots.save(self._present(), self._clock.now()),
            Command.LOAD_STATE: lambda: self._go_back(self._slots.load(self._present(), self._clock.now())),
            Command.UNDO_LOAD: lambda: self._go_back(self._slots.undo(self._present(), self._clock.now())),
            Command.SLOT_BACK: lambda: self._slots.turn(-1, self._clock.now()),
            Command.SLOT_ON: lambda: self._slots.turn(1, self._clock.now()),
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
        self._note_speed()

    def tick(self) -> bool:
        """Wait for the next step's time, read the hands, step, record, show. Returns whether the play goes on."""
        self._wait()
        given = self._asked()
        self._rush = Command.FAST_FORWARD in given.holding
        self._watch(given)
        for command in given.commands:
            if command in self._acts:  # the others were the window's own
                self._acts[command]()
        if given.dropped:
            self._swap(given.dropped)
        if not self._stopped:
            self._play(given)
        self._show()
        return not self._stopped

    def _asked(self) -> Input:
        """What the hands ask of the game, after the menu had its part."""
        was_open = self._menu.is_open
        given = self._menu.handle(self._screen.poll())
        if self._menu.is_open != was_open:
            self._note_speed()
            self._board.watch.clear()
        return given

    def _watch(self, given: Input) -> None:
        """Let the computer play where nobody else does."""
        touched = bool(given.touched or given.buttons or given.commands or self._pilot or self._menu.is_open)
        sentence = self._autopilot.watch(self._world.game, touched=touched, now=self._clock.now())
        if sentence:
            self._board.say_now(sentence)

    def _note_speed(self) -> None:
        median = self._board.watch.percentile(0.5)
        self._sitting.timed(1 / median if median else 0.0)

    def _wait(self) -> None:
        if self._sitting.fps == 0:
            return
        beat = pace.pace(self._due, self._clock.now(), 1 / (self._fps * self._pace()))
        self._due = beat.due
        self._clock.sleep(beat.wait)

    def _play(self, given: Input) -> None:
        if given.buttons or self._menu.is_open:
            self._card_until = 0.0
        if Command.REWIND in given.holding:
            self._rewind()
        elif self._once or not (self._paused or self._menu.is_open or self._shows_card()):
            self._once = False
            self._step(given.buttons)

    def _step(self, buttons: Buttons) -> None:
        if isinstance(self._world, Beside) and self._world.behind:
            self._open("The real game catches up ...", self._world.catch_up)
        chosen = self._choose(buttons)
        if chosen is None or self._stopped:
            return
        if self._rewinds:
            self._past.append(self._world.save())
        start = self._clock.now()
        self._frame = self._world.step(chosen)
        self._board.watch.note(start, self._clock.now())
        self._govern(self._clock.now() - start)
        self._buttons = chosen
        self._age += 1
        self._tape.write(chosen, self._frame)

    def _choose(self, buttons: Buttons) -> Buttons | None:
        if self._pilot is None:
            return self._autopilot.choose(buttons)
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
        while sentence := self._tape.news() or self._slots.news():
            self.say(sentence)
        for sentence in news(self._world):
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
        status = replace(status, sheet=self._menu.sheet, strip=self._slots.strip(self._clock.now()))
        frame = self._calm(self._frame, self._clock.now()) if self._calm else self._frame
        self._screen.show(frame, status)

    def _pace(self) -> float:
        return pace.FASTEST if self._rush else self._speed

    def _shows_card(self) -> bool:
        return self._clock.now() < self._card_until

    def _toggle_pause(self) -> None:
        self._paused = not self._paused
        self._board.watch.clear()

    def _advance(self) -> None:
        self._paused = self._once = True
        self._board.watch.clear()

    def _reset(self) -> None:
        self._begin(self._world.reset(self._seed))

    def _begin(self, frame: Frame) -> None:
        """Play on from a frame that nothing led to."""
        self._frame = frame
        self._buttons, self._age, self._once, self._pilot = 0, 0, False, None
        self._past.clear()
        self._tape.reset(self._seed, self._frame)

    def _dream_anew(self) -> None:
        self._seed += 1
        self._reset()
        self._board.say_now(f"New dream, seed {self._seed}")

    def _present(self) -> Saved:
        return Saved(self._world.save(), self._frame, self._seed, self._age, self._tape.mark())

    def _go_back(self, saved: Saved | None) -> None:
        if saved is None:
            return
        # An emulator plays everything since its beginning again.
        frame = self._open("Loading the state ...", partial(self._world.restore, saved.state))
        if frame is None:
            return
        self._frame = frame
        self._seed, self._age, self._buttons, self._pilot = saved.seed, saved.age, 0, None
        self._past.clear()
        self._tape.go(saved.mark)

    def _rewind(self) -> None:
        if self._past:
            self._frame = self._world.restore(self._past.pop())
            self._age -= 1
            self._tape.undo(1)
        elif not self._rewinds:
            self._board.say_now("This world cannot be rewound")

    def _change_steps(self, change: int) -> None:
        self._governor = None
        dream = self._dream()
        if dream is None:
            self._board.say_now("The real game has no sampler steps")
            return
        steps = dream.steps
        try:
            dream.steps = steps + change
        except (ValueError, DreamplayError):
            self._board.say_now(f"Sampler steps: {steps}, no further")
            return
        self._board.watch.clear()
        self._board.say_now(f"Sampler steps: {steps + change}")

    def _govern(self, seconds: float) -> None:
        """Fit the sampler steps to the time that a step of the world took."""
        dream = self._dream()
        if self._governor is None or dream is None or self._rush:
            return
        change = self._governor.advise(seconds, dream.steps, 1 / self._fps)
        if change:
            dream.steps += change
            self._board.say_now(f"Sampler steps: {dream.steps}, to keep {self._fps:g} frames a second")

    def _dream(self) -> Any:
        """The layer that samples, which has `steps`; None in a real game."""
        return next((layer for layer in layers(self._world) if hasattr(layer, "steps")), None)

    def _change_speed(self, speed: float) -> None:
        self._speed = speed
        self._board.watch.clear()
        self._board.say_now(f"Speed {100 * speed:.0f} %")

    def _toggle_beside(self) -> None:
        """Put the real game beside the dream, or take it away."""
        if isinstance(self._world, Beside):
            frame, seed, age = self._world.dream_frame(), self._seed, self._age
            self._take(self._world.inner)
            self._begin(frame)
            self._seed, self._age = seed, age
            self._board.say_now("The dream alone")
            return
        open_beside, dream, seed = self._sitting.open_beside, self._world, self._seed
        if open_beside is None:
            return

        def begin() -> tuple[World, Frame]:
            world = open_beside(dream)
            return world, world.reset(seed)

        here = dream.save()
        begun = self._open("Loading the real game ...", begin)
        if begun is None:
            dream.restore(here)
            return
        world, frame = begun
        self._take(world)
        self._begin(frame)
        self._board.say_now("The real game beside the dream. Backspace: the dream goes on from there")

    def _anchor(self) -> None:
        """Let the dream go on from the real game beside it."""
        if isinstance(self._world, Beside):
            self._frame = self._world.anchor()
            self._board.refresh()
            self._board.say_now("The dream goes on from the real game")
        else:
            self._board.say_now("There is no real game beside the dream yet")

    def _swap(self, name: str) -> None:
        if self._sitting.open_model is None:
            return
        world = self._open(f"Loading {name} ...", partial(self._sitting.open_model, name))
        if world is None:
            return
        self._note_speed()
        self._sitting.swapped(world.game, name)
        self._take(world)
        self._reset()
        self._board.say_now(f"Now playing {name}")

    def _open(self, sentence: str, load: Callable[[], T]) -> T | None:
        """Load something while the window lives. Returns None where that failed or the player quit."""
        loading = Loading(load)
        if not attend(loading, self._screen, self._frame, lambda: Status(toast=sentence)):
            self.stop()
            return None
        try:
            return loading.result()
        except DreamplayError as error:
            self._board.say_now(str(error))
            return None

    def _take(self, world: World) -> None:
        """Play another world from now on."""
        self._tape.change(world.game)
        self._screen.change(world.game)
        self._slots.change(world)
        self._world, self._fps, self._rewinds = world, world.game.fps, True
        self._board.refresh()
