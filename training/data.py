"""Rendered play as training windows: every row of a cache with what a dream would know before it.

Axis letters: N rows (of things: slots), B batch, T past frames, S past steps, K buttons, H W latent rows and columns,
h w pixels, E what is known of a thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.config import Counter
from dreamplay.models.layers import PATCH
from dreamplay.models.motion import Foresight
from dreamplay.models.moves import BOTTOM, LEFT, RIGHT, TOP, leave_parts
from dreamplay.models.sprites import Pieces
from dreamplay.ring import THING, Ring, away, shift
from dreamplay.world import GameSpec
from training.backdrops import Backdrops
from training.cache import Cache
from training.film import film
from training.torn import late, mend

Rows = npt.NDArray[np.int64]

SEEN_BEFORE, SEEN_AFTER = 5, 16
"""Frames before and after a rare event that belong to it: a block that was hit bounces for eight."""
SCARCE = 500
"""The part of all rows, one by this, as which a page counts at least: what is seen once is not drawn for ever."""
_SETS_UP, _WALKS_OFF = 0, 5
"""Values of `task` while a level is set up and of `player_state` while Mario walks to the castle."""
HERO_BOX = (16, 32)
"""Columns and rows of the box that the probes' place is the upper left corner of."""


@dataclass(frozen=True)
class Setting:
    """What windows are cut for: the numbers of a config that the past depends on.

    Attributes:
        game: What is played.
        colors: Length of the palette, which is also the index of the unknown pixel.
        status_rows: Rows that do not scroll, in pixels.
        context: Past frames, T.
        steps: Past steps, S.
        fastest: Fastest scroll in pixels a frame; anything else is a cut.
        cuts: Odometer readings after a cut, in the order of their classes.
        counters: Clocks, whose names are columns of the cache.
        things: Slots of things whose kinds and places are columns of the cache.
        patience: Where the count of frames without the hero stops.
        backdrop: Whether the oldest past frame is what was last seen behind things.
        shapes: Where the boxes of things of some kinds are, for every way that they may point.
    """

    game: GameSpec
    colors: int
    status_rows: int
    context: int
    steps: int
    fastest: int
    cuts: tuple[int, ...]
    counters: tuple[Counter, ...]
    things: int
    patience: int
    backdrop: bool
    shapes: Mapping[int, Pieces]


