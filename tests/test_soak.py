"""Four hours of play in a minute or two: memory, open files and the time of a frame stay what they were."""

import ctypes
import gc
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dreamplay.controls import Input, Status
from dreamplay.hotkeys import Command
from dreamplay.player import Clock, Player, Sitting
from dreamplay.preferences import Look, Preferences
from dreamplay.screen import Screen, Window
from dreamplay.tape import Tape
from dreamplay.world import Frame, GameSpec
from tests.display import virtual_display
from tests.fakes import COUNTER, CounterWorld, FakeTime

HOUR = 108_000
"""Frames of an hour at 30 frames a second."""

BLOCK = HOUR // 6
"""Frames between two looks: ten minutes, the first of which are for warming up."""

SELDOM = (
    Command.RESET, Command.NEW_DREAM, Command.HUD, Command.SHOW_BUTTONS, Command.PAUSE, Command.PAUSE, Command.ADVANCE,
    Command.SLOWER, Command.FASTER, Command.NORMAL_SPEED, Command.SAVE_STATE, Command.LOAD_STATE, Command.UNDO_LOAD,
    Command.SLOT_ON, Command.STEPS_UP, Command.STEPS_DOWN,
)  # fmt: skip
"""What a player asks for every few seconds."""


class Hands:
    """Plays at random, and shows what it is given on a screen, if there is one."""

    def __init__(self, screen: Screen | None = None) -> None:
        self._screen = screen
        self._chance = random.Random(0)
        self._polls = 0

    def poll(self) -> Input:
        chance = self._chance
        self._polls += 1
        commands = [chance.choice(SELDOM)] if chance.random() < 0.02 else []
        if self._polls % 9_000 < 2:
            commands.append(Command.SCREENSHOT)
        if self._polls % 9_000 in (100, 160):
            commands.append(Command.RECORD_GIF)
        holding = frozenset({Command.REWIND}) if self._polls % 500 > 480 else frozenset()
        if self._screen is not None:
            self._screen.poll()
        return Input(chance.randrange(16), tuple(commands), holding)

    def show(self, frame: Frame, status: Status) -> None:
        if self._screen is not None:
            self._screen.show(frame, status)

    def change(self, game: GameSpec) -> None:
        """There is one game only."""


@dataclass(frozen=True)
class Reading:
    """What a process takes: memory in bytes, open files, and the processor's time for a slow frame in seconds."""

    memory: int
    files: int
    p99: float


def soak(folder: Path, screen: Screen | None, frames: int) -> list[Reading]:
    """Play so many frames. Returns a reading after every ten minutes of play."""
    clock = FakeTime()
    tape = Tape(COUNTER, fps=30, pictures=folder / "pictures", journals=folder / "journals")
    sitting = Sitting(0, 30.0, rewinds=True, calm=True)
    player = Player(CounterWorld(log=False), Hands(screen), tape, sitting, Clock(clock.now, clock.sleep))
    readings, times = [], []
    for number in range(1, frames + 1):
        began = time.thread_time()
        player.tick()
        times.append(time.thread_time() - began)
        wait_for_films()
        if number % BLOCK == 0:
            readings.append(read(times))
            times.clear()
    tape.close()
    return readings


def wait_for_films() -> None:
    """Let films be written before the next one begins: time passes a hundred times as fast here as they are used to."""
    for thread in threading.enumerate():
        if thread.name.startswith("dreamplay-"):
            thread.join()


def read(times: list[float]) -> Reading:
    """What this process takes now, without what the allocator keeps for the next film."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return Reading(pages * os.sysconf("SC_PAGE_SIZE"), files, float(np.percentile(times, 99)))


def megabytes_an_hour(readings: list[Reading]) -> float:
    """The slope of the memory: the median over all pairs (Theil and Sen), for films come and go in steps of 32 MB."""
    megabytes = [reading.memory / 1e6 for reading in readings]
    slopes = [(late - early) / (j - i) for (i, early), (j, late) in combinations(enumerate(megabytes), 2)]
    return float(np.median(slopes)) * HOUR / BLOCK


def check(readings: list[Reading]) -> None:
    """Compare what came after the first ten minutes with itself."""
    steady = readings[1:]
    half = len(steady) // 2
    assert megabytes_an_hour(steady) < 1
    assert max(reading.files for reading in steady) <= readings[0].files + 1  # a film may be in the writing
    early, late = (float(np.median([each.p99 for each in part])) for part in (steady[:half], steady[half:]))
    assert late < 1.5 * early


def alone(play: Callable[[Path], list[Reading]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """Play in a process of its own: in this one, what earlier tests left in the allocator comes and goes.

    A film's pages go back to the system when it is freed: glibc else keeps them from the second film on, or not.
    """
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", str(128 * 1024))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(play, folder).result()


def four_hours(folder: Path) -> list[Reading]:
    return soak(folder, None, 4 * HOUR)


def two_hours_in_a_window(folder: Path) -> list[Reading]:
    window = Window(COUNTER, Preferences(look=Look(scale=2)))
    try:
        return soak(folder, window, 2 * HOUR)
    finally:
        window.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_four_hours_of_play_take_what_ten_minutes_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(alone(four_hours, tmp_path, monkeypatch))


@pytest.mark.slow
@pytest.mark.window
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_two_hours_of_play_in_a_window_take_what_ten_minutes_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with virtual_display() as name:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
        check(alone(two_hours_in_a_window, tmp_path, monkeypatch))
