"""A start goes through its stages, and says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dreamplay import play
from dreamplay.choice import Choice, Wish
from dreamplay.controls import Input
from dreamplay.errors import NetworkError, UnknownNameError, UsageError
from dreamplay.player import Sitting
from dreamplay.signals import Signals
from dreamplay.startup import BLANK, Stages, attended, beside, guarded, installed, own_steps, ready
from dreamplay.world import World
from tests.fakes import COUNTER, CounterWorld, Dreamer, ScriptedScreen
from tests.test_guard import Feverish


def choice(world: World) -> Choice:
    return Choice("counter", COUNTER, "", "dream", lambda: world, lambda: "")


def test_every_stage_is_told() -> None:
    said: list[str] = []
    world = CounterWorld()
    assert ready(choice(world), Stages(said.append), side_by_side=False) is world
    assert said[:2] == ["load and verify counter ...", "warm up ..."]
    assert said[2].startswith("ready after ")
    assert world.pressed == [0, 0]


def test_the_window_shows_what_is_done_and_what_is_under_way() -> None:
    seen: list[Sequence[int]] = []
    stages = Stages(lambda line: None, lambda done, size: seen.append((done, size)))
    stages.begin("download mario")
    stages.note(3_000_000, 10_000_000)
    assert "3.0 of 10.0 MB" in stages.status().lines[0]
    stages.begin("load mario")
    lines = stages.status().lines
    assert lines[0].startswith("download mario: ")
    assert lines[1].startswith("load mario ...")
    assert seen == [(3_000_000, 10_000_000)]


def test_slow_work_is_waited_for_with_a_living_window() -> None:
    screen = ScriptedScreen([])
    assert attended(lambda: 5, screen, BLANK, Stages(lambda line: None), Signals()) == 5


def test_a_dream_gets_a_guard_and_a_real_game_none() -> None:
    assert own_steps(guarded(Feverish())) == 3
    assert guarded(Feverish()).game is COUNTER
    world = CounterWorld()
    assert guarded(world) is world


def test_what_must_be_downloaded_is_not_installed() -> None:
    assert installed(Wish("nobody/nothing-of-the-kind")) is None
    with pytest.raises(NetworkError):
        installed(Wish("nobody/nothing-of-the-kind", offline=True))
    with pytest.raises(UnknownNameError):
        installed(Wish("zelda"))


def test_a_game_without_an_emulator_cannot_stand_beside() -> None:
    with pytest.raises(UsageError, match="no game named 'counter'"):
        beside(Dreamer())


def test_what_is_odd_at_the_start_is_said_in_the_window_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("STATE", "DATA", "CONFIG", "PICTURES"):
        monkeypatch.setenv(f"XDG_{folder}_HOME", str(tmp_path))
    screen, sitting, said = ScriptedScreen([Input()] * 3), Sitting(0, 30.0), list[str]()
    choice = Choice("counter", COUNTER, "", "real", CounterWorld, lambda: "")
    options = play.Options(Wish())
    play._run(CounterWorld(), screen, choice, sitting, options, Signals(), said.append, ["two keys clash"])
    assert said == ["two keys clash"]
    assert screen.statuses[1].toast == "two keys clash"
