"""Keeps a dream sound: what fell apart is never shown, and the dream goes back to where it was well.

It also stops the dream at the button that stops the game: no play that a dream learns from stands still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from dreamplay.health import Examiner, Pulse, Stand, begin, complaint, follow
from dreamplay.shelf import Arrays, Lasting
from dreamplay.weights import Expected
from dreamplay.world import Buttons, Frame, GameSpec, Moment, State, World

KEPT = 10
"""Sound states that are kept, one a second."""

TRIES = 3
"""Times in ten seconds that the dream goes back before it begins anew."""

_PERIOD = 10.0  # seconds


class Dreaming(Lasting, World, Protocol):
    """A dream: a world that can be told to go on otherwise."""

    @property
    def finite(self) -> bool:
        """Whether the last step's numbers were finite."""

    @property
    def pictures(self) -> Sequence[Frame]:
        """The frames that it may begin with, (h, w, 3) each."""

    @property
    def memory(self) -> int:
        """Moments of real play that its past is made of."""

    @property
    def hero(self) -> tuple[int, int] | None:
        """Where the hero stands in the level, in pixels; None where the dream does not know."""

    def renew(self, seed: int) -> None:
        """Go on with other noise."""

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        """Go on from real play. Returns the newest frame, (h, w, 3)."""


@dataclass(frozen=True)
class Guarded:
    """A present of a guarded dream.

    Attributes:
        dream: What the dream saved.
        shown: The last frame that was sound, (h, w, 3).
        pulse: Of the frames so far.
        sound: States with their frames to go back to, oldest first.
        falls: Steps at which it went back, within the last ten seconds.
        step: Steps since the reset.
        stand: How long the hero has been where he is.
        halted: Whether the game is stopped.
        pressed: Whether the button that stops it was held.
    """

    dream: State
    shown: Frame
    pulse: Pulse
    sound: tuple[tuple[State, Frame], ...]
    falls: tuple[int, ...]
    step: int
    stand: Stand = field(default_factory=Stand)
    halted: bool = False
    pressed: bool = False


class Guard:
    """A dream that is watched; as repeatable as the dream itself."""

    def __init__(self, dream: Dreaming) -> None:
        """Look at the frames that the dream may begin with."""
        self._dream, self._seed, self._halt = dream, 0, dream.game.chord(dream.game.halt)
        self._examiner = Examiner(dream.pictures)
        self._present = self._anew(dream.reset(0), 0, ())
        self._news = ""

    @property
    def game(self) -> GameSpec:
        """The dream's."""
        return self._dream.game

    @property
    def inner(self) -> World:
        """The dream."""
        return self._dream

    @property
    def memory(self) -> int:
        """Moments of real play that the dream's past is made of."""
        return self._dream.memory

    @property
    def hero(self) -> tuple[int, int] | None:
        """Where the dream's hero stands in the level."""
        return self._dream.hero

    @property
    def facts(self) -> tuple[str, ...]:
        """The state of its health, for the HUD."""
        pulse = self._present.pulse
        unknown = max(0.0, pulse.signs.unknown - pulse.unknown)
        return (f"health: {100 * unknown:.1f} % unknown, {len(self._present.falls)} falls",)

    def news(self) -> str:
        """What happened since, once; empty when nothing did."""
        told, self._news = self._news, ""
        return told

    def reset(self, seed: int) -> Frame:
        """Begin at the dream's start. Returns its frame, (h, w, 3)."""
        self._seed = seed
        frame = self._dream.reset(seed)
        self._present = self._anew(frame, 0, ())
        return frame

    def step(self, buttons: Buttons) -> Frame:
        """Dream one frame. Returns it, or the last sound one in its place, (h, w, 3)."""
        was, pressed = self._present, bool(buttons & self._halt)
        halted = was.halted != (pressed and not was.pressed)
        self._present = replace(was, halted=halted, pressed=pressed)
        if halted > was.halted:
            self._news = f"The game is paused until {self.game.halt.capitalize()} is pressed again"
        return was.shown if halted else self._go_on(buttons & ~self._halt)

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        """Let the dream go on from real play. Returns the newest frame, (h, w, 3)."""
        frame = self._dream.anchor(moments)
        self._present = self._anew(frame, self._present.step, ())
        return frame

    def save(self) -> Guarded:
        """The exact present."""
        return self._present

    def restore(self, state: Guarded) -> Frame:
        """Go back to a present. Returns the frame that was shown then, (h, w, 3)."""
        self._dream.restore(state.dream)
        self._present = state
        return state.shown

    @property
    def source(self) -> str:
        """What the dream is made of."""
        return self._dream.source

    @property
    def shapes(self) -> Expected:
        """Shapes and types of what `pack` gives."""
        return self._dream.shapes

    def pack(self, state: Guarded) -> Arrays:
        """A saved present as arrays: the dream's, since how it fared is soon known again."""
        return self._dream.pack(state.dream)

    def unpack(self, arrays: Arrays, age: int, file: str) -> Guarded:
        """The saved present that arrays stand for; raises as the dream does."""
        dream = self._dream.unpack(arrays, age, file)
        shown = self._dream.picture(dream)
        return Guarded(dream, shown, begin(self._examiner.look(shown)), ((dream, shown),), (), age)

    def picture(self, state: Guarded) -> Frame:
        """The frame that was shown then, (h, w, 3)."""
        return state.shown

    def _go_on(self, buttons: Buttons) -> Frame:
        """A frame of a game that is not stopped."""
        was = self._present
        frame = self._dream.step(buttons)
        pulse = follow(was.pulse, self._examiner.look(frame), buttons)
        wrong = complaint(pulse) if self._dream.finite else "lost its numbers"
        if wrong:
            return self._fall(wrong)
        stand, step = was.stand.follow(self._dream.hero, buttons), was.step + 1
        if stand.stuck:  # it would come to this again from where it was ten seconds ago
            return self._restart("The dream got stuck: it begins anew", step)
        state, sound = self._dream.save(), was.sound
        if step % round(self.game.fps) == 0:
            sound = (*sound, (state, frame))[-KEPT:]
        self._present = Guarded(state, frame, pulse, sound, was.falls, step, stand, pressed=was.pressed)
        return frame

    def _anew(self, frame: Frame, step: int, falls: tuple[int, ...]) -> Guarded:
        state = self._dream.save()
        return Guarded(state, frame, begin(self._examiner.look(frame)), ((state, frame),), falls, step)

    def _restart(self, told: str, step: int) -> Frame:
        """Begin anew with other noise. Returns the dream's first frame."""
        frame = self._dream.reset(self._seed)
        self._dream.renew(self._seed + step)
        self._present, self._news = self._anew(frame, step, ()), told
        return frame

    def _fall(self, wrong: str) -> Frame:
        """Go back to the newest sound state, and further the next time; or begin anew. Returns what is shown."""
        was, step = self._present, self._present.step + 1
        falls = (*(each for each in was.falls if step - each < self.game.fps * _PERIOD), step)
        if len(falls) >= TRIES:
            return self._restart(f"The dream {wrong} {TRIES} times: it begins anew", step)
        state, frame = was.sound[-1]
        self._dream.restore(state)
        self._dream.renew(self._seed + step)
        self._present = Guarded(
            self._dream.save(),
            was.shown,
            replace(begin(self._examiner.look(frame)), unknown=was.pulse.unknown, grace=0),
            was.sound[:-1] or was.sound,
            falls,
            step,
            pressed=was.pressed,
        )
        self._news = f"The dream {wrong}: back to where it was well"
        return was.shown
