"""Things see the level's blocks, wherever the camera stands, and those that they are about to meet."""

from dataclasses import replace

import torch

from dreamplay.models.moves import FRAMES
from dreamplay.models.sight import ACROSS, DOWN, POINTS, Sight
from dreamplay.ring import THING, Ring
from tests import tiny

SIXTEENTHS = 16


def past(odometer: int, *things: tuple[int, int, int]) -> Ring:
    """A random past with things at x, y with a speed to the right in sixteenths of a pixel a console frame."""
    ring = tiny.ring(tiny.config())
    told = torch.tensor([[x, y, 1, 0, 0, speed, *[0] * (len(THING) - 6)] for x, y, speed in things])
    return replace(ring, things=told.expand(1, ring.things.shape[1], -1, -1), odometer=torch.tensor([odometer]))


def test_things_in_the_same_block_see_the_same() -> None:
    sight = Sight(tiny.PALETTE).eval()
    # The level's blocks begin at 24 and 40 on this screen.
    first, same, right, below = (sight(past(40, (x, y, 0))).around for x, y in ((24, 16), (39, 31), (40, 16), (24, 32)))
    assert torch.equal(first, same)
    assert not torch.equal(first, right)
    assert not torch.equal(first, below)


def test_things_see_what_is_behind_others_where_it_is_remembered() -> None:
    ring = past(0, (24, 16, 0))
    older = replace(ring, frames=torch.cat([torch.zeros_like(ring.frames[:, :1]), ring.frames[:, 1:]], 1))
    for backdrop in (False, True):
        sight = Sight(tiny.PALETTE, backdrop=backdrop).eval()
        assert torch.equal(sight(ring).around, sight(older).around) is not backdrop


def test_things_see_no_more_than_is_on_the_screen() -> None:
    sight, ring = Sight(tiny.PALETTE).eval(), past(0, (300, 16, 0))
    dark = replace(ring, frames=torch.zeros_like(ring.frames))
    assert torch.equal(sight(ring).around, sight(dark).around)


def test_a_thing_is_told_the_blocks_that_it_will_meet() -> None:
    for x, y, speed in ((20, 16, 4 * SIXTEENTHS), (31, 5, 0)):
        seen = Sight(tiny.PALETTE).eval()(past(0, (x, y, speed)))
        around, met = seen.around[0, 0], seen.met[0, 0]
        assert around.shape[0] == DOWN * ACROSS
        for frames in range(1, FRAMES + 1):
            for (right, below), block in zip(POINTS, met[frames - 1], strict=True):
                column = (x + speed // SIXTEENTHS * frames + right) // 16 - x // 16 + 1
                row = (y + below) // 16 - y // 16 + 1
                assert torch.equal(block, around[row * ACROSS + column])
