"""The keys that are not the game's: commands, what gives them, and the card that explains all keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from dreamplay.errors import UnknownNameError
from dreamplay.world import GameSpec


class Command(Enum):
    """What a key can ask of the player or of its window."""

    QUIT = auto()
    MENU = auto()
    PAUSE = auto()
    ADVANCE = auto()
    RESET = auto()
    NEW_DREAM = auto()
    SCREENSHOT = auto()
    RECORD_GIF = auto()
    RECORD_MP4 = auto()
    SAVE_CLIP = auto()
    HUD = auto()
    STEPS_DOWN = auto()
    STEPS_UP = auto()
    SLOWER = auto()
    FASTER = auto()
    NORMAL_SPEED = auto()
    SHOW_BUTTONS = auto()
    MODELS = auto()
    SAVE_STATE = auto()
    LOAD_STATE = auto()
    UNDO_LOAD = auto()
    SLOT_BACK = auto()
    SLOT_ON = auto()
    BESIDE = auto()
    ANCHOR = auto()
    AUTOPILOT = auto()
    REWIND = auto()
    FAST_FORWARD = auto()
    FULLSCREEN = auto()
    INTEGER_SCALE = auto()
    ASPECT = auto()
    FILTER = auto()
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
        return label("+".join(part for part in (self.modifier, self.key) if part))


HOTKEYS = (
    Hotkey("escape", Command.MENU),
    Hotkey("f1", Command.MENU),
    Hotkey("q", Command.QUIT, "ctrl"),
    Hotkey("p", Command.PAUSE),
    Hotkey("k", Command.ADVANCE),
    Hotkey("r", Command.RESET, "ctrl"),
    Hotkey("n", Command.NEW_DREAM),
    Hotkey("f8", Command.SCREENSHOT),
    Hotkey("f12", Command.SCREENSHOT),
    Hotkey("f9", Command.RECORD_GIF),
    Hotkey("f9", Command.RECORD_MP4, "shift"),
    Hotkey("f10", Command.SAVE_CLIP),
    Hotkey("f3", Command.HUD),
    Hotkey("[", Command.STEPS_DOWN),
    Hotkey("]", Command.STEPS_UP),
    Hotkey("-", Command.SLOWER),
    Hotkey("=", Command.FASTER),
    Hotkey("0", Command.NORMAL_SPEED),
    Hotkey("i", Command.SHOW_BUTTONS),
    Hotkey("o", Command.MODELS, "ctrl"),
    Hotkey("f2", Command.SAVE_STATE),
    Hotkey("f4", Command.LOAD_STATE),
    Hotkey("f4", Command.UNDO_LOAD, "shift"),
    Hotkey("f6", Command.SLOT_BACK),
    Hotkey("f7", Command.SLOT_ON),
    Hotkey("v", Command.BESIDE),
    Hotkey("backspace", Command.ANCHOR),
    Hotkey("m", Command.AUTOPILOT),
    Hotkey("r", Command.REWIND),
    Hotkey("tab", Command.FAST_FORWARD),
    Hotkey("f11", Command.FULLSCREEN),
    Hotkey("return", Command.FULLSCREEN, "alt"),
    Hotkey("f5", Command.INTEGER_SCALE),
    Hotkey("a", Command.ASPECT, "shift"),
    Hotkey("c", Command.FILTER),
    *(Hotkey(str(number), Command[f"SCALE_{number}"], "alt") for number in range(1, 7)),
)

PAD_HOTKEYS = {
    "guide": Command.MENU,
    "rightstick": Command.MENU,
    "leftshoulder": Command.REWIND,
    "rightshoulder": Command.FAST_FORWARD,
}
"""What a pad's controls give where the game has no use for them."""

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
    Command.MENU: "menu",
    Command.PAUSE: "pause",
    Command.ADVANCE: "one frame",
    Command.REWIND: "rewind (hold)",
    Command.FAST_FORWARD: "fast forward (hold)",
    Command.SLOWER: "slower",
    Command.FASTER: "faster",
    Command.NORMAL_SPEED: "normal speed",
    Command.SAVE_STATE: "save state",
    Command.LOAD_STATE: "load state",
    Command.UNDO_LOAD: "undo the load",
    Command.SLOT_BACK: "slot before",
    Command.SLOT_ON: "next slot",
    Command.RESET: "start again",
    Command.NEW_DREAM: "new dream",
    Command.BESIDE: "real game beside it",
    Command.ANCHOR: "dream on from the real game",
    Command.AUTOPILOT: "let the computer play",
    Command.STEPS_DOWN: "less quality",
    Command.STEPS_UP: "more quality",
    Command.MODELS: "models",
    Command.SCREENSHOT: "screenshot",
    Command.RECORD_GIF: "record a GIF, stop",
    Command.RECORD_MP4: "record an MP4, stop",
    Command.SAVE_CLIP: "save the last 30 s",
    Command.HUD: "numbers",
    Command.SHOW_BUTTONS: "show the buttons",
    Command.FULLSCREEN: "full screen",
    Command.INTEGER_SCALE: "whole pixels",
    Command.ASPECT: "shape of the picture",
    Command.FILTER: "filter",
    **{Command[f"SCALE_{number}"]: f"window size {number}" for number in range(1, 7)},
    Command.QUIT: "quit",
}
"""What the menu says of the commands, in its order."""

