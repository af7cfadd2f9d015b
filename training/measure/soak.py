"""Soak: dreams of ten minutes under a human-like policy. Do they hold out, and stay clean?"""

from collections.abc import Sequence

import numpy as np

from training.measure import Numbers
from training.measure.survival import Collapse, Life

FRAMES = 18_000
CLEAN = 0.97
"""Validity that a dream must keep in the median over its life."""


def numbers(lives: Sequence[tuple[Life, Collapse | None]], *, row: str = "") -> Numbers:
    """`alive` is the share of the dreams that did not collapse, as in survival, and whose frames' median validity is at
    least 0.97; `validity_min` is the least of the dreams' medians."""
    medians = np.array([np.median(life.validity) for life, _ in lives])
    whole = np.array([collapse is None for _, collapse in lives])
    return {
        f"soak.{row}dreams": float(len(lives)),
        f"soak.{row}alive": float((whole & (medians >= CLEAN)).mean()),
        f"soak.{row}validity_min": float(medians.min()),
    }
