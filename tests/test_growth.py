"""More play shows more of the game, until it shows nothing new."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.cache import Cache, write_shard
from training.growth import growth, plot, report

COLUMNS = ("coins", "player_state", "visible", "thing0_kind", "thing0_y", "thing0_speed_y", "thing1_kind")
DIES = 11


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Three movies of twenty frames, in each of which Mario dies once; every one shows two patches of its own."""
    for number in range(3):
        frames = np.zeros((20, 240, 256), np.uint8)
        frames[5:, :8, :8], frames[9:, :8, 8:16] = 2 * number + 1, 2 * number + 2
        table = {column: np.zeros(20, np.int32) for column in COLUMNS}
        table["player_state"][12:] = DIES
        write_shard(tmp_path / f"movie-{number}", frames, table, np.zeros((55, 3), np.uint8), number)
    return Cache(tmp_path)


def test_patches_are_counted_once_and_events_each_time(cache: Cache) -> None:
    counts = growth(cache, steps=3)
    assert counts["frames"] == [20, 40, 60]
    assert counts["patches"] == [3, 5, 7]
    assert counts["enemy"] == [1, 2, 3]


def test_what_movies_share_is_nothing_new(cache: Cache) -> None:
    again = growth(cache, steps=3, seed=1)
    assert again["patches"][-1] == growth(cache, steps=1)["patches"][0] == 7


def test_a_growth_is_a_line_for_each_part(cache: Cache) -> None:
    lines = report(growth(cache, steps=2)).splitlines()
    assert lines[0].split()[:3] == ["frames", "patches", "stomp"]
    assert len(lines) == 3
    assert lines[-1].endswith("#" * 40)


def test_a_growth_can_be_looked_at(cache: Cache, tmp_path: Path) -> None:
    plot(growth(cache, steps=3), tmp_path / "growth.png")
    with Image.open(tmp_path / "growth.png") as picture:
        assert picture.size == (1000, 400)
        assert len(set(picture.convert("RGB").tobytes())) > 100  # lines and letters in many colours
