"""The past is immutable, can be cut and joined, and scrolls as a camera does."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import Tensor

from dreamplay.ring import Ring, shift, stack
from tests import tiny


def same(one: Ring, other: Ring) -> bool:
    """Whether every field is equal."""
    return all(torch.equal(tensor, other.tensors()[name]) for name, tensor in one.tensors().items())


def picture() -> Tensor:
    """Columns 0 to 5 in three rows, (1, 1, 3, 6, 1)."""
    return torch.arange(6, dtype=torch.uint8).repeat(3, 1)[None, None, ..., None]


def test_a_ring_cannot_be_written_to() -> None:
    with pytest.raises(FrozenInstanceError):
        tiny.ring(tiny.config()).odometer = torch.zeros(1)  # type: ignore[misc]


def test_what_was_joined_can_be_cut_again() -> None:
    one, two = tiny.ring(tiny.config(), 2, seed=1), tiny.ring(tiny.config(), 3, seed=2)
    joined = stack([one, two])
    assert len(joined) == 5
    assert same(joined.select(slice(0, 2)), one)
    assert same(joined.select([2, 3, 4]), two)


def test_the_newest_frame_is_the_last_one() -> None:
    ring = tiny.ring(tiny.config())
    assert torch.equal(ring.newest, ring.frames[:, -1])


def test_forgetting_the_odometer_leaves_the_other_rows_alone() -> None:
    ring = tiny.ring(tiny.config(), 3)
    forgotten = ring.without_odometer(torch.tensor([False, True, False]))
    assert forgotten.odometer.tolist() == [ring.odometer[0], -1, ring.odometer[2]]
    assert ring.odometer[1] >= 0


def test_a_scroll_moves_the_level_and_not_the_status_bar() -> None:
    moved = shift(picture(), [2], top=1, unknown=9)[0, 0, ..., 0]
    assert moved.tolist() == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 9, 9], [2, 3, 4, 5, 9, 9]]


def test_a_scroll_leaves_the_picture_it_was_given() -> None:
    frames = picture()
    shift(frames, [3], top=0, unknown=9)
    assert torch.equal(frames, picture())


def test_two_scrolls_in_a_row_are_one_scroll_of_their_sum() -> None:
    twice = shift(shift(picture(), [1], top=1, unknown=9), [3], top=1, unknown=9)
    assert torch.equal(twice, shift(picture(), [4], top=1, unknown=9))


def test_a_scroll_by_the_whole_width_leaves_nothing_known() -> None:
    assert (shift(picture(), [6], top=0, unknown=9) == 9).all()


def test_every_row_of_a_batch_scrolls_by_its_own() -> None:
    both = shift(picture().repeat(2, 1, 1, 1, 1), [0, 1], top=0, unknown=9)
    assert torch.equal(both[:1], picture())
    assert torch.equal(both[1:], shift(picture(), [1], top=0, unknown=9))
