"""The real game beside the dream: the same buttons go to both, and the picture shows how far they are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dreamplay.errors import UsageError
from dreamplay.world import Buttons, Frame, GameSpec, Moment, State, World, layers

GAP = 8
"""Columns between the two pictures."""

PARTED = 0.95
"""Share of equal pixels below which the two have parted: a hero somewhere else is 2 %, a camera one pixel off 10 %."""

_MARKED = 300  # steps between two places that the emulator can go back to at once


class Real(World, Protocol):
    """A real game that tells what it shows."""

    def probe(self) -> Mapping[str, int]:
        """What the console says of the present frame."""

    def mark(self) -> object:
        """Make the present quick to go back to."""


class Anchored(World, Protocol):
    """A dream that can go on from real play."""

    @property
    def memory(self) -> int:
        """Moments that its past is made of."""

    @property
    def hero(self) -> tuple[int, int] | None:
        """Where the hero stands in the level, in pixels; None where the dream does not know."""

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        """Go on from these moments, oldest first. Returns the newest frame, (h, w, 3)."""


@dataclass(frozen=True)
class Pair:
    """A present of both.

    Attributes:
        dream, real: What the two worlds saved.
        shown: The dream's frame, (h, w, 3).
        moments: Of the real game, up to now.
        together: Steps since the dream was anchored.
        parted: Steps since the two parted, None before.
    """

    dream: State
    real: State
    shown: Frame
    moments: tuple[Moment, ...]
    together: int
    parted: int | None


class Beside:
    """A dream on the left and the real game on the right, as one world.

    After a rewind the real game is replayed when the next step needs it, not before.

    Attributes:
        behind: Whether it is still to be replayed.
    """

    def __init__(self, dream: World, real: Real) -> None:
        """Take both; `reset` brings them together.

        Raises:
            UsageError: The world is no dream, or one of another game.
        """
        if not any(hasattr(layer, "memory") for layer in layers(dream)):
            raise UsageError("only a dream can be played beside the real game")
        if (dream.game.buttons, dream.game.height, dream.game.width) != (
            real.game.buttons,
            real.game.height,
            real.game.width,
        ):
            raise UsageError(f"'{dream.game.name}' and '{real.game.name}' differ in buttons or size")
        self._dream: Anchored = dream  # type: ignore[assignment]  # asked above
        self._real = real
        self._game = replace(dream.game, width=2 * dream.game.width + GAP)
        self._present = Pair(None, None, np.zeros((0, 0, 3), np.uint8), (), 0, None)
        self.behind = False
        self._agreement = 1.0

    @property
    def game(self) -> GameSpec:
        """The dream's, twice as wide."""
        return self._game

    @property
    def inner(self) -> World:
        """The dream."""
        return self._dream

    @property
    def lines(self) -> tuple[str, ...]:
        """How far the two are apart, in words."""
        present = self._present
        since = (
            f"parted {present.parted} frames ago"
            if present.parted is not None
            else f"together for {present.together} frames"
        )
        return (
            "left: dream, right: real game",
            f"{100 * self._agreement:.1f} % of pixels agree, {since}",
            *self._apart(),
        )

    def reset(self, seed: int) -> Frame:
        """Both where the real game begins, after it has stood still for a second. Returns (h, 2 w + GAP, 3)."""
        self._dream.reset(seed)
        moments = [self._moment(0, self._real.reset(seed))]
        moments += [self._moment(0, self._real.step(0)) for _ in range(round(self.game.fps))]
        self._real.mark()
        self._keep(np.zeros((0, 0, 3), np.uint8), moments, 0, None)
        return self.anchor()

    def step(self, buttons: Buttons) -> Frame:
        """Hold the buttons in both. Returns (h, 2 w + GAP, 3)."""
        present = self._present
        self.catch_up()
        shown = self._dream.step(buttons)
        moment = self._moment(buttons, self._real.step(buttons))
        together = present.together + 1
        if together % _MARKED == 0:
            self._real.mark()
        self._agreement = _agreement(shown, moment.frame)
        parted = None if present.parted is None else present.parted + 1
        if parted is None and self._agreement < PARTED:
            parted = 0
        self._keep(shown, [*present.moments, moment], together, parted)
        return self._frame()

    def anchor(self) -> Frame:
        """Let the dream go on from where the real game is. Returns (h, 2 w + GAP, 3)."""
        self.catch_up()
        moments = self._present.moments
        self._keep(self._dream.anchor(moments), moments, 0, None)
        self._agreement = _agreement(self._present.shown, moments[-1].frame)
        return self._frame()

    def save(self) -> Pair:
        """The present of both."""
        return self._present

    def restore(self, state: Pair) -> Frame:
        """Go back to a present of both. Returns (h, 2 w + GAP, 3)."""
        self._dream.restore(state.dream)
        self._present, self.behind = state, True
        self._agreement = _agreement(state.shown, state.moments[-1].frame)
        return self._frame()

    def catch_up(self) -> None:
        """Bring the real game to where the last `restore` went, which may take seconds."""
        if self.behind:
            self._real.restore(self._present.real)
            self.behind = False

    def dream_frame(self) -> Frame:
        """The dream's frame alone, (h, w, 3)."""
        return self._present.shown

    def _keep(self, shown: Frame, moments: Sequence[Moment], together: int, parted: int | None) -> None:
        kept = tuple(moments[-self._dream.memory :])
        self._present = Pair(self._dream.save(), self._real.save(), shown, kept, together, parted)

    def _moment(self, buttons: Buttons, frame: Frame) -> Moment:
        return Moment(buttons, frame, dict(self._real.probe()))

    def _frame(self) -> Frame:
        shown, real = self._present.shown, self._present.moments[-1].frame
        return np.concatenate([shown, np.zeros((len(real), GAP, 3), np.uint8), real], axis=1)

    def _apart(self) -> tuple[str, ...]:
        """How far the dream's hero is from the real one."""
        hero, probe = self._dream.hero, self._present.moments[-1].probe
        if hero is None or "x" not in probe or "y" not in probe:
            return ()
        across = hero[0] - probe["x"]
        down = hero[1] - probe["y"] - 256 * (probe.get("y_viewport", 1) - 1)
        apart = [_measured(across, "behind", "ahead"), _measured(down, "higher", "lower")]
        return (f"the dream's hero: {', '.join(filter(None, apart)) or 'in the same place'}",)


def _measured(pixels: int, less: str, more: str) -> str:
    """How far and which way, in words; empty for not at all."""
    return f"{abs(pixels)} px {more if pixels > 0 else less}" if pixels else ""


def _agreement(one: Frame, other: Frame) -> float:
    """Share of equal pixels."""
    return float((one == other).all(-1).mean())
