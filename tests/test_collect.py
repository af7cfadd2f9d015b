import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamplay import movie
from dreamplay.emulator.mario import MarioWorld
from dreamplay.errors import UsageError
from dreamplay.games.mario import GAME
from tests.patience import HANGS
from training.cache import Cache
from training.collect import Options, collect, kept_frames
from training.inspect import report, summarise
from training.policies import OTHERS, Style, explore, macros
from training.render import Options as RenderOptions
from training.render import render

pytestmark = pytest.mark.emulator


def options(folder: Path, **changes: object) -> Options:
    small = Options(folder, frames=200, workers=1, seed=3, shortest=10, longest=20, trunk=160)
    return replace(small, **changes)  # type: ignore[arg-type]  # replace() checks them


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def movies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movies")
    collect(options(folder))
    return folder


def test_there_are_as_many_frames_as_were_asked_for(movies: Path) -> None:
    assert sum(kept_frames(movie.read(path)) for path in movies.iterdir()) >= 200


def test_nothing_is_played_when_there_is_enough(movies: Path) -> None:
    before = contents(movies)
    assert collect(options(movies)) >= 200
    assert contents(movies) == before


def test_a_collection_in_two_goes_equals_one_in_one_go(movies: Path, tmp_path: Path) -> None:
    collect(options(tmp_path, frames=60))
    (tmp_path / "mario-1-1-0003-00099.movie.part").write_text("cut off")
    collect(options(tmp_path, workers=2))
    (tmp_path / "mario-1-1-0003-00099.movie.part").unlink()
    assert contents(tmp_path) == contents(movies)


def test_a_collection_that_was_killed_goes_on_without_a_difference(movies: Path, tmp_path: Path) -> None:
    size = ["--shortest", "10", "--longest", "20", "--trunk", "160", "--workers", "1", "--seed", "3"]
    command = [sys.executable, "-m", "training", "collect", str(tmp_path), "--frames", "999999", *size]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        deadline = time.monotonic() + HANGS
        while not any(tmp_path.glob("*.movie")) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
    for path in tmp_path.glob("*.part"):
        path.unlink()
    collect(options(tmp_path))
    both = contents(movies).keys() & contents(tmp_path).keys()
    assert len(both) == len(contents(movies))
    assert all(contents(tmp_path)[name] == contents(movies)[name] for name in both)


def test_the_first_movies_of_a_family_share_their_past(movies: Path) -> None:
    twins = [movie.read(path) for path in sorted(movies.iterdir())[:4]]
    assert len({(one.header.seed, one.header.skip, one.buttons[: one.header.skip]) for one in twins}) == 1
    assert len({one.buttons for one in twins}) == 4


def test_a_movie_replays_bit_for_bit(movies: Path) -> None:
    played = movie.read(sorted(movies.iterdir())[5])
    assert played.checksums
    frames = movie.replay(MarioWorld(played.header.start), played, verify=True)
    assert sum(1 for _ in frames) == len(played.buttons) + 1


def test_a_folder_of_movies_becomes_a_cache_and_is_left_alone_then(movies: Path, tmp_path: Path) -> None:
    render(RenderOptions(movies, tmp_path, workers=1))
    before = contents(tmp_path)
    (tmp_path / sorted(before)[0]).touch()
    assert render(RenderOptions(movies, tmp_path, workers=1)) == []
    cache = Cache(tmp_path)
    kept = [kept_frames(movie.read(path)) + 1 for path in sorted(movies.iterdir())]
    assert contents(tmp_path) == before
    assert [stop - start for start, stop in cache.episodes] == kept
    assert cache.load().max() < len(cache.palette)
    assert "frames in" in report(summarise(cache))


@pytest.mark.parametrize(("change", "problem"), [("game", "no game"), ("stage", "no stage"), ("policy", "no policy")])
def test_a_mistyped_name_is_refused(tmp_path: Path, change: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        collect(options(tmp_path, **{change: "marip"}))


def test_a_digger_gets_coins_out_of_blocks() -> None:
    world = MarioWorld("1-1")
    world.reset(0)
    explore(world, np.random.default_rng(1), 600, OTHERS[0])
    assert world.probe()["coins"] > 0


def test_a_plumber_on_the_pipe_that_leads_down_goes_down() -> None:
    played = movie.read(Path("training/movies/mario/heldout/mario-1-1..1-1-1005-00006.movie"))
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[:312])
    assert world.probe()["x"] < 1000
    plumber = next(style for style in OTHERS if style.name == "plumber")
    explore(world, np.random.default_rng(0), 60, plumber)
    assert world.probe()["x"] >= 3584


def test_a_stubborn_player_never_goes_behind_where_it_began() -> None:
    world, run = MarioWorld("1-1"), GAME.chord("right+b")
    world.reset(0)
    for _ in range(40):
        world.advance(run)
    began = world.save()

    def plan(rng: np.random.Generator, world: MarioWorld) -> list[int]:
        return [run] * 40 if rng.random() < 0.9 else macros(rng, world)  # the first Goomba is soon in its way

    explore(world, np.random.default_rng(0), 100, Style("hasty", plan, careful=True, carelessness=0.0, stubborn=True))
    assert began.leads_to(world.save())


def test_a_grower_gets_a_mushroom() -> None:
    world = MarioWorld("1-1")
    world.reset(0)
    grower = next(style for style in OTHERS if style.name == "grower")
    explore(world, np.random.default_rng(1), 400, grower)
    assert world.probe()["power"] == 1


def test_a_proud_player_stays_as_big_as_he_began() -> None:
    world = MarioWorld("1-1+big")
    world.reset(0)
    proud = replace(next(style for style in OTHERS if style.name == "proud"), carelessness=0.0, stubborn=True)
    explore(world, np.random.default_rng(1), 300, proud)
    assert world.probe()["power"] >= 1


def test_movies_near_a_place_begin_a_screen_or_less_before_it(tmp_path: Path) -> None:
    collect(options(tmp_path, near=300))
    world = MarioWorld("1-1")
    for path in sorted(tmp_path.iterdir()):
        played = movie.read(path)
        world.seek(played.header.seed, played.buttons[: played.header.skip])
        assert 300 - 256 < world.probe()["x"] <= 300


def test_in_a_span_play_goes_on_in_the_next_stage() -> None:
    played = movie.read(Path("training/movies/mario/train/mario-1-1..1-2-0069-00003.movie"))
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[: played.header.skip + 230])
    assert (world.probe()["stage"], world.probe()["camera"]) == (0, 3127)
    explore(world, np.random.default_rng(0), 60, Style("idle", lambda rng, world: [0] * 20, careful=False))
    assert (world.probe()["stage"], world.probe()["camera"]) == (1, 8960)
