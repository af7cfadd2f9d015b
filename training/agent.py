"""An agent that learns the real game: PPO on small grey pictures, for data that macros do not reach.

Schulman et al., "Proximal Policy Optimization Algorithms" (2017), https://arxiv.org/abs/1707.06347, as implemented by
stable-baselines3, with the pictures of Mnih et al. (2015): 84 x 84, grey, the last four of them, one decision every
four console frames. A million steps (about two hours and a half on one core) get far into stage 1-1; then
`python -m training collect MOVIES --policy ppo:FILE` plays with it, drawing actions from its policy, so that no two
movies are the same. Mix such movies with those of the other policies: an agent alone shows only how to win.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import tyro

from dreamplay.emulator.environment import CHORDS, MarioEnvironment
from dreamplay.emulator.mario import MarioWorld
from dreamplay.errors import MissingExtraError, UsageError
from dreamplay.games.mario import GAME
from dreamplay.world import Buttons, Frame
from training.policies import Style

SIDE = 84  # rows and columns of what the agent sees
STACK = 4  # pictures it sees at once
REPEAT = 2  # steps of the world that a decision holds for


@dataclass(frozen=True)
class Options:
    """Train an agent with PPO.

    Attributes:
        output: File of the agent, a zip.
        stage: Where the world starts.
        steps: Number of decisions.
        workers: Number of processes that play.
        seed: Another seed gives another agent.
    """

    output: tyro.conf.Positional[Path]
    stage: str = "1-1"
    steps: int = 1_000_000
    workers: int = 2
    seed: int = 0


def main(argv: list[str]) -> int:
    """Run the stage `agent`."""
    train(tyro.cli(Options, args=argv, prog="python -m training agent"))
    return 0


def small(frame: Frame) -> npt.NDArray[np.uint8]:
    """What the agent sees of a frame, (84, 84): green, which is nearly brightness, every third pixel."""
    green = frame[::3, ::3, 1]
    seen = np.zeros((SIDE, SIDE), np.uint8)
    seen[: len(green)] = green[:SIDE, :SIDE]
    return seen


class SeenEnvironment(gymnasium.Wrapper[npt.NDArray[np.uint8], np.int64, npt.NDArray[np.uint8], np.int64]):
    """Shows the last four small pictures, (4, 84, 84), and repeats what the agent decides."""

    def __init__(self, environment: MarioEnvironment) -> None:
        super().__init__(environment)
        self.observation_space = gymnasium.spaces.Box(0, 255, (STACK, SIDE, SIDE), np.uint8)
        self._seen: deque[npt.NDArray[np.uint8]] = deque(maxlen=STACK)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
        """Begin the stage."""
        frame, probe = self.env.reset(seed=seed, options=options)
        self._seen.extend([small(frame)] * STACK)
        return np.stack(self._seen), probe

    def step(self, action: np.int64) -> tuple[npt.NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Hold a chord for the steps of one decision."""
        total = 0.0
        for _ in range(REPEAT):
            frame, reward, ended, cut, probe = self.env.step(action)
            total += float(reward)
            if ended or cut:
                break
        self._seen.append(small(frame))
        return np.stack(self._seen), total / 15, ended, cut, probe


def _environment(stage: str) -> gymnasium.Env[Any, Any]:
    return SeenEnvironment(MarioEnvironment(stage))


def train(options: Options, *, rollout: int = 512) -> None:
    """Train an agent and save it.

    Args:
        options: What and how long.
        rollout: Decisions of each process between two updates.

    Raises:
        MissingExtraError: The extra `agent` is not installed.
    """
    try:
        from stable_baselines3 import PPO
        from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv
    except ImportError as error:
        raise MissingExtraError("training an agent", "agent") from error
    MarioWorld(options.stage)
    makers: list[Callable[[], gymnasium.Env[Any, Any]]] = [partial(_environment, options.stage)] * options.workers
    environments = DummyVecEnv(makers) if options.workers == 1 else SubprocVecEnv(makers, start_method="spawn")
    agent = PPO(
        "CnnPolicy", environments, n_steps=rollout, batch_size=min(256, rollout), n_epochs=4, learning_rate=2.5e-4,
        ent_coef=0.01, gamma=0.97, clip_range=0.1, seed=options.seed, device="cpu", verbose=0,
        policy_kwargs={"normalize_images": True},
    )  # fmt: skip
    try:
        agent.learn(options.steps, progress_bar=False)
    finally:
        environments.close()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    agent.save(options.output)


class Agent:
    """A trained agent as a plan: looks at the world that it plays and holds what its policy draws."""

    def __init__(self, file: Path) -> None:
        """Load an agent; a zip of stable-baselines3 may run code, so load none but your own.

        Raises:
            MissingExtraError: The extra `agent` is not installed.
            UsageError: There is no such file.
        """
        try:
            from stable_baselines3 import PPO
        except ImportError as error:
            raise MissingExtraError("playing an agent", "agent") from error
        if not file.exists():
            raise UsageError(f"no agent '{file}' (python -m training agent {file})")
        self._agent = PPO.load(file, device="cpu")
        self._seen: deque[npt.NDArray[np.uint8]] = deque(maxlen=STACK)

    def __call__(self, rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
        """The buttons of the next decision."""
        picture = small(world.frame)
        self._seen.extend([picture] * (1 if self._seen else STACK))
        observation = self._agent.policy.obs_to_tensor(np.stack(self._seen)[None])[0]
        distribution: Any = self._agent.policy.get_distribution(observation).distribution
        chances = distribution.probs[0].detach().numpy()
        chances = chances.astype(float) / chances.astype(float).sum()
        return [GAME.chord(CHORDS[int(rng.choice(len(CHORDS), p=chances))])] * REPEAT


def style(file: Path) -> Style:
    """An agent as a style of playing."""
    return Style("ppo", Agent(file), careful=False)
