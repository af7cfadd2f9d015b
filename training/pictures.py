"""Pictures of a run: dreamed beside real frames, as PNG."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dreamplay.models.codec import Codec
from dreamplay.models.layers import from_patches
from dreamplay.models.model import Model
from dreamplay.world import Frame
from training.data import Footage, Rows


def sheet(rows: list[list[Frame]], path: Path) -> None:
    """Write pictures of one size as rows and columns with a thin gap. rows: of (h, w, 3) uint8."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    canvas = np.full((len(rows) * (height + 4), columns * (width + 4), 3), 96, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            canvas[i * (height + 4) : i * (height + 4) + height, j * (width + 4) : j * (width + 4) + width] = picture
    beside = path.with_suffix(".tmp.png")
    Image.fromarray(canvas).save(beside)
    beside.replace(path)


def paint(frame: Tensor, palette: Tensor) -> Frame:
    """A frame as RGB. frame: (h, w, P) uint8. palette: (colours, 3), whose unknown index shows as magenta."""
    if frame.shape[-1] == 3:
        return frame.numpy()
    known = torch.cat([palette.to(torch.uint8), torch.tensor([[255, 0, 255]], dtype=torch.uint8)])
    rgb: Frame = known[frame[..., 0].long()].numpy()
    return rgb


def noise(model: Model, count: int) -> Tensor:
    """The same noise at every call, as strong as in play, (count, C, H, W)."""
    generator = torch.Generator().manual_seed(0)
    return model.config.temperature * torch.randn(count, *model.noise_shape, generator=generator)


@torch.no_grad()
def codec(network: Codec, footage: Footage, rows: Rows, palette: Tensor, path: Path) -> None:
    """Real frames above, what the codec makes of them below."""
    real = footage.pictures(torch.from_numpy(rows))
    features = network.features(network.encode(real))
    drawn = network.pixels(features.flatten(0, 2)).reshape(*features.shape[:3], -1)
    made = from_patches(drawn, network.planes)
    sheet([[paint(f, palette) for f in real], [paint(f, palette) for f in made]], path)


@torch.no_grad()
def dream(model: Model, footage: Footage, palette: Tensor, path: Path, *, dreams: int = 4, frames: int = 60) -> None:
    """Real frames above, dreamed ones below, after 1, 4, 15, 30 and 60 frames with the recorded buttons."""
    long = [(a, b) for a, b in footage.episodes if b - a > 16 + frames]
    picked = long[:: max(len(long) // dreams, 1)][:dreams]
    rows = np.array([a + 16 + (b - a - 16 - frames) // 2 for a, b in picked])
    ring = footage.ring(rows)
    real: list[list[Frame]] = [[] for _ in rows]
    made: list[list[Frame]] = [[] for _ in rows]
    for step in range(frames):
        now = torch.from_numpy(rows + step)
        ring = model.step(ring, footage.held[now], noise(model, len(rows)))
        if step + 1 in (1, 4, 15, 30, 60):
            for i in range(len(rows)):
                real[i].append(paint(footage.frames[now[i]][..., None], palette))
                made[i].append(paint(ring.newest[i], palette))
    sheet([row for pair in zip(real, made, strict=True) for row in pair], path)
