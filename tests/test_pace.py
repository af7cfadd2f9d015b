"""Pacing is a pure function, so it is a table."""

import pytest

from dreamplay import pace
from dreamplay.pace import Beat, Stopwatch


@pytest.mark.parametrize(
    ("due", "now", "period", "beat"),
    [
        pytest.param(10.0, 9.5, 1.0, Beat(0.5, 11.0), id="early: wait"),
        pytest.param(10.0, 10.0, 1.0, Beat(0.0, 11.0), id="in time"),
        pytest.param(10.0, 10.5, 1.0, Beat(0.0, 11.0), id="a little late: catch up"),
        pytest.param(10.0, 11.5, 1.0, Beat(0.0, 12.5), id="a debt: drop it"),
        pytest.param(10.0, 500.0, 1.0, Beat(0.0, 501.0), id="the machine slept"),
        pytest.param(0.0, 100.0, 1.0, Beat(0.0, 101.0), id="the first step"),
        pytest.param(90.0, 10.0, 1.0, Beat(1.0, 12.0), id="the clock jumped back"),
        pytest.param(10.0, 9.9, 0.0, Beat(0.0, 9.9), id="as fast as possible"),
    ],
)
def test_the_next_beat(due: float, now: float, period: float, beat: Beat) -> None:
    found = pace.pace(due, now, period)
    assert (found.wait, found.due) == pytest.approx((beat.wait, beat.due))


def test_a_steady_machine_keeps_the_rate_exactly() -> None:
    now = due = 0.0
    for _ in range(3000):
        beat = pace.pace(due, now, 1 / 30)
        now, due = now + beat.wait + 0.02, beat.due
    assert now == pytest.approx(100, abs=0.05)


def test_a_slow_machine_never_steps_twice_to_catch_up() -> None:
    now = due = 0.0
    for _ in range(100):
        beat = pace.pace(due, now, 1.0)
        assert beat.wait == 0 or now == 0
        now, due = now + 1.4, beat.due
        assert due > now - 2.4


@pytest.mark.parametrize("change", [pace.slower, pace.faster])
def test_the_speed_stays_in_its_bounds(change: object) -> None:
    speed = 1.0
    for _ in range(50):
        speed = pace.slower(speed) if change is pace.slower else pace.faster(speed)
    assert speed == (pace.SLOWEST if change is pace.slower else pace.FASTEST)


def test_the_stopwatch_reads_rate_percentiles_and_lag() -> None:
    watch = Stopwatch()
    for number in range(100):
        watch.note(number * 0.05, number * 0.05 + (0.04 if number == 50 else 0.01))
    assert watch.fps() == pytest.approx(20)
    assert watch.percentile(0.5) == pytest.approx(0.01)
    assert watch.percentile(0.99) == pytest.approx(0.04)
    assert watch.lag(30) == pytest.approx(2 / 3)
    assert watch.lag(20) is None


def test_an_empty_stopwatch_says_nothing() -> None:
    watch = Stopwatch()
    assert (watch.fps(), watch.percentile(0.99), watch.lag(30)) == (0, 0, None)
