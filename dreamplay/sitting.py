"""How a world is to be played: what a player is given."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dreamplay.menu import Menu
from dreamplay.slots import Slots
from dreamplay.world import Buttons, Frame, GameSpec, World

Pilot = Callable[[Frame], Buttons | None]
"""Plays instead of the hands: given the frame that is shown, the buttons of the next step, or None at its end."""


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
        calm: Whether flashes are held back from the screen.
        most_steps: Sampler steps that are fitted to the time there is, and never more than these; 0 to leave them.
        open_model: Loads another world, by name or folder, while this one plays.
        open_beside: Loads the real game beside a dream.
        slots: Holds the save states.
        menu: Is asked first for what the hands mean.
        swapped: Is told the game and the name of another world that plays from now on.
        timed: Is told the steps a second that the world could make, now and then.
    """

    seed: int
    fps: float
    pilot: Pilot | None = None
    ends: bool = False
    rewinds: bool = False
    card: float = 0.0
    calm: bool = False
    most_steps: int = 0
    open_model: Callable[[str], World] | None = None
    open_beside: Callable[[World], World] | None = None
    slots: Slots = field(default_factory=Slots)
    menu: Menu = field(default_factory=Menu)
    swapped: Callable[[GameSpec, str], None] = lambda game, name: None
    timed: Callable[[float], None] = lambda fps: None
