"""The pre-flight of a .safetensors file: everything that can be wrong with it, before any of it is loaded.

The format: eight bytes with the header's length (little-endian), a JSON header that names each tensor's dtype, shape
and place, then the tensors' bytes (https://huggingface.co/docs/safetensors). The safetensors library itself accepts
duplicate keys, headers of 87 MB and any names.
"""

import hashlib
import math
import struct
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy.typing as npt

from dreamplay.errors import CheckpointError
from dreamplay.files import opened_regular
from dreamplay.strict import decode, read_json, shown

DTYPES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "U8": 1, "I8": 1}
"""Bytes of one element of each dtype that is accepted."""

Expected = Mapping[str, tuple[tuple[int, ...], str | None]]
"""By name: the shape, and the dtype ("F16") or None where any accepted one will do."""

SCALE = ".scale"
"""What the name of a table that is stored in eight bits has behind it for what each of its rows is multiplied by."""

_LONGEST_HEADER = 1 << 20
_MOST_TENSORS = 4096
_MOST_DIMENSIONS = 8
_MOST_TOKENS = 1 << 16
"""Commas in a header: 4096 tensors need fewer, and a million tiny values would take 80 MB to parse."""

_LARGEST = 1e6
"""Weights of trained networks are below 1e3; what is above this is damage."""

_FOREIGN = {
    b"PK\x03\x04": "a zip archive or PyTorch pickle",
    b"\x80": "a Python pickle",
    b"version https": "a Git LFS pointer",
}
_FOREIGN |= {b"<": "a web page", b"\x89HDF": "an HDF5 file", b"GGUF": "a GGUF file"}


def check(path: Path, expected: Expected, sha256: str | None = None, tables: Collection[str] = ()) -> None:
    """Check a file of weights against what the network needs, before anything is allocated.

    Args:
        path: The .safetensors file.
        expected: Exactly the tensors that it must hold.
        sha256: The hash of the file, where one is pinned.
        tables: Names of those that may be stored in eight bits, each row with a scale.

    Raises:
        CheckpointError: The file is no safetensors file, is damaged, is not the pinned one, or holds other tensors.
    """
    found = _header(path)
    small = {name: expected[name][0] for name in tables if found.get(name, ("",))[0] == "I8"}
    needed: dict[str, tuple[tuple[int, ...], str | None]] = {name: (shape, "I8") for name, shape in small.items()}
    needed |= {name + SCALE: ((*shape[:1], 1), None) for name, shape in small.items()}
    _compare(path.name, found, {**expected, **needed})
    if sha256 is not None:
        _check_digest(path, sha256)


def verify(path: Path, sha256: str) -> None:
    """Check that a file of weights is sound and the pinned one, whatever tensors it holds.

    Raises:
        CheckpointError: The file is no safetensors file, is damaged, or is not the pinned one.
    """
    _header(path)
    _check_digest(path, sha256)


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with opened_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def finite(name: str, array: npt.NDArray[Any]) -> None:
    """Check a loaded tensor's values.

    Args:
        name: For the error: "denoiser.safetensors: tensor down.0.weight".
        array: Any shape.

    Raises:
        CheckpointError: A value is NaN, infinite or absurdly large.
    """
    if array.size and not max(abs(float(array.min())), abs(float(array.max()))) <= _LARGEST:  # NaN is never less
        raise CheckpointError(f"{name} holds NaN, infinite or absurdly large values. The file is damaged.")


def _check_digest(path: Path, sha256: str) -> None:
    found = digest(path)
    if found != sha256:
        raise CheckpointError(f"{path.name}: sha256 is {found[:12]}..., config says {sha256[:12]}...")


def _header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path.name}: weights are .safetensors files only")
    with opened_regular(path) as file:
        return _read_header(file, path.name)


