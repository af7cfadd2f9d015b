"""A block that has bounced is a part of the level again, with the picture that it had while it did."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamplay.emulator.mario import MarioWorld
from dreamplay.games.mario import GAME
from dreamplay.models import blocks
from tests import tiny

HEIGHT, WIDTH, KIND = 64, 96, 2
BLOCK = torch.arange(1, 17)[:, None].repeat(1, 16).to(torch.uint8)
"""A picture whose rows can be told apart."""


def one(kind: int, x: int = 0, y: int = 0, hero: int = 1) -> Tensor:
    """The hero and a thing, (1, 2, E)."""
    return torch.tensor([[tiny.thing(x=0, y=40, kind=hero), tiny.thing(x=x, y=y, kind=kind)]])


def settled(now: Tensor, *, x: int = 40, y: int = 14, scroll: int = 0, drawn: bool = True) -> Tensor:
    """What is shown at the end of a bounce from there, (h, w). now: Hero and thing then."""
    before, empty = torch.zeros(1, HEIGHT, WIDTH, 1, dtype=torch.uint8), torch.zeros(1, HEIGHT, WIDTH, 1).byte()
    left, right = max(x - scroll, 0), min(x - scroll + 16, WIDTH)
    if drawn:
        before[0, y + 1 : y + 17, left:right, 0] = BLOCK[:, left - x + scroll : right - x + scroll]
    return blocks.settle(empty, before, *past(one(KIND, x, y), now, scroll=scroll), (KIND,))[0, ..., 0]


def past(*things: Tensor, scroll: int = 0) -> tuple[Tensor, Tensor]:
    """The last of these, before which there was nothing, and how far the camera went to each."""
    empty = [one(0)] * (blocks.HELD + 2 - len(things))
    return torch.stack([*empty, *things], 1), torch.full((1, blocks.HELD + 2), scroll)


@pytest.mark.parametrize("y", [12, 14, 15, 19])
@pytest.mark.parametrize("scroll", [0, 3])
def test_a_block_comes_to_rest_in_the_nearest_row_of_blocks_and_goes_with_the_camera(y: int, scroll: int) -> None:
    shown = settled(one(0), y=y, scroll=scroll)
    assert torch.equal(shown[16:32, 40 - scroll : 56 - scroll], BLOCK)
    assert int(shown.count_nonzero()) == BLOCK.numel()


@pytest.mark.parametrize(("x", "visible"), [(-6, 10), (88, 8), (-16, 0), (96, 0)])
def test_of_a_block_at_the_edge_of_the_screen_so_much_is_put_back_as_is_seen(x: int, visible: int) -> None:
    assert int(settled(one(0), x=x, drawn=visible > 0).count_nonzero()) == 16 * visible


@pytest.mark.parametrize(
    "now", [one(KIND, 40, 12), one(0, hero=-1)], ids=["it still bounces", "another scene has begun"]
)
def test_nothing_is_put_back(now: Tensor) -> None:
    assert not settled(now).any()


def test_things_of_other_kinds_leave_nothing() -> None:
    black, white = torch.zeros(1, HEIGHT, WIDTH, 1).byte(), torch.ones(1, HEIGHT, WIDTH, 1).byte()
    assert torch.equal(blocks.settle(black, white, *past(one(KIND + 1, 40, 14), one(0)), (KIND,)), black)


@pytest.mark.parametrize("since", [1, 2, 3])
def test_a_block_that_has_come_to_rest_stays_as_it_is_for_two_frames(since: int) -> None:
    black, white = torch.zeros(1, HEIGHT, WIDTH, 1).byte(), torch.ones(1, HEIGHT, WIDTH, 1).byte()
    went = past(*[one(KIND, 40, 14), *[one(0)] * (since + 1)][-blocks.HELD - 2 :], scroll=3)
    shown = blocks.settle(black, white, *went, (KIND,))[0, ..., 0]
    left = 40 - 3 * (since + 1)
    assert bool(shown[16:32, left : left + 16].all()) == (since <= blocks.HELD)
    assert int(shown.count_nonzero()) == 256 * (since <= blocks.HELD)


def test_where_a_slot_is_taken_by_something_else_its_block_is_back_all_the_same() -> None:
    assert torch.equal(settled(one(KIND + 1, 70, 40))[16:32, 40:56], BLOCK)


@pytest.mark.parametrize(("kinds", "moves"), [((2,), True), ((), False)])
def test_a_dream_puts_back_the_blocks_that_its_config_names(kinds: tuple[int, ...], moves: bool) -> None:
    made = tiny.config()
    network = tiny.model(replace(made, denoiser=replace(made.denoiser, settles=kinds)))
    past = tiny.ring(made)
    past.things.zero_()
    past.things[0, -1, 1] = torch.tensor(tiny.thing(x=16, y=12, kind=2))
    past = replace(past, frames=torch.ones_like(past.frames))
    picture = BLOCK % 2 + 2
    past.frames[0, -1, 13:29, 16:32, 0] = picture
    gone = replace(tiny.going(past), things=torch.zeros_like(past.things[:, -1]))
    shape = (1, made.game.height // 8, made.game.width // 8)
    moved = network.move(past, tiny.held(made), gone)
    shown = network.paint(moved, torch.zeros(*shape, made.codec.width), torch.full(shape, -100.0))[0, ..., 0]
    assert torch.equal(shown[16:32, 16:32], picture) == moves
    assert torch.equal(shown, past.frames[0, -1, ..., 0]) != moves


@pytest.mark.emulator
def test_the_real_game_puts_a_used_block_back_as_it_was_drawn() -> None:
    world = MarioWorld("1-1")
    right, jump = GAME.chord("right"), GAME.chord("a")
    frames, places = [world.reset(0)], [world.probe()]
    for held in [right] * 60 + [0] * 12 + [jump] * 16 + [0] * 20:
        frames.append(world.step(held))
        places.append(world.probe())
    bounces = [n for n, probe in enumerate(places) if probe["thing7_kind"] == 122]
    last = bounces[-1]
    things = [
        one(122, place["thing7_x"] - place["camera"], place["thing7_y"]) if n == last else one(0)
        for n, place in ((last, places[last]), (last + 1, places[last + 1]))
    ]
    sky, before = (torch.from_numpy(np.array(frames[n]))[None] for n in (bounces[0], last))
    shown = blocks.settle(sky, before, *past(*things), (122,))
    x = places[last]["thing7_x"] - places[last]["camera"]
    rest = np.s_[144:160, x : x + 16]
    assert (shown[0].numpy()[rest] == frames[last + 3][rest]).all()
    assert (frames[0] != frames[last + 3])[144:160].any()
