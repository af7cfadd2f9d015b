import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from dreamplay import movie
from dreamplay.errors import DivergedError, MovieError, StorageError
from dreamplay.movie import Header, Movie
from tests.fakes import COUNTER, CounterWorld

HEADER = Header("counter", "real", "0" * 64, "1-1", 7, 30, COUNTER.buttons)
PLAYED = Movie(HEADER, (1, 1, 1, 0, 0, 4), {2: 0xDEADBEEF, 6: 1})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.movie"


def test_a_movie_is_read_as_it_was_written(path: Path) -> None:
    movie.write(path, PLAYED)
    assert movie.read(path) == PLAYED


def test_runs_are_written_once(path: Path) -> None:
    movie.write(path, Movie(HEADER, (1,) * 1000))
    assert path.read_text().splitlines()[1:] == ["1 1000"]


def test_nothing_is_left_beside_a_movie(path: Path) -> None:
    movie.write(path, PLAYED)
    assert list(path.parent.iterdir()) == [path]


def test_a_last_line_that_was_cut_off_is_left_out(path: Path) -> None:
    movie.write(path, Movie(HEADER, (1, 1, 0)))
    path.write_text(path.read_text()[:-1])
    assert movie.read(path).buttons == (1, 1)


def test_a_replay_shows_the_reset_and_then_every_step() -> None:
    world = CounterWorld()
    assert len(list(movie.replay(world, Movie(HEADER, (1, 2, 0)), verify=False))) == 4
    assert world.pressed == [1, 2, 0]


def test_a_replay_of_the_same_frames_is_verified() -> None:
    world = CounterWorld()
    frames = list(movie.replay(world, Movie(HEADER, (1, 2)), verify=False))
    checked = Movie(HEADER, (1, 2), {0: movie.checksum(frames[0]), 2: movie.checksum(frames[2])})
    assert len(list(movie.replay(CounterWorld(), checked, verify=True))) == 3


def test_a_replay_that_diverged_names_the_frame() -> None:
    with pytest.raises(DivergedError, match="frame 2"):
        list(movie.replay(CounterWorld(), Movie(HEADER, (1, 2, 3), {2: 5}), verify=True))


def test_a_movie_of_another_game_is_refused() -> None:
    with pytest.raises(MovieError, match="zelda"):
        next(movie.replay(CounterWorld(), Movie(replace(HEADER, game="zelda"), ()), verify=False))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("1 2 deadbeef", "1 2 deadbeef 3", "line 2"),
        ("1 2 deadbeef", "one 2", "line 2"),
        ("1 2 deadbeef", "1 0", "line 2"),
        ("1 2 deadbeef", "1 -5", "line 2"),
        ("1 2 deadbeef", "16 2", "buttons 16"),
        ("1 2 deadbeef", "1 99999999999", "line 2"),
        ("1 2 deadbeef", "1 9999999\n1 9999999", "line 3"),
        ("1 2 deadbeef", "1 " + "0" * 70 + "2", "line 2"),
        ('"version": 1', '"version": 2', "version 2"),
        ('"seed": 7, ', "", "'seed' is missing"),
        ('"seed": 7', '"seed": "7"', "seed is '7', expected is a whole number"),
        ('"seed": 7', '"seed": true', "seed is True"),
        ('"seed": 7', '"seed": 1' + "0" * 30, "seed is 1000"),
        ('"seed": 7', '"seed": 7, "seed": 8', "'seed' stands there twice"),
        ('"seed": 7', '"seed": 7, "extra": 1', "unknown key 'extra'"),
        ('"skip": 0', '"skip": 9', "skip is 9"),
        ('"world": "real"', '"world": "other"', "world is 'other'"),
        ('"fps": 30', '"fps": NaN', "NaN is no JSON number"),
        ('"fps": 30', '"fps": 0', "fps is 0"),
        ("dreamplay-movie", "another", "not a movie"),
        ("{", "", "not a movie"),
    ],
)
def test_a_damaged_movie_is_refused_with_its_name_and_place(path: Path, old: str, new: str, problem: str) -> None:
    movie.write(path, PLAYED)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(MovieError, match=r"run\.movie") as caught:
        movie.read(path)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 70_000, b'{"a": ' * 9000])
def test_a_file_of_something_else_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MovieError, match="not a movie"):
        movie.read(path)


def test_a_missing_movie_is_named(path: Path) -> None:
    with pytest.raises(MovieError, match=r"run\.movie"):
        movie.read(path)


def test_a_pipe_is_no_movie_and_holds_nobody_up(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(MovieError, match=r"run\.movie: cannot be read: is not a regular file"):
        movie.read(path)


def test_a_movie_too_long_is_refused_before_it_takes_memory(path: Path) -> None:
    movie.write(path, Movie(HEADER, ()))
    path.write_text(path.read_text() + f"0 {movie.MAX_FRAMES}\n0 1\n")
    tracemalloc.start()
    with pytest.raises(MovieError, match=f"line 3: more than {movie.MAX_FRAMES} frames"):
        movie.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_folder_that_cannot_be_is_an_error_of_storage(path: Path) -> None:
    path.touch()
    with pytest.raises(StorageError, match="cannot write"):
        movie.write(path / "run.movie", PLAYED)
