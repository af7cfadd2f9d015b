"""Packed weights give the same numbers, and leave nothing behind."""

import pytest
import torch
from torch import Tensor, nn

from dreamplay.models import packed as packing
from dreamplay.models.packed import packed


def network() -> nn.Sequential:
    """Convolutions of several kinds and a linear map."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(16, 16, 3, stride=2, padding=1), nn.Conv2d(16, 8, 1)]
    return nn.Sequential(*layers, nn.Flatten(2), nn.Linear(12, 5)).eval().requires_grad_(False)


def seen(*shape: int) -> Tensor:
    """What the network is shown."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1)).to(memory_format=torch.channels_last)


@pytest.mark.parametrize(("lower", "off"), [(False, 1e-5), (True, 1e-2)], ids=["float32", "bfloat16"])
def test_packed_weights_give_the_same_numbers(lower: bool, off: float) -> None:
    net, x = network(), seen(1, 8, 6, 8)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=lower):
        expected = net(x)
        with packed(net, lambda: net(x)):
            assert [hasattr(layer, "packed") for layer in net] == [True, True, True, False, True]
            assert torch.allclose(net(x), expected, atol=off)
            wide = net(seen(3, 8, 6, 8))  # packed for another shape
        assert torch.allclose(wide, net(seen(3, 8, 6, 8)), atol=off)


def test_nothing_is_left_of_packed_weights() -> None:
    net, x = network(), seen(1, 8, 6, 8)
    before = net(x)
    with pytest.raises(KeyError), packed(net, lambda: net(x)):
        raise KeyError
    for layer in net:
        layer.requires_grad_(False)
        assert "forward" not in vars(layer)
        assert not hasattr(layer, "packed")
        assert not layer._forward_pre_hooks
    assert torch.equal(net(x), before)


def test_where_weights_cannot_be_packed_layers_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Tensor:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(packing, "_kernels", lambda: (fail, fail))
    net, x = network(), seen(1, 8, 6, 8)
    with packed(net, lambda: net(x)):
        assert not any("forward" in vars(layer) for layer in net)
        assert net(x).shape == (1, 8, 5)
