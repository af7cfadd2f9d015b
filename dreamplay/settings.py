"""What a user sets once: a TOML file, and `--set` for a sitting. Each key is an option of the command line.

scale = 4
aspect = "8:7"
toggles = ["rewind"]

[keys.mario]
a = ["space", "x"]

[hotkeys]
reset = ["ctrl+r"]
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamplay.errors import UsageError

KEYS = (
    "model", "seed", "steps", "fps", "device", "dtype", "compile", "scale", "fullscreen", "aspect", "fill", "filter",
    "hud-size", "gif-keys", "offline",
)  # fmt: skip
"""Options that can be set."""

Names = dict[str, tuple[str, ...]]
"""Keys by what they do."""

_TABLES = ("keys", "pads", "hotkeys", "toggles")
_LARGEST = 65_536  # bytes of a file: no honest one comes near


@dataclass(frozen=True)
class Bindings:
    """The user's own keys, in place of the usual ones.

    Attributes:
        keys: Keyboard keys by game and button.
        pads: Controls of a pad by game and button.
        hotkeys: Keys ("p", "ctrl+r") by command.
        toggles: Buttons and commands that one press holds and the next one lets go.
    """

    keys: dict[str, Names] = field(default_factory=dict)
    pads: dict[str, Names] = field(default_factory=dict)
    hotkeys: Names = field(default_factory=dict)
    toggles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What was set.

    Attributes:
        words: The same as words of the command line.
        bindings: The user's own keys.
    """

    words: tuple[str, ...] = ()
    bindings: Bindings = field(default_factory=Bindings)


def read(path: Path | None, changes: Iterable[str] = ()) -> Settings:
    """Read settings.

    Args:
        path: The file; None for none.
        changes: `key=value`, with dots for tables: "scale=4", "keys.mario.a=space,x".

    Raises:
        UsageError: The file cannot be read, or a key or value means nothing.
    """
    values = load(path) if path else {}
    for change in changes:
        _change(values, change)
    tables = {name: values.pop(name) for name in _TABLES if name in values}
    bindings = Bindings(
        keys=_by_game("keys", tables.get("keys", {})),
        pads=_by_game("pads", tables.get("pads", {})),
        hotkeys=_names("hotkeys", tables.get("hotkeys", {})),
        toggles=_listed("toggles", tables.get("toggles", [])),
    )
    return Settings(tuple(word for name in values for word in _words(name, values[name])), bindings)


def load(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        UsageError: The file cannot be read or is no TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(_LARGEST).decode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no TOML: {error}") from error


def _change(values: dict[str, Any], change: str) -> None:
    name, equals, value = change.partition("=")
    *tables, last = name.strip().split(".")
    if not equals or not last:
        raise UsageError(f"--set {change}: write key=value")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise UsageError(f"--set {change}: '{table}' is no table")
    values[last] = value.split(",") if tables or last in _TABLES else value


def _words(name: str, value: Any) -> list[str]:
    if name not in KEYS:
        raise UsageError(f"no setting named '{name}' (found: {', '.join((*KEYS, *_TABLES))})")
    if value in (True, "true"):
        return [f"--{name}"]
    if value in (False, "false"):
        return []
    if not isinstance(value, str | int | float):
        raise UsageError(f"setting '{name}' is {value!r}")
    return [f"--{name}={value}"]


def _by_game(kind: str, tables: Any) -> dict[str, Names]:
    return {game: _names(f"{kind}.{game}", table) for game, table in _table(kind, tables).items()}


def _names(name: str, table: Any) -> Names:
    return {each: _listed(f"{name}.{each}", keys) for each, keys in _table(name, table).items()}


def _table(name: str, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise UsageError(f"{name} is {table!r}: write a table, like [{name}]")
    return table


def _listed(name: str, keys: Any) -> tuple[str, ...]:
    names = [keys] if isinstance(keys, str) else keys
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise UsageError(f'{name} is {keys!r}: write names, like ["space"]')
    return tuple(each.strip().lower() for each in names if each.strip())
