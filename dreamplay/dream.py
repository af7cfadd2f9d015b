"""The network as a World: every frame dreamed from the frames before it and the buttons held."""

import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import torch
from torch import Tensor

from dreamplay import anchor, heap, states, trial
from dreamplay import config as configs
from dreamplay.checkpoint import Cartridge, parse_dtype
from dreamplay.checkpoint import load as load_cartridge
from dreamplay.config import Config
from dreamplay.errors import DeviceError, UnknownNameError, UsageError, is_out_of_memory
from dreamplay.models.layers import round_weights
from dreamplay.models.model import Imagine, Moved, Parts
from dreamplay.models.traced import Traced
from dreamplay.ring import Ring
from dreamplay.shelf import Arrays
from dreamplay.states import DreamState
from dreamplay.threads import Threads
from dreamplay.weights import Expected
from dreamplay.world import Buttons, Frame, GameSpec, Moment


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
        traced: bool = True,
    ) -> None:
        """Wrap a cartridge.

        Args:
            cartridge: Its networks are on the device already.
            device: Where they are.
            dtype: What convolutions are computed in; bfloat16 by autocast.
            steps: Sampler steps a frame; the cartridge's own number unless given.
            start: Index of the start; by the seed unless given.
            traced: Whether the networks are recorded, where that is quicker.
        """
        self.cartridge, self.age = cartridge, 0
        self._model, self._device, self._dtype, self._start = cartridge.model, torch.device(device), dtype, start
        self._palette = np.array(cartridge.config.palette, dtype=np.uint8).reshape(-1, 3)
        self._generator = torch.Generator()  # of the CPU wherever the networks are, so that a present can move
        self._ring = cartridge.starts.select(slice(0, 1))
        self._compiled: Imagine | None = None
        self._wanted: Imagine | None = None
        self._compiling = False
        self._compiled_for: int | None = None  # threads; None for whatever number there is
        self._traced = self._trace() if traced else None
        self._finite = torch.tensor(True)
        self._threads = Threads() if self._device.type == "cpu" else nullcontext()
        self._news: SimpleQueue[str] = SimpleQueue()
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
        return "compiled" if self._compiled else "traced" if self._traced and self._traced.works else "eager"

    @property
    def finite(self) -> bool:
        """Whether the last step's numbers were finite."""
        return bool(self._finite)

    @property
    def pictures(self) -> list[Frame]:
        """The frames that a dream may begin with, (h, w, 3) each."""
        return [self._painted(frame) for frame in self.cartridge.starts.newest]

    @property
    def memory(self) -> int:
        """Moments of real play that its past is made of."""
        return anchor.needed(self.config)

    @property
    def hero(self) -> tuple[int, int] | None:
        """Where the hero stands in the level, in pixels; None where the dream does not know."""
        things, left = self._ring.things[0, -1, :1].tolist(), int(self._ring.odometer[0])
        if left < 0 or not things or not things[0][2]:
            return None
        return left + things[0][0], things[0][1]

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
        if self._compiling:
            self.compile(wait=False)

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
        noise = torch.randn(shape, generator=self._generator) * self.config.temperature
        try:
            with self._threads:
                self._ring = self._next(held, noise.to(self._device))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._give_up_something(error)
            return self.step(buttons)
        self.age += 1
        return self._frame()

    def compile(self, *, wait: bool = True) -> None:
        """Compile the dense part of a step (inductor) for the present number of sampler steps.

        Args:
            wait: The next step compiles, which takes its time. Otherwise that is done beside the play, which goes
                on without.
        """
        self._compiling, self._compiled_for = not wait, None
        compiled: Imagine = torch.compile(self._model.imagine)
        self._compiled, self._wanted = (compiled, None) if wait else (None, compiled)

    def eager(self) -> "Dream":
        """The same present in a dream whose networks are not recorded, for what looks into them."""
        twin = Dream(
            self.cartridge, device=self.device, dtype=self._dtype, steps=self.steps, start=self._start, traced=False
        )
        twin.restore(self.save())
        return twin

    def renew(self, seed: int) -> None:
        """Go on with other noise."""
        self._generator.manual_seed(seed)

    def tell(self, sentence: str) -> None:
        """Let the player know."""
        self._news.put(sentence)

    def news(self) -> str:
        """What happened since, oldest first, a sentence a call; empty when nothing did."""
        try:
            return self._news.get_nowait()
        except Empty:
            return ""

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        """Go on from real play, oldest moment first. Returns the newest frame, (h, w, 3).

        Raises:
            UsageError: The real game does not tell what this dream has to know.
        """
        self._ring = anchor.ring(self.config, moments).to(self._device)
        return self._frame()

    def save(self) -> DreamState:
        """The exact present; costs nothing, since a ring is immutable."""
        return DreamState(self._ring, self._generator.get_state(), self.age)

    def restore(self, state: DreamState) -> Frame:
        """Go back to a saved present. Returns its frame, (h, w, 3)."""
        self._ring, self.age = state.ring.to(self._device), state.age
        self._generator.set_state(state.generator)
        return self._frame()

    @cached_property
    def source(self) -> str:
        """SHA-256 of the cartridge's config, which pins its weights."""
        return sha256(configs.write(self.config).encode()).hexdigest()

    @property
    def shapes(self) -> Expected:
        """Shapes and types of what `pack` gives."""
        return states.shapes(self.config)

    def pack(self, state: DreamState) -> Arrays:
        """A saved present as arrays, which another sitting can unpack."""
        return states.pack(state)

    def unpack(self, arrays: Arrays, age: int, file: str) -> DreamState:
        """The saved present that arrays stand for.

        Args:
            arrays: What `pack` gave.
            age: Steps since the reset.
            file: Where they come from, for the error.

        Raises:
            CheckpointError: They are no present of this dream.
        """
        return states.unpack(arrays, self.config, age, file)

    def picture(self, state: DreamState) -> Frame:
        """The frame of a saved present, (h, w, 3)."""
        return self._painted(state.ring.newest[0])

    def _next(self, held: Tensor, noise: Tensor) -> Ring:
        """The past with one more frame. held: (1, K). noise: (1, C, H, W)."""
        self._model.sigmas, self._model.parts = self._sigmas, replace(self._parts, imagine=self._imagine)
        with torch.inference_mode(), self._autocast():
            return self._model.step(self._ring, held, noise)

    @property
    def _parts(self) -> Parts:
        return self._traced.parts if self._traced else self._model.eager

    def _trace(self) -> Traced | None:
        return Traced(self._model) if self._device.type == "cpu" else None

    def _imagine(self, moved: Moved, coded: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """As the model does, with an eye on the numbers: NaN would freeze the picture without a word."""
        if self._wanted is not None:
            given = self._wanted, moved, coded, noise, torch.get_num_threads()
            self._wanted = None
            threading.Thread(target=self._compile_beside, args=given, name="compile", daemon=True).start()
        fits = self._compiled_for in (None, torch.get_num_threads())  # else it would be compiled again, in this thread
        features, gate = ((fits and self._compiled) or self._parts.imagine)(moved, coded, noise)
        self._finite = torch.isfinite(features).all() & torch.isfinite(gate).all()
        return features, gate

    def _compile_beside(self, compiled: Imagine, moved: Moved, coded: Tensor, noise: Tensor, threads: int) -> None:
        steps, interval = self._steps, sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        torch.set_num_threads(threads)  # of this thread; what is compiled holds for the same number only
        try:
            with torch.inference_mode(), self._autocast():
                compiled(moved, coded, noise)
        except (RuntimeError, OSError) as error:
            self.tell(f"Not compiled, playing on without ({str(error).splitlines()[0][:80]})")
            return
        finally:
            sys.setswitchinterval(interval)
        if steps == self._steps:
            self.tell("Compiled: frames come faster now")
            self._compiled_for, self._compiled = threads, compiled

    def _give_up_something(self, error: Exception) -> None:
        """Take less memory: fewer bits, then fewer sampler steps, then the CPU's.

        Raises:
            DeviceError: There is nothing left to give up.
        """
        if self._dtype == torch.float32:
            self._dtype = torch.bfloat16
        elif self.steps > 1:
            self.steps = 1
        elif self._device.type != "cpu":
            self._move_to_cpu()
        else:
            raise DeviceError(f"out of memory with one sampler step on the CPU ({error}); close other programs")
        self._traced = self._trace() if self._traced else None
        self.tell(f"Out of memory: going on with {self.steps} sampler steps in {self.dtype} on {self.device}")

    def _move_to_cpu(self) -> None:
        self._device, self._compiling, self._compiled = torch.device("cpu"), False, None
        self._wanted = None
        self._model.to("cpu")
        self._ring = self._ring.to("cpu")
        self.cartridge = replace(self.cartridge, starts=self.cartridge.starts.to("cpu"))
        torch.cuda.empty_cache()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32)

    def _frame(self) -> Frame:
        return self._painted(self._ring.newest[0])

    def _painted(self, newest: Tensor) -> Frame:
        """Palette indices or RGB, (h, w, P), as a picture, (h, w, 3)."""
        pixels = newest.cpu().numpy()
        if not len(self._palette):
            rgb: Frame = pixels.copy()
            return rgb
        return np.take(self._palette, pixels[..., 0], axis=0, mode="clip")


