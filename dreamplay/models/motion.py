"""The motion head: what moves where in the next frame, from where everything was and what is held.

The console moves things by sixteenths of a pixel and keeps speeds that no frame shows. A dream keeps them too: the head
says by how much each thing swerves from where its speed takes it and how its speed changes, so that places and speeds
are sums, as in the game. The denoiser draws things there.

Axis letters: B batch, N things (the hero first), S past steps, K buttons, C channels, D width, H W latent rows and
columns, h w pixels, P planes, E what is known of a thing (`THING`).
"""

from dataclasses import dataclass, fields, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.config import Counter, MotionConfig
from dreamplay.models.layers import PATCH, one_hot, working_dtype, zeroed
from dreamplay.models.mover import NARROW, Mover
from dreamplay.models.moves import (
    CELL,
    FASTEST,
    FRAMES,
    NUMBERS,
    PARTS,
    SMALL,
    TRAIL,
    Jumps,
    Moves,
    ahead,
    arrive,
    arrive_at,
    fine,
    head_block,
    most_steps,
    tick,
    trail,
    turning,
)
from dreamplay.models.rules import Rules
from dreamplay.models.scenes import STILL, Scenes
from dreamplay.models.sight import ACROSS, DOWN, HEADS, LOOK, POINTS, Seen, Sight
from dreamplay.models.spawns import Spawns
from dreamplay.models.tracker import Tracker
from dreamplay.ring import THING, Ring

NEAR = (24, 40)
"""Pixels, across and down, up to which one thing's distance from another is told exactly, for when they touch."""
TOUCH = 12
"""Numbers that such a distance is told by."""
MEET = 32
"""Numbers that tell what meets a thing, whichever slot it is in."""
INSIDE = 16
"""Numbers that tell where in its block a thing is: a sixteenth of a pixel decides whether it is stopped."""
BEAT = THING[-NUMBERS:].index("beat")
COLUMNS = (48, 144)
"""The hero's screen columns between which the camera begins to follow."""
STRIDES = 17
"""Ways in pixels that are told apart, of a console frame or a frame: the camera goes as far as he does."""
HIDE = 0.7
"""Share of the rows from which training hides what tells one moment from all others but moves nothing most of the time:
the past before the last steps, the place in the level, the clocks but the short ones."""
SHORT = 36
"""Period of a clock, at most, that is never hidden: others go by its end, and it tells few moments apart."""
RECENT = 3
"""Past steps that are never hidden."""
POSES = 6
"""Past steps of which a thing's own kind is told."""
SCREEN = 32
"""Columns of 8 pixels, the first one left of the screen: its edge stops the hero, and the camera follows him."""
BEATS = (4, 8)
"""Waves by which clocks of more steps are told too, where they fit: games do many things every so many frames."""
KIND = 8
"""Numbers that stand for a kind."""
SPEED = 16
"""Numbers that stand for a speed."""
CROWD = 32
"""Numbers that tell what all things together are about, and what they have just become."""
ENDING = 2
"""Units of a clock that are told from more: it stands still at 0."""
WAVES = (16, 64)
"""Pixels of the waves by which one thing's distance from another is told."""


@dataclass(frozen=True)
class Outlook:
    """Logits of the next frame's motion; each part knows what was chosen in those before it.

    Attributes:
        moves: Of the things.
        jumps: Where those arrive that jump.
        scroll: Classes 0..fastest pixels, then a cut to each of the known scenes, (B, fastest + 1 + cuts).
        clocks: Of each counter, which of its steps it takes, and last that it begins again, (B, counters, steps + 1).
    """

    moves: Moves
    jumps: Jumps
    scroll: Tensor
    clocks: Tensor


@dataclass(frozen=True)
class Foresight:
    """The next frame's motion.

    Attributes:
        motion: Motion class: pixels of scroll, or fastest + 1 + the number of a cut, (B,).
        things: (B, N, E), all 0 where there is none.
        counters: The clocks, (B, counters).
    """

    motion: Tensor
    things: Tensor
    counters: Tensor


