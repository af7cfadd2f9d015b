"""The chain does what one would type, leaves out what is complete, and ends in a cartridge that dreams."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamplay import dream
from tests.patience import HANGS
from training import chain, recipe
from training.recipe import Hyper

ROOT = Path(__file__).parent.parent
NANO = chain.Options("mario-nano")


def words(options: chain.Options) -> list[str]:
    """The commands of a chain."""
    return [" ".join(stage.words) for stage in chain.stages(recipe.load(options.recipe), options)]


def test_the_flagship_is_made_of_the_projects_own_movies_and_collects_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for split in ("train", "heldout"):
        (tmp_path / "training/movies/mario" / split).mkdir(parents=True)
        (tmp_path / "training/movies/mario" / split / "a.movie").touch()
    stages = list(chain.stages(recipe.load("mario"), chain.Options("mario")))
    assert [stage.complete for stage in stages[:2]] == [True, True]
    assert stages[2].words[:3] == ("render", "training/movies/mario/train", "cache/mario/train")


def test_another_recipe_collects_among_its_runs() -> None:
    first, second = words(NANO)[:2]
    assert first.startswith(
        "collect runs/mario-nano/movies/train --game mario --stage 1-1..1-1 --frames 24000 --seed 1 "
    )
    assert second.startswith(
        "collect runs/mario-nano/movies/heldout --game mario --stage 1-1..1-1 --frames 4000 --seed 1001"
    )


def test_minutes_are_scaled_only_when_asked() -> None:
    assert "codec --recipe mario-nano" in words(NANO)
    assert "codec --recipe mario-nano --minutes 2" in words(replace(NANO, minutes_scale=0.25))


def test_a_stage_is_complete_when_its_budget_is_spent(tmp_path: Path) -> None:
    state, hyper = tmp_path / "state.pt", Hyper(batch=1, rate=1, minutes=2)
    assert not chain.trained(hyper, state)
    torch.save({"clock": {"step": 7, "seconds": 119.0}}, state)
    assert not chain.trained(hyper, state)
    assert chain.trained(replace(hyper, minutes=1.9), state)
    assert chain.trained(replace(hyper, steps=7), state)
    assert not chain.trained(replace(hyper, steps=8), state)


def test_a_cartridge_is_old_when_its_weights_are_newer(tmp_path: Path) -> None:
    made, source = tmp_path / "made", tmp_path / "source"
    source.touch()
    assert not chain.newer(made, source)
    made.touch()
    assert chain.newer(made, source)
    os.utime(source, (time.time() + 60,) * 2)
    assert not chain.newer(made, source)


def run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`python -m training all` in a folder of its own."""
    command = [sys.executable, "-m", "training", "all", "--recipe", "mario-tiny", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.emulator
def test_the_whole_chain_ends_in_a_cartridge_that_dreams(tmp_path: Path) -> None:
    started = run(tmp_path)
    errors = started.communicate(timeout=HANGS)[1]
    assert started.returncode == 0, errors[-3000:]
    numbers = json.loads((tmp_path / "runs/mario-tiny/evaluation/report.json").read_text())
    world = dream.load(tmp_path / "checkpoints/mario-tiny")
    assert world.config.quality.keys() == numbers.keys()
    assert world.config.provenance.movies != sha256().hexdigest()
    frames = [world.reset(0), *(world.step(world.game.chord("right+b")) for _ in range(8))]
    assert not np.array_equal(frames[0], frames[-1])
    again = run(tmp_path)
    lines = [line for line in again.communicate(timeout=HANGS)[1].splitlines() if line.startswith("running: ")]
    assert again.returncode == 0
    assert {line.split()[1] for line in lines} == {"collect", "render"}  # which look for themselves


@pytest.mark.slow
@pytest.mark.emulator
def test_a_chain_that_is_told_to_stop_says_where(tmp_path: Path) -> None:
    started = run(tmp_path)
    assert started.stderr is not None
    while "running: collect" not in started.stderr.readline():
        assert started.poll() is None
    started.send_signal(signal.SIGTERM)
    assert "stopped: collect" in started.communicate(timeout=HANGS)[1]
    assert started.returncode == 143
