"""A model that dreams for the measurements: batched, seeded, in one precision; and its pasts cut from real play.

Axis letters: B batch, S past steps, K buttons, C channels, H W latent rows and columns, h w pixels, P planes.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from dreamplay import games
from dreamplay.config import Config
from dreamplay.models.motion import Foresight
from dreamplay.ring import Ring
from training.data import Footage, Rows

LOOKED = 64
"""Frames that the probe looks at at once."""

Probe = Callable[[Tensor, Tensor | None], Tensor]
"""Finds the hero, around x, y (B, 2) if these are given: frames (B, h, w, P) to x, y in pixels and whether it is there,
(B, 3)."""


class Stepper(Protocol):
    """What is measured: the networks, or a test's fake of them."""

    config: Config

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """Shape of the noise of one frame, (C, H, W)."""

    def foresee(self, ring: Ring, held: Tensor) -> Foresight:
        """The likeliest motion of the next frame."""

    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """One frame."""


class Dreamer:
    """Steps a model: same seed, same noise.

    Attributes:
        config: Of the cartridge.
        palette: The game's colours, (colours, 3).
        probe: Finds the hero in a frame, or None if the cartridge has no tracker.
    """

    def __init__(
        self,
        model: Stepper,
        *,
        probe: Probe | None,
        seed: int = 0,
        precision: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> None:
        self.config, self._model, self._device = model.config, model, device
        self._probe, self._precision = probe, precision
        self.palette = torch.tensor(self.config.palette or games.load(self.config.game.name).PALETTE)
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def tracks(self) -> bool:
        """Whether it knows where the hero is."""
        return self._probe is not None

    def noise(self, count: int) -> Tensor:
        """Noise for so many dreams, (count, C, H, W)."""
        shape = (count, *self._model.noise_shape)
        if not self.config.temperature:
            return torch.zeros(shape)
        return self.config.temperature * torch.randn(shape, generator=self._generator)

    @torch.no_grad()
    def step(self, ring: Ring, held: Tensor, *, noise: Tensor | None = None, motion: Tensor | None = None) -> Ring:
        """One frame for a batch of dreams.

        Args:
            ring: The pasts.
            held: The buttons, 0/1, (B, K).
            noise: (B, C, H, W), or None to draw it.
            motion: True motion classes (B,), or None for the model's own.
        """
        noise = self.noise(len(ring)) if noise is None else noise
        with self._autocast():
            return self._model.step(
                ring,
                held.to(self._device),
                noise.to(self._device),
                None if motion is None else motion.to(self._device),
            )

    @torch.no_grad()
    def motion(self, ring: Ring, held: Tensor) -> Tensor:
        """The model's own motion classes, (B,)."""
        if self.config.motion is None:
            return torch.zeros(len(ring), dtype=torch.int64)
        with self._autocast():
            return self._model.foresee(ring, held.to(self._device)).motion.cpu()

    @torch.no_grad()
    def places(self, frames: Tensor, near: Tensor | None = None) -> Tensor:
        """Where the probe sees the hero.

        Args:
            frames: Indices, (B, h, w).
            near: Around which x, y in pixels it looks, (B, 2); everywhere unless given.

        Returns:
            x, y and whether it is there, (B, 3).
        """
        assert self._probe is not None
        parts = []
        with self._autocast():
            for i in range(0, len(frames), LOOKED):
                part = slice(i, i + LOOKED)
                shown = self._planes(frames[part]).to(self._device)
                parts.append(self._probe(shown, None if near is None else near[part]).float().cpu())
        return torch.cat(parts)

    def pasts(self, footage: Footage, rows: Rows) -> Ring:
        """The pasts before some rows of real play."""
        ring = footage.ring(rows)
        return replace(ring, frames=self._planes(ring.frames[..., 0])).to(self._device)

    def shown(self, ring: Ring) -> Tensor:
        """The newest frames as palette indices, (B, h, w) uint8; an RGB pixel counts as its nearest colour."""
        newest = ring.newest.cpu()
        if newest.shape[-1] == 1:
            return newest[..., 0]
        parts = [(frame[..., None, :].int() - self.palette.int()).square().sum(-1).argmin(-1) for frame in newest]
        return torch.stack(parts).to(torch.uint8)

    def _planes(self, frames: Tensor) -> Tensor:
        """Indices (..., h, w) as the cartridge holds frames, (..., h, w, P)."""
        if self.config.palette:
            return frames[..., None]
        known = torch.cat([self.palette, torch.zeros(1, 3)]).to(torch.uint8)
        return known[frames.long().clamp(max=len(self.palette))]

    def _autocast(self) -> torch.autocast:
        lower = self._precision != torch.float32
        return torch.autocast(torch.device(self._device).type, self._precision if lower else torch.bfloat16, lower)


def true_scrolls(footage: Footage, rows: Rows) -> Tensor:
    """How far the camera went into each row, pixels, 0 at a cut, (B,)."""
    now = torch.from_numpy(rows)
    went = footage.odometer[now] - footage.odometer[now - 1]
    return went.masked_fill((went < 0) | (went > 16), 0)


def spread(rows: Rows, count: int) -> Rows:
    """So many of the rows, evenly spread."""
    if count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]


def probe_error(dreamer: Dreamer, footage: Footage, rows: Rows) -> dict[str, float]:
    """How well the probe finds the hero in real frames: its error in pixels, and the shares it misses or imagines."""
    truth = footage.places[torch.from_numpy(rows)]
    seen = dreamer.places(footage.frames[torch.from_numpy(rows)])
    there, found = truth[:, 2] > 0, seen[:, 2] > 0
    error = (seen - truth)[there & found, :2].norm(dim=1)
    if not len(error):
        return {"probe.missed": 1.0}
    return {
        "probe.error_median": float(error.median()),
        "probe.error_95th": float(error.quantile(0.95)),
        "probe.missed": float((there & ~found).sum() / there.sum()),
        "probe.imagined": float((~there & found).sum() / max(int((~there).sum()), 1)),
    }
