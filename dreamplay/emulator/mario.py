"""Super Mario Bros in nes-py as a World: 30 steps a second, two console frames each, nothing skipped but the title.

The RAM addresses are those of doppelganger's "Comprehensive Super Mario Bros. Disassembly" (2012),
https://gist.github.com/1wErt3r/4048722.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from dreamplay.emulator import console, things
from dreamplay.emulator.things import IN_LEVEL, VICTORY
from dreamplay.emulator.timers import CONSOLE_FRAMES, FRAME_COUNTER, INTERVAL, TICK, TICKS, ticked
from dreamplay.errors import UsageError
from dreamplay.games.mario import GAME
from dreamplay.world import Buttons, Frame, GameSpec

STAGES = tuple(f"{world}-{stage}" for world in range(1, 9) for stage in range(1, 5))
POWERS = ("small", "big", "fire")
"""What Mario may be where a world starts, as `power` counts them."""
CELLAR_X = 14 * 256
"""Where rooms below pipes are put: right of stage 1-1."""
ATLAS = {
    (None, 0x42): CELLAR_X,
    (1, 0x40): 19 * 256,
    (1, 0x25): 21 * 256,
    (1, 0x29): 35 * 256,
    (2, 0x26): 36 * 256,
    (3, 0x60): 48 * 256,
}
"""Where else areas are put, by stage and area, so that each x of world 1 is one place: stage 1-2 right of those rooms,
then the last screens of stage 1-1's area, on which it ends, and the pipe that leads to it; stages 1-3 and 1-4."""

_START = 8
_TITLE_FRAMES = 40  # console frames until the title reads the controller
_SEEDS = 64  # longer waits at the title would start its demonstration
_NORMAL = 8  # value of `player_state` while Mario obeys
_INTRO_WORLDS = (1, 2, 4, 7)  # their second stage begins with a walk into a pipe: an area of its own
_AREAS = tuple(
    bytes.fromhex(areas)
    for areas in (
        "2529c02660",
        "2829012762",
        "24352063",
        "2229412c61",
        "2a312662",
        "2e232d60",
        "3329012764",
        "30322165",
    )
)  # which areas each world goes through, as the console's pointers

_PROBES = {
    "y_viewport": 0xB5,
    "player_state": 0x0E,
    "frame_counter": FRAME_COUNTER,
    "tick": TICK,
    "rotation": 0x6D4,
    "interval": INTERVAL,
    "injury": 0x79E,
    "star": 0x79F,
    "world": 0x75F,
    "stage": 0x75C,
    "area": 0x760,
    "lives": 0x75A,
    "power": 0x756,
    "mode": 0x770,
    "task": 0x772,
    "screen_off": 0x774,
    "float_state": 0x1D,
    "coins": 0x75E,
}
_ROTATION = 8  # console frames between two colours of coins and "?" blocks
_WORLD, _STAGE, _AREA, _TASK, _MODE, _PRELEVEL_TIMER = 0x75F, 0x75C, 0x760, 0x772, 0x770, 0x7A0
_HALFWAY_PAGE, _ENTRANCE, _ENTRANCE_PAGE, _SETS_UP = 0x75B, 0x752, 0x751, 0
_POINTER, _AREA_TYPE, _AREA_OFFSET, _MOST_LIVES = 0x750, 0x74E, 0x74F, 2
_SMALLNESS = 0x754


@dataclass(frozen=True, eq=False)
class Past:
    """All buttons since power-on: the only state of the console that can leave it.

    Attributes:
        seed: Seed of the reset.
        log: Buttons, oldest first; it may go on after `steps`, which are not part of this past.
        steps: How many of them had been played.
    """

    seed: int
    log: list[Buttons]
    steps: int

    @property
    def buttons(self) -> Sequence[Buttons]:
        """The buttons that were played, oldest first."""
        return self.log[: self.steps]

    def leads_to(self, other: "Past") -> bool:
        """Whether the other past begins with this one."""
        return self.seed == other.seed and self.steps <= other.steps and self.buttons == other.log[: self.steps]


