"""Tests of `dreamplay.weights`: an honest file passes, and a corpus of hostile ones does not."""

import io
import json
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from dreamplay import weights
from dreamplay.errors import CheckpointError

EXPECTED = {"bias": ((4,), None), "weight": ((2, 4), "F32")}
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


CORPUS = {
    "empty": (b"", "has 0 bytes"),
    "short": (b"\x08\0\0", "has 3 bytes"),
    "pickle": (pickle.dumps(Canary()), "is a Python pickle"),
    "torch archive": (zipped(), "is a zip archive or PyTorch pickle"),
    "web page": (b"<!doctype html><html></html>", "is a web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    "huge length": (pack(HEADER, length=2**63), "header of 9223372036854775808 bytes in a file of"),
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
    "traversing name": (pack({**HEADER, "../x\n": {"dtype": "U8", "shape": [0], "data_offsets": [48, 48]}}), r"../x\n"),
}


def refusal(path: Path, expected: weights.Expected = EXPECTED, sha256: str | None = None) -> str:
    """What is said of a file that is refused: one line that names the file."""
    with pytest.raises(CheckpointError) as caught:
        weights.check(path, expected, sha256)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert len(message.splitlines()) == 1
    return message


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    """A file that holds exactly what is expected, as the library writes it."""
    path = tmp_path / "denoiser.safetensors"
    tensors: dict[str, np.ndarray[Any, Any]] = {"weight": np.ones((2, 4), np.float32), "bias": np.ones(4, np.float16)}
    save_file(tensors, path, metadata={"made": "by a test"})
    return path


def test_an_honest_file_passes(honest: Path) -> None:
    weights.check(honest, EXPECTED)
    weights.check(honest, EXPECTED, weights.digest(honest))


@pytest.mark.parametrize("length", [0x80, 0x180, 0x13C])
def test_a_header_whose_length_looks_like_foreign_magic_passes(tmp_path: Path, length: int) -> None:
    header = {"weight": {**HEADER["bias"], "shape": [4]}}
    path = tmp_path / "codec.safetensors"
    path.write_bytes(pack(json.dumps(header).encode().ljust(length), BODY[:16]))
    weights.check(path, {"weight": ((4,), "F32")})


@pytest.mark.parametrize(("content", "words"), CORPUS.values(), ids=CORPUS.keys())
def test_a_hostile_file_is_refused(tmp_path: Path, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "denoiser.safetensors"
    path.write_bytes(content)
    assert words in refusal(path)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_takes_little_time_and_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "denoiser.safetensors"
    path.write_bytes(CORPUS[name][0])
    begin = time.process_time()  # of the processor: the machine has other work
    refusal(path)
    assert time.process_time() - begin < 0.1
    tracemalloc.start()
    refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20


def test_a_pickle_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(zipped())
    assert refusal(tmp_path / "model.pt") == "model.pt: weights are .safetensors files only"


def test_a_pipe_a_link_and_nothing_are_refused(tmp_path: Path, honest: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "link.safetensors").symlink_to("/dev/zero")
    assert "not a regular file" in refusal(tmp_path / "pipe.safetensors")
    assert "is a link to /dev/zero" in refusal(tmp_path / "link.safetensors")
    assert "no such file" in refusal(tmp_path / "absent.safetensors")


def test_a_wrong_shape_is_told_in_full(honest: Path) -> None:
    assert refusal(honest, {**EXPECTED, "weight": ((3, 4), None)}) == (
        "denoiser.safetensors: tensor weight is [2,4], config says [3,4]. The files do not belong together."
    )


def test_missing_extra_and_mistyped_tensors_come_in_one_report(honest: Path) -> None:
    message = refusal(honest, {"gain": ((4,), None), "weight": ((2, 4), "F16")})
    assert "tensor bias is not in the network; tensor gain is missing; tensor weight is F32, config says F16" in message


def test_a_report_stops_at_five_differences(honest: Path) -> None:
    message = refusal(honest, {**EXPECTED, **{f"layer.{i}": ((), None) for i in range(9)}})
    assert message.count("is missing") == 5
    assert "and 4 more" in message


def test_another_file_than_the_pinned_one_is_refused(honest: Path) -> None:
    assert "config says 000000000000" in refusal(honest, EXPECTED, "0" * 64)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_no_training_leaves_are_refused(value: float) -> None:
    with pytest.raises(CheckpointError, match=r"denoiser.safetensors: tensor bias holds NaN"):
        weights.finite("denoiser.safetensors: tensor bias", np.array([0, value], np.float32))


def test_ordinary_values_pass() -> None:
    weights.finite("bias", np.array([-300, 0, 2], np.float16))
    weights.finite("bias", np.zeros(0, np.float32))
    weights.finite("index", np.array([0, 255], np.uint8))


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_refused_in_one_line_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, at: int, damage: bytes
) -> None:
    content = bytearray(save({"weight": np.ones((2, 4), np.float32), "bias": np.ones(4, np.float32)}))
    content[at : at + len(damage)] = damage
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(content)
    try:
        weights.check(path, EXPECTED)
    except CheckpointError as error:
        assert len(str(error).splitlines()) == 1
