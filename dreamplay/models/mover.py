"""What one thing does next, from what is known of it.

Axis letters: B batch, N things, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import zeroed
from dreamplay.models.moves import BOTTOM, CELL, GAIN, LEFT, NUMBERS, REACH, RIGHT, SMALL, SWERVE, TOP, Jumps, Moves

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
        self.place = nn.Sequential(nn.Linear(width, NARROW), nn.SiLU())
        self.column, self.row = nn.Linear(NARROW, RIGHT - LEFT + CELL), nn.Linear(NARROW, BOTTOM - TOP)
        self.near = nn.Linear(NARROW, things + 1)
        self.aside, self.below = (nn.Linear(NARROW, 2 * reach + 1) for reach in REACH)

    def forward(
        self, told: Tensor, now: Tensor, truth: Moves | None, scrolled: Tensor | None = None
    ) -> tuple[Moves, Jumps, Tensor]:
        """Logits of the moves and of the jumps, and what the scroll is read from, (B, N, D).

        Args:
            told: (B, N, inputs).
            now: The small numbers of each, (B, N, NUMBERS).
            truth: Taken instead of the likeliest class where a part depends on an earlier one.
            scrolled: What stands for the camera's way, where that is known, (B, D).
        """
        x = F.dropout(self.think(told), FORGET, self.training)
        if scrolled is not None:
            x = x + scrolled[:, None]
        kinds = self.kinds(F.silu(x))
        x = x + self.known_kind(kinds.argmax(-1) if truth is None else truth.kinds % kinds.shape[-1])
        across = self.across(F.silu(x))
        x = x + self.known_across(across.argmax(-1) if truth is None else truth.across)
        down = self.down(F.silu(x))
        x = F.silu(x + self.known_down(down.argmax(-1) if truth is None else truth.down))
        place = self.place(x)
        heads = (self.force, self.beat, self.pull, self.run, self.low, self.side)
        small = torch.stack([head(x) for head in heads], 2) + self._changed(place, now)  # (B, N, NUMBERS, SMALL)
        led = Moves(kinds, across, down, self.faster(x), self.lower(x), *small.unbind(2))
        ends = (head(place) for head in (self.column, self.row, self.near, self.aside, self.below))
        return led, Jumps(*ends), x

    def _changed(self, place: Tensor, now: Tensor) -> Tensor:
        """Logits of the small numbers by how they change, since most of them are timers, (B, N, NUMBERS, SMALL)."""
        change = self.change(place).unflatten(-1, (NUMBERS, SMALL))
        return change.gather(-1, (torch.arange(SMALL, device=now.device) - now[..., None]) % SMALL)
