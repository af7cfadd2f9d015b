"""The order of scenes: which may follow which, and how the camera may get into each, as recorded play has shown.

While the hero is away its kind is the scene: below 0 while a life ends and the next begins. A console goes through
these in a fixed order, so a dream goes no other way.

Axis letters: B batch, R rows of play in their order.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Scenes(nn.Module):
    """Masks; they allow everything until they have learnt.

    Scenes have numbers: 0 where the hero is there, 1 where it is not, then 2, 3, ... for its kinds -1, -2, ...

    Attributes:
        order: 1 where the second scene may follow the first, (scenes, scenes).
        camera: 1 where the camera may move by this motion class into the scene, (scenes, classes).
    """

    order: Tensor
    camera: Tensor

    def __init__(self, kinds: int, scenes: int, classes: int) -> None:
        super().__init__()
        self.kinds, self.scenes = kinds, scenes
        self.register_buffer("order", torch.ones(scenes + 2, scenes + 2))
        self.register_buffer("camera", torch.ones(scenes + 2, classes))

    def learn(self, hero: Tensor, motion: Tensor, episodes: Sequence[tuple[int, int]]) -> None:
        """Allow what was seen, and no more.

        Args:
            hero: Its kinds, (R,).
            motion: Motion classes that led to the rows, (R,).
            episodes: First row and last row + 1 of plays without a break.
        """
        numbers = self._number(hero)
        order, camera = torch.zeros_like(self.order), torch.zeros_like(self.camera)
        for start, stop in episodes:
            order[numbers[start : stop - 1], numbers[start + 1 : stop]] = 1
            camera[numbers[start + 1 : stop], motion[start + 1 : stop]] = 1
        self.order, self.camera = (torch.where(seen.any(1, keepdim=True), seen, 1.0) for seen in (order, camera))

    def kinds_of(self, classes: Tensor) -> Tensor:
        """Kinds from classes that count those below 0 from the end; of any shape."""
        return torch.where(classes < self.kinds - self.scenes, classes, classes - self.kinds)

    def may_follow(self, hero: Tensor) -> Tensor:
        """Which kinds the hero may have after these, (B,). Returns (B, kinds) bool."""
        classes = torch.arange(self.kinds, device=hero.device)
        return self.order[self._number(hero)][:, self._number(self.kinds_of(classes))] > 0

    def may_move(self, hero: Tensor) -> Tensor:
        """How the camera may move where the hero is of these kinds next, (B,). Returns (B, classes) bool."""
        return self.camera[self._number(hero)] > 0

    def _number(self, hero: Tensor) -> Tensor:
        return 1 - hero.clamp(min=-self.scenes, max=1)
