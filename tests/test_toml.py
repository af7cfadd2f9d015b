"""Single values in somebody's own file."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamplay import toml
from dreamplay.errors import StorageError

MINE = """# mine
scale = 4  # big

[keys.mario]
a = [
  "x",
  "space",
]
b = "z"

[hotkeys]
pause = ["p"]
"""


def changed(folder: Path, text: str, changes: dict[tuple[str, ...], toml.Value]) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    toml.change(path, changes)
    return path.read_text()


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    toml.change(path, {("scale",): 4, ("keys", "mario", "a"): ("x", "space"), ("fill",): True})
    assert tomllib.loads(path.read_text()) == {"scale": 4, "fill": True, "keys": {"mario": {"a": ["x", "space"]}}}


def test_every_other_line_stays(tmp_path: Path) -> None:
    text = changed(tmp_path, MINE, {("keys", "mario", "a"): ("c",)})
    assert text == MINE.replace('[\n  "x",\n  "space",\n]', '["c"]')


def test_a_value_can_be_taken_out(tmp_path: Path) -> None:
    text = changed(tmp_path, MINE, {("keys", "mario", "a"): None, ("hotkeys", "pause"): None, ("none",): None})
    assert tomllib.loads(text) == {"scale": 4, "keys": {"mario": {"b": "z"}}, "hotkeys": {}}


def test_a_new_value_goes_to_its_own_table(tmp_path: Path) -> None:
    text = changed(
        tmp_path, MINE, {("aspect",): "8:7", ("keys", "mario", "up"): ("w",), ("pads", "my game", "a"): ("b",)}
    )
    found = tomllib.loads(text)
    assert (found["aspect"], found["keys"]["mario"]["up"], found["pads"]["my game"]["a"]) == ("8:7", ["w"], ["b"])
    assert text.startswith("# mine\nscale = 4  # big\naspect")


@pytest.mark.parametrize("text", ["scale = ", "\x00", "[a\nb = 1", "scale = 3\nscale = 4"])
def test_a_broken_file_is_left_alone(tmp_path: Path, text: str) -> None:
    with pytest.raises(StorageError, match="mend it or delete it"):
        changed(tmp_path, text, {("scale",): 4})
    assert (tmp_path / "config.toml").read_text() == text


def test_a_file_that_is_written_in_another_way_is_left_alone(tmp_path: Path) -> None:
    text = 'keys = {mario = {a = "x"}}\n'
    with pytest.raises(StorageError, match="editor"):
        changed(tmp_path, text, {("keys", "mario", "a"): ("c",)})
    assert (tmp_path / "config.toml").read_text() == text


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("scale = 2\n")
    (tmp_path / "config.toml").symlink_to("real.toml")
    toml.change(tmp_path / "config.toml", {("scale",): 4})
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text() == "scale = 4\n"


def test_a_folder_that_may_not_be_written_is_said() -> None:
    with pytest.raises(StorageError, match="/proc"):
        toml.change(Path("/proc/none/config.toml"), {("scale",): 4})


NAMES = st.text('abc-_ ."é', min_size=1, max_size=4)
VALUES = st.one_of(st.booleans(), st.integers(0, 99), st.text(max_size=5), st.lists(st.text(max_size=3)).map(tuple))


@settings(deadline=None)
@given(st.dictionaries(NAMES.map(lambda name: ("t", name)) | NAMES.map(lambda name: (name,)), VALUES, max_size=4))
def test_what_was_written_is_read_again_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[tuple[str, ...], toml.Value]
) -> None:
    path = tmp_path_factory.mktemp("toml") / "config.toml"
    try:
        toml.change(path, changes)
    except StorageError:
        assert not path.exists()
        return
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, value in changes.items():
        inner: Any = found
        for part in name:
            inner = inner[part]
        assert inner == (list(value) if isinstance(value, tuple) else value)
