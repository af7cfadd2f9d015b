"""The three networks as one step: from the past and the buttons held to the next frame.

Axis letters: B batch, T past frames, S past steps, K buttons, C channels, D width, H W latent rows and columns,
h w pixels, P planes of a frame, n patches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dreamplay.config import Config
from dreamplay.models.codec import Codec
from dreamplay.models.denoiser import Denoiser, Scene
from dreamplay.models.layers import PATCH, from_patches, to_patches
from dreamplay.models.motion import Motion, reckon
from dreamplay.ring import Ring, shift

CUT = 0.2
"""Share of pixels that a frame changes when another scene begins."""


@dataclass(frozen=True)
class Moved:
    """The past as it stands once the camera has scrolled, before anything is drawn.

    Attributes:
        frames: (B, T, h, w, P) uint8, new columns unknown.
        buttons, scrolls: With the present step last, (B, S + 1, K) and (B, S + 1).
        places: Of the hero in the past frames, (B, S, 3).
        odometer, counters, still: As in a ring, at the next frame (still: at the last one).
    """

    frames: Tensor
    buttons: Tensor
    scrolls: Tensor
    places: Tensor
    odometer: Tensor
    counters: Tensor
    still: Tensor


Imagine = Callable[[Moved, Tensor], tuple[Tensor, Tensor]]
"""The dense part of a step, which a backend may compile: see `Model.imagine`."""


class Model(nn.Module):
    """Codec, motion head and denoiser of one cartridge."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        palette, game = config.palette, config.game
        self.codec = Codec(config.codec, palette)
        self.motion = Motion(config.motion, len(game.buttons), palette) if config.motion else None
        self.denoiser = Denoiser(
            config.denoiser,
            channels=config.codec.channels,
            planes=self.codec.planes,
            context=config.context,
            buttons=len(game.buttons),
            rows=game.height // PATCH,
            counters=config.counters,
            patience=config.patience,
            history=config.motion.history if config.motion else 0,
        )
        self.sigmas: tuple[float, ...] = config.sigmas
        self.compiled: Imagine | None = None

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """Shape of the noise of one frame, (C, H, W)."""
        game = self.config.game
        return self.config.codec.channels, game.height // PATCH, game.width // PATCH

    def scroll(self, ring: Ring, held: Tensor) -> Tensor:
        """Logits of the motion classes, (B, classes). held: (B, K)."""
        assert self.motion is not None
        s = self.motion.config.history
        past = ring.buttons[:, -s:], ring.scrolls[:, -s:].float(), ring.places[:, -s:]
        return self.motion(*past, held, ring.odometer.float(), ring.still.float())

    def move(self, ring: Ring, held: Tensor, motion: Tensor) -> Moved:
        """Scroll the past.

        Args:
            ring: The past.
            held: Buttons held now, (B, K).
            motion: Motion classes, (B,) int64.
        """
        config = self.config
        scrolls, odometer = motion, ring.odometer
        if config.motion is not None and config.motion.cuts:
            cut = motion - config.motion.fastest - 1
            scrolls = motion.masked_fill(cut >= 0, 0)
            there = motion.new_tensor(config.motion.cuts)[cut.clamp(min=0)]
            odometer = torch.where((cut >= 0) & (odometer >= 0), there, odometer)
        odometer = torch.where(odometer >= 0, odometer + scrolls, odometer)
        steps = ring.counters.new_tensor([counter.step for counter in config.counters])
        periods = ring.counters.new_tensor([counter.period for counter in config.counters])
        return Moved(
            frames=shift(ring.frames, scrolls.tolist(), top=config.status_rows, unknown=len(config.palette)),
            buttons=torch.cat([ring.buttons, held[:, None]], 1),
            scrolls=torch.cat([ring.scrolls, scrolls[:, None]], 1),
            places=ring.places,
            odometer=odometer,
            counters=(ring.counters + steps) % periods,
            still=ring.still,
        )

    def observe(self, moved: Moved) -> tuple[Tensor, Scene]:
        """The newest moved frame's latent (B, C, H, W), and all that conditions the next one."""
        latent = self.codec.encode(moved.frames[:, -1])
        return latent, self.denoiser.observe(
            moved.frames,
            latent,
            self.codec.codes,
            buttons=moved.buttons,
            scrolls=moved.scrolls.to(latent.dtype),
            places=moved.places.to(latent.dtype),
            odometer=moved.odometer,
            counters=moved.counters,
            still=moved.still,
        )

    def imagine(self, moved: Moved, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Dream the next frame's features.

        Args:
            moved: The past, scrolled.
            noise: Already scaled by the temperature, (B, C, H, W).

        Returns:
            What each patch is drawn from, (B, H, W, D), and the gate's logits, (B, H, W).
        """
        latent, scene = self.observe(moved)
        change, gate = self.denoiser.sample(noise, self.sigmas, scene)
        clean = latent + change if self.config.denoiser.residual else change
        return self.codec.features(clean), gate

    def paint(self, moved: Moved, features: Tensor, gate: Tensor) -> Tensor:
        """Draw the patches that change over the moved frame.

        Args:
            moved: The past, scrolled.
            features: (B, H, W, D).
            gate: Logits, (B, H, W).

        Returns:
            The next frame, (B, h, w, P) uint8.
        """
        threshold = self.config.denoiser.gate
        if threshold is None:
            return from_patches(self.codec.pixels(features.flatten(0, 2)).reshape(*gate.shape, -1), self.codec.planes)
        patches = to_patches(moved.frames[:, -1])  # (B, H, W, 64 P)
        changed = gate.sigmoid() > threshold
        unknown = (
            patches == len(self.config.palette) if self.config.palette else torch.zeros_like(patches, dtype=torch.bool)
        )
        wanted = changed | unknown.any(-1)
        drawn = self.codec.pixels(features[wanted])  # (n, 64 P)
        patches[wanted] = torch.where(changed[wanted][:, None] | unknown[wanted], drawn, patches[wanted])
        return from_patches(patches, self.codec.planes)

    def push(self, ring: Ring, moved: Moved, frame: Tensor) -> Ring:
        """The past with one more frame. frame: (B, h, w, P) uint8."""
        top = self.config.status_rows
        same = (frame[:, top:] == moved.frames[:, -1, top:]).flatten(1).all(1) & (moved.scrolls[:, -1] == 0)
        place = self._place(ring, moved, frame) if self.motion else ring.places[:, -1]
        return Ring(
            frames=torch.cat([moved.frames[:, 1:], frame[:, None]], 1),
            buttons=moved.buttons[:, 1:],
            scrolls=moved.scrolls[:, 1:],
            places=torch.cat([ring.places[:, 1:], place[:, None]], 1),
            odometer=moved.odometer,
            counters=moved.counters,
            still=torch.where(same, (ring.still + 1).clamp(max=self.config.patience), 0),
        )

    def _place(self, ring: Ring, moved: Moved, frame: Tensor) -> Tensor:
        """Where the hero is in the new frame, (B, 3): as the tracker sees it, or reckoned while the scene lasts."""
        assert self.motion is not None
        seen = self.motion.tracker.places(frame)
        guess = reckon(ring.places, frame.shape[2], frame.shape[1])
        cut = (frame != moved.frames[:, -1]).flatten(1).float().mean(1) > CUT
        return torch.where((seen[:, 2:] > 0) | cut[:, None], seen, guess)

    @torch.no_grad()
    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """One frame.

        Args:
            ring: The past.
            held: Buttons held now, 0/1, (B, K).
            noise: Unit variance times the temperature, (B, C, H, W).
            motion: Motion classes (B,) to use instead of the model's own.
        """
        if motion is None:
            motion = self.scroll(ring, held).argmax(1) if self.motion else torch.zeros_like(ring.odometer)
        moved = self.move(ring, held, motion)
        features, gate = (self.compiled or self.imagine)(moved, noise)
        return self.push(ring, moved, self.paint(moved, features, gate))
