"""What the console does by rule stands, whatever a head says: slow timers, what counts them, points that are paid."""

from dataclasses import replace

import pytest
import torch

from dreamplay.config import Counter
from dreamplay.models.rules import Rules, paid, run_down, tied, wait
from dreamplay.ring import THING
from tests.tiny import thing

POINTS, MORE = 3, 4  # kinds that pay 100 and 200
PAYS = torch.tensor([0, 0, 0, 100, 200])
DUE = 43


def test_slow_timers_go_down_when_their_clock_begins_anew_and_never_else() -> None:
    clock, beat = torch.tensor([False, True]), THING.index("beat")
    waits, other = thing(kind=2, beat=5), thing(kind=3, beat=5)
    now = torch.tensor([[waits, waits, other, thing(kind=2), waits]]).expand(2, -1, -1)
    led = torch.tensor([[thing(kind=2, beat=9)] * 2 + [thing(kind=3, beat=9), thing(kind=2, beat=9), other]])
    timers = torch.tensor([False, False, True, False])
    after = wait(led.repeat(2, 1, 1), now, clock, timers)
    assert after[0, :, beat].tolist() == [9, 5, 9, 9, 5]  # hero, waits, has none, is at its end, has become another
    assert after[1, :, beat].tolist() == [9, 4, 9, 9, 5]


def test_what_counts_down_another_clock_is_set_at_its_end_alone_and_not_as_that_one_begins_anew() -> None:
    left, begun = torch.tensor([0, 0, 1, 5, 5]), torch.tensor([False, True, True, True, False])
    assert run_down(left, torch.full((5,), 8), begun).tolist() == [8, 0, 0, 4, 5]


@pytest.mark.parametrize("hero", [1, 0])
def test_slow_timers_follow_their_clock_while_the_hero_is_there(hero: int) -> None:
    clock = Counter(name="interval", period=16, steps=(2,), reset=-1, digits=(), timers=(3,))
    timer = Counter(name="injury", period=100, steps=(0, 10), reset=-1, digits=(), beat=0)
    now = torch.tensor([[thing(kind=hero), thing(kind=3, beat=4), thing()]])
    said, clocks = torch.tensor([[thing(kind=hero), thing(kind=3, beat=9), thing()]]), torch.tensor([[0, 70]])
    things, shown = Rules((clock, timer), 5)(said, now, clocks, torch.tensor([[14, 60]]))  # the first one begins anew
    assert things[0, 1, THING.index("beat")] == 3
    assert shown.tolist() == [[0, 59 if hero else 70]]


@pytest.mark.parametrize("said", [0, 100, 200])
def test_points_are_paid_once_when_they_are_due(said: int) -> None:
    paths = {44: 42, 43: 41, 42: 40, 46: 44, 2: 1}
    now = torch.tensor([[thing(kind=1), thing(kind=POINTS, beat=beat)] for beat in paths])
    things = torch.tensor([[thing(kind=1), thing(kind=POINTS, beat=beat)] for beat in paths.values()])
    other = said if said != 100 else 0  # what a coin brings beside them
    assert paid(torch.full((5,), said), things, now, PAYS, DUE).tolist() == [100, 100, other, other, other]


def test_points_that_have_just_come_or_stand_at_a_pole_pay_by_what_the_head_says() -> None:
    now = torch.tensor([[thing(kind=POINTS, beat=50)], [thing(kind=POINTS)], [thing()]])
    things = torch.tensor([[thing(kind=MORE, beat=40)], [thing(kind=POINTS)], [thing()]])
    assert paid(torch.tensor([50, 100, 100]), things, now, PAYS, DUE).tolist() == [50, 100, 100]


def test_a_clock_that_is_paid_goes_on_modulo_its_period() -> None:
    score = Counter(name="score", period=1000, steps=(0, 100), reset=-1, digits=(), pays=(0, POINTS), due=DUE)
    now, after = (torch.tensor([[thing(kind=1), thing(kind=POINTS, beat=beat)]]) for beat in (44, 42))
    for said in (950, 50):  # nothing, and a hundred
        _, clocks = Rules((score,), 5)(after.clone(), now, torch.tensor([[said]]), torch.tensor([[950]]))
        assert clocks.tolist() == [[50]]


def test_a_tied_clock_is_one_behind_the_consoles_frames_and_not_far_from_what_it_was() -> None:
    frames, clock = torch.arange(256)[:, None], torch.arange(48)
    found = tied(clock.expand(256, -1), frames, 8)
    assert ((frames - 1 - found) % 8 == 0).all()
    assert (found - clock).abs().max() == 4
    assert found[17, 16] == 16


def test_what_is_tied_stays_within_its_period_and_alone_as_it_is_said() -> None:
    frames = Counter(name="frame_counter", period=256, steps=(2,), reset=-1, digits=())
    shimmer = Counter(name="shimmer", period=48, steps=(2,), reset=-1, digits=(), tied=8)
    now, said = torch.tensor([[thing(kind=1)]]), torch.tensor([[8, 46, 46]])
    _, clocks = Rules((frames, shimmer, replace(shimmer, tied=0)), 5)(now.clone(), now, said, said - 2)
    assert clocks.tolist() == [[8, 47, 46]]
    _, clocks = Rules((frames, shimmer), 5)(now.clone(), now, torch.tensor([[2, 46]]), torch.tensor([[0, 44]]))
    assert clocks.tolist() == [[2, 1]]


def test_the_scene_changes_when_a_timer_that_ends_it_has_just_run_out() -> None:
    flag, other = 2, 3
    clock = Counter(name="interval", period=16, steps=(2,), reset=-1, digits=(), timers=(flag, other), ends=(flag,))
    before = [thing(kind=flag, beat=1), thing(kind=flag), thing(kind=other, beat=1), thing(kind=other, beat=1)]
    now = [thing(kind=flag), thing(kind=flag), thing(kind=other), thing(kind=flag)]
    hero = thing(kind=1, beat=1)
    past = torch.tensor([[[hero, a], [thing(kind=1), b]] for a, b in zip(before, now, strict=True)])
    assert Rules((clock,), 5).over(past).tolist() == [True, False, False, False]


def test_what_waits_keeps_how_far_the_end_of_a_level_has_come() -> None:
    clock, pull = torch.tensor([False, True]), THING.index("pull")
    now = torch.tensor([[thing(), thing(kind=2, beat=1, pull=39), thing(kind=2, beat=2, pull=39)]]).expand(2, -1, -1)
    led = torch.tensor([[thing(), thing(kind=2, beat=1, pull=47), thing(kind=2, beat=1, pull=0)]])
    after = wait(led.repeat(2, 1, 1), now, clock, torch.tensor([False, False, True]))
    assert after[..., pull].tolist() == [[0, 39, 39], [0, 47, 39]]
