"""Torn frames: an emulator shows what its console has drawn so far, so now and then half of a screen that is just
being built or taken away.

Where it tears is chance, and a dream that learns what it can foresee would draw some of both halves: dots of the text
that stood on a black screen, which nothing takes away later.

Axis letters: N frames, h w pixels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.film import Film


def mend(film: Film, hero: Tensor, episodes: Sequence[tuple[int, int]]) -> int:
    """Show the next frame where one is torn between two scenes, and the one before where the hero comes next.

    Args:
        film: The frames; changed in place.
        hero: The kind of the hero in each, below 0 while scenes change, (N,).
        episodes: First row and last row + 1 of each.

    Returns:
        How many frames were torn.
    """
    scene, torn = hero.clamp(max=0), 0
    changes = torch.zeros(len(scene), dtype=torch.bool)
    changes[1:-1] = (scene[1:-1] < 0) & ((scene[:-2] != scene[1:-1]) | (scene[2:] != scene[1:-1]))
    for start, stop in episodes:
        for row in (
            (start + 1 + changes[start + 1 : stop - 1].nonzero()[:, 0]).flip(0).tolist()
        ):  # the next one is whole
            before, now, after = film[torch.tensor([row - 1, row, row + 1])]
            if _torn(before, now, after, straight=bool(scene[row + 1] == 0)):
                film.numbers[row] = film.numbers[row + 1 if scene[row + 1] < 0 else row - 1]
                torn += 1
    return torn


def _torn(before: Tensor, now: Tensor, after: Tensor, *, straight: bool) -> bool:
    """Whether a frame is partly the one before and partly the one after, (h, w) each.

    straight: Only across its width: of two pictures that differ little, others are like one or the other, too.
    """
    old, new = now == before, now == after
    if bool(old.all()) or bool(new.all()):
        return False
    if not straight:
        return bool((old | new).all())
    old, new = old.all(1), new.all(1)
    return any(_leading(a) + _leading(b.flip(0)) >= len(now) - 1 for a, b in ((old, new), (new, old)))


def _leading(rows: Tensor) -> int:
    """How many are true before the first that is not. rows: (h,) bool."""
    return int(rows.int().cumprod(0).sum())
