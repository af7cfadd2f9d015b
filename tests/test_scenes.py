"""Scenes and cuts follow only as play has shown."""

import torch

from dreamplay.models.layers import PATCH
from dreamplay.models.scenes import PAGE, Scenes


def test_the_camera_is_cut_as_it_was_seen_to_be_from_the_same_page_of_the_level() -> None:
    scenes = Scenes(8, 3, 7, 2 * PAGE // PATCH)
    cuts, cameras = torch.tensor([0, 5, 0, 0, 6, 0]), torch.tensor([40, 0, 0, 300, 99, 99])
    scenes.learn(torch.tensor([1, 0, 1, 1, 0, 1]), cuts, cameras, [(0, 3), (3, 6)])
    away = torch.zeros(3, dtype=torch.int64)
    may = scenes.may_move(away, torch.tensor([50, 400, -1]))
    assert [row.nonzero().flatten().tolist() for row in may] == [[5], [6], [5, 6]]


def test_the_camera_stands_still_where_no_play_has_been_and_goes_where_it_went() -> None:
    scenes, here = Scenes(8, 3, 7, 3 * PAGE // PATCH), torch.ones(4, dtype=torch.int64)
    places = torch.tensor([9, PAGE, 2 * PAGE, -1])
    assert scenes.may_move(here, places).all()
    scenes.learn(here, torch.tensor([0, 2, 0, 1]), torch.tensor([0, 0, PAGE, PAGE]), [(0, 4)])
    assert [row.nonzero().flatten().tolist() for row in scenes.may_move(here, places)] == [[0, 2], [1], [0], [0, 1, 2]]
