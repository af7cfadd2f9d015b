"""Text over the picture: fonts, shaded boxes, drawn keys. Every text is rendered once and kept."""

from collections import OrderedDict

import pygame

Color = tuple[int, int, int]

INK, DIM, SHADE = (255, 255, 255), (190, 190, 190), (16, 18, 28)
RED, GOLD = (255, 72, 72), (255, 214, 102)

OPACITY = 210
"""Of 255: white on this shade keeps a contrast above 7:1 over a white picture."""

SMALLEST, LARGEST = 10, 44
"""Heights of text, pixels: below it cannot be read, above it only takes room."""

_KEPT = 160  # texts
_FINER = 2  # times as large as they are shown letters are drawn: at their own size the gaps come out uneven


class Letters:
    """Renders text, and keeps what it has rendered."""

    def __init__(self) -> None:
        self._fonts: dict[int, pygame.Font] = {}
        self._kept: OrderedDict[tuple[object, ...], pygame.Surface] = OrderedDict()

    def line(self, size: int) -> int:
        """Rows that a line of text takes whose letters are this high, pixels."""
        return -(-self._font(size).get_linesize() // _FINER)

    def width(self, text: str, size: int) -> int:
        """Columns that a text takes in a line, pixels."""
        return -(-self._font(size).size(text)[0] // _FINER)

    def text(self, text: str, size: int, ink: Color = INK) -> pygame.Surface:
        """A line of text alone."""
        return self._keep((text, size, ink)) or self._kept_as((text, size, ink), self._rendered(text, size, ink))

    def box(self, lines: tuple[str, ...], size: int, *, ink: Color = INK, shade: Color = SHADE) -> pygame.Surface:
        """Lines of text on a shaded ground."""
        key = (lines, size, ink, shade)
        kept = self._keep(key)
        if kept is not None:
            return kept
        line, pad = self.line(size), max(2, size // 3)
        texts = [self._rendered(line, size, ink) for line in lines]
        width = max(text.get_width() for text in texts) + 2 * pad
        box = pygame.Surface((width, line * len(texts) + 2 * pad), pygame.SRCALPHA)
        box.fill((*shade, OPACITY))
        for number, text in enumerate(texts):
            box.blit(text, (pad, pad + number * line))
        return self._kept_as(key, box)

    def cap(self, key: str, size: int) -> pygame.Surface:
        """A key of a keyboard with its name; arrows are drawn."""
        kept = self._keep((key, size))
        if kept is not None:
            return kept
        text = None if key in _ARROWS else self._rendered(key, size, SHADE)
        high = round(1.7 * size)
        wide = max(high, text.get_width() + size if text else 0)
        cap = pygame.Surface((wide, high), pygame.SRCALPHA)
        round_corner = max(2, size // 4)
        pygame.draw.rect(cap, (150, 154, 166), cap.get_rect(), border_radius=round_corner)
        face = pygame.Rect(0, 0, wide, high - max(1, size // 6))
        pygame.draw.rect(cap, (240, 241, 245), face, border_radius=round_corner)
        if text is None:
            pygame.draw.polygon(
                cap, SHADE, [(face.centerx + x * size, face.centery + y * size) for x, y in _ARROWS[key]]
            )
        else:
            cap.blit(text, text.get_rect(center=face.center))
        return self._kept_as((key, size), cap)

    def wrap(self, text: str, size: int, width: int) -> tuple[str, ...]:
        """Break a sentence into lines, at spaces and slashes where it can be."""
        lines, line = [], ""
        for word in text.replace("/", "/\0").replace(" ", " \0").split("\0"):
            if line and self.width(line + word, size) > width:
                lines.append(line.rstrip())
                line = ""
            line += word
        return (*lines, line)

    def cut(self, text: str, size: int, width: int) -> str:
        """The text, its end left out where it is too long."""
        if self.width(text, size) <= width:
            return text
        while text and self.width(text + "...", size) > width:
            text = text[:-1]
        return text + "..."

    def _rendered(self, text: str, size: int, ink: Color) -> pygame.Surface:
        large = self._font(size).render(text.replace("\0", ""), True, ink)
        wide, high = large.get_size()
        return pygame.transform.smoothscale(large, (-(-wide // _FINER), -(-high // _FINER)))

    def _font(self, size: int) -> pygame.Font:
        """The font that letters of this height are drawn with, before they are made small."""
        if size not in self._fonts:
            high = round(_FINER * size * 1.25)  # its letters are small for their size
            self._fonts[size] = pygame.font.Font(None, high)
        return self._fonts[size]

    def _keep(self, key: tuple[object, ...]) -> pygame.Surface | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _kept_as(self, key: tuple[object, ...], surface: pygame.Surface) -> pygame.Surface:
        self._kept[key] = surface
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return surface


_ARROWS = {
    "Left": ((-0.4, 0), (0.25, -0.4), (0.25, 0.4)),
    "Right": ((0.4, 0), (-0.25, -0.4), (-0.25, 0.4)),
    "Up": ((0, -0.4), (-0.4, 0.25), (0.4, 0.25)),
    "Down": ((0, 0.4), (-0.4, -0.25), (0.4, -0.25)),
}
"""Corners of the arrows, in heights of a letter from the middle of the key."""
