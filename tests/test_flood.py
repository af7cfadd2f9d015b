"""Ten thousand events in every screen: nothing is ever raised, and the wish to quit is heard."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

from dreamplay.controls import Input, Status
from dreamplay.errors import UnknownNameError
from dreamplay.menu import Menu
from dreamplay.pages import Desk
from dreamplay.player import Clock, Player, Sitting
from dreamplay.preferences import Preferences
from dreamplay.screen import Window
from dreamplay.speeds import Speeds
from dreamplay.tape import Tape
from dreamplay.world import Frame, GameSpec, World
from tests.display import virtual_display
from tests.fakes import COUNTER, CounterWorld, FakeTime

CODES = sorted({getattr(pygame, name) for name in dir(pygame) if name.startswith("KSCAN_")})
QUIT = (pygame.KSCAN_Q, pygame.KSCAN_LCTRL, pygame.KSCAN_RCTRL)
"""Left out of the flood: it is to go on."""

PATIENCE = 2.0
"""Seconds until the wish to quit must have been heard."""


class Watched:
    """A window, and what it was last told to show."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.status = Status()

    def poll(self) -> Input:
        return self._window.poll()

    def show(self, frame: Frame, status: Status) -> None:
        self.status = status
        self._window.show(frame, status)

    def change(self, game: GameSpec) -> None:
        self._window.change(game)


class Table:
    """A player in a real window, with the whole menu, whose time passes only by itself."""

    def __init__(self, folder: Path) -> None:
        self.preferences = Preferences(path=folder / "config.toml")
        self.window = Window(COUNTER, self.preferences)
        self.screen = Watched(self.window)
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Begin a sitting in the window."""
        desk = Desk(Menu(self.preferences.save), self.preferences, Speeds(self._folder / "speeds"), list, self._folder)
        desk.lay(COUNTER, "counter")
        self.tape = Tape(COUNTER, fps=30, pictures=self._folder / "pictures", journals=self._folder / "journals")
        clock = FakeTime()
        sitting = Sitting(
            7, 30, rewinds=True, card=5.0, open_model=opened, menu=desk.menu, swapped=desk.lay, timed=desk.speeds.note
        )
        self.player = Player(CounterWorld(log=False), self.screen, self.tape, sitting, Clock(clock.now, clock.sleep))
        self.tick()

    def tick(self) -> None:
        """One turn; a sitting that was ended makes room for the next one."""
        if not self.player.tick():
            self.tape.close()
            self.start()

    def press(self, *codes: int) -> None:
        """Press keys one after the other."""
        for code in codes:
            for kind in (pygame.KEYDOWN, pygame.KEYUP):
                pygame.event.post(pygame.event.Event(kind, scancode=code))
            self.tick()

    def walk(self, row: int | None) -> None:
        """Go from anywhere to the page behind a row of the menu; None for the game itself."""
        pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
        for _ in range(8):
            if self.screen.status.sheet is None:
                break
            self.press(pygame.KSCAN_ESCAPE)
        if row is not None:
            self.press(pygame.KSCAN_ESCAPE, *[pygame.KSCAN_DOWN] * row, pygame.KSCAN_RETURN)

    def quit(self) -> float:
        """Close the window as its corner does. Returns the processor's seconds until it is heard."""
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        began = time.process_time()
        goes_on = self.player.tick()
        took = time.process_time() - began
        assert not goes_on
        self.tape.close()
        self.start()
        return took


def opened(name: str) -> World:
    """A model of that name: half of them exist."""
    if len(name) % 2:
        raise UnknownNameError("model", name, ("counter",))
    return CounterWorld(log=False)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture
def table(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    made = Table(tmp_path)
    yield made
    made.tape.close()
    made.window.close()


def events(chance: random.Random) -> list[Callable[[], pygame.event.Event]]:
    """What makes the events of the flood."""
    codes = [code for code in CODES if code not in QUIT]

    def number() -> int:
        return chance.choice([0, 1, 2, -1, 99, 2**31 - 1, -(2**31)])

    def some(kind: int, **values: Callable[[], object]) -> Callable[[], pygame.event.Event]:
        return lambda: pygame.event.Event(kind, {name: value() for name, value in values.items()})

    key = some(pygame.KEYDOWN, scancode=lambda: chance.choice(codes))
    odd_key = some(pygame.KEYDOWN, scancode=number)
    up = some(pygame.KEYUP, scancode=lambda: chance.choice(codes))
    return [
        *[key] * 8,
        *[up] * 6,
        odd_key,
        some(pygame.WINDOWFOCUSLOST),
        some(pygame.WINDOWFOCUSGAINED),
        some(pygame.WINDOWRESIZED, x=number, y=number),
        some(pygame.VIDEORESIZE, w=number, h=number, size=lambda: (number(), number())),
        some(pygame.MOUSEMOTION, pos=lambda: (number(), number()), rel=lambda: (0, 0), buttons=lambda: (0, 0, 0)),
        some(pygame.MOUSEBUTTONDOWN, pos=lambda: (number(), number()), button=number),
        some(pygame.TEXTINPUT, text=lambda: chance.choice(["a", "\0", "\u202e", "x" * 500])),
        some(pygame.DROPFILE, file=lambda: chance.choice(["", "/nowhere", "even", "odd", "x" * 5000, "\n"])),
        some(pygame.CONTROLLERBUTTONDOWN, instance_id=number, button=lambda: chance.randrange(20)),
        some(pygame.CONTROLLERBUTTONUP, instance_id=number, button=lambda: chance.randrange(20)),
        some(pygame.CONTROLLERAXISMOTION, instance_id=number, axis=lambda: chance.randrange(9), value=number),
        some(pygame.CONTROLLERDEVICEADDED, device_index=number),
        some(pygame.CONTROLLERDEVICEREMOVED, instance_id=number),
        some(pygame.USEREVENT),
    ]


def flood(table: Table, row: int | None, amount: int) -> None:
    """Pour events over a screen, in gusts of very different size, and come back to it again and again."""
    chance = random.Random(row)
    makers = events(chance)
    while amount > 0:
        table.walk(row)
        for gust in (1, 5, 50, 200, 1000):
            for _ in range(min(gust, amount)):
                pygame.event.post(chance.choice(makers)())
            amount -= min(gust, amount)
            table.tick()
            table.tick()
        assert table.quit() < PATIENCE


def rows(table: Table) -> int:
    """How many rows the menu has."""
    table.walk(None)
    table.press(pygame.KSCAN_ESCAPE)
    sheet = table.screen.status.sheet
    assert sheet is not None
    return sum(line.choosable for line in sheet.lines)


@pytest.mark.window
def test_a_hundred_events_in_every_screen_are_survived(table: Table) -> None:
    for row in (None, *range(rows(table))):
        flood(table, row, 100)


@pytest.mark.window
@pytest.mark.slow
def test_ten_thousand_events_in_every_screen_are_survived(table: Table) -> None:
    for row in (None, *range(rows(table))):
        flood(table, row, 10_000)
