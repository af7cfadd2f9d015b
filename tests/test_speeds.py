"""How fast models ran here."""

from pathlib import Path

import pytest

from dreamplay.speeds import Speeds


def test_a_speed_is_remembered_from_sitting_to_sitting(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    speeds.playing = "mario"
    speeds.note(58.24)
    assert Speeds(tmp_path / "speeds.json").of("mario") == 58.2


def test_too_early_to_tell_changes_nothing(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    speeds.playing = "mario"
    speeds.note(0.0)
    assert speeds.of("mario") is None
    assert not (tmp_path / "speeds.json").exists()


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"mario": "fast"}', '{"mario": -1}', "[" * 9000])
def test_a_file_that_says_nothing_counts_as_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "speeds.json").write_text(text)
    assert Speeds(tmp_path / "speeds.json").of("mario") is None


def test_without_a_home_it_lasts_for_the_sitting() -> None:
    speeds = Speeds(None)
    speeds.playing = "mario"
    speeds.note(40.0)
    assert speeds.of("mario") == 40.0
