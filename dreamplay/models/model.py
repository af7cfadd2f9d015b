"""The three networks as one step: from the past and the buttons held to the next frame.

Axis letters: B batch, N things, T past frames, S past steps, K buttons, C channels, D width, H W latent rows and
columns, h w pixels, P planes of a frame, n patches.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.config import Config
from dreamplay.models import backdrop, blocks
from dreamplay.models.codec import Codec
from dreamplay.models.denoiser import Denoiser, Scene
from dreamplay.models.layers import PATCH, coded_history, from_patches, to_patches
from dreamplay.models.motion import Foresight, Motion
from dreamplay.models.moves import tick
from dreamplay.ring import Ring, away, shift


@dataclass(frozen=True)
class Moved:
    """The past as it stands once the camera has scrolled, before anything is drawn.

    Attributes:
        frames: (B, T, h, w, P) uint8, new columns unknown.
        buttons, scrolls: With the present step last, (B, S + 1, K) and (B, S + 1).
        things: In the past frames and, last, in the next one, (B, S + 1, N, E).
        odometer, counters, absent: As in a ring, at the next frame.
    """

    frames: Tensor
    buttons: Tensor
    scrolls: Tensor
    things: Tensor
    odometer: Tensor
    counters: Tensor
    absent: Tensor

    def tensors(self) -> list[Tensor]:
        """All fields in their order."""
        return [getattr(self, field.name) for field in fields(self)]


TOGETHER = 32
"""Patches are drawn in multiples of this: a CPU makes kernels of its own for every new number of them."""

Imagine = Callable[[Moved, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Parts:
    """The arithmetic of a step, which a backend may do in its own way: the methods of `Model` that have these names."""

    foresee: Callable[[Ring, Tensor], Foresight]
    imagine: Imagine
    pixels: Callable[[Moved, Tensor, Tensor], Tensor]


class Model(nn.Module):
    """Codec, motion head and denoiser of one cartridge."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self._shapes = backdrop.forms(config.denoiser.looks)
        palette, game = config.palette, config.game
        self.codec = Codec(config.codec, palette)
        self.motion = (
            Motion(
                config.motion,
                len(game.buttons),
                palette,
                config.counters,
                config.patience,
                backdrop=config.denoiser.backdrop,
            )
            if config.motion
            else None
        )
        self.denoiser = Denoiser(
            config.denoiser,
            channels=config.codec.channels,
            planes=self.codec.planes,
            context=config.context,
            buttons=len(game.buttons),
            rows=game.height // PATCH,
            counters=config.counters,
            history=config.motion.history if config.motion else 0,
            kinds=config.motion.kinds if config.motion else 0,
            colors=len(config.palette),
            inks=config.codec.colors,
        )
        self.sigmas: tuple[float, ...] = config.sigmas
        self.parts: Parts | None = None

    @property
    def eager(self) -> Parts:
        """The parts of a step as they are written here."""
        return Parts(self.foresee, self.imagine, self.pixels)

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """Shape of the noise of one frame, (C, H, W)."""
        game = self.config.game
        return self.config.codec.channels, game.height // PATCH, game.width // PATCH

    def foresee(self, ring: Ring, held: Tensor, motion: Tensor | None = None) -> Foresight:
        """The likeliest motion of the next frame, in float32 always: its layers are too small to gain from fewer bits.

        Args:
            ring: The past.
            held: Buttons held now, (B, K).
            motion: Motion classes (B,) to use instead.
        """
        if self.motion is None:
            counters = tick(ring.counters, torch.zeros_like(ring.counters), self.config.counters, ring.odometer)
            return Foresight(torch.zeros_like(ring.odometer), ring.things[:, -1], counters)
        with torch.autocast(held.device.type, enabled=False):
            return self.motion.likeliest(self.motion(ring, held, motion=motion), ring, motion)

    def _heard(self, held: Tensor, odometer: Tensor) -> Tensor:
        """The buttons that count, (B, K): the console's own where it guides the hero. odometer: (B,)."""
        for first, end, mask in self.config.motion.guided if self.config.motion else ():
            own = held.new_tensor([mask >> i & 1 for i in range(held.shape[1])])
            held = torch.where(((odometer >= first) & (odometer < end))[:, None], own, held)
        return held

    def move(self, ring: Ring, held: Tensor, after: Foresight) -> Moved:
        """Scroll the past.

        Args:
            ring: The past.
            held: Buttons held now, (B, K).
            after: What moves where.
        """
        config, motion, things = self.config, after.motion, after.things
        scrolls, odometer = motion, ring.odometer
        if config.motion is not None and config.motion.cuts:
            cut = motion - config.motion.fastest - 1
            scrolls = motion.masked_fill(cut >= 0, 0)
            there = motion.new_tensor(config.motion.cuts)[cut.clamp(min=0)]
            odometer = torch.where((cut >= 0) & (odometer >= 0), there, odometer)
        odometer = torch.where(odometer >= 0, odometer + scrolls, odometer)
        return Moved(
            frames=shift(ring.frames, scrolls.tolist(), top=config.status_rows, unknown=len(config.palette)),
            buttons=torch.cat([ring.buttons, held[:, None]], 1),
            scrolls=torch.cat([ring.scrolls, scrolls[:, None]], 1),
            things=torch.cat([ring.things, things[:, None]], 1),
            odometer=odometer,
            counters=after.counters,
            absent=self._absent(ring, things),
        )

    def _absent(self, ring: Ring, things: Tensor) -> Tensor:
        """Frames without the hero in the same scene, (B,). things: Of the next frame, (B, N, E)."""
        if self.motion is None:
            return ring.absent
        before, now = ring.things[:, -1, 0, 2], things[:, 0, 2]
        longer = torch.where(now == before, ring.absent + 1, 1).clamp(max=self.config.patience)
        return torch.where(now > 0, 0, longer)

    def coded(self, moved: Moved) -> Tensor:
        """The moved frames as the networks read them, (B, T n, H, W): apart from these, since a recorded graph knows no
        numbers that are read as others."""
        return coded_history(moved.frames, self.codec.codes)

    def observe(self, moved: Moved, coded: Tensor) -> tuple[Tensor, Scene]:
        """The newest moved frame's latent (B, C, H, W), and all that conditions the next one. coded: (B, T n, H, W)."""
        latent = self.codec.latent(coded.chunk(self.config.context, 1)[-1])
        return latent, self.denoiser.observe(
            coded,
            latent,
            buttons=moved.buttons,
            scrolls=moved.scrolls.float(),
            things=moved.things,
            odometer=moved.odometer,
            counters=moved.counters,
            absent=moved.absent,
        )

    def imagine(self, moved: Moved, coded: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Dream the next frame's features.

        Args:
            moved: The past, scrolled.
            coded: Its frames as the networks read them.
            noise: Already scaled by the temperature, (B, C, H, W).

        Returns:
            What each patch is drawn from, (B, H, W, D), and the gate's logits, (B, H, W).
        """
        latent, scene = self.observe(moved, coded)
        change, gate = self.denoiser.sample(noise, self.sigmas, scene)
        clean = latent + change if self.config.denoiser.residual else change
        return self.codec.features(clean), gate

    def paint(
        self,
        moved: Moved,
        features: Tensor,
        gate: Tensor,
        pixels: Callable[[Moved, Tensor, Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Draw the patches that change over the moved frame.

        Args:
            moved: The past, scrolled.
            features: (B, H, W, D).
            gate: Logits, (B, H, W).
            pixels: What draws them; the model itself unless given.

        Returns:
            The next frame, (B, h, w, P) uint8.
        """
        threshold = self.config.denoiser.gate
        if threshold is None:
            return from_patches(self.codec.pixels(features.flatten(0, 2)).reshape(*gate.shape, -1), self.codec.planes)
        patches = to_patches(moved.frames[:, -1])  # (B, H, W, 64 P)
        changed = gate.sigmoid() > threshold
        unknown = len(self.config.palette)  # the largest number; none in RGB
        wanted = _rounded(changed | (patches.amax(-1) == unknown) if unknown else changed)
        if wanted.any():
            drawn, old = (pixels or self.pixels)(moved, features, wanted), patches[wanted]  # (n, 64 P)
            new = changed[wanted][:, None] | (old == unknown) if unknown else changed[wanted][:, None]
            patches[wanted] = torch.where(new, drawn, old)
        frame = self._tidied(moved, from_patches(patches, self.codec.planes))
        last, kinds = -blocks.HELD - 2, self.config.denoiser.settles
        return blocks.settle(frame, moved.frames[:, -1], moved.things[:, last:], moved.scrolls[:, last:], kinds)

    def _tidied(self, moved: Moved, frame: Tensor) -> Tensor:
        """A frame, (B, h, w, P) uint8, without the dots that things leave behind."""
        unknown, top = len(self.config.palette), self.config.status_rows
        if not (self.config.denoiser.backdrop and unknown):
            return frame
        last = moved.scrolls[:, -1]
        since = torch.stack([moved.scrolls[:, -2] + last, last, torch.zeros_like(last)], 1)
        return backdrop.tidy(
            frame, moved.frames[:, 0], moved.things[:, -3:], since, self._shapes, top=top, unknown=unknown
        )

    def pixels(self, moved: Moved, features: Tensor, wanted: Tensor) -> Tensor:
        """Draw patches as a frame holds them.

        Args:
            moved: The past, scrolled.
            features: (B, H, W, D).
            wanted: Which patches, (B, H, W) bool.

        Returns:
            (n, 64 P) uint8.
        """
        if self.denoiser.sprites is None:
            return self.codec.pixels(features[wanted])
        return self.draw(moved, features, wanted).max(-1).indices.to(torch.uint8)  # argmax takes twice as long in bf16

    def draw(self, moved: Moved, features: Tensor, wanted: Tensor) -> Tensor:
        """As `pixels`, but logits over the palette, (n, 64, colours)."""
        sprites, drawn, newest = self.denoiser.sprites, self.codec.ink(features[wanted]), moved.frames[:, -1]
        if sprites is None:
            return self.codec.inks(drawn)
        now = self.denoiser.shown_things(moved.things, moved.scrolls, moved.counters, moved.odometer)
        step = sum(counter.steps[0] for counter in self.config.counters[:1])
        past, ticks = moved.things, moved.counters[:, :1] - step
        were = self.denoiser.looks(past[:, -2], past[:, -3], moved.scrolls[:, -2], ticks, moved.odometer)
        were = were - F.pad(moved.scrolls[:, -1, None, None].long(), (0, 2))
        were = F.pad(were, (0, 0, 0, now.shape[1] - were.shape[1]))
        before, after = sprites.laid(torch.cat([were, now]), torch.cat([wanted, wanted])).chunk(2)
        sources = [newest, moved.frames[:, 0]] if self.config.denoiser.backdrop else [newest]
        old = torch.stack([to_patches(frame)[wanted] for frame in sources], -1)
        more, keep = sprites(drawn, old, before, after)
        here = ~away(moved.things[:, -1])  # of another scene no pixel may stay
        keep = keep * here[:, None, None].expand_as(wanted)[wanted][:, None, None]
        logits: Tensor = self.codec.inks(drawn + more)
        return logits.scatter_add(-1, old.long().clamp(max=logits.shape[-1] - 1), keep)

    def push(self, ring: Ring, moved: Moved, frame: Tensor) -> Ring:
        """The past with one more frame. frame: (B, h, w, P) uint8."""
        return Ring(
            frames=torch.cat([*self._older(moved), frame[:, None]], 1),
            buttons=moved.buttons[:, 1:],
            scrolls=moved.scrolls[:, 1:],
            things=moved.things[:, 1:],
            odometer=moved.odometer,
            counters=moved.counters,
            absent=moved.absent,
        )

    def _older(self, moved: Moved) -> list[Tensor]:
        """The past frames but the newest, (B, ., h, w, P) each."""
        context = self.config.context
        if not self.config.denoiser.backdrop:
            return [moved.frames[:, 1:]]
        since = moved.scrolls[:, 1 - context :].sum(1)
        things = moved.things[:, -context]
        behind = backdrop.remember(moved.frames[:, 0], moved.frames[:, 1], things, since, self._shapes)
        return [behind[:, None], moved.frames[:, 2:]]

    @torch.no_grad()
    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """One frame.

        Args:
            ring: The past.
            held: Buttons held now, 0/1, (B, K).
            noise: Unit variance times the temperature, (B, C, H, W).
            motion: Motion classes (B,) to use instead of the model's own.
        """
        parts, held = self.parts or self.eager, self._heard(held, ring.odometer)
        after = parts.foresee(ring, held) if motion is None else self.foresee(ring, held, motion)
        moved = self.move(ring, held, after)
        features, gate = parts.imagine(moved, self.coded(moved), noise)
        return self.push(ring, moved, self.paint(moved, features, gate, parts.pixels))


def _rounded(wanted: Tensor) -> Tensor:
    """Patches to draw, with others besides that make their number a multiple of `TOGETHER`, (B, H, W) bool."""
    flat = wanted.flatten()
    missing = -int(flat.sum()) % TOGETHER
    others = (~flat).nonzero()[:missing, 0]
    return flat.index_fill(0, others, 1).view_as(wanted)
