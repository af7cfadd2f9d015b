"""What the menu and the strip of save states show, as text and small pictures; drawing it is the window's business."""

from dataclasses import dataclass

from dreamplay.world import Frame


@dataclass(frozen=True)
class Line:
    """One line of a sheet.

    Attributes:
        title: What it is about.
        value: What stands there now.
        choosable: Whether the cursor stops here.
    """

    title: str
    value: str = ""
    choosable: bool = True


@dataclass(frozen=True)
class Sheet:
    """A page of the menu as it is now.

    Attributes:
        title: Of the page.
        lines: From top to bottom.
        cursor: Number of the line that is chosen from.
        hint: What the line is for, which keys do what, or what went wrong.
        listens: Whether the next key is to be remembered, whatever it does otherwise.
    """

    title: str
    lines: tuple[Line, ...]
    cursor: int
    hint: str = ""
    listens: bool = False


@dataclass(frozen=True)
class Strip:
    """The slots of save states.

    Attributes:
        pictures: One for each slot, (h, w, 3); None where it is empty.
        slot: Number of the one that is chosen, from 0.
        sentence: What just happened.
    """

    pictures: tuple[Frame | None, ...]
    slot: int
    sentence: str
