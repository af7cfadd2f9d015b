import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamplay.games.mario import GAME
from training.cache import Cache, write_shard
from training.inspect import events, main, sheet, summarise

COLUMNS = ("x", "task", "player_state", "y_viewport", "float_state", "power", "coins")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two movies of ten frames: in each Mario walks a screen, jumps once, finds a coin and dies."""
    for name in ("a", "b"):
        table = {column: np.zeros(10, np.int32) for column in COLUMNS}
        table["task"][:8] = 3
        table["x"] = np.arange(10, dtype=np.int32) * 50
        table["y_viewport"][:] = 1
        table["float_state"][3:5] = 1
        table["coins"][5:] = 1
        table["player_state"][6:8] = 0x0B
        table["buttons"] = np.full(10, GAME.chord("right"), np.int32)
        write_shard(tmp_path / name, np.zeros((10, 240, 256), np.uint8), table, np.zeros((55, 3), np.uint8), 0)
    return tmp_path


def test_buttons_are_shares_of_the_frames(folder: Path) -> None:
    summary = summarise(Cache(folder))
    assert summary.buttons["right"] == 1.0
    assert summary.chords == {"right": 1.0}


def test_only_frames_of_the_level_count_for_its_coverage(folder: Path) -> None:
    assert summarise(Cache(folder)).coverage == {0: 12, 1: 4}


def test_an_event_is_counted_once_however_long_it_lasts(folder: Path) -> None:
    counted = events(Cache(folder))
    assert (counted["deaths"], counted["jumps"], counted["coins"]) == (2, 2, 2)
    assert counted["frames_between_levels"] == 4


def test_a_sheet_shows_as_many_pictures_as_were_asked_for(folder: Path) -> None:
    assert sheet(Cache(folder), rows=2, columns=3).shape == (240, 384, 3)


def test_the_stage_prints_one_object_and_writes_a_sheet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--json", "--sheet", str(folder / "sheet.png"), "--rows", "1", "--columns", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 20
    with Image.open(folder / "sheet.png") as picture:
        assert picture.size == (256, 120)
