"""Training draws the rows in which something happens more often, and leaves bystanders out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dreamplay.config import Counter
from dreamplay.models.moves import Arrivals, Jumps
from tests import tiny
from tests.tiny import thing
from training.happenings import counts, nearly, sudden, ticks, turns
from training.motion import MISSES, Source, _ends


def test_a_clock_may_be_late_but_a_count_of_one_is_no_delay() -> None:
    counters = (
        tiny.COUNTERS[1],
        Counter(name="coins", period=100, steps=(0, 1), reset=-1, digits=()),
    )
    now = torch.tensor([[50, 7]]).expand(3, 2)
    after = torch.tensor([[40, 7], [39, 8], [30, 20]])
    assert ticks(now, after, counters, torch.zeros(3)).tolist() == [[0, 0], [0, 1], [-1, -1]]


def test_rows_are_known_by_how_the_hero_changes_in_them_but_not_by_what_he_hardly_ever_does() -> None:
    play = tiny.footage(tiny.config(), 90)
    for rows, kind in ((slice(None), 1), (slice(20, 60, 4), 2), (slice(70, None), 3)):
        play.things[rows, 0, 2] = kind
    assert [rows.tolist() for rows in turns(play)] == [[*range(20, 60, 4)], [*range(21, 61, 4)]]


def test_rows_in_which_a_clock_does_not_go_on_as_usual_are_known() -> None:
    play = tiny.footage(tiny.config(), 60)
    clock = play.counters[:, 1]
    clock[23:] = (clock[23:] + 10) % 100  # stands for once: 10 less is usual
    assert [rows.tolist() for rows in counts(play)] == [[23]]


def test_rows_in_which_the_hero_lands_or_hits_a_wall_are_known() -> None:
    footage = tiny.footage(tiny.config(tiny.GAME))
    footage.things[..., 2] = 1
    footage.things[..., 5:7] = 0
    footage.things[20:30, 0, 6] = torch.arange(0, 200, 20)  # falls, and stands in row 30
    footage.things[40:50, 0, 5] = torch.arange(0, 40, 4)  # runs, and stands in row 50
    footage.things[:, 0, :2], footage.things[:, 0, 3:5], footage.scrolls[:] = 0, 0, 0
    assert sudden(footage).nonzero()[0].tolist() == [30, 50]


def test_rows_near_those_in_which_something_happens_are_known() -> None:
    happens = np.isin(np.arange(60), [20, 25])
    assert np.flatnonzero(nearly(happens)).tolist() == [n for n in range(12, 34) if n not in (20, 25)]


def test_a_quarter_of_the_rows_in_which_something_happens_are_near_misses_of_the_same_play() -> None:
    source = Source(tiny.footage(tiny.config(), 90, 90), 4, 0)
    rows = np.full(400, 50)
    missed = source._missed(rows) - 50
    assert 0.7 < (missed == 0).mean() < 0.8
    assert set(np.abs(missed)) == {0, *MISSES}
    outside = source._missed(np.full(400, 91 + 16))
    assert not set(outside) & set(range(90, 98))  # have no whole past


def test_a_small_number_of_some_things_but_the_hero_is_another_one_in_training() -> None:
    source = Source.__new__(Source)
    source.sampler = SimpleNamespace(generator=np.random.default_rng(0))  # type: ignore[assignment]
    past = torch.tensor([thing(kind=1, x=30), thing(kind=2, x=60), thing()]).expand(5000, 2, -1, -1)
    other = source._damaged(past) != past
    assert 0.01 < float(other[:, -1, 1].any(-1).float().mean()) < 0.03
    assert int(other.sum(-1).max()) == 1
    assert not other[:, 0].any() and not other[:, :, [0, 2]].any() and not other[..., :-6].any()


def test_only_bystanders_are_left_out_in_training_and_none_where_something_comes() -> None:
    source = Source.__new__(Source)
    source.sampler = SimpleNamespace(generator=np.random.default_rng(0))  # type: ignore[assignment]
    now = [thing(kind=1, x=30), thing(kind=2, x=60), thing(kind=2, x=200), thing(kind=2, x=120), thing()]
    past = torch.tensor([now]).expand(200, 2, -1, -1)
    after = past[:, -1].clone()
    after[:, 3, 2] = 3  # is stomped
    left, kept = source._fewer(past, after)
    gone = (kept[..., 2] == 0).float().mean(0)
    assert gone[[0, 1, 3, 4]].tolist() == [0, 0, 0, 1]
    assert 0.4 < float(gone[2]) < 0.6
    assert torch.equal(left[:, -1, :4, 2] > 0, kept[:, :4, 2] > 0)
    after[:, 4, 2] = 1
    assert torch.equal(source._fewer(past, after)[1], after)


def test_a_jump_is_learnt_from_whichever_origin_explains_it() -> None:
    logits = Jumps(*(torch.zeros(1, 1, n) for n in (384 + 16, 288, 3, 49, 97, 16, 16)))
    at = Arrivals(*(torch.tensor(n) for n in ([[5]], [[7]], [[[3, -1]]], [[[4, -1]]], [[2]], [[0]])))
    far, beside = 1 / (400 * 288), 1 / (49 * 97)
    assert float(_ends(logits, at)) == pytest.approx(-np.log((far + beside) / 3 / 16**2), rel=1e-5)
