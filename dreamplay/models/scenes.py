"""The order of scenes and of the hero's poses: which may follow which, how the camera may get into each, and when a
game goes on that has stood still around him, as recorded play has shown.

While the hero is away its kind is the scene: below 0 while a life ends and the next begins. A console goes through
these in a fixed order, so a dream goes no other way.

Axis letters: B batch, R rows of play in their order.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dreamplay.models.layers import PATCH
from dreamplay.models.moves import SMALL
from dreamplay.models.rules import BEAT
from dreamplay.ring import THING

PAGE = 256
"""Pixels of a screen: games keep where a life begins again as the number of one."""
STILL = 32
"""The hero's `beat` from which on it says how long the game still stands still around him."""
POWER = 64
"""Kinds of a hero of one power; in the same pose he is so many further with the next."""
REACH = (20, 36)
"""Pixels, across and down, between a thing's place and the hero's up to which he may have taken it."""
KIND = THING.index("kind")


class Scenes(nn.Module):
    """Masks; they allow everything until they have learnt, and end nothing.

    Scenes have numbers: 0 where the hero is there, 1 where it is not, then 2, 3, ... for its kinds -1, -2, ...

    Attributes:
        order: 1 where the second of the hero's kinds may follow the first, while the game goes on and while it stands
            still, those below 0 counted from the end, (2, kinds, kinds) uint8.
        camera: 1 where the camera may move by this motion class into the scene from this page of the level, the last
            one unknown, (scenes, pages, classes).
        wakes: 1 where the game always went on after it had stood still around a hero of this kind up to this `beat`,
            (kinds, SMALL).
    """

    order: Tensor
    camera: Tensor
    wakes: Tensor
    grows: Tensor

    def __init__(self, kinds: int, scenes: int, classes: int, columns: int, grows: Sequence[int] = ()) -> None:
        super().__init__()
        self.kinds, self.scenes, self.pages = kinds, scenes, columns * PATCH // PAGE + 1
        self.register_buffer("order", torch.ones(2, kinds, kinds, dtype=torch.uint8))
        self.register_buffer("camera", torch.ones(scenes + 2, self.pages + 1, classes))
        self.register_buffer("wakes", torch.zeros(kinds, SMALL))
        self.register_buffer("grows", torch.tensor([kind in grows for kind in range(kinds)]), persistent=False)

    def learn(self, heroes: Tensor, motion: Tensor, odometer: Tensor, episodes: Sequence[tuple[int, int]]) -> None:
        """Allow what was seen, and no more.

        Args:
            heroes: All that is known of him, (R, E).
            motion: Motion classes that led to the rows, (R,).
            odometer: Camera's left edge in pixels, (R,).
            episodes: First row and last row + 1 of plays without a break.
        """
        kinds, beats = heroes[:, KIND], heroes[:, BEAT]
        numbers, pages = self._number(kinds), self._page(odometer)
        still = (kinds > 0) & (beats >= STILL)
        order, camera = torch.zeros_like(self.order), torch.zeros_like(self.camera)
        lasts, wakes = torch.zeros_like(self.wakes), torch.zeros_like(self.wakes)
        for start, stop in episodes:
            order[still[start : stop - 1].long(), kinds[start : stop - 1], kinds[start + 1 : stop]] = 1
            camera[numbers[start + 1 : stop], pages[start : stop - 1], motion[start + 1 : stop]] = 1
            stood = start + still[start : stop - 1].nonzero()[:, 0]
            for table, rows in ((lasts, stood[still[stood + 1]]), (wakes, stood[~still[stood + 1]])):
                table[kinds[rows], beats[rows]] = 1
        self.wakes = wakes * (1 - lasts)
        camera[:, -1] = camera.amax(1)
        camera[0, ~camera[0].any(1), 0] = 1  # where no play has been it stands still
        camera = torch.where(camera.any(2, keepdim=True), camera, camera[:, -1:])
        known = ((table, (table > 0).any(-1, keepdim=True)) for table in (order, camera))
        self.order, self.camera = (torch.where(some, table, torch.ones_like(table)) for table, some in known)

    def kinds_of(self, classes: Tensor) -> Tensor:
        """Kinds from classes that count those below 0 from the end; of any shape."""
        return torch.where(classes < self.kinds - self.scenes, classes, classes - self.kinds)

    def may_follow(self, hero: Tensor, beat: Tensor) -> Tensor:
        """Which kinds the hero may have next, in the order of their classes.

        Where the game begins to stand still around him he may be of another power, too, in any pose that may follow:
        play shows few of those in which he can take a mushroom.

        Args:
            hero: As he is, (B, E).
            beat: His next one, (B,).

        Returns:
            (B, kinds) bool.
        """
        kind, still = hero[:, KIND], (hero[:, KIND] > 0) & (hero[:, BEAT] >= STILL)
        follows = self.order[still.long(), kind % self.kinds] > 0
        powers = (self.kinds - self.scenes) // POWER
        own = kind // POWER
        begins = (kind > 0) & ~still & (beat >= STILL) & (own < powers)
        poses = follows[:, : powers * POWER].view(len(hero), powers, POWER)
        same = poses.gather(1, own.clamp(0, powers - 1)[:, None, None].expand(-1, 1, POWER)) if powers else poses
        any_power = torch.where(begins[:, None, None], poses | same, poses).flatten(1)
        return torch.cat([any_power, follows[:, powers * POWER :]], 1)

    def hold(self, things: Tensor, now: Tensor, scrolls: Tensor) -> Tensor:
        """Let what makes a small hero grow be there until he does, in place: a head may be surer that it goes.

        Args:
            things: As a head says, (B, N, E).
            now: As they were, (B, N, E).
            scrolls: Pixels that the camera goes, (B,).

        Returns:
            The things, (B, N, E).
        """
        was, hero = now[:, 1:], now[:, 0, KIND]
        small = (hero > 0) & (hero < POWER) & (things[:, 0, KIND] > 0) & (things[:, 0, BEAT] < STILL)
        near = ((was[..., :2] - now[:, :1, :2]).abs() <= now.new_tensor(REACH)).all(-1)
        gone = self.grows[was[..., KIND] % self.kinds] & (things[:, 1:, KIND] == 0)
        stays = was.clone()
        stays[..., 0] -= scrolls[:, None]
        things[:, 1:] = torch.where((gone & near & small[:, None])[..., None], stays, things[:, 1:])
        return things

    def may_move(self, hero: Tensor, odometer: Tensor) -> Tensor:
        """How the camera may move where the hero is of these kinds next, (B,). odometer: (B,). Returns (B, classes)."""
        return self.camera[self._number(hero), self._page(odometer)] > 0

    def wake(self, hero: Tensor) -> Tensor:
        """Whether the game goes on now that has stood still around the hero, (B,) bool. hero: (B, E)."""
        return self.wakes[hero[:, KIND].clamp(min=0), hero[:, BEAT].clamp(0, SMALL - 1)] > 0

    def _page(self, odometer: Tensor) -> Tensor:
        return torch.where(odometer < 0, self.pages, odometer // PAGE).clamp(max=self.pages)

    def _number(self, hero: Tensor) -> Tensor:
        return 1 - hero.clamp(min=-self.scenes, max=1)
