"""What moves about in Super Mario Bros, as the console's RAM knows it.

The slots are: Mario; five enemies; the power-up or the flag; two blocks that were hit, the newer one first; the coin
that jumps out of one; the points that rise over what was scored; two fireballs, the newer one first.
"""

from collections.abc import Mapping
from typing import Any

from dreamplay.emulator.timers import FRAME_COUNTER

IN_LEVEL = 3
"""Value of `task` while a level is shown."""
VICTORY = 2
"""Value of `mode` from when Mario touches the axe at the end of a world."""

_HIDDEN = (0, 6)  # values of `player_state` while a level is set up and after a death
_ENEMIES = 6  # with the power-up or the flag, which is the last
_FLAG, _KIND, _STATE, _POWER_UP = 0x0F, 0x16, 0x1E, 0x39
_POWER_UP_KIND, _EXTRA_LIFE = 0x2E, 3
_EXTRA_LIFE_KIND = (0x2F, 2)  # a kind that its level has not, and a phase: the last numbers are those of scenes
_RISING_KIND = 0x33  # of the first of four power-ups while their block hides a part of them, in phase 1
_PAGE, _X, _SCREEN, _Y = 0x6D, 0x86, 0xB5, 0xCE  # of all objects: Mario, then enemies, fireballs, blocks, coins
_SPEED_X, _SPEED_Y, _PART_X, _PART_Y, _FORCE_Y = 0x57, 0x9F, 0x400, 0x416, 0x433
_FIREBALLS, _BLOCKS, _COINS = (7, 8), (9, 10), range(21, 18, -1)  # objects; the console takes the last free coin first
_NEXT_BLOCK = 0x3EE  # 0 or 1: which of them will be the next one
_BLOCK_STATE, _BLOCK_TILE, _COIN_STATE, _BOUNCES = 0x26 - 9, 0x3E8 - 9, 0x2A - 13, 1
_USED = (0xC4, 0x23)  # tiles of blocks that nothing comes out of any more
_POINTS, _POINTS_X, _POINTS_Y, _POINTS_TIMER, _SCROLL = 0x110, 0x117, 0x11E, 0x12C, 0x775
_FIREWORK, _POLE_FLAG, _CASTLE_FLAG = 0x16, 0x30, 0x31  # kinds
_PIRANHA, _LIFTS = 0x0D, (0x26, 0x27)
_FLAME, _BARS, _BOWSER, _RETAINER = 0x15, range(0x1B, 0x20), 0x2D, 0x35
_FLAME_PACE, _FLAME_HEIGHT, _FLAME_HEIGHTS = 23, 0x417, (0x90, 0x80, 0x70, 0x90)  # what it goes at; where it goes to
_BOWSER_FRONT, _BOWSER_BODY, _FEET, _FALLEN, _BREATH, _MOVING, _LEFTWARD = 0x368, 0x363, 0x364, 0x369, 0x790, 0x46, 2
_HALVES = (0x13, 0x38), (0x37, _BOWSER)  # his back and his front, as he looks right and left: numbers of their own
_MESSAGES, _MESSAGE_TIME, _END_TIMER, _WALKS_ON = 0x719, 0x749, 0x7A1, 2  # a task at the end of a world
_SAYS = (_RETAINER, 0), (_RETAINER, 2), (0x36, 0)  # numbers and phases: nothing, thanks, where the princess is
_BOBS, _SWINGS = (0x0F, 0x25), 0x28  # flying Koopas and lifts that go up and down around a height; lifts that go across
_POLE_HIT, _POLE_POINTS, _POLE_POINTS_Y, _POLE_POINTS_X = 0x70F, 0x10F, 0x10D, 12
_RISEN = 8  # pixels from where the console keeps points to where it draws those over what was scored
_AROUND = 4  # pixels by which what explodes begins left of and above where the console keeps it
_POLE_SCORES = (9, 7, 5, 3, 1)  # 5000 at its top to 100, as numbers of points
_CASTLE_TASK, _FIREWORKS, _MUSIC, _NOTE, _NOTE_FRAMES = 0x746, 0x6D7, 0x7B1, 0xF7, 0x7B4
_FIREBALL_STATE, _NEXT_FIREBALL, _BURSTS = 0x24 - 7, 0x6CE, 0x80
_BLOCK_KIND, _COIN_KIND, _POINTS_KIND, _FIREBALL_KIND = 57, 58, 59, 63  # numbers that no enemy has
_KINDS = 64  # in each of four phases
_SMALL = 63  # the most that a number of six bits tells
_POSE, _FACING = 0x6D5, 0x33
_HIDDEN_POSES = {0: 27, 1: 28, 2: 29, 12: 27, 13: 28, 14: 29}  # big and small Mario's steps into a pipe
_HIDDEN_POSE, _HIDDEN_LEFT = 26, 30  # other poses there: numbers that no pose has, since the pipe hides a part of him
_GRAVITY, _LIFTED, _RUNNING, _RUN_TIMER, _WAY, _AIR = 0x70A, 0x709, 0x703, 0x783, 0x45, 0x1D
_PACE, _FREE = 0x700, 0x490  # his speed before a wall stopped him; a bit for each way that no wall barred
_SIDE_TIMER, _CLIMB_TIMER, _PIPE_TIMER, _CLIMBS, _IN_PIPE = 0x785, 0x789, 0x6DE, 3, (2, 3)
_WALKS_OFF, _BY_HIMSELF = 5, 15  # a state, and a number that the timer of his run never has
_FORCE_X, _POSE_TIMER, _FREEZE, _SLOT_FRAMES, _SLOT_TIMER = 0x705, 0x781, 0x747, 0x78A, 0x796

