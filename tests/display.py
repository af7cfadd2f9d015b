"""A display of the tests' own: Xvfb, and xdotool's hands on it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.patience import HANGS


@contextmanager
def virtual_display() -> Iterator[str]:
    """Start Xvfb and give its name, ":1"."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("needs Xvfb and xdotool: apt-get install xvfb xdotool")
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def xdotool(display: str, *words: str) -> str:
    """Run one xdotool command on the display."""
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(
        ["xdotool", *words], env=environment, check=True, capture_output=True, text=True, timeout=HANGS
    )
    return done.stdout.strip()


def focus(display: str) -> None:
    """Give the program's window the keyboard, as soon as there is one that takes it."""
    for tries in reversed(range(100)):
        found = xdotool(display, "search", "--sync", "--class", "dreamplay").split()
        try:
            xdotool(display, "windowfocus", "--sync", found[-1])
        except subprocess.CalledProcessError:  # it is only just opening, or another one is only just closing
            if not tries:
                raise
            time.sleep(0.25)
        else:
            return
