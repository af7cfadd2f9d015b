"""The networks inside the denoiser: one module each, which exports `Backbone`; found by name, never listed."""

import importlib
from collections.abc import Sequence

from torch import nn


def build(name: str, *, inputs: int, outputs: int, widths: Sequence[int], blocks: int, embedding: int) -> nn.Module:
    """The backbone of that name (the config was checked against the modules that exist)."""
    module = importlib.import_module(f"{__name__}.{name}")
    backbone: nn.Module = module.Backbone(inputs, outputs, tuple(widths), blocks, embedding)
    return backbone
