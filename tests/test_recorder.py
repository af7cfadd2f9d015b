"""From a sitting to a movie or a film."""

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamplay import movie
from dreamplay.errors import UsageError
from dreamplay.files import unused
from dreamplay.journal import abandoned
from dreamplay.recorder import Recorder, export, plan, recover
from dreamplay.world import Frame
from tests.fakes import COUNTER, CounterWorld
from tests.patience import HANGS

HEADER = movie.Header("counter", "dream", "abc", "", 7, 30, COUNTER.buttons)
HELD = [0, 1, 1, 8, 8, 8, 0]


def recorded(target: Path, folder: Path) -> tuple[Recorder, list[Frame]]:
    world = CounterWorld()
    frames = [world.reset(7)]
    recorder = Recorder(plan(target, COUNTER, 30, HEADER), folder, frames[0])
    for held in HELD:
        frames.append(world.step(held))
        recorder.write(held, frames[-1])
    return recorder, frames


@contextmanager
def small_files(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_movie_plays_again_and_verifies(tmp_path: Path) -> None:
    recorder, frames = recorded(tmp_path / "run.movie", tmp_path)
    recorder.close()
    played = movie.read(export(recorder.journal))
    assert (played.header, played.buttons) == (HEADER, tuple(HELD))
    assert len(played.checksums) == 4
    again = list(movie.replay(CounterWorld(), played, verify=True))
    assert all(np.array_equal(one, other) for one, other in zip(frames, again, strict=True))


def test_the_journal_goes_when_the_film_is_there(tmp_path: Path) -> None:
    recorder, _ = recorded(tmp_path / "run.gif", tmp_path)
    recorder.close()
    export(recorder.journal)
    assert [path.name for path in tmp_path.iterdir()] == ["run.gif"]


def test_nobody_recovers_a_journal_whose_film_is_being_made(tmp_path: Path) -> None:
    recorder, _ = recorded(tmp_path / "run.gif", tmp_path)
    recorder.close()
    assert abandoned(tmp_path) == [recorder.journal]
    part = tmp_path / ".run.gif.part"
    os.mkfifo(part)  # holds the film up until somebody reads it
    thread = threading.Thread(target=lambda: list(recover(tmp_path)))
    thread.start()
    deadline = time.monotonic() + HANGS
    while abandoned(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert part.read_bytes()
    thread.join()


def test_a_gif_has_the_very_frames(tmp_path: Path) -> None:
    recorder, frames = recorded(tmp_path / "run.gif", tmp_path)
    recorder.close()
    with Image.open(export(recorder.journal)) as image:
        for number, frame in enumerate(frames):
            image.seek(number)
            assert np.array_equal(np.asarray(image.convert("RGB")), frame)


def test_undone_frames_are_left_out(tmp_path: Path) -> None:
    recorder, _ = recorded(tmp_path / "run.movie", tmp_path)
    recorder.undo(2)
    recorder.write(2, CounterWorld().reset(1))
    recorder.undo(1)
    recorder.undo(1)
    recorder.write(4, CounterWorld().reset(1))
    recorder.close()
    assert movie.read(export(recorder.journal)).buttons == (*HELD[:4], 4)


def test_a_whole_recording_can_be_undone_but_its_first_frame(tmp_path: Path) -> None:
    recorder, _ = recorded(tmp_path / "run.gif", tmp_path)
    recorder.undo(1000)
    assert recorder.frames == 0
    recorder.close()
    with Image.open(export(recorder.journal)) as image:
        assert getattr(image, "n_frames", 1) == 1


def test_a_loaded_state_goes_back_and_its_undo_comes_again(tmp_path: Path) -> None:
    recorder, _ = recorded(tmp_path / "run.movie", tmp_path)
    frame, early = CounterWorld().reset(1), recorder.mark
    recorder.write(2, frame)
    late = recorder.mark
    recorder.go(early)
    recorder.write(4, frame)
    recorder.go(late)
    recorder.write(1, frame)
    assert recorder.frames == len(HELD) + 2
    recorder.close()
    assert movie.read(export(recorder.journal)).buttons == (*HELD, 2, 1)


@pytest.mark.parametrize("kind", ["gif", "movie"])
def test_recover_finishes_what_was_cut_off(tmp_path: Path, kind: str) -> None:
    recorder, _ = recorded(tmp_path / f"run.{kind}", tmp_path / "journals")
    recorder.close()
    content = recorder.journal.read_bytes()
    recorder.journal.write_bytes(content[:-3])
    (tmp_path / f"run.{kind}").write_bytes(b"another")
    assert [result for _, result in recover(tmp_path / "journals")] == [tmp_path / f"run-2.{kind}"]
    assert (tmp_path / f"run.{kind}").read_bytes() == b"another"
    assert list((tmp_path / "journals").iterdir()) == []


def test_recover_says_what_it_cannot_do_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "bad.journal").write_bytes(b"dreamplay journal 1\n")
    results = list(recover(tmp_path))
    assert "bad.journal, first record: is no JSON" in str(results[0][1])
    assert (tmp_path / "bad.journal").exists()


def test_a_full_disk_stops_the_recording_and_keeps_what_there_is(tmp_path: Path) -> None:
    with small_files(600):
        recorder, _ = recorded(tmp_path / "run.gif", tmp_path)
        recorder.close()
    assert recorder.stopped.startswith("Recording stopped after 0.")
    assert 0 < recorder.frames < len(HELD)
    with Image.open(export(recorder.journal)) as image:
        assert getattr(image, "n_frames", 1) == recorder.frames + 1


def test_an_unknown_ending_is_refused() -> None:
    with pytest.raises(UsageError, match=r"\.movie, \.gif or \.mp4"):
        plan(Path("run.avi"), COUNTER, 30, None)


def test_unused_names_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "a.gif").touch()
    (tmp_path / "a-2.gif").touch()
    assert unused(tmp_path / "a.gif").name == "a-3.gif"
