"""Homes that cannot be written, or that two programs share: the play goes on, and what was not kept is said."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dreamplay import movie
from tests import tiny
from tests.display import focus, virtual_display, xdotool
from tests.patience import HANGS
from training import export

DREAMPLAY = [sys.executable, "-m", "dreamplay", "--model", "./tiny"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small cartridge."""
    made = tiny.config()
    export.write(tiny.model(made), tiny.ring(made, 2), made, tmp_path / "tiny")
    return tmp_path


def homeless(**others: str) -> dict[str, str]:
    """An environment without display and without a home, but for what is given."""
    gone = ("HOME", "XDG_", "DISPLAY", "WAYLAND_DISPLAY", "SDL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(gone)}
    return {**kept, "HF_HUB_OFFLINE": "1", "TMPDIR": others.pop("TMPDIR", "/tmp"), **others}


@pytest.mark.parametrize("home", [{}, {"HOME": "/dev/null"}, {"HOME": ""}])
def test_a_film_is_made_without_a_home(folder: Path, home: dict[str, str]) -> None:
    words = [*DREAMPLAY, "--headless", "--frames", "5", "-o", "out.gif"]
    done = subprocess.run(
        words, env=homeless(TMPDIR=str(folder), **home), cwd=folder, capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "out.gif").read_bytes().endswith(b";")


def test_two_programs_may_record_the_same_movie(folder: Path) -> None:
    words = [*DREAMPLAY, "--headless", "--buttons", "right:100", "-o", "run.movie"]
    both = [
        subprocess.Popen(words, env=homeless(HOME=str(folder)), cwd=folder, stderr=subprocess.PIPE) for _ in range(2)
    ]
    said = [child.communicate(timeout=HANGS)[1].decode() for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert len(movie.read(folder / "run.movie").buttons) == 100
    assert not list(folder.rglob("*.journal"))


@pytest.fixture
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.mark.window
def test_a_sitting_without_a_home_goes_on_and_says_what_it_did_not_keep(folder: Path, display: str) -> None:
    environment = homeless(TMPDIR=str(folder), HOME="/dev/null", DISPLAY=display)
    child = subprocess.Popen(DREAMPLAY, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    while not child.stderr.readline().startswith("ready"):
        assert child.poll() is None
    focus(display)
    for key in ("F2", "F8", "alt+2", "ctrl+q"):
        time.sleep(0.3)
        xdotool(display, "key", key)
    assert child.wait(HANGS) == 0
    said = child.stderr.read()
    child.stderr.close()
    assert "Settings not saved: cannot write /dev/null" in said
    assert len(list(folder.glob("dreamplay-*.png"))) == 1
