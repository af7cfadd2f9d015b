"""A past made of real play is the one that a dream was trained on."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dreamplay import anchor
from dreamplay.config import Config
from dreamplay.errors import UsageError
from dreamplay.world import Moment
from tests import tiny
from training.data import Footage

BOTH = pytest.mark.parametrize("make", [tiny.config, tiny.plain], ids=["everything", "plain"])


def moments(shot: Footage, rows: range) -> list[Moment]:
    """What a real game would have shown and told in these rows."""
    colors = np.array(tiny.PALETTE, np.uint8)
    return [
        Moment(
            int(shot.table["buttons"][row]),
            colors[shot.frames[row].numpy()],
            {name: int(column[row]) for name, column in shot.table.items()},
        )
        for row in rows
    ]


@BOTH
def test_it_is_the_past_that_training_shows(make: Callable[[], Config]) -> None:
    made = make()
    shot = tiny.footage(made, 60)
    for row in (25, 31, 48, 60):
        expected = shot.ring([row]).tensors()
        found = anchor.ring(made, moments(shot, range(row))).tensors()
        for name, tensor in expected.items():
            assert found[name].dtype == tensor.dtype, name
            assert torch.equal(found[name], tensor), (row, name)


def test_a_short_past_begins_with_copies_of_its_first_frame() -> None:
    made = tiny.config()
    past = anchor.ring(made, moments(tiny.footage(made, 60), range(1)))
    assert torch.equal(past.frames[:, 1], past.newest)
    known = past.frames[:, 0] != len(tiny.PALETTE)
    assert torch.equal(past.frames[:, 0][known], past.newest[known])
    assert not known.all()  # nobody has seen what the things hide
    assert past.absent.item() == 0


def test_a_real_game_that_tells_too_little_is_refused() -> None:
    made = tiny.config()
    frame = np.zeros((made.game.height, made.game.width, 3), np.uint8)
    with pytest.raises(UsageError, match="camera, clock, frame_counter, thing0_beat and 38 more"):
        anchor.ring(made, [Moment(0, frame, {})])
