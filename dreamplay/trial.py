"""Whether a machine can run a cartridge: memory enough, and the pictures that it should draw.

Axis letters: K buttons, C channels, H W latent rows and columns, h w pixels, P planes of a frame.
"""

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor

from dreamplay import system
from dreamplay.checkpoint import GOLDEN_FRAMES, NETWORKS, Cartridge, start_shapes
from dreamplay.config import Config, load
from dreamplay.errors import DeviceError, UnknownNameError
from dreamplay.models.model import Model

ENOUGH = 0.9
"""Share of equal pixels below which a device is not believed: bfloat16 keeps more, garbage nothing."""

_FLOAT32 = 4  # bytes
_COPIES = 2  # of the weights while they are loaded


def parse_device(name: str) -> str:
    """The device that a name stands for: "cpu", "cuda", or "auto" for the best one here.

    Raises:
        DeviceError: It is not here.
        UnknownNameError: There is no such device.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise DeviceError(f"no device '{name}' here (found: cpu); leave --device out to play on the CPU")
    if name.partition(":")[0] not in ("cpu", "cuda"):
        raise UnknownNameError("device", name, ("cpu", "cuda", "auto"))
    return name


def native_dtype(device: str) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, which takes a fifth off a step; else float32."""
    native = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def check_memory(directory: Path, device: str) -> None:
    """Check that there is as much memory as the networks of a cartridge take.

    Raises:
        DeviceError: There is less.
    """
    needed = needed_memory(load(directory))
    free = torch.cuda.mem_get_info(device)[0] if device != "cpu" else system.free_memory()
    if free is not None and needed > free:
        raise DeviceError(f"{directory.name} needs {needed / 2**30:.1f} GiB on {device}, there are {free / 2**30:.1f}")


def needed_memory(config: Config) -> int:
    """Bytes that the networks and starts of a config take at least; 0 where its numbers make no network."""
    try:
        with torch.device("meta"):
            plan = Model(config)
    except (ValueError, RuntimeError, ArithmeticError):  # loading it says what is wrong
        return 0
    networks = [getattr(plan, name) for name in NETWORKS]
    weights = sum(tensor.numel() for network in networks if network for tensor in network.state_dict().values())
    starts = sum(torch.Size(shape).numel() for shape, _ in start_shapes(config).values())
    return _COPIES * _FLOAT32 * weights + starts


def agreement(cartridge: Cartridge, *, device: str, dtype: torch.dtype) -> float:
    """Share of pixels of the first frames that are as they should be: the cartridge's own, where it carries them.

    Args:
        cartridge: Its networks are on the device already.
        device: That is tried.
        dtype: What convolutions are computed in.
    """
    wanted = cartridge.golden
    if wanted is None:
        if device == "cpu" and dtype == torch.float32:
            return 1.0
        wanted = golden(cartridge)
    return float((_frames(cartridge, cartridge.model, device, dtype) == wanted).float().mean())


def golden(cartridge: Cartridge) -> Tensor:
    """The first frames as a CPU draws them in float32, (GOLDEN_FRAMES, h, w, P) uint8."""
    on_cpu = all(parameter.device.type == "cpu" for parameter in cartridge.model.parameters())
    model = cartridge.model if on_cpu else deepcopy(cartridge.model).cpu()
    return _frames(cartridge, model, "cpu", torch.float32)


def _frames(cartridge: Cartridge, model: Model, device: str, dtype: torch.dtype) -> Tensor:
    """The first frames of the first start with the last button held; the noise is the same everywhere."""
    ring, config = cartridge.starts.select(slice(0, 1)).to(device), cartridge.config
    held = torch.eye(len(config.game.buttons))[-1:]  # (1, K)
    generator = torch.Generator().manual_seed(0)
    frames = []
    for _ in range(GOLDEN_FRAMES):
        noise = torch.randn(1, *model.noise_shape, generator=generator) * config.temperature  # (1, C, H, W)
        with torch.no_grad(), torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32):
            ring = model.step(ring, held.to(device), noise.to(device))
        frames.append(ring.newest[0].cpu())
    return torch.stack(frames)
