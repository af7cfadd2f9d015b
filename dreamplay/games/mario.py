"""Super Mario Bros (NES, 1985) at 30 frames a second."""

from dreamplay.world import GameSpec, World

GAME = GameSpec(
    name="mario",
    title="Super Mario Bros",
    height=240,
    width=256,
    fps=30,
    buttons=("a", "b", "select", "start", "up", "down", "left", "right"),
    keys={
        "a": ("x",),
        "b": ("z",),
        "select": ("right shift",),
        "start": ("return",),
        "up": ("up", "w"),
        "down": ("down", "s"),
        "left": ("left", "a"),
        "right": ("right", "d"),
    },
    pad={
        "a": ("a",),
        "b": ("b", "x"),
        "select": ("back",),
        "start": ("start",),
        "up": ("dpad_up", "lefty-"),
        "down": ("dpad_down", "lefty+"),
        "left": ("dpad_left", "leftx-"),
        "right": ("dpad_right", "leftx+"),
    },
    opposites=(("left", "right"), ("up", "down")),
    pixel_aspect=8 / 7,
)

DEFAULT_START = "1-1"


def make_world(start: str = DEFAULT_START) -> World:
    """The real game in its emulator, at the beginning of a stage ("1-1" to "8-4").

    Raises:
        MissingExtraError: The extra `mario` is not installed.
        UsageError: There is no such stage.
    """
    from dreamplay.emulator.mario import MarioWorld

    return MarioWorld(start)