class Motion(nn.Module):
    """Predicts scroll and things. The hero has a network of its own, all other things share one."""

    def __init__(
        self,
        config: MotionConfig,
        buttons: int,
        palette: tuple[tuple[int, int, int], ...],
        counters: tuple[Counter, ...] = (),
        patience: int = 0,
        *,
        backdrop: bool = False,
    ) -> None:
        super().__init__()
        self.config, self.counters = config, counters
        self.tracker = Tracker(config, palette)
        self.classes = config.fastest + 1 + len(config.cuts)
        self.scenes = Scenes(config.kinds, config.scenes, self.classes, config.columns, config.grows)
        self.spawns = Spawns(config.kinds, config.things)
        self.kind = nn.Embedding(config.kinds, KIND)
        self.speeds = nn.ModuleList(nn.Embedding(2 * fastest + 1, SPEED) for fastest in FASTEST)
        self.place = nn.Embedding(config.columns + 1, KIND)
        self.absent = nn.Embedding(patience + 1, KIND)
        self.slot = nn.Embedding(config.things, KIND)
        past = config.history * (TRAIL + 2) + min(POSES, config.history) * KIND
        phases = 4 * CELL + 2 * PARTS + NUMBERS * SMALL + 2 * SCREEN + 2 * SPEED
        phases += FRAMES * 2 * INSIDE + 2 * CELL
        present = phases + (ACROSS * DOWN + FRAMES * len(POINTS)) * LOOK + KIND
        others = config.things * (KIND + 4 + 4 * len(WAVES) + TOUCH)
        everywhere = (config.history + 1) * buttons + 1 + 3 * KIND + 2 * len(counters)
        self.beats = [(i, beat) for i, counter in enumerate(counters) for beat in BEATS if not counter.unit % beat]
        inputs = past + present + others + everywhere + 2 * len(self.beats) + ENDING * len(counters) + CROWD + MEET
        widths = config.width, config.width * 2 // 3
        self.hero, self.other = (Mover(inputs, width, config.kinds, config.things, config.scenes) for width in widths)
        self.inside = nn.ModuleList(nn.Embedding(CELL * PARTS, INSIDE) for _ in range(2))
        self.sight = Sight(palette, backdrop=backdrop)
        self.apart = nn.ModuleList(nn.Embedding(2 * near + 1, TOUCH) for near in NEAR)
        pair = FRAMES * TOUCH + 2 * (KIND + 2) + 2 * len(self.beats)
        self.meet = nn.Sequential(nn.Linear(pair, MEET), nn.SiLU(), nn.Linear(MEET, MEET), nn.SiLU())
        follows = config.width + 2 * (COLUMNS[1] - COLUMNS[0]) + (FRAMES + 1) * STRIDES
        self.scroll = nn.Sequential(nn.Linear(follows, NARROW), nn.SiLU(), nn.Linear(NARROW, self.classes))
        self.crowd = nn.Linear(2 * KIND + NUMBERS * SMALL, CROWD)
        self.became = nn.Linear(widths[1], CROWD)
        self.clocks = nn.Linear(config.width + CROWD, len(counters) * most_steps(counters))
        self.scrolled = nn.Embedding(self.classes, widths[1])
        nn.init.zeros_(self.scrolled.weight)
        self.rules = Rules(counters, config.kinds)
        self.follow = zeroed(nn.Linear(config.width + FRAMES * HEADS * LOOK, widths[1]))

    def forward(self, ring: Ring, held: Tensor, truth: Moves | None = None, motion: Tensor | None = None) -> Outlook:
        """Predict the next frame's motion: the hero's, the camera's, and that of all others, some of which go with it.

        Args:
            ring: The past.
            held: The buttons held now, (B, K).
            truth: For training, see `Mover`.
            motion: Motion classes that are known, (B,).
        """
        seen = self.sight(ring)
        told = self._told(ring, held, seen)
        first, rest = (None, None) if truth is None else (truth.of(slice(0, 1)), truth.of(slice(1, None)))
        now = ring.things[:, -1]
        hero, place, x = self.hero(told[:, :1], now[:, :1], first)
        chosen = hero.classes() if first is None else first
        scroll = self.scroll(torch.cat([x[:, 0], self._columns(now[:, :1], chosen)], 1))
        led = self.scrolled(scroll.argmax(1) if motion is None else motion)
        led = led + self.follow(torch.cat([x[:, 0], seen.met[:, 0, :, :HEADS].flatten(1)], 1))
        other, places, became = self.other(told[:, 1:], now[:, 1:], rest, led)
        both = Moves(*(torch.cat([getattr(m, f.name) for m in (hero, other)], 1) for f in fields(Moves)))
        jumps = Jumps(*(torch.cat([getattr(j, f.name) for j in (place, places)], 1) for f in fields(Jumps)))
        events = F.silu(self.became(became)).sum(1)  # what others become is what is counted
        clocks = self.clocks(torch.cat([x[:, 0], events], 1)).unflatten(1, (len(self.counters), -1))
        return Outlook(both, jumps, scroll, clocks)

    def _columns(self, hero: Tensor, led: Moves) -> Tensor:
        """Where on the screen the hero is, and would be if the camera stood still; his way in pixels, (B, n).

        Args:
            hero: (B, 1, E).
            led: His moves.
        """
        low, high = COLUMNS
        parts = [fine(hero)[..., 0] + frames * hero[..., 5] for frames in range(FRAMES + 1)]
        at = torch.cat([*parts, arrive_at(led, hero)[..., 0]], 1).div(PARTS, rounding_mode="floor")  # (B, FRAMES + 2)
        ways = (at[:, 1:] - at[:, :1]).clamp(-(STRIDES // 2), STRIDES // 2) + STRIDES // 2
        ends = at[:, [0, -1]].clamp(low, high - 1) - low
        return torch.cat([one_hot(ends, high - low).flatten(1), one_hot(ways, STRIDES).flatten(1)], 1)

    def _told(self, ring: Ring, held: Tensor, seen: Seen) -> Tensor:
        """All that is known of each thing, (B, N, inputs).

        Args:
            ring: The past.
            held: (B, K).
            seen: What things see.
        """
        s, dtype = self.config.history, held.dtype
        things = ring.things[:, -s:].transpose(1, 2)  # (B, N, S, E)
        now = things[:, :, -1].to(dtype)  # (B, N, E)
        b, n = now.shape[:2]
        scrolls = ring.scrolls[:, None, -s:].to(dtype).expand(b, n, s)
        way = trail(scrolls, things[..., :3].to(dtype))  # (B, N, S, 6)
        poses = self.kind(things[:, :, -POSES:, 2].long() % self.config.kinds)
        speeds = things[..., 5:7].to(dtype) / 32
        beats = turning(ring.counters, self.beats).to(dtype)
        shown = self._shown(now[:, 0, 2])
        phases = self._phases(ring)
        longer = torch.ones(b, s, device=now.device, dtype=dtype) * shown
        longer[:, -RECENT:] = 1
        past = longer[:, None, :, None]  # (B, 1, S, 1)
        own = [
            (way * past).flatten(2),
            (speeds * past).flatten(2),
            (poses * past[:, :, -POSES:]).flatten(2),
            *phases,
            seen.around.flatten(2),
            self.slot.weight.expand(b, n, KIND),
            self._others(ring, now, way),
            self._everywhere(ring, held, longer, shown)[:, None].expand(b, n, -1),
            seen.met.flatten(2),
            *self._within(seen.inside),
            phases[0][:, :1, 2 * CELL :].expand(b, n, -1),  # where the hero will be in his block
            beats[:, None].expand(b, n, -1),
            self._ending(ring).to(dtype)[:, None].expand(b, n, -1),
            self._crowd(now)[:, None].expand(b, n, -1),
            self._meetings(seen.way, now, beats),
        ]
        return torch.cat([part.to(working_dtype(held.device)) for part in own], -1)

    def _phases(self, ring: Ring) -> list[Tensor]:
        """Where in pixels, blocks and on the screen things are, now and if nothing stops them; their speeds."""
        now = ring.things[:, -1]  # (B, N, E)
        at = torch.cat([fine(now), ahead(now)], -1)  # (B, N, 4)
        screen = at[..., ::2] // (PARTS * PATCH)
        at[..., ::2] += PARTS * ring.odometer[:, None, None]
        blocks = at // PARTS % CELL
        small = [(blocks, CELL), (now[..., 3:5].clamp(0, PARTS - 1), PARTS), (now[..., 7:].clamp(0, SMALL - 1), SMALL)]
        small.append((screen.clamp(-1, SCREEN - 2) + 1, SCREEN))
        told = [one_hot(numbers, many).flatten(2) for numbers, many in small]
        speeds = [(now[..., 5 + i].clamp(-most, most) + most) for i, most in enumerate(FASTEST)]
        return told + [table(speed) for table, speed in zip(self.speeds, speeds, strict=True)]

    def _others(self, ring: Ring, now: Tensor, way: Tensor) -> Tensor:
        """All things as each of them sees them, (B, N, N (KIND + 4 + 4 WAVES + TOUCH))."""
        b, n = now.shape[:2]
        there = (now[..., 2] > 0).to(now.dtype)[:, None, :, None]  # (B, 1, N, 1)
        apart = (now[:, None, :, :2] - now[:, :, None, :2]) * there  # (B, N, N, 2)
        waves = [turn(apart * (2 * torch.pi / wave)) for wave in WAVES for turn in (torch.sin, torch.cos)]
        same = torch.cat([self.kind(now[..., 2].long() % self.config.kinds), way[:, :, -1, 1:3]], -1)
        same = same[:, None].expand(b, n, n, KIND + 2)
        touch = self._touch(ahead(ring.things[:, -1]))
        return torch.cat([(apart / 32).clamp(-6, 6), *waves, same, touch * there], -1).flatten(2)

    def _touch(self, at: Tensor) -> Tensor:
        """How things stand to each other. at: In parts of a pixel, (B, N, 2). Returns (B, N, N, TOUCH)."""
        pixels = at.div(PARTS, rounding_mode="floor")
        soon = pixels[:, None] - pixels[:, :, None]  # (B, N, N, 2)
        across, down = (
            table(soon[..., i].clamp(-near, near) + near)
            for i, (table, near) in enumerate(zip(self.apart, NEAR, strict=True))
        )
        touch: Tensor = across * down
        return touch

    def _meetings(self, way: Tensor, now: Tensor, beats: Tensor) -> Tensor:
        """What meets each thing, after every console frame: all pairs are read by the same network, (B, N, MEET).

        Args:
            way: Where they will be, (B, N, FRAMES, 2).
            now: (B, N, E).
            beats: (B, 2 beats).
        """
        b, n = now.shape[:2]
        touch = torch.cat([self._touch(at) for at in way.unbind(2)], -1)
        one = torch.cat([self.kind(now[..., 2].long() % self.config.kinds), now[..., 5:7] / 32], -1)
        every = [part.expand(b, n, n, -1) for part in (one[:, :, None], one[:, None], beats[:, None, None])]
        other = (now[:, None, :, 2] > 0) & ~torch.eye(n, dtype=torch.bool, device=now.device)
        return (self.meet(torch.cat([touch, *every], -1)) * other[..., None]).sum(2)

    def _ending(self, ring: Ring) -> Tensor:
        """Which clocks are at their end or nearly, (B, ENDING counters) bool."""
        units = torch.tensor([counter.unit for counter in self.counters], device=ring.counters.device)
        left = (ring.counters // units)[..., None]  # (B, counters, 1)
        return (left <= torch.arange(ENDING, device=left.device)).flatten(1)

    def _crowd(self, now: Tensor) -> Tensor:
        """What things wait for, all together, (B, CROWD). now: (B, N, E)."""
        b, n = now.shape[:2]
        kinds, slots = self.kind(now[..., 2].long() % self.config.kinds), self.slot.weight.expand(b, n, KIND)
        small = one_hot(now[..., 7:].long().clamp(0, SMALL - 1), SMALL).flatten(2)
        return F.silu(self.crowd(torch.cat([kinds, slots, small], -1))).sum(1)

    def _shown(self, hero: Tensor) -> Tensor:
        """Which rows are told everything, (B, 1) 0 or 1; in training not all where the hero, whose kind this is, is."""
        hidden = torch.rand_like(hero) < HIDE if self.training else torch.zeros_like(hero, dtype=torch.bool)
        return (~(hidden & (hero > 0)))[:, None].to(hero.dtype)

    def _everywhere(self, ring: Ring, held: Tensor, longer: Tensor, shown: Tensor) -> Tensor:
        """Buttons, place in the level, clocks: (B, everywhere).

        Args:
            ring: The past.
            held: (B, K).
            longer: Which past steps are not hidden, (B, S).
            shown: In which rows the place and the clocks are not, (B, 1).
        """
        past = (ring.buttons[:, -self.config.history :] * longer[..., None]).flatten(1)
        odometer, last = ring.odometer, self.config.columns
        columns = torch.stack([odometer, head_block(ring.things[:, -1], odometer)[:, 0]], 1) // PATCH
        here = torch.where(odometer[:, None] < 0, last, columns).clamp(0, last)
        absent = self.absent(ring.absent.clamp(max=self.absent.num_embeddings - 1))
        camera, block = self.place(here).unbind(1)
        place = torch.cat([odometer[:, None].to(held.dtype) / 1024, camera, block], 1) * shown
        units = [counter.unit for counter in self.counters]
        clocks = turning(ring.counters, list(enumerate(units))).to(held.dtype)
        short = clocks.new_tensor([counter.period <= SHORT for counter in self.counters for _ in range(2)])
        return torch.cat([past, held, place, absent, clocks * torch.maximum(shown, short)], 1)

    def _within(self, inside: Tensor) -> list[Tensor]:
        """Where in its block each thing is if nothing stops it, after every console frame, (B, N, .) each.

        inside: Where that is from the corner of one, (B, N, FRAMES, 2).
        """
        return [table(inside[..., i] % (CELL * PARTS)).flatten(2) for i, table in enumerate(self.inside)]

    def likeliest(self, outlook: Outlook, ring: Ring, motion: Tensor | None = None) -> Foresight:
        """The likeliest of what was predicted from a past; a scene is cut only while the hero is away.

        Args:
            outlook: What was predicted.
            ring: From what.
            motion: Classes (B,) to take instead of the likeliest ones.
        """
        now, led = ring.things[:, -1], outlook.moves.classes()
        wakes = self.scenes.wake(now[:, 0])
        awake = outlook.moves.small[:, 0, BEAT, :STILL].argmax(-1)
        led.small[:, 0, BEAT] = torch.where(wakes, awake, led.small[:, 0, BEAT])
        over = self.rules.over(ring.things)[:, None].repeat(1, self.config.kinds)
        over[:, self.config.kinds - self.config.scenes :] = False
        follows = self.scenes.may_follow(now[:, 0], led.small[:, 0, BEAT]) & ~over
        follows = torch.where(follows.any(1, keepdim=True), follows, ~over)
        hero = outlook.moves.kinds[:, 0].masked_fill(~follows, -torch.inf).argmax(-1)
        kinds = self.scenes.kinds_of(torch.cat([hero[:, None], led.kinds[:, 1:]], 1))
        if motion is None:
            scroll = outlook.scroll.masked_fill(~self.scenes.may_move(kinds[:, 0], ring.odometer), -torch.inf)
            speeds = scroll[:, : self.config.fastest + 1].argmax(1)
            motion = torch.where(kinds[:, 0] > 0, speeds, scroll.argmax(1))
        scrolls = motion.masked_fill(motion > self.config.fastest, 0)
        places = outlook.jumps.classes().places(now, scrolls, ring.odometer)
        things = arrive(replace(led, kinds=kinds), places, now, scrolls)
        things = self.spawns(self.scenes.hold(things, now, scrolls), now, ring.odometer, scrolls)
        counters = tick(ring.counters, outlook.clocks.argmax(-1), self.counters, ring.odometer)
        return Foresight(motion, *self.rules(things, now, counters, ring.counters))
