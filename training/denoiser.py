"""Stage `denoiser`: trains the diffusion model on real pasts, damaged pasts, and pasts it dreamed itself.

Axis letters: B batch, T past frames, C channels, D width, H W latent rows and columns, h w pixels, P planes of a frame.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.layers import to_patches
from dreamplay.models.model import Model, Moved
from dreamplay.ring import Ring, stack
from training import assets, pictures
from training.codec import clipped
from training.damage import damage, thing_patches
from training.data import Footage, Rows, Sampler, wrong
from training.recipe import Diffusion, Hyper, Recipe
from training.runner import Runner

GATE_WEIGHT = 0.1
"""Weight of the gate's loss beside the denoiser's."""
GATE_POSITIVE = 4.0
"""Weight of changed patches in the gate's loss: a patch missed is worse than one drawn in vain."""
PIXELS = 2.0
"""Weight of the drawn pixels' loss beside the denoiser's."""
DRAWN = 768
"""Patches of a batch whose pixels are drawn: of those that change or the gate thinks so, by how rare they are."""
LEAST = 0.05
"""How much rarer than it is each patch counts as."""
BELOW = 1.5
"""Weight of patches below the status bar."""


@dataclass(frozen=True)
class Batch:
    """Pasts and what followed.

    Attributes:
        moved: The pasts, scrolled as they really were.
        target: The real next frames, (B, h, w, P) uint8.
        busy: Patches where things are or were, (B, H, W) bool.
        rarity: How rare each patch of the next frame is, (B, H, W).
        lived: How many rows, the last ones, are the model's own pasts.
    """

    moved: Moved
    target: Tensor
    busy: Tensor
    rarity: Tensor
    lived: int


