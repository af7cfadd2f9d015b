from pathlib import Path

import numpy as np
import pytest

from dreamplay.errors import StorageError
from training.cache import CHUNK, Cache, CacheError, write_shard

PALETTE = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)


def shard(folder: Path, name: str, rows: int, first: int = 0) -> np.ndarray:
    pictures = np.random.default_rng(first).integers(0, 2, (rows, 8, 16)).astype(np.uint8)
    write_shard(folder / name, pictures, {"buttons": np.arange(first, first + rows)}, PALETTE, 0)
    return pictures


@pytest.mark.parametrize("rows", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_all_rows_come_back(tmp_path: Path, rows: int) -> None:
    pictures = shard(tmp_path, "a", rows)
    assert (Cache(tmp_path).load() == pictures).all()


def test_movies_are_one_list_of_rows_in_the_order_of_their_names(tmp_path: Path) -> None:
    second, first = shard(tmp_path, "b", 20, 100), shard(tmp_path, "a", 37)
    cache = Cache(tmp_path)
    assert cache.episodes == [(0, 37), (37, 57)]
    assert (cache.load() == np.concatenate([first, second])).all()
    assert cache.table["buttons"].tolist() == [*range(37), *range(100, 120)]


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (15, 17), (30, 45), (36, 38), (56, 57), (5, 5)])
def test_a_window_is_a_part_of_the_whole(tmp_path: Path, start: int, stop: int) -> None:
    shard(tmp_path, "a", 37)
    shard(tmp_path, "b", 20, 100)
    cache = Cache(tmp_path)
    assert (cache.frames(start, stop) == cache.load()[start:stop]).all()
    assert (cache.load(rows=range(start, stop)) == cache.load()[start:stop]).all()


def test_the_parts_of_a_cache_share_its_movies(tmp_path: Path) -> None:
    rows = [3, 5, 7]
    for name, count in zip("abc", rows, strict=True):
        shard(tmp_path, name, count)
    parts = [[stop - start for start, stop in Cache(tmp_path, (i, 2)).episodes] for i in range(2)]
    assert parts == [[3, 7], [5]]


def test_a_cache_may_be_of_the_movies_whose_names_begin_alike(tmp_path: Path) -> None:
    for name, count in (("game-1-1-a", 3), ("game-1-2-a", 5)):
        shard(tmp_path, name, count)
    assert len(Cache(tmp_path, begins="game-1-2")) == 5
    with pytest.raises(CacheError, match=r"no rendered movies named game-1-3\*"):
        Cache(tmp_path, begins="game-1-3")


def test_a_cache_knows_its_palette(tmp_path: Path) -> None:
    shard(tmp_path, "a", 3)
    assert Cache(tmp_path).palette.tolist() == PALETTE.tolist()


@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_corrupt_shard_is_named(tmp_path: Path, damage: str) -> None:
    shard(tmp_path, "broken", 40)
    frames = tmp_path / "broken.frames"
    raw = bytearray(frames.read_bytes())
    if damage == "gone":
        frames.unlink()
    elif damage == "cut":
        frames.write_bytes(raw[: len(raw) // 2])
    else:
        raw[len(raw) // 2] ^= 0xFF
        frames.write_bytes(raw)
    with pytest.raises(CacheError, match=r"broken\.frames.*render it again"):
        Cache(tmp_path).load()


@pytest.mark.parametrize("kept", [0, 40, 400])
def test_a_corrupt_index_is_named(tmp_path: Path, kept: int) -> None:
    shard(tmp_path, "broken", 40)
    index = tmp_path / "broken.npz"
    index.write_bytes(index.read_bytes()[:kept])
    with pytest.raises(CacheError, match=r"broken\.npz: corrupt index"):
        Cache(tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="training render"):
        Cache(tmp_path)


def test_shards_of_different_columns_are_refused(tmp_path: Path) -> None:
    shard(tmp_path, "a", 3)
    write_shard(tmp_path / "b", np.zeros((3, 8, 16), np.uint8), {"other": np.zeros(3)}, PALETTE, 0)
    with pytest.raises(CacheError, match=r"b\.frames: other columns"):
        Cache(tmp_path)


def test_a_folder_that_is_missing_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        shard(tmp_path / "missing", "a", 3)


def test_a_table_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one value for each picture"):
        write_shard(tmp_path / "a", np.zeros((3, 8, 16), np.uint8), {"buttons": np.zeros(2)}, PALETTE, 0)
