"""Scenes and cuts follow only as play has shown."""

import torch

from dreamplay.models.layers import PATCH
from dreamplay.models.scenes import PAGE, POWER, REACH, STILL, Scenes
from tests.tiny import thing


def heroes(*kinds: int, beat: int = 0) -> torch.Tensor:
    """Heroes of these kinds, (R, E)."""
    return torch.tensor([thing(kind=kind, beat=beat) for kind in kinds])


def test_the_camera_is_cut_as_it_was_seen_to_be_from_the_same_page_of_the_level() -> None:
    scenes = Scenes(8, 3, 7, 2 * PAGE // PATCH)
    cuts, cameras = torch.tensor([0, 5, 0, 0, 6, 0]), torch.tensor([40, 0, 0, 300, 99, 99])
    scenes.learn(heroes(1, 0, 1, 1, 0, 1), cuts, cameras, [(0, 3), (3, 6)])
    away = torch.zeros(3, dtype=torch.int64)
    may = scenes.may_move(away, torch.tensor([50, 400, -1]))
    assert [row.nonzero().flatten().tolist() for row in may] == [[5], [6], [5, 6]]


def test_the_camera_stands_still_where_no_play_has_been_and_goes_where_it_went() -> None:
    scenes, here = Scenes(8, 3, 7, 3 * PAGE // PATCH), torch.ones(4, dtype=torch.int64)
    places = torch.tensor([9, PAGE, 2 * PAGE, -1])
    assert scenes.may_move(here, places).all()
    scenes.learn(heroes(1, 1, 1, 1), torch.tensor([0, 2, 0, 1]), torch.tensor([0, 0, PAGE, PAGE]), [(0, 4)])
    assert [row.nonzero().flatten().tolist() for row in scenes.may_move(here, places)] == [[0, 2], [1], [0], [0, 1, 2]]


def test_the_game_goes_on_around_the_hero_when_it_always_did() -> None:
    scenes = Scenes(8, 3, 7, PAGE // PATCH)
    ends, dies, other = thing(kind=2, beat=STILL + 2), thing(kind=3, beat=STILL + 2), thing(kind=2, beat=STILL + 3)
    assert not scenes.wake(torch.tensor([ends])).any()
    well, soon = thing(kind=1), thing(kind=1, beat=STILL - 1)
    lives = torch.tensor([other, ends, well, other, dies, other, ends, soon, dies, thing()])
    zero = torch.zeros(10, dtype=torch.int64)
    scenes.learn(lives, zero, zero, [(0, 3), (3, 8), (8, 10)])
    assert scenes.wake(torch.tensor([ends, dies, other, thing(kind=2), thing()])).tolist() == [True, *[False] * 4]


def test_a_pose_or_a_scene_follows_where_it_was_seen_to_while_the_game_goes_on_or_stands_still() -> None:
    scenes, still = Scenes(8, 3, 7, PAGE // PATCH), thing(kind=2, beat=STILL)
    assert scenes.may_follow(torch.tensor([still, thing(kind=1), thing()]), torch.zeros(3).long()).all()
    lives = torch.tensor([thing(kind=2), thing(kind=1), still, thing(kind=3), thing(), thing(kind=-1), thing(kind=-3)])
    scenes.learn(lives, torch.zeros(7).long(), torch.zeros(7).long(), [(0, 2), (2, 7)])
    seen = [still, thing(kind=2), thing(kind=3), thing(), thing(kind=-1)]
    may = scenes.may_follow(torch.tensor(seen), torch.zeros(len(seen)).long())
    assert [scenes.kinds_of(row.nonzero()[:, 0]).tolist() for row in may] == [[3], [1], [0], [-1], [-3]]


def test_a_hero_may_be_of_another_power_in_any_pose_where_the_game_begins_to_stand_still() -> None:
    runs, jumps, dies = 5, 6, 7
    scenes = Scenes(3 * POWER + 8, 8, 7, PAGE // PATCH)
    lives = heroes(runs, jumps, runs, runs, dies)
    scenes.learn(lives, torch.zeros(5).long(), torch.zeros(5).long(), [(0, 5)])

    def may(hero: list[int], beat: int) -> list[int]:
        (row,) = scenes.may_follow(torch.tensor([hero]), torch.tensor([beat]))
        return row.nonzero()[:, 0].tolist()

    seen = [runs, jumps, dies]
    assert may(thing(kind=runs), STILL - 1) == seen
    assert may(thing(kind=runs), STILL) == [kind + POWER * power for power in range(3) for kind in seen]
    standing = scenes.may_follow(torch.tensor([thing(kind=runs, beat=STILL)]), torch.tensor([STILL]))
    assert standing.all()  # no play has shown what follows then


MUSHROOM = 4
AT = 100, 176


def held(was: list[int], hero: list[int], now: list[int] | None = None) -> list[int]:
    """What has become of a thing that a head says is gone as the camera goes 3 pixels."""
    scenes = Scenes(2 * POWER, 8, 7, PAGE // PATCH, grows=[MUSHROOM])
    before = torch.tensor([[now or thing(x=AT[0], y=AT[1], kind=5), was]])
    after: list[int] = scenes.hold(torch.tensor([[hero, thing()]]), before, torch.tensor([3]))[0, 1].tolist()
    return after


def test_a_mushroom_is_there_until_the_hero_grows() -> None:
    near = thing(x=AT[0] + REACH[0], y=AT[1] - REACH[1], kind=MUSHROOM, beat=7)
    goes_on, grows = thing(x=AT[0], y=AT[1], kind=6), thing(x=AT[0], y=AT[1], kind=6, beat=STILL)
    assert held(near, goes_on) == [near[0] - 3, *near[1:]]
    assert held(near, grows) == held(near, thing()) == thing()
    far = thing(x=AT[0] - REACH[0] - 1, y=AT[1], kind=MUSHROOM)
    coin = thing(x=AT[0], y=AT[1], kind=MUSHROOM + 1)
    assert held(far, goes_on) == held(coin, goes_on) == thing()
    assert held(near, goes_on, now=thing(x=AT[0], y=AT[1], kind=5 + POWER)) == thing()
