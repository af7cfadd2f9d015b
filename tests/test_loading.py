"""Slow work leaves the window alive."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dreamplay.beside import Beside
from dreamplay.controls import Input, Status
from dreamplay.errors import CheckpointError
from dreamplay.hotkeys import Command
from dreamplay.loading import Loading, attend
from dreamplay.player import Clock, Player, Sitting
from dreamplay.tape import Tape
from dreamplay.world import Frame, World
from tests.fakes import COUNTER, Console, Dreamer, ScriptedScreen, Seen, read
from tests.patience import HANGS, stretched

BLACK: Frame = np.zeros((24, 32, 3), np.uint8)


class Counting(ScriptedScreen):
    """Lets the work go on once it has shown three frames."""

    def __init__(self) -> None:
        super().__init__([Input()] * 1000)
        self.enough = threading.Event()

    def show(self, frame: Frame, status: Status) -> None:
        super().show(frame, status)
        if len(self.frames) == 3:
            self.enough.set()


def test_the_window_is_looked_at_again_and_again_meanwhile() -> None:
    screen = Counting()
    loading = Loading(lambda: screen.enough.wait(HANGS))
    assert attend(loading, screen, BLACK, lambda: Status(toast="Loading"))
    assert loading.result()
    assert screen.statuses[0].toast == "Loading"


def test_quick_work_needs_no_window() -> None:
    screen = ScriptedScreen([])
    loading = Loading(lambda: 1)
    assert loading.wait(HANGS)
    assert attend(loading, screen, BLACK, Status)
    assert not screen.frames


def test_an_error_is_raised_where_somebody_waits_for_it() -> None:
    def refuse() -> None:
        raise CheckpointError("no cartridge")

    loading = Loading(refuse)
    assert loading.wait(HANGS)
    with pytest.raises(CheckpointError, match="no cartridge"):
        loading.result()


def test_quitting_does_not_wait_for_the_work() -> None:
    loading = Loading(lambda: time.sleep(30))
    began = time.perf_counter()
    assert not attend(loading, ScriptedScreen([Input(commands=(Command.QUIT,))]), BLACK, Status)
    assert time.perf_counter() - began < stretched(2)


class Looking(ScriptedScreen):
    """Lets slow work go on once it has said three times what it waits for."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        super().__init__([*inputs, *[Input()] * 1000])
        self.looked = threading.Event()

    def show(self, frame: Frame, status: Status) -> None:
        super().show(frame, status)
        toasts = [each.toast for each in self.statuses[-3:]]
        if toasts == toasts[:1] * 3 and toasts[0].endswith("..."):
            self.looked.set()

    def watch(self, folder: Path, world: World, sitting: Sitting, ticks: int) -> None:
        tape = Tape(COUNTER, fps=30, pictures=folder, journals=folder)
        player = Player(world, self, tape, sitting, Clock(sleep=lambda seconds: None))
        for _ in range(ticks):
            player.tick()
        tape.close()


def test_the_window_lives_while_the_real_game_begins(tmp_path: Path) -> None:
    screen = Looking([Input(), Input(commands=(Command.BESIDE,))])

    class Slow(Console):
        def reset(self, seed: int) -> Frame:
            assert screen.looked.wait(HANGS)
            return super().reset(seed)

    sitting = Sitting(7, 30, rewinds=True, open_beside=lambda world: Beside(world, Slow()))
    screen.watch(tmp_path, Dreamer(), sitting, 2)
    assert screen.statuses[-1].toast.startswith("The real game beside the dream")


LOAD = [Input(1), Input(commands=(Command.SAVE_STATE,)), Input(), Input(commands=(Command.LOAD_STATE,))]
REWIND = [Input(1), Input(), Input(), Input(holding=frozenset({Command.REWIND}))]


@pytest.mark.parametrize(("beside", "inputs"), [(False, LOAD), (True, LOAD), (True, [*REWIND, REWIND[-1], Input()])])
def test_the_window_lives_while_a_real_game_goes_back(tmp_path: Path, *, beside: bool, inputs: list[Input]) -> None:
    screen = Looking(inputs)

    class Slow(Console):
        def restore(self, state: Seen) -> Frame:
            assert screen.looked.wait(HANGS)
            return super().restore(state)

    sitting = Sitting(7, 30, rewinds=True)
    screen.watch(tmp_path, Beside(Dreamer(), Slow()) if beside else Slow(), sitting, len(inputs))
    steps = [read(frame[:, : COUNTER.width]).steps for frame in screen.frames]
    assert steps[:3] == [steps[0], steps[0] + 1, steps[0] + 2]
    assert steps[-1] == steps[1]


MAPS = """
import sys, threading, time
from dreamplay.loading import map_torch
mapping, beats = threading.Thread(target=map_torch), 0
mapping.start()
while mapping.is_alive():
    time.sleep(0.005)
    beats += 1
print(beats, "libtorch_cpu" in open("/proc/self/maps").read(), "torch" in sys.modules)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux what is loaded")
def test_the_program_goes_on_while_the_libraries_of_torch_are_mapped() -> None:
    done = subprocess.run([sys.executable, "-c", MAPS], capture_output=True, text=True, timeout=HANGS, check=True)
    beats, mapped, imported = done.stdout.split()
    assert int(beats) > 10
    assert (mapped, imported) == ("True", "False")
