"""The motion head reads every step of the past and leads things where they go; the tracker finds what is painted."""

from dataclasses import fields, replace

import pytest
import torch

from dreamplay.models.layers import PATCH
from dreamplay.models.motion import (
    BEAT,
    COLUMNS,
    CROWD,
    ENDING,
    INSIDE,
    MEET,
    STRIDES,
    Foresight,
    Motion,
)
from dreamplay.models.moves import (
    CELL,
    FRAMES,
    SMALL,
    SWERVE,
    moves,
)
from dreamplay.models.scenes import STILL
from dreamplay.ring import THING, Ring
from tests import tiny
from tests.test_scenes import heroes
from tests.tiny import thing


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
    head.scenes.learn(heroes(2, 1, 0, 3, -1), torch.tensor([0, 0, 6, 0, 0]), torch.arange(5), [(0, 4), (4, 5)])
    assert int(sees(head, ring, kind=-1, scroll=CUT).things[0, 0, 2]) >= 0
    assert int(sees(head, ring, kind=0, scroll=CUT, before=0).things[0, 0, 2]) > 0  # the hero was never away for long


@pytest.mark.parametrize(("left", "hero"), [(1, -1), (0, 2)])
def test_a_scene_changes_when_a_timer_that_ends_it_runs_out(left: int, hero: int) -> None:
    made = tiny.config()
    clock = replace(made.counters[0], ends=made.counters[0].timers)
    head, ring = tiny.model(replace(made, counters=(clock, *made.counters[1:]))).motion, past()
    assert head is not None
    ring.things[0, -2, 1] = torch.tensor(thing(kind=3, beat=left))
    ring.things[0, -1, 1] = torch.tensor(thing(kind=3))
    outlook = head(ring, tiny.held(made))
    kinds = torch.zeros_like(outlook.moves.kinds)
    kinds[:, 0, 2], kinds[:, 0, -1] = 9, 1  # of all scenes this one is the likeliest, but far from the hero's pose
    foreseen = head.likeliest(replace(outlook, moves=replace(outlook.moves, kinds=kinds)), ring)
    assert int(foreseen.things[0, 0, 2]) == hero


def test_the_camera_is_cut_only_as_it_was_seen_to_be() -> None:
    head = motion()
    head.scenes.learn(heroes(2, 1, 0, 3), torch.tensor([0, 0, 6, 0]), torch.arange(4), [(0, 4)])
    assert int(sees(head, past(), kind=0, scroll=CUT).motion) == 6


def test_the_camera_goes_with_the_hero_only_as_it_was_seen_to_go_in_that_page_of_the_level() -> None:
    head, ring, fast = motion(), past(), [0.0, 1.0, 5.0, 0.0, 0.0, 9.0, 5.0]
    assert int(sees(head, ring, kind=2, scroll=fast).motion) == 2
    head.scenes.learn(heroes(2, 2, 2), torch.tensor([0, 1, 0]), torch.zeros(3).long(), [(0, 3)])
    assert int(sees(head, ring, kind=2, scroll=fast).motion) == 1


def test_the_game_goes_on_around_the_hero_when_it_always_did_whatever_is_likelier() -> None:
    head, ring = motion(), past()
    ring.things[:, -1, 0] = torch.tensor(thing(kind=2, beat=STILL + 2))
    outlook = head(ring, tiny.held(tiny.config()))
    outlook.moves.kinds[:, 0, 2] = outlook.moves.across[:, 0, SWERVE[0]] = outlook.moves.down[:, 0, SWERVE[1]] = 99
    outlook.moves.small[:, 0, BEAT] = torch.arange(SMALL) + 20.0 * (torch.arange(SMALL) == 5)
    assert int(head.likeliest(outlook, ring).things[0, 0, THING.index("beat")]) == SMALL - 1
    head.scenes.wakes[2, STILL + 2] = 1
    assert int(head.likeliest(outlook, ring).things[0, 0, THING.index("beat")]) == STILL - 1


