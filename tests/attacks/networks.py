"""Hostile weights, configs, and cartridges whose files are well formed each by itself."""

import io
import json
import pickle
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

import dreamplay.config
from dreamplay import weights
from dreamplay.checkpoint import GOLDEN_FRAMES, PIECES
from tests.attacks.attack import Attack, Canary, Kind, Make, fill, link, places, poison, put, rename
from tests.samples import config

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


def _weights() -> Iterator[Attack]:
    for name, (content, says) in CONTENTS.items():
        yield Attack(f"weights {name}", "weights", says, partial(put, WEIGHTS, content))
    yield from places("weights", WEIGHTS)
    yield Attack("weights a device", "weights", "is a link to /dev/zero", partial(link, WEIGHTS, "/dev/zero"))
    yield Attack("weights elsewhere", "weights", "is a link to /etc/passwd", partial(link, WEIGHTS, "/etc/passwd"))


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
        yield Attack(f"config {name}", "config", says, partial(put, "config.json", content))
    yield from places("config", "config.json")


# Cartridges: a config, networks and starts that go together, each by itself well formed.


@cache
def cartridge() -> Path:
    """A cartridge of small networks, written once."""
    import torch

    from tests import tiny

    folder = Path(tempfile.mkdtemp(prefix="cartridge"))
    tiny.write(folder, torch.zeros(GOLDEN_FRAMES, tiny.SMALL.height, tiny.SMALL.width, 1, dtype=torch.uint8))
    return folder


def _honest_cartridge(folder: Path) -> None:
    shutil.copytree(cartridge(), folder, dirs_exist_ok=True)


def _unpin(folder: Path) -> None:
    """Forget the hashes, so that only what was changed can be noticed."""
    dreamplay.config.save(folder, replace(dreamplay.config.load(folder), sha256={}))


def _spoil_tensor(name: str, change: Callable[[dict[str, Any]], object], folder: Path) -> None:
    _honest_cartridge(folder)
    tensors = load_file(folder / name)
    change(tensors)
    save_file(tensors, folder / name)
    _unpin(folder)


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
            spoil = partial(_spoil_tensor, f"{file}.safetensors", partial(poison, value))
            yield attack(f"{file} {value}", f"{file}.safetensors: tensor", spoil)
    for name, value in (("patches", 255), ("numbers", PIECES), ("numbers", -1), ("buttons", 9), ("scrolls", 2**31 - 1),
                        ("scrolls", -5), ("things", 2**15 - 1), ("things", -(2**15)), ("odometer", 2**31 - 1),
                        ("counters", -1), ("counters", 2**31 - 1), ("absent", -1)):  # fmt: skip
        spoil = partial(_spoil_tensor, "starts.safetensors", partial(fill, name, value))
        yield attack(f"starts {name} {value}", f"starts.safetensors: tensor {name}", spoil)
    for file in dreamplay.config.WEIGHTS:
        yield attack(f"{file} renamed tensor", "is not in the network", partial(_spoil_tensor, file, rename))
        yield attack(f"{file} missing", f"{file}: no such file", partial(_exchange, file, lambda folder: None))
        pickled = partial(put, file, pickle.dumps(Canary()))
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


KINDS = {
    "weights": Kind(_read_weights, lambda folder: put(WEIGHTS, pack(HEADER), folder), 3),
    "config": Kind(dreamplay.config.load, lambda folder: put("config.json", _config().encode(), folder), 3),
    "cartridge": Kind(_read_cartridge, _honest_cartridge, 3),
}


def attacks() -> Iterator[Attack]:
    """All of them."""
    yield from _weights()
    yield from _configs()
    yield from _cartridges()
