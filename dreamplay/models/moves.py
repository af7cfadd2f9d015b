"""How things move: places and speeds as sums, as in the console, and the classes that lead from one frame to the next.

Axis letters: B batch, N things, S past steps, E what is known of a thing (`THING`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from dreamplay.config import Counter
from dreamplay.ring import away

PARTS = 16
"""Parts of a pixel that places are told in."""
SMALL, NUMBERS = 64, 6
"""Values that `force` and what comes after it in `THING` may have, and how many these are."""
FRAMES = 2
"""Console frames from one frame to the next: a thing goes so many times its speed."""
SWERVE = (64, 224)
"""Parts of a pixel, across and down, that a thing gets off its way at most; what gets farther jumps to a new place."""
JUMPS, STAYS = (tuple(2 * swerve + after for swerve in SWERVE) for after in (1, 2))
"""Classes of its way, across and down, after those of the swerves: that it jumps, and that it has a speed but stays
where it is, as all do while a game stands still around a hero who grows."""
GAIN = ((-48, 48), (-152, 112))
"""Least and most that its speed changes in a frame."""
FALL = 16
"""The most that gravity changes a speed in a frame."""
FASTEST = (80, 128)
"""Speeds, across and down, that are told apart."""
REACH = (24, 48)
"""Pixels, across and down, up to which a new place may be told by its distance from a thing that is near."""
LEFT, RIGHT = -80, 320
TOP, BOTTOM = -40, 256
"""Screen columns and rows between which things are known: they come into being beside the screen and go 73 columns
left of it at most."""

CELL = 16
"""Pixels along each side of the blocks that levels are built of: things stop at their edges and come out of them."""

TRAIL = 6
"""Numbers that a step of a thing's trail is told by."""


def trail(scrolls: Tensor, things: Tensor) -> Tensor:
    """How a thing went, as numbers around 1.

    Args:
        scrolls: Of the past frames in pixels, (..., S).
        things: One thing, (..., S, E).

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
class Moves:
    """What leads things from one frame to the next: classes (B, N) each, or their logits (B, N, classes).

    Attributes:
        kinds: What each is then, those below 0 counted from the end.
        across, down: Parts of a pixel off the way that its speed takes, from -SWERVE, then "jumps" and "stays".
        faster, lower: Change of its speed across and down, from the least of GAIN.
        small: Next values of `force` and of what comes after it in `THING`, (B, N, NUMBERS) or their logits.
    """

    kinds: Tensor
    across: Tensor
    down: Tensor
    faster: Tensor
    lower: Tensor
    small: Tensor

    def of(self, things: slice) -> "Moves":
        """Some things' moves."""
        return Moves(*(getattr(self, field.name)[:, things] for field in fields(self)))

    def classes(self) -> "Moves":
        """The likeliest classes of logits."""
        return Moves(*(getattr(self, field.name).argmax(-1) for field in fields(self)))


def fine(things: Tensor) -> Tensor:
    """Where things are on the screen in parts of a pixel. things: (..., E). Returns (..., 2)."""
    return things[..., :2] * PARTS + things[..., 3:5]


def ahead(things: Tensor) -> Tensor:
    """Where the speeds of things take them, in parts of a pixel. things: (..., E). Returns (..., 2)."""
    return fine(things) + FRAMES * things[..., 5:7]


