"""Damage hits the newest frame alone unless it erases the hero, moves no thing into the status bar, and repeats."""

import numpy as np
import torch
from torch import Tensor

from dreamplay.models.layers import to_patches
from dreamplay.ring import Ring
from tests import tiny
from training.damage import damage, thing_patches

TOP = tiny.TOP


def pasts() -> Ring:
    """Pasts of the made-up play in a game of 96x96, whose hero is there."""
    footage = tiny.footage(tiny.config(tiny.GAME))
    return footage.ring(footage.rows[:32])


def damaged(*, corrupt: float, erase: float, seed: int = 0, backdrop: bool = False) -> Ring:
    """The same pasts, damaged."""
    ring = pasts()
    damage(ring, np.random.default_rng(seed), corrupt=corrupt, erase=erase, top=TOP, backdrop=backdrop)
    return ring


def hit(ring: Ring) -> Tensor:
    """Which frames of which pasts are not as they were, (B, T)."""
    return (ring.frames != pasts().frames).flatten(2).any(2)


def test_no_damage_leaves_everything_as_it_was() -> None:
    assert not hit(damaged(corrupt=0, erase=0)).any()


def test_boxes_hit_the_newest_frame_alone_but_for_dots_that_have_lain_there_before() -> None:
    ring, before = damaged(corrupt=1, erase=0), pasts()
    differs = ring.frames != before.frames
    assert hit(ring)[:, -1].float().mean() > 0.8
    assert 0.1 < hit(ring)[:, 0].float().mean() < 0.9
    older = differs[:, :-1].flatten(2).sum(2)
    assert (older <= 7 * 3 * 3).all()  # dots are of 3 x 3 pixels at most
    assert torch.equal(hit(ring)[:, 0] & hit(ring)[:, 1], hit(ring)[:, 0])


def test_the_share_of_damaged_pasts_is_the_one_asked_for() -> None:
    assert 0.2 < hit(damaged(corrupt=0.5, erase=0))[:, -1].float().mean() < 0.8


def test_no_thing_is_moved_into_the_status_bar() -> None:
    assert torch.equal(damaged(corrupt=0, erase=1).frames[:, :, :TOP], pasts().frames[:, :, :TOP])


def test_the_status_bar_is_damaged_now_and_then() -> None:
    ring = pasts()
    ring.frames[:, :, :TOP, ::2] = 3  # of one colour else
    before = ring.frames.clone()
    damage(ring, np.random.default_rng(0), corrupt=1, erase=0, top=TOP)
    bar = (ring.frames != before)[:, -1, :TOP].flatten(1).any(1)
    assert 0.05 < bar.float().mean() < 0.6


def test_boxes_are_small_where_there_is_no_status_bar() -> None:
    for seed in range(5):
        ring = pasts()
        ring.frames[:, -1, ::2] = 3
        before = ring.frames.clone()
        damage(ring, np.random.default_rng(seed), corrupt=1, erase=0, top=0)
        assert (ring.frames != before).flatten(1).any(1).float().mean() > 0
        assert ((ring.frames != before)[:, -1].flatten(1).float().mean(1) < 0.5).all()


def test_a_thing_is_damaged_where_it_is_or_gone_from_the_whole_past() -> None:
    ring, before = damaged(corrupt=0, erase=1), pasts()
    whole = hit(ring).all(1)
    assert 0 < whole.float().mean() < 0.7
    assert hit(ring)[:, -1].float().mean() > 0.7
    assert not hit(ring)[~whole, :-1].any()
    assert torch.equal(ring.things, before.things)


def test_what_is_erased_is_where_a_thing_is() -> None:
    ring, before = damaged(corrupt=0, erase=1), pasts()
    differs = to_patches((ring.frames != before.frames)[:, -1]).any(-1)
    for across in (-6, 6):
        for down in (-6, 6):
            moved = before.things[:, -1, :, :3] + torch.tensor([across, down, 0])
            differs &= ~thing_patches(moved, *differs.shape[1:])
    assert not differs.any()


def test_what_is_behind_a_thing_that_is_gone_stays() -> None:
    hits = hit(damaged(corrupt=0, erase=1, backdrop=True))
    assert not hits[:, 0].any()
    assert hits[:, 1:].all(1).any()


def test_the_same_seed_does_the_same_damage() -> None:
    one, other = damaged(corrupt=1, erase=1), damaged(corrupt=1, erase=1)
    assert torch.equal(one.frames, other.frames)
    assert not torch.equal(one.frames, damaged(corrupt=1, erase=1, seed=1).frames)


def test_things_cover_the_patches_that_their_boxes_touch() -> None:
    covered = thing_patches(torch.tensor([[[8, 16, 1]], [[9, 16, 1]], [[8, 16, 0]]]), 8, 6)
    assert covered[0].nonzero().tolist() == [[row, column] for row in (2, 3, 4, 5) for column in (1, 2)]
    assert covered[1].any(0).nonzero().flatten().tolist() == [1, 2, 3]
    assert not covered[2].any()
