"""Draws the menu over the game, and the strip of save states under it."""

import pygame

from dreamplay.letters import DIM, GOLD, INK, LARGEST, SHADE, SMALLEST, Letters
from dreamplay.sheet import Line, Sheet, Strip
from dreamplay.world import Frame

_OPACITY = 245  # of 255
_MOST_HINT = 3  # lines


class MenuPane:
    """Covers the window with a sheet, drawn anew when it changes."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self._drawn: tuple[tuple[object, ...], pygame.Surface] | None = None

    def paint(self, window: pygame.Surface, sheet: Sheet, size: int) -> None:
        """Draw the sheet with letters of this height or, where it is too wide for that, of the largest that fits."""
        key = (sheet, window.get_size(), size)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = key, self._draw(window.get_size(), sheet, size)
        window.blit(self._drawn[1], (0, 0))

    def _draw(self, room: tuple[int, int], sheet: Sheet, size: int) -> pygame.Surface:
        pane = pygame.Surface(room, pygame.SRCALPHA)
        pane.fill((*SHADE, _OPACITY))
        size = min(LARGEST, size)
        while size > SMALLEST and self._widest(sheet, size) + 4 * size > room[0]:
            size -= 1
        title = self._letters.text(sheet.title, round(1.3 * size), GOLD)
        pane.blit(title, (size, size // 2))
        top = title.get_height() + size
        pygame.draw.line(pane, DIM, (size, top), (room[0] - size, top))
        hint = self._letters.wrap(sheet.hint, size, room[0] - 2 * size)[:_MOST_HINT] if sheet.hint else ()
        line = self._letters.line(size)
        bottom = room[1] - len(hint) * line - size // 2
        for number, text in enumerate(hint):
            pane.blit(self._letters.text(text, size, INK if sheet.listens else DIM), (size, bottom + number * line))
        self._draw_lines(pane, sheet, size, top + size // 2, bottom - size // 2)
        return pane

    def _draw_lines(self, pane: pygame.Surface, sheet: Sheet, size: int, top: int, bottom: int) -> None:
        high = round(1.25 * self._letters.line(size))
        most = max(1, (bottom - top) // high)
        first = max(0, min(sheet.cursor - most // 2, len(sheet.lines) - most))
        for place, number in enumerate(range(first, min(first + most, len(sheet.lines)))):
            row = pygame.Rect(size // 2, top + place * high, pane.get_width() - size, high)
            line = sheet.lines[number]
            self._draw_line(pane, line, size, row, chosen=line.choosable and number == sheet.cursor)
        for there, y, sign in ((first > 0, top, -1), (first + most < len(sheet.lines), top + most * high, 1)):
            if there:
                x = pane.get_width() - size // 2
                pygame.draw.polygon(pane, GOLD, [(x - size // 3, y), (x + size // 3, y), (x, y + sign * size // 2)])

    def _draw_line(self, pane: pygame.Surface, line: Line, size: int, row: pygame.Rect, *, chosen: bool) -> None:
        ink = SHADE if chosen else INK if line.choosable else DIM
        if chosen:
            pygame.draw.rect(pane, GOLD, row, border_radius=max(2, size // 4))
            x, y = row.left + size // 2, row.centery
            pygame.draw.polygon(pane, SHADE, [(x, y - size // 3), (x + size // 2, y), (x, y + size // 3)])
        title = self._letters.text(line.title, size, ink)
        pane.blit(title, title.get_rect(midleft=(row.left + round(1.4 * size), row.centery)))
        room = row.width - title.get_width() - 3 * size
        if line.value and room > 0:
            value = self._letters.text(self._letters.cut(line.value, size, room), size, ink)
            pane.blit(value, value.get_rect(midright=(row.right - size // 2, row.centery)))

    def _widest(self, sheet: Sheet, size: int) -> int:
        width = self._letters.width
        return max((width(line.title, size) + width(line.value, size) for line in sheet.lines), default=0)


class StripPane:
    """Shows the slots with what was saved in them."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self._drawn: tuple[Strip, int, pygame.Surface] | None = None

    def paint(self, window: pygame.Surface, strip: Strip, size: int, bottom: int) -> int:
        """Draw the strip above a row of the window. Returns its height."""
        width = window.get_width()
        if self._drawn is None or not _same(self._drawn[0], strip) or self._drawn[1] != width:
            self._drawn = strip, width, self._draw(strip, width, size)
        pane = self._drawn[2]
        window.blit(pane, (0, bottom - pane.get_height()))
        return pane.get_height()

    def _draw(self, strip: Strip, width: int, size: int) -> pygame.Surface:
        gap = max(2, size // 4)
        wide = max(8, (width - gap) // len(strip.pictures) - gap)
        shape = next((picture.shape for picture in strip.pictures if picture is not None), (3, 4))
        high = max(6, wide * shape[0] // shape[1])
        words = self._letters.wrap(strip.sentence, size, width - 2 * size)
        line = self._letters.line(size)
        head = len(words) * line + 2 * gap
        pane = pygame.Surface((width, head + high + 2 * gap), pygame.SRCALPHA)
        pane.fill((*SHADE, _OPACITY))
        for number, text in enumerate(words):
            pane.blit(self._letters.text(text, size), (size // 2, gap + number * line))
        for number, picture in enumerate(strip.pictures):
            place = pygame.Rect(gap + number * (wide + gap), head + gap // 2, wide, high)
            if picture is not None:
                pane.blit(_thumbnail(picture, place.size), place)
            else:
                pygame.draw.rect(pane, DIM, place, width=1)
            self._draw_number(pane, number, place, size, chosen=number == strip.slot)
        return pane

    def _draw_number(self, pane: pygame.Surface, number: int, place: pygame.Rect, size: int, *, chosen: bool) -> None:
        if chosen:
            pygame.draw.rect(pane, GOLD, place.inflate(4, 4), width=3)
        small = max(SMALLEST, round(0.7 * size))
        ink, shade = (SHADE, GOLD) if chosen else (INK, SHADE)
        pane.blit(self._letters.box((str(number + 1),), small, ink=ink, shade=shade), place)


def _thumbnail(picture: Frame, size: tuple[int, int]) -> pygame.Surface:
    height, width = picture.shape[:2]
    image = pygame.image.frombuffer(picture.tobytes(), (width, height), "RGB")
    return pygame.transform.smoothscale(image, size)


def _same(one: Strip, other: Strip) -> bool:
    pictures = all(a is b for a, b in zip(one.pictures, other.pictures, strict=True))
    return pictures and (one.slot, one.sentence) == (other.slot, other.sentence)
