"""A step as recorded graphs (`torch.jit.trace`): the same operations, without Python between them.

A step is some 1500 small operations, and a quarter of its time was what Python takes to ask for them. A graph holds for
one dream: its batch of 1, its device, precision and number of sampler steps are written down in it, and the weights of
its convolutions, packed for the CPU. Where torch cannot record (the newest Pythons may know no TorchScript) the model
is asked as it is. Torch keeps what it recorded: a dream that was opened leaves some 40 MB behind.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from dreamplay.errors import is_out_of_memory
from dreamplay.models.model import TOGETHER, Model, Moved, Parts
from dreamplay.models.motion import Foresight
from dreamplay.models.packed import packed
from dreamplay.ring import Ring

Graph = Callable[..., Any]

USUAL = 320
"""Patches that hardly any frame has more of to draw, but one that is new as a whole."""


class Traced:
    """The parts of a model's step, each recorded when it is first used."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._graphs: dict[object, Graph | None] = {}
        self.parts = Parts(self.foresee, self.imagine, self.pixels)

    def foresee(self, ring: Ring, held: Tensor) -> Foresight:
        """As the model does."""

        def part(held: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
            after = self._model.foresee(Ring(*past), held)
            return after.motion, after.things, after.counters

        return Foresight(*self._run("foresee", part, held, *ring.tensors().values()))

    def imagine(self, moved: Moved, coded: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """As the model does."""

        def part(noise: Tensor, coded: Tensor, *past: Tensor) -> tuple[Tensor, Tensor]:
            return self._model.imagine(Moved(*past), coded, noise)

        features, gate = self._run(self._model.sigmas, part, noise, coded, *moved.tensors())
        return features, gate

    def pixels(self, moved: Moved, features: Tensor, wanted: Tensor) -> Tensor:
        """As the model does."""

        def part(features: Tensor, wanted: Tensor, *past: Tensor) -> Tensor:
            return self._model.pixels(Moved(*past), features, wanted)

        given = moved.tensors()
        if "pixels" not in self._graphs:
            self._rehearse(part, features, wanted, given)
        drawn: Tensor = self._run("pixels", part, features, wanted, *given)
        return drawn

    def _rehearse(self, part: Graph, features: Tensor, wanted: Tensor, given: list[Tensor]) -> None:
        """Draw as many patches as most frames need, so that the CPU's kernels for each number of them are there."""
        first = torch.arange(wanted.numel(), device=wanted.device).view_as(wanted)
        for count in (*range(TOGETHER, min(USUAL + 1, wanted.numel()), TOGETHER), wanted.numel()):
            self._run("pixels", part, features, first < count, *given)

    @property
    def works(self) -> bool:
        """Whether all that was asked for could be recorded."""
        return None not in self._graphs.values()

    def _run(self, key: object, part: Graph, *inputs: Tensor) -> Any:
        if key not in self._graphs:
            self._graphs[key] = _recorded(self._model, part, inputs)
        graph = self._graphs[key]
        if graph is None:
            return part(*inputs)
        with torch.autocast(inputs[0].device.type, enabled=False):  # what it casts is recorded
            return graph(*inputs)


class _Part(nn.Module):
    """A function of a model, which a graph needs to know as its own."""

    def __init__(self, model: Model, part: Graph) -> None:
        super().__init__()
        self.model, self.part = model, part

    def forward(self, *inputs: Tensor) -> Any:
        """The function."""
        return self.part(*inputs)


def _recorded(model: Model, part: Graph, inputs: tuple[Tensor, ...]) -> Graph | None:
    """What a function does with tensors like these, None where that cannot be recorded.

    Its warnings are of lengths, which stay as they are.
    """
    cached = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace: Callable[..., Graph] = torch.jit.trace  # has no types
            with packed(model, lambda: part(*inputs)):
                return trace(_Part(model, part).eval(), inputs, check_trace=False)
    except (AttributeError, TypeError, RuntimeError) as error:  # as TorchScript fails; the model's own come again
        if is_out_of_memory(error):
            raise
        return None
    finally:
        torch.set_autocast_cache_enabled(cached)
