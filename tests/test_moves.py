"""Places and speeds are sums: what leads things from one moment to the next, and what jumps."""

from dataclasses import replace

import pytest
import torch

from dreamplay.models.moves import (
    REACH,
    STAYS,
    SWERVE,
    Jumps,
    arrivals,
    arrive,
    fine,
    head_block,
    leave_parts,
    most_steps,
    moves,
    tick,
    turning,
    unstopped,
)
from dreamplay.ring import THING
from tests import tiny
from tests.tiny import thing


def test_the_moves_between_two_moments_lead_from_one_to_the_other() -> None:
    generator = torch.Generator().manual_seed(0)
    now, after = (torch.randint(16, (5, 3, len(THING)), generator=generator) for _ in range(2))
    now[..., 2], after[..., 2] = 1, 1
    now[:, 0, 2], after[:, 1, 2] = 0, 0
    after[:, 2, :2] = now[:, 2, :2] + torch.tensor([1, -4])
    now[:, 0] *= torch.tensor([name == "kind" for name in THING])
    scrolls = torch.tensor([0, 1, 0, 2, 1])
    led = moves(now, after, scrolls)
    expected = after * (after[..., 2:3] > 0)
    expected[:, 1, 3:5] = now[:, 1, 3:5]  # is gone and leaves its parts of a pixel
    assert torch.equal(arrive(led, fine(after), now, scrolls), expected)
    elsewhere = arrive(led, torch.zeros_like(after[..., :2]), now, scrolls)
    assert torch.equal(elsewhere[:, 2], after[:, 2])  # a short way is not told as a jump
    assert (elsewhere[:, 0, :2] == 0).all()  # what comes into being jumps


def test_without_a_swerve_a_thing_goes_twice_its_speed() -> None:
    now = torch.tensor([[thing(x=10, y=20, kind=1, part_x=8, part_y=0, speed_x=12, speed_y=-4)]])
    still = moves(now, now, torch.tensor([0]))
    none = torch.zeros_like(still.across)
    led = replace(still, across=none + SWERVE[0], down=none + SWERVE[1])
    after = arrive(led, fine(now), now, torch.tensor([1]))
    assert after[0, 0, :7].tolist() == [10 + 2 - 1, 19, 1, 0, 8, 12, -4]


def test_the_left_edge_of_the_screen_holds_the_hero_and_nobody_else() -> None:
    one = thing(x=0, y=20, kind=1, part_x=1, speed_x=-1)
    now = torch.tensor([[one, one]])
    led = replace(moves(now, now, torch.tensor([0])), across=torch.full((1, 2), SWERVE[0]))
    after = arrive(led, fine(now), now, torch.tensor([0]))
    assert after[0, :, [0, 3]].tolist() == [[0, 15], [-1, 15]]


def test_a_thing_may_stay_where_it_is_and_keep_its_speed() -> None:
    now = torch.tensor([[thing(x=10, y=20, kind=1, part_x=8, speed_x=40, speed_y=-4)]])
    went = torch.tensor([3])
    after = now - torch.tensor([thing(x=3)])
    led = moves(now, after, went)
    assert (led.across.item(), led.down.item()) == STAYS
    assert torch.equal(arrive(led, fine(now), now, went), after)


def test_what_falls_gets_faster_after_each_move() -> None:
    before = torch.tensor([[thing(y=50, kind=1, speed_y=20), thing(y=50, kind=1, speed_y=-40), thing()]])
    now = torch.tensor([[thing(y=53, kind=1, speed_y=26), thing(y=45, kind=1, speed_y=30), thing(kind=1, speed_y=9)]])
    soon = unstopped(torch.stack([before, now], 1))[0, :, :, 1]
    # What hit the ground or has just come into being is not known to fall.
    assert soon.tolist() == [[53 * 16 + 26, 53 * 16 + 2 * 26 + 3], [45 * 16 + 30, 45 * 16 + 60], [9, 18]]


def test_a_clock_takes_one_of_its_steps_or_begins_again() -> None:
    count = most_steps(tiny.COUNTERS)
    steps = torch.tensor([[0, step] for step in range(count)])
    after = tick(torch.tensor([[15, 25]]).expand(count, -1), steps, tiny.COUNTERS, torch.zeros(count))
    assert after.tolist() == [[1, 15], [1, 25], [1, 50]]


def test_a_clock_begins_again_as_its_place_says() -> None:
    counters = (tiny.COUNTERS[0], replace(tiny.COUNTERS[1], elsewhere=((100, 30), (200, 20))))
    now, places = torch.tensor([[5, 7]]).expand(5, -1), torch.tensor([0, 99, 100, 199, 200])
    again = torch.tensor([[0, most_steps(counters) - 1]]).expand(5, -1)
    assert tick(now, again, counters, places).tolist() == [[7, 50], [7, 50], [7, 30], [7, 30], [7, 20]]


def test_a_clock_that_is_shown_ends_at_0_and_a_hidden_one_goes_round() -> None:
    hidden = replace(tiny.COUNTERS[1], digits=())
    counters = (tiny.COUNTERS[1], hidden)
    after = tick(torch.tensor([[5, 5]]), torch.zeros(1, 2, dtype=torch.int64), counters, torch.zeros(1))
    assert after.tolist() == [[0, 95]]


