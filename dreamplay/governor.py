"""Sampler steps by the clock: fewer where frames come late, more again where there is time. Times are seconds."""

from collections import deque

_LOOK = 15  # steps of the world that a decision looks back on: half a second
_LATE = 0.95  # share of a frame's time above which a step takes too long
_EASY = 0.75  # share of a frame's time that one more sampler step may fill
_PATIENCE = 5.0  # of ease before it rises
_REGRET = 10.0  # a fall sooner than this after a rise doubles the patience
_LONGEST = 120.0


class Governor:
    """Decides when to take a sampler step less or more."""

    def __init__(self, most: int) -> None:
        """Take the number of sampler steps that is never gone beyond."""
        self._most = most
        self._seconds: deque[float] = deque(maxlen=_LOOK)
        self._easy, self._patience, self._since_rise = 0.0, _PATIENCE, _REGRET

    def advise(self, seconds: float, steps: int, period: float) -> int:
        """Whether to change the sampler steps, after a step of the world: -1, 0 or 1.

        Args:
            seconds: That it took.
            steps: Sampler steps that it was made of.
            period: Time of a frame.
        """
        self._seconds.append(seconds)
        self._since_rise += period
        if len(self._seconds) < _LOOK:
            return 0
        median = sorted(self._seconds)[_LOOK // 2]
        if median > _LATE * period and steps > 1:
            self._patience = min(2 * self._patience, _LONGEST) if self._since_rise < _REGRET else _PATIENCE
            return self._changed(-1)
        easy = median * (steps + 1) / steps <= _EASY * period and steps < self._most
        self._easy = self._easy + period if easy else 0.0
        if self._easy < self._patience:
            return 0
        self._since_rise = 0.0
        return self._changed(1)

    def _changed(self, change: int) -> int:
        self._seconds.clear()
        self._easy = 0.0
        return change
