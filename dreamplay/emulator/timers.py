"""Super Mario Bros' timers: how far the console was with them when its memory was read.

The addresses are those of doppelganger's disassembly, as in `mario`.
"""

from typing import Any

CONSOLE_FRAMES = 2
"""Console frames a step: 60 a second become 30."""
FRAME_COUNTER, INTERVAL, TICK = 0x09, 0x77F, 0x787
"""Where the console counts its frames, the beat of its slow timers, and the rest of a unit of the clock of the game."""
TICKS = 20
"""Console frames in a unit of the game's clock."""

_PERIOD = 18  # console frames in a unit of the slow timers
_SCRATCH, _READING, _FREEZE, _TIMERS, _FAST, _SLOW = 0x00, (0x40, 0x41), 0x747, 0x780, 0x15, 0x24


def ticked(ram: Any, before: Any) -> Any:
    """The RAM as it is once the console's timers have gone on, which it does before it moves anything.

    Most snapshots are taken after that and before the moves, some before it or amid it: then the controller was read
    last, which leaves its bits in a byte that random numbers use a moment later. The slow timers and their beat go on
    first, the fast ones last; two that never rest, that beat and the game clock's, tell by what they were a step before
    whether they have.

    Args:
        ram: A snapshot.
        before: What this returned a step before; None if that is not known.
    """
    if int(ram[_SCRATCH]) not in _READING:
        return ram
    if not _gone_on(ram, before, FRAME_COUNTER, 256, CONSOLE_FRAMES):  # the only one that counts up
        ram[FRAME_COUNTER] = (int(ram[FRAME_COUNTER]) + 1) % 256
    if ram[_FREEZE]:
        ram[_FREEZE] -= 1
        if ram[_FREEZE]:
            return ram
    if ram[INTERVAL] >= _PERIOD:  # amid its return from 0
        ram[INTERVAL] = _PERIOD - 1
    elif not _gone_on(ram, before, INTERVAL, _PERIOD):
        over = ram[INTERVAL] == 0
        ram[INTERVAL] = _PERIOD - 1 if over else ram[INTERVAL] - 1
        _go_on(ram[_TIMERS + _FAST : _TIMERS + (_SLOW if over else _FAST)])
    if not _gone_on(ram, before, TICK, TICKS):
        _go_on(ram[_TIMERS : _TIMERS + _FAST])
    return ram


def _gone_on(ram: Any, before: Any, address: int, period: int, by: int = -CONSOLE_FRAMES) -> bool:
    """Whether a timer that never rests is as it should be a step later."""
    return before is not None and (int(ram[address]) - int(before[address]) - by) % period == 0


def _go_on(timers: Any) -> None:
    """Let timers go on, in place."""
    timers[timers > 0] -= 1
