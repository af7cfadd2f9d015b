"""A progress bar on stderr: how far, how fast, how long still."""

import sys
import time


class Progress:
    """Counts units of work; draws at most four times a second, and only a last line when stderr is no terminal."""

    def __init__(self, label: str, total: int, unit: str = "frames") -> None:
        self._label, self._total, self._unit = label, total, unit
        self._started = time.monotonic()
        self._drawn = 0.0
        self._first = 0
        self._done = 0

    def start_at(self, done: int) -> None:
        """What was there already does not count for the speed."""
        self._first = self._done = done

    def add(self, units: int) -> None:
        """Count work that was done."""
        self._done += units
        if sys.stderr.isatty() and time.monotonic() - self._drawn > 0.25:
            self._drawn = time.monotonic()
            print(f"\r{self.line()}\x1b[K", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Draw the last state."""
        print(f"{chr(13) if sys.stderr.isatty() else ''}{self.line()}", file=sys.stderr, flush=True)

    def line(self) -> str:
        """The bar as text."""
        speed = (self._done - self._first) / max(time.monotonic() - self._started, 1e-6)
        left = max(self._total - self._done, 0) / speed if speed else 0.0
        share = min(self._done / max(self._total, 1), 1.0)
        bar = "#" * int(share * 24)
        return (
            f"{self._label} [{bar:<24}] {self._done:,} of {self._total:,} {self._unit}, "
            f"{speed:,.0f}/s, {left / 60:.0f}:{left % 60:02.0f} left"
        )
