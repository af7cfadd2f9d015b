"""Small networks and made-up play, so that tests of models and training take no time.

Axis letters: B batch, T past frames, S past steps, K buttons, h w pixels, P planes of a frame.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dreamplay import config as configs
from dreamplay import weights
from dreamplay.checkpoint import history
from dreamplay.config import CodecConfig, Config, Counter, DenoiserConfig, Digit, Look, MotionConfig
from dreamplay.models.model import Model
from dreamplay.models.motion import Foresight
from dreamplay.ring import THING, Ring
from dreamplay.world import GameSpec
from tests import samples
from training import assets, export
from training.cache import Cache, write_shard
from training.data import Footage
from training.recipe import Diffusion, Hyper, Recipe

PALETTE = ((0, 0, 0), (255, 255, 255), (90, 120, 200), (255, 60, 0))
GAME = GameSpec(name="mario", title="Tiny", height=96, width=96, fps=30, buttons=("left", "right", "a"))
SMALL = replace(GAME, height=32, width=48)
TOP = 8
CODEC = CodecConfig(channels=3, width=8, hidden=16, colors=3)
MOTION = MotionConfig(fastest=4, cuts=(0, 64), history=8, width=16, eye=8, things=3, kinds=8, scenes=3, columns=20)
DENOISER = DenoiserConfig(
    backbone="unet", widths=(8, 16), blocks=1, embedding=16, residual=True, gate=0.3, sigma_data=0.5, memory=2,
    columns=20, stamp=4, sprite=2,
    looks=(Look(kinds=(2,), first=5, pictures=2, lasts=4, behind=True),),
    backdrop=True,
)  # fmt: skip
COUNTERS = (
    Counter(name="frame_counter", period=16, steps=(2,), reset=-1, digits=(), timers=(3,)),
    Counter(
        name="clock",
        period=100,
        steps=(90, 0),
        reset=50,
        digits=(Digit(x=16, y=0, unit=10), Digit(x=24, y=0, unit=1)),
    ),
)


def config(game: GameSpec = SMALL) -> Config:
    """Everything switched on: palette, motion, residual, gate, map, clocks."""
    return replace(
        samples.config(),
        name="tiny",
        game=game,
        palette=PALETTE,
        status_rows=TOP,
        context=3,
        sigmas=(2.0, 0.5),
        temperature=1.0,
        counters=COUNTERS,
        patience=20,
        codec=CODEC,
        motion=MOTION,
        denoiser=DENOISER,
        starts=("start", "later"),
    )


def plain(game: GameSpec = SMALL) -> Config:
    """The same with motion, residual, gate and palette switched off: a latent EDM."""
    net = replace(
        DENOISER, residual=False, gate=None, memory=0, columns=0, stamp=0, sprite=0, looks=(), backdrop=False,
        sigma_data=1.0,
    )  # fmt: skip
    return replace(
        config(game), palette=(), status_rows=0, counters=(), patience=0, motion=None, denoiser=net
    )  # fmt: skip


def model(made: Config, *, seed: int = 0) -> Model:
    """A network of random weights, the zeroed layers too: a fresh one would ignore most of its inputs."""
    torch.manual_seed(seed)
    network = Model(made)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.1)
    return network.eval().requires_grad_(False)


def ring(made: Config, batch: int = 1, *, seed: int = 0) -> Ring:
    """A random past."""
    generator = torch.Generator().manual_seed(seed)
    game, steps = made.game, history(made)

    def whole(high: int, *shape: int) -> Tensor:
        return torch.randint(high, (batch, *shape), generator=generator)

    slots = made.motion.things if made.motion else 0
    planes, values = (1, len(PALETTE)) if made.palette else (3, 256)
    return Ring(
        frames=whole(values, made.context, game.height, game.width, planes).to(torch.uint8),
        buttons=whole(2, steps, len(game.buttons)).float(),
        scrolls=whole(4, steps) if made.motion else torch.zeros(batch, steps, dtype=torch.int64),
        things=whole(min(made.motion.kinds, 6) if made.motion else 1, steps, slots, len(THING)),
        odometer=whole(60) if made.motion else torch.full((batch,), -1),
        counters=whole(16, len(made.counters)),
        absent=whole(8).clamp(max=made.patience) if made.motion else torch.zeros(batch, dtype=torch.int64),
    )


def going(past: Ring, scroll: int = 0) -> Foresight:
    """The camera goes so far, and nothing else moves."""
    return Foresight(torch.full((len(past),), scroll), past.things[:, -1], past.counters)


def noise(network: Model, batch: int = 1, *, seed: int = 0) -> Tensor:
    """Noise for one frame, (B, C, H, W)."""
    return torch.randn(batch, *network.noise_shape, generator=torch.Generator().manual_seed(seed))


def held(made: Config, batch: int = 1) -> Tensor:
    """The second button, (B, K)."""
    return torch.eye(len(made.game.buttons))[1].expand(batch, -1)


class Play:
    """A made-up cache: a random level, a camera that scrolls by 0 to 4 pixels a frame, a block that walks through it.

    Row t's buttons are t mod 8, and pixel (h - 1, 0) of its picture is their lowest two bits: what proves the pairing.
    """

    def __init__(self, *lengths: int, game: GameSpec = GAME, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        level = generator.integers(1, 3, (game.height // 8, 600)).repeat(8, 0).astype(np.uint8)
        ends = np.cumsum(lengths).tolist()
        self.episodes = list(zip([0, *ends[:-1]], ends, strict=True))
        count = ends[-1]
        went = generator.choice(5, count, p=(0.5, 0.2, 0.1, 0.1, 0.1))
        camera = np.concatenate([np.cumsum(went[a:b]) - went[a] for a, b in self.episodes])
        number = np.concatenate([np.arange(length) for length in lengths])
        hero = 20 + (number * 3) % 40
        self.frames = np.stack([level[:, left : left + game.width] for left in camera])
        self.frames[:, :TOP] = 1
        for row, x in enumerate(hero):
            self.frames[row, game.height - 24 : game.height - 8, x : x + 8] = 3
        buttons = number % 8
        self.frames[:, -1, 0] = buttons % 4
        zero, one = np.zeros(count, np.int64), np.ones(count, np.int64)
        walker = {"thing1_kind": 2 * (number > 8), "thing1_x": camera + 30 - number % 20, "thing1_y": 16 * one}
        self.palette = np.array(PALETTE, np.uint8)
        self.table: dict[str, Any] = {
            "camera": camera, "x": hero + camera, "y": (game.height - 24) * one, "visible": one,
            "player_state": 8 * one, "float_state": zero, "buttons": buttons, "frame_counter": number * 2,
            "thing0_kind": one + number % 2, "thing0_x": hero + camera, "thing0_y": (game.height - 24) * one,
            **{f"thing{i}_{name}": zero for i in range(3) for name in THING[3:]},
            **walker, "thing2_kind": zero, "thing2_x": zero, "thing2_y": zero, "clock": 90 * (number + 1),
            "number": number, **dict.fromkeys(("score", "power", "injury", "coins", "lives", "time", "world"), zero),
            "stage": np.repeat(np.arange(len(lengths)), lengths), "task": 3 * one,
        }  # fmt: skip

    def load(self, rows: range) -> Any:
        """Some frames, (N, h, w)."""
        return self.frames[rows.start : rows.stop]

    def write(self, folder: Path, names: Sequence[str] = ()) -> None:
        """Write it as a cache of one shard an episode."""
        folder.mkdir(parents=True)
        for i, (a, b) in enumerate(self.episodes):
            table = {name: column[a:b].astype(np.int32) for name, column in self.table.items()}
            write_shard(folder / (names[i] if names else f"play-{i}"), self.frames[a:b], table, self.palette, i)


def footage(made: Config, *lengths: int) -> Footage:
    """Footage of a made-up play in the config's game."""
    play = cast(Cache, Play(*(lengths or (60, 40)), game=made.game))
    return Footage(play, assets.setting(made), colors=() if made.palette else PALETTE)


