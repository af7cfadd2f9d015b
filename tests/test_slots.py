"""Ten slots, and the way back from a load."""

import numpy as np

from dreamplay.shelf import Saved
from dreamplay.slots import SLOTS, Slots


def present(age: int) -> Saved:
    return Saved(f"state {age}", np.full((2, 2, 3), age, np.uint8), 7, age, None)


def test_a_slot_gives_back_what_was_put_in() -> None:
    slots, saved = Slots(), present(3)
    slots.save(saved, 0.0)
    assert slots.load(present(9), 1.0) is saved


def test_the_slots_go_round() -> None:
    slots = Slots()
    slots.save(present(1), 0.0)
    slots.turn(-1, 0.0)
    assert slots.load(present(2), 0.0) is None
    for _ in range(SLOTS + 1):
        slots.turn(1, 0.0)
    loaded = slots.load(present(2), 0.0)
    assert loaded is not None
    assert loaded.age == 1


def test_an_undone_load_can_be_done_again() -> None:
    slots, before = Slots(), present(5)
    slots.save(present(1), 0.0)
    slots.load(before, 0.0)
    assert slots.undo(present(2), 0.0) is before
    again = slots.undo(before, 0.0)
    assert again is not None
    assert again.age == 2


def test_an_undo_without_a_load_says_so() -> None:
    slots = Slots()
    assert slots.undo(present(1), 0.0) is None
    strip = slots.strip(0.0)
    assert strip is not None
    assert strip.sentence == "There is no load to undo"


def test_the_strip_stays_for_three_seconds() -> None:
    slots = Slots()
    slots.save(present(1), 10.0)
    assert slots.strip(12.9) is not None
    assert slots.strip(13.0) is None
