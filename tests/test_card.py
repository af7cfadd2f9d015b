"""The key card: what it says."""

from dataclasses import replace

import numpy as np
import pytest

from dreamplay.card import Entry, entries
from dreamplay.controls import Status, remap
from dreamplay.games.mario import GAME
from tests.fakes import COUNTER
from tests.screens import draw, landscape


def test_the_ways_to_go_are_one_line_and_jumping_is_the_next() -> None:
    ways, jump, *_ = entries(GAME)
    assert ways == Entry((("Up", "Left", "Down", "Right"), ("W", "A", "S", "D")), "move")
    assert jump == Entry((("X",),), "jump (A)")


def test_the_users_own_keys_are_on_it() -> None:
    assert Entry((("Space",), ("X",)), "jump (A)") in entries(remap(GAME, {"a": ("space", "x")}))


def test_a_game_without_a_module_says_its_buttons() -> None:
    assert Entry((("X",),), "a") in entries(COUNTER)


def test_a_button_without_a_key_is_no_trouble() -> None:
    assert Entry((), "a") in entries(replace(COUNTER, keys={}))


@pytest.mark.parametrize("size", [(256, 240), (320, 240), (768, 720), (1920, 1080), (64, 48)])
def test_it_covers_a_window_of_any_size(size: tuple[int, int]) -> None:
    shown = draw(Status(card=True), size)
    assert shown.shape == (size[1], size[0], 3)
    assert shown.mean() < landscape().mean() / 2
    assert (np.abs(shown.astype(int) - shown[0, 0]).max(-1) > 100).mean() > 0.01
