"""Whatever ends a sitting, and whenever: at most one frame of the recording is lost, and no file is half of one."""

import multiprocessing
import os
import random
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from PIL import Image

from dreamplay import movie
from dreamplay.controls import Input
from dreamplay.player import Player, Sitting
from dreamplay.recorder import recover
from dreamplay.tape import Tape
from tests import victim
from tests.fakes import COUNTER, CounterWorld, ScriptedScreen
from tests.patience import HANGS, stretched
from tests.test_player import press

CODES = {signal.SIGKILL: (-9,), signal.SIGTERM: (143, -15), signal.SIGINT: (130, -2)}
"""Exit codes; negative before the program has taken the signal over, which shells show as 143 and 130."""

FRAMES = 120
"""Of a sitting: few enough for its film to be written within the half second that a signal leaves."""


def begin(folder: Path, name: str, frames: int) -> BaseProcess:
    """Start a sitting."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.victim"])
    child = context.Process(target=victim.play, args=(folder, name, frames))
    child.start()
    return child


def end(child: BaseProcess, number: signal.Signals) -> float:
    """Send a signal. Returns how long the process took to end, in seconds."""
    began = time.perf_counter()
    if child.is_alive():
        os.kill(child.pid or 0, number)
    child.join(HANGS)
    return time.perf_counter() - began


def kept(folder: Path, name: str) -> int:
    """Frames of the recording after the first one, once all is recovered that can be; each is looked at."""
    for _, result in recover(folder / "journals"):
        assert isinstance(result, Path) or "holds no frame" in result or "first record" in result
    path = folder / name
    if not path.exists():
        return 0
    if path.suffix == ".movie":
        played = movie.read(path)
        assert played.buttons == tuple(map(victim.held, range(1, len(played.buttons) + 1)))
        return sum(1 for _ in movie.replay(CounterWorld(), played, verify=True)) - 1
    with Image.open(path) as image:
        frames = getattr(image, "n_frames", 1)
        for number in range(frames):
            image.seek(number)
            image.load()
    return int(frames) - 1


def kill(folder: Path, chance: random.Random, number: signal.Signals) -> None:
    """End a sitting at a random frame: before the first, amid the others, or while its file is written."""
    name = chance.choice(["run.movie", "run.gif"])
    child = begin(folder, name, FRAMES)
    at = chance.randint(-5, FRAMES + 5)
    deadline = time.monotonic() + HANGS
    while at >= 0 and child.is_alive() and victim.counted(folder) < min(at, FRAMES) and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(chance.random() * 0.02)
    seconds = end(child, number)
    assert child.exitcode in (*CODES[number], 0)
    assert seconds < stretched(1)
    certain = victim.counted(folder)
    assert certain <= kept(folder, name) <= certain + 1


@pytest.mark.parametrize("number", CODES)
def test_a_sitting_that_is_ended_loses_at_most_one_frame(tmp_path: Path, number: signal.Signals) -> None:
    kill(tmp_path, random.Random(number), number)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("number", CODES)
def test_sixty_sittings_that_are_ended_lose_at_most_one_frame_each(
    tmp_path: Path, number: signal.Signals, seed: int
) -> None:
    kill(tmp_path, random.Random(100 * seed + number), number)


def test_a_second_signal_ends_a_program_that_hangs(tmp_path: Path) -> None:
    child = begin(tmp_path, "run.gif", 10**6)
    while victim.counted(tmp_path) < 5:
        time.sleep(0.001)
    os.kill(child.pid or 0, signal.SIGTERM)
    end(child, signal.SIGTERM)
    assert child.exitcode == 143
    assert kept(tmp_path, "run.gif") >= 4


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("name", ["run.movie", "run.gif"])
def test_a_disk_that_fills_up_ends_the_recording_and_not_the_game(tmp_path: Path, name: str) -> None:
    screen = ScriptedScreen([press(buttons=victim.held(number)) for number in range(1, 301)])
    tape = Tape(
        COUNTER, fps=30, pictures=tmp_path, journals=tmp_path / "journals", target=tmp_path / name, header=victim.header
    )
    with small_files(2500):
        Player(CounterWorld(), screen, tape, Sitting(7, 0.0)).run()
    tape.close()
    assert screen.seen[-1].steps == 300
    (toast,) = {status.toast for status in screen.statuses if "stopped" in status.toast}
    assert toast.startswith("Recording stopped after ")
    assert "File too large" in toast
    assert 10 < kept(tmp_path, name) < 300


def fill_the_disk() -> None:
    """From now on whatever this process writes to a journal finds no room."""
    full = os.open("/dev/full", os.O_WRONLY)
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder itself was open while it was read
            if link.readlink().suffix == ".journal":
                os.dup2(full, int(link.name))
    os.close(full)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_without_room_keeps_what_was_recorded_and_the_game_goes_on(tmp_path: Path) -> None:
    def inputs() -> Iterator[Input]:
        for number in range(40):
            if number == 10:
                fill_the_disk()
            yield press(buttons=1)

    screen = ScriptedScreen(inputs())
    tape = Tape(COUNTER, fps=30, pictures=tmp_path, journals=tmp_path / "journals", target=tmp_path / "run.gif")
    Player(CounterWorld(), screen, tape, Sitting(7, 0.0)).run()
    tape.close()
    assert screen.seen[-1].steps == 40
    assert any("No space left on device" in status.toast for status in screen.statuses)
    assert kept(tmp_path, "run.gif") == 10
