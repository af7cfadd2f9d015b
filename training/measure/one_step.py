"""One step teacher-forced: the next frame from a real past.

Axis letters: B batch, H W patch rows and columns, h w pixels.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data import Footage, Rows
from training.measure import Numbers
from training.measure.dreaming import Dreamer, true_scrolls
from training.measure.frames import patches_differ, psnr, shift_copy, square_error

BATCH = 32


@dataclass
class Tally:
    """Sums over frames of one way to guess them."""

    frames: int = 0
    wrong: float = 0.0
    square: float = 0.0
    changed: int = 0
    right: int = 0

    def add(self, made: Tensor, truth: Tensor, changed: Tensor, palette: Tensor) -> None:
        """Count some frames. made, truth: (B, h, w). changed: Patches that count as changed, (B, H, W)."""
        self.frames += len(made)
        self.wrong += float((made != truth).float().mean()) * len(made)
        self.square += square_error(made, truth, palette) * len(made)
        self.changed += int(changed.sum())
        self.right += int((~patches_differ(made, truth) & changed).sum())

    def numbers(self, shifted: "Tally", copied: "Tally") -> Numbers:
        """The sums as shares, against the two floors."""
        return {
            "exact": 1 - self.wrong / self.frames,
            "psnr": psnr(self.square / self.frames),
            "changed_patches": self.right / self.changed if self.changed else 1.0,
            "skill": _skill(self.wrong, shifted.wrong),
            "skill_against_copy": _skill(self.wrong, copied.wrong),
        }


def one_step(dreamer: Dreamer, footage: Footage, rows: Rows, *, batch: int = BATCH) -> Numbers:
    """Dream each row from the real frames before it.

    `exact` is the share of pixels that are exactly right, `psnr` pools the squared error of all frames in RGB.
    A patch counts as changed where the shift-copy is wrong: the last frame moved by the true scroll, the columns that
    come into view filled by repeating the last one. `skill` is 1 - error / error of the shift-copy, the error being
    the share of wrong pixels; `skill_against_copy` takes the last frame as it is instead. `true_scroll` is told the
    scroll, which leaves appearance alone to be guessed; `own_scroll` is not.

    Args:
        dreamer: What dreams.
        footage: Real play.
        rows: To dream.
        batch: Rows at once.
    """
    ways = {name: Tally() for name in ("true_scroll", "own_scroll", "shift_copy", "copy_last", "real")}
    scrolls: list[Tensor] = []
    for part in np.array_split(rows, -(-len(rows) // batch)):
        truth = footage.frames[torch.from_numpy(part)]
        made = _guesses(dreamer, footage, part, scrolls)
        changed = patches_differ(made["shift_copy"], truth)
        for name, tally in ways.items():
            tally.add(made[name] if name != "real" else truth, truth, changed, dreamer.palette)
    numbers = {
        f"one_step.{way}.{name}": value
        for way, tally in ways.items()
        for name, value in tally.numbers(ways["shift_copy"], ways["copy_last"]).items()
    }
    return {"one_step.frames": float(len(rows)), **numbers, **_scroll(torch.cat(scrolls, 1), dreamer)}


def _guesses(dreamer: Dreamer, footage: Footage, rows: Rows, scrolls: list[Tensor]) -> dict[str, Tensor]:
    """The frames of the rows, guessed in every way. Appends true, own and repeated motion classes, (3, B)."""
    now = torch.from_numpy(rows)
    ring, held, noise = dreamer.pasts(footage, rows), footage.held[now], dreamer.noise(len(rows))
    true, own = footage.motion[now], dreamer.motion(ring, held)
    scrolls.append(torch.stack([true, own, footage.scrolls[now - 1]]))
    told = dreamer.shown(dreamer.step(ring, held, noise=noise, motion=true))
    made = told.clone()
    differs = (own != true).nonzero().squeeze(1)  # elsewhere the same step would be taken again
    if len(differs):
        again = dreamer.step(ring.select(differs), held[differs], noise=noise[differs], motion=own[differs])
        made[differs] = dreamer.shown(again)
    last = footage.frames[now - 1]
    moved = shift_copy(last, true_scrolls(footage, rows), top=footage.setting.status_rows)
    return {"true_scroll": told, "own_scroll": made, "shift_copy": moved, "copy_last": last}


def _scroll(classes: Tensor, dreamer: Dreamer) -> Numbers:
    """How often the scroll is right; its floor repeats the last one. classes: true, own, repeated, (3, B)."""
    if dreamer.config.motion is None:
        return {}
    true, own, repeated = classes
    fastest = dreamer.config.motion.fastest
    numbers = {}
    for name, guess in (("scroll", own), ("scroll.repeat_last", repeated), ("scroll.real", true)):
        near = ((guess - true).abs() <= 1) & (guess <= fastest) & (true <= fastest)
        numbers[f"one_step.{name}.exact"] = float((guess == true).float().mean())
        numbers[f"one_step.{name}.within_1"] = float((near | (guess == true)).float().mean())
    return numbers


def _skill(wrong: float, floor: float) -> float:
    if floor == 0:
        return 1.0 if wrong == 0 else 0.0
    return 1 - wrong / floor
