"""How a hero reacts to buttons is read from the game as it is, and compared move by move."""

from collections.abc import Mapping

import numpy as np

from dreamplay.world import Buttons, Frame, GameSpec
from training.measure import buttons
from training.measure.reactions import CHORDS, HORIZONS, Reactions, reactions

GAME = GameSpec(name="mario", title="Toy", height=64, width=64, fps=30, buttons=("left", "right", "a", "b", "down"))
TOP = 8


class Walker:
    """A real game whose block walks two pixels a frame, from the second frame of a press on."""

    def __init__(self) -> None:
        self.game = GAME
        self.now = self.marked = (0, 0)

    def reset(self, seed: int) -> Frame:
        """Back to the beginning."""
        self.now = (0, 0)
        return self.frame

    @property
    def frame(self) -> Frame:
        """A picture of where the block is."""
        picture = np.zeros((GAME.height, GAME.width, 3), np.uint8)
        picture[24:40, self.now[0] : self.now[0] + 8] = 255
        return picture

    def advance(self, held: Buttons) -> None:
        """One frame."""
        x, before = self.now
        self.now = (x + 2 * (before == held == GAME.chord("right")), held)

    def step(self, held: Buttons) -> Frame:
        """One frame and its picture."""
        self.advance(held)
        return self.frame

    def mark(self) -> object:
        """Remember."""
        self.marked = self.now
        return None

    def rewind(self) -> Frame:
        """Go back."""
        self.now = self.marked
        return self.frame

    def probe(self) -> Mapping[str, int]:
        """Where the block is."""
        return {"x": self.now[0], "y": 24, "player_state": 8, "y_viewport": 1}


def test_reactions_of_the_real_game_are_read_at_every_moment() -> None:
    found = reactions(Walker(), 0, [0, GAME.chord("right"), 0, 0], [1, 2, 4], top=TOP)
    right = CHORDS.index("right")
    assert found.first[:, right].tolist() == [2, 1, 2]
    assert found.moves[0, right, :, 0].tolist() == [2 * (n - 1) for n in HORIZONS]
    assert not found.moves[:, CHORDS.index("left")].any()


def toy_reactions() -> Reactions:
    """Moves that grow with chord and horizon."""
    moves = np.zeros((5, len(CHORDS), len(HORIZONS), 2))
    moves[:, 1::2] = np.array(HORIZONS)[:, None]
    first = np.zeros((5, len(CHORDS)), np.int64)
    first[:, 1::2] = 2
    return Reactions(moves, first)


def test_reactions_like_the_real_ones_are_right_and_in_time() -> None:
    numbers = buttons.compare(toy_reactions(), toy_reactions())
    assert (numbers["buttons.sign"], numbers["buttons.lag"], numbers["buttons.16.error_x_median"]) == (1, 0, 0)
    assert numbers["buttons.ignoring_buttons.sign"] == 0.5


def test_a_late_and_mirrored_dream_is_found_out() -> None:
    real = toy_reactions()
    numbers = buttons.compare(real, Reactions(-real.moves, np.where(real.first, real.first + 3, 0)))
    assert (numbers["buttons.sign"], numbers["buttons.lag"], numbers["buttons.late"]) == (0.5, 3, 1)


def test_a_hero_that_is_lost_agrees_with_nothing() -> None:
    real = toy_reactions()
    assert buttons.compare(real, Reactions(real.moves * np.nan, real.first))["buttons.sign"] == 0
