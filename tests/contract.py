"""What every world must do, whatever makes its frames: each function is one clause, for a world that has no past."""

import numpy as np

from dreamplay.world import Frame, World

BUTTONS = (2, 2, 4, 0, 6, 1, 2)
"""Held one after the other in every clause."""


def play(world: World, seed: int = 0, count: int = len(BUTTONS)) -> list[Frame]:
    """The frames of a short game, the first one included."""
    return [world.reset(seed), *(world.step(buttons) for buttons in BUTTONS[:count])]


def same(one: list[Frame], other: list[Frame]) -> bool:
    """Whether two games show the same."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def frames_are_pictures_of_the_game(world: World) -> None:
    """Every frame is (h, w, 3) uint8."""
    for frame in play(world):
        assert frame.shape == (world.game.height, world.game.width, 3)
        assert frame.dtype == np.uint8


def the_same_seed_and_buttons_give_the_same_frames(world: World) -> None:
    """A game can be played again."""
    assert same(play(world, 3), play(world, 3))


def a_restored_present_goes_on_as_it_did(world: World) -> None:
    """Save and restore are exact, once and again."""
    shown = play(world)[-1]
    state = world.save()
    ahead = [world.step(buttons) for buttons in BUTTONS]
    for _ in range(2):
        assert np.array_equal(world.restore(state), shown)
        assert same([world.step(buttons) for buttons in BUTTONS], ahead)


def frames_that_were_handed_out_stay_as_they_were(world: World) -> None:
    """No frame is written to afterwards."""
    frames = play(world)
    kept = [frame.copy() for frame in frames]
    play(world, 1)
    assert same(frames, kept)


def a_saved_present_outlives_another_game(world: World) -> None:
    """A state does not change with the world it came from."""
    shown, state = play(world)[-1], world.save()
    play(world, 5)
    assert np.array_equal(world.restore(state), shown)


CLAUSES = (
    frames_are_pictures_of_the_game,
    the_same_seed_and_buttons_give_the_same_frames,
    a_restored_present_goes_on_as_it_did,
    frames_that_were_handed_out_stay_as_they_were,
    a_saved_present_outlives_another_game,
)
