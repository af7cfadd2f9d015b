"""Frames that show part of one screen and part of the next are shown whole."""

import pytest
import torch

from dreamplay.ring import THING
from training.film import Film
from training.torn import late, mend

LEVEL, TEXT, BLACK, DEBRIS = (torch.full((16, 16), value, dtype=torch.uint8) for value in (5, 7, 0, 9))


def film(frames: list[torch.Tensor]) -> Film:
    """Of frames as they are."""
    h, w = frames[0].shape
    tiles = torch.stack(frames).view(len(frames), h // 8, 8, w // 8, 8).transpose(2, 3)
    words = tiles.reshape(-1, 64).contiguous().view(torch.int64)
    return Film(torch.arange(len(words), dtype=torch.int32).view(len(frames), h // 8, w // 8), words)


def above(upper: torch.Tensor, lower: torch.Tensor, rows: int) -> torch.Tensor:
    """A frame of which so many rows are of another one."""
    return torch.cat([upper[:rows], lower[rows:]])


def within(around: torch.Tensor, box: torch.Tensor) -> torch.Tensor:
    """A frame with a piece of another one in its middle."""
    frame = around.clone()
    frame[5:9, 4:11] = box[5:9, 4:11]
    return frame


def mended(frames: list[torch.Tensor], hero: list[int]) -> tuple[int, torch.Tensor]:
    """How many were torn, and all of them now."""
    shown = film(frames)
    return mend(shown, torch.tensor(hero), [(0, len(frames))]), shown[:]


WHOLE = [TEXT, TEXT, BLACK, BLACK, BLACK], [-9, -9, -10, -11, -12]
"""What others are like: the text is gone at once."""


@pytest.mark.parametrize("torn", [above(BLACK, TEXT, 6), above(TEXT, BLACK, 6), within(BLACK, TEXT)])
def test_half_a_screen_between_two_scenes_is_what_others_are_there(torn: torch.Tensor) -> None:
    count, shown = mended([*WHOLE[0], TEXT, TEXT, torn, BLACK, BLACK], WHOLE[1] * 2)
    assert count == 1
    assert torch.equal(shown, torch.stack(WHOLE[0] * 2))


@pytest.mark.parametrize("torn", [above(BLACK, TEXT, 6), within(BLACK, TEXT)])
def test_where_others_still_show_what_was_before_so_does_it(torn: torch.Tensor) -> None:
    later = [TEXT, TEXT, TEXT, BLACK, BLACK]  # the text goes a frame after the scene
    count, shown = mended([*later, TEXT, TEXT, torn, BLACK, BLACK], WHOLE[1] * 2)
    assert count == 1
    assert torch.equal(shown, torch.stack(later * 2))


@pytest.mark.parametrize("gone", [True, False])
def test_two_torn_frames_in_a_row_are_one_whole_picture(gone: bool) -> None:
    others = [TEXT, TEXT, *[BLACK if gone else TEXT] * 2, BLACK, BLACK]
    frames = [TEXT, TEXT, above(BLACK, TEXT, 4), above(BLACK, TEXT, 9), BLACK, BLACK]
    count, shown = mended([*others, *frames], [-9, -9, -10, -11, -12, -12] * 2)
    assert count == 2
    assert torch.equal(shown, torch.stack(others * 2))


def test_half_a_level_is_not_there_before_it_appears_with_the_hero() -> None:
    count, shown = mended([BLACK, BLACK, above(LEVEL, BLACK, 3), LEVEL], [-16, -16, -17, 13])
    assert count == 1
    assert torch.equal(shown, torch.stack([BLACK, BLACK, BLACK, LEVEL]))


def test_a_level_without_its_hero_is_not_torn() -> None:
    empty = within(LEVEL, BLACK)  # his place is as black as the screen before
    frames = [BLACK, BLACK, empty, LEVEL]
    count, shown = mended(frames, [-24, -24, -25, 13])
    assert count == 0
    assert torch.equal(shown, torch.stack(frames))


@pytest.mark.parametrize("frame", [TEXT, BLACK, DEBRIS, within(BLACK, DEBRIS)])
def test_whole_frames_stay(frame: torch.Tensor) -> None:
    frames = [TEXT, TEXT, frame, BLACK, BLACK]
    count, shown = mended(frames, [-9, -9, -10, -11, -12])
    assert count == 0
    assert torch.equal(shown, torch.stack(frames))


@pytest.mark.parametrize("hero", [[13, 13, 13, 13, 13], [-9, -9, -9, -9, -9]])
def test_nothing_is_torn_where_the_scene_stays(hero: list[int]) -> None:
    frames = [TEXT, TEXT, above(BLACK, TEXT, 6), BLACK, BLACK]
    count, shown = mended(frames, hero)
    assert count == 0
    assert torch.equal(shown, torch.stack(frames))


def test_the_ends_of_an_episode_are_not_compared_with_another_one() -> None:
    frames = [TEXT, above(BLACK, TEXT, 6), BLACK]
    shown = film(frames)
    assert mend(shown, torch.tensor([-9, -10, -11]), [(0, 2), (2, 3)]) == 0
    assert torch.equal(shown[:], torch.stack(frames))


def bounced(*shown: bool, hero: tuple[int, int] = (60, 60), top: int = 0) -> list[bool]:
    """Whether frames are late in which a block has gone in the third one, with the camera 3 px farther in each.

    shown: Whether the block is there in each frame. hero: His place.
    """
    sky = torch.zeros(32, 80, dtype=torch.uint8)
    frames, things = [], torch.zeros(len(shown), 2, len(THING), dtype=torch.int16)
    for n, there in enumerate(shown):
        frame = sky.clone()
        frame[8:24, 40 - 3 * n : 56 - 3 * n] = 5 * there
        frames.append(frame)
        things[n, 0, :3] = torch.tensor([*hero, 1])
        things[n, 1, :3] = torch.tensor([40 - 3 * n, 8, 4]) * (n < 2)
    scrolls = torch.full((len(shown),), 3)
    return late(film(frames), things, scrolls, [(0, len(shown))], top=top).tolist()


def test_what_is_left_behind_a_frame_later_is_late() -> None:
    assert bounced(True, True, False, True, True) == [False, False, True, False, False]


@pytest.mark.parametrize("there", [True, False])
def test_what_is_left_behind_at_once_or_never_is_not_late(there: bool) -> None:
    assert not any(bounced(True, True, there, there, there))


def test_of_what_the_hero_hides_or_the_status_bar_covers_nothing_is_said() -> None:
    assert not any(bounced(True, True, False, True, True, hero=(36, 0)))
    assert not any(bounced(True, True, False, True, True, top=16))


def test_what_comes_in_another_episode_is_not_late() -> None:
    assert not any(bounced(True, True, False))
