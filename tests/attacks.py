"""A corpus of hostile files: `python -m tests.attacks FOLDER` writes each into a folder of its own.

Every one of them must be refused in one line. Beside them stands one honest file of each kind, which must not be.
"""

import io
import json
import os
import pickle
import shutil
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

import dreamplay.config
from dreamplay import movie, recorder, settings, video, weights
from dreamplay.journal import MAGIC
from dreamplay.shelf import Saved, Shelf, load
from tests.fakes import COUNTER, CounterWorld
from tests.samples import config

Make = Callable[[Path], object]
"""Writes a file, or spoils an honest one, in a folder."""


@dataclass(frozen=True)
class Attack:
    """A hostile file.

    Attributes:
        name: Of its folder.
        kind: Who reads it: one of KINDS.
        says: A part of what is said of it.
        make: Writes it.
    """

    name: str
    kind: str
    says: str
    make: Make


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        read: Reads it from a folder, as the program does.
        honest: Writes one that is as it should be.
        exit_code: Of the program, where it is not.
    """

    read: Callable[[Path], object]
    honest: Make
    exit_code: int


# Weights: one file of two tensors.

WEIGHTS = "denoiser.safetensors"
EXPECTED: weights.Expected = {"bias": ((4,), None), "weight": ((2, 4), "F32")}
ENTRY = {"dtype": "F32", "shape": [2, 4], "data_offsets": [16, 48]}
HEADER: dict[str, Any] = {"bias": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "weight": ENTRY}
BODY = bytes(48)


def pack(header: object, body: bytes = BODY, length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def changed(**entry: object) -> bytes:
    """The honest file with the weight's entry changed."""
    return pack({**HEADER, "weight": {**ENTRY, **entry}})


class Canary:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("canary",)


