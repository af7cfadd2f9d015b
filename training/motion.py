"""Stage `motion`: trains the head that foresees scroll and things on recorded histories, and the hero's tracker.

Axis letters: B batch, N things, S past steps, K buttons, h w pixels.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.errors import UsageError
from dreamplay.models.motion import Motion, Outlook
from dreamplay.models.moves import JUMPS, NUMBERS, SMALL, Arrivals, Jumps, Moves, arrivals, moves
from dreamplay.ring import Ring
from training import assets
from training.data import HERO_BOX, Footage, Rows, Sampler, chosen, running
from training.happenings import counts, eventful, nearly, poses, states, sudden, ticks, turns
from training.recipe import Hyper, Recipe
from training.runner import Runner

REPORTED = 12_000
"""Held-out rows that reports are about, or somewhat more."""
HISTORIES = 384
"""Rows of the head that foresees in a step: it reads numbers and few pixels."""
EVENTS = 0.15
"""Share of them in which a thing comes, goes, jumps or becomes another kind."""
STOPS = 0.17
"""Share of them in which the hero's speed changes at once: he lands, jumps, or hits a wall or a block."""
NEARLY = 0.2
"""Share of them in which nothing of this happens, but not long before or after: else it happens too soon."""
COUNTS = 0.1
"""Share of them in which a count moves, a clock goes or stands as it usually does not, or the hero goes into another
state (he dies, grows, is in a pipe or at a pole), every kind of it as often."""
TURNS = 0.14
"""Share of them drawn by what changes in them, every change as often: Mario seldom lets go of a flagpole."""
POSES = 0.1
"""Share of them drawn by the hero's pose, every pose as often: big Mario and Mario with fire are seldom played."""
MISSES = (1, 2, 9, 18, 27, 36)
"""Frames, before or after, from which some of the rows that are drawn for what they lead to are taken instead: it does
not happen there, though the last ones are beats of the slow timers, which much waits for."""
MISSED = 0.25
"""Share of those rows."""
JITTER = 0.03
"""Share of past places that are off by a pixel, as those of a dream may be; the newest are sums and stay."""
DAMAGED = 0.02
"""Share of the things but the hero one of whose small numbers is another one than it was: a dream that has once said a
wrong one must find its way back, or a tune that never ends holds Mario at the castle for good."""
FEWER = 0.5
"""Share of the things with nothing near them that are left out, so that no moment is known by its bystanders."""
BESIDE = 48
"""Pixels across up to which a thing is near another."""


@dataclass(frozen=True)
class Batch:
    """Frames (B, h, w, 1) with the hero's places (B, 3); and pasts with what followed.

    Attributes:
        frames, places: For the tracker.
        ring, held: For the head.
        things: That followed, (B, N, E).
        moves, arrivals: What led to them from the places in the ring.
        motion: Motion classes, (B,).
        clocks: Classes of the counters' steps, -1 where a counter did something else, (B, counters).
    """

    frames: Tensor
    places: Tensor
    ring: Ring
    held: Tensor
    things: Tensor
    moves: Moves
    arrivals: Arrivals
    motion: Tensor
    clocks: Tensor


