"""Puts frames onto a surface: scaled, centred, through a filter.

Axis letters: h w pixels.
"""

import numpy as np
import pygame

from dreamplay.preferences import Look
from dreamplay.world import Frame, GameSpec

_LINES, _MASK = 0.45, 0.18  # how much darker the gap between two rows is, and two of three stripes of a screen's mask
_COARSE = 2  # pixels of the screen for a row of the frame: below that there is no room for gaps


def stretch(aspect: str, game: GameSpec) -> float:
    """Width of a pixel divided by its height."""
    if aspect == "square":
        return 1.0
    if aspect == "8:7":
        return 8 / 7
    pictures = max(1, round(game.width / game.height / (4 / 3)))  # two games side by side are two pictures of 4:3
    return pictures * (4 / 3) / (game.width / game.height)


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


class Projector:
    """Draws frames, and keeps the surfaces that it needs from one to the next."""

    def __init__(self) -> None:
        self._image: pygame.Surface | None = None
        self._soft: pygame.Surface | None = None
        self._mask: tuple[tuple[str, int, int, int], pygame.Surface] | None = None

    def draw(self, window: pygame.Surface, frame: Frame, look: Look, pixel: float) -> None:
        """Draw a frame, (h, w, 3), on a window, black where it does not reach.

        Args:
            window: What is drawn on.
            frame: The frame.
            look: Filter, and whether to fill the window.
            pixel: Width of a pixel divided by its height.
        """
        height, width = frame.shape[:2]
        left, top, wide, high = fit(window.get_size(), (width, height), pixel, integer=not look.fill)
        if (wide, high) != window.get_size():
            window.fill("black")
        picture = window.subsurface((left, top, wide, high))
        image = self._converted(window, frame)
        if look.filter == "crt":  # a tube is soft along its rows, not across them
            if self._soft is None or self._soft.get_size() != (wide, height):
                self._soft = pygame.Surface((wide, height), 0, window)
            image = pygame.transform.smoothscale(image, (wide, height), self._soft)
        pygame.transform.scale(image, (wide, high), picture)
        if look.filter != "none" and high >= _COARSE * height:
            picture.blit(self._masked(look.filter, picture, height), (0, 0), special_flags=pygame.BLEND_RGB_MULT)

    def _converted(self, window: pygame.Surface, frame: Frame) -> pygame.Surface:
        """The frame in the window's format: scaling straight onto the window raises where the formats differ."""
        size = frame.shape[1], frame.shape[0]
        if self._image is None or self._image.get_size() != size:
            self._image = pygame.Surface(size, 0, window)
        self._image.blit(pygame.image.frombuffer(np.ascontiguousarray(frame).data, size, "RGB"), (0, 0))
        return self._image

    def _masked(self, name: str, picture: pygame.Surface, rows: int) -> pygame.Surface:
        """What every pixel of the picture is multiplied with."""
        wide, high = picture.get_size()
        key = (name, wide, high, rows)
        if self._mask is None or self._mask[0] != key:
            light = pygame.image.frombuffer(_light(name, wide, high, rows).tobytes(), (wide, high), "RGB")
            self._mask = key, light.convert(picture)
        return self._mask[1]


def _light(name: str, wide: int, high: int, rows: int) -> Frame:
    """How much of its light every pixel keeps, (high, wide, 3), 255 for all of it."""
    across = (np.arange(high) + 0.5) * rows / high % 1  # 0 at the upper edge of a row, 1 at the lower
    light = np.empty((high, wide, 3))
    light[:] = (1 - _LINES * across**2)[:, None, None]
    if name == "crt":
        for color in range(3):
            light[:, np.arange(wide) % 3 != color, color] *= 1 - _MASK
    return np.asarray(255 * light, np.uint8)
