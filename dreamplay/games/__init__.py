"""The games: one module each, which exports GAME, `make_world` and `round_from`; found by name, never listed."""

import importlib
import pkgutil
from types import ModuleType

from dreamplay.errors import UnknownNameError


def names() -> list[str]:
    """The names of all games that have a module here."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def actions(name: str) -> dict[str, str]:
    """What the buttons of a game do, in a word or two; nothing for a game that has no module here."""
    return dict(load(name).ACTIONS) if name in names() else {}


def load(name: str) -> ModuleType:
    """The module of a game.

    Raises:
        UnknownNameError: There is no such game.
    """
    if name not in names():
        raise UnknownNameError("game", name, names())
    return importlib.import_module(f"{__name__}.{name}")
