"""The motion head reads every step of the past and leads things where they go; the tracker finds what is painted."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from dreamplay.config import Counter
from dreamplay.models.layers import PATCH
from dreamplay.models.motion import (
    ACROSS,
    CELL,
    COLUMNS,
    DOWN,
    INSIDE,
    LOOK,
    POINTS,
    STRIDES,
    Foresight,
    Motion,
    _turning,
)
from dreamplay.models.moves import FRAMES, REACH, SWERVE, arrive, jumps, most_steps, moves, tick
from dreamplay.models.scenes import PAGE, Scenes
from dreamplay.ring import THING, Ring
from tests import tiny
from training.motion import counts, nearly, sudden, ticks


def motion() -> Motion:
    """A head of random weights."""
    network = tiny.model(tiny.config()).motion
    assert network is not None
    return network


def past(**changes: torch.Tensor) -> Ring:
    """A random past with all things there and some fields changed."""
    ring = tiny.ring(tiny.config())
    things = ring.things.clamp(min=1)
    return replace(ring, things=things, **changes) if "things" not in changes else replace(ring, **changes)


def says(ring: Ring, held: torch.Tensor | None = None) -> torch.Tensor:
    """All logits in a row, those of the scroll last."""
    outlook = motion()(ring, tiny.held(tiny.config()) if held is None else held)
    parts = [getattr(part, field.name) for part in (outlook.moves, outlook.jumps) for field in fields(part)]
    return torch.cat([part.flatten() for part in (*parts, outlook.clocks, outlook.scroll)])


def thing(**numbers: int) -> list[int]:
    """What is known of a thing, 0 where nothing is said."""
    return [numbers.get(name, 0) for name in THING]


def test_there_is_a_class_for_every_speed_and_every_cut() -> None:
    assert motion()(past(), tiny.held(tiny.config())).scroll.shape == (1, 4 + 1 + 2)


@pytest.mark.parametrize("step", range(8))
@pytest.mark.parametrize("name", ["buttons", "scrolls", "things"])
def test_every_step_of_the_past_counts(name: str, step: int) -> None:
    changed = past().tensors()[name].clone()
    changed[:, step] = (changed[:, step] + 1) % 6
    assert not torch.equal(says(past()), says(past(**{name: changed})))


@pytest.mark.parametrize("name", ["odometer", "absent", "counters", "frames"])
def test_the_present_counts(name: str) -> None:
    value = past().tensors()[name]
    assert not torch.equal(says(past()), says(past(**{name: (value + 1).clamp(max=4 if name == "frames" else 99)})))


def test_the_buttons_held_now_count() -> None:
    assert not torch.equal(says(past()), says(past(), torch.zeros(1, 3)))


def test_the_moves_between_two_moments_lead_from_one_to_the_other() -> None:
    generator = torch.Generator().manual_seed(0)
    now, after = (torch.randint(16, (5, 3, len(THING)), generator=generator) for _ in range(2))
    now[..., 2], after[..., 2] = 1, 1
    now[:, 0, 2], after[:, 1, 2] = 0, 0
    after[:, 2, :2] = now[:, 2, :2] + torch.tensor([1, -4])
    now[:, 0] *= torch.tensor([name == "kind" for name in THING])
    after[:, 0, 3:5] = 0  # what comes into being stands on a whole pixel
    scrolls = torch.tensor([0, 1, 0, 2, 1])
    led = moves(now, after, scrolls)
    expected = after * (after[..., 2:3] > 0)
    assert torch.equal(arrive(led, after[..., :2], now, scrolls), expected)
    elsewhere = arrive(led, torch.zeros_like(after[..., :2]), now, scrolls)
    assert torch.equal(elsewhere[:, 2], after[:, 2])  # a short way is not told as a jump
    assert (elsewhere[:, 0, :2] == 0).all()  # what comes into being jumps


def test_without_a_swerve_a_thing_goes_twice_its_speed() -> None:
    now = torch.tensor([[thing(x=10, y=20, kind=1, part_x=8, part_y=0, speed_x=12, speed_y=-4)]])
    still = moves(now, now, torch.tensor([0]))
    none = torch.zeros_like(still.across)
    led = replace(still, across=none + SWERVE[0], down=none + SWERVE[1])
    after = arrive(led, now[..., :2], now, torch.tensor([1]))
    assert after[0, 0, :7].tolist() == [10 + 2 - 1, 19, 1, 0, 8, 12, -4]


def sees(head: Motion, ring: Ring, *, kind: int, scroll: list[float], before: int = 1) -> Foresight:
    """What is foreseen where these are the likeliest."""
    things = ring.things.clone()
    things[:, -1, 0, 2] = before
    outlook = head(ring, tiny.held(tiny.config()))
    kinds = outlook.moves.kinds.clone()
    kinds[:, 0, kind] = kinds.max() + 1
    outlook = replace(outlook, scroll=torch.tensor([scroll]), moves=replace(outlook.moves, kinds=kinds))
    return head.likeliest(outlook, replace(ring, things=things))


CUT = [0.0, 1.0, 0.0, 0.0, 0.0, 9.0, 5.0]


@pytest.mark.parametrize(("kind", "expected"), [(0, 5), (2, 1)])
def test_a_scene_is_cut_only_while_the_hero_is_away(kind: int, expected: int) -> None:
    assert int(sees(motion(), past(), kind=kind, scroll=CUT).motion) == expected


def test_a_scene_follows_only_where_it_was_seen_to_follow() -> None:
    head, ring = motion(), past()
    assert int(sees(head, ring, kind=-1, scroll=CUT).things[0, 0, 2]) == -1
    head.scenes.learn(torch.tensor([2, 1, 0, 3, -1]), torch.tensor([0, 0, 6, 0, 0]), torch.arange(5), [(0, 4), (4, 5)])
    assert int(sees(head, ring, kind=-1, scroll=CUT).things[0, 0, 2]) >= 0
    assert int(sees(head, ring, kind=0, scroll=CUT, before=0).things[0, 0, 2]) > 0  # the hero was never away for long


def test_the_camera_is_cut_only_as_it_was_seen_to_be() -> None:
    head = motion()
    head.scenes.learn(torch.tensor([2, 1, 0, 3]), torch.tensor([0, 0, 6, 0]), torch.arange(4), [(0, 4)])
    assert int(sees(head, past(), kind=0, scroll=CUT).motion) == 6


def test_the_camera_is_cut_as_it_was_seen_to_be_from_the_same_page_of_the_level() -> None:
    scenes = Scenes(8, 3, 7, 2 * PAGE // PATCH)
    cuts, cameras = torch.tensor([0, 5, 0, 0, 6, 0]), torch.tensor([40, 0, 0, 300, 99, 99])
    scenes.learn(torch.tensor([1, 0, 1, 1, 0, 1]), cuts, cameras, [(0, 3), (3, 6)])
    away = torch.zeros(3, dtype=torch.int64)
    may = scenes.may_move(away, torch.tensor([50, 400, -1]))
    assert [row.nonzero().flatten().tolist() for row in may] == [[5], [6], [5, 6]]


def test_a_clock_takes_one_of_its_steps_or_begins_again() -> None:
    now = torch.tensor([[15, 5]])
    after = [tick(now, torch.tensor([[0, step]]), tiny.COUNTERS).tolist() for step in range(most_steps(tiny.COUNTERS))]
    assert after == [[[1, 95]], [[1, 5]], [[1, 50]]]


def test_a_clock_may_be_late_but_a_count_of_one_is_no_delay() -> None:
    counters = (tiny.COUNTERS[1], Counter(name="coins", period=100, steps=(0, 1), reset=-1, digits=()))
    now = torch.tensor([[50, 7]]).expand(3, 2)
    after = torch.tensor([[40, 7], [39, 8], [30, 20]])
    assert ticks(now, after, counters).tolist() == [[0, 0], [0, 1], [-1, -1]]


def test_rows_in_which_a_clock_does_not_go_on_as_usual_are_known() -> None:
    play = tiny.footage(tiny.config(), 60)
    clock = play.counters[:, 1]
    clock[20:] = (clock[20:] + 10) % 100  # stands for once: 10 less is usual
    assert [rows.tolist() for rows in counts(play)] == [[20]]


def test_rows_in_which_the_hero_lands_or_hits_a_wall_are_known() -> None:
    footage = tiny.footage(tiny.config(tiny.GAME))
    footage.things[..., 2] = 1
    footage.things[..., 5:7] = 0
    footage.things[20:30, 0, 6] = torch.arange(0, 200, 20)  # falls, and stands in row 30
    footage.things[40:50, 0, 5] = torch.arange(0, 40, 4)  # runs, and stands in row 50
    assert sudden(footage).nonzero()[0].tolist() == [30, 50]


def test_rows_near_those_in_which_something_happens_are_known() -> None:
    happens = np.isin(np.arange(60), [20, 25])
    assert np.flatnonzero(nearly(happens)).tolist() == [n for n in range(12, 34) if n not in (20, 25)]


def test_what_moves_nothing_most_of_the_time_is_hidden_from_some_rows_in_training() -> None:
    head, here, away = motion(), torch.ones(400), -torch.ones(400)
    assert head._shown(here).all()
    head.train()
    assert 0.5 < float(head._shown(here).mean()) < 0.9
    assert head._shown(away).all()  # it ends a black screen


def test_what_jumps_to_a_place_near_a_thing_is_told_by_its_distance_from_it() -> None:
    now = torch.tensor([[thing(kind=1, x=100, y=90), thing(kind=2, x=150, y=120), thing(), thing()]])
    after = torch.tensor([[*now[0, :2].tolist(), thing(kind=3, x=149, y=118), thing(kind=3, x=30, y=118)]])
    scrolls = torch.tensor([3])
    ends = jumps(now, after, scrolls)
    assert ends.near[0, 2:].tolist() == [1, 4]
    assert (int(ends.aside[0, 2]) - REACH[0], int(ends.below[0, 2]) - REACH[1]) == (2, -2)
    assert torch.equal(ends.places(now, scrolls), after[..., :2])
    moved = now + torch.tensor([5] + [0] * (len(THING) - 1))
    assert ends.places(moved, scrolls)[0, 2:].tolist() == [[154, 118], [30, 118]]


def test_what_comes_out_of_a_block_knows_where_in_his_block_the_hero_will_be() -> None:
    head = motion()
    things = torch.tensor([thing(kind=1, x=30, y=36, speed_x=16), thing(kind=1, x=8, y=8), thing()])
    for odometer in (3, 4):
        ring = past(things=things.expand(1, 8, -1, -1), odometer=torch.tensor([odometer]))
        told = head._told(ring, tiny.held(tiny.config()))[0, 1, -2 * len(head.beats) - 2 * CELL :]
        assert told[: 2 * CELL].view(2, CELL).argmax(-1).tolist() == [odometer, 4]


def test_clocks_are_hands_that_turn() -> None:
    hands = _turning(torch.tensor([[0, 3], [2, 4]]), [(1, 4), (0, 8), (1, 3)])
    assert torch.allclose(hands[0], torch.tensor([-1.0, 0, 0, 1, 0, 1]), atol=1e-6)
    assert torch.allclose(hands[1], torch.tensor([0.0, 1, 1, 0, 0.75**0.5, -0.5]), atol=1e-6)
    assert _turning(torch.zeros(2, 0), []).shape == (2, 0)


def test_what_leaves_the_known_places_is_gone() -> None:
    for corner in ({"x": -63, "speed_x": -16}, {"y": -31, "speed_y": -16}):
        now = torch.tensor([[thing(kind=1, **corner)]])
        inside = replace(moves(now, now, torch.tensor([0])), across=torch.tensor([[SWERVE[0]]]))
        led = replace(inside, down=torch.tensor([[SWERVE[1]]]))
        assert not arrive(led, torch.zeros(1, 1, 2, dtype=torch.int64), now, torch.tensor([0])).any()
        slow = now.clone()
        slow[..., 5:7] = 0
        assert arrive(led, torch.zeros(1, 1, 2, dtype=torch.int64), slow, torch.tensor([0])).any()


def test_things_see_the_blocks_around_them() -> None:
    ring = past()
    x, y = (int(v) for v in ring.things[0, -1, 0, :2])
    changed = ring.frames.clone()
    changed[:, -1, y : y + 8, x : x + 8] = 4 - changed[:, -1, y : y + 8, x : x + 8]
    assert not torch.equal(says(ring), says(replace(ring, frames=changed)))


def test_things_in_the_same_block_see_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    head, ring = motion(), past(odometer=torch.tensor([40]))
    things = ring.things.clone()
    sights = []
    for x, y in ((24, 16), (39, 31), (40, 16), (24, 32)):  # the level's blocks begin at 24 and 40 on this screen
        things[:, -1, 0, :2] = torch.tensor([x, y])
        sights.append(head._sight(replace(ring, things=things))[0, 0])
    assert torch.equal(sights[0], sights[1])
    assert not torch.equal(sights[0], sights[2])
    assert not torch.equal(sights[0], sights[3])


def test_a_thing_knows_what_it_will_touch() -> None:
    slow, fast = (torch.tensor([thing(kind=1), thing(kind=1, x=12, speed_x=-speed)]) for speed in (0, 16))
    rings = [past(things=things.expand(1, 8, -1, -1)) for things in (slow, fast)]
    touch = [motion()._others(ring, ring.things[:, -1].float(), torch.zeros(1, 2, 8, 6)) for ring in rings]
    assert not torch.equal(*touch)


def test_the_camera_knows_where_the_hero_goes() -> None:
    head = motion()
    hero = torch.tensor([[thing(kind=1, x=100, y=20, speed_x=16)]])
    for swerve, column in ((0, 102), (16, 103), (-48, 99)):
        led = moves(hero, hero, torch.tensor([0]))
        led = replace(led, across=torch.tensor([[SWERVE[0] + swerve]]), down=torch.tensor([[SWERVE[1]]]))
        told, many = head._columns(hero, led)[0], 2 * (COLUMNS[1] - COLUMNS[0])
        now, soon = told[:many].view(2, -1).argmax(-1).tolist()
        assert (now, soon) == (100 - COLUMNS[0], column - COLUMNS[0])
        went = told[many:].view(FRAMES + 1, -1).argmax(-1) - STRIDES // 2
        assert went.tolist() == [1, 2, column - 100]


def test_a_thing_is_told_the_sixteenth_of_a_pixel_that_it_will_stand_on() -> None:
    head = motion()
    for number in head.inside.parameters():
        number.data[:] = torch.arange(256.0)[:, None]
    things = torch.tensor([thing(kind=1, x=30, y=36, part_x=9, part_y=15, speed_x=20, speed_y=-1)])
    across, down = head._within(past(things=things.expand(1, 8, -1, -1), odometer=torch.tensor([5])))
    assert across.flatten()[::INSIDE].tolist() == [(16 * 35 + 9 + 20 * n) % 256 for n in (1, 2)]
    assert down.flatten()[::INSIDE].tolist() == [(16 * 36 + 15 - n) % 256 for n in (1, 2)]


def test_a_thing_is_told_the_blocks_that_it_will_meet() -> None:
    head = motion()
    blocks = torch.arange(DOWN * ACROSS).float()[None, None, :, None].expand(1, 2, -1, LOOK)
    things = torch.tensor([thing(kind=1, x=20, y=36, speed_x=64), thing(kind=1, x=31, y=32)])
    ring = past(things=things.expand(1, 8, -1, -1), odometer=torch.tensor([0]))
    met = head._touched(ring, blocks).view(2, FRAMES, len(POINTS), LOOK)[..., 0]
    for number, (x, y) in enumerate(((20, 36), (31, 32))):
        for frames in (1, 2):
            for (right, below), block in zip(POINTS, met[number, frames - 1].tolist(), strict=True):
                column = (x + (1 - number) * 4 * frames + right) // 16 - x // 16 + 1
                row = (y + below) // 16 - y // 16 + 1
                assert block == row * ACROSS + column


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
    network = Motion(replace(tiny.MOTION, cuts=()), 3, tiny.PALETTE, tiny.COUNTERS)
    assert network(past(), tiny.held(tiny.config())).scroll.shape == (1, 5)
