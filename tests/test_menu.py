"""The menu without a window: what keys do to it, and what it asks for."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamplay.controls import PAD, PAD_CONTROLS, Input
from dreamplay.errors import StorageError, UsageError
from dreamplay.games.mario import GAME
from dreamplay.hotkeys import KEY_CODES, Command
from dreamplay.hub import Entry
from dreamplay.menu import Menu, Page, Row
from dreamplay.pages import Desk
from dreamplay.preferences import Preferences
from dreamplay.sheet import Sheet
from dreamplay.speeds import Speeds

ENTRIES = [
    Entry("mario", "Super Mario Bros", 12_000_000, "MIT", "here", True),
    Entry("user/other", "Other", 3_000_000, "CC0", "the Hub", True),
    Entry("broken", "broken (no config)", 0, "", "there", False),
    Entry("user/lost", "to download", 0, "", "the Hub", False, True),
]


class Table:
    """A menu with all its pages, and hands."""

    def __init__(self, path: Path | None = None) -> None:
        self.preferences = Preferences(path=path)
        self.menu = Menu(self.preferences.save if path else lambda: None)
        self.desk = Desk(self.menu, self.preferences, Speeds(None), lambda: ENTRIES, Path("/pictures"))
        self.desk.lay(GAME, "mario")
        self.menu.handle(Input(commands=(Command.MENU,)))

    def press(self, *keys: str) -> Input:
        return self.menu.handle(Input(touched=keys))

    @property
    def sheet(self) -> Sheet:
        assert self.menu.sheet is not None
        return self.menu.sheet

    def enter(self, *titles: str) -> "Table":
        """Walk to a row of this title and choose it, one page after the other."""
        for title in titles:
            place = [line.title for line in self.sheet.lines].index(title)
            while self.sheet.cursor != place:
                self.press("down")
            self.press("return")
        return self

    def value(self, title: str) -> str:
        return next(line.value for line in self.sheet.lines if line.title == title)


def test_a_closed_menu_leaves_everything_to_the_game() -> None:
    menu = Menu()
    given = Input(5, (Command.PAUSE,), frozenset({Command.REWIND}), "", ("x",))
    assert menu.handle(given) is given


def test_an_open_menu_leaves_only_the_wish_to_quit() -> None:
    given = Table().menu.handle(Input(5, (Command.PAUSE, Command.QUIT), frozenset({Command.REWIND})))
    assert given == Input(commands=(Command.QUIT,))


@pytest.mark.parametrize("keys", [("escape",), ("f1",), (f"{PAD}b",), (f"{PAD}guide",), ("return",), ("z",)])
def test_there_are_many_ways_back_to_the_game(keys: tuple[str, ...]) -> None:
    table = Table()
    table.press(*keys)
    assert not table.menu.is_open


@pytest.mark.parametrize("down", ["down", "s", f"{PAD}dpad_down", f"{PAD}lefty+"])
def test_keyboard_game_keys_and_pad_move_the_cursor(down: str) -> None:
    table = Table()
    table.press(down)
    assert table.sheet.cursor == 1


def test_the_cursor_goes_round_and_over_mere_text() -> None:
    menu = Menu()
    rows = [Row("text"), Row("one", choose=lambda: None), Row("text"), Row("two", choose=lambda: None)]
    menu.change(Page("page", lambda: rows), {}, GAME)
    menu.handle(Input(commands=(Command.MENU,)))
    seen = []
    for _ in range(3):
        assert menu.sheet is not None
        seen.append(menu.sheet.cursor)
        menu.handle(Input(touched=("down",)))
    assert seen == [1, 3, 1]


def test_back_leads_to_the_page_before() -> None:
    table = Table().enter("Video")
    assert table.sheet.title == "Video"
    table.press("escape")
    assert table.sheet.lines[table.sheet.cursor].title == "Video"


def test_a_command_opens_the_models_at_once() -> None:
    table = Table()
    table.menu.close()
    table.menu.handle(Input(commands=(Command.MODELS,)))
    assert table.sheet.title == "Models"


def test_models_say_what_they_are() -> None:
    table = Table()
    table.desk.speeds.note(57.6)
    table.enter("Models")
    assert table.value("mario") == "12.0 MB, 58 fps here, MIT, playing"
    assert table.value("user/other") == "3.0 MB, speed unknown, CC0, installed"
    assert "does not play" in table.value("broken")
    assert table.value("user/lost") == "to download"


def test_a_chosen_model_is_asked_for() -> None:
    table = Table().enter("Models")
    table.press("down")
    assert table.press("return").dropped == "user/other"
    assert not table.menu.is_open


def test_a_folder_dropped_on_the_menu_is_played_too() -> None:
    table = Table()
    assert table.menu.handle(Input(dropped="folder")).dropped == "folder"
    assert not table.menu.is_open


def test_rows_ask_the_player_for_commands() -> None:
    table = Table().enter("Recording")
    assert table.press("down", "return").commands == (Command.RECORD_GIF,)
    assert not table.menu.is_open


def test_the_look_changes_and_is_kept(tmp_path: Path) -> None:
    table = Table(tmp_path / "config.toml").enter("Video")
    table.press("right", "down", "return", "down", "down", "left", "down", "right", "down", "right")
    look = table.preferences.look
    assert (look.scale, look.fullscreen, look.aspect, look.filter, look.hud_size) == (4, True, "4:3", "scanlines", 150)
    assert "scale = 4" in (tmp_path / "config.toml").read_text()


def test_a_button_takes_another_key() -> None:
    table = Table().enter("Controls", "a: jump (A)")
    assert table.sheet.listens
    table.press("space")
    assert table.preferences.own(GAME).keys["a"] == ("space",)
    assert not table.sheet.listens


def test_a_button_can_have_one_key_more_and_one_less() -> None:
    table = Table().enter("Controls")
    table.press("right", "space")
    assert table.preferences.own(GAME).keys["a"] == ("x", "space")
    table.press("left")
    assert table.preferences.own(GAME).keys["a"] == ("x",)


def test_a_button_takes_a_control_of_the_pad() -> None:
    table = Table().enter("Controls", "a: jump (A)")
    table.press(f"{PAD}y")
    assert table.preferences.own(GAME).pad["a"] == ("y",)
    assert table.preferences.own(GAME).keys["a"] == ("x",)


@pytest.mark.parametrize(
    ("key", "says"), [("z", "Z is 'b' already"), (f"{PAD}guide", "stays with the menu"), ("", "no name")]
)
def test_a_key_that_is_taken_is_refused_with_its_owner(key: str, says: str) -> None:
    table = Table().enter("Controls", "a: jump (A)")
    table.press(key)
    assert says in table.sheet.hint
    assert table.preferences.own(GAME) == GAME


def test_a_hotkey_that_loses_its_key_is_named() -> None:
    table = Table().enter("Controls", "a: jump (A)")
    table.press("p")
    assert table.sheet.hint == "P is 'a' now, no longer 'pause'"


def test_escape_leaves_a_key_as_it_is() -> None:
    table = Table().enter("Controls", "a: jump (A)")
    table.press("escape")
    assert (table.sheet.title, table.sheet.listens) == ("Controls", False)
    assert table.preferences.own(GAME) == GAME


def test_a_hotkey_takes_a_chord() -> None:
    table = Table().enter("Controls", "Hotkeys", "Pause")
    table.press("left ctrl")
    assert table.sheet.listens
    table.press("ctrl+p")
    assert table.value("Pause") == "Ctrl+P"


@pytest.mark.parametrize(
    ("key", "says"), [("x", "'a' of the game"), ("ctrl+r", "'start again' already"), (f"{PAD}y", "keyboard")]
)
def test_a_hotkey_that_is_taken_is_refused_with_its_owner(key: str, says: str) -> None:
    table = Table().enter("Controls", "Hotkeys", "Pause")
    table.press(key)
    assert says in table.sheet.hint
    assert table.value("Pause") == "P"


def test_holds_become_toggles() -> None:
    table = Table().enter("Controls", "Hold, or press once", "Rewind")
    assert table.preferences.bindings.toggles == ("rewind",)
    table.press("return")
    assert not table.preferences.bindings.toggles


def test_the_usual_keys_come_back() -> None:
    table = Table().enter("Controls", "a: jump (A)")
    table.press("space")
    table.enter("The usual keys")
    assert table.preferences.own(GAME) == GAME


def test_what_cannot_be_kept_is_said_on_the_page() -> None:
    def refuse() -> None:
        raise StorageError("cannot write config.toml: read-only")

    menu = Menu(refuse)
    menu.change(Page("page", lambda: [Row("one", choose=lambda: None)]), {}, GAME)
    menu.handle(Input(commands=(Command.MENU,)))
    menu.handle(Input(touched=("return",)))
    assert menu.sheet is not None
    assert menu.sheet.hint == "cannot write config.toml: read-only"


def test_a_refusal_goes_with_the_next_key() -> None:
    def refuse() -> None:
        raise UsageError("no")

    menu = Menu()
    menu.change(Page("page", lambda: [Row("one", choose=refuse)]), {}, GAME)
    menu.handle(Input(commands=(Command.MENU,)))
    menu.handle(Input(touched=("return",)))
    assert menu.sheet is not None
    assert menu.sheet.hint == "no"
    menu.handle(Input(touched=("down",)))
    assert menu.sheet.hint != "no"


KEYS = (*KEY_CODES, *(PAD + control for control in PAD_CONTROLS), "ctrl+r", "alt+ctrl+x", "", "shift+")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(KEYS), max_size=80))
def test_any_keys_are_survived(keys: list[str]) -> None:
    table = Table()
    for key in keys:
        table.press(key)
        if not table.menu.is_open:
            table.menu.handle(Input(commands=(Command.MENU,)))
        assert 0 <= table.sheet.cursor < len(table.sheet.lines)
    table.preferences.own(GAME)
    table.preferences.hotkeys()