def unstopped(things: Tensor) -> Tensor:
    """Where the speeds of things and their fall take them, after every console frame, in parts of a pixel.

    A fall gets faster after each console frame's move, as it did in the frame before.

    things: Before and now, (..., 2, N, E). Returns (..., N, FRAMES, 2).
    """
    before, now = things.unbind(-3)
    faster = now[..., 6] - before[..., 6]
    steady = (before[..., 2] > 0) & (faster.abs() <= FALL)
    gravity = F.pad((faster * steady).div(FRAMES, rounding_mode="floor")[..., None], (1, 0))  # (..., N, 2)
    ways = [n * now[..., 5:7] + n * (n - 1) // 2 * gravity for n in range(1, FRAMES + 1)]
    return torch.stack([fine(now) + way for way in ways], -2)


def most_steps(counters: Sequence[Counter]) -> int:
    """Classes of a clock: the steps of the one that has most, and to begin again."""
    return 1 + max((len(counter.steps) for counter in counters), default=0)


def tick(now: Tensor, classes: Tensor, counters: Sequence[Counter], odometer: Tensor) -> Tensor:
    """Let clocks go on; one that is shown and counts down ends at 0.

    Args:
        now: (B, counters).
        classes: Which step each takes, the last class to begin again, (B, counters).
        counters: What they are.
        odometer: The camera's left edge, (B,).

    Returns:
        (B, counters).
    """
    if not counters:
        return now
    steps, periods, resets, shown = (table.to(now.device) for table in _clocks(tuple(counters)))
    taken = steps.expand(len(now), -1, -1).gather(2, classes[..., None])[..., 0]  # (B, counters)
    resets = resets.repeat(len(now), 1)  # (B, counters)
    for i, counter in enumerate(counters):
        for first, reset in counter.elsewhere:
            resets[:, i].masked_fill_(odometer >= first, reset)
    again = (classes == most_steps(counters) - 1) & (resets >= 0)
    over = shown & (2 * taken > periods) & (now + taken < periods)
    return torch.where(again, resets, ((now + taken) % periods).masked_fill(over, 0))


@cache
def _clocks(counters: tuple[Counter, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What clocks do: the step of each class, the last one repeated, (counters, classes); period; reset; if shown."""
    steps = [
        [*counter.steps, *[counter.steps[-1]] * (most_steps(counters) - len(counter.steps))] for counter in counters
    ]
    rest = ([c.period for c in counters], [c.reset for c in counters], [bool(c.digits) for c in counters])
    periods, resets, shown = map(torch.tensor, rest)
    return torch.tensor(steps), periods, resets, shown


def turning(counters: Tensor, waves: Sequence[tuple[int, int]]) -> Tensor:
    """Sine and cosine of clocks as hands that turn. counters: (B, counters). waves: Clock and length. (B, 2 waves)."""
    which, lengths = ([wave[n] for wave in waves] for n in (0, 1))
    angles = counters[:, which] * (2 * torch.pi / torch.tensor(lengths, device=counters.device))
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


def arrive_at(led: Moves, now: Tensor) -> Tensor:
    """Where moves lead things that do not jump, while the camera stands still, in parts of a pixel.

    Args:
        led: Classes.
        now: The things before, (B, N, E).

    Returns:
        (B, N, 2).
    """
    steps = torch.stack([led.across, led.down], -1)
    return torch.where(steps == now.new_tensor(STAYS), fine(now), ahead(now) + steps - now.new_tensor(SWERVE))


@dataclass(frozen=True)
class Jumps:
    """Where things that jump arrive: classes (B, N) each, or their logits (B, N, classes).

    Points rise from the enemy that was stomped, a coin comes out of the block above the hero, an enemy waits where the
    level was built with it: each has its place from which its way is always the same.

    Attributes:
        column, row: Of the screen, from LEFT and TOP; columns as if the camera stood at the edge of a block.
        near: From which of the `origins` they arrive; their number where it is from none.
        aside, below: How far from it, from -REACH.
        part_x, part_y: How many sixteenths of a pixel more than it had, or what its slot held last, modulo a pixel: the
            console leaves those of what is gone where they are, and what comes next goes on from there.
    """

    column: Tensor
    row: Tensor
    near: Tensor
    aside: Tensor
    below: Tensor
    part_x: Tensor
    part_y: Tensor

    def classes(self) -> "Jumps":
        """The likeliest classes of logits."""
        return Jumps(*(getattr(self, field.name).argmax(-1) for field in fields(self)))

    def places(self, now: Tensor, scrolls: Tensor, odometer: Tensor) -> Tensor:
        """Where classes lead on the screen, in parts of a pixel, (B, N, 2).

        Args:
            now: The things before, (B, N, E).
            scrolls: Pixels that the camera goes, (B,).
            odometer: Its left edge before, (B,).
        """
        from_block = ((odometer + scrolls) % CELL)[:, None]
        free = torch.stack([self.column + LEFT - from_block, self.row + TOP], -1)  # (B, N, 2)
        places, _ = origins(now, scrolls, odometer)
        which = self.near.clamp(max=places.shape[1] - 1)[..., None].expand(-1, -1, 2)
        away = torch.stack([self.aside, self.below], -1) - now.new_tensor(REACH)
        pixels = torch.where(self.near[..., None] < places.shape[1], places.gather(1, which) + away, free)
        return PARTS * pixels + (now[..., 3:5] + torch.stack([self.part_x, self.part_y], -1)) % PARTS


def origins(now: Tensor, scrolls: Tensor, odometer: Tensor) -> tuple[Tensor, Tensor]:
    """From where things may jump: from where each thing was or, instead of the hero, from the block at his head.

    Args:
        now: The things before, (B, N, E).
        scrolls: Pixels that the camera goes, (B,).
        odometer: Its left edge before, (B,).

    Returns:
        Their columns and rows on the screen, (B, N, 2), and which are there, (B, N).
    """
    block = head_block(now, odometer) - F.pad(odometer[:, None], (0, 1))  # (B, 2)
    places = torch.cat([block[:, None], now[:, 1:, :2]], 1) - F.pad(scrolls[:, None, None], (0, 1))
    return places, now[..., 2] > 0


def head_block(now: Tensor, odometer: Tensor) -> Tensor:
    """Left edge in the level and upper edge of the block at the hero's head a console frame later, (B, 2) pixels.

    Args:
        now: The things, (B, N, E).
        odometer: The camera's left edge, (B,).
    """
    hero = now[:, 0]
    at = (fine(hero) + hero[:, 5:7]).div(PARTS, rounding_mode="floor")
    at = at + F.pad(odometer[:, None], (0, 1)) + at.new_tensor([CELL // 2, 0])
    return at - at % CELL


@dataclass(frozen=True)
class Arrivals:
    """Where things arrived, as every class of `Jumps` that could have led there.

    Attributes:
        column, row: (B, N).
        aside, below: From each of the origins, -1 where it is out of reach or not there, (B, N, N).
        part_x, part_y: (B, N).
    """

    column: Tensor
    row: Tensor
    aside: Tensor
    below: Tensor
    part_x: Tensor
    part_y: Tensor


def arrivals(now: Tensor, after: Tensor, scrolls: Tensor, odometer: Tensor) -> Arrivals:
    """The classes by which things would have jumped to where they are.

    Args:
        now, after: (B, N, E).
        scrolls: Pixels that the camera went, (B,).
        odometer: Its left edge before, (B,).
    """
    reach, at = now.new_tensor(REACH), after[..., :2]
    places, there = origins(now, scrolls, odometer)
    away = at[:, :, None] - places[:, None]  # (B, N, N, 2)
    near = (away.abs() <= reach).all(-1) & there[:, None]
    aside, below = torch.where(near[..., None], away + reach, -1).unbind(-1)
    corner = at - now.new_tensor([LEFT, TOP])
    parts = (after[..., 3:5] - now[..., 3:5]) % PARTS
    column = corner[..., 0] + ((odometer + scrolls) % CELL)[:, None]
    return Arrivals(column, corner[..., 1], aside, below, *parts.unbind(-1))


def arrive(led: Moves, places: Tensor, now: Tensor, scrolls: Tensor) -> Tensor:
    """Where moves lead. The left edge of the screen holds the hero's pixel, as in the console, but not its parts.

    Args:
        led: Classes.
        places: Where on the screen those that jump arrive, in parts of a pixel, (B, N, 2).
        now: The things before, (B, N, E).
        scrolls: Pixels that the camera goes, (B,).

    Returns:
        The things after, (B, N, E); where there is none all is 0 but the parts of a pixel that its slot held last.
    """
    least = now.new_tensor(GAIN)[:, 0]
    steps = torch.stack([led.across, led.down], -1)  # (B, N, 2)
    went = arrive_at(led, now) - PARTS * F.pad(scrolls[:, None, None], (0, 1))
    went = torch.where(steps == now.new_tensor(JUMPS), places, went)
    at = went.div(PARTS, rounding_mode="floor")
    rest = went - at * PARTS
    at[:, :1, 0] = at[:, :1, 0].clamp(min=0)
    speeds = now[..., 5:7] + torch.stack([led.faster, led.lower], -1) + least
    speeds = torch.minimum(torch.maximum(speeds, -now.new_tensor(FASTEST)), now.new_tensor(FASTEST))
    inside = (at[..., 0] >= LEFT) & (at[..., 0] < RIGHT) & (at[..., 1] >= TOP) & (at[..., 1] < BOTTOM)
    there = ((led.kinds > 0) & inside)[..., None]
    kinds = torch.where(there, led.kinds[..., None], led.kinds.clamp(max=0)[..., None])
    left = now[..., 3:5] * (kinds[:, :1] >= 0)  # a console that builds a level forgets
    left = F.pad(left[:, 1:], (0, 0, 1, 0))  # the hero's are told anew
    parts = torch.where(there, rest, left)
    return torch.cat([at * there, kinds, parts, speeds * there, led.small * there], -1)


def strayed(now: Tensor, after: Tensor, scrolls: Tensor) -> Tensor:
    """How far things got off the way that their speed takes, in parts of a pixel, (B, N, 2).

    Args:
        now, after: (B, N, E).
        scrolls: Pixels that the camera went, (B,).
    """
    return fine(after) - ahead(now) + PARTS * F.pad(scrolls[:, None, None], (0, 1))


def moves(now: Tensor, after: Tensor, scrolls: Tensor) -> Moves:
    """The classes that lead from one frame's things to the next one's; what comes or goes jumps.

    Args:
        now, after: (B, N, E).
        scrolls: Pixels that the camera went, (B,).
    """
    swerve, (least, most) = now.new_tensor(SWERVE), now.new_tensor(GAIN).T
    went = strayed(now, after, scrolls)
    stays = (went == -FRAMES * now[..., 5:7]) & (now[..., 5:7] != 0)
    leaps = (went.abs() > swerve) & ~stays | (now[..., 2:3] <= 0) | (after[..., 2:3] <= 0)
    steps = torch.where(stays, now.new_tensor(STAYS), went + swerve)
    steps = torch.where(leaps, now.new_tensor(JUMPS), steps)
    gains = torch.minimum(torch.maximum(after[..., 5:7] - now[..., 5:7], least), most) - least
    small = after[..., 7:].clamp(0, SMALL - 1)
    return Moves(after[..., 2], steps[..., 0], steps[..., 1], gains[..., 0], gains[..., 1], small)


def leave_parts(things: Tensor, first: Tensor) -> None:
    """Let slots without a thing hold the parts of a pixel that they held last, as `arrive` does, in place.

    Args:
        things: Of moments in their order, (S, N, E).
        first: Which of them follow on none, (S,) bool.
    """
    there = things[:, 1:, 2] > 0
    built = (first | away(things))[:, None]
    held = (torch.arange(len(things))[:, None] * (there | built)).cummax(0).values  # the moment that tells
    things[:, 1:, 3:5] = things[:, 1:, 3:5].gather(0, held[..., None].expand(-1, -1, 2))
