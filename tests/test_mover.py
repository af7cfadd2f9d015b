"""What one thing does next is said by what changes and by what it becomes, whatever it was."""

import pytest
import torch

from dreamplay.models.mover import PHASES, Mover
from dreamplay.models.moves import FASTEST, GAIN, JUMPS, NUMBERS, SMALL, moves
from dreamplay.ring import THING

ACROSS, DOWN, CHANGES = 0, 1, 2
"""Parts of what a mover says first of where it arrives: its next speeds and the changes of its small numbers."""


def biases(mover: Mover, part: int) -> torch.Tensor:
    """Those of a part of what it says of where it arrives."""
    return torch.split(mover.get_parameter("arrive.bias"), mover.narrow)[part]


def test_a_timer_is_learnt_once_for_all_that_it_may_show() -> None:
    mover = Mover(5, 8, 4, 2)
    with torch.no_grad():
        biases(mover, CHANGES).view(NUMBERS, SMALL)[:, SMALL - 2] = 99
    now = torch.zeros(3, 1, len(THING), dtype=torch.long)
    now[..., 7:] = torch.arange(3 * NUMBERS).view(3, 1, NUMBERS) + 2
    led, _, _ = mover(torch.ones(3, 1, 5), now, None)
    assert torch.equal(led.classes().small, now[..., 7:] - 2)


def test_that_a_wall_stops_is_learnt_once_for_all_speeds() -> None:
    mover = Mover(5, 8, 4, 2)
    with torch.no_grad():
        for part in (ACROSS, DOWN):
            biases(mover, part)[FASTEST[part]] = 99  # speed 0
    now = torch.zeros(3, 1, len(THING), dtype=torch.long)
    now[..., 5:7] = torch.tensor([[40, -30], [-7, 80], [0, 1]])[:, None]
    led, _, _ = mover(torch.ones(3, 1, 5), now, None)
    gains = torch.stack([led.classes().faster, led.classes().lower], -1) + torch.tensor([least for least, _ in GAIN])
    assert torch.equal(gains, -now[..., 5:7])


def test_that_a_hero_grows_is_learnt_once_for_all_poses() -> None:
    mover = Mover(5, 8, 16, 2)
    with torch.no_grad():
        mover.get_parameter("kinds.bias")[16 + 1] = 99  # the same number in the next phase
    now = torch.zeros(3, 1, len(THING), dtype=torch.long)
    now[..., 2] = torch.tensor([[1], [3], [6]])
    led, _, _ = mover(torch.ones(3, 1, 5), now, None)
    assert torch.equal(led.classes().kinds, now[..., 2] + 16 // PHASES)


def test_what_comes_into_being_turns_from_nothing() -> None:
    mover = Mover(5, 8, 16, 2).eval()
    nothing = torch.zeros(1, 1, len(THING), dtype=torch.long)
    before, _, _ = mover(torch.ones(1, 1, 5), nothing, None)
    with torch.no_grad():
        mover.get_parameter("kinds.bias")[16:] = 99
    after, _, _ = mover(torch.ones(1, 1, 5), nothing, None)
    assert torch.equal(before.kinds, after.kinds)


@pytest.mark.parametrize("kind", [0, 7])
def test_what_goes_away_jumps_as_it_does_in_training(kind: int) -> None:
    mover = Mover(5, 8, 8, 2, scenes=2).eval()
    with torch.no_grad():
        mover.get_parameter("kinds.bias")[kind] = 99
    now = torch.ones(1, 1, len(THING), dtype=torch.long)
    after = torch.zeros_like(now)
    after[..., 2] = kind if kind < mover.seen else kind - 8
    truth = moves(now, after, torch.zeros(1, dtype=torch.long))
    led, _, told = mover(torch.ones(1, 1, 5), now, None)
    assert (led.classes().across.item(), led.classes().down.item()) == JUMPS
    assert torch.equal(told, mover(torch.ones(1, 1, 5), now, truth)[2])
