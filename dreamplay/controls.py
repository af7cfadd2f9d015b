"""Keys and pads to buttons and commands: what is held, what was tapped, what wins. No window here.

Keys have the names of SDL's scancodes in lower case ("right shift"), pads those of SDL's game controllers ("dpad_up",
"leftx-"), so letters keep their places on any layout.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dreamplay.errors import UnknownNameError
from dreamplay.hotkeys import HELD, HOTKEYS, KEY_CODES, MODIFIERS, Command, Hotkey
from dreamplay.world import Buttons, GameSpec

DEAD_ZONE = 0.25
"""Share of an axis' way that counts as nothing."""

_MOST = 16  # commands between two polls: no hand gives more, and a flood of them must not hold the game up


@dataclass(frozen=True)
class Input:
    """What the hands did since the last time they were asked.

    Attributes:
        buttons: Held now, or tapped since.
        commands: In the order of their keys.
        holding: Commands whose keys are held.
        dropped: A file or folder that was dropped on the window.
    """

    buttons: Buttons = 0
    commands: tuple[Command, ...] = ()
    holding: frozenset[Command] = frozenset()
    dropped: str = ""


@dataclass(frozen=True)
class Status:
    """What the window says over the frame.

    Attributes:
        lines: The HUD, top left.
        toast: A sentence that stays for a moment, at the bottom.
        badge: The speed where it is not the game's own ("0.7x"), or "paused", top right.
        recording: Seconds recorded so far, shown beside a red dot; None when nothing is recorded.
        card: Whether the key card covers the picture.
        buttons: Buttons to show as pressed; None to show none.
    """

    lines: tuple[str, ...] = ()
    toast: str = ""
    badge: str = ""
    recording: float | None = None
    card: bool = False
    buttons: Buttons | None = None


def remap(game: GameSpec, keys: Mapping[str, tuple[str, ...]]) -> GameSpec:
    """The game with other keys for some of its buttons.

    Raises:
        UnknownNameError: There is no such button or key.
    """
    for button, names in keys.items():
        game.chord(button)
        for name in names:
            if name not in KEY_CODES:
                raise UnknownNameError("key", name, KEY_CODES)
    return replace(game, keys={**game.keys, **keys})


class Controls:
    """Follows presses and releases; `take` says what they come to."""

    def __init__(self, game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS) -> None:
        self._game = game
        self._keys = _by_control(game.buttons, game.keys)
        self._pad = _by_control(game.buttons, game.pad)
        self._hotkeys = {
            (hotkey.modifier, hotkey.key): hotkey.command
            for hotkey in hotkeys
            if hotkey.modifier or hotkey.key not in self._keys
        }
        self._held: dict[str, int] = {}
        self._tapped = 0
        self._order = [0] * len(game.buttons)
        self._presses = 0
        self._modifiers: set[str] = set()
        self._holding: dict[str, Command] = {}
        self._commands: list[Command] = []
        self._dropped = ""

    def key_down(self, key: str) -> None:
        """A key went down."""
        if key in MODIFIERS and key not in self._keys:
            self._modifiers.add(key)
        command = self._command(key)
        if command is None:
            self._press(key, self._keys.get(key))
        elif command in HELD:
            self._holding[key] = command
        else:
            self._commands.append(command)

    def key_up(self, key: str) -> None:
        """A key went up: never ignored, whatever else is held."""
        self._modifiers.discard(key)
        self._holding.pop(key, None)
        self._held.pop(key, None)

    def pad_down(self, pad: int, control: str) -> None:
        """A control of a pad went down."""
        source = f"pad {pad} {control}"
        if source not in self._held:
            self._press(source, self._pad.get(control))

    def pad_up(self, pad: int, control: str) -> None:
        """A control of a pad went up."""
        self._held.pop(f"pad {pad} {control}", None)

    def pad_axis(self, pad: int, axis: str, value: float) -> None:
        """An axis of a pad moved, from -1 to 1."""
        for sign, amount in (("-", -value), ("+", value)):
            if amount > DEAD_ZONE:
                self.pad_down(pad, f"{axis}{sign}")
            else:
                self.pad_up(pad, f"{axis}{sign}")

    def pad_lost(self, pad: int) -> None:
        """A pad was unplugged: nothing of it is held any more."""
        for source in [source for source in self._held if source.startswith(f"pad {pad} ")]:
            del self._held[source]

    def command(self, command: Command) -> None:
        """A command that comes from elsewhere: the window's close button."""
        self._commands.append(command)

    def drop(self, path: str) -> None:
        """A file or folder was dropped on the window."""
        self._dropped = path

    def clear(self) -> None:
        """Let go of everything: the window lost the keyboard."""
        self._held.clear()
        self._modifiers.clear()
        self._holding.clear()
        self._tapped = 0

    def take(self) -> Input:
        """What is held now or was tapped since the last call."""
        buttons = self._tapped
        for bit in self._held.values():
            buttons |= bit
        given = Input(
            self._without_losers(buttons), _few(self._commands), frozenset(self._holding.values()), self._dropped
        )
        self._tapped, self._dropped = 0, ""
        self._commands.clear()
        return given

    def _command(self, key: str) -> Command | None:
        modifiers = {MODIFIERS[name] for name in self._modifiers}
        for modifier in modifiers:
            if (modifier, key) in self._hotkeys:
                return self._hotkeys[modifier, key]
        return None if modifiers & {"ctrl", "alt"} else self._hotkeys.get(("", key))

    def _press(self, source: str, bit: int | None) -> None:
        if bit is None:
            return
        self._presses += 1
        self._order[bit.bit_length() - 1] = self._presses
        self._held[source] = bit
        self._tapped |= bit

    def _without_losers(self, buttons: Buttons) -> Buttons:
        for first, second in self._game.opposites:
            one, other = self._game.buttons.index(first), self._game.buttons.index(second)
            if buttons >> one & 1 and buttons >> other & 1:
                buttons &= ~(1 << (one if self._order[one] < self._order[other] else other))
        return buttons


def _few(commands: list[Command]) -> tuple[Command, ...]:
    """The first commands, and the wish to quit wherever it stands."""
    quits = (Command.QUIT,) if Command.QUIT in commands[_MOST:] else ()
    return (*commands[:_MOST], *quits)


def _by_control(buttons: tuple[str, ...], controls: dict[str, tuple[str, ...]]) -> dict[str, int]:
    return {control: 1 << buttons.index(button) for button, names in controls.items() for control in names}
