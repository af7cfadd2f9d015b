"""A sitting that may be killed: it records, and counts outside of itself what it has recorded."""

import mmap
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from dreamplay import movie
from dreamplay.pilot import Blank
from dreamplay.player import Player, Sitting
from dreamplay.signals import Signals
from dreamplay.tape import Tape
from dreamplay.world import Buttons, Frame
from tests.fakes import COUNTER, CounterWorld

FPS = 400.0
BUTTONS = (0, 1, 1, 8, 9, 4, 4, 4)
"""Held one after the other, again and again."""


def held(number: int) -> Buttons:
    """The buttons that lead to a frame."""
    return BUTTONS[number % len(BUTTONS)]


def header(seed: int) -> movie.Header:
    """Of the movie."""
    return movie.Header("counter", "dream", "0" * 64, "", seed, 30, COUNTER.buttons)


def counted(folder: Path) -> int:
    """Frames that were recorded for certain, told by the victim even when it is dead."""
    try:
        return int(struct.unpack("<Q", (folder / "count").read_bytes())[0])
    except (OSError, struct.error):
        return 0


def play(folder: Path, name: str, frames: int) -> None:
    """Record a sitting of so many frames as `folder/name`, then end the process as the program does."""
    signals = Signals()
    signals.install()
    with (folder / "count").open("w+b") as file:
        file.write(bytes(8))
        file.flush()
        count = mmap.mmap(file.fileno(), 8)
    tape = Tape(
        COUNTER, fps=30, pictures=folder, journals=folder / "journals", target=folder / name, header=header, clip=False
    )
    try:
        player = Player(CounterWorld(log=False), Blank(), tape, Sitting(7, FPS, pilot=_pilot(frames, count), ends=True))
        signals.stop = player.stop
        player.run()
    finally:
        tape.close(hurry=bool(signals.code))
    sys.stdout.flush()
    os._exit(signals.code)


def _pilot(frames: int, count: mmap.mmap) -> Callable[[Frame], Buttons | None]:
    played = 0

    def choose(frame: Frame) -> Buttons | None:
        nonlocal played
        struct.pack_into("<Q", count, 0, played)  # asked for the next buttons only after the last frame was recorded
        played += 1
        return held(played) if played <= frames else None

    return choose
