"""What takes long to work out is worked out once."""

from pathlib import Path

import numpy as np
import torch

from tests import tiny
from training import assets
from training.cache import Cache
from training.data import Footage
from training.kept import Arrays, kept


class Maker:
    """Makes arrays and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Arrays:
        self.made += 1
        return {"some": np.arange(5) + self.made, "none": np.zeros((0, 8), np.int16)}


def test_arrays_are_made_once_and_come_back_as_they_were(tmp_path: Path) -> None:
    make = Maker()
    first, second = (kept(tmp_path, "film", 7, make) for _ in range(2))
    assert make.made == 1
    for arrays in (first, second):
        assert arrays["some"].tolist() == [1, 2, 3, 4, 5]
        assert arrays["none"].shape == (0, 8)
        assert arrays["none"].dtype == np.dtype(np.int16)


def test_writing_to_them_changes_nobody_elses(tmp_path: Path) -> None:
    first, second = (kept(tmp_path, "film", 7, Maker())["some"] for _ in range(2))
    first[:] = 0
    assert second.tolist() == kept(tmp_path, "film", 7, Maker())["some"].tolist() == [1, 2, 3, 4, 5]


def test_what_is_made_from_something_else_takes_the_place_of_what_was(tmp_path: Path) -> None:
    kept(tmp_path, "film", 7, Maker())
    kept(tmp_path, "backdrops", 7, Maker())
    kept(tmp_path, "film", 8, Maker())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backdrops-00000007", "film-00000008"]


def test_two_that_make_the_same_at_once_end_well(tmp_path: Path) -> None:
    def make() -> Arrays:
        kept(tmp_path, "film", 7, Maker())
        return {"some": np.arange(3)}

    assert kept(tmp_path, "film", 7, make)["some"].tolist() == [1, 2, 3, 4, 5]
    assert [path.name for path in tmp_path.iterdir()] == ["film-00000007"]


def test_footage_is_the_same_whether_it_is_kept_or_not(tmp_path: Path) -> None:
    made = tiny.config()
    tiny.Play(60, 40, game=made.game).write(tmp_path / "cache")
    cut = assets.setting(made)
    plain = Footage(Cache(tmp_path / "cache"), cut)
    rings = [plain.ring(plain.rows)]
    for _ in range(2):
        shot = Footage(Cache(tmp_path / "cache"), cut, folder=tmp_path / "cache")
        rings.append(shot.ring(shot.rows))
        assert torch.equal(shot.frames.rarity(torch.arange(100)), plain.frames.rarity(torch.arange(100)))
    assert len(list((tmp_path / "cache").glob("*-*/*.npy"))) == 6
    for ring in rings[1:]:
        assert all(torch.equal(ring.tensors()[name], tensor) for name, tensor in rings[0].tensors().items())
