"""Whether a machine can run a cartridge: memory enough, and the same pictures as a CPU draws in float32.

Axis letters: K buttons, C channels, H W latent rows and columns.
"""

from copy import deepcopy

import torch

from dreamplay.checkpoint import NETWORKS, Cartridge, start_shapes
from dreamplay.config import Config
from dreamplay.models.model import Model

ENOUGH = 0.9
"""Share of equal pixels below which a device is not believed: bfloat16 keeps more, garbage nothing."""

_FRAMES = 2
_FLOAT32 = 4  # bytes
_COPIES = 2  # of the weights while they are loaded


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
    """Share of pixels of the first frames that are those of float32 on the CPU; 1 where that is what is asked about.

    The noise is the same for both, and the last button is held.

    Args:
        cartridge: Its networks are on the device already.
        device: That is tried.
        dtype: What convolutions are computed in.
    """
    if device == "cpu" and dtype == torch.float32:
        return 1.0
    model, config = cartridge.model, cartridge.config
    reference = model if device == "cpu" else deepcopy(model).cpu()
    made, wanted = cartridge.starts.select(slice(0, 1)), cartridge.starts.select(slice(0, 1)).to("cpu")
    held = torch.eye(len(config.game.buttons))[-1:]  # (1, K)
    generator = torch.Generator().manual_seed(0)
    kind = torch.device(device).type
    for _ in range(_FRAMES):
        noise = torch.randn(1, *model.noise_shape, generator=generator) * config.temperature  # (1, C, H, W)
        with torch.no_grad(), torch.autocast(kind, dtype, enabled=dtype != torch.float32):
            made = model.step(made, held.to(device), noise.to(device))
        with torch.no_grad():
            wanted = reference.step(wanted, held, noise)
    return float((made.newest.cpu() == wanted.newest).float().mean())
