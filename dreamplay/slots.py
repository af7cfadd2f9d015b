"""Save states in ten slots, with pictures, and one more that remembers what a load took away."""

from dataclasses import dataclass

from dreamplay.sheet import Strip
from dreamplay.tape import Mark
from dreamplay.world import Frame, State

SLOTS = 10

_SHOWN = 3.0  # seconds that the strip stays


@dataclass(frozen=True)
class Saved:
    """A present to go back to.

    Attributes:
        state: What the world saved.
        frame: What was shown then, (h, w, 3).
        seed: Of the dream.
        age: Steps since its beginning.
        mark: Where the movie stood, if one is recorded.
    """

    state: State
    frame: Frame
    seed: int
    age: int
    mark: Mark | None


class Slots:
    """The slots of a sitting."""

    def __init__(self) -> None:
        """Ten empty slots, the first one chosen."""
        self._slots: list[Saved | None] = [None] * SLOTS
        self._slot = 0
        self._undo: Saved | None = None
        self._sentence, self._until = "", 0.0

    def clear(self) -> None:
        """Forget everything: another world cannot go back to these."""
        self._slots, self._undo = [None] * SLOTS, None

    def turn(self, step: int, now: float) -> None:
        """Choose the next slot (1) or the one before (-1)."""
        self._slot = (self._slot + step) % SLOTS
        saved = self._slots[self._slot]
        self._tell(f"Slot {self._slot + 1}" + ("" if saved else ": empty"), now)

    def save(self, present: Saved, now: float) -> None:
        """Put the present into the chosen slot."""
        self._slots[self._slot] = present
        self._tell(f"Saved in slot {self._slot + 1}", now)

    def load(self, present: Saved, now: float) -> Saved | None:
        """What the chosen slot holds; the present can be had again by `undo`."""
        saved = self._slots[self._slot]
        if saved is None:
            self._tell(f"Slot {self._slot + 1} is empty", now)
            return None
        self._undo = present
        self._tell(f"Loaded slot {self._slot + 1} (it can be undone)", now)
        return saved

    def undo(self, present: Saved, now: float) -> Saved | None:
        """What was there before the last load; a second undo comes back."""
        saved, self._undo = self._undo, present if self._undo else None
        self._tell("The load is undone" if saved else "There is no load to undo", now)
        return saved

    def strip(self, now: float) -> Strip | None:
        """What to show of the slots; None when there is no news."""
        if now >= self._until:
            return None
        return Strip(tuple(saved.frame if saved else None for saved in self._slots), self._slot, self._sentence)

    def _tell(self, sentence: str, now: float) -> None:
        self._sentence, self._until = sentence, now + _SHOWN
