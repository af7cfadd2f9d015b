"""A world is asked for frames: the one protocol between players, dreams and emulators.

Axis letters: h w pixels, K buttons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dreamplay.errors import UnknownNameError

Frame = npt.NDArray[np.uint8]
"""A picture: (h, w, 3) RGB, uint8 0..255. Never written to after it was handed out."""

Buttons = int
"""The buttons held, as a bit mask: bit i is set while `GameSpec.buttons[i]` is held."""

State = Any
"""What `World.save` returned: opaque to everyone but the world that made it."""


@dataclass(frozen=True)
class GameSpec:
    """What a player has to know of a game.

    Attributes:
        name: Short name, `mario`.
        title: Name for people.
        height: Rows of a frame, h.
        width: Columns of a frame, w.
        fps: Frames (steps) a second.
        buttons: Names in bit order, K of them.
        keys: For each button the keyboard's keys, as SDL scancode names in lower case.
        pad: For each button the gamepad's controls, as SDL game-controller names.
        opposites: Pairs of buttons of which only the last one pressed counts.
        pixel_aspect: Width of a pixel divided by its height.
        halt: The button that stops the game where it is and lets it go on; empty for none.
    """

    name: str
    title: str
    height: int
    width: int
    fps: float
    buttons: tuple[str, ...]
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pad: dict[str, tuple[str, ...]] = field(default_factory=dict)
    opposites: tuple[tuple[str, str], ...] = ()
    pixel_aspect: float = 1.0
    halt: str = ""

    def chord(self, text: str) -> Buttons:
        """Read button names joined by "+" ("right+a"; empty for none).

        Raises:
            UnknownNameError: A name is not one of the game's buttons.
        """
        bits = 0
        for name in filter(None, (part.strip().lower() for part in text.split("+"))):
            if name not in self.buttons:
                raise UnknownNameError("button", name, self.buttons)
            bits |= 1 << self.buttons.index(name)
        return bits

    def names(self, buttons: Buttons) -> str:
        """Write buttons as names joined by "+"."""
        return "+".join(name for i, name in enumerate(self.buttons) if buttons >> i & 1)


class World(Protocol):
    """A game that can be stepped, dreamed or real."""

    @property
    def game(self) -> GameSpec:
        """What is played."""

    def reset(self, seed: int) -> Frame:
        """Start anew; the same seed and the same buttons give the same frames. Returns the first frame, (h, w, 3)."""

    def step(self, buttons: Buttons) -> Frame:
        """Hold the buttons for one frame. Returns the frame they lead to, (h, w, 3)."""

    def save(self) -> State:
        """The exact present, for `restore` of this world."""

    def restore(self, state: State) -> Frame:
        """Go back to a saved present. Returns the frame that was shown then, (h, w, 3)."""


@dataclass(frozen=True)
class Moment:
    """A frame of a real game.

    Attributes:
        buttons: Held in the step that led to it.
        frame: (h, w, 3).
        probe: What the console says of it.
    """

    buttons: Buttons
    frame: Frame
    probe: Mapping[str, int]


def layers(world: World) -> Iterator[World]:
    """The world, the one within it (`inner`), and so on to the one that makes the frames."""
    within: World | None = world
    while within is not None:
        yield within
        within = getattr(within, "inner", None)


def news(world: World) -> Iterator[str]:
    """What the world's layers have to tell, each sentence once."""
    for layer in layers(world):
        while hasattr(layer, "news") and (sentence := layer.news()):
            yield sentence
