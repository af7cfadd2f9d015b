"""The measured numbers as a table for people: what was dreamed, its floors, and the real game beside it."""

from collections.abc import Iterable

from training.measure import Numbers

_ROWS = ("true_scroll", "own_scroll", "dream", "repeat_last", "shift_copy", "copy_last", "ignoring_buttons", "real")
"""Names of rows, in their order; any other part of a name belongs to the column."""
_COUNTS = ("frames", "windows", "states", "dreams", "count")
_COLLAPSED = ".dream_"


def lines(numbers: Numbers) -> Iterable[str]:
    """One table for each section: rows are ways to guess, columns are measures."""
    counts = {name: value for name, value in numbers.items() if name.rsplit(".", 1)[-1] in _COUNTS}
    yield "measured on: " + ", ".join(f"{value:.0f} {name.replace('.', ' ')}" for name, value in counts.items())
    sections: dict[str, dict[str, dict[str, float]]] = {}
    for name, value in numbers.items():
        if _COLLAPSED not in name and name not in counts:
            section, row, column = _split(name)
            sections.setdefault(section, {}).setdefault(row, {})[column] = value
    for section, rows in sections.items():
        yield from _table(section, rows)
    yield from _deaths(numbers)


def _split(name: str) -> tuple[str, str, str]:
    """Section, row and column of a name: "free.60.copy_last.aligned_median" is "free.60", "copy_last", the rest."""
    parts = name.split(".")
    row = next((part for part in parts if part in _ROWS), "dream")
    rest = [part for part in parts if part != row]
    numbered = 2 if len(rest) > 2 and (rest[1].isdigit() or rest[0] == "one_step") else 1
    return ".".join(rest[:numbered]), row, ".".join(rest[numbered:])


def _table(section: str, rows: dict[str, dict[str, float]]) -> Iterable[str]:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    widths = [max(len(column), 9) for column in columns]
    yield ""
    yield f"{section:<18}" + "".join(f"  {c:>{w}}" for c, w in zip(columns, widths, strict=True))
    for row in sorted(rows, key=_ROWS.index):
        cells = (f"{_number(rows[row].get(c)):>{w}}" for c, w in zip(columns, widths, strict=True))
        yield f"{'  ' + row:<18}" + "".join(f"  {cell}" for cell in cells)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value == int(value) and abs(value) >= 2 else f"{value:.4f}"


def _deaths(numbers: Numbers) -> Iterable[str]:
    """One line for each dream that collapsed."""
    found = [(name.split(".")[1:], value) for name, value in numbers.items() if _COLLAPSED in name]
    if found:
        yield ""
        yield "collapsed dreams"
    for (dream, what), frame in found:
        yield f"  {dream}: {what.removesuffix('_at_frame').replace('_', ' ')} from frame {frame:.0f} on"
