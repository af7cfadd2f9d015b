"""What comes into view as the camera goes on comes where play has shown it to come, whatever a head says."""

import pytest
import torch
from torch import Tensor

from dreamplay.models.spawns import EDGE, Spawns
from dreamplay.ring import THING
from tests.tiny import thing

GOOMBA, COIN, FLAME = 7, 3, 9
CAMERA = 48
"""As far as the camera goes before the Goomba comes."""
GOOMBA_AT = 352
KIND = THING.index("kind")
HERO = thing(x=100, y=176, kind=1)


def goomba(x: int = 0, **numbers: int) -> list[int]:
    return thing(x=x, y=184, kind=GOOMBA, speed_x=-10, **numbers)


def walk(*, stride: int, start: int = 0, comes: bool = True, steps: int = 60) -> tuple[Tensor, Tensor]:
    """Play in which the camera goes on and the Goomba comes into the first free slot of two behind a coin's."""
    camera = start + stride * torch.arange(steps)
    there = comes & (camera > CAMERA)
    rows = [
        [HERO, thing(x=20, y=30, kind=COIN), goomba(GOOMBA_AT - at) if seen else thing(), thing()]
        for at, seen in zip(camera.tolist(), there.tolist(), strict=True)
    ]
    return torch.tensor(rows), camera


def taught(*plays: tuple[Tensor, Tensor]) -> Spawns:
    """What has learnt from plays."""
    learner, ends = Spawns(16, 4), torch.tensor([len(camera) for _, camera in plays]).cumsum(0).tolist()
    things, cameras = (torch.cat(parts) for parts in zip(*plays, strict=True))
    learner.learn(things, cameras, list(zip([0, *ends[:-1]], ends, strict=True)))
    learner.slots[GOOMBA, 2:] = 1
    return learner


@pytest.fixture
def spawns() -> Spawns:
    return taught(walk(stride=2), walk(stride=3), walk(stride=5, start=1))


def after(
    spawns: Spawns, said: list[list[int]], *, now: list[list[int]] | None = None, camera: int, goes: int
) -> Tensor:
    """The things after a step, (N, E), where a head says this."""
    before = now or [HERO, thing(), thing(), thing()]
    return spawns(torch.tensor([said]), torch.tensor([before]), torch.tensor([camera]), torch.tensor([goes]))[0]


NOTHING = [HERO, thing(), thing(), thing()]


def test_what_always_came_as_the_camera_went_by_is_listed_once(spawns: Spawns) -> None:
    assert spawns.comes[spawns.comes[:, KIND] > 0].tolist() == [goomba(GOOMBA_AT)]
    assert spawns.camera[0] == CAMERA


@pytest.mark.parametrize(("camera", "goes", "comes"), [(46, 2, False), (47, 2, True), (48, 1, True), (49, 2, False)])
def test_it_comes_as_the_camera_goes_by_and_at_no_other_time(
    spawns: Spawns, camera: int, goes: int, comes: bool
) -> None:
    things = after(spawns, NOTHING, camera=camera, goes=goes)
    assert things[2].tolist() == (goomba(GOOMBA_AT - camera - goes) if comes else thing())


def test_it_takes_the_first_free_slot_of_those_that_its_kind_has(spawns: Spawns) -> None:
    taken = [HERO, thing(), thing(x=50, y=50, kind=COIN), thing()]
    assert after(spawns, taken, now=taken, camera=48, goes=2)[:, KIND].tolist() == [1, 0, COIN, GOOMBA]
    full = [HERO, thing(), thing(x=50, y=50, kind=COIN), thing(x=60, y=50, kind=COIN)]
    assert after(spawns, full, now=full, camera=48, goes=2).tolist() == full


