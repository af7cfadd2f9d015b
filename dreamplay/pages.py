"""The pages of the menu, and what their rows do. Keys have pages of their own (`keypages`)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay import __version__
from dreamplay.hotkeys import Command
from dreamplay.keypages import controls
from dreamplay.menu import Menu, Page, Row
from dreamplay.preferences import ASPECTS, FILTERS, HUD_SIZES, SCALES, Look, Preferences, after
from dreamplay.speeds import Speeds
from dreamplay.world import GameSpec

if TYPE_CHECKING:
    from dreamplay.hub import Entry

_FILTER_TITLES = {"none": "none", "scanlines": "scanlines", "crt": "soft tube (CRT)"}


@dataclass(frozen=True)
class Desk:
    """What the pages speak of.

    Attributes:
        menu: Shows them.
        preferences: What they change.
        speeds: How fast the models ran here.
        models: Lists what is installed.
        pictures: Folder of screenshots and films.
    """

    menu: Menu
    preferences: Preferences
    speeds: Speeds
    models: Callable[[], "list[Entry]"]
    pictures: Path

    def lay(self, game: GameSpec, name: str) -> None:
        """Put the pages of a game into the menu; the name is its model's."""
        self.speeds.playing = name
        models_page = Page("Models", lambda: _models(self, name))
        pages = (
            ("Save states", Page("Save states", lambda: _states(self.menu))),
            ("Game", Page("Game", lambda: _game(self.menu))),
            ("Models", models_page),
            ("Controls", controls(self.menu, self.preferences, game)),
            ("Video", Page("Video", lambda: _video(self.preferences, game))),
            ("Recording", Page("Recording", lambda: _recording(self))),
            ("About", Page("About", lambda: _about(self, game, name))),
        )
        root = Page(game.title, lambda: _root(self.menu, pages))
        self.menu.change(root, {Command.MODELS: models_page}, game)


def _root(menu: Menu, pages: tuple[tuple[str, Page], ...]) -> list[Row]:
    return [
        Row("Resume", choose=menu.close),
        *(Row(title, choose=partial(menu.go, page)) for title, page in pages),
        Row("Quit", choose=partial(menu.ask, Command.QUIT, closes=True)),
    ]


def _asks(menu: Menu, title: str, command: Command, *, closes: bool, hint: str = "") -> Row:
    return Row(title, choose=partial(menu.ask, command, closes=closes), hint=hint)


def _turns(menu: Menu, title: str, less: Command, more: Command, hint: str) -> Row:
    return Row(title, "<  >", turn=lambda step: menu.ask(more if step > 0 else less), hint=hint)


def _states(menu: Menu) -> list[Row]:
    return [
        _turns(menu, "Slot", Command.SLOT_BACK, Command.SLOT_ON, "Ten slots; a dream's are there the next time too."),
        _asks(menu, "Save", Command.SAVE_STATE, closes=False),
        _asks(menu, "Load", Command.LOAD_STATE, closes=True),
        _asks(menu, "Undo the load", Command.UNDO_LOAD, closes=True, hint="Back to the moment before the last load."),
    ]


def _game(menu: Menu) -> list[Row]:
    return [
        _asks(menu, "Start again", Command.RESET, closes=True, hint="The same dream from its beginning."),
        _asks(menu, "New dream", Command.NEW_DREAM, closes=True),
        _turns(menu, "Speed", Command.SLOWER, Command.FASTER, "25 to 400 %."),
        _turns(menu, "Quality", Command.STEPS_DOWN, Command.STEPS_UP, "Sampler steps a frame: fewer are faster."),
        _asks(menu, "Real game beside it", Command.BESIDE, closes=True, hint="Both are played with the same buttons."),
        _asks(menu, "Dream on from the real game", Command.ANCHOR, closes=True),
        _asks(menu, "Let the computer play", Command.AUTOPILOT, closes=True, hint="Any button takes over."),
        _asks(menu, "Numbers", Command.HUD, closes=False, hint="Off, frames a second, everything."),
        _asks(menu, "Pressed buttons", Command.SHOW_BUTTONS, closes=False, hint="Show them under the picture, or not."),
    ]


