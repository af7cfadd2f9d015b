"""config.json <-> Config: everything a cartridge's weights depend on, strict and versioned. No torch here.

A field's bounds stand beside it: `_bounded(low, high)` for a number, and for the length of a list.
"""

import json
import pkgutil
import re
from dataclasses import MISSING, asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from dreamplay import coherence, spec
from dreamplay.errors import CheckpointError
from dreamplay.files import opened_regular, write_whole
from dreamplay.strict import decode, read_json, shown
from dreamplay.world import GameSpec

FORMAT = 1
FILE = "config.json"
GOLDEN = "golden.safetensors"
"""The first frames as the cartridge's maker saw them; a cartridge may do without."""

WEIGHTS = ("codec.safetensors", "motion.safetensors", "denoiser.safetensors", "starts.safetensors", GOLDEN)
"""The only names that a file of weights may have."""
_LARGEST = 1 << 20  # bytes of config.json: some fifty times what a cartridge needs


def _bounded(low: float, high: float, default: Any = MISSING) -> Any:
    """A field with bounds; a default is for those who write a config, a file names every key."""
    return field(default=default, metadata={"low": low, "high": high})


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
    """The head that predicts the camera's scroll and where things will be.

    Attributes:
        fastest: The fastest scroll, in pixels a frame; the classes are 0..fastest, then one for each cut.
        cuts: Odometer readings at which a cut to another scene may arrive (a restart, a checkpoint).
        history: Past frames it knows the buttons, the scrolls and the things of.
        width: Width of its layers.
        eye: Channels of the tracker that finds the hero on the screen.
        things: How many things there are at a time: the hero, then enemies and the like.
        kinds: Kinds of things and their poses; 0 stands for none.
        scenes: How many of them, the last ones, stand for steps of a change of the scene while the hero is away.
        columns: Length of what it remembers of the level, in patches of 8 pixels.
        guided: Where the console itself holds buttons, whatever the player does: from an odometer reading on, to before
            another, and which, as a mask of bits in the order of the game's buttons.
        grows: Kinds of things that a small hero takes and grows.
    """

    fastest: int = _bounded(1, 32)
    cuts: tuple[int, ...] = _bounded(0, 16)
    history: int = _bounded(1, 64)
    width: int = _bounded(8, 1024)
    eye: int = _bounded(4, 128)
    things: int = _bounded(1, 64)
    kinds: int = _bounded(2, 4096)
    scenes: int = _bounded(0, 4095)
    columns: int = _bounded(0, 65536)
    guided: tuple[tuple[int, int, int], ...] = _bounded(0, 16, ())
    grows: tuple[int, ...] = _bounded(0, 16, ())


@dataclass(frozen=True, kw_only=True)
class Look:
    """Things beside the hero whose pictures are not those of the hero's poses with the same numbers.

    Attributes:
        kinds: Of things.
        first: The first of their pictures' numbers, which are in the kinds' order; a number may be that of a kind that
            is not shown by it.
        pictures: How many each kind shows in turn.
        lasts: How far the first clock, which counts the console's frames, goes while it shows one.
        behind: Whether the console draws them before it moves them, where they were one of its frames before.
        within: Odometer readings, the first and the one after the last, where they look so; none for everywhere else.
        across: How many pictures side by side, each with a number of its own, one after the other, make one.
        arm: How far from where the thing is the same picture is shown again: for each time nine pixels, one after each
            eighth of a quarter turn. How many 32nds of a turn the arm has gone from above is the thing's `pull`.
    """

    kinds: tuple[int, ...] = _bounded(1, 64)
    first: int = _bounded(1, 4096)
    pictures: int = _bounded(1, 16)
    lasts: int = _bounded(1, 256)
    behind: bool
    within: tuple[int, ...] = _bounded(0, 2, ())
    across: int = _bounded(1, 8, 1)
    arm: tuple[int, ...] = _bounded(0, 256, ())

    @property
    def end(self) -> int:
        """The number after its last picture's."""
        return self.first + len(self.kinds) * self.pictures * self.across


@dataclass(frozen=True, kw_only=True)
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
        stamp: Channels that tell where things will be; 0 for none.
        sprite: Channels of the learned pictures of things; 0 for none.
        looks: Things with pictures of their own.
        backdrop: Whether the oldest past frame is what was last seen behind things.
        settles: Kinds of things that are a part of the level, with the picture that they have, once they are gone.
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
    stamp: int = _bounded(0, 256)
    sprite: int = _bounded(0, 16)
    looks: tuple[Look, ...] = _bounded(0, 64)
    backdrop: bool
    settles: tuple[int, ...] = _bounded(0, 16, ())


@dataclass(frozen=True)
class Digit:
    """A digit of a clock on the screen: its upper left corner in pixels, and what one of it stands for."""

    x: int = _bounded(0, 1920)
    y: int = _bounded(0, 1080)
    unit: int = _bounded(1, 2**24)