def zipped() -> bytes:
    """A file as `torch.save` writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Canary()))
    return buffer.getvalue()


TRAVERSING = {"../x\n": {"dtype": "U8", "shape": [0], "data_offsets": [48, 48]}}
CONTENTS = {
    "empty": (b"", "has 0 bytes"),
    "short": (b"\x08\0\0", "has 3 bytes"),
    "pickle": (pickle.dumps(Canary()), "is a Python pickle"),
    "torch archive": (zipped(), "is a zip archive or PyTorch pickle"),
    "web page": (b"<!doctype html><html></html>", "is a web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "is an HDF5 file"),
    "GGUF": (b"GGUF\x03\0\0\0" + bytes(64), "is a GGUF file"),
    "huge length": (pack(HEADER, length=2**63), "header of 9223372036854775808 bytes in a file of"),
    "longest length": (pack(HEADER, length=2**64 - 1), "header of 18446744073709551615 bytes"),
    "length past the end": (pack(HEADER, length=5000), "header of 5000 bytes"),
    "zero length": (pack(HEADER, length=0), "header of 0 bytes"),
    "bloated": (pack(json.dumps(HEADER).encode() + b" " * (2 << 20)), "header of"),
    "bloated metadata": (pack({**HEADER, "__metadata__": {"a": "b" * 900_000}}), "too long"),
    "no JSON": (pack(b"{]"), "is no JSON"),
    "no text": (pack(b'{"\xff": 1}'), "not UTF-8"),
    "no object": (pack([]), "no JSON object"),
    "deep": (pack(b'{"a":' * 5000), "is nested too deeply"),
    "deeper": (pack(b"[" * (1 << 20)), "more than 4096 tensors can need"),
    "many values": (pack(b'{"a":[' + b"0," * 500_000 + b"0]}"), "more than 4096 tensors can need"),
    "many objects": (pack(b'{"a":[' + b"{}," * 300_000 + b"{}]}"), "more than 4096 tensors can need"),
    "many tensors": (pack({str(i): HEADER["bias"] for i in range(4097)}), "holds 4097 tensors"),
    "duplicate tensor": (pack(b'{"bias":{},"bias":{}}'), "key 'bias' stands there twice"),
    "duplicate field": (pack(b'{"bias":{"dtype":"F32","dtype":"U8"}}'), "key 'dtype' stands there twice"),
    "NaN": (pack(b'{"bias":{"shape":NaN}}'), "NaN is no JSON number"),
    "infinity": (pack(b'{"bias":{"shape":-Infinity}}'), "-Infinity is no JSON number"),
    "long number": (pack(b'{"bias":{"shape":' + b"9" * 5000 + b"}}"), "is no JSON"),
    "metadata number": (pack({**HEADER, "__metadata__": {"step": 1}}), "__metadata__.step is 1, expected is a string"),
    "metadata object": (pack({**HEADER, "__metadata__": []}), "__metadata__ is []"),
    "entry a list": (pack({**HEADER, "weight": []}), "tensor weight is []"),
    "extra field": (changed(code="import os"), "expected are dtype, shape and data_offsets"),
    "dtype": (changed(dtype="F64"), "dtype 'F64'"),
    "dtype a list": (changed(dtype=["F32"]), "dtype ['F32']"),
    "negative shape": (changed(shape=[-2, -4]), "has shape [-2, -4]"),
    "zero and huge": (changed(shape=[0, 2**62], data_offsets=[16, 16]), "has shape [0, 4611686018427387904]"),
    "overflowing shape": (changed(shape=[2**32, 2**32]), "but has 32 bytes"),
    "fractional shape": (changed(shape=[2.0, 4]), "has shape [2.0, 4]"),
    "boolean shape": (changed(shape=[True, 8]), "has shape [True, 8]"),
    "many dimensions": (changed(shape=[1] * 9), "has shape [1, 1"),
    "three offsets": (changed(data_offsets=[16, 48, 48]), "offsets [16, 48, 48]"),
    "backward offsets": (changed(data_offsets=[48, 16]), "but has -32 bytes"),
    "overlap": (changed(data_offsets=[0, 32]), "begins at byte 0, expected is 16"),
    "gap": (changed(data_offsets=[20, 52]), "begins at byte 20, expected is 16"),
    "cut off": (pack(HEADER, BODY[:-1]), "tensors fill 48 bytes, the file has 47"),
    "trailing bytes": (pack(HEADER, BODY + b"\0"), "tensors fill 48 bytes, the file has 49"),
    "traversing name": (pack({**HEADER, **TRAVERSING}), r"../x\n"),
    "wrong dtype": (changed(dtype="I32"), "tensor weight is I32, config says F32"),
    "wrong shape": (changed(shape=[4, 2]), "tensor weight is [4,2], config says [2,4]"),
    "missing tensor": (pack({"bias": HEADER["bias"]}, BODY[:16]), "tensor weight is missing"),
}
"""Hostile files of weights: what is in them, and a part of what is said."""


def _read_weights(folder: Path) -> None:
    weights.check(folder / WEIGHTS, EXPECTED)


def _write(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)


def _link(name: str, target: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)


def _pipe(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)


def _folder(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()


def _places(kind: str, name: str) -> list[Attack]:
    """What stands where a file should."""
    return [
        Attack(f"{kind} a pipe", kind, "not a regular file", partial(_pipe, name)),
        Attack(f"{kind} a folder", kind, "", partial(_folder, name)),
        Attack(f"{kind} nowhere", kind, "", partial(_link, name, "/nowhere/at/all")),
    ]


def _weights() -> Iterator[Attack]:
    for name, (content, says) in CONTENTS.items():
        yield Attack(f"weights {name}", "weights", says, partial(_write, WEIGHTS, content))
    yield from _places("weights", WEIGHTS)
    yield Attack("weights a device", "weights", "is a link to /dev/zero", partial(_link, WEIGHTS, "/dev/zero"))
    yield Attack("weights elsewhere", "weights", "is a link to /etc/passwd", partial(_link, WEIGHTS, "/etc/passwd"))


# Config: one JSON file.


@cache
def _config() -> str:
    return dreamplay.config.write(config())


def _spoil_config(key: str, value: object, folder: Path) -> None:
    table: Any = json.loads(_config())
    place = table
    *parents, last = key.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    (folder / "config.json").write_text(json.dumps(table))


CONFIG_VALUES: dict[str, tuple[str, object, str]] = {
    "target": ("_target_", "os.system", "unknown key '_target_' with value 'os.system'"),
    "auto map": ("denoiser.auto_map", {"AutoModel": "x.py"}, "unknown key 'denoiser.auto_map'"),
    "interpolation": ("name", "${eval:__import__('os')}", 'name is "${eval:'),
    "class path": ("denoiser.backbone", "os.path", "denoiser.backbone is 'os.path'"),
    "traversing backbone": ("denoiser.backbone", "../unet", "denoiser.backbone is '../unet'"),
    "traversing game": ("game.name", "../../x", "game.name is '../../x'"),
    "drive": ("game.name", "C:\\x", "game.name is 'C:"),
    "share": ("name", "\\\\server\\share", "name is "),
    "absolute file": ("sha256", {"/etc/passwd": "0" * 64}, "sha256 is '/etc/passwd'"),
    "traversing file": ("sha256", {"../codec.safetensors": "0" * 64}, "sha256 is '../codec.safetensors'"),
    "pickle file": ("sha256", {"model.pt": "0" * 64}, "sha256 is 'model.pt'"),
    "huge frame": ("game.width", 10**9, "game.width is 1000000000"),
    "huge network": ("codec.width", 10**9, "codec.width is 1000000000, allowed is 8 to 512"),
    "negative": ("context", -1, "context is -1"),
    "boolean number": ("codec.width", True, "codec.width is True"),
    "fraction": ("context", 1.5, "context is 1.5"),
    "future format": ("format", 99, "format is 99, this dreamplay reads format 1"),
    "terminal": ("license", "\x1b]0;owned\x07", "license is "),
    "flooding title": ("game.title", "x" * 4000, "game.title is 'xxx"),
    "many keys": ("game.keys", {"a": ["x"] * 1000}, "game.keys.a is"),
    "many widths": ("denoiser.widths", [32] * 10_000, "denoiser.widths has 10000 entries"),
    "rising sigmas": ("sigmas", [1.0, 2.0], "sigmas is"),
    "null game": ("game", None, "game is None"),
}
"""Hostile values of a config: where, what, and a part of what is said."""

CONFIG_TEXTS = {
    "empty": (b"", "is no JSON"),
    "web page": (b"<!doctype html>", "is no JSON"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is no JSON"),
    "no text": (b"\xff\xfe{}", "is not UTF-8"),
    "deep": (b"[" * 1_000_000, "is nested too deeply"),
    "duplicate": (b'{"name": "a", "name": "b"}', "key 'name' stands there twice"),
    "NaN": (b'{"temperature": NaN}', "NaN is no JSON number"),
    "overflow": (b'{"temperature": 1e999}', "is too large"),
    "long number": (b'{"seed": ' + b"9" * 5000 + b"}", "is no JSON"),
    "huge": (b" " * (2 << 20), "is larger than 1048576 bytes"),
    "no object": (b"[]", "the file is []"),
}


def _configs() -> Iterator[Attack]:
    for name, (key, value, says) in CONFIG_VALUES.items():
        yield Attack(f"config {name}", "config", says, partial(_spoil_config, key, value))
    for name, (content, says) in CONFIG_TEXTS.items():
        yield Attack(f"config {name}", "config", says, partial(_write, "config.json", content))
    yield from _places("config", "config.json")


# Cartridges: a config, networks and starts that go together, each by itself well formed.


@cache
def _cartridge() -> Path:
    """A cartridge of small networks, written once."""
    import torch

    from tests import tiny

    folder = Path(tempfile.mkdtemp(prefix="cartridge"))
    tiny.write(folder, torch.zeros(2, tiny.SMALL.height, tiny.SMALL.width, 1, dtype=torch.uint8))
    return folder


def _honest_cartridge(folder: Path) -> None:
    shutil.copytree(_cartridge(), folder, dirs_exist_ok=True)


def _unpin(folder: Path) -> None:
    """Forget the hashes, so that only what was changed can be noticed."""
    dreamplay.config.save(folder, replace(dreamplay.config.load(folder), sha256={}))


def _spoil_tensor(name: str, change: Callable[[dict[str, Any]], object], folder: Path) -> None:
    _honest_cartridge(folder)
    tensors = load_file(folder / name)
    change(tensors)
    save_file(tensors, folder / name)
    _unpin(folder)


def _poison(value: float, tensors: dict[str, Any]) -> None:
    """Change one number of the last tensor."""
    name = max(tensors)
    tensors[name] = tensors[name].astype(np.float32)
    tensors[name].flat[-1] = value


def _fill(name: str, value: int, tensors: dict[str, Any]) -> None:
    tensors[name] = np.full_like(tensors[name], value)


def _rename(tensors: dict[str, Any]) -> None:
    name = max(tensors)
    tensors[f"../{name}"] = tensors.pop(name)


def _exchange(name: str, change: Make, folder: Path) -> None:
    """Put something else in a file's place."""
    _honest_cartridge(folder)
    (folder / name).unlink()
    change(folder)


