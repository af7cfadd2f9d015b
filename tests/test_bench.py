"""The benchmark measures the very step that play calls, and says what computed it."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dreamplay import bench
from dreamplay.checkpoint import Cartridge
from dreamplay.dream import Dream
from dreamplay.errors import UsageError
from dreamplay.games import load
from dreamplay.world import GameSpec
from tests import tiny
from tests.fakes import CounterWorld
from training import export

KEYS = {
    "fps", "p50_ms", "p95_ms", "p99_ms", "first_frame_s", "peak_rss_mb", "device", "dtype", "backend", "threads",
    "steps", "gflop_per_frame",
}  # fmt: skip


def test_it_reports_exactly_the_promised_keys() -> None:
    assert bench.measure(CounterWorld(), 5).keys() == KEYS


def test_a_step_of_five_milliseconds_is_measured_as_such() -> None:
    numbers = bench.measure(CounterWorld(work=lambda: time.sleep(0.005)), 20, warmup=0)
    assert 5 <= float(numbers["p50_ms"]) <= float(numbers["p95_ms"]) <= float(numbers["p99_ms"])
    assert float(numbers["fps"]) <= 200


def test_warm_up_steps_come_before_the_timed_ones_and_one_counts_operations() -> None:
    world = CounterWorld()
    bench.measure(world, 7, [1, 2], warmup=3)
    assert world.pressed == [1, 2] * 5 + [1]


def test_a_world_without_networks_has_no_operations() -> None:
    assert bench.measure(CounterWorld(), 1)["gflop_per_frame"] == 0


def test_mario_runs_and_jumps_by_default() -> None:
    game = load("mario").GAME
    held = bench.default_buttons(game)
    assert held[0] == game.chord("right+b")
    assert held[-1] == game.chord("right+b+a")


def test_a_game_without_those_buttons_presses_each_of_its_own() -> None:
    game = GameSpec(name="pong", title="Pong", height=24, width=32, fps=30, buttons=("up", "down"))
    assert set(bench.default_buttons(game)) == {1, 2}


def test_the_age_of_the_process_grows_with_the_clock() -> None:
    before = bench.process_age()
    time.sleep(0.05)
    assert 0.03 < bench.process_age() - before < 5


def test_the_memory_of_a_process_with_torch_is_above_fifty_megabytes() -> None:
    assert 50e6 < bench.peak_memory() < 1e12


def test_nothing_to_time_is_refused() -> None:
    with pytest.raises(UsageError, match="0 frames"):
        bench.measure(CounterWorld(), 0)


def test_the_operations_of_a_dream_are_those_of_its_layers() -> None:
    """A dream of twice the area takes nearly twice the work."""
    small, large = (
        bench.operations(Dream(Cartridge(made, tiny.model(made), tiny.ring(made))), 0)
        for made in (tiny.plain(), tiny.plain(replace(tiny.SMALL, width=96)))
    )
    assert 1.9 < large / small < 2.1


def test_the_command_prints_one_object_of_those_numbers(tmp_path: Path) -> None:
    made = tiny.config()
    export.write(tiny.model(made), tiny.ring(made, 2), made, tmp_path)
    words = [
        "bench",
        "--model",
        str(tmp_path),
        "--frames",
        "5",
        "--buttons",
        "right:3,a:2",
        "--dtype",
        "float32",
        "--json",
    ]
    done = subprocess.run([sys.executable, "-m", "dreamplay", *words], capture_output=True, text=True, check=False)
    numbers = json.loads(done.stdout)
    assert numbers.keys() == KEYS
    assert 0 < numbers["first_frame_s"] < 300
    assert (numbers["steps"], numbers["device"], numbers["dtype"], numbers["backend"]) == (
        2,
        "cpu",
        "float32",
        "traced",
    )