def _models(desk: Desk, playing: str) -> list[Row]:
    rows = [_model(desk, entry, playing) for entry in desk.models()]
    return [
        *rows,
        Row("Another: drop its folder on the window"),
        Row("or download it: dreamplay get user/repo"),
    ]


def _model(desk: Desk, entry: "Entry", playing: str) -> Row:
    if entry.missing:
        hint = "It is not on this machine: choose it to download it."
        return Row(entry.name, "to download", partial(desk.menu.play, entry.name), hint=hint)
    fps = desk.speeds.of(entry.name)
    facts = [
        f"{entry.size / 1e6:.1f} MB",
        f"{fps:.0f} fps here" if fps else "speed unknown",
        entry.licence,
        "playing" if entry.name == playing else "installed" if entry.installed else "does not play",
    ]
    value = ", ".join(fact for fact in facts if fact)
    hint = f"{entry.title}: {value}. {entry.where}"
    choose = partial(desk.menu.play, entry.name) if entry.installed else partial(desk.menu.say, hint)
    return Row(entry.name, value, choose, hint=hint)


def _video(preferences: Preferences, game: GameSpec) -> list[Row]:
    look = preferences.look

    def change(new: Look) -> None:
        preferences.dress(new)

    def resize(step: int) -> None:
        scale = max(SCALES[0], min(SCALES[-1], look.scale + step))
        change(replace(look, scale=scale, fullscreen=False))

    def reword(step: int) -> None:
        sizes = HUD_SIZES
        change(replace(look, hud_size=sizes[(sizes.index(look.hud_size) + step) % len(sizes)]))

    return [
        Row("Size", f"{look.scale} x ({game.width * look.scale} x {game.height * look.scale})", turn=resize),
        Row("Full screen", _said(look.fullscreen), lambda: change(replace(look, fullscreen=not look.fullscreen))),
        Row(
            "Whole pixels",
            _said(not look.fill),
            lambda: change(replace(look, fill=not look.fill)),
            hint="Every pixel of the game is equally large; without it the picture fills the window.",
        ),
        Row(
            "Shape",
            look.aspect,
            turn=lambda step: change(replace(look, aspect=after(look.aspect, ASPECTS, step))),
            hint="Square pixels, pixels as wide as on a television (8:7), or a picture of 4:3.",
        ),
        Row(
            "Filter",
            _FILTER_TITLES[look.filter],
            turn=lambda step: change(replace(look, filter=after(look.filter, FILTERS, step))),
        ),
        Row("Size of texts", f"{look.hud_size} %", turn=reword),
    ]


def _recording(desk: Desk) -> list[Row]:
    menu, preferences = desk.menu, desk.preferences
    return [
        _asks(menu, "Screenshot", Command.SCREENSHOT, closes=False),
        _asks(menu, "Record a GIF, or stop", Command.RECORD_GIF, closes=True),
        _asks(menu, "Record an MP4, or stop", Command.RECORD_MP4, closes=True, hint="Needs the extra 'video'."),
        _asks(menu, "Save the last 30 seconds", Command.SAVE_CLIP, closes=False),
        Row(
            "Pressed buttons in films",
            _said(preferences.gif_keys),
            lambda: preferences.show_keys(in_films=not preferences.gif_keys),
        ),
        Row(f"Folder: {desk.pictures}"),
    ]


def _about(desk: Desk, game: GameSpec, name: str) -> list[Row]:
    return [
        Row("dreamplay", __version__),
        Row("Licence of the program", "MIT"),
        Row("Model", name),
        Row("Game", game.title),
        Row("The games belong to their makers."),
        Row(f"Settings: {desk.preferences.path or 'nowhere, there is no home folder'}"),
    ]


def _said(truth: bool) -> str:
    return "yes" if truth else "no"