def _retell(change: Callable[[Any], object], folder: Path) -> None:
    """Change the config of a cartridge within what a config may say."""
    _honest_cartridge(folder)
    table = json.loads((folder / "config.json").read_text())
    change(table)
    (folder / "config.json").write_text(json.dumps(table))


def _cartridges() -> Iterator[Attack]:
    def attack(name: str, says: str, make: Make) -> Attack:
        return Attack(f"cartridge {name}", "cartridge", says, make)

    for value in (float("nan"), float("inf"), float("-inf"), 1e30):
        for file in ("codec", "motion", "denoiser"):
            spoil = partial(_spoil_tensor, f"{file}.safetensors", partial(_poison, value))
            yield attack(f"{file} {value}", f"{file}.safetensors: tensor", spoil)
    for name, value in (("frames", 255), ("buttons", 9), ("scrolls", 2**31 - 1), ("scrolls", -5), ("things", 2**31 - 1),
                        ("things", -(2**31)), ("odometer", 2**31 - 1), ("counters", -1), ("counters", 2**31 - 1),
                        ("absent", -1)):  # fmt: skip
        spoil = partial(_spoil_tensor, "starts.safetensors", partial(_fill, name, value))
        yield attack(f"starts {name} {value}", f"starts.safetensors: tensor {name}", spoil)
    for file in dreamplay.config.WEIGHTS:
        yield attack(f"{file} renamed tensor", "is not in the network", partial(_spoil_tensor, file, _rename))
        yield attack(f"{file} missing", f"{file}: no such file", partial(_exchange, file, lambda folder: None))
        pickled = partial(_write, file, pickle.dumps(Canary()))
        yield attack(f"{file} a pickle", f"{file}: is a Python pickle", partial(_exchange, file, pickled))
        yield attack(f"{file} another", f"{file}: sha256 is", partial(_flip, file))
    yield attack("wider", "do not belong together", partial(_retell, lambda t: t["denoiser"].update(widths=[8, 24])))
    yield attack("no groups", "", partial(_retell, lambda t: t["denoiser"].update(widths=[7, 13])))
    yield attack("more starts", "", partial(_retell, lambda t: t.update(starts=["a"] * 200)))
    yield attack("large frame", "", partial(_retell, lambda t: t["game"].update(height=1080, width=1920)))


