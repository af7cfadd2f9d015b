"""How fast a world makes frames: the same step that play calls, without a window."""

import os
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from dreamplay import script
from dreamplay.errors import UsageError
from dreamplay.world import Buttons, GameSpec, World

WARMUP = 30
"""Steps before the clock counts: what is compiled or allocated once is done by then."""

RUN_AND_JUMP = "right+b:40,right+b+a:20"
"""What is held unless given: it keeps a scrolling scene moving."""


def measure(
    world: World, frames: int = 600, buttons: Sequence[Buttons] | None = None, *, warmup: int = WARMUP
) -> dict[str, float | int | str]:
    """Step a world and time every step, from the buttons to the RGB frame in memory.

    Args:
        world: A dream, a real game or a fake; what it does not say of itself is "none" or 0.
        frames: Steps to time.
        buttons: Held one after the other, again and again; `RUN_AND_JUMP` unless given.
        warmup: Steps before those.

    Returns:
        fps and percentiles of a step, the first frame's delay after the process began, peak memory, the work of one
        frame, and what computed it.

    Raises:
        UsageError: There is nothing to time.
    """
    if frames < 1:
        raise UsageError(f"{frames} frames to time (at least 1)")
    held = cycle(buttons or default_buttons(world.game))
    world.reset(0)
    first = process_age()
    for each in islice(held, warmup):
        world.step(each)
    seconds = np.array([_timed(world, each) for each in islice(held, frames)])
    p50, p95, p99 = (1000 * float(value) for value in np.percentile(seconds, (50, 95, 99)))
    return {
        "fps": frames / float(seconds.sum()),
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "first_frame_s": first,
        "peak_rss_mb": peak_memory() / 1e6,
        "device": str(getattr(world, "device", "cpu")),
        "dtype": str(getattr(world, "dtype", "none")),
        "backend": str(getattr(world, "backend", "none")),
        "threads": torch.get_num_threads(),
        "steps": int(getattr(world, "steps", 0)),
        "gflop_per_frame": operations(world, next(held)) / 1e9,
    }


def default_buttons(game: GameSpec) -> tuple[Buttons, ...]:
    """Run and jump where the game has those buttons, else each button in turn."""
    names = {name for part in RUN_AND_JUMP.split(",") for name in part.partition(":")[0].split("+")}
    if names <= set(game.buttons):
        return script.parse(RUN_AND_JUMP, game)
    return tuple(1 << i for i in range(len(game.buttons)) for _ in range(20))


def operations(world: World, buttons: Buttons) -> int:
    """Floating-point operations of one step (a multiplication and an addition are two); 0 where torch has no part.

    They are counted without the compiler and without recorded graphs, which cannot be looked into.
    """
    world = getattr(world, "eager", lambda: world)()
    with torch.compiler.set_stance("force_eager"), FlopCounterMode(display=False) as counter:
        world.step(buttons)
    return int(counter.get_total_flops())


def process_age() -> float:
    """Seconds since this process began; where the system does not tell, its own time on the CPU, which is less."""
    if sys.platform != "linux":
        return time.process_time()
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # proc(5): field 22, in ticks since the machine started
    return float(Path("/proc/uptime").read_text().split()[0]) - began


def peak_memory() -> int:
    """The most memory that was resident, bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource  # only Unix has it

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _timed(world: World, buttons: Buttons) -> float:
    began = time.perf_counter()
    world.step(buttons)
    return time.perf_counter() - began
