"""What the user likes, kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from dreamplay import settings
from dreamplay.errors import StorageError, UnknownNameError
from dreamplay.hotkeys import HOTKEYS, Command
from dreamplay.preferences import FILTERS, Preferences, after
from tests.fakes import COUNTER


def test_what_was_changed_is_a_setting_of_the_next_sitting(tmp_path: Path) -> None:
    mine = Preferences(path=tmp_path / "config.toml")
    mine.dress(replace(mine.look, scale=5, filter="crt", hud_size=150))
    mine.show_keys(in_films=True)
    mine.bind_key("counter", "a", ("space",))
    mine.bind_pad("counter", "a", ("x",))
    mine.bind_hotkey("pause", ("ctrl+p",))
    mine.toggle(("rewind", "b"))
    mine.save()
    found = settings.read(tmp_path / "config.toml")
    assert set(found.words) == {"--scale=5", "--filter=crt", "--hud-size=150", "--gif-keys"}
    assert found.bindings == mine.bindings


def test_only_what_was_changed_is_written(tmp_path: Path) -> None:
    mine = Preferences(path=tmp_path / "config.toml")
    mine.dress(replace(mine.look, aspect="4:3"))
    mine.save()
    assert (tmp_path / "config.toml").read_text() == 'aspect = "4:3"\n'


def test_a_reset_takes_the_keys_of_the_game_back(tmp_path: Path) -> None:
    mine = Preferences(path=tmp_path / "config.toml")
    mine.bind_key("counter", "a", ("space",))
    mine.bind_key("other", "a", ("v",))
    mine.bind_hotkey("pause", ("v",))
    mine.save()
    mine.reset_bindings("counter")
    mine.save()
    assert mine.own(COUNTER) == COUNTER
    assert mine.hotkeys() == HOTKEYS
    found = settings.read(tmp_path / "config.toml").bindings
    assert (found.keys["other"], found.keys["counter"], found.hotkeys) == ({"a": ("v",)}, {}, {})


def test_what_cannot_be_kept_is_said_and_counts_all_the_same() -> None:
    mine = Preferences()
    mine.dress(replace(mine.look, scale=6))
    with pytest.raises(StorageError, match="no home folder"):
        mine.save()
    assert mine.look.scale == 6
    mine.save()


def test_escape_always_opens_the_menu() -> None:
    mine = Preferences()
    mine.bind_hotkey("menu", ("m",))
    keys = {hotkey.key for hotkey in mine.hotkeys() if hotkey.command is Command.MENU}
    assert keys == {"escape", "m"}


@pytest.mark.parametrize(("command", "keys"), [("paws", ("p",)), ("pause", ("hyper+p",)), ("pause", ("pp",))])
def test_a_hotkey_that_means_nothing_is_refused(command: str, keys: tuple[str, ...]) -> None:
    mine = Preferences()
    mine.bind_hotkey(command, keys)
    with pytest.raises(UnknownNameError):
        mine.hotkeys()


def test_values_go_round() -> None:
    assert [after(name, FILTERS) for name in FILTERS] == [*FILTERS[1:], FILTERS[0]]
    assert after(FILTERS[0], FILTERS, -1) == FILTERS[-1]
