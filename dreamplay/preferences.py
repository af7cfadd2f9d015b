"""How the user likes it: the look of the window and the keys, for this sitting and, where they are kept, the next."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from dreamplay import toml
from dreamplay.controls import remap
from dreamplay.errors import StorageError
from dreamplay.hotkeys import Hotkey, bound
from dreamplay.settings import Bindings
from dreamplay.world import GameSpec

ASPECTS = ("square", "8:7", "4:3")
"""Shapes of the picture: square pixels, pixels as wide as a television of 1985 showed them, the whole 4:3."""

FILTERS = ("none", "scanlines", "crt")
"""What the picture is looked at through."""

HUD_SIZES = (100, 150, 200)
"""Sizes of everything that is written over the picture, in per cent."""

SCALES = range(1, 13)
"""Pixels of the screen for one of the frame."""


def after(value: str, values: tuple[str, ...], steps: int = 1) -> str:
    """The value some places on, round and round."""
    return values[(values.index(value) + steps) % len(values)]


@dataclass(frozen=True)
class Look:
    """How the window looks.

    Attributes:
        scale: One of SCALES.
        fullscreen: Whether it fills the screen.
        fill: Whether the picture fills the window, at the cost of pixels of uneven size.
        aspect: One of ASPECTS.
        filter: One of FILTERS.
        hud_size: One of HUD_SIZES.
    """

    scale: int = 3
    fullscreen: bool = False
    fill: bool = False
    aspect: str = "square"
    filter: str = "none"
    hud_size: int = 100


@dataclass
class Preferences:
    """What the menu and the window's own keys change.

    Attributes:
        look: How the window looks.
        bindings: The user's own keys.
        gif_keys: Whether the pressed buttons are drawn into films.
        path: The file that keeps it all; None where there is no such place.
    """

    look: Look = field(default_factory=Look)
    bindings: Bindings = field(default_factory=Bindings)
    gif_keys: bool = False
    path: Path | None = None
    _unsaved: dict[tuple[str, ...], toml.Value] = field(default_factory=dict)

    def own(self, game: GameSpec) -> GameSpec:
        """The game with the user's own keys.

        Raises:
            UnknownNameError: There is no such button, key or control.
        """
        return remap(game, self.bindings.keys.get(game.name, {}), self.bindings.pads.get(game.name, {}))

    def hotkeys(self) -> tuple[Hotkey, ...]:
        """The hotkeys, the user's own among them.

        Raises:
            UnknownNameError: There is no such command or key.
        """
        return bound(self.bindings.hotkeys)

    def dress(self, look: Look) -> None:
        """Give the window another look."""
        for name in ("scale", "fullscreen", "fill", "aspect", "filter", "hud_size"):
            value = getattr(look, name)
            if value != getattr(self.look, name):
                self._unsaved[(name.replace("_", "-"),)] = value
        self.look = look

    def show_keys(self, *, in_films: bool) -> None:
        """Draw the pressed buttons into films, or do not."""
        self.gif_keys = self._unsaved["gif-keys",] = in_films

    def bind_key(self, game: str, button: str, keys: tuple[str, ...]) -> None:
        """Give a button other keys."""
        own = {**self.bindings.keys, game: {**self.bindings.keys.get(game, {}), button: keys}}
        self.bindings = replace(self.bindings, keys=own)
        self._unsaved["keys", game, button] = keys

    def bind_pad(self, game: str, button: str, controls: tuple[str, ...]) -> None:
        """Give a button other controls of the pad."""
        own = {**self.bindings.pads, game: {**self.bindings.pads.get(game, {}), button: controls}}
        self.bindings = replace(self.bindings, pads=own)
        self._unsaved["pads", game, button] = controls

    def bind_hotkey(self, command: str, keys: tuple[str, ...]) -> None:
        """Give a command other keys."""
        self.bindings = replace(self.bindings, hotkeys={**self.bindings.hotkeys, command: keys})
        self._unsaved["hotkeys", command] = keys

    def toggle(self, names: tuple[str, ...]) -> None:
        """Let one press hold these buttons and commands, and the next one let go."""
        self.bindings = replace(self.bindings, toggles=names)
        self._unsaved["toggles",] = names

    def reset_bindings(self, game: str) -> None:
        """Go back to the usual keys of a game and of the program."""
        old = self.bindings
        gone: list[tuple[str, ...]] = [("hotkeys", name) for name in old.hotkeys]
        gone += [("keys", game, name) for name in old.keys.get(game, {})]
        gone += [("pads", game, name) for name in old.pads.get(game, {})]
        self._unsaved |= dict.fromkeys([*gone, ("toggles",)])
        keys = {name: own for name, own in old.keys.items() if name != game}
        pads = {name: own for name, own in old.pads.items() if name != game}
        self.bindings = Bindings(keys, pads)

    def save(self) -> None:
        """Write what changed into the file.

        Raises:
            StorageError: It cannot be kept; it counts for this sitting all the same, and is not tried again.
        """
        changes, self._unsaved = self._unsaved, {}
        if not changes:
            return
        if self.path is None:
            raise StorageError("there is no home folder to keep settings in: they last for this sitting")
        toml.change(self.path, changes)
