"""Hostile movies, and hostile journals: what a recording was before it was cut off."""

import json
import pickle
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dreamplay import movie, recorder, video
from dreamplay.journal import MAGIC
from tests.attacks.attack import Attack, Canary, Kind, places, put
from tests.fakes import COUNTER, CounterWorld

# Movies.

MOVIE = "run.movie"
PLAYED = movie.Movie(movie.Header("counter", "dream", "0" * 64, "", 7, 30, COUNTER.buttons), (1, 1, 0, 4), {2: 1})


def _honest_movie(folder: Path) -> None:
    movie.write(folder / MOVIE, PLAYED)


def _spoil_movie(old: str, new: str, folder: Path) -> None:
    _honest_movie(folder)
    text = (folder / MOVIE).read_text()
    assert old in text
    (folder / MOVIE).write_text(text.replace(old, new, 1))


MOVIE_CHANGES = {
    "unknown key": ('"seed"', '"_target_": "os.system", "seed"', "unknown key '_target_'"),
    "duplicate key": ('"seed"', '"seed": 1, "seed"', "key 'seed' stands there twice"),
    "missing key": ('"start": "", ', "", "key 'start' is missing"),
    "huge seed": ('"seed": 7', '"seed": ' + "9" * 40, "seed is 9999"),
    "long seed": ('"seed": 7', '"seed": ' + "9" * 5000, "is no JSON"),
    "NaN rate": ('"fps": 30', '"fps": NaN', "NaN is no JSON number"),
    "no rate": ('"fps": 30', '"fps": 0', "fps is 0"),
    "text seed": ('"seed": 7', '"seed": "7"', "seed is '7'"),
    "terminal": ('"source": "0', '"source": "\\u001b[2J', "not printable"),
    "another world": ('"world": "dream"', '"world": "../x"', "world is '../x'"),
    "no buttons": ('["a", "b", "left", "right"]', "[]", "buttons has 0 entries"),
    "many buttons": ('"left", "right"', ", ".join(['"x"'] * 99), "buttons has 101 entries"),
    "negative skip": ('"skip": 0', '"skip": -1', "skip is -1"),
    "long skip": ('"skip": 0', '"skip": 9', "skip is 9"),
    "future version": ('"version": 1', '"version": 2', "version 2 is not 1"),
    "foreign buttons": ("1 2 00000001", "16 2", "buttons 16 are not among"),
    "negative run": ("1 2 00000001", "1 -2", "is not '<buttons> <frames>"),
    "endless run": ("1 2 00000001", "1 99999999999999999999", "a run of"),
    "frames without end": ("1 2 00000001", "1 10000000\n1 10000000", "more than 10000000 frames"),
    "script": ("1 2 00000001", "__import__('os') 2", "is not '<buttons> <frames>"),
    "long line": ("1 2 00000001", "1" * 10_000, "is not '<buttons> <frames>"),
}
MOVIE_TEXTS = {
    "empty": (b"", "not a movie"),
    "pickle": (pickle.dumps(Canary()), "not a movie"),
    "deep": (b"[" * 1_000_000, "not a movie"),
    "no line end": (b" " * (4 << 20), "not a movie"),
    "no text": (b"\xff" * 100, "is not text"),
    "web page": (b"<!doctype html>\n", "not a movie"),
}


def _movies() -> Iterator[Attack]:
    for name, (old, new, says) in MOVIE_CHANGES.items():
        yield Attack(f"movie {name}", "movie", says, partial(_spoil_movie, old, new))
    for name, (content, says) in MOVIE_TEXTS.items():
        yield Attack(f"movie {name}", "movie", says, partial(put, MOVIE, content))
    yield from places("movie", MOVIE)


# Journals: what a recording was before it was cut off.

JOURNAL = "run.gif.journal"
FRAME = b"F" + video.Packer()(CounterWorld().reset(0))
BOMB = b"F" + zlib.compress(bytes(64 << 20), 9, -zlib.MAX_WBITS)
STEP = b"S" + struct.pack("<QI", 1, 2)


