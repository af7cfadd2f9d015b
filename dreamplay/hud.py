"""What is drawn over the frame: numbers, toasts, the red dot, the pressed buttons, the key card, the menu.

The picture underneath is never written to.
"""

from collections.abc import Iterable

import pygame

from dreamplay.card import Card
from dreamplay.controls import Status
from dreamplay.hotkeys import HOTKEYS, Hotkey
from dreamplay.letters import DIM, INK, LARGEST, RED, SHADE, SMALLEST, Letters
from dreamplay.pane import MenuPane, StripPane
from dreamplay.world import Buttons, GameSpec

_ROWS_TO_A_WINDOW = 34  # rows of text that would fill the window's height


class Painter:
    """Draws over a window, and keeps what it has drawn once."""

    def __init__(self, game: GameSpec, hotkeys: Iterable[Hotkey] = HOTKEYS) -> None:
        self._game = game
        self._letters = Letters()
        self._card = Card(game, hotkeys, self._letters)
        self._menu = MenuPane(self._letters)
        self._strip = StripPane(self._letters)

    def paint(self, window: pygame.Surface, status: Status, percent: int = 100) -> None:
        """Draw what is to be said over the window, in letters of this size."""
        size = max(SMALLEST, min(LARGEST, window.get_height() * percent // (100 * _ROWS_TO_A_WINDOW)))
        gap = size // 2
        if status.sheet is not None:
            self._menu.paint(window, status.sheet, round(1.2 * size))
        elif status.card:
            self._card.paint(window)
        elif status.lines:
            window.blit(self._letters.box(status.lines, size), (gap, gap))
        self._paint_corner(window, status, size)
        bottom = window.get_height() - gap
        if status.buttons is not None and not status.card and status.sheet is None:
            bottom -= self._paint_buttons(window, status.buttons, size, bottom) + gap
        if status.strip is not None:
            bottom -= self._strip.paint(window, status.strip, size, bottom) + gap
        if status.toast:
            lines = self._letters.wrap(status.toast, size, window.get_width() - 4 * gap)
            box = self._letters.box(lines, size)
            window.blit(box, ((window.get_width() - box.get_width()) // 2, bottom - box.get_height()))

    def _paint_corner(self, window: pygame.Surface, status: Status, size: int) -> None:
        top = size // 2
        if status.recording is not None:
            seconds = int(status.recording)
            box = self._letters.box((f"      REC {seconds // 60}:{seconds % 60:02}",), size)
            left = window.get_width() - box.get_width() - size // 2
            window.blit(box, (left, top))
            pygame.draw.circle(window, RED, (left + size, top + box.get_height() // 2), size * 0.4)
            top += box.get_height() + size // 3
        if status.badge:
            box = self._letters.box((status.badge,), size)
            window.blit(box, (window.get_width() - box.get_width() - size // 2, top))

    def _paint_buttons(self, window: pygame.Surface, buttons: Buttons, size: int, bottom: int) -> int:
        """Draw the game's buttons from the left, the held ones filled. Returns the height taken."""
        gap = max(2, size // 5)
        while size > SMALLEST and self._row_width(size, gap) > window.get_width():
            size -= 1
        left = size // 2
        height = 0
        for bit, name in enumerate(self._game.buttons):
            held = bool(buttons >> bit & 1)
            box = self._letters.box((name,), size, ink=SHADE if held else DIM, shade=INK if held else SHADE)
            height = box.get_height()
            window.blit(box, (left, bottom - height))
            left += box.get_width() + gap
        return height

    def _row_width(self, size: int, gap: int) -> int:
        return size + sum(self._letters.box((name,), size).get_width() + gap for name in self._game.buttons)
