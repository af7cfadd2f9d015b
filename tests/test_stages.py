"""Every stage of training, one after the other, on made-up play: with everything on, and as a plain latent EDM."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamplay import cli, dream
from dreamplay.config import Config
from dreamplay.errors import UsageError
from dreamplay.games import load
from dreamplay.models.model import Model
from tests import tiny
from training import assets, codec, denoiser, export, motion
from training.recipe import Recipe

MARIO = load("mario").GAME


def everything() -> Config:
    """All parts on, in the size of the real game."""
    return replace(tiny.config(MARIO), name="everything", sigmas=(2.0,))


def plain() -> Config:
    """All parts off."""
    return replace(tiny.plain(MARIO), name="plain")


def trained(made: Config, folder: Path) -> Recipe:
    """Run the stages in the current folder."""
    recipe = tiny.recipe(made)
    for split, seed in (("train", 0), ("heldout", 1)):
        tiny.Play(90, 60, game=MARIO, seed=seed).write(assets.CACHE / recipe.name / split)
    assert codec.train(recipe, folder, recipe.codec)
    assert recipe.motion_net is None or motion.train(recipe, folder, recipe.motion)
    assert denoiser.train(recipe, folder, recipe.denoiser)
    return recipe


@pytest.mark.slow
@pytest.mark.parametrize("made", [everything(), plain()], ids=["everything", "plain"])
def test_all_stages_lead_to_a_cartridge_that_plays(
    made: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = trained(made, Path("run"))
    config = export.export(recipe, Path("run"), Path("cartridge"))
    assert config.provenance.samples == 16
    world = dream.load(Path("cartridge"))
    assert len(set(config.starts)) == world.starts == 4
    assert config.starts[0] == "start" and config.starts[2] == "1-2" and config.starts[3].startswith("1-2+")
    assert "golden.safetensors" in config.sha256
    assert cli.main(["verify", "cartridge"]) == 0
    assert not np.array_equal(world.reset(0), world.step(2))
    logged = [json.loads(line) for line in Path("run/denoiser/metrics.jsonl").read_text().splitlines()]
    assert 0 <= logged[-1]["heldout_exact"] <= 1
    assert {path.name for path in Path("run").rglob("*.png")} == {"codec.png", "dream.png"}


@pytest.mark.slow
def test_a_decoder_learns_while_latents_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = tiny.recipe(everything())
    for split, seed in (("train", 0), ("heldout", 1)):
        tiny.Play(40, 30, game=MARIO, seed=seed).write(assets.CACHE / recipe.name / split)
    with pytest.raises(UsageError, match="no latents to keep"):
        codec.train(recipe, Path("run"), recipe.codec, keep_latents=True)
    model = Model(assets.blank_config(recipe))
    kept = Path("run/codec.safetensors")
    kept.parent.mkdir(exist_ok=True)
    assets.save(model.codec, kept)
    frames = torch.randint(0, 4, (2, MARIO.height, MARIO.width, 1), dtype=torch.uint8)
    model.codec.eval()
    was = model.codec.encode(frames)
    drew = model.codec.draw(model.codec.features(was))
    assert codec.train(recipe, Path("run"), recipe.codec, keep_latents=True)
    assets.recall(model.codec, kept)
    assert torch.equal(model.codec.encode(frames), was)
    assert not torch.equal(model.codec.draw(model.codec.features(was)), drew)


def test_a_stage_says_which_one_has_to_come_first(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="run first: python -m training codec --recipe run"):
        assets.recall(torch.nn.Identity(), tmp_path / "run" / "codec.safetensors")
