"""The real game as a gymnasium environment, for agents: `gymnasium.make("dreamplay/Mario-v0")`."""

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from dreamplay.emulator.mario import MarioWorld
from dreamplay.games.mario import GAME
from dreamplay.world import Frame

ENVIRONMENT = "dreamplay/Mario-v0"
CHORDS = ("", "right", "right+a", "right+b", "right+a+b", "a", "left", "left+a", "down")
"""What an agent can hold: one of these a step."""

_DYING, _DEATH_PENALTY, _LARGEST_STEP = 0x0B, 25.0, 10


class MarioEnvironment(gymnasium.Env[npt.NDArray[np.uint8], np.int64]):
    """One life in one stage.

    The reward is that of gym-super-mario-bros (Kautenja, 2018, https://github.com/Kautenja/gym-super-mario-bros):
    pixels gained, less the seconds that the game's clock lost, less 25 for a death, within -15 and 15 a console frame;
    here a step is two of them.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": GAME.fps}  # noqa: RUF012

    def __init__(self, start: str = "1-1", render_mode: str | None = None) -> None:
        """Load the game at a stage, "1-1" to "8-4"."""
        self.observation_space = spaces.Box(0, 255, (GAME.height, GAME.width, 3), np.uint8)
        self.action_space = spaces.Discrete(len(CHORDS))
        self.render_mode = render_mode
        self._world = MarioWorld(start)
        self._chords = [GAME.chord(chord) for chord in CHORDS]
        self._frame: Frame = np.zeros((GAME.height, GAME.width, 3), np.uint8)
        self._before: dict[str, int] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
        """Begin the stage; without a seed, the console's random numbers are drawn."""
        super().reset(seed=seed)
        self._frame = self._world.reset(int(self.np_random.integers(2**31)))
        self._before = self._world.probe()
        return self._frame, dict(self._before)

    def step(self, action: np.int64) -> tuple[npt.NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Hold a chord for one step."""
        self._frame = self._world.step(self._chords[int(action)])
        before, now = self._before, self._world.probe()
        self._before = now
        died, won = _died(now), now["stage"] != before["stage"] or now["mode"] != 1
        return self._frame, _reward(before, now), died or won, False, {**now, "won": won}

    def render(self) -> npt.NDArray[np.uint8] | None:
        """The present frame, (240, 256, 3)."""
        return self._frame if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Give the console's memory back."""
        self._world.close()


def _died(probe: dict[str, int]) -> bool:
    return probe["player_state"] == _DYING or probe["y_viewport"] > 1


def _reward(before: dict[str, int], now: dict[str, int]) -> float:
    gained = now["x"] - before["x"]
    moved = gained if abs(gained) <= _LARGEST_STEP else 0  # pipes and new lives are no progress
    waited = min(now["time"] - before["time"], 0)
    return float(np.clip(moved + waited - _DEATH_PENALTY * _died(now), -30, 30))


def register() -> None:
    """Make the environment known to gymnasium; a second call does nothing."""
    if ENVIRONMENT not in gymnasium.registry:
        gymnasium.register(ENVIRONMENT, entry_point=f"{__name__}:MarioEnvironment")
