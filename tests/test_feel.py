"""What playing feels like: in numbers that hold on a busy machine, and in those that only a quiet one can tell."""

import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest

from dreamplay.controls import Input, Status
from dreamplay.feel import NullWorld, measure
from dreamplay.games.mario import GAME
from dreamplay.player import Player, Sitting
from dreamplay.preferences import Preferences
from dreamplay.screen import Window
from dreamplay.tape import Tape
from dreamplay.world import Frame, GameSpec
from tests.display import virtual_display
from tests.fakes import COUNTER, ScriptedScreen
from tests.patience import HANGS

LARGEST = 65_536
"""Bytes that may be allocated for a frame."""

SHOWS_A_PICTURE = """
import numpy as np
from dreamplay.controls import Status
from dreamplay.games.mario import GAME
from dreamplay.preferences import Preferences
from dreamplay.screen import Window

Window(GAME, Preferences()).show(np.zeros((240, 256, 3), np.uint8), Status())
print(open("/proc/self/maps").read())
"""


class Eye:
    """A screen that notes when the world's answer to a held button is shown."""

    def __init__(self, window: Window, world: NullWorld) -> None:
        self._window, self._world = window, world
        self.seen: float | None = None

    def poll(self) -> Input:
        return self._window.poll()

    def show(self, frame: Frame, status: Status) -> None:
        self._window.show(frame, status)
        if self._world.held and self.seen is None:
            self.seen = time.perf_counter()

    def change(self, game: GameSpec) -> None:
        self._window.change(game)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture
def window(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    made = Window(GAME, Preferences())
    yield made
    made.close()


def test_every_number_is_there() -> None:
    told = measure(ScriptedScreen([Input()] * 10_000), replace(COUNTER, fps=240.0), frames=20, presses=5, seconds=0.2)
    assert set(told) == {
        *(f"{name}_{share}" for name in ("frame_ms", "press_ms", "uneven_ms") for share in ("p50", "p99", "max")),
        "frame_kib",
        "press_bound_ms",
    }
    assert 0 < told["frame_ms_p50"] <= told["frame_ms_p99"] <= told["frame_ms_max"]
    assert told["press_bound_ms"] == pytest.approx(1000 / 240 + 1000 / 60)


def test_a_press_is_never_seen_before_it_is_made() -> None:
    told = measure(ScriptedScreen([Input()] * 10_000), replace(COUNTER, fps=240.0), frames=1, presses=20, seconds=0.1)
    assert 0 < told["press_ms_p50"] <= told["press_ms_max"]


@pytest.mark.window
def test_a_frame_in_the_window_takes_little_memory(window: Window) -> None:
    assert measure(window, GAME, frames=60, presses=1, seconds=0.1)["frame_kib"] <= LARGEST / 1024


@pytest.mark.window
@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux what is loaded")
def test_a_picture_reaches_an_x_server_without_opengl(display: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    words = [sys.executable, "-c", SHOWS_A_PICTURE]
    clean["DISPLAY"] = display
    done = subprocess.run(words, env=clean, capture_output=True, text=True, timeout=HANGS)
    assert "libX11" in done.stdout
    assert "libGL" not in done.stdout


@pytest.mark.window
@pytest.mark.skipif(sys.platform != "linux", reason="asks the allocator of Linux")
def test_no_large_block_is_allocated_for_a_frame_by_any_library(window: Window, tmp_path: Path) -> None:
    """Blocks of 64 KiB come as fresh pages once the allocator is told so, and the kernel counts fresh pages."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt") or not libc.mallopt(-3, LARGEST):  # M_MMAP_THRESHOLD
        pytest.skip("another allocator")
    tape = Tape(GAME, fps=60, pictures=tmp_path, journals=tmp_path)
    player = Player(NullWorld(GAME), window, tape, Sitting(0, 0.0, rewinds=True))
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, scancode=pygame.KSCAN_F3))
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, scancode=pygame.KSCAN_F3))
    for _ in range(100):
        player.tick()
    faults = []
    for _ in range(200):
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        player.tick()
        faults.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
    tape.close()
    assert np.median(faults) < LARGEST / resource.getpagesize()


@pytest.mark.window
def test_a_real_key_is_seen_in_the_frame_after_the_next_poll(window: Window, tmp_path: Path) -> None:
    world = NullWorld(GAME)
    eye = Eye(window, world)
    tape = Tape(GAME, fps=30, pictures=tmp_path, journals=tmp_path)
    player = Player(world, eye, tape, Sitting(0, 30.0))
    steps = []
    for phase in range(20):
        pressed = threading.Timer(phase / 600, post, (pygame.KEYDOWN,))
        pressed.start()
        ticks = 0
        while eye.seen is None:
            player.tick()
            ticks += pressed.finished.is_set()
        steps.append(ticks)
        post(pygame.KEYUP)
        player.tick()
        eye.seen = None
        world.held = 0
    tape.close()
    assert max(steps) <= 2  # the one that was waiting for its time when the key went down, or the one after


def post(kind: int) -> None:
    """Press the jump key, or let it go."""
    pygame.event.post(pygame.event.Event(kind, scancode=pygame.KSCAN_X))


@pytest.mark.window
@pytest.mark.slow
def test_half_of_the_frames_keep_the_bars_on_any_machine(window: Window) -> None:
    told = measure(window, GAME, seconds=10)
    assert told["frame_ms_p50"] <= 4
    assert told["frame_kib"] <= LARGEST / 1024
    assert told["press_ms_p50"] <= told["press_bound_ms"]
    assert told["uneven_ms_p50"] <= 5


def test_without_a_display_the_command_says_so() -> None:
    hidden = {
        name: value for name, value in os.environ.items() if "DISPLAY" not in name and not name.startswith("SDL_")
    }
    words = [sys.executable, "-m", "dreamplay", "bench", "--front-end"]
    done = subprocess.run(words, env=hidden, capture_output=True, text=True, timeout=HANGS)
    assert (done.returncode, len(done.stderr.splitlines())) == (5, 1)


def test_the_null_world_is_a_world() -> None:
    world = NullWorld(COUNTER)
    first = world.reset(0)
    state = world.save()
    second = world.step(1)
    assert first.shape == second.shape == (24, 32, 3)
    assert np.array_equal(world.restore(state), first)
