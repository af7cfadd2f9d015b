"""What a dream knows of its past: the last frames and buttons, and where the camera and the clocks stand.

Axis letters: B batch, N things, T past frames, S past steps, K buttons, h w pixels, P planes of a frame,
E what is known of a thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

THING = ("x", "y", "kind", "part_x", "part_y", "speed_x", "speed_y", "force", "beat", "pull", "run", "low", "side")
"""What is known of a thing: its place on the screen in pixels, what it is, and what no picture shows. These are
sixteenths of a pixel, speed in sixteenths of a pixel a console frame, and six numbers below 64: the finer part of a
speed, how long a pose or a state still lasts, gravity, gait, the finer parts of height and fall, and how long a wall,
a pole or a pipe that was touched still holds the camera or the hero."""


@dataclass(frozen=True)
class Ring:
    """The past, oldest first. Immutable, so that a saved state is a reference.

    Attributes:
        frames: Past frames, shifted to where the camera stands now, (B, T, h, w, P) uint8.
        buttons: 0/1, that led to the past frames, (B, S, K) float.
        scrolls: Of the camera in pixels, (B, S) int64.
        things: What moves about in the past frames, the hero first, each told as in `THING`; its kind is 0 where there
            is none and, for the hero, below 0 while the scene changes, (B, S, N, E) int64.
        odometer: The camera's left edge in pixels, negative where unknown, (B,) int64.
        counters: The console's clocks, (B, counters) int64.
        absent: Frames without the hero in the same scene, (B,) int64.
    """

    frames: Tensor
    buttons: Tensor
    scrolls: Tensor
    things: Tensor
    odometer: Tensor
    counters: Tensor
    absent: Tensor

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def newest(self) -> Tensor:
        """The newest frame, (B, h, w, P) uint8."""
        return self.frames[:, -1]

    def tensors(self) -> dict[str, Tensor]:
        """All fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, device: torch.device | str) -> "Ring":
        """The same past on another device."""
        return Ring(**{name: tensor.to(device) for name, tensor in self.tensors().items()})

    def select(self, rows: Tensor | Sequence[int] | slice) -> "Ring":
        """Some rows of the batch."""
        return Ring(**{name: tensor[rows] for name, tensor in self.tensors().items()})

    def without_odometer(self, rows: Tensor) -> "Ring":
        """The same past with the odometer unknown in the rows where the mask (B,) is true."""
        return replace(self, odometer=self.odometer.masked_fill(rows, -1))


def stack(rings: Sequence[Ring]) -> Ring:
    """Join the batches of several rings."""
    return Ring(**{name: torch.cat([ring.tensors()[name] for ring in rings]) for name in rings[0].tensors()})


def away(things: Tensor) -> Tensor:
    """Where the scene changes: the hero's kind is below 0. things: (..., N, E). Returns (...) bool."""
    return (things[..., :1, 2] < 0).any(-1)


def shift(frames: Tensor, scrolls: Sequence[int], *, top: int, unknown: int) -> Tensor:
    """Move pictures to the left as a camera that scrolls to the right does.

    Args:
        frames: (B, ..., h, w, P) uint8.
        scrolls: Pixels for each row of the batch, at least 0.
        top: Rows at the top that stand still.
        unknown: Value of the pixels that come into view.

    Returns:
        A new tensor of the same shape.
    """
    moved = frames.clone()
    for row, scroll in zip(moved, scrolls, strict=True):
        if scroll:
            below = row[..., top:, :, :]
            below[..., :-scroll, :] = below[..., scroll:, :].clone()
            below[..., -scroll:, :] = unknown
    return moved
