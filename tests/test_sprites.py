"""Learned pictures of things: laid where things are, and nowhere else."""

import torch

from dreamplay.models.layers import from_patches
from dreamplay.models.sprites import ACROSS, DOWN, Sprites

HEIGHT, WIDTH = 64, 48


def sprites() -> Sprites:
    torch.manual_seed(0)
    return Sprites(kinds=5, colors=6, inks=4, channels=2)


def laid(made: Sprites, *things: tuple[int, int, int]) -> torch.Tensor:
    """The pictures as one image, (64, 48, 2)."""
    patches = made.laid(torch.tensor([things]), HEIGHT, WIDTH)  # (1, H, W, 64, C)
    return from_patches(patches.flatten(3), 2)[0]


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
    both = made.laid(things, HEIGHT, WIDTH)
    assert torch.equal(both[0], made.laid(things[:1], HEIGHT, WIDTH)[0])
    assert torch.equal(both[1], made.laid(things[1:], HEIGHT, WIDTH)[0])


def test_before_it_has_learnt_it_changes_nothing() -> None:
    drawn, old = torch.randn(3, 64, 4), torch.randint(0, 7, (3, 64))
    more, kept = sprites()(drawn, old, torch.randn(3, 64, 2), torch.randn(3, 64, 2))
    assert not more.any()
    assert not kept.any()


def test_an_unknown_pixel_is_no_colour_to_keep() -> None:
    made = sprites()
    with torch.no_grad():
        list(made.blend.parameters())[-1].fill_(1)  # the last bias
    old = torch.full((1, 64), 6)
    old[0, 5] = 2
    _, kept = made(torch.zeros(1, 64, 4), old, torch.zeros(1, 64, 2), torch.zeros(1, 64, 2))
    assert kept.nonzero().tolist() == [[0, 5, 2]]
    assert kept[0, 5, 2] == 1
