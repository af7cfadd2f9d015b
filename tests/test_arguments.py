"""The command line and the settings beneath it."""

from pathlib import Path

import pytest

from dreamplay.arguments import parse
from dreamplay.errors import UsageError
from dreamplay.preferences import Look, Preferences


def preferences(*words: str) -> Preferences:
    found = parse(words, lambda line: None).preferences
    assert isinstance(found, Preferences)
    return found


def test_the_look_can_be_said() -> None:
    words = ["--scale", "5", "--fullscreen", "--fill", "--aspect", "8:7", "--filter", "crt", "--hud-size", "150"]
    assert preferences(*words).look == Look(5, True, True, "8:7", "crt", 150)


def test_a_file_is_read_and_is_where_changes_go(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('filter = "scanlines"\nhud-size = 200\ngif-keys = true\n[hotkeys]\npause = ["f12"]\n')
    found = preferences("--config", str(path))
    assert (found.look.filter, found.look.hud_size, found.gif_keys, found.path) == ("scanlines", 200, True, path)
    assert found.bindings.hotkeys == {"pause": ("f12",)}


def test_the_command_line_wins_and_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("scale = 2\n")
    found = preferences("--config", str(path), "--scale", "4")
    assert found.look.scale == 4
    found.save()
    assert path.read_text() == "scale = 2\n"


@pytest.mark.parametrize("words", [["--filter", "blur"], ["--hud-size", "99"], ["--set", "hotkeys=3"]])
def test_a_mistake_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(UsageError):
        preferences(*words)
