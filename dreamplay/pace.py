"""When the next step is due, and how fast the play really is. All times are seconds."""

from collections import deque
from dataclasses import dataclass

SLOWEST, FASTEST = 0.25, 4.0
"""Bounds of the game's speed, 1 being real time."""

_SPEEDS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0)
_WINDOW = 120  # steps that the numbers on the screen look back on: four seconds at 30 frames a second
_SLOW = 0.95  # below this share of the wanted speed the screen says so


@dataclass(frozen=True)
class Beat:
    """How long to wait for a step, and when the one after it is due."""

    wait: float
    due: float


def pace(due: float, now: float, period: float) -> Beat:
    """Decide the time of the next step.

    A step that is late by less than a period is caught up with; more is a debt, and debts are dropped: a dream's step
    cannot be skipped, so a slow machine plays slow. A due time far ahead (the clock jumped, the speed changed) counts
    for a period at most.

    Args:
        due: When the step was due.
        now: The time.
        period: From one step to the next; 0 for as fast as possible.
    """
    if now - due > period:
        return Beat(0.0, now + period)
    due = min(due, now + period)
    return Beat(max(0.0, due - now), due + period)


def slower(speed: float) -> float:
    """The next lower speed."""
    return max((step for step in _SPEEDS if step < speed), default=SLOWEST)


def faster(speed: float) -> float:
    """The next higher speed."""
    return min((step for step in _SPEEDS if step > speed), default=FASTEST)


class Stopwatch:
    """The times of the last steps."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=_WINDOW)
        self._starts: deque[float] = deque(maxlen=_WINDOW)

    def note(self, start: float, end: float) -> None:
        """Add a step of the world that began and ended then."""
        self._starts.append(start)
        self._steps.append(end - start)

    def clear(self) -> None:
        """Forget everything: after a pause, or when the world changed."""
        self._steps.clear()
        self._starts.clear()

    def fps(self) -> float:
        """Steps a second, 0 while there are too few to tell."""
        if len(self._starts) < 2 or self._starts[-1] <= self._starts[0]:
            return 0.0
        return (len(self._starts) - 1) / (self._starts[-1] - self._starts[0])

    def percentile(self, share: float) -> float:
        """The time that this share of the steps needs at most, 0 without steps."""
        ordered = sorted(self._steps)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0

    def lag(self, wanted: float) -> float | None:
        """The share of the wanted steps a second that is reached, where that is worth a word."""
        if wanted <= 0 or len(self._starts) < _WINDOW // 4:
            return None
        share = self.fps() / wanted
        return share if share < _SLOW else None
