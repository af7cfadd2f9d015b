"""What a user sets once: a TOML file, and `--set` for a sitting. Each key is an option of the command line.

scale = 4
aspect = "8:7"

[keys.mario]
a = ["space", "x"]
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamplay.errors import UsageError

KEYS = ("model", "seed", "steps", "fps", "device", "dtype", "compile", "scale", "fullscreen", "aspect", "offline")
"""Options that can be set."""

_LARGEST = 65_536  # bytes of a file: no honest one comes near


@dataclass(frozen=True)
class Settings:
    """What was set.

    Attributes:
        words: The same as words of the command line.
        keys: Keyboard keys by game and button.
    """

    words: tuple[str, ...] = ()
    keys: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


def read(path: Path | None, changes: Iterable[str] = ()) -> Settings:
    """Read settings.

    Args:
        path: The file; None for none.
        changes: `key=value`, with dots for tables: "scale=4", "keys.mario.a=space,x".

    Raises:
        UsageError: The file cannot be read, or a key or value means nothing.
    """
    values = _file(path) if path else {}
    for change in changes:
        _change(values, change)
    keys = values.pop("keys", {})
    return Settings(tuple(word for name in values for word in _words(name, values[name])), _keys(keys))


def _file(path: Path) -> dict[str, Any]:
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
    values[last] = value.split(",") if tables else value


def _words(name: str, value: Any) -> list[str]:
    if name not in KEYS:
        raise UsageError(f"no setting named '{name}' (found: {', '.join(KEYS)}, keys)")
    if value in (True, "true"):
        return [f"--{name}"]
    if value in (False, "false"):
        return []
    if not isinstance(value, str | int | float):
        raise UsageError(f"setting '{name}' is {value!r}")
    return [f"--{name}={value}"]


def _keys(tables: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for game, table in tables.items() if isinstance(tables, dict) else [("keys", tables)]:
        if not isinstance(table, dict):
            raise UsageError(f"keys.{game}: write a table, like [keys.mario]")
        for button, keys in table.items():
            names = [keys] if isinstance(keys, str) else keys
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise UsageError(f'keys.{game}.{button} is {keys!r}: write names of keys, like ["space"]')
            found.setdefault(game, {})[button] = tuple(name.strip().lower() for name in names)
    return found
