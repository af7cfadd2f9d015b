from pathlib import Path

import numpy as np
import pytest

from dreamplay import movie
from dreamplay.errors import UsageError
from training.agent import SIDE, Agent, Options, small, train

pytestmark = pytest.mark.emulator


def test_what_the_agent_sees_is_small_and_square() -> None:
    assert small(np.zeros((240, 256, 3), np.uint8)).shape == (SIDE, SIDE)


def test_a_missing_agent_is_named(tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    with pytest.raises(UsageError, match=r"no agent .*none\.zip"):
        Agent(tmp_path / "none.zip")


@pytest.mark.slow
def test_an_agent_learns_a_little_and_collects_movies(tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    from training import collect

    train(Options(tmp_path / "agent.zip", steps=64, workers=1), rollout=32)
    played = tmp_path / "movies"
    policy = f"ppo:{tmp_path / 'agent.zip'}"
    small = {"frames": 30, "workers": 1, "shortest": 6, "longest": 12, "trunk": 130}
    collect.collect(collect.Options(played, policy=policy, **small))  # type: ignore[arg-type]
    assert len(movie.read(min(played.iterdir())).buttons) > 5
