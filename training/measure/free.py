"""Free-running: dreams that live on their own frames, under the buttons that were really pressed.

Axis letters: B batch, h w pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dreamplay.ring import Ring
from training.data import Footage, Rows
from training.measure import Numbers
from training.measure.dreaming import Dreamer, spread
from training.measure.frames import aligned, exact, shift_copy
from training.measure.patches import Vocabulary

HORIZONS = (1, 5, 15, 30, 60, 150, 300)
BATCH = 24
LOST = 256.0
"""Pixels that count as the hero's error when he is really there and not in the dream: a screen's width."""
ENOUGH = 60
"""Frames that a window must have at least."""


@dataclass(frozen=True)
class Glance:
    """Frames of one moment in several windows.

    Attributes:
        frames: Palette indices, (B, h, w).
        camera: The screen's left edge, (B,).
        places: The hero's x, y and whether it is there, (B, 3), or None where nobody looks.
    """

    frames: Tensor
    camera: Tensor
    places: Tensor | None


def windows(footage: Footage, count: int) -> Rows:
    """First rows of windows that are at least two seconds long, evenly spread."""
    ends = np.zeros(len(footage.frames), dtype=np.int64)
    for first, end in footage.episodes:
        ends[first:end] = end
    return spread(footage.rows[ends[footage.rows] - footage.rows >= ENOUGH], count)


def run(dreamer: Dreamer, footage: Footage, starts: Rows, frames: int) -> Iterator[Ring]:
    """Dream on from each of the rows; the n-th ring shows what row start + n - 1 really shows."""
    ring = dreamer.pasts(footage, starts)
    last = len(footage.frames) - 1
    for n in range(frames):
        ring = dreamer.step(ring, footage.held[torch.from_numpy((starts + n).clip(max=last))])
        yield ring


def free(
    dreamer: Dreamer,
    footage: Footage,
    vocabulary: Vocabulary,
    starts: Rows,
    *,
    horizons: Sequence[int] = HORIZONS,
    batch: int = BATCH,
) -> Numbers:
    """Compare free-running dreams with what really came, after so many frames.

    All numbers are medians over the windows whose episode is that long. `camera_error` is the distance of the
    odometer from the real camera in pixels. `mario_error` is the distance on the screen between where the probe sees
    Mario in the dream and where the console has him (where he really is on the screen; not found counts as 256 px);
    its `real` row is the probe's error on the real frames. `aligned` is the share of equal pixels after the best
    horizontal alignment of up to 16 px, `unaligned` without one. `validity` is the share of 8x8 patches that exist in
    real frames. `copy_last` keeps the window's last real frame for ever, `shift_copy` moves it with the real camera.

    Args:
        dreamer: What dreams.
        footage: Real play.
        vocabulary: Patches of real frames.
        starts: First rows of the windows.
        horizons: Frames after which to look, rising.
        batch: Windows at once.
    """
    if not len(starts):
        return {}
    found: dict[str, list[Tensor]] = {}
    for part in np.array_split(starts, -(-len(starts) // batch)):
        wanted = [h for h in horizons if _long_enough(footage, part, h).any()]
        for n, ring in enumerate(run(dreamer, footage, part, wanted[-1] if wanted else 0), start=1):
            if n in wanted:
                enough = torch.from_numpy(_long_enough(footage, part, n))
                for name, values in _compare(dreamer, footage, vocabulary, part, n, ring).items():
                    found.setdefault(f"free.{n}.{name}", []).append(values[enough])
    return {"free.windows": float(len(starts)), **_medians(found)}


def _compare(
    dreamer: Dreamer, footage: Footage, vocabulary: Vocabulary, starts: Rows, n: int, ring: Ring
) -> dict[str, Tensor]:
    """Everything that is measured n frames after the starts, one value a window; NaN where it does not apply."""
    now = torch.from_numpy((starts + n - 1).clip(max=len(footage.frames) - 1))
    before = torch.from_numpy(starts - 1)
    truth, camera = footage.frames[now], footage.odometer[now]
    first, top = footage.frames[before], footage.setting.status_rows
    went = (camera - footage.odometer[before]).clamp(min=0)
    dreamed = dreamer.shown(ring)
    guesses = {
        "": Glance(dreamed, ring.odometer.cpu(), dreamer.places(dreamed) if dreamer.tracks else None),
        "copy_last.": Glance(first, footage.odometer[before], footage.places[before]),
        "shift_copy.": Glance(shift_copy(first, went, top=top), camera, None),
        "real.": Glance(truth, camera, dreamer.places(truth) if dreamer.tracks else None),
    }
    values = {}
    for way, guess in guesses.items():
        if way or dreamer.config.motion is not None:
            values[f"{way}camera_error"] = (guess.camera - camera).abs().float()
        values[f"{way}aligned"] = aligned(guess.frames, truth, top=top)
        values[f"{way}unaligned"] = exact(guess.frames, truth)
        values[f"{way}validity"] = vocabulary.validity(guess.frames)
        if guess.places is not None:
            values[f"{way}mario_error"] = place_error(guess.places, footage.places[now])
    return values


def place_error(places: Tensor, truth: Tensor) -> Tensor:
    """Distance in pixels; `LOST` where the hero is only really there, NaN where he is not. Both (B, 3). Gives (B,)."""
    error = (places - truth)[:, :2].norm(dim=1).masked_fill(places[:, 2] <= 0, LOST)
    return error.masked_fill(truth[:, 2] <= 0, float("nan"))


def _long_enough(footage: Footage, starts: Rows, n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    ends = np.array([end for _, end in footage.episodes])
    end: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = ends[np.searchsorted(ends, starts, side="right")]
    return starts + n <= end


def _medians(found: dict[str, list[Tensor]]) -> Numbers:
    numbers: Numbers = {}
    for name, parts in found.items():
        values = torch.cat(parts)
        values = values[~values.isnan()]
        if len(values):
            numbers[f"{name}_median"] = float(np.median(values.numpy()))
    return numbers
