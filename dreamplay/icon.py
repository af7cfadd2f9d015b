"""The window's icon: a moon over a button that says "play"."""

import pygame

from dreamplay.letters import GOLD, INK, SHADE

_SIZE = 64  # pixels, as large as task bars show it
_FINER = 4  # times as large as it is shown it is drawn: its edges come out smooth


def icon() -> pygame.Surface:
    """Draw it."""
    unit = _SIZE * _FINER // 16
    large = pygame.Surface((16 * unit, 16 * unit), pygame.SRCALPHA)
    pygame.draw.rect(large, SHADE, large.get_rect(), border_radius=3 * unit)
    pygame.draw.circle(large, GOLD, (7 * unit, 8 * unit), 5.5 * unit)
    pygame.draw.circle(large, SHADE, (9.5 * unit, 6.5 * unit), 4.5 * unit)
    pygame.draw.polygon(large, INK, [(8 * unit, 4 * unit), (13 * unit, 7 * unit), (8 * unit, 10 * unit)])
    return pygame.transform.smoothscale(large, (_SIZE, _SIZE))
