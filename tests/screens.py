"""Every screen, drawn without a display. `python -m tests.screens` writes them as the pictures to compare with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pygame

from dreamplay.controls import Input, Status
from dreamplay.games.mario import GAME
from dreamplay.hotkeys import Command
from dreamplay.hub import Entry
from dreamplay.hud import Painter
from dreamplay.icon import icon
from dreamplay.menu import Menu
from dreamplay.pages import Desk
from dreamplay.preferences import Look, Preferences
from dreamplay.projector import Projector, stretch
from dreamplay.sheet import Strip
from dreamplay.speeds import Speeds
from dreamplay.video import write_png
from dreamplay.world import Frame

GOLDEN = Path(__file__).parent / "golden"

MIDDLE, SMALL = (512, 480), (256, 240)
PAGES = ("Save states", "Game", "Models", "Controls", "Video", "Recording", "About")
TOAST = "Saved /home/somebody/Pictures/dreamplay/dreamplay-mario-20250101-120000.png"
LINES = ("30.0 fps", "step 12.1 ms, p99 14.9 ms", "1 sampler step", "cpu bfloat16 eager", "age 120 (4 s), seed 1")
ENTRIES = [
    Entry("mario", "Super Mario Bros", 12_300_000, "MIT", "/usr/share/dreamplay/mario", True),
    Entry("somebody/doom-dream@v2", "Doom", 45_000_000, "CC0", "the Hub, 1234567", True),
]


def landscape() -> Frame:
    """A sky, a hill, the ground, and a bright cloud under the texts: (240, 256, 3)."""
    frame = np.full((240, 256, 3), (104, 136, 252), np.uint8)
    rows, columns = np.mgrid[0:240, 0:256]
    frame[(rows > 208 - 60 + np.abs(columns - 60)) & (rows < 208)] = (0, 168, 0)
    frame[(rows >= 208)] = (200, 76, 12)
    frame[(rows >= 208) & ((rows % 16 == 0) | (columns % 16 == 0))] = (0, 0, 0)
    frame[(rows < 60) & (columns > 80) & (columns < 200)] = 255
    return frame


def draw(status: Status, size: tuple[int, int] = MIDDLE, look: Look | None = None) -> Frame:
    """What a window of this size shows, (h, w, 3)."""
    pygame.font.init()
    look = look or Look()
    window = pygame.Surface(size, 0, 32)
    Projector().draw(window, landscape(), look, stretch(look.aspect, GAME))
    Painter(GAME).paint(window, status, look.hud_size)
    return _pixels(window)


def _pixels(surface: pygame.Surface) -> Frame:
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def menu(*keys: str) -> Status:
    """The menu after some keys."""
    opened = Menu()
    speeds = Speeds(None)
    desk = Desk(
        opened, Preferences(path=Path("/home/somebody/config.toml")), speeds, lambda: ENTRIES, Path("/pictures")
    )
    desk.lay(GAME, "mario")
    speeds.note(58.2)
    opened.handle(Input(commands=(Command.MENU,)))
    opened.handle(Input(touched=keys))
    return Status(sheet=opened.sheet)


def _page(title: str) -> Status:
    return menu(*["down"] * (1 + PAGES.index(title)), "return")


def _strip() -> Status:
    frame = landscape()
    strip = Strip((frame, None, frame[:, ::-1].copy(), *[None] * 7), 2, "Saved in slot 3")
    return Status(LINES, badge="0.7x", recording=61.5, buttons=GAME.chord("right+a"), strip=strip)


_CONTROLS = ["down"] * 4 + ["return"]

SCREENS: dict[str, Callable[[], Frame]] = {
    "card": lambda: draw(Status(card=True)),
    "card-small": lambda: draw(Status(card=True), SMALL),
    "menu": lambda: draw(menu()),
    "menu-small": lambda: draw(menu(), SMALL),
    **{title.lower().replace(" ", "-"): lambda title=title: draw(_page(title)) for title in PAGES},  # type: ignore[misc]
    "controls-small": lambda: draw(_page("Controls"), SMALL),
    "listening": lambda: draw(menu(*_CONTROLS, "return")),
    "refused": lambda: draw(menu(*_CONTROLS, "return", "z")),
    "hotkeys": lambda: draw(menu(*_CONTROLS, *["down"] * 8, "return", *["down"] * 20)),
    "holds": lambda: draw(menu(*_CONTROLS, *["down"] * 9, "return", "return")),
    "play": lambda: draw(_strip()),
    "play-small": lambda: draw(_strip(), SMALL),
    "play-150": lambda: draw(Status(LINES, TOAST, "paused"), look=Look(hud_size=150)),
    "play-200": lambda: draw(Status(LINES, TOAST, "paused"), look=Look(hud_size=200)),
    "loading": lambda: draw(Status(toast="Loading mario ...")),
    "scanlines": lambda: draw(Status(), look=Look(filter="scanlines")),
    "icon": lambda: _pixels(icon()),
    "crt": lambda: draw(Status(), (640, 480), Look(filter="crt", aspect="4:3")),
}
"""Every screen by its name."""


if __name__ == "__main__":
    for name, drawn in SCREENS.items():
        write_png(GOLDEN / f"{name}.png", drawn())
