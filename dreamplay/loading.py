"""Slow work beside a window that stays alive."""

import ctypes
import os
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from dreamplay.controls import Status
from dreamplay.hotkeys import Command
from dreamplay.world import Frame

if TYPE_CHECKING:  # the window needs pygame
    from dreamplay.screen import Screen

T = TypeVar("T")

_LOOK = 1 / 30  # seconds between two looks at the window


class Loading(Generic[T]):
    """Work in a thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Begin."""
        self._work = work
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loading", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, but no longer than this. Returns whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> T:
        """What came of it, once it has ended; raises what the work raised."""
        if self._error is not None:
            raise self._error
        result: T = self._result  # type: ignore[assignment]  # T may be None itself
        return result

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # raised again where somebody waits for it
            self._error = error


def attend(loading: Loading[T], screen: "Screen", frame: Frame, status: Callable[[], Status]) -> bool:
    """Keep the window alive until the work has ended.

    Args:
        loading: The work.
        screen: The window.
        frame: Shown meanwhile, (h, w, 3).
        status: What is said over it.

    Returns:
        False where the player quit before.
    """
    while not loading.wait(_LOOK):
        if Command.QUIT in screen.poll().commands:
            return False
        screen.show(frame, status())
    return True


def map_torch() -> None:
    """Map torch's libraries while other threads go on; its import, which follows, holds them up a third of a second."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None or os.name != "posix":
        return
    for library in (Path(torch.origin).parent / "lib").glob("libtorch_python.*"):
        ctypes.CDLL(None).dlopen(os.fsencode(library), os.RTLD_NOW)  # a call gives the interpreter's lock away
