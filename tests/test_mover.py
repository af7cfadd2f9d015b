"""What one thing does next is said by what changes and by what it becomes, whatever it was."""

import torch

from dreamplay.models.mover import Mover
from dreamplay.models.moves import FASTEST, GAIN, NUMBERS, SMALL
from dreamplay.ring import THING


def test_a_timer_is_learnt_once_for_all_that_it_may_show() -> None:
    mover = Mover(5, 8, 4, 2)
    with torch.no_grad():
        mover.get_parameter("change.bias").view(NUMBERS, SMALL)[:, SMALL - 2] = 99
    now = torch.zeros(3, 1, len(THING), dtype=torch.long)
    now[..., 7:] = torch.arange(3 * NUMBERS).view(3, 1, NUMBERS) + 2
    led, _, _ = mover(torch.ones(3, 1, 5), now, None)
    told = torch.stack([getattr(led.classes(), name) for name in THING[7:]], -1)
    assert torch.equal(told, now[..., 7:] - 2)


def test_that_a_wall_stops_is_learnt_once_for_all_speeds() -> None:
    mover = Mover(5, 8, 4, 2)
    with torch.no_grad():
        bias = mover.get_parameter("become.bias")
        bias[FASTEST[0]] = bias[mover.speeds[0] + FASTEST[1]] = 99  # speed 0
    now = torch.zeros(3, 1, len(THING), dtype=torch.long)
    now[..., 5:7] = torch.tensor([[40, -30], [-7, 80], [0, 1]])[:, None]
    led, _, _ = mover(torch.ones(3, 1, 5), now, None)
    gains = torch.stack([led.classes().faster, led.classes().lower], -1) + torch.tensor([least for least, _ in GAIN])
    assert torch.equal(gains, -now[..., 5:7])
