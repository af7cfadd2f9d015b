"""The menu as a state of mind: which page is open, where the cursor stands, what was chosen. No window here.

While it is open the game stands still and every key is the menu's. It works with the arrows and Enter, with the game's
own keys, and with a pad.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from dreamplay.controls import PAD, Input
from dreamplay.errors import DreamplayError
from dreamplay.hotkeys import MODIFIERS, Command
from dreamplay.sheet import Line, Sheet
from dreamplay.world import GameSpec

HINT = "Arrows: move and change    Enter or A: choose    Esc or B: back"


class Steer(Enum):
    """What a key means to the menu."""

    UP = auto()
    DOWN = auto()
    LESS = auto()
    MORE = auto()
    CHOOSE = auto()
    BACK = auto()
    CLOSE = auto()


@dataclass(frozen=True)
class Row:
    """A line of a page that can do something.

    Attributes:
        title: What it is about.
        value: What stands there now.
        choose: What happens when it is chosen; None for a line of text.
        turn: What happens when it is moved one place on (1) or back (-1).
        hint: What it is for.
    """

    title: str
    value: str = ""
    choose: Callable[[], None] | None = None
    turn: Callable[[int], None] | None = None
    hint: str = ""

    @property
    def choosable(self) -> bool:
        """Whether the cursor stops here."""
        return self.choose is not None or self.turn is not None


@dataclass(frozen=True)
class Page:
    """A page: its title, and its rows as they are now."""

    title: str
    rows: Callable[[], list[Row]]


class Menu:
    """Turns what the hands do into what the player is asked for."""

    def __init__(self, settle: Callable[[], None] = lambda: None) -> None:
        """Closed, and without pages.

        Args:
            settle: Keeps what was changed; is called after every choice, and may raise what the user can mend.
        """
        self._settle = settle
        self._root: Page | None = None
        self._shortcuts: dict[Command, Page] = {}
        self._open: list[tuple[Page, int]] = []
        self._hear: Callable[[str], None] | None = None
        self._notice = ""
        self._keys: dict[str, Steer] = dict(_KEYS)
        self._asked: list[Command] = []
        self._wish = ""

    @property
    def is_open(self) -> bool:
        """Whether a page covers the game."""
        return bool(self._open)

    @property
    def sheet(self) -> Sheet | None:
        """The page as it is now; None while the menu is closed."""
        if not self._open:
            return None
        page, cursor = self._open[-1]
        rows = page.rows()
        lines = tuple(Line(row.title, row.value, row.choosable) for row in rows)
        cursor = _near(rows, cursor)
        hint = self._notice or (rows[cursor].hint if rows else "") or HINT
        return Sheet(page.title, lines, cursor, hint, listens=self._hear is not None)

    def change(self, root: Page, shortcuts: dict[Command, Page], game: GameSpec) -> None:
        """Take other pages: another game is played from now on.

        Args:
            root: What the menu's key opens.
            shortcuts: What other keys open.
            game: Whose own keys work here too.
        """
        self._root, self._shortcuts = root, {Command.MENU: root, **shortcuts}
        self._keys = {**_of_game(game), **_KEYS}
        self.close()

    def handle(self, given: Input) -> Input:
        """What is left for the game of what the hands did, and what the menu asks the player for."""
        if not self._open:
            page = next((self._shortcuts[each] for each in given.commands if each in self._shortcuts), None)
            if page is None:
                return given
            self._open = [(page, 0)]
            return Input(commands=_lasting(given.commands), dropped=given.dropped)
        for key in given.touched:
            self._press(key)
        if given.dropped:
            self.close()
        asked, self._asked = tuple(self._asked), []
        wish, self._wish = given.dropped or self._wish, ""
        return Input(commands=(*asked, *_lasting(given.commands)), dropped=wish)

    def go(self, page: Page) -> None:
        """Open a page over this one."""
        self._open.append((page, 0))

    def close(self) -> None:
        """Back to the game."""
        self._open, self._hear, self._notice = [], None, ""

    def ask(self, command: Command, *, closes: bool = False) -> None:
        """Ask the player for something."""
        self._asked.append(command)
        if closes:
            self.close()

    def play(self, name: str) -> None:
        """Ask for another model."""
        self._wish = name
        self.close()

    def listen(self, prompt: str, hear: Callable[[str], None]) -> None:
        """Give the next key, whatever it is, to somebody; Escape to nobody."""
        self._hear, self._notice = hear, prompt

    def say(self, sentence: str) -> None:
        """Say something until the next key."""
        self._notice = sentence

    def _press(self, key: str) -> None:
        if not self._open:
            return
        hear, self._hear, self._notice = self._hear, None, ""
        try:
            if hear is None:
                self._steer(self._keys.get(key))
            elif key != "escape":
                hear(key)
            self._settle()
        except DreamplayError as error:
            self._notice = str(error)

    def _steer(self, steer: Steer | None) -> None:
        page, cursor = self._open[-1]
        rows = page.rows()
        cursor = _near(rows, cursor)
        row = rows[cursor] if rows else Row("")
        if steer is Steer.CLOSE:
            self.close()
        elif steer is Steer.BACK:
            self._open.pop()
        elif steer is Steer.CHOOSE and row.choosable:
            row.choose() if row.choose else row.turn and row.turn(1)
        elif steer in (Steer.LESS, Steer.MORE) and row.turn:
            row.turn(1 if steer is Steer.MORE else -1)
        elif steer in (Steer.UP, Steer.DOWN):
            self._open[-1] = page, _next(rows, cursor, 1 if steer is Steer.DOWN else -1)


_KEYS = {
    "up": Steer.UP, "down": Steer.DOWN, "left": Steer.LESS, "right": Steer.MORE, "return": Steer.CHOOSE,
    "keypad enter": Steer.CHOOSE, "space": Steer.CHOOSE, "escape": Steer.BACK, "backspace": Steer.BACK,
    "f1": Steer.CLOSE, f"{PAD}dpad_up": Steer.UP, f"{PAD}dpad_down": Steer.DOWN, f"{PAD}dpad_left": Steer.LESS,
    f"{PAD}dpad_right": Steer.MORE, f"{PAD}lefty-": Steer.UP, f"{PAD}lefty+": Steer.DOWN, f"{PAD}leftx-": Steer.LESS,
    f"{PAD}leftx+": Steer.MORE, f"{PAD}a": Steer.CHOOSE, f"{PAD}start": Steer.CHOOSE, f"{PAD}b": Steer.BACK,
    f"{PAD}guide": Steer.CLOSE, f"{PAD}rightstick": Steer.CLOSE,
}  # fmt: skip
_BUTTONS = {
    "up": Steer.UP, "down": Steer.DOWN, "left": Steer.LESS, "right": Steer.MORE, "a": Steer.CHOOSE, "b": Steer.BACK,
}  # fmt: skip


def _of_game(game: GameSpec) -> dict[str, Steer]:
    """What the game's own keys mean to the menu."""
    return {key: _BUTTONS[button] for button, keys in game.keys.items() if button in _BUTTONS for key in keys} | {
        PAD + control: _BUTTONS[button] for button, pad in game.pad.items() if button in _BUTTONS for control in pad
    }


def _lasting(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Commands that count while the menu is open."""
    return tuple(command for command in commands if command is Command.QUIT)


def _near(rows: list[Row], cursor: int) -> int:
    """The cursor, or the next place from there where it may stand."""
    cursor = max(0, min(cursor, len(rows) - 1))
    return cursor if not rows or rows[cursor].choosable else _next(rows, cursor, 1)


def _next(rows: list[Row], cursor: int, step: int) -> int:
    """The next row that can be chosen, round and round."""
    for distance in range(1, len(rows) + 1):
        place = (cursor + step * distance) % len(rows)
        if rows[place].choosable:
            return place
    return cursor


def is_modifier(key: str) -> bool:
    """Whether a key only changes what others mean."""
    return key.rpartition("+")[2] in MODIFIERS
