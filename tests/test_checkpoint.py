"""A cartridge is read as it was written, and one that does not fit together is refused before it is used."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from dreamplay import checkpoint
from dreamplay import config as configs
from dreamplay.config import Config
from dreamplay.errors import CheckpointError
from tests import tiny
from training import export

Tensors = dict[str, Tensor]


def write(folder: Path, made: Config, *, dtype: torch.dtype = torch.float32) -> None:
    """A cartridge of random weights."""
    export.write(tiny.model(made), tiny.ring(made, 2), made, folder, dtype=dtype)


def rewrite(folder: Path, name: str, change: Callable[[Tensors], None]) -> None:
    """Change the tensors of a file, unpinned so that only the change itself can be noticed."""
    tensors = load_file(folder / name)
    change(tensors)
    save_file(tensors, folder / name)
    configs.save(folder, replace(configs.load(folder), sha256={}))


@pytest.mark.parametrize("made", [tiny.config(), tiny.plain()], ids=["everything", "plain"])
def test_a_cartridge_is_read_as_it_was_written(made: Config, tmp_path: Path) -> None:
    write(tmp_path, made)
    read = checkpoint.load(tmp_path)
    assert replace(read.config, sha256={}) == made
    before = tiny.model(made).state_dict()
    assert all(torch.equal(tensor, before[name]) for name, tensor in read.model.state_dict().items())
    starts = tiny.ring(made, 2).tensors()
    assert all(torch.equal(tensor, starts[name]) for name, tensor in read.starts.tensors().items())


def test_half_precision_is_read_as_what_was_rounded(tmp_path: Path) -> None:
    made = tiny.config()
    write(tmp_path, made, dtype=torch.float16)
    before = tiny.model(made).codec.state_dict()
    read = checkpoint.load(tmp_path).model.codec.state_dict()
    assert read["squeeze.weight"].dtype == torch.float32
    assert torch.equal(read["squeeze.weight"], before["squeeze.weight"].half().float())


def test_tables_in_eight_bits_are_read_as_what_was_rounded(tmp_path: Path) -> None:
    made = tiny.config()
    write(tmp_path, made, dtype=torch.float16)
    assert load_file(tmp_path / "denoiser.safetensors")["map.weight"].dtype == torch.int8
    before = tiny.model(made).denoiser.state_dict()["map.weight"]
    off = (checkpoint.load(tmp_path).model.denoiser.state_dict()["map.weight"] - before).abs()
    assert (off <= before.abs().amax(1, keepdim=True) / 250).all()
    assert off.any()


def test_a_row_of_zeros_is_read_as_one() -> None:
    table = nn.Embedding(2, 3)
    nn.init.zeros_(table.weight[0])
    assert not checkpoint.packed_weights(nn.Sequential(table), torch.float16)["0.weight"][0].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("map.weight.scale"), "tensor map.weight.scale is missing"),
        (
            lambda t: t.update({"past.bias": t["past.bias"].to(torch.int8)}),
            "tensor past.bias is I8, config says no table",
        ),
        (lambda t: t.update({"map.weight": t["map.weight"].half()}), "tensor map.weight.scale is not in the network"),
        (lambda t: t.update({"map.weight.scale": t["map.weight.scale"][:3]}), "tensor map.weight.scale is [3,1]"),
    ],
)
def test_eight_bits_are_refused_but_for_tables_with_scales(
    tmp_path: Path, change: Callable[[Tensors], None], words: str
) -> None:
    write(tmp_path, tiny.config(), dtype=torch.float16)
    rewrite(tmp_path, "denoiser.safetensors", change)
    with pytest.raises(CheckpointError, match=re.escape(words)):
        checkpoint.load(tmp_path)


def test_the_weights_in_memory_are_for_play_alone(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    model = checkpoint.load(tmp_path).model
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_tensor_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    rewrite(tmp_path, "codec.safetensors", lambda t: t.update({"squeeze.bias": torch.zeros(4)}))
    with pytest.raises(CheckpointError, match=r"codec.safetensors: tensor squeeze.bias is \[4\], config says \[3\]"):
        checkpoint.load(tmp_path)


def test_a_missing_and_a_foreign_tensor_are_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    rewrite(tmp_path, "motion.safetensors", lambda t: t.update(extra=t.pop("tracker.cell.bias")))
    with pytest.raises(CheckpointError, match=r"tensor extra is not in the network; tensor tracker.cell.bias is miss"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_weights_that_are_no_numbers_are_refused_by_name(value: float, tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    rewrite(tmp_path, "denoiser.safetensors", lambda t: t.update({"past.bias": torch.full_like(t["past.bias"], value)}))
    with pytest.raises(CheckpointError, match=r"denoiser.safetensors: tensor past.bias holds"):
        checkpoint.load(tmp_path)


def test_starts_of_another_type_are_refused(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    rewrite(tmp_path, "starts.safetensors", lambda t: t.update(odometer=torch.zeros(2)))
    with pytest.raises(CheckpointError, match="tensor odometer is F32, config says I32"):
        checkpoint.load(tmp_path)


def test_weights_of_another_config_are_refused(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    wider = replace(configs.load(tmp_path), denoiser=replace(tiny.DENOISER, widths=(8, 24)))
    configs.save(tmp_path, wider)
    with pytest.raises(CheckpointError, match="The files do not belong together"):
        checkpoint.load(tmp_path)


def test_a_byte_that_changed_is_noticed_by_the_hash(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    path = tmp_path / "denoiser.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="sha256"):
        checkpoint.load(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    (tmp_path / "motion.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"motion\.safetensors"):
        checkpoint.load(tmp_path)


def test_everybody_may_read_a_cartridge(tmp_path: Path) -> None:
    write(tmp_path, tiny.config())
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in tmp_path.iterdir())
