"""Who plays when data is collected: macros with look-ahead, random chords, idlers, the careless."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dreamplay.emulator.mario import CELLAR_X, MarioWorld, Past
from dreamplay.games.mario import GAME
from dreamplay.world import Buttons

Probe = Mapping[str, int]
Plan = Callable[[np.random.Generator, MarioWorld], list[Buttons]]
"""Looks at the world and chooses the buttons of the next frames."""

_A, _B, _UP, _DOWN, _LEFT, _RIGHT = (GAME.chord(name) for name in ("a", "b", "up", "down", "left", "right"))
OBEYS, _DYING, _IN_LEVEL, _IN_PLAY = 8, 0x0B, 3, 1
_ITEM_BLOCKS = (336, 1248)  # x of stage 1-1's blocks with a mushroom, or a flower for big Mario
_BLOCKS = tuple(
    16 * column
    for column in (16, 20, 21, 22, 23, 24, 77, 78, 79, 94, 100, 101, 106, 109, 112, 118, 129, 130, 168, 169, 170, 171)
)  # x of those that Mario can hit from the ground
_PIPES = ((920, 112), (6520, 128))  # x and y of Mario in the middle of the pipes that lead down, in 1-1 and 1-2
_CELLAR = range(CELLAR_X, CELLAR_X + 1280)
_RISING, _POWER_UPS = (116, 117, 118, 119), (47, 111, 175, 176)  # kinds of power-ups
_NEAR = 72
_GROUND = 176  # y of Mario on the ground
_TRIES = 12  # ways out that are tried from one place before a death is let happen
_RETREATS = 20  # times that a stubborn player goes back to where it began
_PLACES_BACK = 5  # places that a stubborn player gives up when all ways out of one are deadly


@dataclass(frozen=True)
class Style:
    """How an episode is played.

    Attributes:
        name: For people.
        plan: Chooses the next buttons.
        careful: Whether deaths are undone and something else is tried.
        carelessness: Probability that a careful player's death stays all the same.
        stubborn: Whether a careful player never dies, whatever it takes.
        picky: Plans that a careful player undoes, near an enemy or a block, because they brought nothing.
        proud: Whether a careful player undoes the loss of a power-up, too, and grows on the way to where it begins.
    """

    name: str
    plan: Plan
    careful: bool
    carelessness: float = 0.04
    stubborn: bool = False
    picky: int = 0
    proud: bool = False


def macros(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """A right-biased move: a run, a jump, now and then a step back, a wait, a duck, a wiggle, a fireball."""
    probe = world.probe()
    kinds, weights = zip(*_MACROS.items(), strict=True)
    chances = np.array(weights, float)
    if probe["float_state"] == 0 and probe["y"] < 150:  # on a pipe, blocks or stairs
        chances[kinds.index(_duck)] *= 4
    if probe["power"] == 2:
        chances[kinds.index(_fire)] *= 8
    kind = kinds[rng.choice(len(kinds), p=chances / chances.sum())]
    return kind(rng)


def chords(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Any chord of directions, A and B, held for a random while."""
    directions = (0, 0, _RIGHT, _RIGHT, _RIGHT, _LEFT, _LEFT, _DOWN, _UP, _RIGHT | _UP, _RIGHT | _DOWN, _LEFT | _DOWN)
    held = directions[rng.integers(len(directions))] | _A * int(rng.integers(2)) | _B * int(rng.integers(2))
    return [held] * min(int(rng.geometric(1 / 7)), 40)


