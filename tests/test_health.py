"""What is sound passes, the real game's deaths and black screens included; what falls apart does not."""

import numpy as np
import pytest

from dreamplay import health
from dreamplay.emulator.mario import MarioWorld
from dreamplay.health import Examiner, begin, complaint, follow
from dreamplay.world import Buttons, Frame

Play = list[tuple[Buttons, Frame]]


def scene(colors: tuple[int, int] = (60, 200)) -> Frame:
    """Bricks, drawn in two greys."""
    rows, columns = np.mgrid[:96, :96]
    grey = np.where((rows % 8 == 0) | (columns % 8 == 0), *colors).astype(np.uint8)
    return grey[..., None].repeat(3, 2)


def noise(share: float, seed: int = 0) -> Frame:
    """The scene with random colours in a share of its pixels."""
    generator = np.random.default_rng(seed)
    spoiled = generator.random((96, 96, 1)) < share
    return np.where(spoiled, generator.integers(0, 256, (96, 96, 3)), scene()).astype(np.uint8)


def complaints(play: Play, known: Frame | None = None) -> list[str]:
    """What is said of each frame after the first."""
    examiner = Examiner([play[0][1] if known is None else known])
    pulse = begin(examiner.look(play[0][1]))
    said = []
    for buttons, frame in play[1:]:
        pulse = follow(pulse, examiner.look(frame), buttons)
        said.append(complaint(pulse))
    return said


def test_a_scene_that_moves_is_sound() -> None:
    assert set(complaints([(8, np.roll(scene(), -i, 1)) for i in range(100)])) == {""}


def test_a_picture_that_falls_apart_bit_by_bit_is_found_early() -> None:
    said = complaints([(0, scene())] * 40 + [(0, noise(i / 1000, i)) for i in range(100)])
    assert said[:39] == [""] * 39
    assert said.index("fell apart") < 39 + 30


def test_noise_all_at_once_is_found_at_once() -> None:
    assert complaints([(0, scene()), (0, noise(1.0))]) == ["fell apart"]


def test_a_new_scene_that_is_drawn_neatly_is_sound() -> None:
    assert set(complaints([(0, scene())] * 40 + [(0, scene((0, 130)))] * 40)) == {""}


def test_a_black_screen_passes_and_a_blank_one_for_ever_does_not() -> None:
    said = complaints([(0, scene())] * 40 + [(0, np.zeros((96, 96, 3), np.uint8))] * 200)
    assert set(said[:120]) == {""}
    assert said[-1] == "went blank"


def test_a_picture_that_stands_still_is_frozen_only_while_somebody_plays() -> None:
    assert set(complaints([(0, scene())] * 500)) == {""}
    assert complaints([(8, scene())] * 500)[-1] == "froze"


def test_flashing_is_found() -> None:
    said = complaints([(0, (scene(), scene((0, 90)))[i // 2 % 2]) for i in range(60)])
    assert said[-1] == "flashed"


def test_a_new_scene_has_time_to_show_what_belongs_to_it() -> None:
    half = scene((0, 130))
    half[:40] = scene()[:40]
    assert set(complaints([(0, scene())] * 40 + [(0, half), *[(0, scene((0, 130)))] * 40])) == {""}


def test_small_pictures_are_looked_at_too() -> None:
    frame = np.zeros((24, 32, 3), np.uint8)
    assert Examiner([frame]).look(frame).unknown == 0


@pytest.mark.emulator
def test_the_real_game_is_sound_with_its_deaths_and_its_pause() -> None:
    """The hero runs into the first Goomba, the level begins anew, he runs on, pauses, goes on."""
    world = MarioWorld()
    chord = world.game.chord
    held = [chord("right+b")] * 260 + [chord("start")] * 2 + [chord("")] * 60 + [chord("start")] * 2
    held += ([chord("right+b")] * 20 + [chord("right+b+a")] * 14) * 6
    first = world.reset(0)
    play = [(0, first), *((buttons, world.step(buttons)) for buttons in held)]
    assert any(frame[40:].max() == 0 for _, frame in play), "the hero died"
    assert set(complaints(play)) == {""}


@pytest.mark.emulator
def test_the_way_below_the_ground_and_back_is_sound() -> None:
    """Stage 1-2 begins with a walk into a pipe: above the ground, a black screen, below the ground."""
    above, world = MarioWorld("1-1").reset(0), MarioWorld("1-2")
    play = [(0, world.reset(0)), *((128, world.step(128)) for _ in range(90))]
    assert set(complaints(play, above)) == {""}
    assert health.MOST_UNKNOWN < 0.1
