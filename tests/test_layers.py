"""Patches, codes and blocks, each against what it must equal."""

import torch

from dreamplay.models import layers
from dreamplay.models.layers import PATCH, FilmBlock, ResBlock, Stamps
from tests import tiny


def frames(planes: int, high: int) -> torch.Tensor:
    """Two random frames of 16x24, (2, 16, 24, P)."""
    return torch.randint(high, (2, 16, 24, planes), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_patches_are_put_together_again() -> None:
    for planes in (1, 3):
        assert torch.equal(layers.from_patches(layers.to_patches(frames(planes, 256)), planes), frames(planes, 256))


def test_a_patch_holds_the_pixels_of_its_place() -> None:
    patches = layers.to_patches(frames(1, 256))
    assert torch.equal(patches[1, 1, 2].reshape(8, 8), frames(1, 256)[1, 8:16, 16:24, 0])


def test_colour_codes_are_rgb_and_whether_the_pixel_is_unknown() -> None:
    codes = layers.color_codes(torch.tensor([(0, 0, 0), (255, 255, 255)]))
    assert codes.tolist() == [[-1, -1, -1, 0], [1, 1, 1, 0], [0, 0, 0, 1]]


def test_indices_are_read_as_the_codes_of_their_colours() -> None:
    codes = layers.color_codes(torch.tensor(tiny.PALETTE))
    coded = layers.coded_patches(frames(1, 5), codes)
    assert coded.shape == (2, 256, 2, 3)
    pixel = coded[1, :, 1, 2].reshape(8, 8, 4)[3, 5]
    assert torch.equal(pixel, codes[int(frames(1, 5)[1, 11, 21, 0])])


def test_rgb_is_read_between_minus_one_and_one() -> None:
    coded = layers.coded_patches(frames(3, 256), None)
    assert coded.shape == (2, 192, 2, 3)
    expected = frames(3, 256)[0, 0, 0].float() / 127.5 - 1
    assert torch.allclose(coded[0, :3, 0, 0], expected)


def test_a_history_of_one_frame_is_coded_as_that_frame() -> None:
    codes = layers.color_codes(torch.tensor(tiny.PALETTE))
    one = frames(1, 5)
    assert torch.equal(layers.coded_history(one[:, None], codes), layers.coded_patches(one, codes))


def test_a_history_holds_its_frames_oldest_first() -> None:
    codes = layers.color_codes(torch.tensor(tiny.PALETTE))
    past = torch.stack([frames(1, 2), frames(1, 5)], 1)
    first, second = layers.coded_history(past, codes).chunk(2, dim=1)
    assert torch.equal(first, layers.coded_patches(past[:, 0], codes))
    assert torch.equal(second, layers.coded_patches(past[:, 1], codes))


def test_blocks_begin_as_the_identity() -> None:
    x = torch.randn(2, 8, 3, 4)
    assert torch.equal(ResBlock(8)(x), x)
    assert torch.equal(FilmBlock(8, 4)(x, torch.randn(2, 4)), x)


def test_stamps_are_the_sum_of_what_each_thing_shows_of_each_cell() -> None:
    torch.manual_seed(0)
    stamps = Stamps(kinds=5, rank=3)
    things = torch.tensor([[[11, 9, 2], [-5, 20, 4], [16, 16, 0]]])
    expected = torch.zeros(3, 6, 4)
    for x, y, kind in things[0, :2].tolist():
        for row in range(6):
            for column in range(4):
                right, down = column * PATCH - x + PATCH, row * PATCH - y + PATCH
                if 0 < right < len(stamps.across.weight) and 0 < down < len(stamps.down.weight):
                    piece = stamps.across.weight[right] * stamps.down.weight[down]
                    expected[:, row, column] += stamps.kind.weight[kind] * piece
    assert torch.allclose(stamps(things, 6, 4)[0], expected, atol=1e-5)


def test_weights_rounded_once_draw_what_autocast_draws() -> None:
    made = tiny.config()
    ring, noise = tiny.ring(made), tiny.noise(tiny.model(made))
    drawn: list[torch.Tensor] = []
    for network in (tiny.model(made), tiny.model(made)):
        if drawn:
            layers.round_weights(network.codec, torch.bfloat16)
            layers.round_weights(network.denoiser, torch.bfloat16)
        with torch.autocast("cpu", torch.bfloat16):
            drawn.append(network.step(ring, tiny.held(made), noise).newest)
    assert torch.equal(*drawn)
