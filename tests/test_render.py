from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dreamplay import movie
from dreamplay.errors import DivergedError, MovieError
from dreamplay.movie import Header, Movie
from dreamplay.world import Buttons, Frame
from tests.fakes import COUNTER, CounterWorld
from training.cache import Cache, write_shard
from training.render import Options, indices, pictures_of, render

PALETTE = tuple((shade, 0, 255 - shade) for shade in range(16))


class EchoWorld(CounterWorld):
    """A world whose every pixel has the colour with the number of the buttons that led to the frame."""

    def _frame(self) -> Frame:
        return np.full((24, 32, 3), PALETTE[self._state.buttons], np.uint8)

    def seek(self, seed: int, buttons: Sequence[Buttons]) -> Frame:
        frame = self.reset(seed)
        for held in buttons:
            frame = self.step(held)
        return frame

    def probe(self) -> dict[str, int]:
        return {"steps": self._state.steps}


def played(buttons: Sequence[Buttons], skip: int = 0) -> Movie:
    return Movie(Header("counter", "real", "", "1-1", 0, 30, COUNTER.buttons, skip), tuple(buttons))


@pytest.mark.parametrize("skip", [0, 1, 30])
def test_the_buttons_of_a_row_are_those_that_led_to_its_picture(tmp_path: Path, skip: int) -> None:
    held = np.random.default_rng(1).integers(0, 16, 70).tolist()
    pictures, table = pictures_of(EchoWorld(), played(held, skip), PALETTE)
    write_shard(tmp_path / "a", pictures, table, np.array(PALETTE, np.uint8), 0)
    cache = Cache(tmp_path)
    assert cache.table["buttons"].tolist() == [0, *held][skip:]
    assert (cache.load()[:, 0, 0] == cache.table["buttons"]).all()


def test_the_probe_of_a_row_is_that_of_its_picture() -> None:
    _, table = pictures_of(EchoWorld(), played([1] * 9, skip=4), PALETTE)
    assert table["steps"].tolist() == table["number"].tolist() == [4, 5, 6, 7, 8, 9]


def test_a_colour_outside_the_palette_is_unknown() -> None:
    frame = np.array([[[3, 0, 252], [1, 2, 3]]], np.uint8)
    assert indices(frame, PALETTE).tolist() == [[3, 16]]


def test_a_movie_that_diverges_is_not_rendered() -> None:
    wrong = Movie(played([1, 2, 3]).header, (1, 2, 3), {3: 12345})
    with pytest.raises(DivergedError, match="frame 3"):
        pictures_of(EchoWorld(), wrong, PALETTE)


def test_a_folder_without_movies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MovieError, match="no movies"):
        render(Options(tmp_path, tmp_path / "cache"))


def test_bad_movies_are_named_and_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.movie").write_text("nothing\n")
    movie.write(tmp_path / "other.movie", played([1]))
    with pytest.raises(MovieError, match=r"broken\.movie"):
        render(Options(tmp_path, tmp_path / "cache", workers=1))
    assert len(render(Options(tmp_path, tmp_path / "cache", workers=1, skip_bad=True))) == 2
