"""What one thing does next, from what is known of it.

Axis letters: B batch, N things, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import leave_out, zeroed
from dreamplay.models.moves import (
    BOTTOM,
    CELL,
    FASTEST,
    GAIN,
    LEFT,
    NUMBERS,
    REACH,
    RIGHT,
    SMALL,
    SWERVE,
    TOP,
    Jumps,
    Moves,
)

FORGET = 0.2
"""Share of a thing's features that training leaves out: else it learns the level by heart."""
NARROW = 64
"""Width of the network that says where a thing appears."""


class Mover(nn.Module):
    """Reads what is known of a thing; says its next kind, way, speed and place, one after the other."""

    def __init__(self, inputs: int, width: int, kinds: int, things: int) -> None:
        super().__init__()
        across, down = (2 * swerve + 2 for swerve in SWERVE)
        self.think = nn.Sequential(
            nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.kinds, self.known_kind = nn.Linear(width, kinds), nn.Embedding(kinds, width)
        self.across, self.known_across = nn.Linear(width, across), nn.Embedding(across, width)
        self.down, self.known_down = nn.Linear(width, down), nn.Embedding(down, width)
        self.faster, self.lower = (nn.Linear(width, most - least + 1) for least, most in GAIN)
        self.force, self.beat, self.pull, self.run, self.low, self.side = (nn.Linear(width, SMALL) for _ in range(6))
        self.change = zeroed(nn.Linear(NARROW, NUMBERS * SMALL))
        self.speeds = [2 * fastest + 1 for fastest in FASTEST]
        self.become = zeroed(nn.Linear(NARROW, sum(self.speeds)))
        self.place = nn.Sequential(nn.Linear(width, NARROW), nn.SiLU())
        self.column, self.row = nn.Linear(NARROW, RIGHT - LEFT + CELL), nn.Linear(NARROW, BOTTOM - TOP)
        self.near = nn.Linear(NARROW, things + 1)
        self.aside, self.below = (nn.Linear(NARROW, 2 * reach + 1) for reach in REACH)

    def forward(
        self, told: Tensor, now: Tensor, truth: Moves | None, led: Tensor | None = None
    ) -> tuple[Moves, Jumps, Tensor]:
        """Logits of the moves and of the jumps, and what the scroll is read from, (B, N, D).

        Args:
            told: (B, N, inputs).
            now: The things as they are, (B, N, E).
            truth: Taken instead of the likeliest class where a part depends on an earlier one.
            led: What stands for what the camera and the hero do, where that is known, (B, D).
        """
        x = leave_out(self.think(told), FORGET, training=self.training)
        if led is not None:
            x = x + led[:, None]
        kinds = self.kinds(F.silu(x))
        x = x + self.known_kind(kinds.argmax(-1) if truth is None else truth.kinds % kinds.shape[-1])
        across = self.across(F.silu(x))
        x = x + self.known_across(across.argmax(-1) if truth is None else truth.across)
        down = self.down(F.silu(x))
        x = F.silu(x + self.known_down(down.argmax(-1) if truth is None else truth.down))
        place = self.place(x)
        heads = (self.force, self.beat, self.pull, self.run, self.low, self.side)
        small = torch.stack([head(x) for head in heads], 2) + self._changed(place, now[..., 7:])
        become = self._became(place, now[..., 5:7])
        gains = [head(x) + more for head, more in zip((self.faster, self.lower), become, strict=True)]
        logits = Moves(kinds, across, down, *gains, *small.unbind(2))
        ends = (head(place) for head in (self.column, self.row, self.near, self.aside, self.below))
        return logits, Jumps(*ends), x

    def _became(self, place: Tensor, speeds: Tensor) -> list[Tensor]:
        """More logits of the changes of speeds, by what they lead to: 0 at a wall, whatever the speed was.

        Args:
            place: (B, N, NARROW).
            speeds: Across and down, (B, N, 2).

        Returns:
            (B, N, changes) of each.
        """
        more = []
        for i, logits in enumerate(self.become(place).split(self.speeds, -1)):
            least, most = GAIN[i]
            led = speeds[..., i, None] + torch.arange(least, most + 1, device=speeds.device)
            more.append(logits.gather(-1, led.clamp(-FASTEST[i], FASTEST[i]) + FASTEST[i]))
        return more

    def _changed(self, place: Tensor, now: Tensor) -> Tensor:
        """Logits of the small numbers by how they change, since most of them are timers, (B, N, NUMBERS, SMALL).

        Args:
            place: (B, N, NARROW).
            now: (B, N, NUMBERS).
        """
        change = self.change(place).unflatten(-1, (NUMBERS, SMALL))
        return change.gather(-1, (torch.arange(SMALL, device=now.device) - now[..., None]) % SMALL)