def test_what_a_level_holds_comes_as_the_camera_goes_on() -> None:
    made = tiny.config()
    head = tiny.model(made).motion
    assert head is not None
    ring = past(odometer=torch.zeros(1).long())
    ring.things[:, -1, 2] = 0
    with torch.no_grad():
        head.other.kinds.bias[0] = 1e6  # the head lets nothing come
    head.spawns.camera[0] = 1
    head.spawns.comes[0, :3] = torch.tensor([300, 8, 3])
    head.spawns.slots[3, 2] = 1
    still, on = ([9.0 * (n == speed) for n in range(7)] for speed in (0, 2))
    assert sees(head, ring, kind=2, scroll=on).things[0, 2, :3].tolist() == [298, 8, 3]
    assert sees(head, ring, kind=2, scroll=still).things[0, 2, :3].tolist() != [300, 8, 3]


def test_what_moves_nothing_most_of_the_time_is_hidden_from_some_rows_in_training() -> None:
    head, here, away = motion(), torch.ones(400), -torch.ones(400)
    assert head._shown(here).all()
    head.train()
    assert 0.2 < float(head._shown(here).mean()) < 0.4
    assert head._shown(away).all()  # it ends a black screen


def test_no_place_in_the_level_is_told_where_it_is_hidden() -> None:
    head, ring, held = motion(), past(), tiny.held(tiny.config())
    elsewhere, longer = replace(ring, odometer=ring.odometer + 64), torch.ones(1, head.config.history)
    for shown in (0.0, 1.0):
        here, there = (head._everywhere(each, held, longer, torch.full((1, 1), shown)) for each in (ring, elsewhere))
        assert torch.equal(here, there) == (not shown)


def test_clocks_are_hidden_with_the_rest_but_for_short_ones() -> None:
    head, ring, held = motion(), past(), tiny.held(tiny.config())

    def told(shown: float, counter: int) -> torch.Tensor:
        """What everything is told once that clock goes on."""
        went = ring.counters.clone()
        went[:, counter] += 5
        later = replace(ring, counters=went)
        longer = torch.ones(1, head.config.history)
        return head._everywhere(later, held, longer, torch.full((1, 1), shown))

    short, long = 0, 1  # of 16 and of 100 steps, that is 10 until its last digit changes
    assert not torch.equal(told(0, short), told(0, long))
    head.counters = tuple(replace(counter, period=100) for counter in head.counters)
    assert torch.equal(told(0, short), told(0, long))
    assert not torch.equal(told(1, short), told(1, long))


def test_what_touches_a_thing_is_the_same_in_whichever_slot_it_is() -> None:
    head, ring = motion(), past()
    now = [thing(kind=1, x=30, y=36), thing(kind=2, x=40, y=40), thing()]
    farther = [now[0], thing(kind=2, x=45, y=40), thing()]

    def met(things: list[list[int]]) -> torch.Tensor:
        """What the hero meets."""
        there = replace(ring, things=torch.tensor(things).expand(1, 8, -1, -1))
        way, now = head.sight(there).way, there.things[:, -1].float()
        return head._meetings(way, now, torch.zeros(1, 2 * len(head.beats)))[:, 0]

    assert torch.allclose(met(now), met([now[0], now[2], now[1]]))
    assert not torch.allclose(met(now), met(farther))


def test_where_in_the_level_the_hero_is_counts_wherever_the_camera_stands() -> None:
    head, held = motion(), tiny.held(tiny.config())
    one = past(odometer=torch.tensor([16]))
    things = one.things.clone()
    things[:, -1, 0, 0] += 2 * PATCH
    columns = head.place.weight.shape[0]
    with torch.no_grad():
        head.place.weight.copy_(torch.arange(columns)[:, None].expand(-1, head.place.weight.shape[1]))
    seen = torch.ones(1, head.config.history), torch.ones(1, 1)
    before, after = (head._everywhere(ring, held, *seen)[0] for ring in (one, replace(one, things=things)))
    assert set((after - before).tolist()) == {0, 2}