class Footage:
    """A cache in memory, with scrolls, absence of the hero and change worked out for every row.

    Attributes:
        frames: (N, h, w) uint8 palette indices; a `Film`.
        held: 0/1, that led to each row, (N, K) float.
        motion: Motion class that led to each row, (N,).
        scrolls: Pixels of it, 0 at a cut, (N,).
        odometer: The camera's left edge, (N,).
        places: Of the hero: x, y on the screen and whether it is there, (N, 3) float.
        things: As in a ring, (N, slots, E).
        counters: Clocks, (N, counters).
        absent: Frames without the hero in the same scene, (N,).
        changed: Patches outside the status bar that differ from the moved frame before, (N,).
        rows: The rows that have a whole past in their own episode.
        episodes: First and last row + 1 of each episode.
    """

    def __init__(
        self,
        cache: Cache,
        setting: Setting,
        *,
        limit: int | None = None,
        colors: Sequence[tuple[int, int, int]] = (),
        span: str = "",
        folder: Path | None = None,
        mended: bool = False,
    ) -> None:
        """Read a cache.

        Args:
            cache: The rendered play.
            setting: What windows are cut for.
            limit: Only whole episodes within so many rows.
            colors: Of the palette, where pasts are to hold RGB instead of its indices.
            span: Stages that follow each other, "1-1..1-2": what follows on one of them but the last is not in `rows`
                where a movie's span is another one.
            folder: Where to keep what takes minutes to work out, if anywhere; of all the cache only.
            mended: Whether torn frames are shown whole.
        """
        self.setting, self.table = setting, cache.table
        self.colors = torch.tensor([*colors, (0, 0, 0)], dtype=torch.uint8) if colors else None
        self.episodes = [(a, b) for a, b in cache.episodes if limit is None or b <= limit]
        count = self.episodes[-1][1]
        self.frames = film(cache, count, folder)
        self.held = torch.from_numpy(unpack(self._column("buttons", count), len(setting.game.buttons)))
        camera = torch.from_numpy(self._column("camera", count))
        first = torch.zeros(count, dtype=torch.bool)
        first[[a for a, _ in self.episodes]] = True
        self.places, things = self._places(count, camera), self._things(camera, first)
        if mended and setting.things:
            mend(self.frames, things[:, 0, 2], self.episodes)
        self.odometer, self.motion, self.scrolls = camera, *_motion(camera, first, away(things), setting)
        self.things = Small(things)
        columns = [torch.from_numpy(self._column(c.name, count)) % c.period for c in setting.counters]
        self.counters = torch.stack(columns, 1) if columns else torch.zeros(count, 0, dtype=torch.int64)
        self.absent, self.changed = self._absent(), self._change(first)
        past = max(setting.context, setting.steps)
        rows = np.concatenate([np.arange(a + past, b) for a, b in self.episodes])
        left_out = self._elsewhere(cache, span)
        if mended and setting.things:
            left_out |= late(self.frames, things, self.scrolls, self.episodes, top=setting.status_rows).numpy()
        self.rows: Rows = rows[~left_out[rows]]
        self.backdrops = None
        if setting.backdrop:
            play = self.frames, things, self.scrolls, self.episodes
            self.backdrops = Backdrops(
                *play,
                top=setting.status_rows,
                unknown=setting.colors,
                shapes=setting.shapes,
                folder=folder,
            )

    def _column(self, name: str, count: int) -> npt.NDArray[np.int64]:
        return self.table[name][:count].astype(np.int64)

    def _places(self, count: int, camera: Tensor) -> Tensor:
        x = torch.from_numpy(self._column("x", count)) - camera
        y = torch.from_numpy(self._column("y", count))
        game = self.setting.game
        there = torch.from_numpy(self._column("visible", count)) > 0
        there &= (x >= 0) & (x < game.width) & (y >= 0) & (y < game.height)
        return torch.stack([x.clamp(0, game.width - 1), y.clamp(0, game.height - 1), there.long()], 1).float()

    def _things(self, camera: Tensor, first: Tensor) -> Tensor:
        count, slots = len(camera), self.setting.things
        things = torch.zeros(count, slots, len(THING), dtype=torch.int16)
        for i in range(slots):
            for j, name in enumerate(THING):
                column = torch.from_numpy(self._column(f"thing{i}_{name}", count))
                things[:, i, j] = column - camera if name == "x" else column
        x, y, kind = things[..., :3].clone().unbind(2)
        inside = (x >= LEFT) & (x < RIGHT) & (y >= TOP) & (y < BOTTOM) & (kind > 0)
        things *= inside[..., None]
        things[..., 2] += kind.clamp(max=0)
        leave_parts(things, first)
        return things

    def _absent(self) -> Tensor:
        absent = torch.zeros(len(self.things), dtype=torch.int64)
        if not self.setting.things:
            return absent
        scene = self.things[:, 0, 2].tolist()
        for start, stop in self.episodes:
            for row in range(start, stop):
                since = int(absent[row - 1]) + 1 if row > start and scene[row] == scene[row - 1] else 1
                absent[row] = 0 if scene[row] > 0 else min(since, self.setting.patience)
        return absent

    def _change(self, first: Tensor) -> Tensor:
        """Changed patches of every row."""
        count, top = len(self.frames), self.setting.status_rows
        changed = torch.zeros(count, dtype=torch.int64)
        for start in range(1, count, 512):
            rows = torch.arange(start, min(start + 512, count))
            moved = shift(self.frames[rows - 1][..., None], self.scrolls[rows].tolist(), top=top, unknown=255)
            differs = (moved[..., 0] != self.frames[rows])[:, top:]
            b, h, w = differs.shape
            tiles = differs.reshape(b, h // PATCH, PATCH, w // PATCH, PATCH)
            changed[rows] = tiles.any(4).any(2).sum((1, 2))
        changed[first] = 0
        return changed

    def _elsewhere(self, cache: Cache, span: str) -> npt.NDArray[np.bool_]:
        """In which rows a movie goes on to another stage than that span says: from the end of its own span."""
        found = np.zeros(len(self.frames), bool)
        last = _last_stage(span)
        if last <= 0:
            return found
        for shard, (start, stop) in zip(cache.shards, self.episodes, strict=False):
            own = _last_stage(shard.path.name)
            if own < last:
                task, state, stage = (self.table[name][start:stop] for name in ("task", "player_state", "stage"))
                ends = (task[1:] == _SETS_UP) & (task[:-1] != _SETS_UP) & (state[1:] == _WALKS_OFF)
                found[start + 1 : stop] = ends & (own <= stage[:-1]) & (stage[:-1] < last)
        return found

    def weights(self) -> npt.NDArray[np.float64]:
        """Sampling weight of each of `rows`.

        Two parts of nine the same for every page of a level, two by changed patches, pages weighed alike; one from a
        little before rare events to when what they left behind is there for good, and one the rarest thing that is
        there, each kind of them by the square root of its number, one the frames around a change of the scene: few,
        but everything changes at once in them; and two those in which a level appears, each place where one does as
        often.
        """
        changed = self.changed.numpy()[self.rows].clip(max=150).astype(np.float64)
        rare = np.zeros(len(self.frames), dtype=np.float64)
        for name in ("score", "power", "coins", "player_state", "lives"):
            went = np.diff(self._column(name, len(self.frames)))
            _, kind, number = np.unique(went, return_inverse=True, return_counts=True)
            number[number.argmax()] = 0  # nothing happens
            rare[1:] = np.maximum(rare[1:], np.where(number > 0, number.clip(min=1) ** -0.5, 0)[kind])
        rare = np.maximum(rare, self._gone())
        around = np.pad(rare, (SEEN_AFTER, SEEN_BEFORE))
        rare = np.lib.stride_tricks.sliding_window_view(around, SEEN_BEFORE + SEEN_AFTER + 1).max(1)[self.rows]
        scene = self.things[:, :1, 2].clamp(max=0).sum(1).numpy()
        turns = np.concatenate([[0.0], (scene[1:] != scene[:-1]).astype(np.float64)])
        turns = (np.convolve(turns, np.ones(5), "same")[self.rows] > 0).astype(np.float64)
        appears = self._appears(scene)
        seldom = self.seldom(self.rows)
        parts = (seldom, seldom, seldom * changed, seldom * changed, rare, self._rarity(), turns, appears, appears)
        return np.mean([part / max(part.sum(), 1e-9) for part in parts], 0)

    def _pages(self) -> npt.NDArray[np.int64]:
        """The screen of the level in which each frame is, (rows,)."""
        return self.odometer.numpy().clip(min=0) // self.setting.game.width

    def seldom(self, rows: Rows) -> npt.NDArray[np.float64]:
        """One by how often the page of the level that each of the rows is in is seen among them, (rows,)."""
        pages = self._pages()[rows]
        return 1 / np.bincount(pages, minlength=1)[pages].clip(min=1 + len(rows) // SCARCE).astype(np.float64)

    def _appears(self, scene: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """How rare it is that a level appears where it does in each of `rows` or in the next one."""
        first = 1 + np.flatnonzero((scene[1:] == 0) & (scene[:-1] < 0))
        _, page, number = np.unique(self._pages()[first], return_inverse=True, return_counts=True)
        rare = np.zeros(len(self.frames))
        rare[first] = 1 / number[page]
        rare[:-1] += rare[1:]
        return rare[self.rows]

    def _gone(self) -> npt.NDArray[np.float64]:
        """How rare it is that such a thing goes as goes in each row, by the kind that goes most rarely."""
        kinds = self.things[:, 1:, 2].clamp(min=0).numpy()
        return np.pad(_rarest(np.where(kinds[1:] == 0, kinds[:-1], 0)), (1, 0))

    def _rarity(self) -> npt.NDArray[np.float64]:
        """How rare the rarest thing beside the hero is in each of `rows`."""
        return _rarest(self.things[:, 1:, 2].clamp(min=0).numpy())[self.rows]

    def pictures(self, rows: Tensor) -> Tensor:
        """Frames as a dream holds them. rows: (...). Returns (..., h, w, P) uint8."""
        return self._colored(self.frames[rows])

    def _colored(self, frames: Tensor) -> Tensor:
        return frames[..., None] if self.colors is None else self.colors[frames.int().clamp(max=len(self.colors) - 1)]

    def foresight(self, rows: Tensor) -> Foresight:
        """What a perfect motion head says of these rows, (B,)."""
        return Foresight(self.motion[rows], self.things[rows], self.counters[rows])

    def ring(self, rows: Rows | Sequence[int]) -> Ring:
        """The past before each of the rows, what comes next, as a dream would have it. Batch B = number of rows."""
        setting, context = self.setting, self.setting.context
        now = torch.as_tensor(np.asarray(rows, dtype=np.int64))
        past = now[:, None] - torch.arange(setting.steps, 0, -1)  # (B, S)
        frames = self.pictures(past[:, -context:])  # (B, T, h, w, P)
        if self.backdrops is not None:
            frames[:, 0] = self._colored(self.backdrops[past[:, -context]])
        moved = [frames[:, -1]]
        since = torch.zeros_like(now)
        for age in range(2, context + 1):
            since = since + self.scrolls[now - age + 1]
            pixels = since.clamp(max=setting.game.width).tolist()
            moved.append(shift(frames[:, -age], pixels, top=setting.status_rows, unknown=setting.colors))
        return Ring(
            frames=torch.stack(moved[::-1], 1),
            buttons=self.held[past],
            scrolls=self.scrolls[past],
            things=self.things[past],
            odometer=self.odometer[now - 1] if setting.fastest else torch.full_like(now, -1),
            counters=self.counters[now - 1],
            absent=self.absent[now - 1],
        )


class Small:
    """Small whole numbers, which take a quarter of their room until they are asked for."""

    def __init__(self, numbers: Tensor) -> None:
        """Keep them. numbers: Of any shape, from -32768 to 32767."""
        self._kept = numbers.to(torch.int16)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, at: Any) -> Tensor:
        """Some of them as int64, a copy. at: As of a tensor."""
        return self._kept[at].long()

    def __setitem__(self, at: Any, numbers: Tensor | int) -> None:
        """Put others in their place."""
        self._kept[at] = torch.as_tensor(numbers, dtype=torch.int16)


class Sampler:
    """Draws rows with replacement; its generator can be saved and restored."""

    def __init__(self, footage: Footage, seed: int) -> None:
        self._rows, self._edges = footage.rows, running(footage.weights())
        self.generator = np.random.default_rng(seed)

    def state_dict(self) -> dict[str, Any]:
        """The generator's state."""
        return dict(self.generator.bit_generator.state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Back to it."""
        self.generator.bit_generator.state = state

    def draw(self, count: int) -> Rows:
        """That many rows."""
        return self._rows[chosen(self._edges, self.generator, count)]


def _rarest(kinds: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """One by the root of how often the rarest kind of each row is there; 0 where there is none.

    kinds: Of things, 0 for none, (N, slots). Returns (N,).
    """
    rarity = np.bincount(kinds.ravel(), minlength=1).clip(min=1) ** -0.5
    rarity[0] = 0
    rarest: npt.NDArray[np.float64] = rarity[kinds].max(1, initial=0)
    return rarest


def running(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The running sum of the shares that weights are, for `chosen`. weights: (n,). Returns (n,)."""
    return np.cumsum(weights / weights.sum())


def chosen(edges: npt.NDArray[np.floating[Any]], generator: np.random.Generator, count: int) -> Rows:
    """Draw numbers with replacement. edges: Running sum of their shares, up to 1. Returns (count,)."""
    return np.searchsorted(edges, generator.random(count)).clip(max=len(edges) - 1)


WRONG = 24
"""Levels of 255 that a colour may be off before an RGB pixel counts as wrong."""


def wrong(made: Tensor, truth: Tensor) -> Tensor:
    """Which pixels are wrong. made, truth: (..., P) uint8, indices or RGB. Returns (...) bool."""
    if made.shape[-1] == 1:
        return (made != truth)[..., 0]
    return ((made.int() - truth.int()).abs() > WRONG).any(-1)


def _last_stage(span: str) -> int:
    """Number of the last stage of a span, "1-1..1-3", or of a movie's name with one in it: 2."""
    digits = span.rpartition("..")[2].partition("-")[2][:1]
    return int(digits) - 1 if digits.isdigit() else -1


def unpack(buttons: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float32]:
    """Bit masks as 0/1. buttons: (N,). Returns (N, K)."""
    return ((buttons[:, None] >> np.arange(count)) & 1).astype(np.float32)


def _motion(camera: Tensor, first: Tensor, changing: Tensor, setting: Setting) -> tuple[Tensor, Tensor]:
    """Motion classes and scrolls from the camera's left edge, (N,) each.

    While the scene changes (`changing`), a camera that stands where a cut leads is one that is cut there again and
    again: a dream that has missed the one frame in which it goes there gets there in the next.
    """
    went = torch.diff(camera, prepend=camera[:1])
    went[first] = 0
    cut = (went < 0) | (went > setting.fastest)
    if not setting.cuts:
        return went.masked_fill(cut, 0), went.masked_fill(cut, 0)
    distance, nearest = (camera[:, None] - torch.tensor(setting.cuts)).abs().min(1)
    cut |= changing & (distance == 0)
    return torch.where(cut, setting.fastest + 1 + nearest, went), went.masked_fill(cut, 0)
