"""Stage `motion`: trains the hero's tracker on real frames and the scroll's head on recorded histories.

Axis letters: B batch, S past steps, h w pixels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.errors import UsageError
from dreamplay.models.motion import Motion
from training import assets
from training.data import HERO_BOX, Footage, Rows, Sampler
from training.recipe import Recipe
from training.runner import Runner

HISTORIES = 1024
"""Rows of the scroll's head a step: it reads numbers, not pictures."""
JITTER = 0.02
"""Share of past places that are off by a pixel or missing, as the tracker's may be in a dream."""


@dataclass(frozen=True)
class Batch:
    """Frames (B, h, w, 1) with the hero's places (B, 3), and histories with the motion class they led to, (B,)."""

    frames: Tensor
    places: Tensor
    past: tuple[Tensor, ...]
    motion: Tensor


class Source:
    """Draws batches; a tenth of the frames have the hero painted over, so that its absence is known too."""

    def __init__(self, footage: Footage, batch: int, seed: int, *, steps: int) -> None:
        self.footage, self.batch, self.steps = footage, batch, steps
        self.sampler = Sampler(footage, seed)

    def __call__(self) -> Batch:
        """The next batch."""
        rows = torch.from_numpy(self.sampler.draw(self.batch))
        frames, places = self.footage.frames[rows].clone(), self.footage.places[rows].clone()
        for i in range(self.batch // 10):
            if places[i, 2]:
                cover(frames[i], places[i], self.sampler.generator)
                places[i, 2] = 0
        rows = torch.from_numpy(self.sampler.draw(HISTORIES))
        past = history(self.footage, rows, self.steps)
        past[2][:] = self._jitter(past[2])
        return Batch(frames[..., None], places, tuple(past), self.footage.motion[rows])

    def _jitter(self, places: Tensor) -> Tensor:
        generator = self.sampler.generator
        noise = torch.from_numpy(generator.integers(-1, 2, places[..., :2].shape)).float()
        hit = torch.from_numpy(generator.random(places.shape[:2])) < JITTER
        lost = torch.from_numpy(generator.random(places.shape[:2])) < JITTER / 4
        places = places.clone()
        places[..., :2] += noise * hit[..., None]
        places[..., 2] *= ~lost
        return places


def history(footage: Footage, rows: Tensor, steps: int) -> list[Tensor]:
    """The arguments of `Motion` before each row: buttons, scrolls, places of so many steps, held, odometer, still."""
    past = rows[:, None] - torch.arange(steps, 0, -1)  # (B, S)
    return [
        footage.held[past],
        footage.scrolls[past].float(),
        footage.places[past],
        footage.held[rows],
        footage.odometer[rows - 1].float(),
        footage.still[rows - 1].float(),
    ]


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
    """Cross-entropy of column, row and presence of the hero, and of the motion class."""

    def __init__(self, motion: Motion) -> None:
        super().__init__()
        self.motion = motion

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and its metrics."""
        with torch.autocast(batch.frames.device.type, torch.bfloat16):
            columns, rows, there = self.motion.tracker(batch.frames)
        x, y, present = batch.places.unbind(1)
        seen = present > 0
        find = F.cross_entropy(columns[seen].float(), x[seen].long()) + F.cross_entropy(
            rows[seen].float(), y[seen].long()
        )
        presence = F.binary_cross_entropy_with_logits(there.float(), present)
        logits = self.motion(*batch.past)
        scroll = F.cross_entropy(logits, batch.motion)
        right = (logits.argmax(1) == batch.motion).float().mean()
        parts = {"find": find, "presence": presence, "scroll": scroll, "exact": right}
        return find + presence + scroll, {name: float(part.detach()) for name, part in parts.items()}


@torch.no_grad()
def accuracy(motion: Motion, footage: Footage, rows: Rows) -> dict[str, float]:
    """Shares of rows with the scroll exactly right and within a pixel, of frames with the hero found, how far off."""
    now = torch.from_numpy(rows)
    guess, truth = motion(*history(footage, now, motion.config.history)).argmax(1), footage.motion[now]
    some = now[:: max(len(now) // 256, 1)]
    places, real = motion.tracker.places(footage.frames[some][..., None]), footage.places[some]
    seen = real[:, 2] > 0
    off = (places[seen, :2] - real[seen, :2]).abs().amax(1)
    return {
        "scroll_exact": float((guess == truth).float().mean()),
        "scroll_within_1": float(((guess - truth).abs() <= 1).float().mean()),
        "place_exact": float((off == 0).float().mean()),
        "place_off": float(off.mean()),
        "presence": float((places[:, 2] == real[:, 2]).float().mean()),
    }


def train(recipe: Recipe, folder: Path, *, minutes: float | None = None) -> bool:
    """Train the recipe's motion head. Returns whether it is complete."""
    with assets.session(recipe, "motion", folder, minutes) as s:
        if s.model.motion is None:
            raise UsageError(f"the recipe '{recipe.name}' has no motion head to train")
        motion = assets.channels_last(s.model.motion)
        source = Source(s.footage, s.hyper.batch, s.hyper.seed + s.rank, steps=motion.config.history)
        runner = Runner(
            Objective(motion), motion, s.hyper, s.folder, stateful={"source": source.sampler}, rank=s.rank, size=s.size
        )

        def report(run: Runner[Motion]) -> None:
            run.log(**{f"heldout_{k}": v for k, v in accuracy(run.average, s.heldout, s.heldout.rows).items()})

        done = runner.run(source, report)
        assets.keep(runner, s.folder.parent / "motion.safetensors")
    return done


def main(argv: list[str]) -> int:
    """`python -m training motion --recipe NAME [--minutes M]`."""
    return assets.stage_main("motion", train, argv)
