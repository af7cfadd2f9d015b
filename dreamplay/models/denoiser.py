"""The denoiser: EDM preconditioning around a backbone, what conditions it, and the sampler.

Karras et al. 2022, arXiv 2206.00364 (table 1, "Ours"; algorithm 1 with Euler steps). What is diffused is the change
of the latent from the moved last frame to the next one, as in a video codec.

Axis letters: B batch, N things, T past frames, S past steps, K buttons, C channels, D width, H W latent rows and
columns, h w pixels, P planes of a frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dreamplay.coherence import DIGITS
from dreamplay.config import Counter, DenoiserConfig
from dreamplay.models import backbones
from dreamplay.models.layers import PATCH, Conditioning, Stamps, working_dtype
from dreamplay.models.moves import TRAIL, trail
from dreamplay.models.sprites import Looks, Sprites
from dreamplay.ring import away

BUTTON_STEPS = 8
"""Past steps whose buttons condition the denoiser."""
ABSENT = 8
"""Frames without the hero that are told apart: nothing looks different later, and each number more is one to go wrong
with."""


@dataclass(frozen=True)
class Scene:
    """What the denoiser is told of a frame to come, apart from the noise.

    Attributes:
        features: The moved frame's latent, the past frames, the level's map and where things will be, (B, D, H, W).
        condition: Buttons, scroll, clocks, (B, embedding).
    """

    features: Tensor
    condition: Tensor


class Denoiser(nn.Module):
    """Predicts the clean change and, for each patch, whether it changes at all."""

    digits: Tensor

    def __init__(
        self,
        config: DenoiserConfig,
        *,
        channels: int,
        planes: int,
        context: int,
        buttons: int,
        rows: int,
        counters: Sequence[Counter] = (),
        history: int = 0,
        kinds: int = 0,
        colors: int = 0,
        inks: int = 0,
    ) -> None:
        super().__init__()
        self.config, self.channels, self.context, self.history = config, channels, context, history
        d, e = config.widths[0], config.embedding
        self.past = nn.Conv2d(PATCH * PATCH * (4 if planes == 1 else 3) * context, d, 1)
        self.noise = nn.Sequential(Conditioning(16, e), nn.SiLU(), Conditioning(e, e))
        self.buttons = Conditioning((BUTTON_STEPS + 1) * buttons, e)
        self.scrolls = Conditioning(context + 1, e)
        self.trail = nn.Sequential(Conditioning(history * TRAIL, e), nn.SiLU(), Conditioning(e, e)) if history else None
        shown = [(i, digit.x, digit.y, digit.unit) for i, counter in enumerate(counters) for digit in counter.digits]
        self.register_buffer("digits", torch.tensor(shown, dtype=torch.long).view(-1, 4), persistent=False)
        self.units = [counter.unit for counter in counters]
        self.counters = nn.ModuleList(nn.Embedding(unit, e) for unit in self.units)
        self.absent = nn.Embedding(ABSENT + 1, e)
        self.phase = nn.Embedding(PATCH, e)
        self.kinds = kinds
        self.scene = nn.Embedding(kinds, e) if kinds else None
        self.rows = rows
        self.map = nn.Embedding((config.columns + 1) * rows, config.memory) if config.memory else None
        tables = [*self.counters, self.absent, self.phase, self.map, self.scene]
        for table in filter(None, tables):
            nn.init.normal_(table.weight, std=0.05)
        self.mix = nn.Sequential(nn.SiLU(), Conditioning(e, e), nn.SiLU())
        shown_as = max([kinds + DIGITS, *(look.end for look in config.looks)])
        self.stamps = Stamps(shown_as, config.stamp) if config.stamp else None
        self.looks = Looks(config.looks, kinds)
        self.sprites = Sprites(shown_as, colors, inks, config.sprite, 1 + config.backdrop) if config.sprite else None
        inputs = 2 * channels + d + 2 * config.memory + config.stamp
        self.backbone = backbones.build(
            config.backbone,
            inputs=inputs,
            outputs=channels + 1,
            widths=config.widths,
            blocks=config.blocks,
            embedding=e,
        )

    def observe(
        self,
        coded: Tensor,
        latent: Tensor,
        *,
        buttons: Tensor,
        scrolls: Tensor,
        things: Tensor,
        odometer: Tensor,
        counters: Tensor,
        absent: Tensor,
    ) -> Scene:
        """Gather the conditions of the next frame.

        Args:
            coded: Past frames shifted by the scroll since, as `coded_history` makes them, (B, ., H, W).
            latent: The newest moved frame's latent, (B, C, H, W).
            buttons: That led to the past frames and, last, those held now, (B, S + 1, K).
            scrolls: Of the past frames and, last, of the next one, in pixels, (B, S + 1).
            things: In the past frames and, last, in the next one, (B, S + 1, N, E).
            odometer: Camera's left edge of the next frame in pixels, negative where unknown, (B,).
            counters: The clocks at the next frame, (B, counters).
            absent: Frames without the hero in the same scene, the next one included, (B,).
        """
        features = [latent, self.past(coded)]
        if self.map is not None:
            features.append(self._map(odometer, latent.shape[-1]))
        if self.stamps is not None:
            shown = self.shown_things(things, scrolls.long(), counters, odometer)
            features.append(self.stamps(shown, *latent.shape[-2:]))
        condition = self.buttons(buttons[:, -BUTTON_STEPS - 1 :].flatten(1))
        condition = condition + self.scrolls(scrolls[:, -self.context - 1 :] / 4)
        condition = condition + self.absent(absent.clamp(max=ABSENT))
        condition = condition + self.phase(odometer.clamp(min=0) % PATCH)
        if self.scene is not None:
            condition = condition + self.scene(things[:, -1, 0, 2] % self.kinds)
        if self.trail is not None:
            condition = condition + self.trail(trail(scrolls[:, :-1], things[:, :-1, 0])[:, -self.history :].flatten(1))
        here = ~away(things[:, -1])[:, None]  # clocks go astray by a tick while the scene changes
        for i, table in enumerate(self.counters):
            condition = condition + table(counters[:, i] % self.units[i]) * here
        return Scene(torch.cat([_laid_out(part) for part in features], 1), condition)

    def shown_things(self, things: Tensor, scrolls: Tensor, counters: Tensor, odometer: Tensor) -> Tensor:
        """Things and digits of the next frame.

        Args:
            things: The next frame's last, (B, S + 1, N, E).
            scrolls: Those that led to these frames, in pixels, (B, S + 1).
            counters: The clocks at the next frame, (B, counters).
            odometer: Camera's left edge of the next frame in pixels, (B,).

        Returns:
            x, y and picture, (B, N + digits, 3).
        """
        looks = self.looks(things[:, -1], things[:, -2], scrolls[:, -1], counters[:, :1], odometer)
        return torch.cat([looks, self._digits(counters)], 1)

    def _digits(self, counters: Tensor) -> Tensor:
        """The clocks' digits as things. counters: (B, counters). Returns (B, digits, 3)."""
        which, x, y, unit = self.digits.unbind(1)
        values = self.kinds + counters[:, which] // unit % 10
        return torch.stack([x.expand_as(values), y.expand_as(values), values], 2)

    def _map(self, odometer: Tensor, columns: int) -> Tensor:
        """The level's learned map where the camera is, both columns under each patch, (B, 2 memory, H, W)."""
        assert self.map is not None
        last = self.config.columns
        first = torch.where(odometer < 0, last, odometer // PATCH)
        wanted = (first[:, None] + torch.arange(columns + 1, device=odometer.device)).clamp(max=last)  # (B, W + 1)
        cells = wanted[:, None, :] * self.rows + torch.arange(self.rows, device=odometer.device)[:, None]
        level = self.map(cells).permute(0, 3, 1, 2)  # (B, memory, H, W + 1)
        return torch.cat([level[..., :-1], level[..., 1:]], 1)

    def forward(self, x: Tensor, sigma: Tensor, scene: Scene) -> tuple[Tensor, Tensor]:
        """The network's raw output F_theta and the gate.

        Args:
            x: The noisy change, (B, C, H, W).
            sigma: Noise level, (B,).
            scene: What is known.

        Returns:
            F_theta (B, C, H, W) and the gate's logits (B, H, W).
        """
        c_in, _, _ = self.preconditioning(sigma)
        condition = self.mix(scene.condition + self.noise(_fourier(sigma.log() / 4)))
        out = self.backbone(torch.cat([_laid_out(x * c_in), scene.features], 1), condition)
        return out[:, :-1], out[:, -1]

    def preconditioning(self, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """c_in, c_skip and c_out, each (B, 1, 1, 1), of EDM's table 1."""
        s, data = sigma[:, None, None, None], self.config.sigma_data
        norm = (s**2 + data**2).sqrt()
        return 1 / norm, data**2 / norm**2, s * data / norm

    def denoise(self, x: Tensor, sigma: Tensor, scene: Scene) -> tuple[Tensor, Tensor]:
        """The clean change that x stands for, (B, C, H, W), and the gate's logits, (B, H, W)."""
        raw, gate = self(x, sigma, scene)
        _, c_skip, c_out = self.preconditioning(sigma)
        return c_skip * x + c_out * raw, gate

    def sample(self, noise: Tensor, sigmas: Sequence[float], scene: Scene) -> tuple[Tensor, Tensor]:
        """Euler steps down the noise levels.

        Args:
            noise: Times the temperature, unit variance or zero, (B, C, H, W).
            sigmas: Falling levels without the final zero.
            scene: What is known.

        Returns:
            The change (B, C, H, W) and the gate's logits (B, H, W) of the last step.
        """
        x = noise * sigmas[0]
        for sigma, lower in zip(sigmas, [*sigmas[1:], 0.0], strict=True):
            clean, gate = self.denoise(x, x.new_full((len(x),), sigma), scene)
            x = clean + (lower / sigma) * (x - clean)
        return x, gate


def _laid_out(x: Tensor) -> Tensor:
    """As convolutions read it, channels last in memory: to put such together takes a fraction of the time."""
    return x.to(working_dtype(x.device), memory_format=torch.channels_last)


def _fourier(x: Tensor) -> Tensor:
    """Fourier features of a scalar. x: (B,). Returns (B, 16)."""
    angles = x[:, None] * (2.0 ** torch.arange(8, device=x.device)) * (math.pi / 4)
    return torch.cat([angles.sin(), angles.cos()], 1)
