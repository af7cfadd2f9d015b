"""The order of scenes: which may follow which, and how the camera may get into each, as recorded play has shown.

While the hero is away its kind is the scene: below 0 while a life ends and the next begins. A console goes through
these in a fixed order, so a dream goes no other way.

Axis letters: B batch, R rows of play in their order.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dreamplay.models.layers import PATCH

PAGE = 256
"""Pixels of a screen: games keep where a life begins again as the number of one."""


class Scenes(nn.Module):
    """Masks; they allow everything until they have learnt.

    Scenes have numbers: 0 where the hero is there, 1 where it is not, then 2, 3, ... for its kinds -1, -2, ...

    Attributes:
        order: 1 where the second scene may follow the first, (scenes, scenes).
        camera: 1 where the camera may move by this motion class into the scene from this page of the level, the last
            one unknown, (scenes, pages, classes).
    """

    order: Tensor
    camera: Tensor

    def __init__(self, kinds: int, scenes: int, classes: int, columns: int) -> None:
        super().__init__()
        self.kinds, self.scenes, self.pages = kinds, scenes, columns * PATCH // PAGE + 1
        self.register_buffer("order", torch.ones(scenes + 2, scenes + 2))
        self.register_buffer("camera", torch.ones(scenes + 2, self.pages + 1, classes))

    def learn(self, hero: Tensor, motion: Tensor, odometer: Tensor, episodes: Sequence[tuple[int, int]]) -> None:
        """Allow what was seen, and no more.

        Args:
            hero: Its kinds, (R,).
            motion: Motion classes that led to the rows, (R,).
            odometer: Camera's left edge in pixels, (R,).
            episodes: First row and last row + 1 of plays without a break.
        """
        numbers, pages = self._number(hero), self._page(odometer)
        order, camera = torch.zeros_like(self.order), torch.zeros_like(self.camera)
        for start, stop in episodes:
            order[numbers[start : stop - 1], numbers[start + 1 : stop]] = 1
            camera[numbers[start + 1 : stop], pages[start : stop - 1], motion[start + 1 : stop]] = 1
        camera[:, -1] = camera.amax(1)
        camera[0, ~camera[0].any(1), 0] = 1  # where no play has been it stands still
        camera = torch.where(camera.any(2, keepdim=True), camera, camera[:, -1:])
        self.order, self.camera = (torch.where(seen.any(-1, keepdim=True), seen, 1.0) for seen in (order, camera))

    def kinds_of(self, classes: Tensor) -> Tensor:
        """Kinds from classes that count those below 0 from the end; of any shape."""
        return torch.where(classes < self.kinds - self.scenes, classes, classes - self.kinds)

    def may_follow(self, hero: Tensor) -> Tensor:
        """Which kinds the hero may have after these, (B,). Returns (B, kinds) bool."""
        classes = torch.arange(self.kinds, device=hero.device)
        return self.order[self._number(hero)][:, self._number(self.kinds_of(classes))] > 0

    def may_move(self, hero: Tensor, odometer: Tensor) -> Tensor:
        """How the camera may move where the hero is of these kinds next, (B,). odometer: (B,). Returns (B, classes)."""
        return self.camera[self._number(hero), self._page(odometer)] > 0

    def _page(self, odometer: Tensor) -> Tensor:
        return torch.where(odometer < 0, self.pages, odometer // PAGE).clamp(max=self.pages)

    def _number(self, hero: Tensor) -> Tensor:
        return 1 - hero.clamp(min=-self.scenes, max=1)
