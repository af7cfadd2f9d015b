"""Damage hits the newest frame alone unless it erases the hero, spares the status bar, and repeats by its seed."""

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamplay.ring import Ring
from tests import tiny
from training.damage import damage, hero_patches

TOP = tiny.TOP


def pasts() -> Ring:
    """Pasts of the made-up play in a game of 96x96, whose hero is there."""
    footage = tiny.footage(tiny.config(tiny.GAME))
    return footage.ring(footage.rows[:32])


def damaged(*, corrupt: float, erase: float, seed: int = 0) -> tuple[Ring, list[int]]:
    """The same pasts, damaged."""
    ring = pasts()
    return ring, damage(ring, np.random.default_rng(seed), corrupt=corrupt, erase=erase, top=TOP)


def hit(ring: Ring) -> Tensor:
    """Which frames of which pasts are not as they were, (B, T)."""
    return (ring.frames != pasts().frames).flatten(2).any(2)


def test_no_damage_leaves_everything_as_it_was() -> None:
    ring, seen = damaged(corrupt=0, erase=0)
    assert not hit(ring).any()
    assert seen == []


def test_boxes_hit_the_newest_frame_alone() -> None:
    ring, seen = damaged(corrupt=1, erase=0)
    assert not hit(ring)[:, :-1].any()
    assert hit(ring)[:, -1].float().mean() > 0.8
    assert seen == []


def test_the_share_of_damaged_pasts_is_the_one_asked_for() -> None:
    ring, _ = damaged(corrupt=0.5, erase=0)
    assert 0.2 < hit(ring)[:, -1].float().mean() < 0.8


@pytest.mark.parametrize("erase", [0.0, 1.0])
def test_the_status_bar_is_spared(erase: float) -> None:
    ring, _ = damaged(corrupt=1, erase=erase)
    assert torch.equal(ring.frames[:, :, :TOP], pasts().frames[:, :, :TOP])


def test_a_hero_is_damaged_where_it_is_or_gone_from_the_whole_past() -> None:
    ring, seen = damaged(corrupt=0, erase=1)
    gone = [row for row in range(len(ring)) if row not in seen]
    assert seen
    assert gone
    assert not hit(ring)[seen, :-1].any()
    assert torch.equal(ring.places[seen], pasts().places[seen])
    assert (ring.places[gone, -3:, 2] < 1).all()  # reckoned, ever less surely, or not known at all
    assert hit(ring)[gone, -1].all()


def test_the_same_seed_does_the_same_damage() -> None:
    (one, _), (other, _) = damaged(corrupt=1, erase=1), damaged(corrupt=1, erase=1)
    assert torch.equal(one.frames, other.frames)
    assert not torch.equal(one.frames, damaged(corrupt=1, erase=1, seed=1)[0].frames)


def test_the_hero_covers_the_patches_that_its_box_touches() -> None:
    covered = hero_patches(torch.tensor([[8.0, 16.0, 1.0], [9.0, 16.0, 1.0], [8.0, 16.0, 0.0]]), 8, 6)
    assert covered[0].nonzero().tolist() == [[row, column] for row in (2, 3, 4, 5) for column in (1, 2)]
    assert covered[1].any(0).nonzero().flatten().tolist() == [1, 2, 3]
    assert not covered[2].any()
