"""The buttons in the frames of films."""

import numpy as np

from dreamplay.stamp import Stamp

NAMES = ("a", "b", "left")


def test_the_frame_itself_stays_as_it_was() -> None:
    frame = np.full((60, 100, 3), 40, np.uint8)
    stamped = Stamp(lambda: True)(frame, 1, NAMES)
    assert (frame == 40).all()
    assert not np.array_equal(stamped, frame)


def test_what_is_held_is_bright_and_what_is_not_is_dark() -> None:
    frame = np.full((60, 100, 3), 40, np.uint8)
    held, loose = (Stamp(lambda: True)(frame, buttons, ("a",)) for buttons in (1, 0))
    changed = (held != loose).any(-1)
    assert held[changed].mean() > loose[changed].mean() + 60


def test_nothing_is_drawn_while_nobody_wants_it() -> None:
    frame = np.zeros((8, 8, 3), np.uint8)
    assert Stamp(lambda: False)(frame, 1, NAMES) is frame


def test_a_frame_may_be_smaller_than_the_names() -> None:
    frame = np.zeros((6, 9, 3), np.uint8)
    assert Stamp(lambda: True)(frame, 7, NAMES).shape == frame.shape
