"""The window: the one place that knows pygame, beside what `hud` draws over the frame."""

from collections.abc import Mapping
from typing import Protocol

import pygame
from pygame._sdl2 import controller

from dreamplay.controls import Controls, Input, Status, remap
from dreamplay.errors import DisplayError
from dreamplay.hotkeys import KEY_CODES, Command, conflicts
from dreamplay.hud import Painter
from dreamplay.world import Frame, GameSpec

ASPECTS = ("square", "8:7", "4:3")
"""Shapes of the picture: square pixels, pixels as wide as a television of 1985 showed them, the whole 4:3."""

_HIDDEN = ("offscreen", "dummy", "evdev")
_SCALES = {Command[f"SCALE_{number}"]: number for number in range(1, 7)}
_PAD_NAMES = {
    "a": "A", "b": "B", "x": "X", "y": "Y", "back": "BACK", "start": "START", "guide": "GUIDE",
    "leftshoulder": "LEFTSHOULDER", "rightshoulder": "RIGHTSHOULDER", "leftstick": "LEFTSTICK",
    "rightstick": "RIGHTSTICK", "dpad_up": "DPAD_UP", "dpad_down": "DPAD_DOWN", "dpad_left": "DPAD_LEFT",
    "dpad_right": "DPAD_RIGHT",
}  # fmt: skip
_AXES = {"leftx": "LEFTX", "lefty": "LEFTY", "rightx": "RIGHTX", "righty": "RIGHTY"}


class Screen(Protocol):
    """Where a world is played: hands and eyes."""

    def poll(self) -> Input:
        """What the hands did since the last call."""

    def show(self, frame: Frame, status: Status) -> None:
        """Show a frame, (h, w, 3), and what is to be said over it."""

    def change(self, game: GameSpec) -> None:
        """Another game is played from now on."""


def fit(room: tuple[int, int], size: tuple[int, int], stretch: float, *, integer: bool) -> tuple[int, int, int, int]:
    """Where a picture stands in a window: left, top, width, height.

    Args:
        room: Width and height of the window.
        size: Width and height of the frame.
        stretch: Width of a pixel divided by its height.
        integer: Whether every row of the frame takes a whole number of the window's rows.
    """
    width, height = size
    scale = min(room[0] / (width * stretch), room[1] / height)
    if integer and scale >= 1:
        scale = int(scale)
    wide, high = max(1, round(width * stretch * scale)), max(1, round(height * scale))
    return (room[0] - wide) // 2, (room[1] - high) // 2, wide, high


