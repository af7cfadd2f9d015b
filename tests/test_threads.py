"""Threads of a step: as many as other programs leave cores for, and the picture never depends on them."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dreamplay import dream, threads
from dreamplay.threads import FIRST, Threads


class Machine:
    """Two cores, of which others take one at times; a step computes for 20 ms."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self.free = 2

    def run(self, team: Threads, steps: int) -> list[int]:
        """Make steps. Returns how many threads each had."""
        counts = []
        for _ in range(steps):
            with team:
                counts.append(team.count)
                running = min(team.count, self.free)
                self.wall += 0.02 / running if running == team.count else 0.2
                self.cpu += 0.02 if running == team.count else 0.2
        return counts


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    clocks = SimpleNamespace(perf_counter=lambda: made.wall, process_time=lambda: made.cpu)
    monkeypatch.setattr(threads, "time", clocks)
    monkeypatch.setattr(threads, "_most", lambda: 2)
    return made


def test_two_threads_stay_while_two_cores_are_free(machine: Machine) -> None:
    assert set(machine.run(Threads(), 10_000)) == {2}


def test_one_thread_is_left_once_another_program_takes_a_core(machine: Machine) -> None:
    team = Threads()
    machine.run(team, 50)
    machine.free = 1
    counts = machine.run(team, 10_000)
    assert counts[0] == 2
    assert counts[3:FIRST] == [1] * (FIRST - 3)
    assert counts.count(2) < 10


def test_two_threads_come_back_with_the_second_core(machine: Machine) -> None:
    team = Threads()
    machine.free = 1
    machine.run(team, 10)
    machine.free = 2
    counts = machine.run(team, FIRST + 100)
    assert counts[0] == 1
    assert counts[-100:] == [2] * 100


def test_one_core_is_used_by_one_thread(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_most", lambda: 1)
    assert set(machine.run(Threads(), 1000)) == {1}


def test_the_real_number_of_threads_follows(machine: Machine) -> None:
    team = Threads()
    assert torch.get_num_threads() == 2
    machine.free = 1
    machine.run(team, 10)
    assert torch.get_num_threads() == 1


def test_the_picture_does_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    films = []
    for most in (1, 2):
        monkeypatch.setattr(threads, "_most", lambda most=most: most)
        monkeypatch.setattr(threads, "SHARE", 0)
        world = dream.load(Path(__file__).parent.parent / "checkpoints" / "mario")
        world.reset(1)
        films.append(np.stack([world.step(128 + i % 20 // 10) for i in range(40)]))
        assert torch.get_num_threads() == most
    assert np.array_equal(films[0], films[1])
