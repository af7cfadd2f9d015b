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
    halt="start",
)

ACTIONS = {"a": "jump (A)", "b": "run, throw (B)", "start": "start, pause the game", "select": "select"}
"""What the buttons do."""

PALETTE = (
    (0, 0, 0), (0, 0, 188), (0, 0, 252), (0, 64, 88), (0, 88, 0), (0, 88, 248),
    (0, 104, 0), (0, 120, 0), (0, 120, 248), (0, 136, 136), (0, 168, 0), (0, 168, 68),
    (0, 184, 0), (0, 232, 216), (0, 252, 252), (60, 188, 252), (68, 40, 188), (80, 48, 0),
    (88, 216, 84), (88, 248, 152), (104, 68, 252), (104, 136, 252), (120, 120, 120), (124, 124, 124),
    (136, 20, 0), (148, 0, 132), (152, 120, 248), (164, 228, 252), (168, 0, 32), (168, 16, 0),
    (172, 124, 0), (184, 184, 248), (184, 248, 24), (184, 248, 184), (184, 248, 216), (188, 188, 188),
    (216, 0, 204), (216, 184, 248), (216, 248, 120), (228, 0, 88), (228, 92, 16), (240, 208, 176),
    (248, 56, 0), (248, 88, 152), (248, 120, 88), (248, 120, 248), (248, 164, 192), (248, 184, 0),
    (248, 184, 248), (248, 216, 120), (248, 216, 248), (248, 248, 248), (252, 160, 68), (252, 224, 168),
    (252, 252, 252),
)  # fmt: skip
"""The 55 colours that nes-py's console can show, by value; one more index, the last, means "unknown"."""

STATUS_ROWS = 32
"""Rows of the status bar, which stands still while the level scrolls."""

DEFAULT_START = "1-1"

_ROUNDS = (("1-1", "1-2", "1-3"), ("1-4",))
"""Stages that dreams know: each leads to the next one of its round, the last one begins again."""


def make_world(start: str = DEFAULT_START) -> World:
    """The real game in its emulator, at the beginning of a stage ("1-1" to "8-4") or of a span ("1-1..1-4").

    Raises:
        MissingExtraError: The extra `mario` is not installed.
        UsageError: There is no such stage.
    """
    from dreamplay.emulator.mario import MarioWorld

    return MarioWorld(start)


def round_from(start: str) -> str:
    """Where the real game goes beside a dream that begins at this start: round and round, as dreams do."""
    stage = start.partition("+")[0]
    stages = next((each for each in _ROUNDS if stage in each), _ROUNDS[0])
    return f"{stage if stage in stages else DEFAULT_START}..{stages[-1]}"
