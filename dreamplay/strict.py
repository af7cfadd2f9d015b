"""Strict JSON and nothing but the dataclass it is meant for: whoever wrote the file is not trusted."""

import json
import types
from collections import Counter
from dataclasses import fields, is_dataclass
from math import inf
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from dreamplay.errors import CheckpointError

_LONGEST = 4096
"""Characters of a string: far more than any name, far less than what floods a terminal."""

_BOUNDLESS = (-inf, inf)
Bounds = tuple[float, float]


def read_json(text: str, name: str) -> Any:
    """Parse JSON and refuse what Python's parser lets through: duplicate keys, NaN, infinities, deep nesting.

    Args:
        text: The JSON.
        name: The file it comes from, for the error.

    Raises:
        CheckpointError: The text is not strict JSON.
    """

    def fail(reason: str) -> NoReturn:
        raise CheckpointError(f"{name}: {reason}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
            fail(f"key {shown(key)} stands there twice")
        return table

    def finite(literal: str) -> float:
        number = float(literal)
        return number if abs(number) < inf else fail(f"number {shown(literal)} is too large")

    def constant(literal: str) -> NoReturn:
        fail(f"{literal} is no JSON number")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_float=finite, parse_constant=constant)
    except RecursionError as error:
        raise CheckpointError(f"{name}: is nested too deeply") from error
    except ValueError as error:  # a syntax error, or an integer of thousands of digits
        raise CheckpointError(f"{name}: is no JSON ({error})") from error


def shown(value: object) -> str:
    """A value as an error shows it: one line, ASCII, at most 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def decode(kind: Any, value: Any, name: str, key: str = "", bounds: Bounds = _BOUNDLESS) -> Any:
    """Turn parsed JSON into a value of exactly the given type.

    Args:
        kind: A dataclass, tuple, dict, bool, int, float, str or an optional one of these.
        value: What `read_json` returned.
        name: The file, for the error.
        key: Where in the file, for the error: "denoiser.widths[2]".
        bounds: Smallest and largest number, or length of a tuple, both allowed.

    Raises:
        CheckpointError: A key is unknown or missing, a type wrong, or a number outside its bounds.
    """
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    if is_dataclass(kind):
        return _decode_dataclass(kind, value, name, key)
    if get_origin(kind) is tuple:
        return _decode_tuple(get_args(kind), value, name, key, bounds)
    if get_origin(kind) is dict:
        item = get_args(kind)[1]
        return {k: decode(item, v, name, _join(key, k)) for k, v in _typed(dict, value, name, key).items()}
    return _decode_plain(kind, value, name, key, bounds)


def _decode_dataclass(kind: Any, value: Any, name: str, key: str) -> Any:
    table = _typed(dict, value, name, key)
    known = {each.name: each for each in fields(kind)}
    for unknown in table.keys() - known.keys():
        raise CheckpointError(f"{name}: unknown key {shown(_join(key, unknown))} with value {shown(table[unknown])}")
    for missing in (each for each in known if each not in table):
        raise CheckpointError(f"{name}: key {shown(_join(key, missing))} is missing")
    hints = get_type_hints(kind)
    return kind(
        **{
            each: decode(hints[each], table[each], name, _join(key, each), _bounds(known[each].metadata))
            for each in known
        }
    )


def _decode_tuple(items: tuple[Any, ...], value: Any, name: str, key: str, bounds: Bounds) -> tuple[Any, ...]:
    values = _typed(list, value, name, key)
    if items[-1] is Ellipsis:
        items, (low, high) = items[:1] * len(values), bounds
    else:
        low = high = len(items)
    if not low <= len(values) <= high:
        raise CheckpointError(f"{name}: {key} has {len(values)} entries, allowed are {_range(low, high)}")
    return tuple(decode(item, v, name, f"{key}[{i}]") for i, (item, v) in enumerate(zip(items, values, strict=True)))


def _decode_plain(kind: type, value: Any, name: str, key: str, bounds: Bounds) -> Any:
    accepted = (int, float) if kind is float else (kind,)
    if type(value) not in accepted:  # exactly: True is no number
        raise CheckpointError(f"{name}: {key} is {shown(value)}, expected is {_WORDS[kind]}")
    if kind is str:
        if len(value) > _LONGEST or not value.isprintable():
            raise CheckpointError(f"{name}: {key} is {shown(value)}: too long, or not printable")
    elif kind in (int, float) and not (bounds[0] <= value <= bounds[1] and abs(value) < 1e300):
        raise CheckpointError(f"{name}: {key} is {shown(value)}, allowed is {_range(*bounds)}")
    return float(value) if kind is float else value


_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def _typed(kind: type, value: Any, name: str, key: str) -> Any:
    if type(value) is not kind:
        raise CheckpointError(f"{name}: {key or 'the file'} is {shown(value)}, expected is {_WORDS[kind]}")
    return value


def _bounds(metadata: Any) -> Bounds:
    return metadata.get("low", -inf), metadata.get("high", inf)


def _range(low: float, high: float) -> str:
    return f"exactly {low:.15g}" if low == high else f"{low:.15g} to {high:.15g}"


def _join(key: str, part: str) -> str:
    return f"{key}.{part}" if key else part
