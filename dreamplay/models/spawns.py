"""What comes into view as the camera goes on: enemies, lifts and flags wait where a level has them.

A console keeps them in a list by where the camera must be, so play that went by tells all of it; a head would have to
learn each by heart, from the one frame in which it comes.

Axis letters: B batch, N things, E what is known of a thing (`THING`), R rows of play, L places of the list,
C close ones.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dreamplay.ring import THING

EDGE = 250
"""Column of the screen from which on what was not there comes into view."""
NEAR = (12, 24)
"""Pixels, across and down, up to which a thing of the same kind is the same one."""
SOON = 16
"""Pixels that the camera may go between what a head says comes and what really does."""
PLACES = 256
"""Things that all levels together may have."""
CLOSE = 8
"""How many of them come within `SOON` pixels, at most."""
FAR = 1 << 20
"""Pixels: farther than any level goes."""
TWICE = 2
"""Times that one must have come, and at least in half of the times that the camera went by; and half of all of its kind
must have come so: flames come now here, now there, and some twice where play seldom went."""
X, Y, KIND = (THING.index(name) for name in ("x", "y", "kind"))


class Spawns(nn.Module):
    """The list; it is empty, and lets everything be, until it has learnt.

    Attributes:
        camera: The camera's left edge, as far as it goes without one, (L,) int32.
        comes: What comes, its x in the level, (L, E) int32; of kind 0 where the list has ended.
        slots: 1 where things of a kind come into a slot, (kinds, N) uint8. What comes and is not listed comes
            anywhere, as Bowser's flames do.
    """

    camera: Tensor
    comes: Tensor
    slots: Tensor

    def __init__(self, kinds: int, things: int) -> None:
        super().__init__()
        self.register_buffer("camera", torch.full((PLACES,), -1, dtype=torch.int32))
        self.register_buffer("comes", torch.zeros(PLACES, len(THING), dtype=torch.int32))
        self.register_buffer("slots", torch.zeros(kinds, things, dtype=torch.uint8))

    def learn(self, things: Tensor, odometer: Tensor, episodes: Sequence[tuple[int, int]]) -> None:
        """List what came again and again as the camera went by.

        Args:
            things: (R, N, E).
            odometer: Camera's left edge in pixels, (R,).
            episodes: First row and last row + 1 of plays without a break.
        """
        after = _steps(things, odometer, episodes)
        before = after - 1
        fresh = (things[before, 1:, KIND] == 0) & (things[after, 1:, KIND] > 0) & (things[after, 1:, X] >= EDGE)
        steps, slots = fresh.nonzero(as_tuple=True)
        came = things[after[steps], slots + 1].clone()  # (n, E)
        came[:, X] += odometer[after[steps]]
        self.slots.zero_()
        self.slots[came[:, KIND], slots + 1] = 1
        listed, often = [], torch.zeros(len(self.slots), dtype=torch.long)
        for found in _alike(came):
            first, last = odometer[before[steps[found]]], odometer[after[steps[found]]]
            camera = first[_within(first, first, last).argmax()]
            if len(found) >= TWICE and 2 * len(found) >= _within(camera[None], odometer[before], odometer[after])[0]:
                each, number = np.unique(came[found].numpy(), axis=0, return_counts=True)
                listed.append((int(camera), torch.from_numpy(each[number.argmax()])))
                often[came[found[0], KIND]] += len(found)
        usual = 2 * often >= torch.bincount(came[:, KIND], minlength=len(often))
        listed = sorted((one for one in listed if usual[one[1][KIND]]), key=lambda one: one[0])[:PLACES]
        self.camera.fill_(-1)
        self.comes.zero_()
        for i, (camera_at, thing) in enumerate(listed):
            self.camera[i], self.comes[i] = camera_at, thing

    def forward(self, things: Tensor, now: Tensor, odometer: Tensor, scrolls: Tensor) -> Tensor:
        """Let come what comes as the camera goes on, and nothing else but kinds that come anywhere.

        Args:
            things: As a head says, (B, N, E).
            now: As they were, (B, N, E).
            odometer: Camera's left edge before, (B,).
            scrolls: Pixels that it goes, (B,).

        Returns:
            The things, (B, N, E).
        """
        camera = odometer + scrolls
        apart = (self.camera - camera[:, None]).abs().masked_fill(self.comes[:, KIND] == 0, FAR)
        close = apart.topk(CLOSE, largest=False).indices.sort().values  # (B, C), in the list's order
        ends, place = self.camera[close], self.comes[close]  # (B, C, E)
        place[..., X] -= camera[:, None]
        there = ((now[:, 0, KIND] > 0) & (things[:, 0, KIND] > 0) & (odometer >= 0) & (scrolls > 0))[:, None]
        same = _same(things[:, :, None], place[:, None])  # (B, N, C)
        fresh = (now[..., KIND] == 0) & (things[..., KIND] > 0) & (things[..., X] >= EDGE)
        soon = (ends - camera[:, None]).abs() <= SOON
        wrong = fresh & ~self._free(things[..., KIND]) & ~(same & soon[:, None]).any(2)
        wrong &= there & (self.comes[0, KIND] > 0)
        wrong[:, 0] = False
        things = things.masked_fill(wrong[..., None], 0)
        kinds = place[..., KIND] % self.slots.shape[0]
        due = there & (kinds > 0) & (odometer[:, None] <= ends) & (ends < camera[:, None])
        due = due & ~(same & ~wrong[..., None]).any(1)  # (B, C)
        rows, which = due.nonzero(as_tuple=True)
        free = (things[rows, :, KIND] == 0) & (self.slots[kinds[rows, which]] > 0)  # (n, N)
        turn = due.cumsum(1)[rows, which]  # those that come at once take one slot after the other
        into, slot = (free & (free.cumsum(1) == turn[:, None])).nonzero(as_tuple=True)
        things[rows[into], slot] = place[rows[into], which[into]].to(things.dtype)
        return things

    def _free(self, kind: Tensor) -> Tensor:
        """Whether things of a kind come, but none is listed. kind: (B, N). Returns (B, N) bool."""
        comes = (self.slots > 0).any(1)[kind % self.slots.shape[0]]
        return comes & (kind[..., None] != self.comes[:, KIND]).all(-1)


def _steps(things: Tensor, odometer: Tensor, episodes: Sequence[tuple[int, int]]) -> Tensor:
    """Rows to which the camera has gone on around the hero, (n,)."""
    inside = torch.zeros(len(odometer), dtype=torch.bool)
    for start, stop in episodes:
        inside[start + 1 : stop] = True
    after = inside.nonzero()[:, 0]
    before = after - 1
    goes = (odometer[before] >= 0) & (odometer[after] > odometer[before])
    goes &= (things[before, 0, KIND] > 0) & (things[after, 0, KIND] > 0)
    return after[goes]


def _alike(came: Tensor) -> list[Tensor]:
    """Which of things that came, (n, E), are the same one of the level, (m,) each."""
    left, found = torch.arange(len(came)), []
    while len(left):
        one = _same(came[left], came[left[0]])
        found.append(left[one])
        left = left[~one]
    return found


def _same(one: Tensor, other: Tensor) -> Tensor:
    """Whether things are of the same kind and near each other, (...) bool; (..., E) each."""
    apart = (one[..., X : Y + 1] - other[..., X : Y + 1]).abs()
    return (apart <= apart.new_tensor(NEAR)).all(-1) & (one[..., KIND] == other[..., KIND])


def _within(camera: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """How many of the steps, (n,) each, the camera goes by in each of these places. camera: (m,). Returns (m,)."""
    return ((before <= camera[:, None]) & (camera[:, None] < after)).sum(1)