def _read_header(file: BinaryIO, name: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Read and check the header. Returns dtype and shape by tensor name."""
    start = file.read(8)
    size = file.seek(0, 2)
    if len(start) < 8:
        raise CheckpointError(f"{name}: has {size} bytes, too few for a safetensors file")
    (length,) = struct.unpack("<Q", start)
    if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
        # Only now: an honest header may be 128 or 60 bytes long, and then begins like a pickle or a web page.
        for magic, what in _FOREIGN.items():
            if start.startswith(magic[:8]):
                raise CheckpointError(f"{name}: is {what}, no safetensors file")
        raise CheckpointError(f"{name}: header of {length} bytes in a file of {size} (cut off, or no safetensors file)")
    file.seek(8)
    header = file.read(length)
    if header.count(b",") > _MOST_TOKENS or header.count(b"{") + header.count(b"[") > 3 * _MOST_TENSORS + 64:
        raise CheckpointError(f"{name}: header holds more than {_MOST_TENSORS} tensors can need")
    try:
        table = read_json(header.decode(), name)
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{name}: header is not UTF-8") from error
    return _read_tensors(table, size - 8 - length, name)


def _read_tensors(table: Any, size: int, name: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Check that the tensors fill the file from end to end. Returns dtype and shape by tensor name."""
    if type(table) is not dict:
        raise CheckpointError(f"{name}: header is no JSON object")
    decode(dict[str, str], table.pop("__metadata__", {}), name, "__metadata__")
    if len(table) > _MOST_TENSORS:
        raise CheckpointError(f"{name}: holds {len(table)} tensors, allowed are {_MOST_TENSORS}")
    places = {}
    tensors = {}
    for tensor, entry in table.items():
        dtype, shape, begin, end = _read_entry(entry, f"{name}: tensor {shown(tensor)[1:-1]}")
        places[tensor] = (begin, end)
        tensors[tensor] = (dtype, shape)
    at = 0
    for tensor, (begin, end) in sorted(places.items(), key=lambda item: item[1]):
        if begin != at:
            raise CheckpointError(f"{name}: tensor {shown(tensor)[1:-1]} begins at byte {begin}, expected is {at}")
        at = end
    if at != size:
        raise CheckpointError(f"{name}: tensors fill {at} bytes, the file has {size}. It is cut off or padded.")
    return tensors


def _read_entry(entry: Any, where: str) -> tuple[str, tuple[int, ...], int, int]:
    """Check one tensor's entry. Returns dtype, shape, first byte and the byte after the last."""
    if type(entry) is not dict or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(f"{where} is {shown(entry)}, expected are dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if type(dtype) is not str or dtype not in DTYPES:
        raise CheckpointError(f"{where} has dtype {shown(dtype)}, allowed are {', '.join(DTYPES)}")
    if not _whole(shape) or len(shape) > _MOST_DIMENSIONS or not _whole(offsets) or len(offsets) != 2:
        raise CheckpointError(f"{where} has shape {shown(shape)} and offsets {shown(offsets)}")
    begin, end = offsets
    if math.prod(shape) * DTYPES[dtype] != end - begin:
        raise CheckpointError(f"{where} is {dtype}{_written(shape)} but has {end - begin} bytes")
    return dtype, tuple(shape), begin, end


def _whole(numbers: Any) -> bool:
    """Whether this is a list of sizes: a dimension of a tensor that exists is below 2**48."""
    return type(numbers) is list and all(type(n) is int and 0 <= n < 1 << 48 for n in numbers)


def _compare(name: str, found: dict[str, tuple[str, tuple[int, ...]]], expected: Expected) -> None:
    """Compare what is there with what is needed; one report of up to five differences."""
    differences = []
    for tensor in sorted(found.keys() | expected.keys()):
        label = f"tensor {shown(tensor)[1:-1]}"
        if tensor not in found:
            differences.append(f"{label} is missing")
        elif tensor not in expected:
            differences.append(f"{label} is not in the network")
        else:
            differences += _difference(label, *found[tensor], *expected[tensor])
    if differences:
        more = f"; and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise CheckpointError(f"{name}: {'; '.join(differences[:5])}{more}. The files do not belong together.")


def _difference(
    label: str, dtype: str, shape: tuple[int, ...], needed: tuple[int, ...], needed_dtype: str | None
) -> list[str]:
    if shape != needed:
        return [f"{label} is {_written(shape)}, config says {_written(needed)}"]
    if needed_dtype not in (None, dtype) or (needed_dtype is None and dtype == "I8"):
        return [f"{label} is {dtype}, config says {needed_dtype or 'no table'}"]
    return []


def _written(shape: Any) -> str:
    return f"[{','.join(map(str, shape))}]"
