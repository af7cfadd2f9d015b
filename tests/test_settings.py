"""What a user sets once."""

from pathlib import Path

import pytest

from dreamplay import settings
from dreamplay.errors import UsageError


def read(folder: Path, text: str, *changes: str) -> settings.Settings:
    path = folder / "config.toml"
    path.write_text(text)
    return settings.read(path, changes)


def test_settings_are_words_of_the_command_line(tmp_path: Path) -> None:
    found = read(tmp_path, 'scale = 4\naspect = "8:7"\nfullscreen = true\noffline = false\n')
    assert found.words == ("--scale=4", "--aspect=8:7", "--fullscreen")


def test_keys_go_by_game_and_button(tmp_path: Path) -> None:
    found = read(tmp_path, '[keys.mario]\na = ["Space", "x"]\nb = "c"\n')
    assert found.bindings.keys == {"mario": {"a": ("space", "x"), "b": ("c",)}}


def test_a_change_wins_over_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, "scale = 4\n", "scale=2", "keys.mario.a=space,x")
    assert (found.words, found.bindings.keys) == (("--scale=2",), {"mario": {"a": ("space", "x")}})


@pytest.mark.parametrize(
    ("text", "changes", "says"),
    [
        ("scale = ", (), "no TOML"),
        ("speed = 3", (), "no setting named 'speed'"),
        ("scale = [1]", (), "scale"),
        ("keys = 3", (), "keys"),
        ("[keys.mario]\na = 3", (), r"keys\.mario\.a"),
        ("", ("scale",), "key=value"),
        ("scale = 3", ("scale.x=1",), "no table"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, changes: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(tmp_path, text, *changes)
