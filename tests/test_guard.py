"""A guarded dream shows only what is sound, and finds its way back."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dreamplay.guard import KEPT, Guard
from dreamplay.health import STUCK
from dreamplay.world import Frame, GameSpec, Moment
from tests import contract
from tests.fakes import COUNTER, CounterWorld, read


class Feverish(CounterWorld):
    """A dream that turns into noise, or loses its numbers, at given steps of its count."""

    memory = 1
    hero: tuple[int, int] | None = None

    def __init__(self, game: GameSpec = COUNTER, /, *, noisy: Sequence[int] = (), lost: Sequence[int] = ()) -> None:
        super().__init__(game)
        self.noisy, self.lost = noisy, lost
        self.seeds: list[int] = []

    @property
    def finite(self) -> bool:
        return self.save().steps not in self.lost

    @property
    def pictures(self) -> list[Frame]:
        return [self.reset(0)]

    def step(self, buttons: int) -> Frame:
        frame = super().step(buttons)
        if self.save().steps in self.noisy:
            return np.random.default_rng(0).integers(0, 256, frame.shape, dtype=np.uint8)
        return frame

    def renew(self, seed: int) -> None:
        self.seeds.append(seed)

    def anchor(self, moments: Sequence[Moment]) -> Frame:
        return self.restore(read(moments[-1].frame))


def steps(world: Guard, count: int) -> list[int]:
    """What the frames say that were shown."""
    return [read(world.step(0)).steps for _ in range(count)]


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("noisy", [(), (5,)])
def test_a_guarded_dream_keeps_the_contract_of_worlds(clause: object, noisy: tuple[int, ...]) -> None:
    assert callable(clause)
    clause(Guard(Feverish(noisy=noisy)))


def test_a_sound_dream_is_left_alone() -> None:
    dream = Feverish()
    world = Guard(dream)
    world.reset(7)
    assert steps(world, 100) == list(range(1, 101))
    assert (world.news(), dream.seeds) == ("", [])


@pytest.mark.parametrize(("fever", "wrong"), [({"noisy": (70,)}, "fell apart"), ({"lost": (70,)}, "lost its numbers")])
def test_it_holds_the_last_sound_frame_and_goes_back_to_the_newest_sound_second(
    fever: dict[str, tuple[int, ...]], wrong: str
) -> None:
    dream = Feverish(**fever)
    world = Guard(dream)
    world.reset(7)
    assert steps(world, 72)[-4:] == [69, 69, 61, 62]
    assert world.news() == f"The dream {wrong}: back to where it was well"
    assert world.news() == ""
    assert dream.seeds == [77]


def test_a_second_fall_goes_further_back_and_the_third_begins_anew() -> None:
    dream = Feverish(noisy=range(70, 10_000))
    world = Guard(dream)
    world.reset(7)
    shown = steps(world, 150)
    assert 61 in shown[70:]
    assert 31 in shown[71:]
    news = []
    for _ in range(200):
        world.step(0)
        news.append(world.news())
    assert "The dream fell apart 3 times: it begins anew" in news
    assert max(steps(world, 300)) < 70


@pytest.mark.parametrize(
    ("hero", "tried", "anew"),
    [((3, 4), (0, 1, 2, 4, 5, 6), True), ((3, 4), (0, 1, 2, 4, 5), False), (None, (0, 1, 2, 4, 5, 6), False)],
)
def test_a_dream_whose_hero_no_button_moves_begins_anew(
    hero: tuple[int, int] | None, tried: tuple[int, ...], anew: bool
) -> None:
    dream = Feverish()
    dream.hero = hero
    world = Guard(dream)
    shown = [read(world.step(tried[i % len(tried)])).steps for i in range(STUCK + 2)]
    assert (0 in shown) == anew
    assert ("stuck" in world.news()) == anew


def test_a_hero_who_moves_is_not_stuck() -> None:
    dream = Feverish()
    world = Guard(dream)
    for i in range(STUCK + 2):
        dream.hero = (i // 100, 4)
        assert read(world.step(i % 6)).steps == i + 1


def test_the_button_that_stops_the_game_stops_the_dream_until_it_is_pressed_again() -> None:
    game = replace(COUNTER, buttons=("a", "b", "left", "right", "start"), halt="start")
    dream = Feverish(game)
    world, start = Guard(dream), game.chord("start")
    world.reset(0)
    held = [1, 1 | start, start, 1, 0, 0, start, start, 2, start]
    assert [read(world.step(buttons)).steps for buttons in held] == [1, 1, 1, 1, 1, 1, 2, 3, 4, 4]
    assert dream.pressed[-4:] == [1, 0, 0, 2]  # it never hears of the button


def test_a_stopped_dream_neither_froze_nor_got_stuck() -> None:
    game = replace(COUNTER, halt="b")
    dream = Feverish(game)
    dream.hero = (3, 4)
    world = Guard(dream)
    world.reset(0)
    world.step(game.chord("b"))
    assert [read(world.step(i % 2)).steps for i in range(2 * STUCK)] == [0] * (2 * STUCK)
    assert world.news() == "The game is paused until B is pressed again"
    assert world.news() == ""
    world.step(game.chord("b"))
    assert steps(world, 2) == [2, 3]


def test_a_present_is_saved_with_whether_it_was_stopped() -> None:
    world = Guard(Feverish(replace(COUNTER, halt="b")))
    world.reset(0)
    world.step(COUNTER.chord("b"))
    stopped = world.save()
    world.step(0)
    world.step(COUNTER.chord("b"))
    assert steps(world, 1) == [2]
    world.restore(stopped)
    assert steps(world, 2) == [0, 0]


def test_a_reset_forgets_the_falls() -> None:
    world = Guard(Feverish(noisy=(5,)))
    world.reset(0)
    steps(world, 6)
    assert "1 falls" in world.facts[0]
    world.reset(0)
    assert "0 falls" in world.facts[0]


def test_only_a_few_states_are_kept() -> None:
    world = Guard(Feverish())
    world.reset(0)
    steps(world, 900)
    assert len(world.save().sound) == KEPT


def test_an_anchored_dream_is_watched_from_there() -> None:
    world, other = Guard(Feverish()), CounterWorld()
    other.reset(7)
    frame = other.step(3)
    assert np.array_equal(world.anchor([Moment(3, frame, {})]), frame)
    assert steps(world, 1) == [2]
