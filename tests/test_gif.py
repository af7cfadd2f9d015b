"""GIFs: exact colours, right time."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from dreamplay.gif import write_gif
from dreamplay.world import Frame


def colourful(frames: int, colours: int, *, size: tuple[int, int] = (24, 32)) -> list[Frame]:
    generator = np.random.default_rng(0)
    palette = generator.integers(0, 256, (colours, 3), dtype=np.uint8)
    return [palette[generator.integers(0, colours, size)] for _ in range(frames)]


def written(frames: Sequence[Frame], fps: float) -> "Image.Image":
    file = io.BytesIO()
    write_gif(file, lambda: iter(frames), fps)
    file.seek(0)
    return Image.open(file)


def durations(image: "Image.Image") -> list[int]:
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(int(image.info["duration"]))
    return found


@pytest.mark.parametrize("fps", [12.5, 24, 30, 35, 50, 59.94, 60, 60.0988, 120])
def test_the_average_delay_is_right_and_no_viewer_slows_it(fps: float) -> None:
    found = durations(written(colourful(240, 8, size=(8, 8)), fps))
    assert sum(found) == pytest.approx(240_000 / fps, rel=0.005)
    assert min(found) >= 20


def test_few_colours_are_kept_exactly() -> None:
    frames = colourful(5, 255)
    image = written(frames, 30)
    for number, frame in enumerate(frames):
        image.seek(number)
        assert np.array_equal(np.asarray(image.convert("RGB")), frame)


def test_many_colours_are_kept_roughly() -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    frame = np.stack([*np.meshgrid(ramp, ramp), np.full((64, 64), 90, np.uint8)], axis=-1)
    shown = np.asarray(written([frame, 255 - frame], 30).convert("RGB")).astype(int)
    assert np.abs(shown - frame).mean() < 12


def test_equal_neighbours_are_one_frame_of_their_whole_time() -> None:
    one, other = colourful(2, 4)
    found = durations(written([one, one, one, other, other], 25))
    assert found == [120, 80]


def test_only_what_changed_is_written() -> None:
    still = colourful(1, 200, size=(120, 160))[0]
    frames = []
    for number in range(50):
        frame = still.copy()
        frame[number, number] = 255 - frame[number, number]
        frames.append(frame)
    few, one = io.BytesIO(), io.BytesIO()
    write_gif(few, lambda: iter(frames), 30)
    write_gif(one, lambda: iter(frames[:1]), 30)
    assert len(few.getvalue()) < 1.2 * len(one.getvalue())