_SWITCH = 1e-4
"""Seconds until a thread must let others run while something is compiled: each of a step's several hundred operations
waits for this, and the usual 5 ms would make a frame take seconds."""

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
    heap.keep_freed()
    device = trial.parse_device(device)
    trial.check_memory(directory, device)
    cartridge = load_cartridge(directory, device=device)
    names = cartridge.config.starts
    if start is not None and start not in names:
        raise UnknownNameError("start", start, names)
    index = names.index(start) if start is not None else None
    kind = trial.native_dtype(device) if dtype is None else parse_dtype(dtype)
    dream = Dream(cartridge, device=device, dtype=kind, steps=steps, start=index)
    agreement = trial.agreement(cartridge, device=device, dtype=kind)
    if kind != torch.float32:
        for network in (cartridge.model.codec, cartridge.model.denoiser):
            round_weights(network, kind)
    present = dream.save()
    for _ in range(_WARM):
        dream.step(0)
    dream.restore(present)
    if compile:
        dream.compile()
    if agreement < trial.ENOUGH:
        dream.tell(f"{device} draws other pictures in {dream.dtype} than it should ({agreement:.0%} agree): {_TRY}")
    return dream


_WARM = 3  # steps that take longer than those to come: torch records the first and tunes what it recorded in the next
_TRY = "try --device cpu --dtype float32"
