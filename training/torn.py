"""Torn frames: an emulator shows what its console has drawn so far, so now and then half of a screen that is just
being built or taken away.

Where it tears is chance, and a dream that learns what it can foresee would draw some of both halves: dots of the text
that stood on a black screen, which nothing takes away later. A block that has bounced is put back into the level in the
same frame, or in the next one, which is chance, too.

Axis letters: N frames, S slots, h w pixels, E what is known of a thing (`THING`).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import count

import torch
from torch import Tensor

from training.film import Film

BOX = 16
"""Pixels along each side of what a thing leaves behind."""
BORDER = 2
"""Pixels that a thing is drawn beside its place, at most."""
DIFFERS = 16
"""Pixels of such a box from which on it is another picture."""


def mend(film: Film, hero: Tensor, episodes: Sequence[tuple[int, int]]) -> int:
    """Show a torn frame between two scenes as the one before or the one after.

    That is the one which most others are that come between the same two scenes and are not torn: what follows can then
    be foreseen.

    Args:
        film: The frames; changed in place.
        hero: The kind of the hero in each, below 0 while scenes change, (N,).
        episodes: First row and last row + 1 of each.

    Returns:
        How many frames were torn.
    """
    scene = hero.clamp(max=0)
    changes = torch.zeros(len(scene), dtype=torch.bool)
    changes[1:-1] = (scene[1:-1] < 0) & ((scene[:-2] != scene[1:-1]) | (scene[2:] != scene[1:-1]))
    lean, torn = Counter[tuple[int, int]](), list[int]()
    for start, stop in episodes:
        for row in (start + 1 + changes[start + 1 : stop - 1].nonzero()[:, 0]).tolist():
            before, now, after = film[torch.tensor([row - 1, row, row + 1])]
            old, new = now == before, now == after
            if bool(old.all()) or bool(new.all()):
                lean[_between(scene, row)] += int(new.all()) - int(old.all())
            elif _torn(old, new, straight=bool(scene[row + 1] == 0)):
                torn.append(row)
    halves = set(torn)
    for row in torn:
        whole = row - 1  # which is mended by now
        if whole not in halves and lean[_between(scene, row)] > 0:
            whole = next(later for later in count(row) if later not in halves)
        film.numbers[row] = film.numbers[whole]
    return len(torn)


def late(film: Film, things: Tensor, scrolls: Tensor, episodes: Sequence[tuple[int, int]], *, top: int) -> Tensor:
    """In which frames a thing has just gone, but what it leaves behind is not there before the next frame.

    Args:
        film: The frames.
        things: (N, S, E), the hero first.
        scrolls: Pixels that led to each frame, (N,).
        episodes: First row and last row + 1 of each.
        top: Rows that do not scroll.

    Returns:
        (N,) bool.
    """
    found = torch.zeros(len(film), dtype=torch.bool)
    kinds, inner = things[..., 2], torch.zeros(len(film), dtype=torch.bool)
    for start, stop in episodes:
        inner[start + 1 : stop - 1] = True
    height, width = film[0].shape
    goes = (kinds[:-1, 1:] > 0) & (kinds[1:, 1:] == 0) & inner[1:, None] & (kinds[:-1, :1] > 0) & (kinds[1:, :1] > 0)
    for before, slot in goes.nonzero().tolist():
        row = before + 1
        x, y = things[before, slot + 1, :2].tolist()
        x, further = x - int(scrolls[row]), int(scrolls[row + 1])
        if x - further < 0 or x + BOX > width or y < top or y + BOX > height:
            continue
        if _hidden(things[row], x, y) or _hidden(things[row + 1], x - further, y):
            continue
        now, then = film[torch.tensor([row, row + 1])][:, y : y + BOX]
        found[row] |= int((now[:, x : x + BOX] != then[:, x - further : x - further + BOX]).sum()) >= DIFFERS
    return found


def _hidden(things: Tensor, x: int, y: int) -> bool:
    """Whether anything may hide a part of the box that begins there. things: (S, E)."""
    down = things[:, 1] - y
    tall = torch.full_like(down, BOX)
    tall[0] = 2 * BOX  # the hero
    near = ((things[:, 0] - x).abs() < BOX + BORDER) & (down < BOX + BORDER) & (down > -tall - BORDER)
    return bool((near & (things[:, 2] > 0)).any())


def _between(scene: Tensor, row: int) -> tuple[int, int]:
    return int(scene[row - 1]), int(scene[row])


def _torn(old: Tensor, new: Tensor, *, straight: bool) -> bool:
    """Whether a frame is partly the one before and partly the one after.

    Args:
        old, new: Which pixels are those of the one before and of the one after, (h, w) bool.
        straight: Only across its width: of two pictures that differ little, others are like one or the other, too.
    """
    if not straight:
        return bool((old | new).all())
    old, new = old.all(1), new.all(1)
    return any(_leading(a) + _leading(b.flip(0)) >= len(old) - 1 for a, b in ((old, new), (new, old)))


def _leading(rows: Tensor) -> int:
    """How many are true before the first that is not. rows: (h,) bool."""
    return int(rows.int().cumprod(0).sum())