class Source:
    """Makes batches; keeps the pool of dreams that the model lives on (persistent rollouts)."""

    def __init__(self, model: Model, footage: Footage, batch: int, how: Diffusion, seed: int) -> None:
        self.model, self.footage, self.batch, self.how = model, footage, batch, how
        self.sampler = Sampler(footage, seed)
        self.last = np.zeros(len(footage.frames), dtype=bool)
        self.last[[stop - 1 for _, stop in footage.episodes]] = True
        self.progress = 0.0
        self.pool: Ring | None = None
        self.next: Rows = np.zeros(0, dtype=np.int64)

    def state_dict(self) -> dict[str, Any]:
        """Generator and pool."""
        pool = self.pool.tensors() if self.pool else None
        return {
            "generator": self.sampler.state_dict(),
            "pool": pool,
            "next": torch.from_numpy(self.next.copy()),
            "progress": self.progress,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Back to it."""
        self.sampler.load_state_dict(state["generator"])
        self.pool = Ring(**state["pool"]) if state["pool"] else None
        self.next, self.progress = state["next"].numpy(), state["progress"]

    @property
    def generator(self) -> np.random.Generator:
        """Of all choices."""
        return self.sampler.generator

    def __call__(self) -> Batch:
        """The next batch: fresh pasts first, then the pool's."""
        lived = int(self.batch * self.how.rollout) if self.progress >= self.how.warm else 0
        rows = self.sampler.draw(self.batch - lived)
        fresh = self.footage.ring(rows)
        top = self.footage.setting.status_rows
        how, backdrop = self.how, self.footage.setting.backdrop
        damage(fresh, self.generator, corrupt=how.corrupt, erase=how.erase, top=top, backdrop=backdrop)
        forgotten = torch.from_numpy(self.generator.random(len(rows)) < self.how.forget)
        fresh = fresh.without_odometer(forgotten)
        if lived:
            rows = np.concatenate([rows, self._refill(lived)])
            assert self.pool is not None
            fresh = stack([fresh, self.pool])
        return self._batch(fresh, rows, lived)

    def _refill(self, lived: int) -> Rows:
        """Fill the pool with real pasts where dreams have ended. Returns the rows that follow."""
        missing = lived - len(self.next)
        if missing > 0:
            rows = self.sampler.draw(missing)
            new = self.footage.ring(rows)
            self.pool = stack([self.pool, new]) if self.pool is not None and len(self.next) else new
            self.next = np.concatenate([self.next, rows])
        return self.next

    def _batch(self, ring: Ring, rows: Rows, lived: int) -> Batch:
        now = torch.from_numpy(rows)
        things = self.footage.things
        moved = self.model.move(ring, self.footage.held[now], self.footage.foresight(now))
        target = self.footage.pictures(now)
        rows_, columns = target.shape[1] // 8, target.shape[2] // 8
        was = things[now - 1].clone()
        was[..., 0] -= moved.scrolls[:, -1:]
        busy = thing_patches(was, rows_, columns) | thing_patches(things[now], rows_, columns)
        return Batch(moved, target, busy, self.footage.frames.rarity(now), lived)

    def advance(self, batch: Batch, frames: Tensor) -> None:
        """Take the model's frames into the pool and end the dreams that are over.

        Args:
            batch: Whose last rows are the pool's.
            frames: The model's next frames of those rows, (lived, h, w, P) uint8.
        """
        assert self.pool is not None
        off = wrong(frames, batch.target[-batch.lived :]).flatten(1).float().mean(1).numpy()
        pool = self.model.push(self.pool, tail(batch.moved, batch.lived), frames)
        ended = self.generator.random(batch.lived) < 1 / self.how.length
        alive = ~(ended | (off > self.how.lost) | self.last[self.next])
        self.pool, self.next = pool.select(torch.from_numpy(alive.nonzero()[0])), self.next[alive] + 1


def tail(moved: Moved, count: int) -> Moved:
    """The last rows of the batch."""
    return replace(moved, **{name: getattr(moved, name)[-count:] for name in moved.__dataclass_fields__})


class Objective(nn.Module):
    """EDM's loss, weighed by patch, and the gate's."""

    def __init__(self, model: Model, how: Diffusion, source: Source) -> None:
        super().__init__()
        self.denoiser, self.how = model.denoiser, how
        self._frozen: dict[str, Any] = {"model": model, "source": source}  # in a dict: not this module's weights

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and its metrics."""
        model: Model = self._frozen["model"]
        with torch.autocast(batch.target.device.type, torch.bfloat16):
            with torch.no_grad():
                clean = model.codec.encode(batch.target).float()
                latent = model.codec.encode(batch.moved.frames[:, -1]).float()
            change = clean - latent if model.config.denoiser.residual else clean
            x, sigma, start = self._noisy(change, batch.lived)
            scene = model.denoiser.observe(
                model.coded(batch.moved),
                latent,
                buttons=batch.moved.buttons,
                scrolls=batch.moved.scrolls.float(),
                things=batch.moved.things,
                odometer=batch.moved.odometer,
                counters=batch.moved.counters,
                absent=batch.moved.absent,
            )
            raw, gate = self.denoiser(x, sigma, scene)
        raw, gate = raw.float(), gate.float()
        _, c_skip, c_out = self.denoiser.preconditioning(sigma)
        dreamed = c_skip * x + c_out * raw
        if batch.lived:
            self._advance(batch, latent, dreamed.detach(), gate.detach())
        differs = wrong(batch.moved.frames[:, -1], batch.target)
        changed = to_patches(differs[..., None]).any(-1)  # (B, H, W)
        loss, metrics = self._loss(raw, gate, (change - c_skip * x) / c_out, batch, changed.float())
        if model.codec.planes == 3:
            return loss, metrics
        clean = latent + dreamed if model.config.denoiser.residual else dreamed
        pixels, more = self._pixels(batch, clean, start[:, None, None] & (changed | (gate > 0)))
        return loss + PIXELS * pixels, metrics | more

    def _pixels(self, batch: Batch, clean: Tensor, likely: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Clipped cross-entropy of drawn patches, through the frozen codec.

        Args:
            batch: Pasts and what followed.
            clean: Latents as dreamed, (B, C, H, W).
            likely: Patches among which to choose, (B, H, W) bool.
        """
        model: Model = self._frozen["model"]
        care = (likely * (batch.rarity + LEAST)).flatten()
        chosen = min(DRAWN, int(likely.sum()))
        if not chosen:
            return clean.sum() * 0, {}
        wanted = torch.zeros_like(care, dtype=torch.bool)
        wanted[torch.multinomial(care, chosen)] = True
        wanted = wanted.view_as(likely)
        with torch.autocast(clean.device.type, torch.bfloat16):
            logits = model.draw(batch.moved, model.codec.features(clean), wanted).float()  # (n, 64, colours)
        target = to_patches(batch.target)[wanted].long()
        loss = clipped(logits, target)
        bad = (logits.detach().argmax(-1) != target).any(1).float().mean()
        return loss, {"pixels": float(loss.detach()), "wrong_patches": float(bad)}

    def _noisy(self, change: Tensor, lived: int) -> tuple[Tensor, Tensor, Tensor]:
        """The noisy input and its level: pure noise at the first level for start rows, EDM's mixture for the rest.

        Returns:
            Input (B, C, H, W), level and whether it is a start row, (B,).
        """
        b, data = len(change), self.denoiser.config.sigma_data
        first = self._frozen["model"].config.sigmas[0]
        start = torch.rand(b) < self.how.start
        if lived:
            start[-lived:] = True
        temperature = torch.rand(b) * (torch.rand(b) < 0.5)
        if lived:
            temperature[-lived:] = 0
        sigma = torch.where(start, torch.full((b,), first), (torch.randn(b) * 1.2).exp() * data / 2)
        noise = torch.randn_like(change) * sigma[:, None, None, None]
        pure = noise * temperature[:, None, None, None]
        return torch.where(start[:, None, None, None], pure, change + noise), sigma, start

    def _loss(
        self, raw: Tensor, gate: Tensor, wanted: Tensor, batch: Batch, changed: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        care = 1 + self.how.busy * batch.busy.float()
        below = torch.ones(changed.shape[1])
        below[self._frozen["source"].footage.setting.status_rows // 8 :] = BELOW
        care = care * below[None, :, None]
        weight = care * (1 + self.how.changed * changed)
        error = (raw - wanted).square().mean(1)
        loss = (error * weight).sum() / weight.sum()
        if self.denoiser.config.gate is None:
            return loss, {"error": float(loss.detach())}
        gates = F.binary_cross_entropy_with_logits(
            gate, changed, weight=care, pos_weight=torch.tensor(GATE_POSITIVE), reduction="sum"
        )
        gates = gates / care.sum()
        hit = (gate.sigmoid() > self.denoiser.config.gate).float()
        return loss + GATE_WEIGHT * gates, {
            "error": float(loss.detach()),
            "gate": float(gates.detach()),
            "gate_recall": float((hit * changed).sum() / changed.sum().clamp(min=1)),
            "gate_share": float(hit.mean()),
        }

    @torch.no_grad()
    def _advance(self, batch: Batch, latent: Tensor, change: Tensor, gate: Tensor) -> None:
        """One frame further for the pool, from what the network has just said."""
        model: Model = self._frozen["model"]
        source: Source = self._frozen["source"]
        clean = latent + change if model.config.denoiser.residual else change
        features = model.codec.features(clean[-batch.lived :])
        frames = model.paint(tail(batch.moved, batch.lived), features, gate[-batch.lived :])
        source.advance(batch, frames)


@torch.no_grad()
def one_step(model: Model, footage: Footage, rows: Rows) -> dict[str, float]:
    """With the true scroll: shares of exact pixels and exact changed patches, and skill against shift-copy."""
    exact = copied = right = changed = 0.0
    for part in np.array_split(rows, max(len(rows) // 16, 1)):
        now, ring = torch.from_numpy(part), footage.ring(part)
        moved = model.move(ring, footage.held[now], model.foresee(ring, footage.held[now], footage.motion[now]))
        frame = model.paint(moved, *model.imagine(moved, model.coded(moved), pictures.noise(model, len(part))))
        truth = footage.pictures(now)
        missed, moving = wrong(frame, truth), wrong(moved.frames[:, -1], truth)
        exact += float(missed.sum())
        copied += float(moving.sum())
        differs = to_patches(moving[..., None]).any(-1)
        same = ~to_patches(missed[..., None]).any(-1)
        right, changed = right + float((same & differs).sum()), changed + float(differs.sum())
    pixels = len(rows) * footage.frames[0].numel()
    return {"exact": 1 - exact / pixels, "skill": 1 - exact / max(copied, 1), "changed_exact": right / max(changed, 1)}


def train(recipe: Recipe, folder: Path, hyper: Hyper) -> bool:
    """Train the recipe's denoiser on its frozen codec, from the weights that were kept before, if any.

    Returns:
        Whether it is complete.
    """
    with assets.session(recipe, "denoiser", folder, hyper) as s:
        model = assets.channels_last(s.model).requires_grad_(False).eval()
        assets.recall(model.codec, s.folder.parent / "codec.safetensors")
        if model.motion:
            assets.recall(model.motion, s.folder.parent / "motion.safetensors")
        kept = s.folder.parent / "denoiser.safetensors"
        if kept.exists():
            assets.recall(model.denoiser, kept)
        model.denoiser.requires_grad_(True).train()
        source = Source(model, s.footage, s.hyper.batch, recipe.diffusion, s.hyper.seed + s.rank)
        runner = Runner(
            Objective(model, recipe.diffusion, source),
            model.denoiser,
            s.hyper,
            s.folder,
            stateful={"source": source},
            rank=s.rank,
            size=s.size,
        )
        rows = s.heldout.rows[:: max(len(s.heldout.rows) // 128, 1)]

        def batches() -> Batch:
            source.progress = runner.progress
            return source()

        def report(run: Runner[Any]) -> None:
            live, model.denoiser = model.denoiser, run.average
            run.log(**{f"heldout_{k}": v for k, v in one_step(model, s.heldout, rows).items()})
            pictures.dream(model, s.heldout, s.palette, s.folder / "dream.png")
            model.denoiser = live
            assets.keep(run, kept)

        done = runner.run(batches, report)
        assets.keep(runner, kept)
    return done


def main(argv: list[str]) -> int:
    """`python -m training denoiser --recipe NAME [--minutes M] [--rate R]`."""
    return assets.stage_main("denoiser", train, argv)
