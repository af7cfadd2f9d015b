"""Config and safetensors -> networks and starts, checked before anything is allocated.

Axis letters: B batch, N starts (of things: slots), T past frames, S past steps, K buttons, h w pixels, P planes.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dreamplay import config as configs
from dreamplay import weights
from dreamplay.config import Config
from dreamplay.errors import CheckpointError, UsageError
from dreamplay.models.denoiser import BUTTON_STEPS
from dreamplay.models.layers import PATCH, from_patches, to_patches
from dreamplay.models.model import Model
from dreamplay.ring import THING, Ring
from dreamplay.weights import SCALE

NETWORKS = ("codec", "motion", "denoiser")
STARTS = "starts.safetensors"
PIECES = 2048
"""Patches that the frames of all starts are put together from: many frames of a game show the same ones."""
GOLDEN_FRAMES = 1
"""Frames that tell whether a machine draws what it should: others would follow from what it gets wrong."""
_MOST_EIGHT, _LEAST_SCALE = 127, 1e-5  # of a table's row; float16 knows no number below 6e-8
_FARTHEST = 1 << 24  # pixels or frames: a level a thousand times as long as the longest


@dataclass(frozen=True)
class Cartridge:
    """A checkpoint in memory.

    Attributes:
        config: All that is no tensor.
        model: Its networks.
        starts: The pasts a dream may begin with, batch N.
        golden: Its first frames as its maker saw them (`trial.golden`), (GOLDEN_FRAMES, h, w, P) uint8.
    """

    config: Config
    model: Model
    starts: Ring
    golden: Tensor | None = None


def load(directory: Path, *, device: str = "cpu", dtype: torch.dtype | None = None) -> Cartridge:
    """Read a cartridge.

    Args:
        directory: With config.json and the safetensors.
        device: Where the networks go.
        dtype: Of the weights in memory; float32 unless given.

    Raises:
        CheckpointError: A file is missing, damaged, hostile, or does not belong to the others.
    """
    config = configs.load(directory)
    starts = unpacked_starts(_tensors(directory, STARTS, start_shapes(config), config), config)
    carried = configs.GOLDEN in config.sha256 or (directory / configs.GOLDEN).exists()
    golden = _tensors(directory, configs.GOLDEN, golden_shapes(config), config) if carried else {}
    plan = planned(config)
    expected = {
        name: {key: (tuple(tensor.shape), None) for key, tensor in getattr(plan, name).state_dict().items()}
        for name in NETWORKS
        if getattr(plan, name) is not None
    }
    tensors = {
        name: _tensors(directory, f"{name}.safetensors", expected[name], config, tables(getattr(plan, name)))
        for name in expected
    }
    with _Unset():
        model = Model(config)
    for name in expected:
        getattr(model, name).load_state_dict(tensors[name])
    model = model.to(device=device, dtype=dtype or torch.float32).eval().requires_grad_(False)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return Cartridge(config, model, starts.to(device), golden.get("frames"))


def planned(config: Config) -> Model:
    """The networks without memory for their weights."""
    try:
        with torch.device("meta"), _Unset():
            return Model(config)
    except (ValueError, RuntimeError, ArithmeticError) as error:  # widths that no normalisation can group, and the like
        raise CheckpointError(f"{configs.FILE}: its numbers make no network ({error})") from error


class _Unset(TorchFunctionMode):
    """Networks made in this context keep whatever their weights' memory holds: they are about to be read."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """What torch asks before everything it does."""
        if getattr(func, "__module__", "") == torch.nn.init.__name__:
            return None
        return func(*args, **(kwargs or {}))


def _check_ring(tensors: Mapping[str, Tensor], config: Config, file: str) -> None:
    """Check what a past's numbers stand for: they are looked up in tables, and a picture is moved by them."""
    check = partial(_check_range, file)
    bounds = {"frames": (0, _most(config)), "buttons": (0, 1), "scrolls": (0, _FARTHEST), "odometer": (-1, _FARTHEST)}
    bounds |= {"absent": (0, _FARTHEST)}
    for name, (low, high) in bounds.items():
        check(name, tensors[name], low, high)
    for column, counter in zip(tensors["counters"].unbind(1), config.counters, strict=True):
        check("counters", column, 0, counter.period - 1)
    if config.motion is not None:
        check("things", tensors["things"][..., :2], -_FARTHEST, _FARTHEST)
        check("things", tensors["things"][..., 3:], -_FARTHEST, _FARTHEST)
        check("things", tensors["things"][..., 2], -config.motion.scenes, config.motion.kinds - 1)


def _most(config: Config) -> int:
    """The largest number that a pixel may be: one more than the last colour stands for "unknown"."""
    return len(config.palette) or 255


def _check_range(file: str, name: str, numbers: Tensor, low: int, high: int) -> None:
    if numbers.numel() and not (low <= int(numbers.min()) and int(numbers.max()) <= high):
        raise CheckpointError(f"{file}: tensor {name} holds numbers outside {low} to {high}")


