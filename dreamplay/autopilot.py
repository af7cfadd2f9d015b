"""The computer plays: by chance and mostly to the right, until somebody takes over."""

import random
from collections import deque

from dreamplay.world import Buttons, GameSpec

IDLE = 60.0
"""Seconds without a touch after the start until the computer plays."""

_BUTTONS = frozenset({"a", "b", "left", "right"})

_MOVES = (
    ("right+b", False, 4, 26, 21),
    ("right", False, 3, 22, 12),
    ("right+b", True, 2, 18, 25),
    ("right", True, 2, 18, 13),
    ("", True, 2, 18, 7),
    ("left", False, 3, 16, 6),
    ("left", True, 2, 18, 4),
    ("", False, 4, 30, 4),
)
"""What is held, whether it is a jump, for how many frames at least and at most, and how often."""


class Wanderer:
    """Runs and jumps to the right; in a game without those buttons it presses any."""

    def __init__(self, game: GameSpec, seed: int) -> None:
        self._game, self._chance = game, random.Random(seed)
        self._plan: deque[Buttons] = deque()

    def __call__(self) -> Buttons:
        """The buttons of the next step."""
        if not self._plan:
            self._plan.extend(self._move())
        return self._plan.popleft()

    def _move(self) -> list[Buttons]:
        if not set(self._game.buttons) >= _BUTTONS:
            return [1 << self._chance.randrange(len(self._game.buttons))] * self._chance.randint(2, 20)
        (chord, jumps, shortest, longest, _) = self._chance.choices(_MOVES, [move[-1] for move in _MOVES])[0]
        held, frames = self._game.chord(chord), self._chance.randint(shortest, longest)
        if not jumps:
            return [held] * frames
        # A is let go first, or the game would not see it pressed.
        return [held, *[held | self._game.chord("a")] * frames, *[held] * self._chance.randint(0, 9)]


class Autopilot:
    """Whether the computer plays, and what it presses."""

    def __init__(self, seed: int, now: float) -> None:
        """Nobody has touched anything yet at this time, seconds."""
        self._seed, self._began = seed, now
        self._wanderer: Wanderer | None = None
        self._untouched, self._demo = True, False

    @property
    def plays(self) -> bool:
        """Whether the computer plays."""
        return self._wanderer is not None

    def toggle(self, game: GameSpec) -> str:
        """Let the computer play, or no longer. Returns what to say."""
        self._demo = False
        self._wanderer = None if self.plays else Wanderer(game, self._seed)
        return "The computer plays: press a key of the game to take over" if self.plays else "You play"

    def watch(self, game: GameSpec, *, touched: bool, now: float) -> str:
        """Notice whether there is somebody. Returns what to say, empty for nothing.

        Args:
            game: What is played.
            touched: Whether anything was touched since the last call.
            now: The time, seconds.
        """
        self._untouched = self._untouched and not touched
        if self._demo and touched:
            self._demo, self._wanderer = False, None
            return "You play"
        if self._untouched and not self.plays and now - self._began >= IDLE:
            self._demo, self._wanderer = True, Wanderer(game, self._seed)
            return "The computer plays: any key takes over"
        return ""

    def choose(self, buttons: Buttons) -> Buttons:
        """The buttons of the next step: the hands' where they press any, which ends the computer's play."""
        if self._wanderer is None:
            return buttons
        if buttons:
            self._wanderer = None
            return buttons
        return self._wanderer()
