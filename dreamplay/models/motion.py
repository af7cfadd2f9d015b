"""The motion head: what moves where in the next frame, from where everything was and what is held.

The console moves things by fractions of a pixel that no frame shows; the last frames' whole pixels recover them. So a
small network reads the history of places, scrolls and buttons, and the pixels around each thing, and says how far the
camera scrolls, where the hero and each enemy will be, and in which pose. The denoiser draws them there.

Axis letters: B batch, N things (the hero first), S past steps, K buttons, C channels, D width, H W latent rows and
columns, h w pixels, P planes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.config import Counter, MotionConfig
from dreamplay.models.layers import PATCH, coded_patches, color_codes
from dreamplay.ring import Ring

REACH = 12
"""Pixels along each axis that a thing goes in a frame at most; what goes farther jumps to a place of its own."""
LEFT, RIGHT = -64, 320
TOP, BOTTOM = -32, 256
"""Screen columns and rows between which things are known: they come into being beside the screen."""
SEEN, EVERY = 16, 4
"""A thing sees so many pixels along each axis around it, and they are so far apart."""
BLUR = 0.15
"""Share of the seen values that training leaves out: else it learns the level by heart instead of how things move."""
POSES = 4
"""Past steps of which a thing's own kind is told."""
CELL = 16
"""Pixels along each side of the blocks that levels are built of: things stop at their edges."""
KIND = 8
"""Numbers that stand for a kind."""


