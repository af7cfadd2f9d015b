"""The keys that are not the game's: commands, what gives them, and the card that explains all keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from dreamplay.world import GameSpec


class Command(Enum):
    """What a key can ask of the player or of its window."""

    QUIT = auto()
    CARD = auto()
    PAUSE = auto()
    ADVANCE = auto()
    RESET = auto()
    NEW_DREAM = auto()
    SCREENSHOT = auto()
    RECORD_GIF = auto()
    SAVE_CLIP = auto()
    HUD = auto()
    STEPS_DOWN = auto()
    STEPS_UP = auto()
    SLOWER = auto()
    FASTER = auto()
    NORMAL_SPEED = auto()
    SHOW_BUTTONS = auto()
    NEXT_MODEL = auto()
    REWIND = auto()
    FAST_FORWARD = auto()
    FULLSCREEN = auto()
    INTEGER_SCALE = auto()
    ASPECT = auto()
    SCALE_1 = auto()
    SCALE_2 = auto()
    SCALE_3 = auto()
    SCALE_4 = auto()
    SCALE_5 = auto()
    SCALE_6 = auto()


HELD = frozenset({Command.REWIND, Command.FAST_FORWARD})
"""Commands that last while their key is held."""


@dataclass(frozen=True)
class Hotkey:
    """A key that gives a command: its name, the modifier it needs ("ctrl", "alt", "shift" or none), the command."""

    key: str
    command: Command
    modifier: str = ""

    def __str__(self) -> str:
        return "+".join(_label(part) for part in (self.modifier, self.key) if part)


HOTKEYS = (
    Hotkey("escape", Command.CARD),
    Hotkey("f1", Command.CARD),
    Hotkey("q", Command.QUIT, "ctrl"),
    Hotkey("p", Command.PAUSE),
    Hotkey("k", Command.ADVANCE),
    Hotkey("r", Command.RESET, "ctrl"),
    Hotkey("n", Command.NEW_DREAM),
    Hotkey("f8", Command.SCREENSHOT),
    Hotkey("f12", Command.SCREENSHOT),
    Hotkey("f9", Command.RECORD_GIF),
    Hotkey("f10", Command.SAVE_CLIP),
    Hotkey("f3", Command.HUD),
    Hotkey("[", Command.STEPS_DOWN),
    Hotkey("]", Command.STEPS_UP),
    Hotkey("-", Command.SLOWER),
    Hotkey("=", Command.FASTER),
    Hotkey("0", Command.NORMAL_SPEED),
    Hotkey("i", Command.SHOW_BUTTONS),
    Hotkey("o", Command.NEXT_MODEL, "ctrl"),
    Hotkey("r", Command.REWIND),
    Hotkey("tab", Command.FAST_FORWARD),
    Hotkey("f11", Command.FULLSCREEN),
    Hotkey("return", Command.FULLSCREEN, "alt"),
    Hotkey("f5", Command.INTEGER_SCALE),
    Hotkey("a", Command.ASPECT, "shift"),
    *(Hotkey(str(number), Command[f"SCALE_{number}"], "alt") for number in range(1, 7)),
)

KEY_CODES = {
    "return": "RETURN", "escape": "ESCAPE", "backspace": "BACKSPACE", "tab": "TAB", "space": "SPACE",
    "-": "MINUS", "=": "EQUALS", "[": "LEFTBRACKET", "]": "RIGHTBRACKET", "\\": "BACKSLASH", ";": "SEMICOLON",
    "'": "APOSTROPHE", "`": "GRAVE", ",": "COMMA", ".": "PERIOD", "/": "SLASH", "capslock": "CAPSLOCK",
    "right": "RIGHT", "left": "LEFT", "down": "DOWN", "up": "UP", "insert": "INSERT", "home": "HOME",
    "pageup": "PAGEUP", "delete": "DELETE", "end": "END", "pagedown": "PAGEDOWN", "left ctrl": "LCTRL",
    "left shift": "LSHIFT", "left alt": "LALT", "right ctrl": "RCTRL", "right shift": "RSHIFT",
    "right alt": "RALT", "keypad enter": "KP_ENTER",
    **{letter.lower(): letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
    **{f"keypad {number}": f"KP_{number}" for number in range(10)},
}  # fmt: skip
"""Names of keys, and what pygame calls their scancodes (after KSCAN_)."""

MODIFIERS = {
    "left ctrl": "ctrl", "right ctrl": "ctrl", "left alt": "alt", "right alt": "alt", "left shift": "shift",
}  # fmt: skip
"""Keys that change what others mean. The right Shift is a button of most games."""

TITLES = {
    Command.CARD: "this card",
    Command.PAUSE: "pause",
    Command.ADVANCE: "one frame",
    Command.REWIND: "rewind (hold)",
    Command.FAST_FORWARD: "fast forward (hold)",
    Command.SLOWER: "slower",
    Command.FASTER: "faster",
    Command.NORMAL_SPEED: "normal speed",
    Command.RESET: "start again",
    Command.NEW_DREAM: "new dream",
    Command.STEPS_DOWN: "less quality",
    Command.STEPS_UP: "more quality",
    Command.NEXT_MODEL: "next model",
    Command.SCREENSHOT: "screenshot",
    Command.RECORD_GIF: "record a GIF, stop",
    Command.SAVE_CLIP: "save the last 30 s",
    Command.HUD: "numbers",
    Command.SHOW_BUTTONS: "show the buttons",
    Command.FULLSCREEN: "full screen",
    Command.INTEGER_SCALE: "whole pixels",
    Command.ASPECT: "shape of the picture",
    Command.QUIT: "quit",
}
"""What the card says of the commands, in its order."""


def card_rows(game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS) -> list[tuple[str, str]]:
    """The card of a game: keys and what they do, the game's own first."""
    rows = [(" or ".join(_label(key) for key in game.keys.get(button, ())), button) for button in game.buttons]
    taken = {key for keys in game.keys.values() for key in keys}
    free = [hotkey for hotkey in hotkeys if hotkey.modifier or hotkey.key not in taken]
    for command, title in TITLES.items():
        keys = [str(hotkey) for hotkey in free if hotkey.command is command]
        if keys:
            rows.append((" or ".join(keys), title))
    return [*rows, ("Alt+1 to 6", "size of the window")]


def conflicts(game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS) -> list[str]:
    """Name the hotkeys that a game's own keys take away: a button is never a command too."""
    taken = {key: button for button, keys in game.keys.items() for key in keys}
    return [
        f"'{hotkey.key}' is {game.title}'s {taken[hotkey.key]}, so it is not {hotkey.command.name.lower()}"
        for hotkey in hotkeys
        if not hotkey.modifier and hotkey.key in taken
    ]


def _label(key: str) -> str:
    return " ".join(word.capitalize() for word in key.split())