def start_shapes(config: Config) -> dict[str, tuple[tuple[int, ...], str | None]]:
    """Shapes and types of starts.safetensors: a ring's, but for what would take much room."""
    n, shapes = len(config.starts), ring_shapes(config, len(config.starts))
    _, context, height, width, planes = shapes.pop("frames")[0]
    return shapes | {
        "things": (shapes["things"][0], "I16"),
        "patches": ((PIECES, PATCH * PATCH * planes), "U8"),
        "numbers": ((n, context, height // PATCH, width // PATCH), "I16"),
    }


def ring_shapes(config: Config, n: int) -> dict[str, tuple[tuple[int, ...], str | None]]:
    """Shapes and types of so many pasts in a file."""
    s, game = history(config), config.game
    planes = 1 if config.palette else 3
    return {
        "frames": ((n, config.context, game.height, game.width, planes), "U8"),
        "buttons": ((n, s, len(game.buttons)), "U8"),
        "scrolls": ((n, s), "I32"),
        "things": ((n, s, config.motion.things if config.motion else 0, len(THING)), "I32"),
        "odometer": ((n,), "I32"),
        "counters": ((n, len(config.counters)), "I32"),
        "absent": ((n,), "I32"),
    }


def golden_shapes(config: Config) -> dict[str, tuple[tuple[int, ...], str | None]]:
    """Shapes and types of golden.safetensors."""
    return {"frames": ((GOLDEN_FRAMES, *ring_shapes(config, 1)["frames"][0][2:]), "U8")}


def history(config: Config) -> int:
    """Past steps that a ring of this config keeps, S."""
    return max(config.motion.history if config.motion else 0, BUTTON_STEPS, config.context)


def packed(ring: Ring) -> dict[str, Tensor]:
    """A ring as files keep it."""
    small = {name: tensor.to(torch.int32).contiguous() for name, tensor in ring.tensors().items()}
    return {**small, "frames": ring.frames.contiguous(), "buttons": ring.buttons.to(torch.uint8).contiguous()}


def unpacked(tensors: Mapping[str, Tensor], config: Config, file: str) -> Ring:
    """The ring that a file keeps.

    Args:
        tensors: Of the shapes and types that `ring_shapes` names.
        config: Of the dream.
        file: For the error.

    Raises:
        CheckpointError: A number is none that a past of this config has.
    """
    _check_ring(tensors, config, file)
    wide = {name: tensor.long() for name, tensor in tensors.items()}
    wide |= {"frames": tensors["frames"], "buttons": tensors["buttons"].float()}
    return Ring(**wide)


def packed_starts(starts: Ring) -> dict[str, Tensor]:
    """Starts as their file keeps them.

    Raises:
        UsageError: They show too many patches.
    """
    tensors = packed(starts)
    frames = tensors.pop("frames")
    cut = to_patches(frames.flatten(0, 1))  # (N T, H, W, 64 P)
    patches, numbers = torch.unique(cut.flatten(0, 2), dim=0, return_inverse=True)
    if len(patches) > PIECES:
        raise UsageError(f"{len(starts)} starts show {len(patches)} different patches (at most {PIECES}): take fewer")
    tensors["patches"] = F.pad(patches, (0, 0, 0, PIECES - len(patches)))
    tensors["numbers"] = numbers.view(*frames.shape[:2], *cut.shape[1:3]).to(torch.int16)
    return tensors | {"things": tensors["things"].to(torch.int16)}


def unpacked_starts(tensors: Mapping[str, Tensor], config: Config) -> Ring:
    """The starts that their file keeps.

    Args:
        tensors: Of the shapes and types that `start_shapes` names.
        config: Of the dream.

    Raises:
        CheckpointError: A number is none that a start of this config has.
    """
    rest, numbers = dict(tensors), tensors["numbers"]
    _check_range(STARTS, "numbers", numbers, 0, PIECES - 1)
    _check_range(STARTS, "patches", tensors["patches"], 0, _most(config))
    patches = rest.pop("patches")[rest.pop("numbers").flatten(0, 1).long()]  # (N T, H, W, 64 P)
    frames = from_patches(patches, 1 if config.palette else 3)  # (N T, h, w, P)
    return unpacked({**rest, "frames": frames.view(*numbers.shape[:2], *frames.shape[1:])}, config, STARTS)


def _tensors(
    directory: Path,
    name: str,
    expected: Mapping[str, tuple[tuple[int, ...], str | None]],
    config: Config,
    small: Collection[str] = (),
) -> dict[str, Tensor]:
    path = directory / name
    weights.check(path, expected, config.sha256.get(name), small)
    tensors = load_file(path)
    for key, tensor in tensors.items():
        if tensor.is_floating_point():
            if not (tensor.abs().amax() < 1e6 if tensor.numel() else True):
                raise CheckpointError(f"{name}: tensor {key} holds values that are not finite or above 1e6")
            tensors[key] = tensor.float()
    scales = {key.removesuffix(SCALE): tensors.pop(key) for key in list(tensors) if key not in expected}
    return tensors | {key: tensors[key] * scale for key, scale in scales.items()}


def tables(network: nn.Module) -> list[str]:
    """Names of the tables that files may keep in eight bits."""
    return [f"{name}.weight" for name, module in network.named_modules() if isinstance(module, nn.Embedding)]


def packed_weights(network: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """A network's weights as its file keeps them.

    Args:
        network: Any.
        dtype: What they are rounded to. In float16 tables take eight bits: a row is used as it is, not summed up.
    """
    tensors = {}
    small = tables(network) if dtype == torch.float16 else ()
    for name, tensor in network.state_dict().items():
        if name in small:
            scale = (tensor.abs().amax(1, keepdim=True) / _MOST_EIGHT).clamp(min=_LEAST_SCALE).to(dtype)
            tensors[name] = (tensor / scale.float()).round().clamp(-_MOST_EIGHT, _MOST_EIGHT).to(torch.int8)
            tensors[name + SCALE] = scale
        else:
            tensors[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def parse_dtype(name: str | None) -> torch.dtype:
    """float32 or bfloat16 by name.

    Raises:
        UsageError: Another name.
    """
    known = {None: torch.float32, "float32": torch.float32, "bfloat16": torch.bfloat16}
    if name not in known:
        raise UsageError(f"no dtype named '{name}' (found: float32, bfloat16)")
    return known[name]