@dataclass(frozen=True)
class _Mark:
    """What the emulator's slot holds.

    Attributes:
        past: What led there.
        shown: The RAM that it was drawn from, its timers gone on.
        whole: Whether restoring the slot is enough to go on from there.
    """

    past: Past
    shown: Any
    whole: bool


class MarioWorld:
    """The real game, from the beginning of a stage, to its end or, for a span of stages, without end.

    In a span the first stage follows the last one, and lives are never used up: play that a dream can go on with.

    A seed (modulo 64) is the number of console frames waited at the title, which is all that the console's random
    numbers depend on.
    """

    def __init__(self, start: str = "1-1") -> None:
        """Load the game.

        Args:
            start: The stage, "1-1" to "8-4", or the first and the last of a span, "1-1..1-4"; "+big" or "+fire" behind
                it begins with such a Mario.

        Raises:
            UsageError: There is no such stage or span.
            MissingExtraError: The extra `mario` is not installed.
        """
        self._start, self._span, self._power = _stages(start)
        self._first: dict[int, int] = {}
        self._rom = console.rom_path()
        self._make = console.load_emulator()
        self._console: Any = None
        self._past = Past(0, [], 0)
        self._shown: Any = None
        self._mark: _Mark | None = None

    @property
    def game(self) -> GameSpec:
        """Super Mario Bros."""
        return GAME

    @property
    def endless(self) -> bool:
        """Whether it goes on after the end of a stage."""
        return bool(self._span)

    @property
    def source(self) -> str:
        """SHA-256 of the ROM."""
        return sha256(self._rom.read_bytes()).hexdigest()

    @property
    def frame(self) -> Frame:
        """The present frame, (240, 256, 3)."""
        return np.ascontiguousarray(self._console.screen)

    def reset(self, seed: int) -> Frame:
        """Power on and go to the first frame of the stage in which Mario obeys. Returns it, (240, 256, 3)."""
        self._power_on()
        self._past = Past(seed, [], 0)
        self._console_frames(0, _TITLE_FRAMES + seed % _SEEDS)
        while not self._ram(_MODE):
            self._console_frames(_START, 1)
            self._console_frames(0, 1)
        while self._ram(_TASK) != IN_LEVEL or self._ram(_PROBES["player_state"]) != _NORMAL:
            self._write_stage()
            self._console_frames(0, 1)
            self._console.ram[_PRELEVEL_TIMER] = 0
            if self._ram(_TASK) != IN_LEVEL:
                self._first = {address: self._ram(address) for address in (_WORLD, _STAGE, _AREA, _POINTER, _AREA_TYPE)}
        self._shown = ticked(self._console.ram.copy(), None)
        return self.frame

    def step(self, buttons: Buttons) -> Frame:
        """Hold the buttons for two console frames. Returns the second one, (240, 256, 3)."""
        self.advance(buttons)
        return self.frame

    def advance(self, buttons: Buttons) -> None:
        """A step without its frame: a look-ahead need not copy pictures."""
        past = self._past
        log = past.log if len(past.log) == past.steps else past.log[: past.steps]
        log.append(buttons)
        self._past = Past(past.seed, log, past.steps + 1)
        self._console_frames(buttons, CONSOLE_FRAMES - 1)
        self._go_round()
        self._shown = ticked(self._console.ram.copy(), self._shown)
        self._console_frames(buttons, 1)
        self._go_round()

    def save(self) -> Past:
        """The present, which is the buttons since power-on; costs nothing."""
        return self._past

    def restore(self, state: Past) -> Frame:
        """Play the buttons of the state again, from the mark if it lies on the way, else from power-on.

        Returns:
            The frame that was shown then, (240, 256, 3).
        """
        marked = self._mark is not None and self._mark.past.leads_to(state)
        if marked:
            self.rewind()
        else:
            self.reset(state.seed)
        self._advance_to(state)
        return self.frame

    def seek(self, seed: int, buttons: Sequence[Buttons]) -> Frame:
        """Restore the past with these buttons and mark it, so that the next past that begins with it is near.

        Returns:
            The frame that they lead to, (240, 256, 3).
        """
        frame = self.restore(Past(seed, list(buttons), len(buttons)))
        self.mark()
        return frame

    def mark(self) -> Past:
        """Put the present into the emulator's only slot, in place of what was there."""
        mark = _Mark(self._past, self._shown, self._fill_slot())
        if not mark.whole:
            self.reset(mark.past.seed)
            self._advance_to(mark.past)
        self._mark = mark
        return mark.past

    def rewind(self) -> Frame:
        """Go back to the mark: at once, or by a replay where the slot does not hold all of it.

        Returns:
            The frame that was shown then, (240, 256, 3).
        """
        mark = self._mark
        if mark is None:
            raise ValueError("rewind() before mark()")
        if mark.whole:
            self._console._restore()
            self._past, self._shown = mark.past, mark.shown
        else:
            self.reset(mark.past.seed)
            self._advance_to(mark.past)
            self._mark = mark
        return self.frame

    def _advance_to(self, past: Past) -> None:
        """Play the buttons that are missing."""
        for buttons in past.buttons[self._past.steps :]:
            self.advance(buttons)
        self._past = past

    def _fill_slot(self) -> bool:
        """Put the present into the slot. Returns whether the next frame is the same when the slot was restored before.

        The slot leaves out how far the console has read its controller, and now and then it is just reading.
        """
        self._console._backup()
        rams = set()
        for _ in range(2):
            self._console_frames(0, 1)
            rams.add(bytes(self._console.ram))
            self._console._restore()
        return len(rams) == 1

    def probe(self) -> dict[str, int]:
        """What the console's RAM says of the present frame.

        The console draws in one frame what it worked out in the frame before, so this is the RAM of one console frame
        ago: `camera` and `x` are then those of the picture (a shift by the change of `camera` is right for 99.5 % of
        a frame's pixels, by the present RAM's for 98.9 %).

        Positions are pixels. `x` is Mario's left edge in the level and `camera` that of the screen, so that
        `x - camera` is the screen column where his 16 pixels begin. `y` is his RAM byte 0xce: his box of 32 rows begins
        one screen row below it, and small Mario fills the rows y + 17 to y + 32. It wraps at 256, and `y_viewport` says
        how often: 0 above the screen, 1 on it, more below it. `visible` is 1 while Mario is on the screen. `tick`
        counts the 20 console frames of a unit of the game's clock down, `clock` all that are left of it.
        `shimmer` counts the 48 console frames in which coins and "?" blocks go through their colours, `interval` the
        18 in which slow timers go down by one: `injury` until Mario can be hurt again, `star` until he can at all.
        `float_state` is 0 on the ground, 1 in a jump, 2 in a fall, 3 on the flagpole. `power` is 0 small, 1 big,
        2 fire. `mode` is 0 at the title, 1 in play, 2 at a world's end, 3 when the game is over; `task` is 3 while a
        level is shown. `thing0_kind`, `thing0_x`, `thing0_y` are Mario, 1 to 6 enemies, power-ups and flags, 7 and 8
        blocks that were hit, 9 the coin out of one, 10 the points that rise, 11 and 12 fireballs: a kind of 0 is an
        empty slot, x and y are of the level and the screen. While Mario is hidden his kind is below 0 and says how far
        the change of the scene has come. Other areas than stage 1-1's are put where `ATLAS` says, so that each x is one
        place. `part_x`, `part_y` are the sixteenths of a pixel, `speed_x`, `speed_y` sixteenths of a pixel a console
        frame, and `force`, `beat`, `pull`, `run`, `low`, `side`, all below 64, the finer part of the speed, timers,
        gravity, gait, the finest parts of height and fall, and how long a wall that was touched still holds the camera.
        """
        ram = self._shown
        values = {name: int(ram[address]) for name, address in _PROBES.items()}
        values["x"] = int(ram[0x6D]) * 256 + int(ram[0x86])
        values["y"] = int(ram[0xCE])
        values["camera"] = int(ram[0x71A]) * 256 + int(ram[0x71C])
        if values["mode"] not in (0, VICTORY) and values["task"] == _SETS_UP:  # the camera is cleared and set anew
            values["camera"] = 256 * int(ram[_ENTRANCE_PAGE if ram[_ENTRANCE] else _HALFWAY_PAGE])
            area = int(ram[_POINTER]) % 128
        else:
            area = int(ram[_AREA_TYPE]) % 4 * 32 + int(ram[_AREA_OFFSET]) % 32
        values["visible"] = int(things.shown(values) and values["y_viewport"] == 1)
        values |= things.tell(ram, values)
        away = ATLAS.get((None, area), ATLAS.get((values["stage"], area), 0))
        for name in ("x", "camera", *(f"thing{i}_x" for i in range(things.SLOTS))):
            values[name] += away
        values["time"] = _digits(ram[0x7F8:0x7FB])
        values["clock"] = values["time"] * TICKS + values["tick"]
        values["shimmer"] = values["rotation"] * _ROTATION + (values["frame_counter"] - 1) % _ROTATION
        values["score"] = _digits(ram[0x7DE:0x7E4])
        return values

    def close(self) -> None:
        """Give the console's memory back."""
        if self._console is not None:
            self._console.close()
            self._console = None

    def _power_on(self) -> None:
        self.close()
        self._mark = None
        self._console = self._make(str(self._rom))
        self._console.reset()

    def _write_stage(self) -> None:
        world, stage = (int(number) for number in self._start.split("-"))
        ram = self._console.ram
        ram[_WORLD], ram[_STAGE] = world - 1, stage - 1
        ram[_AREA] = stage - 1 + (world in _INTRO_WORLDS and stage > 1)
        if ram[_TASK] != IN_LEVEL:  # in the level the pointer is soon that of the next room
            ram[_POINTER] = _AREAS[world - 1][ram[_AREA]]
        ram[_PROBES["power"]], ram[_SMALLNESS] = self._power, not self._power

    def _go_round(self) -> None:
        """In a span: from its last stage to its first, and back to as many lives as there were."""
        if not self._span:
            return
        ram = self._console.ram
        if f"{ram[_WORLD] + 1}-{ram[_STAGE] + 1}" not in self._span:
            for address, value in self._first.items():
                ram[address] = value
        ram[_PROBES["lives"]] = _MOST_LIVES

    def _console_frames(self, buttons: Buttons, count: int) -> None:
        for _ in range(count):
            self._console._frame_advance(buttons)

    def _ram(self, address: int) -> int:
        return int(self._console.ram[address])


def _stages(start: str) -> tuple[str, tuple[str, ...], int]:
    """The first stage, all stages of a span, none for a single stage, and Mario's power.

    Raises:
        UsageError: There is no such stage, span or power.
    """
    stages, plus, power = start.partition("+")
    first, dots, last = stages.partition("..")
    if first not in STAGES or (dots and last not in STAGES[STAGES.index(first) :]):
        raise UsageError(f"no stage '{stages}' in {GAME.title} (there are 1-1 to 8-4, and spans like 1-1..1-4)")
    if plus and power not in POWERS[1:]:
        raise UsageError(f"no Mario '{power}' in {GAME.title} (there are {' and '.join(POWERS[1:])}, as in 1-1+fire)")
    span = STAGES[STAGES.index(first) : STAGES.index(last) + 1] if dots else ()
    return first, span, POWERS.index(power) if plus else 0


def _digits(ram: Any) -> int:
    """A number that the game keeps as decimal digits; blanks (36) count as 0."""
    return int("".join(str(int(digit) if digit < 10 else 0) for digit in ram))
