"""What a sitting leaves behind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamplay import movie
from dreamplay.tape import Tape
from tests.fakes import COUNTER, CounterWorld


def header(seed: int) -> movie.Header:
    return movie.Header("counter", "dream", "abc", "", seed, 30, COUNTER.buttons)


def tape(folder: Path, *, target: str | None = None) -> Tape:
    return Tape(
        COUNTER,
        fps=30,
        pictures=folder / "pictures",
        journals=folder / "journals",
        target=folder / target if target else None,
        header=header,
    )


def play(used: Tape, world: CounterWorld, steps: int) -> None:
    for number in range(steps):
        used.write(number % 3, world.step(number % 3))


def news(used: Tape) -> list[str]:
    found = []
    while sentence := used.news():
        found.append(sentence)
    return found


def pictures(folder: Path, ending: str) -> list[Path]:
    return sorted((folder / "pictures").glob(f"*{ending}"))


def test_a_screenshot_is_the_frame_and_says_where(tmp_path: Path) -> None:
    used, frame = tape(tmp_path), CounterWorld().reset(3)
    used.screenshot(frame)
    used.close()
    (path,) = pictures(tmp_path, ".png")
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), frame)
    assert news(used) == [f"Saved {path}"]


def test_a_gif_runs_from_toggle_to_toggle(tmp_path: Path) -> None:
    used, world = tape(tmp_path), CounterWorld()
    used.reset(1, world.reset(1))
    assert used.seconds is None
    play(used, world, 5)
    used.toggle_film(world.step(0))
    play(used, world, 9)
    assert used.seconds == pytest.approx(0.3)
    used.toggle_film(world.step(0))
    used.close()
    (path,) = pictures(tmp_path, ".gif")
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 10


def test_the_clip_is_always_armed(tmp_path: Path) -> None:
    used, world = tape(tmp_path), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 20)
    used.save_clip()
    used.close()
    (path,) = pictures(tmp_path, ".gif")
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 21


def test_a_reset_begins_the_next_movie(tmp_path: Path) -> None:
    used, world = tape(tmp_path, target="run.movie"), CounterWorld()
    for seed, steps in ((1, 4), (2, 7)):
        used.reset(seed, world.reset(seed))
        play(used, world, steps)
    used.close()
    played = [movie.read(tmp_path / name) for name in ("run.movie", "run-2.movie")]
    assert [(each.header.seed, len(each.buttons)) for each in played] == [(1, 4), (2, 7)]
    for each in played:
        assert len(list(movie.replay(CounterWorld(), each, verify=True))) == len(each.buttons) + 1


def test_a_film_goes_on_over_a_reset(tmp_path: Path) -> None:
    used, world = tape(tmp_path, target="run.gif"), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 4)
    used.reset(1, world.reset(1))
    play(used, world, 4)
    used.close()
    with Image.open(tmp_path / "run.gif") as image:
        assert getattr(image, "n_frames", 1) == 10


def test_in_a_hurry_long_films_stay_journals(tmp_path: Path) -> None:
    used, world = tape(tmp_path, target="run.gif"), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 400)
    used.close(hurry=True)
    assert not (tmp_path / "run.gif").exists()
    assert "dreamplay recover" in news(used)[-1]
    assert len(list((tmp_path / "journals").iterdir())) == 1


def test_what_cannot_be_written_is_said_and_the_game_goes_on(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way")
    (tmp_path / "journals").write_text("in the way")
    used, world = tape(tmp_path, target="run.movie"), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 5)
    used.screenshot(world.step(0))
    used.toggle_film(world.step(0))
    used.close()
    said = news(used)
    assert used.failed
    assert sum("Not recording" in sentence for sentence in said) == 2
    assert sum("Not saved" in sentence for sentence in said) == 1


def test_recording_again_and_again_leaves_no_file_open(tmp_path: Path) -> None:
    used, world = tape(tmp_path), CounterWorld()
    used.reset(1, world.reset(1))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        used.toggle_film(world.step(0))
        play(used, world, 2)
        used.toggle_film(world.step(0))
    used.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(pictures(tmp_path, ".gif")) == 20


def test_a_movie_goes_on_from_a_loaded_state(tmp_path: Path) -> None:
    used, world = tape(tmp_path, target="run.movie"), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 3)
    mark = used.mark()
    play(used, world, 3)
    used.go(mark)
    used.write(4, world.step(4))
    used.close()
    assert movie.read(tmp_path / "run.movie").buttons == (0, 1, 2, 4)


def test_a_movie_ends_where_a_state_is_loaded_that_is_older(tmp_path: Path) -> None:
    used, world = tape(tmp_path, target="run.movie"), CounterWorld()
    used.reset(1, world.reset(1))
    play(used, world, 2)
    mark = used.mark()
    used.reset(2, world.reset(2))
    play(used, world, 3)
    used.go(mark)
    play(used, world, 9)
    used.close()
    assert len(movie.read(tmp_path / "run-2.movie").buttons) == 3
    assert "The movie ends here: the state is older than it" in news(used)


def test_films_show_what_is_stamped_and_movies_do_not_care(tmp_path: Path) -> None:
    white = np.full((24, 32, 3), 255, np.uint8)
    used = Tape(COUNTER, fps=30, pictures=tmp_path, journals=tmp_path, stamp=lambda *given: white)
    used.reset(1, CounterWorld().reset(1))
    used.save_clip()
    used.close()
    with Image.open(next(tmp_path.glob("*.gif"))) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), white)
