"""What a game in a cartridge may be called, and how large and fast it may be."""

import re
from collections.abc import Callable
from typing import NoReturn

from dreamplay.world import GameSpec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of games and cartridges, which become parts of the names of files."""

_BOUNDS = {"height": (8, 1080), "width": (8, 1920), "fps": (1, 240), "pixel_aspect": (0.25, 4)}
_LONGEST_TITLE = 64  # characters: what a window's title and the key card have room for
_MOST_KEYS = 8  # for one button
_BUTTON = re.compile(r"[a-z0-9_]{1,16}")


def check(game: GameSpec, refuse: Callable[[str, object, str], NoReturn]) -> None:
    """Check the numbers and names of a game, which has no bounds beside its fields.

    Args:
        game: What a config.json says of it.
        refuse: Called with the key, the value and what is allowed.
    """
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(game, name) <= high:
            refuse(f"game.{name}", getattr(game, name), f"{low} to {high}")
    if not NAME.fullmatch(game.name):  # it becomes part of the names of files
        refuse("game.name", game.name, "letters, digits, '.', '_' and '-', at most 64")
    if not 1 <= len(game.title) <= _LONGEST_TITLE:
        refuse("game.title", game.title, f"1 to {_LONGEST_TITLE} characters")
    if not 1 <= len(set(game.buttons)) == len(game.buttons) <= 32 or not all(map(_BUTTON.fullmatch, game.buttons)):
        refuse("game.buttons", game.buttons, "1 to 32 different names of lower-case letters, digits and '_'")
    for name in ("height", "width"):
        if getattr(game, name) % 8:
            refuse(f"game.{name}", getattr(game, name), "a multiple of 8")
    for key in ("keys", "pad"):
        for button in getattr(game, key):
            if button not in game.buttons:
                refuse(f"game.{key}", button, f"one of {', '.join(game.buttons)}")
            if len(names := getattr(game, key)[button]) > _MOST_KEYS or any(len(name) > 32 for name in names):
                refuse(f"game.{key}.{button}", names, f"up to {_MOST_KEYS} names of up to 32 characters")
    if game.halt not in ("", *game.buttons):
        refuse("game.halt", game.halt, f"empty or one of {', '.join(game.buttons)}")
    for pair in game.opposites:
        if not set(pair) <= set(game.buttons):
            refuse("game.opposites", pair, f"two of {', '.join(game.buttons)}")