def test_what_jumps_is_told_by_its_distance_from_all_that_is_near_and_from_the_block_at_the_heros_head() -> None:
    now = torch.tensor([[thing(kind=1, x=100, y=90), thing(kind=2, x=110, y=80), thing(), thing(kind=2, x=300, y=9)]])
    now[0, 2, 3] = 12  # sixteenths that the last thing in this slot left
    after = torch.tensor([[*now[0, :2].tolist(), thing(kind=3, x=105, y=70, part_x=2), thing(kind=3, x=30, y=118)]])
    scrolls, odometer = torch.tensor([3]), torch.tensor([9])
    at = arrivals(now, after, scrolls, odometer)
    block = 100 + 8 - (100 + 8 + 9) % 16
    assert (at.aside[0, 2:] - REACH[0]).tolist() == [[105 + 3 - block, 105 + 3 - 110, -25, -25], [-25] * 4]
    assert (at.below[0, 2] - REACH[1])[:2].tolist() == [70 - 80, 70 - 80]
    assert at.part_x[0, 2] == 2 + 16 - 12
    for origin in torch.tensor([[[4, 4, 0, 4]], [[4, 4, 1, 4]]]):
        which = origin.clamp(max=3)[..., None]
        aside, below = (torch.gather(part, 2, which)[..., 0] for part in (at.aside, at.below))
        led = Jumps(at.column, at.row, origin, aside, below, at.part_x, at.part_y).places(now, scrolls, odometer)
        assert torch.equal(led[:, 2:], fine(after)[:, 2:])


@pytest.mark.parametrize(("x", "odometer", "expected"), [(100, 9, [112, 80]), (103, 9, [112, 80]), (104, 0, [112, 80])])
def test_the_block_at_his_head_is_where_he_is_a_console_frame_later(x: int, odometer: int, expected: list[int]) -> None:
    now = torch.tensor([[thing(kind=1, x=x, y=97, speed_x=16, speed_y=-32)]])
    assert head_block(now, torch.tensor([odometer]))[0].tolist() == expected


def test_where_the_level_puts_a_thing_is_one_column_for_each_block_wherever_the_camera_stands() -> None:
    now, columns = torch.zeros(1, 1, len(THING), dtype=torch.int64), set()
    for odometer, scroll in ((0, 0), (5, 3), (13, 2), (15, 1)):
        after = torch.tensor([[thing(kind=3, x=160 - (odometer + scroll) // 16 * 16 - (odometer + scroll) % 16, y=9)]])
        at = arrivals(now, after, torch.tensor([scroll]), torch.tensor([odometer]))
        columns.add(int(at.column) + (odometer + scroll) // 16 * 16)
    assert len(columns) == 1


def test_clocks_are_hands_that_turn() -> None:
    hands = turning(torch.tensor([[0, 3], [2, 4]]), [(1, 4), (0, 8), (1, 3)])
    assert torch.allclose(hands[0], torch.tensor([-1.0, 0, 0, 1, 0, 1]), atol=1e-6)
    assert torch.allclose(hands[1], torch.tensor([0.0, 1, 1, 0, 0.75**0.5, -0.5]), atol=1e-6)
    assert turning(torch.zeros(2, 0), []).shape == (2, 0)


def test_what_leaves_the_known_places_is_gone() -> None:
    for corner in ({"x": -79, "speed_x": -16}, {"y": -39, "speed_y": -16}):
        now = torch.tensor([[thing(), thing(kind=1, **corner)]])
        inside = replace(moves(now, now, torch.tensor([0])), across=torch.full((1, 2), SWERVE[0]))
        led = replace(inside, down=torch.full((1, 2), SWERVE[1]))
        nowhere = torch.zeros(1, 2, 2, dtype=torch.int64)
        assert not arrive(led, nowhere, now, torch.tensor([0])).any()
        slow = now.clone()
        slow[..., 5:7] = 0
        assert arrive(led, nowhere, slow, torch.tensor([0])).any()


def test_a_slot_keeps_the_parts_of_a_pixel_that_its_last_thing_had_until_a_level_is_built() -> None:
    hero, goomba, none = thing(kind=1, part_x=9), thing(kind=7, part_x=4, part_y=3), thing()
    later, dark = thing(kind=7, part_x=10), thing(kind=-3)
    play = [[hero, none], [hero, goomba], [hero, none], [hero, later], [none, none], [dark, none], [hero, none]]
    things = torch.tensor(play)
    leave_parts(things, torch.arange(7) == 0)
    assert things[:, 1, 3].tolist() == [0, 4, 4, 10, 10, 0, 0]
    assert things[:, 1, 4].tolist() == [0, 3, 3, 0, 0, 0, 0]
    assert things[:, 0, 3].tolist() == [9, 9, 9, 9, 0, 0, 9]  # the hero has no slot to share
    things = torch.tensor(play)
    leave_parts(things, torch.arange(7) % 2 == 0)
    assert things[:, 1, 3].tolist() == [0, 4, 0, 10, 0, 0, 0]


def test_a_dream_leaves_parts_of_a_pixel_as_training_does() -> None:
    hero, goomba = thing(kind=1, x=50), thing(kind=7, x=90, part_x=4, part_y=3)
    now, gone = torch.tensor([[hero, goomba]]), torch.tensor([[hero, thing()]])
    still = torch.zeros(1, dtype=torch.int64)
    after = arrive(moves(now, gone, still), fine(gone), now, still)
    assert after[0, 1].tolist() == thing(part_x=4, part_y=3)
    dark = torch.tensor([[thing(kind=-3), thing()]])
    assert torch.equal(arrive(moves(after, dark, still), fine(dark), after, still), dark)
