"""Sampler steps fall when frames come late, rise again where there is time, and do not swing."""

from itertools import pairwise

from dreamplay.governor import Governor

PERIOD = 1 / 30


def run(governor: Governor, steps: int, frames: int, cost: float) -> list[int]:
    """The sampler steps of every frame where each of them costs so many seconds."""
    taken = []
    for _ in range(frames):
        steps += governor.advise(cost * steps, steps, PERIOD)
        taken.append(steps)
    return taken


def test_they_fall_within_a_second_where_frames_are_late() -> None:
    assert run(Governor(3), 3, 30, 0.025)[-1] == 1


def test_they_never_fall_below_one_or_rise_above_the_most() -> None:
    assert set(run(Governor(3), 1, 300, 1.0)) == {1}
    assert set(run(Governor(3), 3, 300, 0.001)) == {3}


def test_they_rise_again_after_some_seconds_of_ease() -> None:
    taken = run(Governor(3), 1, 600, 0.002)
    assert 150 < taken.index(2) < 180
    assert taken[-1] == 3


def test_a_single_late_frame_changes_nothing() -> None:
    governor = Governor(2)
    assert all(governor.advise(0.2 if i % 10 == 0 else 0.01, 2, PERIOD) == 0 for i in range(200))


def test_where_one_more_is_too_many_it_is_left() -> None:
    """One step fills half the time: two would fill all of it."""
    assert set(run(Governor(2), 1, 3000, 0.5 * PERIOD)) == {1}


def test_a_rise_that_fails_is_tried_less_and_less_often() -> None:
    """Two steps take longer than twice one step here, so that every rise fails."""
    governor, steps, rises = Governor(2), 1, []
    for frame in range(6000):
        change = governor.advise(0.01 if steps == 1 else 0.04, steps, PERIOD)
        steps += change
        if change > 0:
            rises.append(frame)
    gaps = [after - before for before, after in pairwise(rises)]
    assert gaps == sorted(gaps)
    assert len(rises) < 8
