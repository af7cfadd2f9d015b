"""Scripts of buttons: `right:60,right+a:20,:30` holds chords for so many frames each."""

from itertools import repeat

from dreamplay.errors import UsageError
from dreamplay.world import Buttons, GameSpec

MAX_FRAMES = 10_000_000
"""Four days at 30 frames a second: a longer script is a slip of the finger."""


def parse(text: str, game: GameSpec) -> tuple[Buttons, ...]:
    """Read a script.

    Args:
        text: Chords with frames, separated by commas; no chord is no button, no number is one frame.
        game: Whose button names count.

    Returns:
        The buttons of every frame.

    Raises:
        UsageError: A part is not `<buttons>:<frames>`.
    """
    buttons: list[Buttons] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        names, colon, count = part.partition(":")
        frames = _frames(part, count) if colon else 1
        if len(buttons) + frames > MAX_FRAMES:
            raise UsageError(f"--buttons: more than {MAX_FRAMES} frames")
        buttons.extend(repeat(game.chord(names), frames))
    return tuple(buttons)


def _frames(part: str, count: str) -> int:
    if not count.strip().isdecimal() or int(count) == 0:
        raise UsageError(f"--buttons: '{part}' is not '<buttons>:<frames>' (example: right:60,right+a:20,:30)")
    return int(count)
