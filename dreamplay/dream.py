"""The network as a World: every frame dreamed from the frames before it and the buttons held."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dreamplay.checkpoint import Cartridge, parse_dtype
from dreamplay.checkpoint import load as load_cartridge
from dreamplay.config import Config
from dreamplay.errors import DeviceError, UnknownNameError, UsageError
from dreamplay.models.model import Model
from dreamplay.ring import Ring
from dreamplay.world import Buttons, Frame, GameSpec

THREADS = 2
"""Threads of a step: its layers are small, and more threads than this wait for each other."""


@dataclass(frozen=True)
class DreamState:
    """A present that a dream can go back to: a reference to an immutable past, and the noise generator's state."""

    ring: Ring
    generator: Tensor
    age: int


class Dream:
    """A cartridge as a World. The same seed and the same buttons give the same frames on the same machine."""

    def __init__(
        self,
        cartridge: Cartridge,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        steps: int | None = None,
        start: int | None = None,
    ) -> None:
        """Wrap a cartridge.

        Args:
            cartridge: Its networks are on the device already.
            device: Where they are.
            dtype: What convolutions are computed in; bfloat16 by autocast.
            steps: Sampler steps a frame; the cartridge's own number unless given.
            start: Index of the start; by the seed unless given.
        """
        self.cartridge, self.age = cartridge, 0
        self._model, self._device, self._dtype, self._start = cartridge.model, torch.device(device), dtype, start
        self._palette = np.array(cartridge.config.palette, dtype=np.uint8).reshape(-1, 3)
        self._generator = torch.Generator(self._device)
        self._ring = cartridge.starts.select(slice(0, 1))
        self.steps = steps or len(cartridge.config.sigmas)

    @property
    def game(self) -> GameSpec:
        """What is dreamed."""
        return self.cartridge.config.game

    @property
    def config(self) -> Config:
        """The cartridge's."""
        return self.cartridge.config

    @property
    def starts(self) -> int:
        """Scenes that a dream may begin at."""
        return len(self.cartridge.starts)

    @property
    def device(self) -> str:
        """Where it is computed."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """What convolutions are computed in."""
        return str(self._dtype).removeprefix("torch.")

    @property
    def backend(self) -> str:
        """What runs the networks."""
        return "compiled" if self._model.compiled else "eager"

    @property
    def steps(self) -> int:
        """Sampler steps a frame."""
        return self._steps

    @steps.setter
    def steps(self, steps: int) -> None:
        if not 1 <= steps <= MOST_STEPS:
            raise UsageError(f"{steps} sampler steps (there can be 1 to {MOST_STEPS})")
        self._steps = steps
        self._sigmas = schedule(self.config, steps)

    def reset(self, seed: int) -> Frame:
        """Begin at the start that the seed stands for: seed 0 at the first one. Returns its frame, (h, w, 3)."""
        self._generator.manual_seed(seed)
        index = seed % self.starts if self._start is None else self._start
        self._ring, self.age = self.cartridge.starts.select(slice(index, index + 1)), 0
        return self._frame()

    def step(self, buttons: Buttons) -> Frame:
        """Dream one frame with the buttons held. Returns it, (h, w, 3)."""
        held = torch.tensor([[float(buttons >> i & 1) for i in range(len(self.game.buttons))]], device=self._device)
        shape = (1, *self._model.noise_shape)
        noise = torch.randn(shape, generator=self._generator, device=self._device) * self.config.temperature
        self._model.sigmas = self._sigmas
        with torch.no_grad(), self._autocast():
            self._ring = self._model.step(self._ring, held, noise)
        self.age += 1
        return self._frame()

    def save(self) -> DreamState:
        """The exact present; costs nothing, since a ring is immutable."""
        return DreamState(self._ring, self._generator.get_state(), self.age)

    def restore(self, state: DreamState) -> Frame:
        """Go back to a saved present. Returns its frame, (h, w, 3)."""
        self._ring, self.age = state.ring, state.age
        self._generator.set_state(state.generator)
        return self._frame()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32)

    def _frame(self) -> Frame:
        newest = self._ring.newest[0].cpu().numpy()
        if not len(self._palette):
            rgb: Frame = newest.copy()
            return rgb
        return self._palette[np.minimum(newest[..., 0], len(self._palette) - 1)]


MOST_STEPS = 8
"""More sampler steps than this buy nothing that can be seen."""


def schedule(config: Config, steps: int) -> tuple[float, ...]:
    """Noise levels for a number of sampler steps: the cartridge's own, cut short or carried on.

    Further levels follow Karras et al. 2022 (equation 5, rho 7) from the cartridge's first level down to a tenth of
    sigma_data.
    """
    own = config.sigmas
    if steps <= len(own):
        return own[:steps]
    high, low, rho = own[0], config.denoiser.sigma_data / 10, 7
    return tuple(
        (high ** (1 / rho) + i / (steps - 1) * (low ** (1 / rho) - high ** (1 / rho))) ** rho for i in range(steps)
    )


def load(
    directory: Path,
    *,
    device: str = "cpu",
    dtype: str | None = None,
    steps: int | None = None,
    compile: bool = False,  # the command line's word
    start: str | None = None,
) -> Dream:
    """Open a cartridge as a dream.

    Args:
        directory: Of the cartridge.
        device: "cpu", "cuda" or "auto".
        dtype: "float32" or "bfloat16"; what the device is fastest at unless given.
        steps: Sampler steps a frame.
        compile: Whether to compile the networks.
        start: Name or number of the start.

    Raises:
        DreamplayError: The cartridge, the device or an option is wrong.
    """
    device = _device(device)
    if device == "cpu":
        torch.set_num_threads(min(THREADS, torch.get_num_threads()))
    cartridge = load_cartridge(directory, device=device)
    names = cartridge.config.starts
    if start is not None and start not in names:
        raise UnknownNameError("start", start, names)
    index = names.index(start) if start is not None else None
    kind = native_dtype(device) if dtype is None else parse_dtype(dtype)
    dream = Dream(cartridge, device=device, dtype=kind, steps=steps, start=index)
    if compile:
        compile_model(cartridge.model)
    return dream


def native_dtype(device: str) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, which takes a fifth off a step; else float32."""
    native = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def compile_model(model: Model) -> None:
    """Compile the dense part of a step (inductor); the first step after this takes its time."""
    model.compiled = torch.compile(model.imagine)


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise DeviceError(f"no device '{name}' here (found: cpu); leave --device out to play on the CPU")
    if name.partition(":")[0] not in ("cpu", "cuda"):
        raise UnknownNameError("device", name, ("cpu", "cuda", "auto"))
    return name
