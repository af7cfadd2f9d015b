"""Every recipe and every backbone is a promise: found by its name, sound, and small enough to play."""

import pytest
import torch

from dreamplay import config as configs
from dreamplay.checkpoint import packed_weights
from dreamplay.config import backbones
from dreamplay.errors import UnknownNameError
from dreamplay.models import backbones as networks
from dreamplay.models.model import Model
from training import assets, chain, recipe

LARGEST = 16e6
"""Bytes of a cartridge."""


@pytest.mark.parametrize("name", recipe.names())
def test_a_recipe_bears_the_name_of_its_module(name: str) -> None:
    assert recipe.load(name).name == name


@pytest.mark.parametrize("name", recipe.names())
def test_the_config_of_a_recipe_is_read_back_as_it_was_written(name: str) -> None:
    config = assets.blank_config(recipe.load(name))
    assert configs.read(configs.write(config)) == config


@pytest.mark.parametrize("name", recipe.names())
def test_the_networks_of_a_recipe_fit_into_a_cartridge(name: str) -> None:
    with torch.device("meta"):
        model = Model(assets.blank_config(recipe.load(name)))
    kept = packed_weights(model, torch.float16).values()
    assert sum(tensor.numel() * tensor.element_size() for tensor in kept) < LARGEST


@pytest.mark.parametrize("name", recipe.names())
def test_a_recipe_is_collected_trained_exported_and_evaluated(name: str) -> None:
    known = recipe.load(name)
    words = [stage.words[0] for stage in chain.stages(known, chain.Options(name))]
    trained = ["codec", *(["motion"] if known.motion_net else []), "denoiser"]
    assert words == ["collect", "collect", "render", "render", *trained, "export", "evaluate", "export"]


def test_an_unknown_recipe_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"no recipe named 'zelda' \(found: mario"):
        recipe.load("zelda")


@pytest.mark.parametrize("name", backbones())
def test_a_backbone_keeps_the_resolution_whatever_it_is(name: str) -> None:
    network = networks.build(name, inputs=5, outputs=3, widths=(8, 16), blocks=1, embedding=4)
    assert network(torch.randn(2, 5, 6, 10), torch.randn(2, 4)).shape == (2, 3, 6, 10)


@pytest.mark.parametrize("name", backbones())
def test_gradients_reach_every_parameter_of_a_backbone(name: str) -> None:
    network = networks.build(name, inputs=5, outputs=3, widths=(8, 16), blocks=1, embedding=4)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    network(torch.randn(2, 5, 6, 10), torch.randn(2, 4)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize("name", backbones())
def test_the_condition_changes_what_a_backbone_says(name: str) -> None:
    network = networks.build(name, inputs=5, outputs=3, widths=(8, 16), blocks=1, embedding=4)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x = torch.randn(1, 5, 6, 10)
    assert not torch.equal(network(x, torch.zeros(1, 4)), network(x, torch.ones(1, 4)))
