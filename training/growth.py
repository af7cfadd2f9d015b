"""Whether there is enough play: what a growing part of a cache's movies, taken in random order, shows of the game."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from training.cache import Cache
from training.measure.events import KINDS
from training.measure.patches import CHUNK, Hashes, hashes

STEPS = 8
_BAR = 40


def growth(cache: Cache, *, steps: int = STEPS, seed: int = 0) -> dict[str, list[int]]:
    """Counts after each of so many equal parts of the movies.

    Returns:
        `frames`, the different 8x8 `patches` in them, and how often each kind of event happens.
    """
    order = np.random.default_rng(seed).permutation(len(cache.episodes))
    happens = {name: kind.happens(cache.table) for name, kind in KINDS.items()}
    known: Hashes = np.zeros(0, np.uint64)
    counts: dict[str, list[int]] = {name: [] for name in ("frames", "patches", *KINDS)}
    sums = dict.fromkeys(("frames", *KINDS), 0)
    for part in np.array_split(order, steps):
        for first, end in (cache.episodes[movie] for movie in part):
            known = np.union1d(known, _patches(cache, first, end))
            sums["frames"] += end - first
            for name, rows in happens.items():
                sums[name] += int(rows[first + 1 : end].sum())
        for name, count in (sums | {"patches": len(known)}).items():
            counts[name].append(count)
    return counts


def _patches(cache: Cache, first: int, end: int) -> npt.NDArray[np.uint64]:
    chunks = (cache.load(rows=range(row, min(row + CHUNK, end))) for row in range(first, end, CHUNK))
    return np.unique(np.concatenate([np.unique(hashes(frames)) for frames in chunks]))


def report(counts: dict[str, list[int]]) -> str:
    """The counts for people, with a bar for the patches."""
    most = max(counts["patches"])
    lines = ["".join(f"{name:>10}" for name in counts)]
    for row in zip(*counts.values(), strict=True):
        bar = "#" * (_BAR * row[1] // most)
        lines.append("".join(f"{count:>10,}" for count in row) + f"  {bar}")
    return "\n".join(lines)


def plot(counts: dict[str, list[int]], path: Path) -> None:
    """Draw the counts against the frames: patches on the left, events, by a logarithmic scale, on the right."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    patches, events = figure.subplots(1, 2)
    frames = np.array(counts["frames"]) / 1000
    patches.plot(frames, np.array(counts["patches"]) / 1000, marker="o", color="black")
    patches.set(xlabel="thousand frames", ylabel="thousand different 8x8 patches", ylim=(0, None))
    for name in KINDS:
        events.plot(frames, counts[name], marker="o", label=name)
    events.set(xlabel="thousand frames", ylabel="events", yscale="log")
    events.legend(fontsize="small", ncols=2)
    figure.savefig(path)