def test_the_head_is_told_when_a_clock_is_at_its_end() -> None:
    head, config = motion(), tiny.config()
    units = [counter.unit for counter in config.counters]
    ends = [
        head._ending(past(counters=torch.tensor([[units_left * unit for unit in units]]))).view(len(units), -1)[0]
        for units_left in range(3)
    ]
    assert [end.tolist() for end in ends] == [[True, True], [False, True], [False, False]]


@pytest.mark.parametrize("name", THING[7:])
def test_the_hero_is_told_what_others_wait_for(name: str) -> None:
    head, ring = motion(), past()
    things = ring.things.clone()
    things[:, -1, 1, THING.index(name)] += 1
    one, other = (head(r, tiny.held(tiny.config())).moves.kinds[:, 0] for r in (ring, replace(ring, things=things)))
    assert not torch.equal(one, other)


def test_a_count_knows_what_others_became() -> None:
    head, ring = motion(), past()
    held = tiny.held(tiny.config())
    led = head(ring, held).moves.classes()
    kinds = led.kinds.clone()
    kinds[:, 1] = (kinds[:, 1] + 1) % head.config.kinds
    one, other = (head(ring, held, truth).clocks for truth in (led, replace(led, kinds=kinds)))
    assert not torch.equal(one, other)


def test_other_things_know_what_the_hero_does() -> None:
    head, ring = motion(), past()
    held = tiny.held(tiny.config())
    led = head(ring, held).moves.classes()
    down = led.down.clone()
    down[:, 0] = (down[:, 0] + 1) % 100
    told = [head(ring, held, truth).moves.kinds for truth in (led, replace(led, down=down))]
    assert torch.equal(told[0][:, 0], told[1][:, 0])
    assert not torch.equal(told[0][:, 1], told[1][:, 1])


def test_what_comes_out_of_a_block_knows_where_in_his_block_the_hero_will_be() -> None:
    head = motion()
    things = torch.tensor([thing(kind=1, x=30, y=36, speed_x=16), thing(kind=1, x=8, y=8), thing()])
    for odometer in (3, 4):
        ring = past(things=things.expand(1, 8, -1, -1), odometer=torch.tensor([odometer]))
        rest = 2 * len(head.beats) + ENDING * len(head.counters) + CROWD + MEET
        told = head._told(ring, tiny.held(tiny.config()), head.sight(ring))[0, 1, -rest - 2 * CELL :]
        assert told[: 2 * CELL].view(2, CELL).argmax(-1).tolist() == [odometer, 4]


def test_things_see_the_blocks_around_them() -> None:
    ring = past()
    x, y = (int(v) for v in ring.things[0, -1, 0, :2])
    changed = ring.frames.clone()
    changed[:, -1, y : y + 8, x : x + 8] = 4 - changed[:, -1, y : y + 8, x : x + 8]
    assert not torch.equal(says(ring), says(replace(ring, frames=changed)))


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
    ring = past(things=things.expand(1, 8, -1, -1), odometer=torch.tensor([5]))
    across, down = head._within(head.sight(ring).inside)
    assert across.flatten()[::INSIDE].tolist() == [(16 * 35 + 9 + 20 * n) % 256 for n in (1, 2)]
    assert down.flatten()[::INSIDE].tolist() == [(16 * 36 + 15 - n) % 256 for n in (1, 2)]


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


def test_the_hero_is_looked_for_around_where_it_should_be() -> None:
    tracker = motion().tracker
    columns = torch.zeros(2, 256)
    columns[:, 40], columns[:, 200] = 2, 1
    rows = torch.zeros(2, 240)
    rows[:, 90] = 1
    tracker.forward = lambda frames: (columns, rows, torch.ones(2))  # type: ignore[method-assign]
    frames = torch.zeros(2, 240, 256, 1, dtype=torch.uint8)
    assert tracker.places(frames)[:, 0].tolist() == [40, 40]
    assert tracker.places(frames, torch.tensor([[50, 80], [190, 100]]))[:, 0].tolist() == [40, 200]


def test_a_head_without_cuts_has_only_speeds() -> None:
    network = Motion(replace(tiny.MOTION, cuts=()), 3, tiny.PALETTE, tiny.COUNTERS)
    assert network(past(), tiny.held(tiny.config())).scroll.shape == (1, 5)
