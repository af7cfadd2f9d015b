"""The codec keeps its shapes, draws each patch by itself, and is told what a pixel is."""

import pytest
import torch

from dreamplay.config import Config
from dreamplay.models.codec import Codec
from tests import tiny

BOTH = pytest.mark.parametrize("made", [tiny.config(), tiny.plain()], ids=["palette", "rgb"])


def codec(made: Config) -> Codec:
    """A codec of random weights."""
    return tiny.model(made).codec


@BOTH
def test_a_latent_is_an_eighth_of_the_frame(made: Config) -> None:
    latents = codec(made).encode(tiny.ring(made, 2).newest)
    assert latents.shape == (2, 3, 4, 6)


@BOTH
def test_drawn_pixels_are_what_a_frame_holds(made: Config) -> None:
    network = codec(made)
    pixels = network.pixels(network.features(torch.randn(2, 3, 4, 6)).flatten(0, 2))
    assert pixels.dtype == torch.uint8
    assert pixels.shape == (48, 64 * network.planes)
    assert not made.palette or pixels.max() < len(made.palette)


@BOTH
def test_one_patch_is_drawn_as_it_is_among_others(made: Config) -> None:
    network = codec(made)
    features = network.features(torch.randn(1, 3, 4, 6)).flatten(0, 2)
    assert torch.equal(network.pixels(features)[5:7], network.pixels(features[5:7]))


@BOTH
def test_in_training_latents_have_zero_mean_and_unit_variance(made: Config) -> None:
    latents = codec(made).train().encode(tiny.ring(made, 8).newest)
    assert torch.allclose(latents.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(latents.var((0, 2, 3), unbiased=False), torch.ones(3), atol=1e-2)


def test_a_drawn_colour_is_the_likeliest_one() -> None:
    network = codec(tiny.config())
    features = torch.randn(3, 8)
    assert torch.equal(network.pixels(features).long(), network.draw(features).softmax(-1).argmax(-1))


def test_an_unknown_pixel_is_not_taken_for_black() -> None:
    network, frame = codec(tiny.config()), torch.zeros(1, 32, 48, 1, dtype=torch.uint8)
    unknown = torch.full_like(frame, len(tiny.PALETTE))
    assert not torch.allclose(network.encode(frame), network.encode(unknown))


@BOTH
def test_gradients_reach_every_parameter(made: Config) -> None:
    network = codec(made).train().requires_grad_(True)
    latents = network.encode(tiny.ring(made, 2).newest)
    loss = network.draw(network.features(latents).flatten(0, 2)).square().sum()
    torch.autograd.backward(loss)
    assert all(parameter.grad is not None for parameter in network.parameters())
