"""The real window on a virtual display, with real key presses."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pygame
import pytest

from dreamplay.controls import Input, Status
from dreamplay.errors import DisplayError
from dreamplay.games.mario import GAME
from dreamplay.hotkeys import Command
from dreamplay.screen import Window, fit
from dreamplay.world import Frame
from tests.display import virtual_display, xdotool
from tests.fakes import COUNTER

A, B, LEFT, RIGHT = (COUNTER.chord(name) for name in ("a", "b", "left", "right"))
FULL = Status(
    lines=("30.0 fps", "step 12.1 ms, p99 14.9 ms", "age 120 (4 s), seed 1"),
    toast="Saved /home/somebody/Pictures/dreamplay/dreamplay-mario-20250101-120000.png",
    badge="0.7x",
    recording=61.5,
    buttons=5,
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@dataclass
class Desk:
    """A window that has the keyboard, and hands."""

    display: str
    window: Window

    def keys(self, *words: str) -> Input:
        """Let xdotool do something, and give what the window makes of it."""
        xdotool(self.display, *words)
        return self.look()

    def look(self) -> Input:
        time.sleep(0.1)
        return self.window.poll()


@pytest.fixture
def desk(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    window = Window(COUNTER, scale=6)
    desk = Desk(display, window)
    window.show(np.zeros((24, 32, 3), np.uint8), Status())
    xdotool(display, "windowfocus", "--sync", str(pygame.display.get_wm_info()["window"]))
    desk.look()
    yield desk
    window.close()


def picture() -> Frame:
    window = pygame.display.get_surface()
    assert window is not None
    return np.ascontiguousarray(pygame.surfarray.array3d(window).swapaxes(0, 1))


@pytest.mark.window
def test_a_held_key_is_seen_until_it_is_let_go(desk: Desk) -> None:
    assert desk.keys("keydown", "Right").buttons == RIGHT
    assert desk.look().buttons == RIGHT
    assert desk.keys("keyup", "Right").buttons == 0


@pytest.mark.window
def test_chords_and_the_second_set_of_keys(desk: Desk) -> None:
    assert desk.keys("keydown", "d", "keydown", "x", "keydown", "z").buttons == RIGHT | A | B
    assert desk.keys("keyup", "d", "keyup", "x", "keyup", "z").buttons == 0


@pytest.mark.window
def test_a_tap_between_two_polls_is_not_lost(desk: Desk) -> None:
    assert desk.keys("key", "--delay", "1", "x").buttons == A
    assert desk.look().buttons == 0


@pytest.mark.window
def test_the_last_direction_wins(desk: Desk) -> None:
    assert desk.keys("keydown", "Left", "keydown", "Right").buttons == RIGHT
    assert desk.keys("keyup", "Right").buttons == LEFT
    desk.keys("keyup", "Left")


@pytest.mark.window
def test_losing_the_keyboard_lets_go_of_held_keys(desk: Desk) -> None:
    assert desk.keys("keydown", "Right").buttons == RIGHT
    xdotool(desk.display, "windowunmap", str(pygame.display.get_wm_info()["window"]))
    desk.look()
    assert desk.look().buttons == 0
    xdotool(desk.display, "keyup", "Right")


@pytest.mark.window
@pytest.mark.parametrize(
    ("keys", "command"),
    [("F8", Command.SCREENSHOT), ("ctrl+q", Command.QUIT), ("ctrl+r", Command.RESET), ("Escape", Command.CARD)],
)
def test_hotkeys_are_commands(desk: Desk, keys: str, command: Command) -> None:
    assert command in desk.keys("key", keys).commands


@pytest.mark.window
def test_the_close_button_quits(desk: Desk) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert Command.QUIT in desk.look().commands


@pytest.mark.window
def test_a_pad_plays_too(desk: Desk) -> None:
    for event in (
        pygame.event.Event(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=pygame.CONTROLLER_BUTTON_A),
        pygame.event.Event(pygame.CONTROLLERAXISMOTION, instance_id=3, axis=pygame.CONTROLLER_AXIS_LEFTX, value=-30000),
    ):
        pygame.event.post(event)
    assert desk.look().buttons == LEFT | A
    pygame.event.post(pygame.event.Event(pygame.CONTROLLERDEVICEREMOVED, instance_id=3))
    assert desk.look().buttons == 0


@pytest.mark.window
def test_the_frame_is_shown_pixel_by_pixel(desk: Desk) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    desk.window.show(frame, Status())
    assert np.array_equal(picture(), frame.repeat(6, axis=0).repeat(6, axis=1))


@pytest.mark.window
@pytest.mark.parametrize("scale", [1, 2, 3, 6])
def test_alt_and_a_number_size_the_window(desk: Desk, scale: int) -> None:
    desk.keys("key", f"alt+{scale}")
    desk.window.show(np.zeros((24, 32, 3), np.uint8), FULL)
    assert picture().shape == (24 * scale, 32 * scale, 3)


@pytest.mark.window
def test_full_screen_keeps_whole_pixels_and_comes_back(desk: Desk) -> None:
    desk.keys("key", "F11")
    frame = np.full((24, 32, 3), 200, np.uint8)
    desk.window.show(frame, Status())
    shown = picture()
    assert shown.shape == (1024, 1280, 3)
    rows = np.flatnonzero(shown[:, 640, 0] == 200)
    assert len(rows) % 24 == 0
    desk.keys("key", "F11")
    desk.window.show(frame, Status())
    assert picture().shape == (144, 192, 3)


@pytest.mark.window
@pytest.mark.parametrize("status", [FULL, Status(card=True, toast="x" * 300), Status(badge="paused", recording=0.0)])
@pytest.mark.parametrize("size", [(256, 240), (768, 720), (1280, 1024), (40, 30)])
def test_everything_is_drawn_at_any_size(desk: Desk, status: Status, size: tuple[int, int]) -> None:
    desk.window.change(GAME)
    pygame.display.set_mode(size, pygame.RESIZABLE)
    frame = np.full((240, 256, 3), 255, np.uint8)
    desk.window.show(frame, Status())
    plain = picture()
    desk.window.show(frame, status)
    assert not np.array_equal(picture(), plain)


@pytest.mark.window
def test_the_users_own_keys_count(display: str, desk: Desk) -> None:
    desk.window.close()
    desk.window = Window(COUNTER, keys={"counter": {"a": ("space", "p")}})
    desk.window.show(np.zeros((24, 32, 3), np.uint8), Status())
    xdotool(display, "windowfocus", "--sync", str(pygame.display.get_wm_info()["window"]))
    desk.look()
    assert desk.keys("key", "--delay", "1", "space").buttons == A
    assert desk.keys("key", "--delay", "1", "p") == Input(A)
    assert "'p'" in desk.window.conflicts[0]


@pytest.mark.window
def test_a_flood_of_events_is_survived(desk: Desk) -> None:
    chance = random.Random(0)
    codes = [getattr(pygame, name) for name in dir(pygame) if name.startswith("KSCAN_")]
    makers: list[Callable[[], pygame.event.Event]] = [
        lambda: pygame.event.Event(pygame.KEYDOWN, scancode=chance.choice(codes)),
        lambda: pygame.event.Event(pygame.KEYUP, scancode=chance.choice(codes)),
        lambda: pygame.event.Event(pygame.WINDOWFOCUSLOST),
        lambda: pygame.event.Event(pygame.CONTROLLERBUTTONDOWN, instance_id=0, button=chance.randrange(20)),
        lambda: pygame.event.Event(
            pygame.CONTROLLERAXISMOTION, instance_id=0, axis=chance.randrange(9), value=chance.randint(-32768, 32767)
        ),
    ]
    frame = np.zeros((24, 32, 3), np.uint8)
    for amount in (60_000, *[50] * 20):
        for _ in range(amount):
            pygame.event.post(chance.choice(makers)())
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        began = time.perf_counter()
        given = desk.window.poll()
        desk.window.show(frame, FULL)
        assert Command.QUIT in given.commands
        assert time.perf_counter() - began < 2


def test_a_hidden_driver_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(DisplayError, match="--headless"):
        Window(COUNTER)


@pytest.mark.parametrize(
    ("room", "stretch", "integer", "place"),
    [
        ((768, 720), 1.0, True, (0, 0, 768, 720)),
        ((800, 750), 1.0, True, (16, 15, 768, 720)),
        ((800, 750), 1.0, False, (0, 0, 800, 750)),
        ((1280, 720), 8 / 7, True, (201, 0, 878, 720)),
        ((128, 120), 1.0, True, (0, 0, 128, 120)),
        ((1, 1), 1.0, True, (0, 0, 1, 1)),
    ],
)
def test_the_picture_fits(
    room: tuple[int, int], stretch: float, integer: bool, place: tuple[int, int, int, int]
) -> None:
    assert fit(room, (256, 240), stretch, integer=integer) == place