class Tracker(nn.Module):
    """Finds the hero on the screen: a distribution over columns, one over rows, and whether it is there at all.

    A dream does not need it; those who measure a dream do.
    """

    codes: Tensor | None

    def __init__(self, config: MotionConfig, palette: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__()
        d = config.eye
        self.register_buffer("codes", color_codes(torch.tensor(palette)) if palette else None, persistent=False)
        self.look = nn.Sequential(
            nn.Conv2d(PATCH * PATCH * (4 if palette else 3), 2 * d, 1), nn.SiLU(),
            nn.Conv2d(2 * d, d, 3, padding=1), nn.SiLU(), nn.Conv2d(d, d, 3, padding=1), nn.SiLU(),
        )  # fmt: skip
        self.columns, self.rows = nn.Linear(d, PATCH), nn.Linear(d, PATCH)
        self.cell, self.there = nn.Linear(d, 1), nn.Linear(d, 1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look for the hero.

        Args:
            frames: (B, h, w, P) uint8.

        Returns:
            Logits of its column (B, w), of its row (B, h), and of being there (B,).
        """
        x = self.look(coded_patches(frames, self.codes)).permute(0, 2, 3, 1)  # (B, H, W, D)
        cell = self.cell(x)  # (B, H, W, 1)
        columns = torch.logsumexp(self.columns(x) + cell, 1).flatten(1)  # (B, w)
        rows = torch.logsumexp(self.rows(x) + cell, 2).flatten(1)  # (B, h)
        return columns, rows, self.there(x).amax((1, 2)).squeeze(-1)

    def places(self, frames: Tensor) -> Tensor:
        """Where the hero is. frames: (B, h, w, P) uint8. Returns x, y in pixels and 1 if it is there, (B, 3)."""
        columns, rows, there = self(frames)
        return torch.stack([columns.argmax(1).float(), rows.argmax(1).float(), (there > 0).float()], 1)


TRAIL = 6
"""Numbers that a step of a thing's trail is told by."""


def trail(scrolls: Tensor, things: Tensor) -> Tensor:
    """How a thing went, as numbers around 1.

    Args:
        scrolls: Of the past frames in pixels, (..., S).
        things: One thing's x, y in pixels and kind, 0 where it is not there, (..., S, 3).

    Returns:
        Scroll, way in the level across and down, place on the screen across and down, presence: (..., S, 6).
    """
    there = (things[..., 2] > 0).to(scrolls.dtype)
    x, y = things[..., 0] * there, things[..., 1] * there
    went_x = F.pad((x[..., 1:] - x[..., :-1]) + scrolls[..., 1:], (1, 0))  # (..., S)
    went_y = F.pad(y[..., 1:] - y[..., :-1], (1, 0))
    return torch.stack(
        [scrolls / 4, (went_x / 4).clamp(-4, 4), (went_y / 4).clamp(-4, 4), x / 64 - 1.5, y / 64 - 2, there], -1
    )


@dataclass(frozen=True)
class Outlook:
    """Logits of the next frame's motion; each part knows what was chosen in those before it.

    Attributes:
        kinds: Of each thing, 0 for none, those below 0 counted from the end, (B, N, kinds).
        across, down: Pixels in the level from -REACH, then "jumps", (B, N, 2 REACH + 2).
        column, row: Where a thing that jumps arrives, from LEFT and TOP, (B, N, RIGHT - LEFT) and (B, N, BOTTOM - TOP).
        scroll: Classes 0..fastest pixels, then a cut to each of the known scenes, (B, fastest + 1 + cuts).
        clocks: Of each counter, which of its steps it takes, and last that it begins again, (B, counters, steps + 1).
    """

    kinds: Tensor
    across: Tensor
    down: Tensor
    column: Tensor
    row: Tensor
    scroll: Tensor
    clocks: Tensor


@dataclass(frozen=True)
class Foresight:
    """The next frame's motion.

    Attributes:
        motion: Motion class: pixels of scroll, or fastest + 1 + the number of a cut, (B,).
        things: x, y on the screen and kind, 0 where there is none, (B, N, 3).
        counters: The clocks, (B, counters).
    """

    motion: Tensor
    things: Tensor
    counters: Tensor


@dataclass(frozen=True)
class Moves:
    """What was chosen, or what was true: kinds, across, down as classes of an outlook, (B, N) each."""

    kinds: Tensor
    across: Tensor
    down: Tensor


class Mover(nn.Module):
    """Reads what is known of a thing; says its next kind, way and place, one after the other."""

    def __init__(self, inputs: int, width: int, kinds: int) -> None:
        super().__init__()
        ways = 2 * REACH + 2
        self.think = nn.Sequential(
            nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.kinds, self.known_kind = nn.Linear(width, kinds), nn.Embedding(kinds, width)
        self.across, self.known_across = nn.Linear(width, ways), nn.Embedding(ways, width)
        self.down = nn.Linear(width, ways)
        self.column, self.row = nn.Linear(width, RIGHT - LEFT), nn.Linear(width, BOTTOM - TOP)

    def forward(self, told: Tensor, truth: Moves | None) -> tuple[list[Tensor], Tensor]:
        """Logits of kinds, across, down, column and row, (B, N, ...), and what the scroll is read from, (B, N, D).

        Args:
            told: (B, N, inputs).
            truth: Taken instead of the likeliest class where a part depends on an earlier one.
        """
        x = self.think(told)
        kinds = self.kinds(F.silu(x))
        x = x + self.known_kind(kinds.argmax(-1) if truth is None else truth.kinds % kinds.shape[-1])
        across = self.across(F.silu(x))
        x = F.silu(x + self.known_across(across.argmax(-1) if truth is None else truth.across))
        return [kinds, across, self.down(x), self.column(x), self.row(x)], x


class Motion(nn.Module):
    """Predicts scroll and things. The hero has a network of its own, all other things share one."""

    codes: Tensor | None

    def __init__(
        self,
        config: MotionConfig,
        buttons: int,
        palette: tuple[tuple[int, int, int], ...],
        counters: tuple[Counter, ...] = (),
        patience: int = 0,
    ) -> None:
        super().__init__()
        self.config, self.counters = config, counters
        self.tracker = Tracker(config, palette)
        self.register_buffer("codes", color_codes(torch.tensor(palette)) if palette else None, persistent=False)
        self.unknown = len(palette)
        self.classes = config.fastest + 1 + len(config.cuts)
        self.kind = nn.Embedding(config.kinds, KIND)
        self.place = nn.Embedding(config.columns + 1, KIND)
        self.absent = nn.Embedding(patience + 1, KIND)
        self.slot = nn.Embedding(config.things, KIND)
        own = config.history * TRAIL + POSES * KIND + 2 * CELL + SEEN * SEEN * (4 if palette else 3) + KIND
        others = config.things * (KIND + 4)
        everywhere = (config.history + 1) * buttons + 1 + 2 * KIND + 2 * len(counters)
        inputs = own + others + everywhere
        self.hero, self.other = (Mover(inputs, config.width, config.kinds) for _ in range(2))
        self.scroll = nn.Linear(config.width, self.classes)
        self.clocks = nn.Linear(config.width, len(counters) * most_steps(counters))

    def forward(self, ring: Ring, held: Tensor, truth: Moves | None = None) -> Outlook:
        """Predict the next frame's motion.

        Args:
            ring: The past.
            held: The buttons held now, (B, K).
            truth: For training, see `Mover`.
        """
        told = self._told(ring, held)
        first, rest = (None, None) if truth is None else (_part(truth, slice(0, 1)), _part(truth, slice(1, None)))
        hero, x = self.hero(told[:, :1], first)
        other, _ = self.other(told[:, 1:], rest)
        kinds, across, down, column, row = (torch.cat([a, b], 1) for a, b in zip(hero, other, strict=True))
        clocks = self.clocks(x[:, 0]).unflatten(1, (len(self.counters), -1))
        return Outlook(kinds, across, down, column, row, self.scroll(x[:, 0]), clocks)

    def _told(self, ring: Ring, held: Tensor) -> Tensor:
        """All that is known of each thing, (B, N, inputs)."""
        s, dtype = self.config.history, held.dtype
        things = ring.things[:, -s:].transpose(1, 2)  # (B, N, S, 3)
        now = things[:, :, -1].to(dtype)  # (B, N, 3)
        b, n = now.shape[:2]
        scrolls = ring.scrolls[:, None, -s:].to(dtype).expand(b, n, s)
        way = trail(scrolls, things.to(dtype))  # (B, N, S, 6)
        level = now[..., 0] + ring.odometer[:, None]
        phases = [F.one_hot(v.long() % CELL, CELL).to(dtype) for v in (level, now[..., 1])]
        own = [
            way.flatten(2),
            self.kind(things[:, :, -POSES:, 2].long() % self.config.kinds).flatten(2),
            *phases,
            F.dropout(self._sight(ring.newest, now), BLUR, self.training),
            self.slot.weight.expand(b, n, KIND),
        ]
        return torch.cat([*own, self._others(now, way), self._everywhere(ring, held)[:, None].expand(b, n, -1)], -1)

    def _others(self, now: Tensor, way: Tensor) -> Tensor:
        """All things as each of them sees them, (B, N, N (KIND + 4))."""
        b, n = now.shape[:2]
        there = (now[..., 2] > 0).to(now.dtype)
        apart = (now[:, None, :, :2] - now[:, :, None, :2]) / 32  # (B, N, N, 2)
        apart = apart.clamp(-6, 6) * there[:, None, :, None]
        same = torch.cat([self.kind(now[..., 2].long() % self.config.kinds), way[:, :, -1, 1:3]], -1)
        same = same[:, None].expand(b, n, n, KIND + 2)
        return torch.cat([apart, same], -1).flatten(2)

    def _everywhere(self, ring: Ring, held: Tensor) -> Tensor:
        """Buttons, place in the level, clocks: (B, everywhere)."""
        past = ring.buttons[:, -self.config.history :].flatten(1)
        odometer, last = ring.odometer.to(held.dtype), self.config.columns
        here = torch.where(ring.odometer < 0, last, ring.odometer // PATCH).clamp(max=last)
        absent = self.absent(ring.absent.clamp(max=self.absent.num_embeddings - 1))
        parts = [past, held, odometer[:, None] / 1024, self.place(here), absent]
        for i, counter in enumerate(self.counters):
            angle = (ring.counters[:, i] % counter.unit).to(held.dtype) * (2 * torch.pi / counter.unit)
            parts.append(torch.stack([angle.sin(), angle.cos()], 1))
        return torch.cat(parts, 1)

    def _sight(self, frames: Tensor, now: Tensor) -> Tensor:
        """Pixels around each thing. frames: (B, h, w, P). now: (B, N, 3). Returns (B, N, SEEN SEEN codes)."""
        b, h, w, _ = frames.shape
        steps = torch.arange(SEEN, device=frames.device) * EVERY
        x = now[..., 0, None].long() + steps - (SEEN * EVERY // 2 - PATCH)  # (B, N, SEEN)
        y = now[..., 1, None].long() + steps - PATCH
        outside = ((x < 0) | (x >= w))[:, :, None] | ((y < 0) | (y >= h))[..., None]  # (B, N, SEEN, SEEN)
        where = y.clamp(0, h - 1)[..., None] * w + x.clamp(0, w - 1)[:, :, None]
        rows = torch.arange(b, device=frames.device)[:, None, None, None]
        pixels = frames.flatten(1, 2)[rows, where]  # (B, N, SEEN, SEEN, P)
        if self.codes is None:
            return (pixels.to(now.dtype) / 127.5 - 1).masked_fill(outside[..., None], 0).flatten(2)
        seen = pixels[..., 0].long().masked_fill(outside, self.unknown)
        return F.embedding(seen, self.codes).to(now.dtype).flatten(2)

    def likeliest(self, outlook: Outlook, ring: Ring, motion: Tensor | None = None) -> Foresight:
        """The likeliest of what was predicted from a past; a scene is cut only while the hero is away.

        Args:
            outlook: What was predicted.
            ring: From what.
            motion: Classes (B,) to take instead of the likeliest ones.
        """
        kinds = outlook.kinds.argmax(-1)
        kinds = torch.where(kinds < self.config.kinds - self.config.scenes, kinds, kinds - self.config.kinds)
        if motion is None:
            speeds = outlook.scroll[:, : self.config.fastest + 1]
            motion = torch.where(kinds[:, 0] > 0, speeds.argmax(1), outlook.scroll.argmax(1))
        things = arrive(
            Moves(kinds, outlook.across.argmax(-1), outlook.down.argmax(-1)),
            torch.stack([outlook.column.argmax(-1) + LEFT, outlook.row.argmax(-1) + TOP], -1),
            ring.things[:, -1],
            motion.masked_fill(motion > self.config.fastest, 0),
        )
        return Foresight(motion, things, tick(ring.counters, outlook.clocks.argmax(-1), self.counters))


def most_steps(counters: Sequence[Counter]) -> int:
    """Classes of a clock: the steps of the one that has most, and to begin again."""
    return 1 + max((len(counter.steps) for counter in counters), default=0)


def tick(now: Tensor, classes: Tensor, counters: Sequence[Counter]) -> Tensor:
    """Let clocks go on.

    Args:
        now: (B, counters).
        classes: Which step each takes, the last class to begin again, (B, counters).
        counters: What they are.

    Returns:
        (B, counters).
    """
    after = []
    for i, counter in enumerate(counters):
        steps = now.new_tensor(counter.steps)[classes[:, i].clamp(max=len(counter.steps) - 1)]
        ticked = (now[:, i] + steps) % counter.period
        again = (classes[:, i] == most_steps(counters) - 1) & (counter.reset >= 0)
        after.append(torch.where(again, counter.reset, ticked))
    return torch.stack(after, 1) if after else now


def arrive(moves: Moves, jumps: Tensor, now: Tensor, scrolls: Tensor) -> Tensor:
    """Where moves lead.

    Args:
        moves: Classes, (B, N) each.
        jumps: Screen columns and rows where those that jump arrive, (B, N, 2).
        now: The things before, (B, N, 3).
        scrolls: Pixels that the camera goes, (B,).

    Returns:
        The things after, (B, N, 3); at 0 where there is none.
    """
    steps = torch.stack([moves.across, moves.down], -1)  # (B, N, 2)
    went = now[..., :2] + steps - REACH - F.pad(scrolls[:, None, None], (0, 1))
    far = (steps == 2 * REACH + 1).any(-1, keepdim=True)
    at = torch.where(far, jumps, went)
    inside = (at[..., 0] >= LEFT) & (at[..., 0] < RIGHT) & (at[..., 1] >= TOP) & (at[..., 1] < BOTTOM)
    there = ((moves.kinds > 0) & inside)[..., None]
    scene = moves.kinds.clamp(max=0)[..., None]
    return torch.cat([at * there, torch.where(there, moves.kinds[..., None], scene)], -1)


def moves(now: Tensor, after: Tensor, scrolls: Tensor) -> Moves:
    """The classes that lead from one frame's things to the next one's.

    Args:
        now, after: (B, N, 3).
        scrolls: Pixels that the camera went, (B,).
    """
    went = after[..., :2] - now[..., :2] + F.pad(scrolls[:, None, None], (0, 1))
    jumps = (went.abs() > REACH).any(-1) | (now[..., 2] <= 0)
    steps = (went + REACH).masked_fill(jumps[..., None], 2 * REACH + 1)
    return Moves(after[..., 2], steps[..., 0], steps[..., 1])


def _part(truth: Moves, things: slice) -> Moves:
    """Some things' moves."""
    return Moves(truth.kinds[:, things], truth.across[:, things], truth.down[:, things])
