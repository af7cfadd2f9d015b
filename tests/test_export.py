"""Where dreams begin: quiet moments of real play."""

import numpy as np
import pytest

from tests import tiny
from training.export import pick_starts


@pytest.mark.parametrize("name", ["float_state", "power", "injury"])
def test_the_hero_is_on_the_ground_small_and_unhurt_where_a_dream_begins(name: str) -> None:
    footage = tiny.footage(tiny.config(), 100)
    footage.table[name] = np.repeat([1, 0, 1], [40, 20, 40])  # calm is the last of eight rows of calm
    starts, _ = pick_starts(footage, 4)
    calm = set(footage.odometer[47:60].tolist())
    assert set(starts.odometer[1:].tolist()) <= calm


def test_starts_are_named_after_how_far_they_are_behind_the_first() -> None:
    starts, names = pick_starts(tiny.footage(tiny.config(), 100), 3)
    first, *later = starts.odometer.tolist()
    assert names == ("start", *(f"{i}-{place - first}px" for i, place in enumerate(later, 1)))
