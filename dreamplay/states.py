"""A dream's present as plain arrays that can leave the program, and the way back, which trusts nobody.

Axis letters: B batch, here 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.checkpoint import packed, ring_shapes, unpacked
from dreamplay.config import Config
from dreamplay.errors import CheckpointError
from dreamplay.ring import Ring
from dreamplay.weights import Expected

Arrays = dict[str, npt.NDArray[Any]]

_NOISE = "noise"
_NOISE_BYTES = 5056  # of the state of torch's generator on the CPU, the same since its first version


@dataclass(frozen=True)
class DreamState:
    """A present that a dream can go back to: a reference to an immutable past, and the noise generator's state."""

    ring: Ring
    generator: Tensor
    age: int


def shapes(config: Config) -> Expected:
    """Shapes and types of a present's arrays."""
    return {**ring_shapes(config, 1), _NOISE: ((_NOISE_BYTES,), "U8")}


def pack(state: DreamState) -> Arrays:
    """A present as arrays."""
    arrays = {name: tensor.cpu().numpy() for name, tensor in packed(state.ring).items()}
    return {**arrays, _NOISE: state.generator.numpy()}


def unpack(arrays: Mapping[str, npt.NDArray[Any]], config: Config, age: int, file: str) -> DreamState:
    """The present that arrays stand for.

    Args:
        arrays: Of the shapes and types that `shapes` names.
        config: Of the dream.
        age: Steps since its beginning.
        file: Where they come from, for the error.

    Raises:
        CheckpointError: A number is none that a present of this dream has.
    """
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    noise = tensors.pop(_NOISE)
    try:
        torch.Generator().set_state(noise)
    except RuntimeError as error:
        raise CheckpointError(f"{file}: tensor {_NOISE} is no state of a generator") from error
    return DreamState(unpacked(tensors, config, file), noise, age)