SLOTS = 1 + _ENEMIES + len(_BLOCKS) + 2 + len(_FIREBALLS)

_NAMES = ("kind", "x", "y", "part_x", "part_y", "speed_x", "speed_y", "force", "beat", "pull", "run", "low", "side")
_NOWHERE = dict.fromkeys(_NAMES, 0)


def shown(values: Mapping[str, int]) -> bool:
    """Whether a level and Mario in it are shown. values: As those of `tell`."""
    level = values["task"] == IN_LEVEL or values["mode"] == VICTORY
    return level and values["player_state"] not in _HIDDEN and not values["screen_off"]


def tell(ram: Any, values: Mapping[str, int]) -> dict[str, int]:
    """What every slot holds: `thing0_kind`, `thing0_x` and so on.

    Args:
        ram: Bytes of the console's memory.
        values: `player_state`, `mode`, `task`, `screen_off`, `power`, `camera`, `x`, `y` and `y_viewport`, as read.
    """
    hidden = not shown(values)
    slots = [_mario(ram, values, hidden=hidden)]
    if hidden:
        slots += [_NOWHERE] * (SLOTS - 1)
    else:
        slots += [_enemy(ram, number, values["task"]) for number in range(_ENEMIES)]
        slots += _blocks(ram)
        slots += [_coin(ram), _points(ram, values["camera"])]
        slots += _fireballs(ram)
    return {f"thing{i}_{name}": number for i, slot in enumerate(slots) for name, number in slot.items()}


