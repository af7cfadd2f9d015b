"""The key card: what a stranger has to know, in one look. The game's own keys first, drawn as keys."""

from collections.abc import Iterable
from dataclasses import dataclass

import pygame

from dreamplay import games
from dreamplay.hotkeys import ON_CARD, TITLES, Hotkey, label, usable
from dreamplay.letters import DIM, GOLD, INK, LARGEST, SHADE, SMALLEST, Letters
from dreamplay.world import GameSpec

_WAYS = ("up", "left", "down", "right")  # as the keys stand: W A S D
_OPACITY = 245  # of 255


@dataclass(frozen=True)
class Entry:
    """Keys, alternatives of keys that belong together, and what they do."""

    keys: tuple[tuple[str, ...], ...]
    does: str


def entries(game: GameSpec) -> list[Entry]:
    """What the buttons of a game do and which keys they are on, the ways to go as one."""
    actions = games.actions(game.name)
    ways = [way for way in _WAYS if way in game.buttons]
    found = []
    if len(ways) > 1:
        sets = zip(*(game.keys.get(way, ()) for way in ways), strict=False)
        found = [Entry(tuple(tuple(map(label, keys)) for keys in sets), "move")]
    for button in game.buttons:
        if button not in ways or len(ways) < 2:
            keys = tuple((label(key),) for key in game.keys.get(button, ()))
            found.append(Entry(keys, actions.get(button, button)))
    return found


class Card:
    """Draws the card of a game, anew when the window has another size."""

    def __init__(self, game: GameSpec, hotkeys: Iterable[Hotkey], letters: Letters) -> None:
        self._title = game.title
        self._entries = entries(game)
        found = {
            command: [str(hotkey) for hotkey in usable(game, hotkeys) if hotkey.command is command]
            for command in ON_CARD
        }
        self._rows = [(keys[0], TITLES[command]) for command, keys in found.items() if keys]
        self._letters = letters
        self._card: pygame.Surface | None = None

    def paint(self, window: pygame.Surface) -> None:
        """Cover the window with the card."""
        if self._card is None or self._card.get_size() != window.get_size():
            self._card = self._drawn(window.get_size())
        window.blit(self._card, (0, 0))

    def _drawn(self, room: tuple[int, int]) -> pygame.Surface:
        """The card in the largest letters that fit; a small window shows one set of keys and leaves the rest out."""
        card = pygame.Surface(room, pygame.SRCALPHA)
        card.fill((*SHADE, _OPACITY))
        for small in (False, True):
            for size in range(LARGEST, SMALLEST - 1, -1):
                layer = pygame.Surface(room, pygame.SRCALPHA)
                height = self._lay(layer, size, small=small)
                if height:
                    card.blit(layer, (0, (room[1] - height) // 2))
                    return card
        card.blit(layer, (0, 0))
        return card

    def _lay(self, card: pygame.Surface, size: int, *, small: bool) -> int:
        """Draw everything with letters of this size. Returns the height taken, 0 where it does not fit."""
        width, height = card.get_size()
        title = self._letters.text(self._title, round(1.3 * size), GOLD)
        card.blit(title, ((width - title.get_width()) // 2, size // 2))
        bottom, right = self._lay_entries(card, size, title.get_height() + size, most=1 if small else 9)
        if not small:
            bottom, wide = self._lay_rows(card, max(SMALLEST, round(0.8 * size)), bottom + size // 2)
            right = max(right, wide)
        else:
            hint = self._letters.text("Esc: menu and all keys", size, DIM)
            card.blit(hint, ((width - hint.get_width()) // 2, bottom))
            bottom, right = bottom + hint.get_height(), max(right, hint.get_width())
        fits = bottom + size // 3 <= height and max(right, title.get_width()) + size // 2 <= width
        return bottom + size // 3 if fits else 0

    def _lay_entries(self, card: pygame.Surface, size: int, top: int, *, most: int) -> tuple[int, int]:
        """Draw the game's keys, right-aligned, and what they do to the right of them; both stand in the middle."""
        keys_wide = max((self._width(entry.keys[:most], size) for entry in self._entries), default=0)
        does_wide = max((self._letters.width(entry.does, size) for entry in self._entries), default=0)
        middle = (card.get_width() - keys_wide - size - does_wide) // 2 + keys_wide
        right = 0 if middle - keys_wide >= size // 2 else 2 * card.get_width()
        for entry in self._entries:
            sets = entry.keys[:most]
            left = middle - self._width(sets, size)
            for number, keys in enumerate(sets):
                if number:
                    word = self._letters.text("or", round(0.7 * size), DIM)
                    card.blit(word, (left + size // 3, top + size // 2))
                    left += word.get_width() + 2 * (size // 3)
                for key in keys:
                    cap = self._letters.cap(key, size)
                    card.blit(cap, (left, top))
                    left += cap.get_width() + size // 6
            does = self._letters.text(entry.does, size, INK)
            card.blit(does, (middle + size, top + size // 3))
            right = max(right, middle + size + does.get_width())
            top += round(2.1 * size)
        return top, right

    def _width(self, sets: tuple[tuple[str, ...], ...], size: int) -> int:
        caps = [self._letters.cap(key, size).get_width() + size // 6 for keys in sets for key in keys]
        word = self._letters.text("or", round(0.7 * size), DIM).get_width() + 2 * (size // 3)
        return sum(caps) + word * max(0, len(sets) - 1)

    def _lay_rows(self, card: pygame.Surface, size: int, top: int) -> tuple[int, int]:
        """Draw the hotkeys in two columns."""
        half, right = (len(self._rows) + 1) // 2, 0
        pygame.draw.line(card, DIM, (size, top), (card.get_width() - size, top))
        top += size // 2
        line = self._letters.line(size)
        for column, rows in enumerate((self._rows[:half], self._rows[half:])):
            left = column * card.get_width() // 2 + size
            wide = max((self._letters.text(key, size, GOLD).get_width() for key, _ in rows), default=0)
            for number, (key, does) in enumerate(rows):
                card.blit(self._letters.text(key, size, GOLD), (left, top + number * line))
                text = self._letters.text(does, size, INK)
                card.blit(text, (left + wide + size, top + number * line))
                end = left + wide + size + text.get_width()
                right = max(right, end if column else 2 * end)
        return top + half * line, right
