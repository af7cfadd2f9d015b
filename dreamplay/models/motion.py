"""The motion head: how far the camera scrolls in the next frame, from where the hero was and what is held.

The console moves things by fractions of a pixel that no frame shows; the last frames' whole pixels recover them. So
a tracker finds the hero in every frame, and a small network reads the history of places, scrolls and buttons.

Axis letters: B batch, S past steps, K buttons, C channels, D width, H W latent rows and columns, h w pixels, P planes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.config import MotionConfig
from dreamplay.models.layers import PATCH, coded_patches, color_codes


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

    def places(self, frames: Tensor) -> Tensor:
        """Where the hero is. frames: (B, h, w, P) uint8. Returns x, y in pixels and 1 if it is there, (B, 3)."""
        columns, rows, there = self(frames)
        return torch.stack([columns.argmax(1).float(), rows.argmax(1).float(), (there > 0).float()], 1)


TRAIL = 6
"""Numbers that a step of the hero's trail is told by."""


def trail(scrolls: Tensor, places: Tensor) -> Tensor:
    """How the hero went, as numbers around 1.

    Args:
        scrolls: Of the past frames in pixels, (B, S).
        places: Of the hero: x, y in pixels and how sure it is that it is there, (B, S, 3).

    Returns:
        Scroll, way in the level across and down, place on the screen across and down, presence: (B, S, 6).
    """
    there = places[..., 2]
    x, y = places[..., 0] * (there > 0), places[..., 1] * (there > 0)
    went_x = F.pad((x[:, 1:] - x[:, :-1]) + scrolls[:, 1:], (1, 0))  # (B, S)
    went_y = F.pad(y[:, 1:] - y[:, :-1], (1, 0))
    return torch.stack(
        [scrolls / 4, (went_x / 4).clamp(-4, 4), (went_y / 4).clamp(-4, 4), x / 64 - 1.5, y / 64 - 2, there], 2
    )


SURE = 0.9
"""How sure a reckoned place is, as a multiple of the one before it; below `LOST` the hero is given up."""
LOST = 0.1
FASTEST = 8.0
"""Pixels a frame that a reckoned hero moves at most."""


def reckon(places: Tensor, width: int, height: int) -> Tensor:
    """Where an unseen hero must be: it goes on as it went (dead reckoning), ever less surely.

    Args:
        places: Of the hero on the screen in the past frames, (B, S, 3).
        width: Of the screen in pixels.
        height: Of the screen in pixels.

    Returns:
        The next place, (B, 3); not there once it has left the screen or was unseen for too long.
    """
    now, before = places[:, -1], places[:, -2]
    went = (now - before)[:, :2].clamp(-FASTEST, FASTEST) * (before[:, 2:] > 0)
    at = (now[:, :2] + went).round()
    sure = now[:, 2] * SURE
    inside = ((at >= 0) & (at < at.new_tensor([width, height]))).all(1)
    return torch.cat([at, (sure * (inside & (sure > LOST)))[:, None]], 1) * (sure > 0)[:, None]


class Motion(nn.Module):
    """Predicts the scroll: classes 0..fastest pixels, then a cut to each of the known scenes."""

    def __init__(self, config: MotionConfig, buttons: int, palette: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__()
        self.config = config
        self.tracker = Tracker(config, palette)
        self.classes = config.fastest + 1 + len(config.cuts)
        inputs = config.history * (buttons + TRAIL) + buttons + 2
        d = config.width
        self.think = nn.Sequential(
            nn.Linear(inputs, d), nn.SiLU(), nn.Linear(d, d), nn.SiLU(), nn.Linear(d, d), nn.SiLU(),
            nn.Linear(d, self.classes),
        )  # fmt: skip

    def forward(
        self, buttons: Tensor, scrolls: Tensor, places: Tensor, held: Tensor, odometer: Tensor, still: Tensor
    ) -> Tensor:
        """Predict the scroll of the next frame.

        Args:
            buttons: That led to the past frames, oldest first, (B, S, K).
            scrolls: Of the past frames in pixels, (B, S).
            places: Of the hero in the past frames: x, y in pixels and whether it is there, (B, S, 3).
            held: The buttons held now, (B, K).
            odometer: Camera's left edge in pixels, (B,).
            still: Frames since something changed, (B,).

        Returns:
            Logits, (B, fastest + 1 + cuts).
        """
        past = torch.cat([buttons, trail(scrolls, places)], 2).flatten(1)
        here = torch.stack([odometer / 1024, still / 64], 1)  # (B, 2)
        return self.think(torch.cat([past, held, here], 1))
