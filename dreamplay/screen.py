"""The window: opened, sized, listened to."""

from dataclasses import replace
from typing import Protocol

import pygame
from pygame._sdl2 import controller

from dreamplay import system
from dreamplay.controls import Controls, Input, Status
from dreamplay.errors import DisplayError, UnknownNameError
from dreamplay.hotkeys import HOTKEYS, KEY_CODES, Command, conflicts
from dreamplay.hud import Painter
from dreamplay.icon import icon
from dreamplay.preferences import ASPECTS, FILTERS, Preferences, after
from dreamplay.projector import Projector, stretch
from dreamplay.world import Frame, GameSpec

_HIDDEN = ("offscreen", "dummy", "evdev")
_SCALES = {Command[f"SCALE_{number}"]: number for number in range(1, 7)}
_OWN = {*_SCALES, Command.FULLSCREEN, Command.INTEGER_SCALE, Command.ASPECT, Command.FILTER}
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


class Window:
    """A window with keyboard and pads."""

    def __init__(self, game: GameSpec, preferences: Preferences) -> None:
        """Open the window.

        Args:
            game: What is played first.
            preferences: Look and keys; they may change while the window is open.

        Raises:
            DisplayError: There is no display, or only one that nobody sees.
        """
        self._game, self._preferences = game, preferences
        self._complaint = ""
        self._listens = self._covered = False
        self._shape: tuple[object, ...] | None = None
        self._projector = Projector()
        self._pads: dict[int, controller.Controller] = {}
        self._keys = {getattr(pygame, f"KSCAN_{code}"): name for name, code in KEY_CODES.items()}
        self._pad_buttons = {getattr(pygame, f"CONTROLLER_BUTTON_{code}"): name for name, code in _PAD_NAMES.items()}
        self._pad_axes = {getattr(pygame, f"CONTROLLER_AXIS_{code}"): name for name, code in _AXES.items()}
        _open_display()
        pygame.display.set_icon(icon())
        self._bind()
        self._set_mode()

    @property
    def conflicts(self) -> list[str]:
        """What of the user's keys does not count, in words."""
        return [*([self._complaint] if self._complaint else []), *conflicts(self._own, self._hotkeys)]

    def poll(self) -> Input:
        """What the hands did since the last call; what concerns the window alone is done here."""
        if self._bound is not self._preferences.bindings:
            self._bind()
        for event in pygame.event.get():
            self._handle(event)
        given = self._controls.take()
        if not self._listens:
            for command in given.commands:
                self._obey(command)
        self._set_mode()
        return given

    def show(self, frame: Frame, status: Status) -> None:
        """Show a frame, (h, w, 3), and what is to be said over it."""
        self._listens = status.sheet is not None and status.sheet.listens
        if self._covered != (status.sheet is not None):
            self._covered = not self._covered
            self._controls.clear()  # the key that chose "resume" must not make the hero jump
        window = pygame.display.get_surface()
        if window is None:
            return
        look = self._preferences.look
        self._projector.draw(window, frame, look, stretch(look.aspect, self._game))
        self._painter.paint(window, status, look.hud_size)
        pygame.display.flip()

    def change(self, game: GameSpec) -> None:
        """Another game is played from now on."""
        self._game = game
        self._bind()
        self._set_mode()
        pygame.display.set_caption(f"dreamplay: {game.title}")

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self._pads.clear()
        controller.quit()
        pygame.font.quit()
        pygame.display.quit()

    def _bind(self) -> None:
        """Take over the user's own keys; those that mean nothing are left out and complained of."""
        own = self._preferences
        self._bound, self._complaint = own.bindings, ""
        try:
            self._own, self._hotkeys = own.own(self._game), own.hotkeys()
        except UnknownNameError as error:
            self._complaint = f"Own keys left out: {error}"
            self._own, self._hotkeys = self._game, HOTKEYS
        self._controls = Controls(self._own, self._hotkeys, own.bindings.toggles)
        self._painter = Painter(self._own, self._hotkeys)

    def _set_mode(self) -> None:
        """Give the window the size that the look asks for, where it asks for another one than it did."""
        look, game = self._preferences.look, self._game
        shape = (look.fullscreen, look.scale, look.aspect, game.width, game.height)
        if shape == self._shape:
            return
        self._shape = shape
        try:
            if look.fullscreen:
                pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            else:
                window = pygame.display.get_surface()
                if window is not None and window.get_flags() & pygame.FULLSCREEN:
                    pygame.display.set_mode(window.get_size(), pygame.RESIZABLE)  # before that it takes no other size
                pygame.display.set_mode(self._size(), pygame.RESIZABLE)
                _bring_in()
        except pygame.error as error:
            raise DisplayError(f"No window could be opened ({error}). {_WITHOUT}") from error
        pygame.display.set_caption(f"dreamplay: {game.title}")
        pygame.mouse.set_visible(not look.fullscreen)

    def _size(self) -> tuple[int, int]:
        """Width and height that the look asks for, in a smaller scale where the desktop has no room for it."""
        look, room = self._preferences.look, pygame.display.get_desktop_sizes()[0]
        width, height = self._game.width * stretch(look.aspect, self._game), self._game.height
        scale = max(1, min(look.scale, int(room[0] / width), room[1] // height))
        return round(width * scale), height * scale

    def _obey(self, command: Command) -> None:
        if command not in _OWN:
            return
        look = self._preferences.look
        if command in _SCALES:
            look = replace(look, scale=_SCALES[command], fullscreen=False)
            self._shape = None  # also where somebody has pulled at its corner since
        elif command is Command.FULLSCREEN:
            look = replace(look, fullscreen=not look.fullscreen)
        elif command is Command.INTEGER_SCALE:
            look = replace(look, fill=not look.fill)
        elif command is Command.ASPECT:
            look = replace(look, aspect=after(look.aspect, ASPECTS))
        elif command is Command.FILTER:
            look = replace(look, filter=after(look.filter, FILTERS))
        self._preferences.dress(look)

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


def _bring_in() -> None:
    """Move a window that has grown over the edge of the first desktop back onto it."""
    room, size = pygame.display.get_desktop_sizes()[0], pygame.display.get_window_size()
    place = pygame.display.get_window_position()
    if all(0 <= place[axis] < room[axis] for axis in (0, 1)):  # elsewhere nothing is known of the edges
        left, top = (max(0, min(place[axis], room[axis] - size[axis])) for axis in (0, 1))
        if (left, top) != place:
            pygame.display.set_window_position((left, top))


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
    if name == "x11":
        system.share_pictures()
    pygame.font.init()
    controller.init()
    pygame.display.set_allow_screensaver(False)