def idler(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Macros with long waits between them."""
    return [0] * int(rng.integers(20, 120)) if rng.random() < 0.25 else macros(rng, world)


def bumper(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Macros with many jumps on the spot, to bump blocks from below and to catch what comes out."""
    return _jump(rng, 0) if rng.random() < 0.3 else macros(rng, world)


def seeker(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Macros, but below a block with a mushroom or a flower it jumps and runs after what comes out."""
    probe = world.probe()
    for column in _ITEM_BLOCKS[probe["power"] :]:
        distance = column - probe["x"]
        if abs(distance) < 40 and probe["y"] == _GROUND and rng.random() < 0.9:
            if abs(distance) < 6:
                return [0] * 4 + [_A] * 14 + [0] * 12 + [_RIGHT | _B] * int(rng.integers(8, 40))
            return [_RIGHT if distance > 0 else _LEFT] * max(1, abs(distance) // 4) + [0] * 5
    return macros(rng, world)


def digger(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Macros, but below a block it stands still and hits it, or hits it in walking by, and then goes on to the next."""
    probe = world.probe()
    column = min(_BLOCKS, key=lambda column: abs(column - probe["x"]))
    distance = column - probe["x"]
    if abs(distance) > 56 or probe["y"] != _GROUND or rng.random() < 0.08:
        return macros(rng, world)
    side = _RIGHT if distance > 0 else _LEFT
    if abs(distance) < 8:
        hit = [0] + [_A] * int(rng.integers(9, 18)) + [0] * int(rng.integers(12, 18))
        leave = [_RIGHT | _B * int(rng.integers(2))] * int(rng.integers(6, 24))
        return hit * int(rng.integers(1, 4)) + leave
    if abs(distance) < 32 and rng.random() < 0.3:
        return [side] * 3 + [side | _A] * int(rng.integers(8, 18)) + [0] * 6
    return [side] * max(1, abs(distance) // 4) + [0] * 6


def plumber(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Macros, but it jumps on the next pipe that leads down, ducks there, and soon leaves the room below."""
    probe = world.probe()
    if probe["x"] in _CELLAR and rng.random() < 0.4:
        return [_RIGHT | _B * int(rng.integers(2))] * int(rng.integers(8, 30))
    pipe, height = min(_PIPES, key=lambda place: abs(place[0] - probe["x"]))
    distance = pipe - probe["x"]
    if probe["y"] == height and abs(distance) < 16 and rng.random() < 0.9:
        if abs(distance) < 4:
            return [0] * int(rng.integers(4, 8)) + [_DOWN] * int(rng.integers(8, 30))
        return [_RIGHT if distance > 0 else _LEFT] * (3 + abs(distance) // 4) + [0] * 8
    if 0 < distance < 60 and probe["y"] == _GROUND:
        return [0] * 3 + [_A] * 3 + [_RIGHT | _A] * int(rng.integers(12, 18)) + [0] * 6
    return macros(rng, world)


def grower(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """As a seeker, but it walks to the first block with a mushroom, and runs and jumps after the power-up."""
    probe = world.probe()
    if probe["thing6_kind"] in _RISING:
        return [0] * int(rng.integers(2, 8))
    if probe["thing6_kind"] not in _POWER_UPS:
        to_go = _ITEM_BLOCKS[0] - probe["x"]
        if (
            not probe["power"]
            and -90 < to_go < 160
            and abs(to_go) >= 6
            and probe["y"] == _GROUND
            and rng.random() < 0.7
        ):
            side = _RIGHT if to_go > 0 else _LEFT
            return [0] * int(rng.integers(12)) + [side] * min(max(1, abs(to_go) // 4), 10) + [0] * 4
        return seeker(rng, world)
    distance, above = probe["thing6_x"] - probe["x"], probe["y"] - probe["thing6_y"]
    side = _RIGHT if distance > 0 else _LEFT
    if above > 8 and abs(distance) < 48:
        return _jump(rng, side)
    return [side | _B * int(rng.integers(2))] * int(rng.integers(3, 10))


def hunter(rng: np.random.Generator, world: MarioWorld) -> list[Buttons]:
    """Any of the ways to play, for one who keeps what brings something."""
    return (digger, seeker, macros, macros)[rng.integers(4)](rng, world)


FORWARD = Style("forward", macros, careful=True, carelessness=0.0, stubborn=True)
SEEK = Style("seek", seeker, careful=True, carelessness=0.0, stubborn=True)
GROW = Style("grow", grower, careful=True, carelessness=0.0, stubborn=True, proud=True)
MIX = (
    (Style("macros", macros, careful=True), 0.34),
    (Style("careless macros", macros, careful=False), 0.12),
    (Style("chords", chords, careful=True), 0.14),
    (Style("careless chords", chords, careful=False), 0.10),
    (Style("bumper", bumper, careful=True), 0.10),
    (Style("seeker", seeker, careful=True), 0.10),
    (Style("idler", idler, careful=True), 0.10),
)
OTHERS = (
    Style("digger", digger, careful=True),
    Style("hunter", hunter, careful=True, picky=10),
    Style("plumber", plumber, careful=True, carelessness=0.01),
    Style("grower", grower, careful=True, carelessness=0.02, stubborn=True),
    Style("proud", grower, careful=True, carelessness=0.08, proud=True),
)
"""Styles for what is rare in the mix."""


def choose(rng: np.random.Generator) -> Style:
    """A style of the mix."""
    return MIX[rng.choice(len(MIX), p=[weight for _, weight in MIX])][0]


def explore(world: MarioWorld, rng: np.random.Generator, frames: int, style: Style) -> None:
    """Play on from the present, for so many frames or until the stage is over, unless the world goes on then.

    A careful player marks every safe place (on the ground, alive) in the emulator's slot and goes back there whenever
    it dies, so that looking ahead costs no more than what it undoes. A stubborn one whose every way out of a place is
    deadly goes back to earlier places, but never behind the one where it began.
    """
    first = world.save()
    last = first.steps + frames
    probe: Probe = world.probe()
    before, home = probe, _stage(probe)
    places: list[Past] = []
    tries = retreats = 0
    while world.save().steps < last and (world.endless or _stage(probe) == home):
        if style.careful and _safe(probe) and (not places or places[-1] is not world.save()):
            if places and tries < style.picky and _promising(before) and not _gained(before, probe):
                world.rewind()
                tries, probe = tries + 1, before
            else:
                places.append(world.mark())
                tries, before = 0, probe
        died, probe = _act(world, style.plan(rng, world), probe, last, proud=style.proud)
        if not died or not places:
            continue
        if tries < _TRIES and rng.random() >= style.carelessness:
            world.rewind()
            tries += 1
        elif style.stubborn and retreats < _RETREATS:
            del places[-_PLACES_BACK:]
            retreats += not places
            world.restore(places[-1] if places else first)
            world.mark()
            tries = 0
        else:
            places.clear()
        probe = world.probe()


def _act(world: MarioWorld, plan: list[Buttons], probe: Probe, last: int, *, proud: bool) -> tuple[bool, Probe]:
    """Play a plan until it ends, the episode ends or Mario dies of it or, if he is proud, becomes small of it."""
    home, lived = _stage(probe), not _dying(probe)
    for buttons in plan:
        if world.save().steps >= last:
            break
        world.advance(buttons)
        before, probe = probe, world.probe()
        if lived and (_dying(probe) or (proud and _shrinks(before, probe))):
            return True, probe
        if _stage(probe) != home:
            break
    return False, probe


def _stage(probe: Probe) -> tuple[int, ...]:
    return probe["world"], probe["stage"], probe["mode"]


def _dying(probe: Probe) -> bool:
    in_level = probe["task"] == _IN_LEVEL and probe["mode"] == _IN_PLAY
    return in_level and (probe["player_state"] == _DYING or probe["y_viewport"] > 1)


def _shrinks(before: Probe, after: Probe) -> bool:
    return after["task"] == _IN_LEVEL and after["power"] < before["power"]


def _safe(probe: Probe) -> bool:
    obeys = probe["task"] == _IN_LEVEL and probe["player_state"] == OBEYS
    return obeys and probe["float_state"] == 0 and probe["y_viewport"] == 1


def _promising(probe: Probe) -> bool:
    """Whether there is an enemy, a power-up or a block to jump at."""
    things = (probe[f"thing{i}_x"] - probe["x"] for i in range(1, 7) if probe[f"thing{i}_kind"])
    blocks = (column - probe["x"] for column in _BLOCKS)
    return any(abs(distance) < _NEAR for distance in (*things, *blocks))


def _gained(before: Probe, after: Probe) -> bool:
    return any(after[name] > before[name] for name in ("score", "coins", "power"))


def _hold(rng: np.random.Generator, held: Buttons, shortest: int, longest: int) -> list[Buttons]:
    return [held] * int(rng.integers(shortest, longest + 1))


def _run(rng: np.random.Generator) -> list[Buttons]:
    return _hold(rng, _RIGHT | _B, 4, 26)


def _walk(rng: np.random.Generator) -> list[Buttons]:
    return _hold(rng, _RIGHT, 3, 22)


def _jump(rng: np.random.Generator, held: Buttons) -> list[Buttons]:
    """A released first, or the console would not see it pressed."""
    return [held, *_hold(rng, held | _A, 2, 18), *_hold(rng, held, 0, 9)]


def _run_jump(rng: np.random.Generator) -> list[Buttons]:
    return _jump(rng, _RIGHT | _B)


def _walk_jump(rng: np.random.Generator) -> list[Buttons]:
    return _jump(rng, _RIGHT)


def _spot_jump(rng: np.random.Generator) -> list[Buttons]:
    return _jump(rng, 0)


def _back(rng: np.random.Generator) -> list[Buttons]:
    return _hold(rng, _LEFT | _B * int(rng.integers(2)), 3, 16)


def _back_jump(rng: np.random.Generator) -> list[Buttons]:
    return _jump(rng, _LEFT | _B * int(rng.integers(2)))


def _wait(rng: np.random.Generator) -> list[Buttons]:
    return _hold(rng, 0, 4, 30)


def _duck(rng: np.random.Generator) -> list[Buttons]:
    return _hold(rng, _DOWN, 4, 16)


def _wiggle(rng: np.random.Generator) -> list[Buttons]:
    return [side for _ in range(3) for side in _hold(rng, _LEFT, 1, 5) + _hold(rng, _RIGHT, 1, 5)]


def _fire(rng: np.random.Generator) -> list[Buttons]:
    held = _RIGHT * int(rng.integers(2))
    return [held, *_hold(rng, held | _B, 2, 4), *_hold(rng, held, 2, 8)]


_MACROS: dict[Callable[[np.random.Generator], list[Buttons]], float] = {
    _run: 0.21,
    _walk: 0.12,
    _run_jump: 0.25,
    _walk_jump: 0.13,
    _spot_jump: 0.07,
    _back: 0.06,
    _back_jump: 0.04,
    _wait: 0.04,
    _duck: 0.03,
    _wiggle: 0.03,
    _fire: 0.02,
}