@dataclass(frozen=True)
class Counter:
    """A clock of the console that a dream carries on by itself.

    Attributes:
        name: What it counts.
        period: It counts modulo this.
        steps: How far it may go in one frame; the motion head says which, without one it is the first.
        reset: Where it may begin again; -1 for nowhere.
        elsewhere: Odometer readings from which on it begins again at another reading, and at which.
        digits: Where it is shown, the smallest unit last.
        timers: Kinds of things whose `beat` goes down by one whenever it begins anew.
        ends: Those of them at whose end the scene changes.
        beat: Number of the clock whose new beginnings it counts down while the hero is there; -1 for none.
        pays: Kinds of things that make it take each of its steps, in their order; 0 for a step that none does.
        due: `beat` below which such a thing falls when it does so.
        tied: Modulo which it is one behind the first clock, which counts the console's frames; 0 for one that is not.
    """

    name: str
    period: int = _bounded(2, 2**24)
    steps: tuple[int, ...] = _bounded(1, 12)
    reset: int = _bounded(-1, 2**24)
    digits: tuple[Digit, ...] = _bounded(0, 8)
    timers: tuple[int, ...] = _bounded(0, 64, ())
    ends: tuple[int, ...] = _bounded(0, 32, ())
    beat: int = _bounded(-1, 7, -1)
    pays: tuple[int, ...] = _bounded(0, 12, ())
    due: int = _bounded(0, 63, 0)
    tied: int = _bounded(0, 256, 0)
    elsewhere: tuple[tuple[int, int], ...] = _bounded(0, 8, ())

    @property
    def unit(self) -> int:
        """What its smallest digit stands for; the whole period where it is not shown."""
        return self.digits[-1].unit if self.digits else self.period


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from: recipe, commit, hash of the movies, samples of the denoiser's last run, seed."""

    recipe: str
    commit: str
    movies: str
    samples: int = _bounded(0, 10**12)
    seed: int = _bounded(0, 2**63 - 1)


@dataclass(frozen=True, kw_only=True)
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
        patience: Frames without the hero after which they are no longer counted.
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


def backbones() -> list[str]:
    """The names of all backbones that have a module, without importing them."""
    folder = Path(__file__).parent / "models" / "backbones"
    return sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if module.name[0] != "_")


def load(directory: Path) -> Config:
    """Read the config of a cartridge.

    Raises:
        CheckpointError: It is missing or cannot be trusted.
    """
    with opened_regular(directory / FILE) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise CheckpointError(f"{FILE}: is larger than {_LARGEST} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{FILE}: is not UTF-8 ({error.reason} at byte {error.start})") from error
    return read(text)


def read(text: str) -> Config:
    """Read the text of a config.json.

    Raises:
        CheckpointError: A key is unknown, missing or doubled, a value has the wrong type or lies outside its bounds.
    """
    if len(text) > _LARGEST:
        raise CheckpointError(f"{FILE}: is larger than {_LARGEST} bytes")
    table = read_json(text, FILE)
    version = table.get("format") if isinstance(table, dict) else None
    if version is not None and version != FORMAT:
        raise CheckpointError(f"{FILE}: format is {shown(version)}, this dreamplay reads format {FORMAT}")
    config: Config = decode(Config, table, FILE)
    _check(config)
    return config


def save(directory: Path, config: Config) -> None:
    """Write the config of a cartridge.

    Raises:
        CheckpointError: The config would not be read again.
        StorageError: It cannot be written.
    """
    write_whole(directory / FILE, write(config).encode())


def write(config: Config) -> str:
    """The text of a config.json, which `read` turns into an equal config.

    Raises:
        CheckpointError: The config would not be read again.
    """
    text = json.dumps(asdict(config), indent=2, ensure_ascii=False) + "\n"
    read(text)
    return text


def _check(config: Config) -> None:
    """Check what no single field's type and bounds can say."""
    spec.check(config.game, _refuse)
    if not spec.NAME.fullmatch(config.name):
        _refuse("name", config.name, "letters, digits, '.', '_' and '-', at most 64")
    if config.denoiser.backbone not in backbones():
        _refuse("denoiser.backbone", config.denoiser.backbone, f"one of {', '.join(backbones()) or 'none'}")
    if config.status_rows % 8 or config.status_rows > config.game.height:
        _refuse("status_rows", config.status_rows, "a multiple of 8 and at most the frame's height")
    for i, color in enumerate(config.palette):
        if not all(0 <= channel <= 255 for channel in color):
            _refuse(f"palette[{i}]", color, "three numbers of 0 to 255")
    if config.palette and not config.codec.colors:
        _refuse("codec.colors", 0, "1 to 32 where there is a palette")
    if config.sigmas[-1] <= 0 or any(high <= low for high, low in pairwise(config.sigmas)):
        _refuse("sigmas", config.sigmas, "a falling list of numbers above 0")
    coherence.check(config, _refuse)
    for i, width in enumerate(config.denoiser.widths):
        if not 1 <= width <= 2048:
            _refuse(f"denoiser.widths[{i}]", width, "1 to 2048")
    for name, digest in config.sha256.items():
        if name not in WEIGHTS:
            _refuse("sha256", name, f"one of {', '.join(WEIGHTS)}")
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            _refuse(f"sha256.{name}", digest, "64 hexadecimal digits in lower case")


def _refuse(key: str, value: object, allowed: str) -> NoReturn:
    raise CheckpointError(f"{FILE}: {key} is {shown(value)}, allowed is {allowed}")
