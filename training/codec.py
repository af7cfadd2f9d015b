"""Stage `codec`: trains encoder and decoder on crops of real frames.

Axis letters: B batch, C channels, D width, H W latent rows and columns, h w pixels, n patches.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.models.codec import Codec
from dreamplay.models.layers import PATCH, to_patches
from dreamplay.ring import shift
from training import assets, pictures
from training.data import Footage, Rows, Sampler, wrong
from training.recipe import Recipe
from training.runner import Runner

CROP = 96
"""Pixels along each side of a crop."""
DRAWN = 2304
"""Patches of a batch whose drawing is trained: the moving ones first."""
NOISE = 0.15
"""Noise on the latents, so that a denoiser's small errors do not show."""
FLOOR = 0.02
"""A pixel's loss below which it has no gradient (SimPLe, arXiv 1903.00374), so that the sky does not rule."""
MOVING = 3.0
"""Weight of pixels in patches that change from frame to frame."""


@dataclass(frozen=True)
class Crops:
    """Crops (B, h, w, 1) uint8 of frames, and which of their patches moved, (B, H, W) bool."""

    frames: Tensor
    moving: Tensor


class CropSource:
    """Cuts crops at multiples of 8 pixels, six in ten of them around something that moved."""

    def __init__(self, footage: Footage, batch: int, seed: int) -> None:
        self.footage, self.batch = footage, batch
        self.sampler = Sampler(footage, seed)

    def __call__(self) -> Crops:
        """The next batch."""
        rows = self.sampler.draw(self.batch)
        frames, moving = self.footage.frames[torch.from_numpy(rows)], moving_patches(self.footage, rows)
        crops, moved = [], []
        for frame, tiles in zip(frames, moving, strict=True):
            top, left = self._corner(tiles)
            crops.append(frame[top * PATCH : top * PATCH + CROP, left * PATCH : left * PATCH + CROP])
            moved.append(tiles[top : top + CROP // PATCH, left : left + CROP // PATCH])
        return Crops(torch.stack(crops)[..., None], torch.stack(moved))

    def _corner(self, tiles: Tensor) -> tuple[int, int]:
        """Row and column, in patches, of a crop's upper left corner."""
        side, generator = CROP // PATCH, self.sampler.generator
        limits = tiles.shape[0] - side, tiles.shape[1] - side
        spots = tiles.nonzero()
        if len(spots) and generator.random() < 0.6:
            row, column = spots[int(generator.integers(len(spots)))].tolist()
            row, column = (int(v) - int(generator.integers(side)) for v in (row, column))
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
    """Clipped cross-entropy of the drawn pixels (or L1 of RGB), moving ones weighing more."""

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
            picked = _picked(crops.moving)
            drawn = self.codec.draw(features.flatten(0, 2)[picked]).float()  # (n, 64, colours)
        weight = 1 + (MOVING - 1) * crops.moving.flatten()[picked].float()[:, None]
        truth = to_patches(frames).flatten(0, 2)[picked]  # (n, 64 P)
        if self.codec.planes == 3:
            error = (drawn.flatten(1) - truth / 255).abs()
            return (error * weight).mean(), {"l1": float(error.detach().mean())}
        target = truth.long()
        loss = F.cross_entropy(drawn.flatten(0, 1), target.flatten(), reduction="none").view_as(target)
        wrong = (drawn.argmax(-1) != target).float()
        moving = crops.moving.flatten()[picked]
        return (loss.clamp(min=FLOOR) * weight).mean(), {
            "loss_pixel": float(loss.detach().mean()),
            "wrong": float(wrong.mean()),
            "wrong_moving": float(wrong[moving].mean()) if moving.any() else 0.0,
        }


def _picked(moving: Tensor) -> Tensor:
    """Indices of the patches to draw: half of them moving ones if there are so many, the rest any."""
    flat = moving.flatten()
    spots = flat.nonzero().squeeze(1)
    spots = spots[torch.randperm(len(spots))[: DRAWN // 2]]
    others = torch.randperm(len(flat))[: max(DRAWN - len(spots), 0)]
    return torch.cat([spots, others])


@torch.no_grad()
def accuracy(codec: Codec, footage: Footage, rows: Rows) -> dict[str, float]:
    """Shares of all pixels, and of those in moving patches, that come back right."""
    right = torch.zeros(2)
    total = torch.zeros(2)
    for part in np.array_split(rows, max(len(rows) // 16, 1)):
        frames = footage.pictures(torch.from_numpy(part))
        features = codec.features(codec.encode(frames))
        drawn, truth = codec.pixels(features.flatten(0, 2)), to_patches(frames).flatten(0, 2)
        same = ~wrong(*(each.view(len(each), -1, codec.planes) for each in (drawn, truth)))  # (n, 64)
        moving = moving_patches(footage, part).flatten()
        right += torch.tensor([same.float().sum(), same[moving].float().sum()])
        total += torch.tensor([same.numel(), same[moving].numel()])
    shares = (right / total).tolist()
    return {"pixels": shares[0], "moving_pixels": shares[1]}


def train(recipe: Recipe, folder: Path, *, minutes: float | None = None) -> bool:
    """Train the recipe's codec. Returns whether it is complete."""
    with assets.session(recipe, "codec", folder, minutes) as s:
        codec = assets.channels_last(s.model.codec)
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
        assets.keep(runner, s.folder.parent / "codec.safetensors")
    return done


def main(argv: list[str]) -> int:
    """`python -m training codec --recipe NAME [--minutes M]`."""
    return assets.stage_main("codec", train, argv)
