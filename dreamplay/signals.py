"""Ctrl-C and SIGTERM: the play ends whole, and the process within a second."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

_PATIENCE = 0.5  # seconds that saving and tidying up may take; every recorded step is on disk already


class Signals:
    """Ends the play when the process is asked to end.

    Attributes:
        code: The exit code that the signal calls for, 0 before one came.
        stop: Ends the loop; None while there is none and the process may end where it is.
    """

    def __init__(self) -> None:
        self.code = 0
        self.stop: Callable[[], None] | None = None

    def install(self) -> None:
        """Take over SIGINT and SIGTERM; must come before SDL does."""
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)

    def leave(self, code: int) -> None:
        """End the process at once: for moments when a library holds the main thread."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.code:
            self.leave(self.code)
        self.code = 128 + number
        timer = threading.Timer(_PATIENCE, self.leave, (self.code,))
        timer.daemon = True
        timer.start()
        if self.stop is None:
            raise SystemExit(self.code)
        self.stop()
