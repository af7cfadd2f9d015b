"""What the console does by rule, whatever a head says: slow timers, clocks that follow others, what things pay.

Axis letters: B batch, N things, E what is known of a thing (`THING`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dreamplay.config import Counter
from dreamplay.ring import THING

BEAT, PULL = THING.index("beat"), THING.index("pull")


class Rules(nn.Module):
    """All rules of a game, as its counters tell them."""

    timers: Tensor
    ends: Tensor
    pays: Tensor

    def __init__(self, counters: Sequence[Counter], kinds: int) -> None:
        """Set up.

        Args:
            counters: The game's clocks.
            kinds: Of things.
        """
        super().__init__()
        self.counters = tuple(counters)
        timers = [[kind in counter.timers for kind in range(kinds)] for counter in counters]
        self.register_buffer("timers", torch.tensor(timers), persistent=False)
        ends = {kind for counter in counters for kind in counter.ends}
        self.register_buffer("ends", torch.tensor([kind in ends for kind in range(kinds)]), persistent=False)
        pays = torch.zeros(len(counters), kinds, dtype=torch.long)
        for i, counter in enumerate(counters):
            for kind, step in zip(counter.pays, counter.steps, strict=False):
                pays[i, kind] = step if kind else 0
        self.register_buffer("pays", pays, persistent=False)

    def over(self, things: Tensor) -> Tensor:
        """Whether a timer has just run out at whose end the scene changes, (B,). things: Of the past, (B, S, N, E)."""
        before, now = things[:, -2:, 1:].unbind(1)
        ended = (before[..., BEAT] > 0) & (now[..., BEAT] == 0) & (before[..., 2] == now[..., 2])
        return (ended & self.ends[now[..., 2] % len(self.ends)]).any(1)

    def forward(self, things: Tensor, now: Tensor, clocks: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Things and clocks as the console has them, in place.

        Args:
            things, clocks: As a head says, (B, N, E) and (B, counters).
            now, before: As they were.
        """
        periods = [counter.period for counter in self.counters]
        begun = 2 * (clocks - before).abs() > clocks.new_tensor(periods)  # (B, counters)
        there = (things[:, 0, 2] > 0) & (now[:, 0, 2] > 0)
        for i, counter in enumerate(self.counters):
            if counter.timers:
                things = wait(things, now, begun[:, i], self.timers[i])
            if counter.beat >= 0:
                left = run_down(before[:, i], clocks[:, i], begun[:, counter.beat])
                clocks[:, i] = torch.where(there, left, clocks[:, i])
            if counter.pays:
                said = (clocks[:, i] - before[:, i]) % counter.period
                step = paid(said, things, now, self.pays[i], counter.due)
                clocks[:, i] = (before[:, i] + step) % counter.period
            if counter.tied:
                clocks[:, i] = tied(clocks[:, i], clocks[:, 0], counter.tied) % counter.period
        return things, clocks


def wait(things: Tensor, now: Tensor, begun: Tensor, timers: Tensor) -> Tensor:
    """Let slow timers go down as the console does: a head that says once that one stands holds it for good.

    Args:
        things: Where moves led, (B, N, E).
        now: The things before, (B, N, E).
        begun: Whether the clock of the timers has begun anew, (B,).
        timers: Which kinds have one, (kinds,) bool.

    Returns:
        The things after, (B, N, E): `beat` of those that are what they were, but not of the hero's nor one at its end;
        and their `pull`, which stays as long as they wait.
    """
    left = now[:, 1:, BEAT]
    waits = timers[now[:, 1:, 2] % len(timers)] & (things[:, 1:, 2] == now[:, 1:, 2]) & (left > 0)
    left = left - begun[:, None].to(left.dtype)
    things[:, 1:, BEAT] = torch.where(waits, left, things[:, 1:, BEAT])
    things[:, 1:, PULL] = torch.where(waits & (left > 0), now[:, 1:, PULL], things[:, 1:, PULL])
    return things


def run_down(left: Tensor, said: Tensor, begun: Tensor) -> Tensor:
    """A clock that counts down another's new beginnings, (B,).

    At its end it is set by what is said, but not as the other begins anew: then a head takes its end for its last step.

    Args:
        left: What it showed before, (B,).
        said: What a head says that it shows now, (B,).
        begun: Whether the other has begun anew, (B,).
    """
    return torch.where(begun, (left - 1).clamp(min=0), torch.where(left > 0, left, said))


def paid(said: Tensor, things: Tensor, now: Tensor, pays: Tensor, due: int) -> Tensor:
    """How far a clock goes that things make go, each once: points are counted some frames after they have appeared.

    Args:
        said: How far a head says, which stands but for a payment too soon or too late, (B,).
        things: What is there, (B, N, E).
        now: What was there before, (B, N, E).
        pays: How far each kind makes it go, (kinds,); those whose `beat` is 0 do not.
        due: `beat` below which a thing falls when it does.

    Returns:
        (B,).
    """
    kinds, left = things[..., 2], things[..., BEAT]
    worth = pays[kinds.clamp(min=0)] * (left > 0)  # (B, N)
    falls = (kinds == now[..., 2]) & (now[..., BEAT] >= due) & (left < due)
    earned = (worth * falls).amax(1)
    amiss = ((worth == said[:, None]) & (worth > 0)).any(1)
    return torch.where(earned > 0, earned, said.masked_fill(amiss, 0))


def tied(clock: Tensor, frames: Tensor, modulus: int) -> Tensor:
    """The reading next to a clock's that is one behind the console's frames: both go astray while a level is built.

    Args:
        clock: (B,).
        frames: The clock that counts the console's frames, (B,).
        modulus: Modulo which both go together.

    Returns:
        (B,), perhaps below 0.
    """
    behind = (frames - 1 - clock + modulus // 2) % modulus - modulus // 2
    return clock + behind
