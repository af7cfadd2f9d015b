"""What is drawn over the frame: numbers, toasts, the red dot, the pressed buttons, the key card.

Every text is rendered once and kept; the picture underneath is never written to.
"""

from collections import OrderedDict

import pygame

from dreamplay.controls import Status
from dreamplay.hotkeys import card_rows
from dreamplay.world import Buttons, GameSpec

_INK, _DIM, _SHADE, _RED = (255, 255, 255), (190, 190, 190), (16, 18, 28), (255, 72, 72)
_OPACITY = 210  # of 255: white on this shade keeps a contrast above 7:1 over a white picture
_KEPT = 96  # texts
_ROWS_TO_A_WINDOW = 34  # rows of text that would fill the window's height
_SMALLEST, _LARGEST = 10, 44  # pixels

_Color = tuple[int, int, int]


class Painter:
    """Draws over a window, and keeps what it has drawn once."""

    def __init__(self, game: GameSpec) -> None:
        self._game = game
        self._fonts: dict[int, pygame.Font] = {}
        self._boxes: OrderedDict[tuple[object, ...], pygame.Surface] = OrderedDict()
        self._card: pygame.Surface | None = None

    def paint(self, window: pygame.Surface, status: Status) -> None:
        """Draw what is to be said over the window."""
        size = max(_SMALLEST, min(_LARGEST, window.get_height() // _ROWS_TO_A_WINDOW))
        gap = size // 2
        if status.card:
            self._paint_card(window)
        elif status.lines:
            window.blit(self._box(status.lines, size), (gap, gap))
        self._paint_corner(window, status, size)
        bottom = window.get_height() - gap
        if status.buttons is not None and not status.card:
            bottom -= self._paint_buttons(window, status.buttons, size, bottom) + gap
        if status.toast:
            box = self._box(self._wrap(status.toast, size, window.get_width() - 4 * gap), size)
            window.blit(box, ((window.get_width() - box.get_width()) // 2, bottom - box.get_height()))

    def _paint_corner(self, window: pygame.Surface, status: Status, size: int) -> None:
        top = size // 2
        if status.recording is not None:
            seconds = int(status.recording)
            box = self._box((f"      REC {seconds // 60}:{seconds % 60:02}",), size)
            left = window.get_width() - box.get_width() - size // 2
            window.blit(box, (left, top))
            pygame.draw.circle(window, _RED, (left + size, top + box.get_height() // 2), size * 0.4)
            top += box.get_height() + size // 3
        if status.badge:
            box = self._box((status.badge,), size)
            window.blit(box, (window.get_width() - box.get_width() - size // 2, top))

    def _paint_buttons(self, window: pygame.Surface, buttons: Buttons, size: int, bottom: int) -> int:
        """Draw the game's buttons from the left, the held ones filled. Returns the height taken."""
        left = size // 2
        height = 0
        for bit, name in enumerate(self._game.buttons):
            held = bool(buttons >> bit & 1)
            box = self._box((name,), size, ink=_SHADE if held else _DIM, shade=_INK if held else _SHADE)
            height = box.get_height()
            window.blit(box, (left, bottom - height))
            left += box.get_width() + max(2, size // 5)
        return height

    def _paint_card(self, window: pygame.Surface) -> None:
        if self._card is None or self._card.get_size() != window.get_size():
            self._card = self._drawn_card(window.get_size())
        window.blit(self._card, (0, 0))

    def _drawn_card(self, room: tuple[int, int]) -> pygame.Surface:
        """The card, filling a window of this size, in the largest letters that fit."""
        rows = card_rows(self._game)
        half = (len(rows) + 1) // 2
        size = _LARGEST
        while size > 6 and not self._card_fits(rows, half, size, room):
            size -= 1
        card = pygame.Surface(room, pygame.SRCALPHA)
        card.fill((*_SHADE, 235))
        line = self._font(size).get_linesize()
        top = max(line // 2, (room[1] - (half + 3) * line) // 2)
        title = self._font(round(size * 1.4)).render(f"dreamplay: {self._game.title}", True, _INK)
        card.blit(title, ((room[0] - title.get_width()) // 2, top))
        for column, part in enumerate((rows[:half], rows[half:])):
            left = column * room[0] // 2 + size
            keys_width = max(self._font(size).size(keys)[0] for keys, _ in part)
            for number, (keys, does) in enumerate(part):
                y = top + round((number + 2.5) * line)
                card.blit(self._font(size).render(keys, True, (255, 214, 102)), (left, y))
                card.blit(self._font(size).render(does, True, _INK), (left + keys_width + size, y))
        return card

    def _card_fits(self, rows: list[tuple[str, str]], half: int, size: int, room: tuple[int, int]) -> bool:
        font = self._font(size)
        columns = (rows[:half], rows[half:])
        widths = [max(font.size(keys)[0] for keys, _ in c) + max(font.size(does)[0] for _, does in c) for c in columns]
        return max(widths) + 3 * size <= room[0] // 2 and (half + 4) * font.get_linesize() <= room[1]

    def _box(self, lines: tuple[str, ...], size: int, *, ink: _Color = _INK, shade: _Color = _SHADE) -> pygame.Surface:
        """Lines of text on a shaded ground."""
        key = (lines, size, ink, shade)
        if key in self._boxes:
            self._boxes.move_to_end(key)
            return self._boxes[key]
        font, pad = self._font(size), max(2, size // 3)
        texts = [font.render(line, True, ink) for line in lines]
        width = max(text.get_width() for text in texts) + 2 * pad
        box = pygame.Surface((width, font.get_linesize() * len(texts) + 2 * pad), pygame.SRCALPHA)
        box.fill((*shade, _OPACITY))
        for number, text in enumerate(texts):
            box.blit(text, (pad, pad + number * font.get_linesize()))
        return self._keep(key, box)

    def _keep(self, key: tuple[object, ...], box: pygame.Surface) -> pygame.Surface:
        self._boxes[key] = box
        while len(self._boxes) > _KEPT:
            self._boxes.popitem(last=False)
        return box

    def _wrap(self, text: str, size: int, width: int) -> tuple[str, ...]:
        """Break a sentence into lines, at spaces and slashes where it can be."""
        font, lines, line = self._font(size), [], ""
        for word in text.replace("/", "/\0").replace(" ", " \0").split("\0"):
            if line and font.size(line + word)[0] > width:
                lines.append(line.rstrip())
                line = ""
            line += word
        return (*lines, line)

    def _font(self, size: int) -> pygame.Font:
        if size not in self._fonts:
            self._fonts[size] = pygame.font.Font(None, round(size * 1.25))  # its letters are small for their size
        return self._fonts[size]
