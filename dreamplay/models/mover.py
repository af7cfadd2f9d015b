"""What one thing does next, from what is known of it.

Axis letters: B batch, N things, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import leave_out
from dreamplay.models.moves import (
    BOTTOM,
    CELL,
    FASTEST,
    GAIN,
    JUMPS,
    LEFT,
    NUMBERS,
    PARTS,
    REACH,
    RIGHT,
    SMALL,
    STAYS,
    TOP,
    Jumps,
    Moves,
)

FORGET = 0.2
"""Share of a thing's features that training leaves out: else it learns the level by heart."""
NARROW = 64
"""Width of the network that says where a thing appears."""
PHASES = 4
"""Equal parts of all kinds: the same number in another part is the same in another phase, as Mario is who grew."""


class Mover(nn.Module):
    """Reads what is known of a thing; says its next kind, way, speed and place, one after the other."""

    turns: Tensor

    def __init__(self, inputs: int, width: int, kinds: int, things: int, scenes: int = 0) -> None:
        """Set up.

        Args:
            inputs: Numbers that are known of a thing.
            width: Of the network.
            kinds: Of things; 0 is none.
            things: From which others may jump.
            scenes: How many of the last kinds stand for scenes without the thing.
        """
        super().__init__()
        self.seen = kinds - scenes
        across, down = (last + 1 for last in STAYS)
        self.think = nn.Sequential(
            nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.kinds, self.known_kind = nn.Linear(width, kinds + 2 * PHASES), nn.Embedding(kinds, width)
        self.register_buffer("turns", _turns(kinds), persistent=False)
        self.across, self.known_across = nn.Linear(width, across), nn.Embedding(across, width)
        self.down, self.known_down = nn.Linear(width, down), nn.Embedding(down, width)
        speeds = [2 * fastest + 1 for fastest in FASTEST]
        self.wide = [*(most - least + 1 for least, most in GAIN), NUMBERS * SMALL]
        self.change = nn.Linear(width, sum(self.wide))
        self.place = nn.Sequential(nn.Linear(width, NARROW), nn.SiLU())
        places = [RIGHT - LEFT + CELL, BOTTOM - TOP, things + 1, *(2 * reach + 1 for reach in REACH), PARTS, PARTS]
        self.narrow = [*speeds, NUMBERS * SMALL, *places]
        self.arrive = nn.Linear(NARROW, sum(self.narrow))

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
        active = F.silu(x)
        kinds, turns = self.kinds(active).tensor_split([-2 * PHASES], -1)
        kinds = kinds + self._turned(turns, now[..., 2])
        kind = kinds.argmax(-1) if truth is None else truth.kinds % kinds.shape[-1]
        gone = None if truth is not None else (kind == 0) | (kind >= self.seen)
        x = x + self.known_kind(kind)
        across = _leaving(self.across(F.silu(x)), gone, JUMPS[0])
        x = x + self.known_across(across.argmax(-1) if truth is None else truth.across)
        down = _leaving(self.down(F.silu(x)), gone, JUMPS[1])
        x = F.silu(x + self.known_down(down.argmax(-1) if truth is None else truth.down))
        faster, lower, small = self.change(x).split(self.wide, -1)
        across_then, down_then, changes, *ends = self.arrive(self.place(x)).split(self.narrow, -1)
        faster = faster + _became(0, across_then, now[..., 5])
        lower = lower + _became(1, down_then, now[..., 6])
        small = _numbers(small) + _changed(_numbers(changes), now[..., 7:])
        return Moves(kinds, across, down, faster, lower, small), Jumps(*ends), x

    def _turned(self, logits: Tensor, now: Tensor) -> Tensor:
        """Logits of kinds by how they differ from the present ones.

        Args:
            logits: Of the classes of `turns` but the last, (B, N, .).
            now: Kinds, (B, N).

        Returns:
            (B, N, kinds).
        """
        return F.pad(logits, (0, 1)).gather(-1, self.turns[now.clamp(min=0)])


def _became(axis: int, logits: Tensor, speeds: Tensor) -> Tensor:
    """Logits of the changes of speeds by what they lead to: 0 at a wall, whatever the speed was.

    Args:
        axis: 0 across, 1 down.
        logits: Of the next speeds, (B, N, .).
        speeds: (B, N).

    Returns:
        (B, N, changes).
    """
    (least, most), fastest = GAIN[axis], FASTEST[axis]
    led = speeds[..., None] + torch.arange(least, most + 1, device=speeds.device)
    return logits.gather(-1, led.clamp(-fastest, fastest) + fastest)


def _changed(logits: Tensor, now: Tensor) -> Tensor:
    """Logits of the small numbers by how they change, since most of them are timers, (B, N, NUMBERS, SMALL).

    Args:
        logits: Of the changes, (B, N, NUMBERS, SMALL).
        now: (B, N, NUMBERS).
    """
    return logits.gather(-1, (torch.arange(SMALL, device=now.device) - now[..., None]) % SMALL)


def _numbers(logits: Tensor) -> Tensor:
    """Of each small number. logits: (B, N, NUMBERS * SMALL). Returns (B, N, NUMBERS, SMALL)."""
    return logits.view(*logits.shape[:-1], NUMBERS, SMALL)


def _turns(kinds: int) -> Tensor:
    """How each kind differs from each: by how many phases, and whether in its number. The last class is for none.

    Returns:
        Classes below 2 PHASES + 1, of the present kind and the next, (kinds, kinds).
    """
    numbers, each = max(kinds // PHASES, 1), torch.arange(kinds) - 1
    phase, number = each // numbers, each % numbers
    turns = (phase - phase[:, None]) % PHASES + PHASES * (number != number[:, None])
    turns[0] = turns[:, 0] = 2 * PHASES
    return turns


def _leaving(logits: Tensor, gone: Tensor | None, jumps: int) -> Tensor:
    """Let what will not be there jump, as `moves` has it: what depends on its way has seen nothing else in training.

    Args:
        logits: Of a way's classes, (B, N, classes).
        gone: Which things will not be there, (B, N) bool; None while the truth is known.
        jumps: The class of a jump.
    """
    if gone is None:
        return logits
    others = torch.arange(logits.shape[-1], device=logits.device) != jumps
    return logits.masked_fill(gone[..., None] & others, -torch.inf)
