"""Hostile files among those that the program keeps for its user: settings and save states."""

import pickle
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from dreamplay import settings
from dreamplay.shelf import Saved, Shelf, load
from tests.attacks.attack import Attack, Canary, Kind, fill, link, places, poison, put, rename
from tests.attacks.networks import cartridge

# Settings.

SETTINGS = {
    "web page": (b"<!doctype html>", "is no TOML"),
    "no text": (b"\xff\xfe", "is no TOML"),
    "deep": (b"a = " + b"[" * 30_000, "is no TOML"),
    "deep tables": (b"a = " + b"{a = " * 10_000, "is no TOML"),
    "long number": (b"scale = " + b"9" * 5000, "is no TOML"),
    "unknown": (b'exec = "rm"', "no setting named 'exec'"),
    "keys a number": (b"keys = 3", "keys is 3"),
    "keys of a number": (b"[keys]\nmario = 1", "keys.mario is 1"),
    "keys mixed": (b"[keys.mario]\na = [1]", "keys.mario.a is [1]"),
    "table": (b"[scale]\na = 1", "setting 'scale' is"),
    "duplicate": (b"scale = 1\nscale = 2", "is no TOML"),
    "terminal": (b'"\\u001b[2J" = 1', "no setting named"),
    "huge": (b"a = [" + b"1," * 1_000_000, "is no TOML"),
}


def _settings() -> Iterator[Attack]:
    for name, (content, says) in SETTINGS.items():
        yield Attack(f"settings {name}", "settings", says, partial(put, "config.toml", content))


# Save states: one file of a dream's past.

STATE = "slot-1.safetensors"


@cache
def dreamed() -> Any:
    """The dream that they are of."""
    from dreamplay import dream

    return dream.load(cartridge())


@cache
def honest_state() -> bytes:
    """An honest one."""
    world = dreamed()
    world.reset(0)
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder), world)
        shelf.put(0, Saved(world.save(), world.restore(world.save()), 0, 0, None))
        shelf.close()
        return next(Path(folder).glob("*/*")).read_bytes()


def _spoil_state(change: Callable[[dict[str, Any]], object], folder: Path) -> None:
    put(STATE, honest_state(), folder)
    tensors = load_file(folder / STATE)
    change(tensors)
    save_file(tensors, folder / STATE)


def _widen(name: str, tensors: dict[str, Any]) -> None:
    tensors[name] = np.repeat(tensors[name], 2, 0)


STATES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "of another cartridge": (partial(fill, "source", 7), "is of cartridge 070707070707, not of "),
    "before its beginning": (partial(fill, "age", -1), "tensor age holds -1"),
    "no noise": (partial(fill, "noise", 255), "tensor noise is no state of a generator"),
    "colour": (partial(fill, "frames", 200), "tensor frames holds numbers outside 0 to 4"),
    "button": (partial(fill, "buttons", 2), "tensor buttons holds numbers outside 0 to 1"),
    "scroll": (partial(fill, "scrolls", -5), "tensor scrolls holds numbers outside"),
    "place": (partial(fill, "odometer", 2**30), "tensor odometer holds numbers outside"),
    "clock": (partial(fill, "counters", 99), "tensor counters holds numbers outside 0 to 15"),
    "absence": (partial(fill, "absent", -1), "tensor absent holds numbers outside"),
    "thing": (partial(fill, "things", 2**25), "tensor things holds numbers outside"),
    "two pasts": (partial(_widen, "frames"), "tensor frames is [2,"),
    "floats": (partial(poison, float("nan")), "is F32, config says"),
    "traversing": (rename, "is not in the network"),
}


def _states() -> Iterator[Attack]:
    for name, (change, says) in STATES.items():
        yield Attack(f"state {name}", "state", says, partial(_spoil_state, change))
    yield Attack("state pickle", "state", "is a Python pickle", partial(put, STATE, pickle.dumps(Canary())))
    yield from places("state", STATE)
    yield Attack("state elsewhere", "state", "is a link to /etc/passwd", partial(link, STATE, "/etc/passwd"))


KINDS = {
    "state": Kind(lambda folder: load(folder / STATE, dreamed()), lambda folder: put(STATE, honest_state(), folder), 3),
    "settings": Kind(
        lambda folder: settings.read(folder / "config.toml"),
        lambda folder: put("config.toml", b"scale = 2", folder),
        2,
    ),
}


def attacks() -> Iterator[Attack]:
    """All of them."""
    yield from _states()
    yield from _settings()
