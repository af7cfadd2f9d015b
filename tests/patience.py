"""How long the tests wait: machines that check are shared, and slow while others work."""

import os

HANGS = 600.0
"""Seconds after which a process that has not ended is taken to hang."""


def stretched(seconds: float) -> float:
    """The seconds that a promise gives, as many times as there are processes that wait for a core."""
    return seconds * max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))