def _flip(name: str, folder: Path) -> None:
    """Change the last bit of a file, which keeps it well formed."""
    _honest_cartridge(folder)
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)


def _read_cartridge(folder: Path) -> None:
    from dreamplay import checkpoint

    checkpoint.load(folder)


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
        yield Attack(f"movie {name}", "movie", says, partial(_write, MOVIE, content))
    yield from _places("movie", MOVIE)


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
    yield from _places("journal", JOURNAL)


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
        yield Attack(f"settings {name}", "settings", says, partial(_write, "config.toml", content))


# Save states: one file of a dream's past.

STATE = "slot-1.safetensors"


@cache
def dreamed() -> Any:
    """The dream that they are of."""
    from dreamplay import dream

    return dream.load(_cartridge())


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
    _write(STATE, honest_state(), folder)
    tensors = load_file(folder / STATE)
    change(tensors)
    save_file(tensors, folder / STATE)


def _widen(name: str, tensors: dict[str, Any]) -> None:
    tensors[name] = np.repeat(tensors[name], 2, 0)


STATES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "of another cartridge": (partial(_fill, "source", 7), "is of cartridge 070707070707, not of "),
    "before its beginning": (partial(_fill, "age", -1), "tensor age holds -1"),
    "no noise": (partial(_fill, "noise", 255), "tensor noise is no state of a generator"),
    "colour": (partial(_fill, "frames", 200), "tensor frames holds numbers outside 0 to 4"),
    "button": (partial(_fill, "buttons", 2), "tensor buttons holds numbers outside 0 to 1"),
    "scroll": (partial(_fill, "scrolls", -5), "tensor scrolls holds numbers outside"),
    "place": (partial(_fill, "odometer", 2**30), "tensor odometer holds numbers outside"),
    "clock": (partial(_fill, "counters", 99), "tensor counters holds numbers outside 0 to 15"),
    "absence": (partial(_fill, "absent", -1), "tensor absent holds numbers outside"),
    "thing": (partial(_fill, "things", 2**25), "tensor things holds numbers outside"),
    "two pasts": (partial(_widen, "frames"), "tensor frames is [2,"),
    "floats": (partial(_poison, float("nan")), "is F32, config says"),
    "traversing": (_rename, "is not in the network"),
}


