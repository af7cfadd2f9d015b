"""Save states in ten slots, with pictures, and one more that remembers what a load took away."""

from pathlib import Path

from dreamplay.sheet import Strip
from dreamplay.shelf import Saved, Shelf
from dreamplay.world import World, layers

SLOTS = 10

_SHOWN = 3.0  # seconds that the strip stays


class Slots:
    """The slots of a sitting."""

    def __init__(self, folder: Path | None = None) -> None:
        """Ten empty slots, the first one chosen.

        Args:
            folder: Where the states of worlds that can last are kept; None for this sitting only.
        """
        self._folder = folder
        self._shelf: Shelf | None = None
        self._slots: list[Saved | None] = [None] * SLOTS
        self._slot = 0
        self._undo: Saved | None = None
        self._sentence, self._until = "", 0.0

    def change(self, world: World) -> None:
        """Take what was kept of a world that is played from now on; it cannot go back to another one's states."""
        self.close()
        self._undo = None
        if self._folder is None or not all(hasattr(layer, "pack") for layer in layers(world)):
            self._shelf, self._slots = None, [None] * SLOTS
            return
        self._shelf = Shelf(self._folder, world)  # type: ignore[arg-type]  # asked above
        self._slots = [self._shelf.read(slot) for slot in range(SLOTS)]

    def news(self) -> str:
        """What could not be read or kept, a sentence a call; empty when nothing went wrong."""
        return self._shelf.news() if self._shelf is not None else ""

    def close(self) -> None:
        """Wait until all is on disk."""
        if self._shelf is not None:
            self._shelf.close()

    def turn(self, step: int, now: float) -> None:
        """Choose the next slot (1) or the one before (-1)."""
        self._slot = (self._slot + step) % SLOTS
        saved = self._slots[self._slot]
        self._tell(f"Slot {self._slot + 1}" + ("" if saved else ": empty"), now)

    def save(self, present: Saved, now: float) -> None:
        """Put the present into the chosen slot."""
        self._slots[self._slot] = present
        if self._shelf is not None:
            self._shelf.put(self._slot, present)
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