class Source:
    """Draws batches; a tenth of the frames have the hero painted over, so that its absence is known too."""

    def __init__(self, footage: Footage, batch: int, seed: int) -> None:
        self.footage, self.batch = footage, batch
        self.sampler = Sampler(footage, seed)
        self.whole = np.zeros(len(footage.frames), bool)
        self.whole[footage.rows] = True
        happens, stops = eventful(footage), sudden(footage)
        kinds = [(happens, EVENTS), (stops, STOPS), (nearly(happens | stops), NEARLY)]
        some = [(footage.rows[kind[footage.rows]], int(share * HISTORIES)) for kind, share in kinds]
        self.rare = [(rows, running(footage.seldom(rows)), many) for rows, many in some if len(rows)]
        self.classes = [
            (kinds, share)
            for kinds, share in (
                (counts(footage) + states(footage), COUNTS),
                (turns(footage), TURNS),
                (poses(footage), POSES),
            )
            if kinds
        ]

    def __call__(self) -> Batch:
        """The next batch."""
        footage, generator = self.footage, self.sampler.generator
        rows = torch.from_numpy(self.sampler.draw(self.batch))
        frames, places = footage.frames[rows], footage.places[rows].clone()
        for i in range(self.batch // 10):
            if places[i, 2]:
                cover(frames[i], places[i], generator)
                places[i, 2] = 0
        picked = [rows[chosen(edges, generator, many)] for rows, edges, many in self.rare]
        drawn = np.concatenate([self.sampler.draw(HISTORIES - sum(map(len, picked))), *picked])
        alike = [
            kinds[generator.integers(len(kinds))]
            for kinds, share in self.classes
            for _ in range(int(share * HISTORIES))
        ]
        drawn[: len(alike)] = self._missed(np.array([generator.choice(rows) for rows in alike], np.int64))
        now, ring = torch.from_numpy(drawn), footage.ring(drawn)
        past, things = self._fewer(self._damaged(self._jitter(ring.things)), footage.things[now])
        ring = replace(ring, things=past)
        way = ring.things[:, -1], things, footage.scrolls[now]
        clocks = ticks(ring.counters, footage.counters[now], footage.setting.counters, ring.odometer)
        held, motion = footage.held[now], footage.motion[now]
        arrived = arrivals(*way, ring.odometer)
        return Batch(frames[..., None], places, ring, held, things, moves(*way), arrived, motion, clocks)

    def _missed(self, rows: Rows) -> Rows:
        """Take near misses instead of some of the rows."""
        generator = self.sampler.generator
        others = rows + generator.choice(MISSES, len(rows)) * generator.choice((-1, 1), len(rows))
        others = others.clip(0, len(self.whole) - 1)
        return np.where(self.whole[others] & (generator.random(len(rows)) < MISSED), others, rows)

    def _fewer(self, past: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """Leave some bystanders out. past: (B, S, N, E). after: What followed, (B, N, E). Returns both without them."""
        now = past[:, -1]
        there = now[..., 2] > 0
        near = ((now[:, :, None, 0] - now[:, None, :, 0]).abs() <= BESIDE) & there[:, None]  # (B, N, N)
        alone = near.sum(2) == 1
        comes = ((after[..., 2] > 0) & ~there).any(1, keepdim=True)  # the console would put it into a slot left empty
        out = alone & ~comes & (after[..., 2] == now[..., 2])
        out &= torch.from_numpy(self.sampler.generator.random(out.shape) < FEWER)
        out[:, 0] = False
        return past * ~out[:, None, :, None], after * ~out[..., None]

    def _damaged(self, things: Tensor) -> Tensor:
        """Put one of the newest small numbers of some things wrong. things: (B, S, N, E). Returns the same shape."""
        generator, (rows, _, slots, _) = self.sampler.generator, things.shape
        hit = torch.from_numpy(generator.random((rows, slots)) < DAMAGED) & (things[:, -1, :, 2] > 0)
        hit[:, 0] = False
        row, slot = hit.nonzero(as_tuple=True)
        which, wrong = (torch.from_numpy(generator.integers(0, many, len(row))) for many in (NUMBERS, SMALL))
        things = things.clone()
        things[row, -1, slot, which - NUMBERS] = wrong
        return things

    def _jitter(self, things: Tensor) -> Tensor:
        generator = self.sampler.generator
        noise = torch.from_numpy(generator.integers(-1, 2, (*things.shape[:-1], 2)))
        hit = torch.from_numpy(generator.random(things.shape[:-1])) < JITTER
        hit &= things[..., 2] > 0
        hit[:, -1] = False
        return torch.cat([things[..., :2] + noise * hit[..., None], things[..., 2:]], -1)


def cover(frame: Tensor, place: Tensor, generator: np.random.Generator) -> None:
    """Paint a piece of the same rows over the hero, in place. frame: (h, w) or (h, w, 1) uint8. place: (3,)."""
    width, height = HERO_BOX
    x, y = int(place[0]), int(place[1])
    x, columns = max(x - 2, 0), frame.shape[1]
    wide = min(width + 4, columns - x)
    choices = [c for c in range(0, columns - wide, 8) if abs(c - x) >= width + 8]
    source = choices[int(generator.integers(len(choices)))]
    frame[y : y + height + 1, x : x + wide] = frame[y : y + height + 1, source : source + wide].clone()


class Objective(nn.Module):
    """Cross-entropy of the tracker's column, row and presence, and of all that the head foresees."""

    def __init__(self, motion: Motion) -> None:
        super().__init__()
        self.motion = motion

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and its metrics."""
        with torch.autocast(batch.frames.device.type, torch.bfloat16):
            columns, rows, there = self.motion.tracker(batch.frames)
            outlook = self.motion(batch.ring, batch.held, batch.moves, batch.motion)
        x, y, present = batch.places.unbind(1)
        seen = present > 0
        find = F.cross_entropy(columns[seen].float(), x[seen].long()) + F.cross_entropy(
            rows[seen].float(), y[seen].long()
        )
        presence = F.binary_cross_entropy_with_logits(there.float(), present)
        parts = {"find": find, "presence": presence, **_foresight(outlook, batch)}
        return torch.stack([*parts.values()]).sum(), {name: float(part.detach()) for name, part in parts.items()}


def _foresight(outlook: Outlook, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropies of the scroll, and of kinds, ways and jumps of the hero and of the other things."""
    led, things = batch.moves, batch.things
    there, before = things[..., 2] > 0, batch.ring.things[:, -1, :, 2] > 0
    far = torch.stack([led.across == JUMPS[0], led.down == JUMPS[1]], -1)
    leaps = there & far.any(-1)
    ends = _ends(outlook.jumps, batch.arrivals)
    logits = outlook.moves
    kinds = _entropy(logits.kinds, led.kinds % logits.kinds.shape[-1])
    ways = _entropy(logits.small, led.small).sum(-1)
    for name in ("across", "down", "faster", "lower"):
        ways = ways + _entropy(getattr(logits, name), getattr(led, name))
    parts = {"scroll": F.cross_entropy(outlook.scroll.float(), batch.motion)}
    if batch.clocks.numel():
        clocks = F.cross_entropy(outlook.clocks.flatten(0, 1).float(), batch.clocks.flatten(), ignore_index=-1)
        parts["clocks"] = clocks.nan_to_num()
    for name, part in (("hero", slice(0, 1)), ("other", slice(1, None))):
        here, far = there[:, part], leaps[:, part]
        parts[f"{name}_kind"] = kinds[:, part].sum() / (here | before[:, part]).sum().clamp(min=1)
        parts[f"{name}_way"] = (ways[:, part] * here).sum() / here.sum().clamp(min=1)
        parts[f"{name}_jump"] = (ends[:, part] * far).sum() / far.sum().clamp(min=1)
    return parts


def _ends(logits: Jumps, at: Arrivals) -> Tensor:
    """Minus the log of the chance that each thing jumps to where it is, from whichever origin, (B, N)."""
    column, row, near, aside, below, *parts = (
        getattr(logits, field.name).float().log_softmax(-1) for field in fields(Jumps)
    )
    free = sum(
        part.gather(-1, where.clamp(0, part.shape[-1] - 1)[..., None])
        for part, where in ((column, at.column), (row, at.row))
    )
    beside = sum(part.gather(-1, where.clamp(min=0)) for part, where in ((aside, at.aside), (below, at.below)))
    beside = torch.where(at.aside >= 0, near[..., :-1] + beside, -torch.inf)
    chance = torch.cat([beside, near[..., -1:] + free], -1).logsumexp(-1)
    for part, where in zip(parts, (at.part_x, at.part_y), strict=True):
        chance = chance + part.gather(-1, where[..., None])[..., 0]
    return -chance


def _entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Cross-entropy of each number. logits: (..., classes). classes: (...). Returns (...)."""
    return F.cross_entropy(logits.flatten(0, -2).float(), classes.flatten(), reduction="none").view_as(classes)


@torch.no_grad()
def accuracy(motion: Motion, footage: Footage, rows: Rows) -> dict[str, float]:
    """Shares of rows with the scroll right and within a pixel, of things and of tracked heroes in their place."""
    sums: dict[str, float] = {}
    for part in np.array_split(rows, max(len(rows) // 512, 1)):
        now, ring = torch.from_numpy(part), footage.ring(part)
        truth = footage.motion[now]
        outlook = motion(ring, footage.held[now], motion=truth)
        guess = motion.likeliest(outlook, ring).motion
        after, real = motion.likeliest(outlook, ring, truth), footage.things[now]
        things = after.things
        hero, shown = real[:, 0, 2] > 0, (real[:, 1:, 2] > 0) & (real[:, 1:, 0] < footage.setting.game.width)
        right = (things[..., :3] == real[..., :3]).all(-1)
        new = shown & (ring.things[:, -1, 1:, 2] <= 0) & hero[:, None]
        counts = {
            "scroll_exact": (guess == truth, None),
            "scroll_within_1": ((guess - truth).abs() <= 1, None),
            "hero_place": ((things[:, 0, :2] == real[:, 0, :2]).all(-1), hero),
            "hero_exact": (right[:, 0], hero),
            "hero_hidden_exact": ((things[:, 0] == real[:, 0]).all(-1), hero),
            "hero_lost": (things[:, 0, 2] <= 0, hero),
            "scene_exact": (right[:, 0], ~hero),
            "hero_imagined": (things[:, 0, 2] > 0, ~hero),
            "other_exact": (right[:, 1:], shown),
            "other_missed": (things[:, 1:, 2] == 0, shown),
            "new_exact": (right[:, 1:], new),
            "new_missed": (things[:, 1:, 2] == 0, new),
            "other_imagined": (real[:, 1:, 2] == 0, things[:, 1:, 2] > 0),
            "clocks_exact": ((after.counters == footage.counters[now]).all(1), None),
        }
        for name, (good, among) in counts.items():
            some = good if among is None else good[among]
            sums[name] = sums.get(name, 0) + float(some.sum())
            sums[f"{name}_of"] = sums.get(f"{name}_of", 0) + some.numel()
    found = {name: sums[name] / max(sums[f"{name}_of"], 1) for name in sums if not name.endswith("_of")}
    return found | _tracked(motion, footage, rows[:: max(len(rows) // 256, 1)])


def _tracked(motion: Motion, footage: Footage, rows: Rows) -> dict[str, float]:
    """How well the tracker finds the hero."""
    now = torch.from_numpy(rows)
    places, real = motion.tracker.places(footage.frames[now][..., None]), footage.places[now]
    off = (places - real)[real[:, 2] > 0, :2].abs().amax(1)
    return {
        "tracked_exact": float((off == 0).float().mean()),
        "tracked_off": float(off.mean()),
        "presence": float((places[:, 2] == real[:, 2]).float().mean()),
    }


def train(recipe: Recipe, folder: Path, hyper: Hyper) -> bool:
    """Train the recipe's motion head. Returns whether it is complete."""
    with assets.session(recipe, "motion", folder, hyper, whole=True) as s:
        if s.model.motion is None:
            raise UsageError(f"the recipe '{recipe.name}' has no motion head to train")
        motion = assets.channels_last(s.model.motion)
        kept = s.folder.parent / "motion.safetensors"
        if kept.exists():
            assets.recall(motion, kept)
        motion.scenes.learn(s.footage.things[:, 0], s.footage.motion, s.footage.odometer, s.footage.episodes)
        motion.spawns.learn(s.footage.things[:], s.footage.odometer, s.footage.episodes)
        source = Source(s.footage, s.hyper.batch, s.hyper.seed + s.rank)
        runner = Runner(
            Objective(motion), motion, s.hyper, s.folder, stateful={"source": source.sampler}, rank=s.rank, size=s.size
        )

        rows = s.heldout.rows[:: max(len(s.heldout.rows) // REPORTED, 1)]

        def report(run: Runner[Motion]) -> None:
            run.log(**{f"heldout_{k}": v for k, v in accuracy(run.average, s.heldout, rows).items()})

            assets.keep(run, kept)

        done = runner.run(source, report)
        assets.keep(runner, kept)
    return done


def main(argv: list[str]) -> int:
    """`python -m training motion --recipe NAME [--minutes M] [--rate R]`."""
    return assets.stage_main("motion", train, argv)
