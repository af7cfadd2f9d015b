"""Frames taken apart into patches come back as they were."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny
from training.cache import Cache
from training.film import film


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    tiny.Play(*[60] * 10).write(tmp_path / "cache")
    return Cache(tmp_path / "cache")


def test_every_frame_comes_back(cache: Cache) -> None:
    assert torch.equal(film(cache, len(cache))[:], torch.from_numpy(cache.load()))


@pytest.mark.parametrize("rows", [7, slice(3, 9), torch.tensor([[5, 590], [0, 5]])])
def test_frames_are_picked_as_from_an_array(cache: Cache, rows: torch.Tensor | int | slice) -> None:
    assert torch.equal(film(cache, len(cache))[rows], torch.from_numpy(cache.load())[rows])


def test_only_as_many_rows_are_read_as_are_asked_for(cache: Cache) -> None:
    assert len(film(cache, 50)) == 50


def test_what_is_picked_may_be_painted_over(cache: Cache) -> None:
    shown = film(cache, 50)
    shown[torch.tensor([1, 2])].zero_()
    assert torch.equal(shown[:], torch.from_numpy(cache.load(rows=range(50))))


def test_a_patch_is_kept_once(cache: Cache) -> None:
    frames = torch.from_numpy(cache.load())
    tiles = frames.view(len(frames), -1, 8, frames.shape[2] // 8, 8).transpose(2, 3).flatten(3).flatten(0, 2)
    shown = film(cache, len(cache))
    assert len(shown.patches) == len(np.unique(tiles.numpy(), axis=0))


def test_a_patch_is_the_rarer_the_less_often_it_is_drawn(cache: Cache) -> None:
    frames = torch.from_numpy(cache.load())
    tiles = frames.view(len(frames), -1, 8, frames.shape[2] // 8, 8).transpose(2, 3).flatten(3)  # (N, H, W, 64)
    _, which, counts = np.unique(tiles.flatten(0, 2).numpy(), axis=0, return_inverse=True, return_counts=True)
    expected = np.sqrt(100 / counts.clip(min=100))[which.ravel()].reshape(tiles.shape[:3])
    assert 1 == expected.max() > expected.min()
    assert np.allclose(film(cache, len(cache)).rarity(torch.arange(len(frames))), expected)
