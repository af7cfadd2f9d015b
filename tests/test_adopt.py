"""A run may begin with a cartridge's weights, even where its networks have grown."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dreamplay.errors import UsageError
from dreamplay.games import load
from tests import tiny
from training import assets, export
from training.adopt import adopt

RECIPE = tiny.recipe(tiny.config(load("mario").GAME))
MADE = assets.blank_config(RECIPE)


@pytest.fixture
def cartridge(tmp_path: Path) -> Path:
    starts = tiny.ring(MADE)
    plain = replace(starts, frames=torch.zeros_like(starts.frames))
    export.write(tiny.model(MADE), plain, MADE, tmp_path / "cartridge", dtype=torch.float16)
    return tmp_path / "cartridge"


def test_a_run_begins_with_the_weights_of_a_cartridge(cartridge: Path, tmp_path: Path) -> None:
    assert adopt(RECIPE, cartridge, tmp_path / "run") == []
    for name in ("codec", "motion", "denoiser"):
        before = getattr(tiny.model(MADE), name).state_dict()
        after = load_file(tmp_path / "run" / f"{name}.safetensors")
        assert before.keys() == after.keys()
        assert all(torch.allclose(before[key].float(), after[key].float(), atol=0.02) for key in before)


def test_what_has_grown_keeps_what_it_knew(cartridge: Path, tmp_path: Path) -> None:
    assert RECIPE.motion_net is not None
    longer = replace(RECIPE, motion_net=replace(RECIPE.motion_net, columns=25, cuts=(0, 64, 128)))
    told = adopt(longer, cartridge, tmp_path / "run")
    assert "motion: place.weight was [21, 8] and is [26, 8]" in told
    assert "motion: scroll.2.bias was [7] and is [8]" in told
    before = tiny.model(MADE).motion
    assert before is not None
    after = load_file(tmp_path / "run" / "motion.safetensors")
    assert torch.allclose(after["place.weight"][:21], before.place.weight, atol=0.02)
    assert after["place.weight"][21:].any()


def test_weights_that_are_there_are_never_written_over(cartridge: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run" / "motion.safetensors"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(UsageError, match=r"motion.safetensors exists, and the run goes on from it; move it away"):
        adopt(RECIPE, cartridge, tmp_path / "run")
    assert kept.read_text() == "mine"
    assert len(list(kept.parent.iterdir())) == 1