def _mario(ram: Any, values: Mapping[str, int], *, hidden: bool) -> dict[str, int]:
    scene = 1 + values["task"] % 4 * 8 + (values["screen_off"] // 2 + (values["screen_off"] > 0)) % 8
    pose, left = int(ram[_POSE]) // 8 % 32, int(ram[_FACING]) == 2
    if values["player_state"] in _IN_PIPE:
        pose, left = _HIDDEN_LEFT if left else _HIDDEN_POSES.get(pose, _HIDDEN_POSE), False
    kind = 1 + pose + 32 * left + _KINDS * min(values["power"], 2)
    return {
        "kind": -scene if hidden else kind,
        "x": values["x"],
        "y": values["y"] + 256 * (values["y_viewport"] - 1),
        **_momentum(ram, 0),
        "force": int(ram[_FORCE_X]) >> 6 << 4 | min(int(ram[_PACE]) >> 2, 15),
        "beat": _beat(ram),
        "pull": 32 * (int(ram[_FREE]) % 4 < 3) + 16 * bool(ram[_LIFTED] == ram[_GRAVITY]) + (int(ram[_GRAVITY]) >> 4),
        "run": 32 * (int(ram[_RUNNING]) > 0) + 16 * (int(ram[_WAY]) == 2) + _run(ram, values["player_state"]),
        "low": _low(ram, 0),
        "side": _side(ram),
        **(_in_pipe(ram) if values["player_state"] in _IN_PIPE else {}),
    }


def _in_pipe(ram: Any) -> dict[str, int]:
    """How long Mario is in a pipe, which may be longer than a small number tells: in fours, and the rest."""
    fours, rest = divmod(int(ram[_PIPE_TIMER]), 4)
    return {"low": rest, "side": fours}


def _run(ram: Any, state: int) -> int:
    """How long Mario runs on, or that he walks off by himself."""
    return _BY_HIMSELF if state == _WALKS_OFF else min(int(ram[_RUN_TIMER]), _BY_HIMSELF - 1)


def _side(ram: Any) -> int:
    """How long Mario holds on to a pole; else his finest speed and how long a touched wall still holds the camera."""
    if int(ram[_AIR]) == _CLIMBS:
        return min(int(ram[_CLIMB_TIMER]), _SMALL)
    return int(ram[_FORCE_X]) // 16 % 4 * 16 | min(int(ram[_SIDE_TIMER]), 15)


def _enemy(ram: Any, slot: int, task: int) -> dict[str, int]:
    """An enemy, the power-up, a flag or a firework."""
    if not ram[_FLAG + slot]:
        return _NOWHERE
    kind, state = int(ram[_KIND + slot]), int(ram[_STATE + slot])
    if kind == _POWER_UP_KIND:
        kind, phase = _power_up(int(ram[_POWER_UP]), rises=0 < state < _BURSTS)
    elif kind == _FIREWORK:
        phase = int(ram[_SPEED_X + slot + 1])  # how large the explosion is
    else:
        phase = _phase(state)
    told = {
        "kind": _numbered(kind, phase),
        **_place(ram, slot + 1),
        **_momentum(ram, slot + 1),
        "force": min(int(ram[_SLOT_FRAMES + slot]), _SMALL),
        "beat": min(int(ram[_SLOT_TIMER + slot]), _SMALL),
        "pull": 0,
        "run": state & _SMALL,
        "low": _low(ram, slot + 1),
        "side": 0,
    }
    if kind == _POLE_FLAG:
        told["y"] %= 256  # the console does not say that it is on the screen
    elif kind == _PIRANHA:
        told |= _piranha(ram, slot + 1, down=told["speed_x"] >= 0)
    elif kind in _LIFTS:  # they go up or down, whatever their slot held before
        told["speed_x"] = 0
    elif kind in _BOBS and told["kind"] == _numbered(kind, 0):
        told |= _bobbing(ram, slot + 1)
    elif kind == _SWINGS:
        told |= _swinging(ram, slot + 1)
    elif kind == _CASTLE_FLAG:
        told |= _ending(ram)
    elif kind in _BARS:
        told |= _spinning(ram, slot + 1)
    elif kind == _FLAME:
        told |= _flame(ram, slot + 1)
    elif kind == _BOWSER:
        told |= _bowser(ram, slot)
    elif kind == _RETAINER:
        told |= _retainer(ram, thanks=task > _WALKS_ON)
    elif kind == _FIREWORK:  # what is a speed elsewhere is how long its size lasts
        told["x"], told["y"] = told["x"] - _AROUND, told["y"] - _AROUND
        told |= {"force": 0, "beat": int(ram[_SPEED_Y + slot + 1]) & _SMALL, "speed_x": 0, "speed_y": 0}
    return told


def _piranha(ram: Any, number: int, *, down: bool) -> dict[str, int]:
    """A plant's way, kept where others keep theirs across: a pixel every other console frame; and how far it is out."""
    moves = bool(ram[_SPEED_Y + number])
    half = moves and down == bool(ram[FRAME_COUNTER] % 2)
    return {
        "part_y": 8 * half,
        "speed_x": 0,
        "speed_y": 8 * moves * (1 if down else -1),
        "pull": (int(ram[_FORCE_Y + number]) - int(ram[_Y + number])) % _KINDS,
        "low": 0,
    }


def _bobbing(ram: Any, number: int) -> dict[str, int]:
    """What falls towards a height from above and below, which is kept where others keep their way across."""
    above = int(ram[_SPEED_X + number]) - int(ram[_Y + number])
    return {"part_x": 0, "speed_x": 0, "pull": above % _KINDS, "run": int(above <= 0)}


def _swinging(ram: Any, number: int) -> dict[str, int]:
    """What goes across: its pace and, in the other speed's place, which of four phases it is in tell its speed."""
    pace, phase = int(ram[_SPEED_X + number]), int(ram[_SPEED_Y + number]) % 4
    return {"part_y": 0, "speed_x": pace if phase & 2 else -pace, "speed_y": 0, "pull": phase, "low": 0}


def _spinning(ram: Any, number: int) -> dict[str, int]:
    """A fire bar stands where it is: which of 32 ways it points, and how far it is to the next in sixteenths."""
    way, rest = int(ram[_SPEED_Y + number]) % 32, int(ram[_SPEED_X + number]) // 16
    return {"part_x": 0, "part_y": 0, "speed_x": 0, "speed_y": 0, "pull": way, "low": rest}


def _flame(ram: Any, number: int) -> dict[str, int]:
    """Bowser's flame goes to the left, and by a pixel a console frame to the height that it is for."""
    height = _FLAME_HEIGHTS[int(ram[_FLAME_HEIGHT - 1 + number]) % 4] - int(ram[_Y + number])
    speed = 16 * (height > 0) - 16 * (height < 0)
    return {"part_y": 0, "speed_x": -_FLAME_PACE, "speed_y": speed, "pull": height % _KINDS, "low": 0}


def _bowser(ram: Any, slot: int) -> dict[str, int]:
    """A half of Bowser; his back goes as his front does. His mouth or feet are a phase; the bridge falls with him."""
    front, body = int(ram[_BOWSER_FRONT]), int(ram[_BOWSER_BODY])
    leads = slot == front
    return {
        "kind": _numbered(_HALVES[leads][int(ram[_MOVING + slot]) == _LEFTWARD], body >> 7 if leads else body % 2),
        **_momentum(ram, front + 1),
        "part_x": 0,
        "speed_x": 0,
        "force": min(int(ram[_SLOT_FRAMES + front]), _SMALL),
        "beat": min(int(ram[_FEET]), _SMALL),
        "run": min(int(ram[_FALLEN]), _SMALL),
        "low": _low(ram, front + 1),
        "side": min(int(ram[_BREATH]) // 4, _SMALL),
    }


def _retainer(ram: Any, *, thanks: bool) -> dict[str, int]:
    """Who thanks Mario: what is said is a number of its own; how long it has been, and how long the end still waits."""
    said = int(ram[_MESSAGES])
    told = {"kind": _numbered(*_SAYS[1 + (said > 1) if thanks else 0]), "beat": min(int(ram[_END_TIMER]), _SMALL)}
    return told | {"force": 0, "speed_x": 0, "speed_y": 0, "run": said, "low": int(ram[_MESSAGE_TIME]) // 4}


def _power_up(which: int, *, rises: bool) -> tuple[int, int]:
    """Kind and phase of a mushroom, a flower, a star or an extra life."""
    if rises:
        return _RISING_KIND + which, 1
    return (_POWER_UP_KIND, which) if which != _EXTRA_LIFE else _EXTRA_LIFE_KIND


def _fireballs(ram: Any) -> list[dict[str, int]]:
    """Both fireballs, the newer one first: the console throws the next one where the older one was."""
    last = 1 - int(ram[_NEXT_FIREBALL]) % 2
    return [_fireball(ram, _FIREBALLS[number]) for number in (last, 1 - last)]


def _fireball(ram: Any, number: int) -> dict[str, int]:
    """A fireball that flies (phase 0), or bursts (phase 1, then 2)."""
    state = int(ram[_FIREBALL_STATE + number])
    if not state:
        return _NOWHERE
    phase = 0 if state < _BURSTS else 1 + (state % 8 > 1)
    rest = {"force": 0, "beat": state % _KINDS, "pull": 0, "run": 0, "low": _low(ram, number), "side": 0}
    told = {"kind": _numbered(_FIREBALL_KIND, phase), **_place(ram, number), **_momentum(ram, number), **rest}
    if phase:  # it stands still whatever its speed was
        told |= {"x": told["x"] - _AROUND, "y": told["y"] - _AROUND, "speed_x": 0, "speed_y": 0}
    return told


def _ending(ram: Any) -> dict[str, int]:
    """What the end of a stage still waits for: time that becomes points, fireworks, a flag, music."""
    music = bool(ram[_MUSIC])
    return {
        "force": min(int(ram[_NOTE]), _SMALL) * music,
        "pull": int(ram[_CASTLE_TASK]) % 8 * 8 + min(int(ram[_FIREWORKS]), 7),
        "low": min(int(ram[_NOTE_FRAMES]), _SMALL) * music,
    }


def _blocks(ram: Any) -> list[dict[str, int]]:
    """Both blocks, the newer one first; if there is only one, it is the first."""
    last = 1 - int(ram[_NEXT_BLOCK]) % 2
    newer, older = (_block(ram, _BLOCKS[number]) for number in (last, 1 - last))
    return [newer, older] if newer["kind"] else [older, newer]


def _block(ram: Any, number: int) -> dict[str, int]:
    """A block that bounces (phase 0 a brick, 1 one that is used up), or the pieces of one (phase 2)."""
    state = int(ram[_BLOCK_STATE + number])
    if not state:
        return _NOWHERE
    bounces = state % 16 == _BOUNCES
    phase = int(ram[_BLOCK_TILE + number] in _USED) if bounces else 2
    rest = {"force": 0, "beat": 0, "pull": 0, "run": 0, "low": _low(ram, number), "side": 0}
    return {"kind": _numbered(_BLOCK_KIND, phase), **_place(ram, number), **_momentum(ram, number), **rest}


def _coin(ram: Any) -> dict[str, int]:
    """The newest coin out of a block (phase 0), or the points that it becomes (phase 1)."""
    state, number = next(((int(ram[_COIN_STATE + n]), n) for n in _COINS if ram[_COIN_STATE + n]), (0, 0))
    if not state:
        return _NOWHERE
    rest = {"force": 0, "beat": min(state, _SMALL), "pull": 0, "run": 0, "low": _low(ram, number), "side": 0}
    return {"kind": _numbered(_COIN_KIND, int(state > 1)), **_place(ram, number), **_momentum(ram, number), **rest}


def _points(ram: Any, camera: int) -> dict[str, int]:
    """The points over an enemy or a power-up, or at the flagpole: which of the console's eleven numbers."""
    slot = next((slot for slot in range(_ENEMIES + 1) if ram[_POINTS + slot] and ram[_POINTS_TIMER + slot]), None)
    if slot is not None:
        return _NOWHERE | {
            "kind": _points_kind(int(ram[_POINTS + slot])),
            "x": camera + int(ram[_POINTS_X + slot]),
            "y": int(ram[_POINTS_Y + slot]) - _RISEN,
            "speed_x": 16 * int(ram[_SCROLL]),  # they go with the camera
            "beat": min(int(ram[_POINTS_TIMER + slot]), _SMALL),
        }
    last = _ENEMIES - 1
    if ram[_POLE_HIT] and ram[_FLAG + last] and ram[_KIND + last] == _POLE_FLAG:
        return _NOWHERE | {
            "kind": _points_kind(_POLE_SCORES[int(ram[_POLE_POINTS]) % len(_POLE_SCORES)]),
            "x": _place(ram, last + 1)["x"] + _POLE_POINTS_X,
            "y": int(ram[_POLE_POINTS_Y]),
        }
    return _NOWHERE


def _points_kind(which: int) -> int:
    return _numbered(_POINTS_KIND + which % 12 // 3, which % 3)


def _numbered(kind: int, phase: int) -> int:
    return 1 + kind % _KINDS + _KINDS * (phase % 4)


def _place(ram: Any, number: int) -> dict[str, int]:
    """Where an object is in the level and on the screen."""
    return {
        "x": int(ram[_PAGE + number]) * 256 + int(ram[_X + number]),
        "y": int(ram[_Y + number]) + 256 * (int(ram[_SCREEN + number]) - 1),
    }


def _momentum(ram: Any, number: int) -> dict[str, int]:
    """What moves an object: numbers that no picture shows."""
    across, down = (int(ram[address + number]) for address in (_SPEED_X, _SPEED_Y))
    return {
        "part_x": int(ram[_PART_X + number]) >> 4,
        "part_y": int(ram[_PART_Y + number]) >> 4,
        "speed_x": (across + 128) % 256 - 128,
        "speed_y": 16 * ((down + 128) % 256 - 128) + (int(ram[_FORCE_Y + number]) >> 4),
    }


def _low(ram: Any, number: int) -> int:
    """What is finer than a sixteenth: of the height, in eights, and of the fall. The console adds no odd 256th."""
    return int(ram[_PART_Y + number]) % 16 // 2 * 8 + int(ram[_FORCE_Y + number]) % 16 // 2


def _beat(ram: Any) -> int:
    """How long Mario's pose lasts and, in eights, if he stands, jumps, falls or climbs.

    From 32 on: how long the game stands still around him.
    """
    freeze = int(ram[_FREEZE])
    return 32 + freeze // 2 % 32 if freeze else 8 * (int(ram[_AIR]) % 4) + min(int(ram[_POSE_TIMER]), 7)


def _phase(state: int) -> int:
    """An enemy's phase: 0 well, 1 knocked off, 2 stomped or in its shell, 3 a shell that slides."""
    if state & 0x20:
        return 1
    return 3 if state & 0x80 else 2 * (state & 0x0F >= 2)