class Window:
    """A window with keyboard and pads."""

    def __init__(
        self,
        game: GameSpec,
        *,
        scale: int = 3,
        fullscreen: bool = False,
        aspect: str = "square",
        keys: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
    ) -> None:
        """Open the window.

        Args:
            game: What is played first.
            scale: Pixels of the screen for one of the frame.
            fullscreen: Whether to fill the screen.
            aspect: One of ASPECTS.
            keys: The user's own keys, by game and button.

        Raises:
            DisplayError: There is no display, or only one that nobody sees.
            UnknownNameError: There is no such button or key.
        """
        self._user_keys = keys or {}
        game = remap(game, self._user_keys.get(game.name, {}))
        self._game, self._scale, self._aspect = game, scale, aspect
        self._fullscreen, self._integer = fullscreen, True
        self._controls = Controls(game)
        self._painter = Painter(game)
        self._pads: dict[int, controller.Controller] = {}
        self._keys = {getattr(pygame, f"KSCAN_{code}"): name for name, code in KEY_CODES.items()}
        self._pad_buttons = {getattr(pygame, f"CONTROLLER_BUTTON_{code}"): name for name, code in _PAD_NAMES.items()}
        self._pad_axes = {getattr(pygame, f"CONTROLLER_AXIS_{code}"): name for name, code in _AXES.items()}
        self._picture: pygame.Surface | None = None
        _open_display()
        self._set_mode()

    @property
    def conflicts(self) -> list[str]:
        """Hotkeys that the game's keys take away, in words."""
        return conflicts(self._game)

    def poll(self) -> Input:
        """What the hands did since the last call; what concerns the window alone is done here."""
        for event in pygame.event.get():
            self._handle(event)
        given = self._controls.take()
        for command in given.commands:
            self._obey(command)
        if any(command in _SCALES or command is Command.FULLSCREEN for command in given.commands):
            self._set_mode()
        return given

    def show(self, frame: Frame, status: Status) -> None:
        """Show a frame, (h, w, 3), and what is to be said over it."""
        window = pygame.display.get_surface()
        if window is None:
            return
        height, width = frame.shape[:2]
        left, top, wide, high = fit(window.get_size(), (width, height), self._stretch(), integer=self._integer)
        image = pygame.image.frombuffer(frame.tobytes(), (width, height), "RGB")
        if self._picture is None or self._picture.get_size() != (wide, high):
            self._picture = pygame.Surface((wide, high)).convert()
        # Scaling straight onto the window raises where the pixel formats differ.
        pygame.transform.scale(image.convert(self._picture), (wide, high), self._picture)
        if (wide, high) != window.get_size():
            window.fill("black")
        window.blit(self._picture, (left, top))
        self._painter.paint(window, status)
        pygame.display.flip()

    def change(self, game: GameSpec) -> None:
        """Another game is played from now on."""
        resized = (game.width, game.height) != (self._game.width, self._game.height)
        self._game = game = remap(game, self._user_keys.get(game.name, {}))
        self._controls = Controls(game)
        self._painter = Painter(game)
        if resized and not self._fullscreen:
            self._set_mode()
        pygame.display.set_caption(f"dreamplay: {game.title}")

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self._pads.clear()
        controller.quit()
        pygame.font.quit()
        pygame.display.quit()

    def _stretch(self) -> float:
        if self._aspect == "square":
            return 1.0
        if self._aspect == "8:7":
            return 8 / 7
        return (4 / 3) / (self._game.width / self._game.height)

    def _set_mode(self) -> None:
        width, height = round(self._game.width * self._stretch() * self._scale), self._game.height * self._scale
        try:
            if self._fullscreen:
                pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            else:
                pygame.display.set_mode((width, height), pygame.RESIZABLE)
        except pygame.error as error:
            raise DisplayError(f"No window could be opened ({error}). {_WITHOUT}") from error
        pygame.display.set_caption(f"dreamplay: {self._game.title}")
        pygame.mouse.set_visible(not self._fullscreen)

    def _obey(self, command: Command) -> None:
        if command in _SCALES:
            self._scale, self._fullscreen = _SCALES[command], False
        elif command is Command.FULLSCREEN:
            self._fullscreen = not self._fullscreen
        elif command is Command.INTEGER_SCALE:
            self._integer = not self._integer
        elif command is Command.ASPECT:
            self._aspect = ASPECTS[(ASPECTS.index(self._aspect) + 1) % len(ASPECTS)]

    def _handle(self, event: pygame.event.Event) -> None:
        controls = self._controls
        match event.type:
            case pygame.KEYDOWN:
                controls.key_down(self._keys.get(event.scancode, ""))
            case pygame.KEYUP:
                controls.key_up(self._keys.get(event.scancode, ""))
            case pygame.WINDOWFOCUSLOST:
                controls.clear()
            case pygame.QUIT:
                controls.command(Command.QUIT)
            case pygame.DROPFILE:
                controls.drop(event.file)
            case _:
                self._handle_pad(event)

    def _handle_pad(self, event: pygame.event.Event) -> None:
        controls = self._controls
        match event.type:
            case pygame.CONTROLLERBUTTONDOWN:
                controls.pad_down(event.instance_id, self._pad_buttons.get(event.button, ""))
            case pygame.CONTROLLERBUTTONUP:
                controls.pad_up(event.instance_id, self._pad_buttons.get(event.button, ""))
            case pygame.CONTROLLERAXISMOTION if event.axis in self._pad_axes:
                controls.pad_axis(event.instance_id, self._pad_axes[event.axis], event.value / 32768)
            case pygame.CONTROLLERDEVICEADDED if controller.is_controller(event.device_index):
                pad = controller.Controller(event.device_index)
                self._pads[pad.as_joystick().get_instance_id()] = pad
            case pygame.CONTROLLERDEVICEREMOVED:
                self._pads.pop(event.instance_id, None)
                controls.pad_lost(event.instance_id)


_WITHOUT = "On a server: dreamplay --headless --frames 300 -o dream.gif"


def driver() -> str:
    """SDL's driver of the display.

    Raises:
        DisplayError: There is no display, or only one that nobody sees.
    """
    _open_display()
    name = pygame.display.get_driver()
    pygame.display.quit()
    return name


def _open_display() -> None:
    # Not pygame.init(): it opens the sound card and takes SIGTERM over.
    try:
        pygame.display.init()
    except pygame.error as error:
        raise DisplayError(f"No display found ({error}). {_WITHOUT}") from error
    name = pygame.display.get_driver()
    if name in _HIDDEN:
        pygame.display.quit()
        raise DisplayError(f'No display found (SDL driver "{name}"). {_WITHOUT}')
    pygame.font.init()
    controller.init()
    pygame.display.set_allow_screensaver(False)