def test_two_that_come_at_once_take_two_slots() -> None:
    def pair(stride: int) -> tuple[Tensor, Tensor]:
        things, camera = walk(stride=stride)
        things[:, 3] = torch.where(things[:, 2, KIND, None] > 0, things[:, 2] + torch.tensor(thing(x=24)), things[:, 3])
        return things, camera

    things = after(taught(pair(2), pair(3)), NOTHING, camera=48, goes=2)
    assert things[2:].tolist() == [goomba(GOOMBA_AT - 50), goomba(GOOMBA_AT - 50 + 24)]


def test_what_the_head_lets_come_in_place_stays_and_comes_once(spawns: Spawns) -> None:
    said = [HERO, thing(), thing(), goomba(GOOMBA_AT - 50 - 1, part_x=6)]
    assert after(spawns, said, camera=48, goes=2).tolist() == said
    early = [HERO, thing(), thing(), goomba(GOOMBA_AT - 46)]
    assert after(spawns, early, camera=44, goes=2).tolist() == early
    assert after(spawns, early, now=early, camera=48, goes=2).tolist() == early


@pytest.mark.parametrize(
    "stranger", [thing(x=EDGE, y=184, kind=COIN), goomba(EDGE), thing(x=GOOMBA_AT - 50, y=40, kind=GOOMBA)]
)
def test_what_comes_nowhere_in_play_does_not_come(spawns: Spawns, stranger: list[int]) -> None:
    assert after(spawns, [HERO, thing(), thing(), stranger], camera=48, goes=2)[3].tolist() == thing()


def test_a_kind_that_comes_now_here_now_there_is_let_be() -> None:
    def flame(camera: int, height: int) -> tuple[Tensor, Tensor]:
        things, at = walk(stride=2)
        things[at > camera, 3] = torch.tensor(thing(x=255, y=height, kind=FLAME))
        return things, at

    learner = taught(*[flame(camera, height) for camera, height in ((10, 40), (30, 90), (70, 140))])
    said = [HERO, thing(), thing(), thing(x=255, y=120, kind=FLAME)]
    assert after(learner, said, camera=90, goes=2).tolist() == said
    assert learner.comes[learner.comes[:, KIND] > 0].tolist() == [goomba(GOOMBA_AT)]


def test_a_kind_of_which_less_than_half_comes_where_it_always_does_is_not_listed() -> None:
    plays = [walk(stride=2, start=start) for start in (0, 0, 20, 20, 20)]
    for (things, at), camera in zip(plays, (6, 6, 30, 70, 90), strict=True):
        things[at > camera, 3] = torch.tensor(thing(x=255, y=camera, kind=FLAME))
    assert [thing[KIND] for thing in taught(*plays).comes.tolist() if thing[KIND]] == [GOOMBA]


def test_what_appears_on_the_screen_or_was_there_is_left_alone(spawns: Spawns) -> None:
    coin, walker = thing(x=EDGE - 1, y=100, kind=COIN), goomba(EDGE + 20)
    said = [HERO, coin, walker, thing()]
    assert after(spawns, said, now=[HERO, thing(), walker, thing()], camera=10, goes=2).tolist() == said


@pytest.mark.parametrize("goes", [0, 3])
def test_nothing_is_changed_while_the_camera_or_the_hero_is_not_there(spawns: Spawns, goes: int) -> None:
    away = [thing(kind=-2), thing(), goomba(EDGE), thing()]
    assert after(spawns, away, now=away[:1] + NOTHING[1:], camera=47, goes=goes).tolist() == away
    said = [HERO, thing(), goomba(EDGE), thing()]
    assert after(spawns, said, camera=-1 if goes else 47, goes=goes).tolist() == said


def test_before_it_has_learnt_a_head_is_free() -> None:
    said = [HERO, thing(), goomba(EDGE), thing(x=300, y=9, kind=COIN)]
    assert after(Spawns(16, 4), said, camera=48, goes=2).tolist() == said


def test_what_came_once_or_seldom_is_not_listed() -> None:
    assert not taught(walk(stride=2), walk(stride=2, start=CAMERA + 2)).comes.any()
    seldom = [walk(stride=2)] * 2 + [walk(stride=2, comes=False)] * 3
    assert not taught(*seldom).comes.any()
