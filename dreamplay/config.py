"""config.json <-> Config: everything a cartridge's weights depend on, strict and versioned. No torch here.

A field's bounds stand beside it: `_bounded(low, high)` for a number, and for the length of a list.
"""

from dataclasses import dataclass, field
from typing import Any

from dreamplay.world import GameSpec

FORMAT = 1


def _bounded(low: float, high: float) -> Any:
    return field(metadata={"low": low, "high": high})


@dataclass(frozen=True)
class CodecConfig:
    """The autoencoder of frames.

    Attributes:
        channels: Channels of a latent, C.
        width: Channels of the convolutions, D.
        hidden: Width of the layers that draw one patch.
        colors: Length of a colour's code in the palette head; 0 for an RGB head (no palette).
    """

    channels: int = _bounded(1, 64)
    width: int = _bounded(8, 512)
    hidden: int = _bounded(8, 2048)
    colors: int = _bounded(0, 32)


@dataclass(frozen=True)
class MotionConfig:
    """The head that predicts the camera's scroll.

    Attributes:
        fastest: The fastest scroll, in pixels a frame; the classes are 0..fastest, then one for each cut.
        cuts: Odometer readings at which a cut to another scene may arrive (a restart, a checkpoint).
        history: Past frames it knows the buttons, the scrolls and the hero's places of.
        width: Width of its layers.
        eye: Channels of the tracker that finds the hero on the screen.
    """

    fastest: int = _bounded(1, 32)
    cuts: tuple[int, ...] = _bounded(0, 16)
    history: int = _bounded(1, 64)
    width: int = _bounded(8, 1024)
    eye: int = _bounded(4, 128)


@dataclass(frozen=True)
class DenoiserConfig:
    """The diffusion model of the next latent.

    Attributes:
        backbone: Name of a module in `dreamplay.models.backbones`.
        widths: Channels at each resolution, finest first.
        blocks: Residual blocks at each resolution on the way down (as many on the way up).
        embedding: Width of the conditioning vector.
        residual: Whether the change of the moved frame is diffused (else the frame itself).
        gate: Share above which a patch counts as changed; None pastes the whole frame.
        sigma_data: RMS of what is diffused.
        memory: Channels of the learned map of the level that the odometer reads; 0 for none.
        columns: Length of that map in patches of 8 pixels.
    """

    backbone: str
    widths: tuple[int, ...] = _bounded(1, 6)
    blocks: int = _bounded(1, 8)
    embedding: int = _bounded(8, 2048)
    residual: bool
    gate: float | None = _bounded(0, 1)
    sigma_data: float = _bounded(1e-4, 100)
    memory: int = _bounded(0, 64)
    columns: int = _bounded(0, 65536)


@dataclass(frozen=True)
class Counter:
    """A clock of the console that a dream carries on by itself.

    Attributes:
        name: What it counts.
        period: It counts modulo this.
        step: How far it goes in one frame.
    """

    name: str
    period: int = _bounded(2, 4096)
    step: int = _bounded(0, 4095)


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from: recipe, commit, hash of the movies, samples seen by the denoiser, seed."""

    recipe: str
    commit: str
    movies: str
    samples: int = _bounded(0, 10**12)
    seed: int = _bounded(0, 2**63 - 1)


@dataclass(frozen=True)
class Config:
    """A cartridge without its weights.

    Attributes:
        format: Version of this file's format.
        name: The cartridge's name.
        license: Licence of the weights.
        game: What is played.
        palette: RGB of every palette index; empty for an RGB codec. One more index, the last, means "unknown".
        status_rows: Rows at the top that do not scroll, in pixels, a multiple of 8.
        context: Past frames the denoiser sees, T.
        sigmas: The sampler's noise levels, falling, without the final zero.
        temperature: Scale of the noise that sampling starts from.
        counters: Clocks that condition the denoiser.
        patience: Frames without change after which the stillness counter stops.
        codec, motion, denoiser: The networks; motion is None for games without scroll.
        starts: Names of the scenes a dream may begin at.
        provenance: Where the weights come from.
        quality: Numbers of the evaluation, by name.
        sha256: Of every file of weights, by file name.
    """

    format: int
    name: str
    license: str
    game: GameSpec
    palette: tuple[tuple[int, int, int], ...] = _bounded(0, 255)
    status_rows: int = _bounded(0, 4096)
    context: int = _bounded(1, 16)
    sigmas: tuple[float, ...] = _bounded(1, 64)
    temperature: float = _bounded(0, 10)
    counters: tuple[Counter, ...] = _bounded(0, 8)
    patience: int = _bounded(0, 4096)
    codec: CodecConfig
    motion: MotionConfig | None
    denoiser: DenoiserConfig
    starts: tuple[str, ...] = _bounded(1, 256)
    provenance: Provenance
    quality: dict[str, float]
    sha256: dict[str, str]
