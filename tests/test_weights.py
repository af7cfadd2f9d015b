"""Tests of `dreamplay.weights`. The hostile files are in `tests.attacks.networks`."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from dreamplay import weights
from dreamplay.errors import CheckpointError
from tests.attacks.networks import BODY, EXPECTED, HEADER, pack, zipped


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


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "denoiser.safetensors"
    path.touch(mode=0)
    with pytest.raises(CheckpointError, match=r"denoiser\.safetensors: cannot be read: Permission denied"):
        weights.digest(path)
