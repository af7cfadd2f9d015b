"""Changes single values of a TOML file and leaves every other line, comments too, as its user wrote it."""

import json
import re
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from dreamplay.errors import StorageError
from dreamplay.files import write_whole

Value = bool | int | str | tuple[str, ...] | None
"""What can be written; None takes the key out."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 40  # lines that a value may go over


def change(path: Path, changes: Mapping[tuple[str, ...], Value]) -> None:
    """Write values into a file, which need not exist.

    Args:
        path: The file; a link stays a link.
        changes: Values by the names of their tables and their own name.

    Raises:
        StorageError: The file is no TOML, is written in a way that cannot be changed line by line, or the disk refuses.
    """
    path = path.resolve()
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = tomllib.loads(text)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is no TOML ({error}): mend it or delete it") from error
    for name, value in changes.items():
        text = _changed(text, name, value)
        _put(wanted, name, value)
    if not _says(text, wanted):
        raise StorageError(f"{path} is written in a way that cannot be changed from here: change it in an editor")
    write_whole(path, text.encode())


def _changed(text: str, name: tuple[str, ...], value: Value) -> str:
    lines = text.splitlines()
    first, last = _section(lines, name[:-1])
    place = next((i for i in range(first, last) if _assigns(lines[i], name[-1])), None)
    new = [] if value is None else [f"{_quoted(name[-1])} = {_written(value)}"]
    if place is not None:
        lines[place : place + _height(lines, place)] = new
    elif new:
        while last > first and not lines[last - 1].strip():
            last -= 1  # the empty lines before the next table stay before it
        header = [] if first or not name[:-1] else ["", f"[{'.'.join(map(_quoted, name[:-1]))}]"]
        at = len(lines) if header else last
        lines[at:at] = [*header, *new]
    return "\n".join(lines).strip("\n") + "\n"


def _section(lines: list[str], tables: tuple[str, ...]) -> tuple[int, int]:
    """The lines of a table, from the one after its header to the one before the next; (0, 0) where there is none."""
    headers = [i for i, line in enumerate(lines) if line.lstrip().startswith("[")]
    if not tables:
        return 0, headers[0] if headers else len(lines)
    empty: object = {}
    for table in reversed(tables):
        empty = {table: empty}
    for start, end in pairwise([*headers, len(lines)]):
        if _is_toml(lines[start]) and tomllib.loads(lines[start]) == empty:
            return start + 1, end
    return 0, 0


def _assigns(line: str, name: str) -> bool:
    before, equals, _ = line.partition("=")
    return bool(equals) and before.strip() in (name, f'"{name}"', f"'{name}'")


def _height(lines: list[str], place: int) -> int:
    """How many lines the value that begins there takes."""
    for height in range(1, _LONGEST):
        if _is_toml("\n".join(lines[place : place + height])):
            return height
    return 1


def _put(tables: dict[str, object], name: tuple[str, ...], value: Value) -> None:
    for table in name[:-1]:
        inner = tables.setdefault(table, {})
        if not isinstance(inner, dict):
            return
        tables = inner
    if value is None:
        tables.pop(name[-1], None)
    else:
        tables[name[-1]] = list(value) if isinstance(value, tuple) else value


def _says(text: str, wanted: object) -> bool:
    return _is_toml(text) and _full(tomllib.loads(text)) == _full(wanted)


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def _full(value: object) -> object:
    """A table without its empty tables, which say nothing."""
    if not isinstance(value, dict):
        return value
    inner = {name: _full(each) for name, each in value.items()}
    return {name: each for name, each in inner.items() if each != {}}


def _quoted(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _written(value: bool | int | str | tuple[str, ...]) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
