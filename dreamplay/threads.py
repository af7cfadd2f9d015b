"""How many threads dream: two while two cores are free, one while other programs want them.

Threads that share a layer wait for each other in a busy loop. Where another program has taken the core of one of them,
the other one burns its own core waiting, and a frame takes ten times as long as on one thread.
"""

import time
from functools import cache
from typing import Self

import torch

MOST = 2
"""Threads of a step: its layers are small, and more threads than this wait for each other."""
SHARE = 0.74
"""Of the time that its threads could compute, what a step must have got; alone on two cores it gets 0.8 and more."""
STRIKES = 3
"""Starved steps in a row after which one thread is enough."""
FIRST, LONGEST = 300, 9000
"""Steps on one thread before two are tried again: at first, and at most, for each vain try doubles them."""


class Threads:
    """A context around every step on the CPU, which sets the number of threads of the next one."""

    def __init__(self) -> None:
        self._strikes, self._wait, self._left = 0, FIRST, 0
        self._use(_most(), strikes=0)

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        if self.count == 1:
            self._left -= 1
            if self._left <= 0:
                self._use(_most(), strikes=STRIKES - 1)  # a vain try is to cost one slow frame
        elif cpu >= SHARE * self.count * wall:
            self._strikes, self._wait = 0, max(FIRST, self._wait - 1)
        elif self._strikes + 1 < STRIKES:
            self._strikes += 1
        else:
            self._left, self._wait = self._wait, min(2 * self._wait, LONGEST)
            self._use(1, strikes=0)

    def _use(self, count: int, strikes: int) -> None:
        self.count, self._strikes = count, strikes
        torch.set_num_threads(count)


@cache
def _most() -> int:
    """As many as this machine's user allows (OMP_NUM_THREADS); asked before the number is ever changed."""
    return min(MOST, torch.get_num_threads())