ON_CARD = (
    Command.MENU, Command.PAUSE, Command.REWIND, Command.FAST_FORWARD, Command.SAVE_STATE, Command.LOAD_STATE,
    Command.NEW_DREAM, Command.SCREENSHOT, Command.RECORD_GIF, Command.FULLSCREEN, Command.QUIT,
)  # fmt: skip
"""What a first-time player is told, in this order."""


def parse(text: str, command: Command) -> Hotkey:
    """Read a hotkey: "p", "ctrl+r".

    Raises:
        UnknownNameError: There is no such key or modifier.
    """
    modifier, _, key = text.strip().lower().rpartition("+")
    if modifier and modifier not in MODIFIERS.values():
        raise UnknownNameError("modifier", modifier, sorted(set(MODIFIERS.values())))
    if key not in KEY_CODES:
        raise UnknownNameError("key", key, KEY_CODES)
    return Hotkey(key, command, modifier)


def bound(changes: Mapping[str, tuple[str, ...]]) -> tuple[Hotkey, ...]:
    """The hotkeys with the user's own in place of some: names of commands in lower case to keys ("ctrl+r").

    Escape stays with the menu, so that nobody is locked out.

    Raises:
        UnknownNameError: There is no such command or key.
    """
    names = {command.name.lower(): command for command in Command}
    for name in changes:
        if name not in names:
            raise UnknownNameError("command", name, names)
    kept = [each for each in HOTKEYS if each.command.name.lower() not in changes or each == HOTKEYS[0]]
    own = [parse(text, names[name]) for name, keys in changes.items() for text in keys]
    return (*kept, *(each for each in own if each not in kept))


def usable(game: GameSpec, hotkeys: Iterable[Hotkey]) -> list[Hotkey]:
    """The hotkeys that a game's own keys leave."""
    taken = {key for keys in game.keys.values() for key in keys}
    return [hotkey for hotkey in hotkeys if hotkey.modifier or hotkey.key not in taken]


def conflicts(game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS) -> list[str]:
    """Name the hotkeys that a game's own keys take away: a button is never a command too."""
    taken = {key: button for button, keys in game.keys.items() for key in keys}
    return [
        f"'{hotkey.key}' is {game.title}'s {taken[hotkey.key]}, so it is not {hotkey.command.name.lower()}"
        for hotkey in hotkeys
        if not hotkey.modifier and hotkey.key in taken
    ]


def label(key: str) -> str:
    """A key or pad control as people write it: "Right Shift", "Ctrl+R"."""
    if key in _CAPS:  # "leftx+" is no chord
        return _CAPS[key]
    return "+".join(_CAPS.get(part) or " ".join(map(str.capitalize, part.split())) for part in key.split("+"))


_CAPS = {
    "return": "Enter", "escape": "Esc", "dpad_up": "D-Pad Up", "dpad_down": "D-Pad Down", "dpad_left": "D-Pad Left",
    "dpad_right": "D-Pad Right", "leftx-": "Stick Left", "leftx+": "Stick Right", "lefty-": "Stick Up",
    "lefty+": "Stick Down", "leftshoulder": "L", "rightshoulder": "R",
}  # fmt: skip
"""What people call keys and controls, where it is not their name."""
