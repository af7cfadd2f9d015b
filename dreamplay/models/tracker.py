"""The tracker: finds the hero on the screen. A dream does not need it; those who measure a dream do.

Axis letters: B batch, D width, H W latent rows and columns, h w pixels, P planes.
"""

import torch
from torch import Tensor, nn

from dreamplay.config import MotionConfig
from dreamplay.models.layers import PATCH, coded_patches, color_codes

AROUND = 24
"""Pixels around where the hero should be in which it is looked for."""


class Tracker(nn.Module):
    """Finds the hero on the screen: a distribution over columns, one over rows, and whether it is there at all."""

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

    def places(self, frames: Tensor, near: Tensor | None = None) -> Tensor:
        """Where the hero is.

        Args:
            frames: (B, h, w, P) uint8.
            near: Where it should be, x, y in pixels, (B, 2); it is only looked for around there.

        Returns:
            x, y in pixels and 1 if it is there, (B, 3).
        """
        columns, rows, there = self(frames)
        if near is not None:
            columns, rows = (_close(logits, at) for logits, at in zip((columns, rows), near.T, strict=True))
        return torch.stack([columns.argmax(1).float(), rows.argmax(1).float(), (there > 0).float()], 1)


def _close(logits: Tensor, at: Tensor) -> Tensor:
    """Leave those within AROUND of a place. logits: (B, n). at: (B,). Returns (B, n)."""
    far = (torch.arange(logits.shape[1], device=logits.device) - at[:, None]).abs() > AROUND
    return logits.masked_fill(far, -torch.inf)
