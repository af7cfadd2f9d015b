"""Learned pictures of things: laid where things are, and nowhere else."""

from dataclasses import replace

import torch

from dreamplay.config import Look
from dreamplay.models.layers import from_patches
from dreamplay.models.sprites import ACROSS, DOWN, Looks, Sprites
from dreamplay.ring import THING

HEIGHT, WIDTH = 64, 48


def sprites() -> Sprites:
    torch.manual_seed(0)
    return Sprites(kinds=5, colors=6, inks=4, channels=2)


def laid(made: Sprites, *things: tuple[int, int, int]) -> torch.Tensor:
    """The pictures as one image, (64, 48, 2)."""
    patches = made.laid(torch.tensor([things]), everywhere(1))
    return from_patches(patches.reshape(1, HEIGHT // 8, WIDTH // 8, -1), 2)[0]


def everywhere(frames: int) -> torch.Tensor:
    """All patches of so many frames."""
    return torch.ones(frames, HEIGHT // 8, WIDTH // 8, dtype=torch.bool)


def picture(made: Sprites, kind: int) -> torch.Tensor:
    """One kind's picture, (DOWN, ACROSS, 2)."""
    return made.pictures.weight[kind].view(DOWN, ACROSS, 2)


def test_a_picture_lies_where_its_thing_is_and_nothing_elsewhere() -> None:
    made = sprites()
    image = laid(made, (5, 11, 3))
    assert torch.equal(image[11 : 11 + DOWN, 5 : 5 + ACROSS], picture(made, 3))
    image[11 : 11 + DOWN, 5 : 5 + ACROSS] = 0
    assert not image.any()


def test_what_lies_outside_the_frame_is_cut_off() -> None:
    made = sprites()
    image = laid(made, (-6, -9, 1), (WIDTH - 3, HEIGHT - 2, 2))
    assert torch.equal(image[: DOWN - 9, : ACROSS - 6], picture(made, 1)[9:, 6:])
    assert torch.equal(image[-2:, -3:], picture(made, 2)[:2, :3])


def test_no_thing_is_drawn_for_an_empty_slot_or_a_scene() -> None:
    made = sprites()
    assert not laid(made, (5, 5, 0), (5, 5, -3)).any()


def test_frames_of_a_batch_do_not_mix() -> None:
    made = sprites()
    things = torch.tensor([[[0, 0, 1]], [[8, 8, 2]]])
    both = made.laid(things, everywhere(2)).chunk(2)
    assert torch.equal(both[0], made.laid(things[:1], everywhere(1)))
    assert torch.equal(both[1], made.laid(things[1:], everywhere(1)))


def test_pictures_are_laid_in_the_wanted_patches_alone() -> None:
    made, things = sprites(), torch.tensor([[[5, 11, 3], [-6, 30, 1]], [[40, 20, 2], [9, 9, 0]]])
    wanted = torch.rand(everywhere(2).shape) < 0.4
    assert torch.equal(made.laid(things, wanted), made.laid(things, everywhere(2))[wanted.flatten()])


def test_before_it_has_learnt_it_changes_nothing() -> None:
    drawn, old = torch.randn(3, 64, 4), torch.randint(0, 7, (3, 64, 1))
    more, keep = sprites()(drawn, old, torch.randn(3, 64, 2), torch.randn(3, 64, 2))
    assert not more.any()
    assert not keep.any()


def test_an_unknown_pixel_is_no_colour_to_keep() -> None:
    made = sprites()
    with torch.no_grad():
        list(made.blend.parameters())[-1].fill_(1)  # the last bias
    old = torch.full((1, 64, 1), 6)
    old[0, 5] = 2
    _, keep = made(torch.zeros(1, 64, 4), old, torch.zeros(1, 64, 2), torch.zeros(1, 64, 2))
    assert keep.nonzero().tolist() == [[0, 5, 0]]
    assert keep[0, 5, 0] == 1


def test_a_pixel_may_be_what_it_was_or_what_was_behind_it() -> None:
    made = Sprites(kinds=5, colors=6, inks=4, channels=2, olds=2)
    with torch.no_grad():
        list(made.blend.parameters())[-1][-2:] = torch.tensor([1.0, 2.0])  # the last biases
    old = torch.tensor([2, 3]).expand(1, 64, 2)
    _, keep = made(torch.zeros(1, 64, 4), old, torch.zeros(1, 64, 2), torch.zeros(1, 64, 2))
    assert keep[0, 5].tolist() == [1, 2]


def looks() -> Looks:
    """Of ten kinds the last four are never drawn. Kind 2 shows two pictures for four console frames each and is drawn
    before it is moved, kind 3 shows one of its own."""
    animated = Look(kinds=(2,), first=6, pictures=2, lasts=4, behind=True)
    return Looks((animated, Look(kinds=(3,), first=8, pictures=1, lasts=1, behind=False)), kinds=10)


def thing(kind: int, x: float, y: float, across: float = 0, down: float = 0) -> list[int]:
    """One thing: places in pixels, speeds in pixels a console frame, both with sixteenths."""
    pixels, speeds = (int(x // 1), int(y // 1)), (int(16 * across), int(16 * down))
    return [*pixels, kind, int(16 * x) % 16, int(16 * y) % 16, *speeds, *[0] * (len(THING) - 7)]


def shown(tick: int, *kinds: int) -> list[int]:
    """The pictures of a hero and other things of these kinds when the console's frame counter says `tick`."""
    things = torch.tensor([[thing(kind, 10 * i, 5) for i, kind in enumerate(kinds)]])
    told = looks()(things, things, torch.tensor([0]), torch.tensor([[tick]]), torch.tensor([0]))[0]
    assert told[:, :2].tolist() == things[0, :, :2].tolist()
    return told[:, 2].tolist()


def drawn(now: list[int], before: list[int], scroll: int = 0) -> list[int]:
    """Where one thing beside the hero is drawn."""
    here, there = (torch.tensor([[thing(1, 0, 0), one]]) for one in (now, before))
    at = torch.tensor([scroll]), torch.tensor([[1]]), torch.tensor([0])
    place: list[int] = looks()(here, there, *at)[0, 1, :2].tolist()
    return place


def test_what_is_animated_shows_its_pictures_in_turn() -> None:
    turns = [shown(tick, 0, 2)[1] for tick in range(1, 17)]
    assert turns == [6] * 4 + [7] * 4 + [6] * 4 + [7] * 4


def test_things_look_otherwise_where_a_look_says_so() -> None:
    everywhere = Look(kinds=(2, 3), first=6, pictures=1, lasts=1, behind=False)
    below = replace(everywhere, kinds=(2,), first=20, pictures=2, lasts=4, within=(100, 200))
    deeper = replace(everywhere, kinds=(4,), first=30, within=(200, 300))
    made = Looks((below, deeper, everywhere), kinds=10)
    things = torch.tensor([[thing(1, 0, 0), thing(2, 0, 0), thing(3, 0, 0), thing(4, 0, 0)]]).expand(5, -1, -1)
    where = torch.tensor([99, 100, 199, 200, -1])
    told = made(things, things, torch.zeros(5, dtype=torch.long), torch.full((5, 1), 5), where)
    assert told[..., 2].tolist() == [[1, 6, 7, 4], [1, 21, 7, 4], [1, 21, 7, 4], [1, 6, 7, 30], [1, 6, 7, 4]]


def test_where_parts_of_the_level_overlap_the_last_one_counts() -> None:
    one = Look(kinds=(2,), first=20, pictures=1, lasts=1, behind=False, within=(0, 200))
    made = Looks((one, replace(one, first=21, within=(100, 300))), kinds=10)
    things = torch.tensor([[thing(1, 0, 0), thing(2, 0, 0)]])
    told = made(things, things, torch.tensor([0]), torch.tensor([[1]]), torch.tensor([150]))
    assert told[0, 1, 2] == 21


def test_wide_things_show_pictures_side_by_side() -> None:
    """Kind 4 has two pictures in turn, each of three boxes; nothing else has more than one."""
    one = Look(kinds=(2,), first=5, pictures=1, lasts=1, behind=False)
    made = Looks((one, replace(one, kinds=(3, 4), first=20, pictures=2, lasts=4, across=3)), kinds=10)
    things = torch.tensor([[thing(1, 0, 0), thing(2, 10, 5), thing(4, 30, 7), thing(0, 0, 0)]])
    told = made(things, things, torch.tensor([0]), torch.tensor([[5]]), torch.tensor([0]))[0]
    assert told[told[:, 2] > 0].tolist() == [[0, 0, 1], [10, 5, 5], [30, 7, 29], [46, 7, 30], [62, 7, 31]]


def test_an_arm_shows_one_picture_again_and_again_where_it_points() -> None:
    sine = (0, 1, 3, 4, 5, 6, 7, 7, 8)
    arm = Look(kinds=(2,), first=5, pictures=2, lasts=2, behind=False, arm=(*sine, *(2 * pixels for pixels in sine)))
    wide = Look(kinds=(3,), first=20, pictures=1, lasts=1, behind=False, across=2)
    made = Looks((arm, wide), kinds=10)
    ways = {0: (0, -8), 1: (1, -7), 8: (8, 0), 11: (6, 4), 16: (0, 8), 21: (-6, 4), 24: (-8, 0), 30: (-3, -7)}
    for way, (x, y) in ways.items():
        things = torch.tensor([[thing(1, 0, 0), thing(2, 100, 50), thing(3, 10, 20)]])
        things[0, 1:, THING.index("pull")] = way
        told = made(things, things, torch.tensor([0]), torch.tensor([[3]]), torch.tensor([0]))[0]
        balls = [[100, 50, 6], [100 + x, 50 + y, 6], [100 + 2 * x, 50 + 2 * y, 6]]
        assert told[told[:, 2] > 0].tolist() == [[0, 0, 1], *balls, [10, 20, 20], [26, 20, 21]]


def test_other_things_show_the_one_picture_of_their_kind() -> None:
    for tick in range(20):
        assert shown(tick, 5, 1, 3, 4, 0) == [5, 1, 8, 4, 0]


def test_the_hero_never_shares_a_picture_that_is_another_things_own() -> None:
    assert shown(3, 2, 2) == [2, 6]
    assert shown(3, 3, 3) == [3, 8]
    assert shown(3, -4, 3) == [-4, 8]


def test_what_is_drawn_before_it_is_moved_shows_where_it_was_a_console_frame_before() -> None:
    walks = thing(2, 38.5, 20, across=-0.75), thing(2, 40, 20, across=-0.75)
    assert drawn(*walks) == [39, 20]
    scrolled = thing(2, 35.5, 20, across=-0.75), walks[1]
    assert drawn(*scrolled, scroll=3) == [36, 20]
    falls = thing(2, 40, 31, down=2.5), thing(2, 40, 26.5, down=2)
    assert drawn(*falls) == [40, 28]  # from there it fell by 2.25 pixels


def test_what_stands_or_is_drawn_after_its_move_shows_where_it_is() -> None:
    assert drawn(thing(2, 40, 20, across=-0.75), thing(2, 40, 20, across=-0.75)) == [40, 20]
    assert drawn(thing(2, 37, 20, across=-0.75), thing(2, 40, 20, across=-0.75), scroll=3) == [37, 20]
    assert drawn(thing(3, 38.5, 20, across=-0.75), thing(3, 40, 20, across=-0.75)) == [38, 20]