def _states() -> Iterator[Attack]:
    for name, (change, says) in STATES.items():
        yield Attack(f"state {name}", "state", says, partial(_spoil_state, change))
    yield Attack("state pickle", "state", "is a Python pickle", partial(_write, STATE, pickle.dumps(Canary())))
    yield from _places("state", STATE)
    yield Attack("state elsewhere", "state", "is a link to /etc/passwd", partial(_link, STATE, "/etc/passwd"))


KINDS = {
    "weights": Kind(_read_weights, lambda folder: _write(WEIGHTS, pack(HEADER), folder), 3),
    "config": Kind(dreamplay.config.load, lambda folder: _write("config.json", _config().encode(), folder), 3),
    "cartridge": Kind(_read_cartridge, _honest_cartridge, 3),
    "movie": Kind(lambda folder: movie.read(folder / MOVIE), _honest_movie, 2),
    "journal": Kind(lambda folder: recorder.export(folder / JOURNAL), partial(_journal, (FRAME,)), 2),
    "state": Kind(
        lambda folder: load(folder / STATE, dreamed()), lambda folder: _write(STATE, honest_state(), folder), 3
    ),
    "settings": Kind(
        lambda folder: settings.read(folder / "config.toml"),
        lambda folder: _write("config.toml", b"scale = 2", folder),
        2,
    ),
}
CORPUS = {
    attack.name: attack
    for group in (_weights, _configs, _cartridges, _movies, _journals, _states, _settings)
    for attack in group()
}


def write(folder: Path) -> None:
    """Write every attack into a folder of its own."""
    for number, attack in enumerate(CORPUS.values()):
        place = folder / f"{number:03} {attack.name}"
        place.mkdir(parents=True)
        attack.make(place)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    print(f"{len(CORPUS)} hostile files in {sys.argv[1]}")