def recipe(made: Config, steps: int = 4) -> Recipe:
    """A run of a few steps that trains the config's networks."""
    hyper = Hyper(batch=4, rate=1e-3, minutes=1, steps=steps, warmup=2)
    return Recipe(
        name=made.name,
        game=made.game.name,
        stage="1-1",
        frames=100,
        heldout=100,
        context=made.context,
        sigmas=made.sigmas,
        codec_net=made.codec,
        motion_net=made.motion,
        denoiser_net=made.denoiser,
        codec=hyper,
        motion=hyper,
        denoiser=hyper,
        palette=bool(made.palette),
        temperature=made.temperature,
        counters=made.counters,
        patience=made.patience,
        diffusion=Diffusion(warm=0.25, length=3.0),
        starts=2,
    )


def write(folder: Path, golden: Tensor) -> None:
    """Write a cartridge of random weights that carries these as its first frames."""
    made = config()
    written = export.write(model(made), ring(made, 2), made, folder, dtype=torch.float32)
    save_file({"frames": golden}, folder / configs.GOLDEN)
    sha256 = weights.digest(folder / configs.GOLDEN)
    configs.save(folder, replace(written, sha256={**written.sha256, configs.GOLDEN: sha256}))


def thing(**numbers: int) -> list[int]:
    """What is known of a thing, 0 where nothing is said."""
    return [numbers.get(name, 0) for name in THING]
