"""A recipe: one training run as a frozen dataclass; each lives in `training/recipes/` and is found by its name."""

import importlib
import pkgutil
from dataclasses import dataclass, field

from dreamplay.config import CodecConfig, Counter, DenoiserConfig, MotionConfig
from dreamplay.errors import UnknownNameError
from training import recipes


@dataclass(frozen=True)
class Hyper:
    """How one network is trained.

    Attributes:
        batch: Samples a step.
        rate: Learning rate of AdamW after the warm-up.
        minutes: Time budget; what remains after a resume counts on.
        steps: Length in steps instead, which makes a run independent of the machine's speed.
        warmup: Steps of linear warm-up.
        tail: Last share of the run in which the rate falls linearly to zero.
        clip: Norm that gradients are clipped to.
        ema: Decay of the exponential moving average that is exported.
        decay: Weight decay.
        seed: Of weights, data order and noise.
    """

    batch: int
    rate: float
    minutes: float
    steps: int | None = None
    warmup: int = 200
    tail: float = 0.4
    clip: float = 1.0
    ema: float = 0.998
    decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class Diffusion:
    """How the denoiser is trained (EDM, Karras et al. 2022, and what a few-step player adds).

    Attributes:
        start: Share of rows at the first noise level whose input is pure noise, as play begins.
        changed: Extra weight of patches that change.
        busy: Extra weight of patches where the hero or another thing is or was.
        corrupt: Share of rows whose last frame is damaged, told to nobody.
        erase: Share of rows one of whose things is erased, doubled or moved.
        rollout: Share of the batch that lives on the model's own frames, from `warm` on.
        length: Mean length of such a life in frames.
        warm: Share of the run after which rollouts begin.
        lost: Share of wrong pixels at which a life ends.
        forget: Share of rows whose odometer is unknown.
    """

    start: float = 0.75
    changed: float = 7.0
    busy: float = 6.0
    corrupt: float = 0.5
    erase: float = 0.3
    rollout: float = 0.5
    length: float = 12.0
    warm: float = 0.5
    lost: float = 0.08
    forget: float = 0.1


@dataclass(frozen=True)
class Recipe:
    """One training run from movies to a cartridge.

    Attributes:
        name: Of the recipe and the cartridge.
        game: Name in `dreamplay.games`.
        stage: Where the play was collected.
        frames: Rows of play to collect for training.
        heldout: Rows of play to collect for evaluation.
        palette: Whether frames are palette indices (else RGB).
        context: Past frames, T.
        sigmas: The sampler's noise levels.
        temperature: Of the sampler's noise.
        counters: Clocks, whose names are columns of the cache.
        patience: Where the count of frames without the hero stops.
        codec_net, motion_net, denoiser_net: Sizes, and `sigma_data`: the RMS of what is diffused.
        codec, motion, denoiser: How each is trained.
        diffusion: More on the denoiser.
        starts: Scenes in the cartridge.
        collect: More options of `python -m training collect`.
    """

    name: str
    game: str
    stage: str
    frames: int
    heldout: int
    context: int
    sigmas: tuple[float, ...]
    codec_net: CodecConfig
    motion_net: MotionConfig | None
    denoiser_net: DenoiserConfig
    codec: Hyper
    motion: Hyper
    denoiser: Hyper
    palette: bool = True
    temperature: float = 0.0
    counters: tuple[Counter, ...] = ()
    patience: int = 127
    diffusion: Diffusion = field(default_factory=Diffusion)
    starts: int = 12
    collect: tuple[str, ...] = ()


def names() -> list[str]:
    """All recipes."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(recipes.__path__))


def load(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in names():
        raise UnknownNameError("recipe", name, names())
    recipe: Recipe = importlib.import_module(f"training.recipes.{name.replace('-', '_')}").RECIPE
    return recipe
