"""Shows what a frame cache holds: buttons, coverage of the level, events, and a contact sheet."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tyro
from PIL import Image

from dreamplay.games.mario import GAME
from training import growth
from training.cache import Cache, Table

_DYING, _IN_LEVEL, _PIXELS = 0x0B, 3, 256
_PIPE_STATES, _ON_POLE, _FLAG_SLIDE = (2, 3), 3, 4


@dataclass(frozen=True)
class Options:
    """Show what a frame cache holds.

    Attributes:
        cache: Folder of the cache.
        sheet: Write a contact sheet there, a PNG.
        columns: Pictures in a row of the sheet.
        rows: Rows of the sheet.
        json: Print one object instead of text.
        growth: Tell how what is seen grows with the movies, too: distinct patches and events.
        plot: Draw that as a picture there, a PNG or SVG.
    """

    cache: tyro.conf.Positional[Path]
    sheet: Path | None = None
    columns: int = 8
    rows: int = 6
    json: bool = False
    growth: bool = False
    plot: Path | None = None


@dataclass(frozen=True)
class Summary:
    """What a cache holds.

    Attributes:
        frames: Number of pictures.
        movies: Number of movies.
        buttons: Share of frames in which each button is held.
        chords: Share of frames of each chord, the most frequent first.
        coverage: Number of frames by screen of the level (256 pixels of Mario's x), while a level is shown.
        events: How often what happened, or in how many frames it was so.
    """

    frames: int
    movies: int
    buttons: dict[str, float]
    chords: dict[str, float]
    coverage: dict[int, int]
    events: dict[str, int]


def main(argv: list[str]) -> int:
    """Run the stage `inspect`."""
    options = tyro.cli(Options, args=argv, prog="python -m training inspect")
    cache = Cache(options.cache)
    summary = summarise(cache)
    grown = growth.growth(cache) if options.growth or options.plot else {}
    if options.json:
        print(json.dumps(asdict(summary) | ({"growth": grown} if grown else {})))
    else:
        print(report(summary) + (f"\n\n{growth.report(grown)}" if grown else ""))
    if options.plot is not None:
        growth.plot(grown, options.plot)
    if options.sheet is not None:
        Image.fromarray(sheet(cache, rows=options.rows, columns=options.columns)).save(options.sheet)
    return 0


def summarise(cache: Cache) -> Summary:
    """Count what is in a cache."""
    buttons = cache.table["buttons"]
    frames = len(cache)
    shares = {name: float((buttons >> bit & 1).mean()) for bit, name in enumerate(GAME.buttons)}
    values, counts = np.unique(buttons, return_counts=True)
    order = np.argsort(-counts)
    chords = {GAME.names(int(values[i])) or "none": float(counts[i] / frames) for i in order}
    return Summary(frames, len(cache.episodes), shares, chords, _coverage(cache.table), events(cache))


def _coverage(table: Table) -> dict[int, int]:
    screens, counts = np.unique(table["x"][table["task"] == _IN_LEVEL] // _PIXELS, return_counts=True)
    return {int(screen): int(count) for screen, count in zip(screens, counts, strict=True)}


def events(cache: Cache) -> dict[str, int]:
    """How often what happened, or in how many frames it was so."""
    table = cache.table
    begins = np.zeros(len(cache), bool)
    begins[[start for start, _ in cache.episodes]] = True

    def starts(held: npt.NDArray[np.bool_]) -> int:
        return int((held[1:] & ~held[:-1] & ~begins[1:]).sum())

    shown = table["task"] == _IN_LEVEL
    state = table["player_state"]
    return {
        "deaths": starts(shown & ((state == _DYING) | (table["y_viewport"] > 1))),
        "jumps": starts(shown & (table["float_state"] == 1)),
        "pipes": starts(shown & np.isin(state, _PIPE_STATES)),
        "flags": starts(shown & (table["float_state"] == _ON_POLE) & (state == _FLAG_SLIDE)),
        "coins": starts_of_more(table["coins"], begins),
        "frames_big": int((shown & (table["power"] == 1)).sum()),
        "frames_fire": int((shown & (table["power"] == 2)).sum()),
        "frames_between_levels": int((~shown).sum()),
    }


def starts_of_more(column: npt.NDArray[np.integer[Any]], begins: npt.NDArray[np.bool_]) -> int:
    """How often a column grew within an episode."""
    return int(((np.diff(column) > 0) & ~begins[1:]).sum())


def report(summary: Summary) -> str:
    """The summary for people."""
    most = max(summary.coverage.values(), default=1)
    lines = [f"{summary.frames:,} frames in {summary.movies} movies", "", "held in % of the frames"]
    lines += [f"  {name:8} {share * 100:5.1f}" for name, share in summary.buttons.items()]
    lines += ["", "chords in % of the frames"]
    lines += [f"  {name:16} {share * 100:5.1f}" for name, share in list(summary.chords.items())[:16]]
    lines += ["", "frames by screen of the level"]
    lines += [f"  {screen:3} {count:7,} {'#' * (40 * count // most)}" for screen, count in summary.coverage.items()]
    lines += ["", "events"] + [f"  {name:22} {count:7,}" for name, count in summary.events.items()]
    return "\n".join(lines)


def sheet(cache: Cache, *, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Pictures at equal distances through the cache, at half their size, RGB."""
    unknown = np.array([[255, 0, 255]], np.uint8)
    colours = np.concatenate([cache.palette, unknown])
    numbers = np.linspace(0, len(cache) - 1, rows * columns).astype(int)
    pictures = [colours[cache.frames(number, number + 1)[0, ::2, ::2]] for number in numbers]
    return np.concatenate([np.concatenate(pictures[i : i + columns], 1) for i in range(0, len(pictures), columns)])
