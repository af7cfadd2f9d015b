"""Slow work leaves the window alive."""

import threading
import time

import numpy as np
import pytest

from dreamplay.controls import Input, Status
from dreamplay.errors import CheckpointError
from dreamplay.hotkeys import Command
from dreamplay.loading import Loading, attend
from dreamplay.world import Frame
from tests.fakes import ScriptedScreen

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
    loading = Loading(lambda: screen.enough.wait(30))
    assert attend(loading, screen, BLACK, lambda: Status(toast="Loading"))
    assert loading.result()
    assert screen.statuses[0].toast == "Loading"


def test_quick_work_needs_no_window() -> None:
    screen = ScriptedScreen([])
    loading = Loading(lambda: 1)
    assert loading.wait(5)
    assert attend(loading, screen, BLACK, Status)
    assert not screen.frames


def test_an_error_is_raised_where_somebody_waits_for_it() -> None:
    def refuse() -> None:
        raise CheckpointError("no cartridge")

    loading = Loading(refuse)
    assert loading.wait(5)
    with pytest.raises(CheckpointError, match="no cartridge"):
        loading.result()


def test_quitting_does_not_wait_for_the_work() -> None:
    loading = Loading(lambda: time.sleep(3))
    began = time.perf_counter()
    assert not attend(loading, ScriptedScreen([Input(commands=(Command.QUIT,))]), BLACK, Status)
    assert time.perf_counter() - began < 2
