"""Keys and pads to buttons and commands: what is held, what was tapped, what wins. No window here.

Keys have the names of SDL's scancodes in lower case ("right shift"), pads those of SDL's game controllers ("dpad_up",
"leftx-"), so letters keep their places on any layout.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from dreamplay.errors import UnknownNameError
from dreamplay.hotkeys import HELD, HOTKEYS, KEY_CODES, MODIFIERS, PAD_HOTKEYS, Command, Hotkey
from dreamplay.sheet import Sheet, Strip
from dreamplay.world import Buttons, GameSpec

DEAD_ZONE = 0.25
"""Share of an axis' way that counts as nothing."""

PAD = "pad "
"""Before the name of a pad's control where keys are named too."""

PAD_CONTROLS = (
    "a", "b", "x", "y", "back", "start", "guide", "leftshoulder", "rightshoulder", "leftstick", "rightstick",
    "dpad_up", "dpad_down", "dpad_left", "dpad_right", "leftx-", "leftx+", "lefty-", "lefty+", "rightx-", "rightx+",
    "righty-", "righty+",
)  # fmt: skip
"""Names of a pad's buttons and of the ways of its sticks."""

_MOST = 16  # commands between two polls: no hand gives more, and a flood of them must not hold the game up


@dataclass(frozen=True)
class Input:
    """What the hands did since the last time they were asked.

    Attributes:
        buttons: Held now, or tapped since.
        commands: In the order of their keys.
        holding: Commands whose keys are held.
        dropped: A file or folder that was dropped on the window.
        touched: Keys ("x", "ctrl+r") and controls of pads ("pad a") that went down, in their order.
    """

    buttons: Buttons = 0
    commands: tuple[Command, ...] = ()
    holding: frozenset[Command] = frozenset()
    dropped: str = ""
    touched: tuple[str, ...] = ()


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
        sheet: The page of the menu that covers the picture.
        strip: The slots of save states, at the bottom.
    """

    lines: tuple[str, ...] = ()
    toast: str = ""
    badge: str = ""
    recording: float | None = None
    card: bool = False
    buttons: Buttons | None = None
    sheet: Sheet | None = None
    strip: Strip | None = None


def remap(
    game: GameSpec, keys: Mapping[str, tuple[str, ...]], pad: Mapping[str, tuple[str, ...]] | None = None
) -> GameSpec:
    """The game with other keys, and other controls of the pad, for some of its buttons.

    Raises:
        UnknownNameError: There is no such button, key or control.
    """
    _check(game, keys, "key", KEY_CODES)
    _check(game, pad or {}, "control of a pad", PAD_CONTROLS)
    return replace(game, keys={**game.keys, **keys}, pad={**game.pad, **(pad or {})})


def _check(game: GameSpec, own: Mapping[str, tuple[str, ...]], kind: str, known: Collection[str]) -> None:
    for button, names in own.items():
        if button not in game.buttons:
            raise UnknownNameError("button", button, game.buttons)
        for name in names:
            if name not in known:
                raise UnknownNameError(kind, name, known)


class Controls:
    """Follows presses and releases; `take` says what they come to."""

    def __init__(
        self, game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS, toggles: Collection[str] = frozenset()
    ) -> None:
        """Nothing is held.

        Args:
            game: Whose buttons count.
            hotkeys: What is no button of the game.
            toggles: Buttons, and commands in lower case, that one press holds and the next one lets go.
        """
        self._game = game
        self._keys = _by_control(game.buttons, game.keys)
        self._pad = _by_control(game.buttons, game.pad)
        self._hotkeys = {
            (hotkey.modifier, hotkey.key): hotkey.command
            for hotkey in hotkeys
            if hotkey.modifier or hotkey.key not in self._keys
        }
        self._toggling = sum(1 << bit for bit, name in enumerate(game.buttons) if name in toggles)
        self._toggled_commands = {command for command in HELD if command.name.lower() in toggles}
        self._held: dict[str, int] = {}
        self._down: set[str] = set()
        self._latched = 0
        self._tapped = 0
        self._order = [0] * len(game.buttons)
        self._presses = 0
        self._modifiers: set[str] = set()
        self._holding: dict[str, Command] = {}
        self._commands: list[Command] = []
        self._touched: list[str] = []
        self._dropped = ""

    def key_down(self, key: str) -> None:
        """A key went down."""
        self._touch("+".join((*sorted({MODIFIERS[name] for name in self._modifiers}), key)))
        if key in MODIFIERS and key not in self._keys:
            self._modifiers.add(key)
        command = self._command(key)
        if command is None:
            self._press(key, self._keys.get(key))
        else:
            self._ask(key, command)

    def key_up(self, key: str) -> None:
        """A key went up: never ignored, whatever else is held."""
        self._modifiers.discard(key)
        self._let_go(key)

    def pad_down(self, pad: int, control: str) -> None:
        """A control of a pad went down."""
        source = f"{PAD}{pad} {control}"
        if source in self._down:
            return
        self._down.add(source)
        self._touch(PAD + control)
        if control in self._pad:
            self._press(source, self._pad[control])
        elif control in PAD_HOTKEYS:
            self._ask(source, PAD_HOTKEYS[control])

    def pad_up(self, pad: int, control: str) -> None:
        """A control of a pad went up."""
        self._down.discard(f"{PAD}{pad} {control}")
        self._let_go(f"{PAD}{pad} {control}")

    def pad_axis(self, pad: int, axis: str, value: float) -> None:
        """An axis of a pad moved, from -1 to 1."""
        for sign, amount in (("-", -value), ("+", value)):
            if amount > DEAD_ZONE:
                self.pad_down(pad, f"{axis}{sign}")
            else:
                self.pad_up(pad, f"{axis}{sign}")

    def pad_lost(self, pad: int) -> None:
        """A pad was unplugged: nothing of it is held any more."""
        for source in [source for source in self._down if source.startswith(f"{PAD}{pad} ")]:
            self._down.discard(source)
            self._let_go(source)

    def command(self, command: Command) -> None:
        """A command that comes from elsewhere: the window's close button."""
        self._commands.append(command)

    def drop(self, path: str) -> None:
        """A file or folder was dropped on the window."""
        self._dropped = path

    def clear(self) -> None:
        """Let go of everything: the window lost the keyboard."""
        self._held.clear()
        self._down.clear()
        self._touched.clear()
        self._modifiers.clear()
        self._holding.clear()
        self._tapped = self._latched = 0

    def take(self) -> Input:
        """What is held now or was tapped since the last call."""
        buttons = self._tapped | self._latched
        for bit in self._held.values():
            buttons |= bit
        given = Input(
            self._without_losers(buttons),
            _few(self._commands),
            frozenset(self._holding.values()),
            self._dropped,
            tuple(self._touched),
        )
        self._tapped, self._dropped = 0, ""
        self._commands.clear()
        self._touched.clear()
        return given

    def _touch(self, name: str) -> None:
        if len(self._touched) < _MOST:
            self._touched.append(name)

    def _ask(self, source: str, command: Command) -> None:
        if command not in HELD:
            self._commands.append(command)
        elif command in self._toggled_commands and command in self._holding.values():
            self._holding = {key: other for key, other in self._holding.items() if other is not command}
        else:
            self._holding[source] = command

    def _let_go(self, source: str) -> None:
        self._held.pop(source, None)
        if self._holding.get(source) not in self._toggled_commands:
            self._holding.pop(source, None)

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
        if bit & self._toggling:
            self._latched ^= bit
            return
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
