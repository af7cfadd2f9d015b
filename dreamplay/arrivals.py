"""Counts the bytes of a download as they arrive, for the one who waits and against the one who never ends."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from dreamplay.errors import NetworkError

Progress = Callable[[int, int], None]
"""Is told the bytes that are here and the bytes there are in all."""

_SLACK = 16 << 20
"""Bytes that may arrive beyond three times what was announced."""


class Count:
    """Counts the bytes of several files that come one after another."""

    def __init__(self, sizes: dict[str, int], progress: Progress | None) -> None:
        """Nothing has arrived. sizes: Bytes by file."""
        self.sizes = sizes
        self.total = sum(sizes.values())
        self.done = 0
        self._received = 0
        self._progress = progress

    def add(self, amount: int) -> None:
        """Count bytes that arrived (fewer than none when a download starts again)."""
        self.done += amount
        self._received += max(amount, 0)
        if self._received > 3 * self.total + _SLACK:  # the library begins again for ever as long as bytes arrive
            raise NetworkError("The Hub keeps breaking off, or sends more than it announced. Try again later")
        if self._progress is not None:
            self._progress(self.done, max(self.done, self.total))


def bar(count: Count) -> Any:
    """What huggingface_hub takes for a tqdm class: it makes one for each file and tells it the bytes."""

    class Bar:
        def __init__(self, *args: object, initial: int = 0, **kwargs: object) -> None:
            count.add(initial)

        def update(self, amount: float | None = 1) -> None:
            count.add(int(amount or 0))

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            pass

        def close(self) -> None:
            pass

    return Bar
