"""The real window on a virtual display, with real key presses."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pygame
import pytest

from dreamplay.controls import Input, Status
from dreamplay.errors import DisplayError
from dreamplay.games.mario import GAME
from dreamplay.hotkeys import Command
from dreamplay.menu import Menu, Page, Row
from dreamplay.preferences import FILTERS, Look, Preferences
from dreamplay.projector import Projector, fit, stretch
from dreamplay.screen import Window
from dreamplay.settings import Bindings
from dreamplay.sheet import Line, Sheet
from dreamplay.world import Frame
from tests.display import virtual_display, xdotool
from tests.fakes import COUNTER
from tests.patience import stretched

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
    preferences: Preferences

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
    preferences = Preferences(Look(scale=6))
    window = Window(COUNTER, preferences)
    desk = Desk(display, window, preferences)
    window.show(np.zeros((24, 32, 3), np.uint8), Status())
    xdotool(display, "windowfocus", "--sync", str(pygame.display.get_wm_info()["window"]))
    desk.look()
    yield desk
    desk.window.close()


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
    [("F8", Command.SCREENSHOT), ("ctrl+q", Command.QUIT), ("ctrl+r", Command.RESET), ("Escape", Command.MENU)],
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
def test_a_window_is_never_larger_than_the_desktop(desk: Desk) -> None:
    desk.window.change(replace(COUNTER, width=520, height=240))
    desk.keys("key", "alt+6")
    desk.window.show(np.zeros((240, 520, 3), np.uint8), Status())
    assert picture().shape == (480, 1040, 3), "of the desktop's 1280 and 1024 pixels"
    where = xdotool(desk.display, "getwindowgeometry", "--shell", str(pygame.display.get_wm_info()["window"]))
    left = next(int(line.removeprefix("X=")) for line in where.splitlines() if line.startswith("X="))
    assert 0 <= left <= 1280 - 1040


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
    desk.window = Window(COUNTER, Preferences(bindings=Bindings(keys={"counter": {"a": ("space", "p")}})))
    desk.window.show(np.zeros((24, 32, 3), np.uint8), Status())
    xdotool(display, "windowfocus", "--sync", str(pygame.display.get_wm_info()["window"]))
    desk.look()
    assert desk.keys("key", "--delay", "1", "space").buttons == A
    assert desk.keys("key", "--delay", "1", "p").commands == ()
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
        assert time.perf_counter() - began < stretched(2)


@pytest.mark.parametrize(("width", "pixel"), [(256, 1.25), (2 * 256, 1.25), (320, 1.0)])
def test_two_games_side_by_side_have_the_shape_of_one(width: int, pixel: float) -> None:
    assert stretch("4:3", replace(GAME, width=width)) == pytest.approx(pixel)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_costs_at_most_a_millisecond(name: str) -> None:
    frame, window = np.full((240, 256, 3), 90, np.uint8), pygame.Surface((768, 720), 0, 32)
    costs = []
    for look in (Look(), Look(filter=name)):
        projector, times = Projector(), []
        for _ in range(30):
            began = time.thread_time()
            projector.draw(window, frame, look, 1.0)
            times.append(time.thread_time() - began)
        costs.append(min(times))
    assert costs[1] - costs[0] < 0.001


def test_a_hidden_driver_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(DisplayError, match="--headless"):
        Window(COUNTER, Preferences())


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


def sheet_of(desk: Desk, menu: Menu) -> None:
    desk.window.show(np.zeros((24, 32, 3), np.uint8), Status(sheet=menu.sheet))


@pytest.mark.window
def test_the_menu_is_walked_with_real_keys(desk: Desk) -> None:
    chosen: list[str] = []
    menu = Menu()
    rows = [Row("one", choose=lambda: chosen.append("one")), Row("two", choose=lambda: chosen.append("two"))]
    menu.change(Page("page", lambda: rows), {}, COUNTER)
    for key in ("Escape", "Down", "Return", "Escape"):
        menu.handle(desk.keys("key", key))
        sheet_of(desk, menu)
    assert chosen == ["two"]
    assert not menu.is_open


@pytest.mark.window
def test_the_key_that_closes_the_menu_does_not_press_a_button(desk: Desk) -> None:
    menu = Menu()
    menu.change(Page("page", lambda: [Row("Resume", choose=menu.close)]), {}, COUNTER)
    menu.handle(desk.keys("key", "Escape"))
    sheet_of(desk, menu)
    xdotool(desk.display, "keydown", "x")
    time.sleep(0.1)
    menu.handle(desk.look())
    sheet_of(desk, menu)
    assert not menu.is_open
    assert desk.look().buttons == 0
    xdotool(desk.display, "keyup", "x")


@pytest.mark.window
def test_while_a_key_is_listened_for_it_does_nothing_else(desk: Desk) -> None:
    listening = Status(sheet=Sheet("page", (Line("one"),), 0, listens=True))
    frame = np.zeros((24, 32, 3), np.uint8)
    desk.window.show(frame, listening)
    assert "f11" in desk.keys("key", "F11").touched
    desk.window.show(frame, listening)
    assert picture().shape == (144, 192, 3)


@pytest.mark.window
@pytest.mark.parametrize("name", FILTERS)
def test_c_goes_through_the_filters(desk: Desk, name: str) -> None:
    frame = np.full((24, 32, 3), 200, np.uint8)
    while desk.preferences.look.filter != name:
        desk.keys("key", "c")
    desk.window.show(frame, Status())
    shown = picture()
    assert (shown.max() == 200) == (name == "none")
    assert shown.mean() > 120


@pytest.mark.window
def test_shift_and_a_change_the_shape(desk: Desk) -> None:
    desk.keys("key", "shift+a")
    desk.window.show(np.zeros((24, 32, 3), np.uint8), Status())
    assert picture().shape == (144, round(32 * 6 * 8 / 7), 3)


@pytest.mark.window
def test_the_window_can_be_pulled_to_any_size(desk: Desk) -> None:
    frame = np.full((24, 32, 3), 200, np.uint8)
    window = str(pygame.display.get_wm_info()["window"])
    for width, height in ((333, 222), (64, 48), (1000, 700)):
        desk.keys("windowsize", "--sync", window, str(width), str(height))
        desk.window.show(frame, FULL)
        assert picture().shape == (height, width, 3)


@pytest.mark.window
def test_a_toggle_is_held_from_press_to_press(desk: Desk) -> None:
    desk.preferences.toggle(("rewind", "b"))
    desk.look()
    assert desk.keys("key", "r").holding == {Command.REWIND}
    assert desk.keys("key", "z").buttons == B
    assert desk.look().buttons == B
    after = desk.keys("key", "r", "key", "z")
    assert (after.holding, after.buttons) == (frozenset(), 0)


@pytest.mark.window
def test_keys_that_are_changed_in_the_menu_count_at_once(desk: Desk) -> None:
    desk.preferences.bind_key("counter", "a", ("v",))
    desk.look()
    assert desk.keys("key", "v").buttons == A
    assert desk.keys("key", "x").buttons == 0


@pytest.mark.window
def test_keys_that_mean_nothing_are_left_out_and_said(desk: Desk) -> None:
    desk.preferences.bind_key("counter", "jump", ("v",))
    desk.look()
    assert "no button named 'jump'" in desk.window.conflicts[0]
    assert desk.keys("key", "x").buttons == A
