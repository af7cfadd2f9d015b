"""The computer plays to the right, the same way for the same seed."""

from dataclasses import replace

from dreamplay.autopilot import IDLE, Autopilot, Wanderer
from dreamplay.games.mario import GAME
from tests.fakes import COUNTER


def test_it_runs_and_jumps_to_the_right() -> None:
    wanderer = Wanderer(GAME, 0)
    held = [wanderer() for _ in range(2000)]
    right, left, jump = (sum(bool(buttons & GAME.chord(name)) for buttons in held) for name in ("right", "left", "a"))
    assert right > 1000 > 4 * left
    assert 300 < jump < 1400


def test_every_jump_lets_the_button_go_first() -> None:
    wanderer, jump = Wanderer(GAME, 1), GAME.chord("a")
    held = [wanderer() & jump for _ in range(2000)]
    runs = "".join("a" if each else "." for each in held).split(".")
    assert max(map(len, runs)) <= 18


def test_the_same_seed_plays_the_same() -> None:
    one, same, other = (Wanderer(GAME, seed) for seed in (3, 3, 4))
    played = [[each() for _ in range(200)] for each in (one, same, other)]
    assert played[0] == played[1] != played[2]


def test_a_game_without_those_buttons_is_played_too() -> None:
    wanderer = Wanderer(replace(COUNTER, buttons=("up", "down")), 0)
    assert {wanderer() for _ in range(300)} == {1, 2}


def test_a_minute_counts_from_the_start_and_only_once() -> None:
    autopilot = Autopilot(0, 100.0)
    assert autopilot.watch(COUNTER, touched=False, now=99 + IDLE) == ""
    assert autopilot.watch(COUNTER, touched=False, now=100 + IDLE) == "The computer plays: any key takes over"
    assert autopilot.watch(COUNTER, touched=True, now=101 + IDLE) == "You play"
    assert autopilot.watch(COUNTER, touched=False, now=500 + IDLE) == ""
    assert not autopilot.plays
