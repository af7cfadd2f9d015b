"""The motion head finds a hero that is painted there, and reads every step of the past."""

from dataclasses import replace

import pytest
import torch

from dreamplay.models.motion import Motion
from tests import tiny


def motion() -> Motion:
    """A head of random weights."""
    network = tiny.model(tiny.config()).motion
    assert network is not None
    return network


def arguments() -> dict[str, torch.Tensor]:
    """A random past, by the names of the head's arguments."""
    ring = tiny.ring(tiny.config())
    return {
        "buttons": ring.buttons,
        "scrolls": ring.scrolls.float(),
        "places": ring.places.index_fill(2, torch.tensor(2), 1.0),
        "held": tiny.held(tiny.config()),
        "odometer": torch.tensor([70.0]),
        "still": torch.tensor([3.0]),
    }


def test_there_is_a_class_for_every_speed_and_every_cut() -> None:
    assert motion()(**arguments()).shape == (1, 4 + 1 + 2)


@pytest.mark.parametrize("step", range(8))
@pytest.mark.parametrize("name", ["buttons", "scrolls", "places"])
def test_every_step_of_the_past_counts(name: str, step: int) -> None:
    past = arguments()
    changed = past[name].clone()
    changed[:, step] = changed[:, step] + 1
    assert not torch.equal(motion()(**past), motion()(**(past | {name: changed})))


@pytest.mark.parametrize("name", ["held", "odometer", "still"])
def test_the_present_counts(name: str) -> None:
    past = arguments()
    assert not torch.equal(motion()(**past), motion()(**(past | {name: past[name] + 1})))


def test_the_tracker_speaks_of_columns_rows_and_presence() -> None:
    columns, rows, there = motion().tracker(tiny.ring(tiny.config(), 2).newest)
    assert (columns.shape, rows.shape, there.shape) == ((2, 48), (2, 32), (2,))


def test_the_place_is_the_likeliest_column_and_row() -> None:
    tracker, frames = motion().tracker, tiny.ring(tiny.config(), 2).newest
    columns, rows, there = tracker(frames)
    x, y, present = tracker.places(frames).unbind(1)
    assert torch.equal(x.long(), columns.argmax(1))
    assert torch.equal(y.long(), rows.argmax(1))
    assert torch.equal(present > 0, there > 0)


def test_a_head_without_cuts_has_only_speeds() -> None:
    network = Motion(replace(tiny.MOTION, cuts=()), 3, tiny.PALETTE)
    assert network(**arguments()).shape == (1, 5)
