"""Packed frames, the last half minute, and what may go wrong with files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamplay import video
from dreamplay.errors import MovieError, StorageError, UsageError

FRAME = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def test_packing_loses_nothing() -> None:
    assert np.array_equal(video.unpack(video.Packer()(FRAME[:, ::-1]), 24, 32), FRAME[:, ::-1])


def test_each_frame_of_a_packer_is_unpacked_without_the_others() -> None:
    pack = video.Packer()
    frames = [np.roll(FRAME, number, axis=1) for number in range(40)]  # nearly the same bytes again and again
    packed = [pack(frame) for frame in frames]
    for number in reversed(range(40)):
        assert np.array_equal(video.unpack(packed[number], 24, 32), frames[number])


WHOLE = video.Packer()(FRAME)
BOMB = video.Packer()(np.zeros((999, 999, 3), np.uint8))


@pytest.mark.parametrize("packed", [b"", b"nonsense", WHOLE[: len(WHOLE) // 2], BOMB])
def test_only_whole_frames_are_unpacked(packed: bytes) -> None:
    with pytest.raises(MovieError):
        video.unpack(packed, 24, 32)


def test_the_clip_keeps_the_last_seconds() -> None:
    clip = video.Clip(10, seconds=2)
    for number in range(50):
        clip.push(bytes([number]))
    assert clip.frames() == tuple(bytes([number]) for number in range(30, 50))
    clip.clear()
    assert (len(clip), clip.size) == (0, 0)


def test_the_clip_never_takes_more_than_its_limit() -> None:
    clip = video.Clip(30, limit=1000)
    for _ in range(100):
        clip.push(b"x" * 300)
        assert clip.size <= 1000
    assert len(clip) == 3


def test_a_picture_is_the_frame(tmp_path: Path) -> None:
    video.write_png(tmp_path / "a.png", FRAME)
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(np.asarray(image), FRAME)


def test_an_mp4_keeps_the_colours(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs the extra `video`")
    frame = np.zeros((24, 32, 3), np.uint8)
    frame[:, :16], frame[:, 16:] = (248, 56, 0), (104, 136, 252)
    video.write_film(tmp_path / "a.mp4", lambda: iter([frame] * 10), 30)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [image.to_ndarray(format="rgb24") for image in container.decode(video=0)]
    assert len(shown) == 10
    assert np.abs(shown[5][::2, ::2].astype(int) - frame).mean() < 4


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        video.write_film(tmp_path / "a.webp", lambda: iter([FRAME]), 30)


def test_a_film_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        video.write_film(tmp_path / "file" / "a.gif", lambda: iter([FRAME]), 30)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
