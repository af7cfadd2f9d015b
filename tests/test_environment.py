import gymnasium
import numpy as np
import pytest

pytestmark = pytest.mark.emulator


@pytest.fixture
def environment() -> "gymnasium.Env[np.ndarray, np.int64]":
    from dreamplay.emulator import environment

    environment.register()
    return gymnasium.make(environment.ENVIRONMENT, render_mode="rgb_array")


def test_gymnasium_finds_no_fault(environment: "gymnasium.Env[np.ndarray, np.int64]") -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(environment.unwrapped)
    environment.close()


def test_going_right_is_rewarded(environment: "gymnasium.Env[np.ndarray, np.int64]") -> None:
    environment.reset(seed=1)
    right = sum(float(environment.step(np.int64(1))[1]) for _ in range(20))
    environment.reset(seed=1)
    idle = sum(float(environment.step(np.int64(0))[1]) for _ in range(20))
    environment.close()
    assert right > 10 > 0 >= idle


def test_a_death_ends_the_episode_and_costs(environment: "gymnasium.Env[np.ndarray, np.int64]") -> None:
    environment.reset(seed=1)
    for _ in range(300):
        _, reward, ended, _, probe = environment.step(np.int64(1))
        if ended:
            break
    environment.close()
    assert ended
    assert float(reward) < -15
    assert not probe["won"]
