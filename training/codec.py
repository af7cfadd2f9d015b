"""Stage `codec`: trains encoder and decoder on crops of real frames.

Axis letters: B batch, C channels, D width, H W latent rows and columns, h w pixels, n patches.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.errors import UsageError
from dreamplay.models.codec import Codec
from dreamplay.models.layers import PATCH, to_patches
from dreamplay.ring import shift
from training import assets, pictures
from training.data import Footage, Rows, Sampler, chosen, running, wrong
from training.recipe import Hyper, Recipe
from training.runner import Runner

CROP = 96
"""Pixels along each side of a crop."""
DRAWN = 2304
"""Patches of a batch whose drawing is trained: half of them by how rare they are, the rest any."""
NOISE = 0.15
"""Noise on the latents, so that a denoiser's small errors do not show."""
FLOOR = 0.02
"""A pixel's loss below which it has no gradient (SimPLe, arXiv 1903.00374), so that the sky does not rule."""
AROUND = 0.8
"""Share of the crops that are cut around a patch drawn by how rare it is."""


@dataclass(frozen=True)
class Crops:
    """Crops (B, h, w, 1) uint8 of frames, and how rare each of their patches is, (B, H, W)."""

    frames: Tensor
    rarity: Tensor


class CropSource:
    """Cuts crops at multiples of 8 pixels.

    A game draws a few patches, of sky and bricks, a million times, and a hundred thousand, in which things meet, a few
    times. A codec that learns them as often as they come draws the latter wrong, and they are what changes. So half of
    the frames are drawn by how many rare patches they have.
    """

    def __init__(self, footage: Footage, batch: int, seed: int) -> None:
        self.footage, self.batch = footage, batch
        self.sampler = Sampler(footage, seed)
        rare = [float(footage.frames.rarity(rows).sum()) for rows in torch.from_numpy(footage.rows)]
        self._edges = running(np.array(rare))

    def __call__(self) -> Crops:
        """The next batch."""
        rare = self.footage.rows[chosen(self._edges, self.sampler.generator, self.batch // 2)]
        rows = torch.from_numpy(np.concatenate([self.sampler.draw(self.batch - len(rare)), rare]))
        frames, rarity = self.footage.frames[rows], self.footage.frames.rarity(rows)
        crops, rarities = [], []
        for frame, tiles in zip(frames, rarity, strict=True):
            top, left = self._corner(tiles)
            crops.append(frame[top * PATCH : top * PATCH + CROP, left * PATCH : left * PATCH + CROP])
            rarities.append(tiles[top : top + CROP // PATCH, left : left + CROP // PATCH])
        return Crops(torch.stack(crops)[..., None], torch.stack(rarities))

    def _corner(self, tiles: Tensor) -> tuple[int, int]:
        """Row and column, in patches, of a crop's upper left corner."""
        side, generator = CROP // PATCH, self.sampler.generator
        limits = tiles.shape[0] - side, tiles.shape[1] - side
        if generator.random() < AROUND:
            edges = tiles.flatten().cumsum(0).numpy()
            spot = int(chosen(edges / edges[-1], generator, 1)[0])
            row, column = (int(v) - int(generator.integers(side)) for v in divmod(spot, tiles.shape[1]))
        else:
            row, column = int(generator.integers(limits[0] + 1)), int(generator.integers(limits[1] + 1))
        return min(max(row, 0), limits[0]), min(max(column, 0), limits[1])


def moving_patches(footage: Footage, rows: Rows) -> Tensor:
    """Which patches differ from the moved frame before, (B, H, W) bool."""
    now, setting = torch.from_numpy(rows), footage.setting
    before = footage.frames[now - 1][..., None]
    moved = shift(before, footage.scrolls[now].tolist(), top=setting.status_rows, unknown=setting.colors)
    return (to_patches(moved) != to_patches(footage.frames[now][..., None])).any(-1)


class Objective(nn.Module):
    """Clipped cross-entropy of the drawn pixels (or L1 of RGB)."""

    def __init__(self, codec: Codec, palette: Tensor | None = None) -> None:
        super().__init__()
        self.codec = codec
        self.palette = None if palette is None else palette.to(torch.uint8)

    def forward(self, crops: Crops) -> tuple[Tensor, dict[str, float]]:
        """The loss and its metrics."""
        frames = crops.frames if self.palette is None else self.palette[crops.frames[..., 0].int()]  # (B, h, w, P)
        with torch.autocast(frames.device.type, torch.bfloat16):
            latents = self.codec.encode(frames)
            features = self.codec.features(latents + NOISE * torch.randn_like(latents))
            picked = _picked(crops.rarity)
            drawn = self.codec.draw(features.flatten(0, 2)[picked]).float()  # (n, 64, colours)
        truth = to_patches(frames).flatten(0, 2)[picked]  # (n, 64 P)
        if self.codec.planes == 3:
            loss = (drawn.flatten(1) - truth / 255).abs().mean()
            return loss, {"l1": float(loss.detach())}
        target = truth.long()
        loss = clipped(drawn, target)
        wrong = (drawn.argmax(-1) != target).float()
        return loss, {
            "loss_pixel": float(loss.detach()),
            "wrong_any": float(wrong[DRAWN // 2 :].mean()),
            "wrong_rare": float(wrong[: DRAWN // 2].mean()),
            "wrong_rare_patches": float(wrong[: DRAWN // 2].any(1).float().mean()),
        }


def clipped(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of pixels, clipped from below. logits: (n, 64, colours). target: (n, 64) int64."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none").clamp(min=FLOOR).mean()


def _picked(rarity: Tensor) -> Tensor:
    """Indices of the patches to draw: the first half by how rare they are, the rest any. rarity: (B, H, W)."""
    rare = torch.multinomial(rarity.flatten(), DRAWN // 2, replacement=True)
    return torch.cat([rare, torch.randint(rarity.numel(), (DRAWN - len(rare),))])


@torch.no_grad()
def accuracy(codec: Codec, footage: Footage, rows: Rows) -> dict[str, float]:
    """Shares of all pixels, of those in moving patches, and of whole patches by how rare they are, that come back."""
    right, total = torch.zeros(3), torch.zeros(3)
    for part in np.array_split(rows, max(len(rows) // 16, 1)):
        frames = footage.pictures(torch.from_numpy(part))
        features = codec.features(codec.encode(frames))
        drawn, truth = codec.pixels(features.flatten(0, 2)), to_patches(frames).flatten(0, 2)
        same = ~wrong(*(each.view(len(each), -1, codec.planes) for each in (drawn, truth)))  # (n, 64)
        moving = moving_patches(footage, part).flatten()
        rarity = footage.frames.rarity(torch.from_numpy(part)).flatten()
        right += torch.stack([same.float().sum(), same[moving].float().sum(), (rarity * same.all(1)).sum()])
        total += torch.tensor([same.numel(), same[moving].numel(), float(rarity.sum())])
    shares = (right / total).tolist()
    return {"pixels": shares[0], "moving_pixels": shares[1], "patches_by_rarity": shares[2]}


def train(recipe: Recipe, folder: Path, hyper: Hyper, *, keep_latents: bool = False) -> bool:
    """Train the recipe's codec, from the weights that were kept before, if any.

    keep_latents: Whether only its decoder learns, so that a denoiser of before can go on with it.

    Returns:
        Whether it is complete.

    Raises:
        UsageError: No weights were kept whose latents could stay.
    """
    kept = folder / "codec.safetensors"
    if keep_latents and not kept.exists():
        raise UsageError(f"{kept} does not exist: there are no latents to keep (python -m training adopt CARTRIDGE)")
    with assets.session(recipe, "codec", folder, hyper) as s:
        codec = assets.channels_last(s.model.codec)
        if kept.exists():
            assets.recall(codec, kept)
        if keep_latents:
            for part in (codec.enter, codec.look, codec.squeeze, codec.norm.eval()):
                part.requires_grad_(False)
        source = CropSource(s.footage, s.hyper.batch, s.hyper.seed + s.rank)
        objective = Objective(codec, None if recipe.palette else s.palette)
        runner = Runner(
            objective, codec, s.hyper, s.folder, stateful={"source": source.sampler}, rank=s.rank, size=s.size
        )
        rows = s.heldout.rows[:: max(len(s.heldout.rows) // 96, 1)]

        def report(run: Runner[Codec]) -> None:
            run.log(**{f"heldout_{k}": v for k, v in accuracy(run.average, s.heldout, rows).items()})
            pictures.codec(run.average, s.heldout, rows[:: len(rows) // 6], s.palette, s.folder / "codec.png")

        done = runner.run(source, report)
        assets.keep(runner, kept)
    return done


def main(argv: list[str]) -> int:
    """`python -m training codec --recipe NAME [--minutes M] [--rate R] [--keep-latents]`."""
    return assets.stage_main("codec", train, argv, keep_latents="teach the decoder alone, for a denoiser of before")