def framed(*records: bytes) -> bytes:
    """A journal of these records."""
    return MAGIC + b"".join(struct.pack("<II", len(each), zlib.crc32(each)) + each for each in records)


def _plan(folder: Path, *, target: object = None, **film: object) -> bytes:
    said = {"fps": 30.0, "height": 24, "width": 32, "header": None, **film}
    return json.dumps({"target": str(folder / "run.gif") if target is None else target, "film": said}).encode()


def _journal(records: tuple[bytes, ...], folder: Path, **plan: object) -> None:
    (folder / JOURNAL).write_bytes(framed(_plan(folder, **plan), *records))


def _raw_journal(content: bytes, folder: Path) -> None:
    (folder / JOURNAL).write_bytes(content)


HEAD = asdict(PLAYED.header)
JOURNAL_PLANS: dict[str, tuple[dict[str, Any], str]] = {
    "traversing target": ({"target": "../../run.gif"}, "target is '../../run.gif'"),
    "target without ending": ({"target": "/etc/cron.d/run"}, "target is '/etc/cron.d/run'"),
    "target a script": ({"target": "/tmp/run.desktop"}, "target is '/tmp/run.desktop'"),
    "target with a zero": ({"target": "/tmp/a\0.gif"}, "target is"),
    "target a number": ({"target": 7}, "target is 7"),
    "no rate": ({"fps": 0}, "film.fps is 0"),
    "huge frame": ({"height": 10**9}, "film.height is 1000000000"),
    "negative frame": ({"width": -1}, "film.width is -1"),
    "unknown key": ({"code": "import os"}, "unknown key 'film.code'"),
    "header a list": ({"header": []}, "film.header is []"),
    "header seed": ({"header": {**HEAD, "seed": 10**30}}, "film.header.seed is 1000"),
}
JOURNAL_RECORDS = {
    "no frame": ((), "holds no frame"),
    "frame of another size": ((b"F" + video.Packer()(np.zeros((4, 4, 3), np.uint8)),), "a recorded frame has not"),
    "nonsense": ((b"F" + b"nonsense",), "a recorded frame cannot be unpacked"),
    "bomb": ((BOMB,), "a recorded frame has not"),
    "step in a film": ((FRAME, STEP), "a recorded frame cannot be unpacked"),
}
JOURNAL_CONTENTS = {
    "empty": (b"", "not a journal"),
    "magic alone": (MAGIC, "is no JSON"),
    "pickle": (pickle.dumps(Canary()), "not a journal"),
    "huge record": (MAGIC + struct.pack("<II", 63 << 20, 0), "is no JSON"),
    "longest record": (MAGIC + struct.pack("<II", 2**32 - 1, 0), "is no JSON"),
    "deep": (framed(b"[" * 60_000), "is nested too deeply"),
    "long": (framed(b" " * 100_000), "has 100000 bytes"),
    "no object": (framed(b"7", FRAME), "is 7, expected are target and film"),
}


def _journals() -> Iterator[Attack]:
    for name, (plan, says) in JOURNAL_PLANS.items():
        yield Attack(f"journal {name}", "journal", says, partial(_journal, (FRAME,), **plan))
    for name, (records, says) in JOURNAL_RECORDS.items():
        yield Attack(f"journal {name}", "journal", says, partial(_journal, records))
    for name, (content, says) in JOURNAL_CONTENTS.items():
        yield Attack(f"journal {name}", "journal", says, partial(_raw_journal, content))
    short = partial(_journal, (STEP, STEP[:-1]), header=HEAD, target="/nowhere/run.movie")
    yield Attack("journal short step", "journal", "is no step of a movie", short)
    yield from places("journal", JOURNAL)


KINDS = {
    "movie": Kind(lambda folder: movie.read(folder / MOVIE), _honest_movie, 2),
    "journal": Kind(lambda folder: recorder.export(folder / JOURNAL), partial(_journal, (FRAME,)), 2),
}


def attacks() -> Iterator[Attack]:
    """All of them."""
    yield from _movies()
    yield from _journals()
