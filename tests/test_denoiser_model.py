"""The denoiser against closed forms of EDM (Karras et al. 2022, arXiv 2206.00364), and what it must listen to."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from dreamplay.models.denoiser import BUTTON_STEPS, Denoiser, Scene
from dreamplay.models.model import Model
from dreamplay.ring import THING, Ring
from tests import tiny

DATA = tiny.DENOISER.sigma_data
SHAPE = (4096, 3, 2, 2)


class Silent(nn.Module):
    """A backbone that says nothing."""

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Zeros for 3 channels and the gate."""
        return x.new_zeros(len(x), 4, *x.shape[2:])


class Ideal(nn.Module):
    """The backbone of a data set that is one point: what EDM's preconditioning turns into exactly that point."""

    def __init__(self, denoiser: Denoiser, point: Tensor) -> None:
        super().__init__()
        self.point, self._denoiser, self.sigma = point, [denoiser], 1.0

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(point - c_skip x) / c_out, and a gate of zeros."""
        c_in, c_skip, c_out = self._denoiser[0].preconditioning(torch.tensor([self.sigma]))
        raw = (self.point - c_skip * x[:, :3] / c_in) / c_out
        return torch.cat([raw, torch.zeros_like(raw[:, :1])], 1)


def denoiser() -> Denoiser:
    """A denoiser of random weights."""
    return tiny.model(tiny.config()).denoiser


def nothing(batch: int) -> Scene:
    """A scene that says nothing."""
    return Scene(torch.zeros(batch, 0, 2, 2), torch.zeros(batch, 16))


@pytest.mark.parametrize("sigma", [0.002, 0.5, 4.0, 80.0])
def test_preconditioning_is_that_of_table_1(sigma: float) -> None:
    c_in, c_skip, c_out = (float(c) for c in denoiser().preconditioning(torch.tensor([sigma])))
    assert c_in == pytest.approx((sigma**2 + DATA**2) ** -0.5)
    assert c_skip == pytest.approx(DATA**2 / (sigma**2 + DATA**2))
    assert c_out == pytest.approx(sigma * DATA / (sigma**2 + DATA**2) ** 0.5)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 4.0])
def test_a_backbone_that_says_nothing_has_loss_one_at_every_noise_level(sigma: float) -> None:
    torch.manual_seed(0)
    network = denoiser()
    network.backbone = Silent()
    clean = DATA * torch.randn(SHAPE)
    x, level = clean + sigma * torch.randn(SHAPE), torch.full((len(clean),), sigma)
    raw, _ = network(x, level, nothing(len(clean)))
    _, c_skip, c_out = network.preconditioning(level)
    loss = (raw - (clean - c_skip * x) / c_out).square().mean()
    assert float(loss) == pytest.approx(1, abs=0.03)


def test_the_weighted_loss_is_the_plain_one_divided_by_c_out() -> None:
    torch.manual_seed(0)
    network = denoiser()
    network.backbone = Silent()
    x, level, clean = torch.randn(SHAPE), torch.rand(SHAPE[0]) + 0.1, torch.randn(SHAPE)
    denoised, _ = network.denoise(x, level, nothing(len(x)))
    _, c_skip, c_out = network.preconditioning(level)
    assert torch.allclose((denoised - clean) / c_out, -(clean - c_skip * x) / c_out, atol=1e-4)


@pytest.mark.parametrize("sigmas", [(4.0,), (4.0, 1.0, 0.2)])
def test_an_ideal_denoiser_samples_its_data_point(sigmas: tuple[float, ...]) -> None:
    network, point = denoiser(), torch.randn(1, 3, 2, 2)
    ideal = Ideal(network, point)
    network.backbone = ideal
    levels = iter(sigmas)
    network.backbone.register_forward_pre_hook(lambda *_: setattr(ideal, "sigma", next(levels)))
    sample, _ = network.sample(torch.randn(1, 3, 2, 2), sigmas, nothing(1))
    assert torch.allclose(sample, point, atol=1e-5)


def test_one_step_from_zero_noise_is_one_call_of_the_denoiser() -> None:
    model, scene = scenery()
    x = torch.zeros(1, *model.noise_shape)
    sample, gate = model.denoiser.sample(x, (2.0,), scene)
    clean, same = model.denoiser.denoise(x, torch.tensor([2.0]), scene)
    assert torch.allclose(sample, clean)
    assert torch.equal(gate, same)


def scenery(**changes: Tensor) -> tuple[Model, Scene]:
    """A model, and what it is told of a past with some of its fields changed."""
    made = tiny.config()
    model = tiny.model(made)
    past: Ring = replace(tiny.ring(made), **changes)
    moved = model.move(past, tiny.held(made), tiny.going(past))
    return model, model.observe(moved, model.coded(moved))[1]


def says(**changes: Tensor) -> Tensor:
    """What the network says of such a past."""
    model, scene = scenery(**changes)
    noise = tiny.noise(model)
    with torch.no_grad():
        raw, _ = model.denoiser(noise, torch.tensor([1.0]), scene)
    return raw


@pytest.mark.parametrize("age", range(3))
def test_every_frame_of_the_past_changes_the_output(age: int) -> None:
    frames = tiny.ring(tiny.config()).frames
    changed = frames.clone()
    changed[:, age] = (changed[:, age] + 1) % len(tiny.PALETTE)
    assert not torch.equal(says(frames=frames), says(frames=changed))


@pytest.mark.parametrize("step", range(BUTTON_STEPS))
@pytest.mark.parametrize("button", range(3))
def test_every_button_of_every_past_step_changes_the_output(step: int, button: int) -> None:
    buttons = tiny.ring(tiny.config()).buttons
    changed = buttons.clone()
    changed[:, step, button] = 1 - changed[:, step, button]
    assert not torch.equal(says(buttons=buttons), says(buttons=changed))


def test_two_buttons_that_change_places_in_the_past_change_the_output() -> None:
    buttons = torch.zeros(1, 8, 3)
    buttons[:, 2, 0] = buttons[:, 5, 1] = 1
    swapped = buttons.clone()
    swapped[:, 2], swapped[:, 5] = buttons[:, 5], buttons[:, 2]
    assert not torch.equal(says(buttons=buttons), says(buttons=swapped))


@pytest.mark.parametrize("button", range(3))
def test_each_button_held_now_changes_the_output(button: int) -> None:
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made)
    outputs = []
    for held in (torch.zeros(1, 3), torch.eye(3)[button][None]):
        moved = model.move(ring, held, tiny.going(ring))
        _, scene = model.observe(moved, model.coded(moved))
        outputs.append(model.denoiser(tiny.noise(model), torch.tensor([1.0]), scene)[0])
    assert not torch.equal(*outputs)


@pytest.mark.parametrize("name", ["scrolls", "things", "odometer", "counters"])
def test_camera_hero_and_clocks_change_the_output(name: str) -> None:
    value = tiny.ring(tiny.config()).tensors()[name]
    assert not torch.equal(says(**{name: value}), says(**{name: (value + 1).clamp(max=5)}))


def test_the_noise_level_changes_the_output() -> None:
    model, scene = scenery()
    noise = tiny.noise(model)
    low, high = (model.denoiser(noise, torch.tensor([s]), scene)[0] for s in (0.5, 2.0))
    assert not torch.equal(low, high)


def level(odometer: int) -> Tensor:
    """What the denoiser is told of the level there, (1, 4, H, W): two columns of a map of two channels."""
    _, scene = scenery(odometer=torch.tensor([odometer]))
    return scene.features[:, -8:-4]


def test_the_map_is_read_where_the_camera_is() -> None:
    assert torch.equal(level(16)[..., 1:], level(24)[..., :-1])
    assert not torch.equal(level(16), level(24))


def test_where_the_camera_is_unknown_the_map_is_the_same_everywhere() -> None:
    unknown = level(-1)
    assert torch.equal(unknown[..., :1].expand_as(unknown), unknown)


def stamped(*things: tuple[int, int, int]) -> Tensor:
    """What the denoiser is told of things to come beside a hero who is away, (1, 4, H, W)."""
    past = torch.zeros(1, 8, 3, len(THING), dtype=torch.int64)
    for i, thing in enumerate(things):
        past[0, -1, i + 1, :3] = torch.tensor(thing)
    _, scene = scenery(things=past, counters=torch.tensor([[0, 0]]))
    return scene.features[:, -4:]


def test_a_thing_is_told_of_in_the_cells_that_it_covers() -> None:
    nothing, thing = stamped(), stamped((17, 8, 2))
    rows, columns = (nothing != thing)[0].any(0).nonzero().T
    assert set(columns.tolist()) == {2, 3, 4}
    assert rows.min() == 1


def test_a_thing_is_told_of_to_the_pixel_and_by_its_kind() -> None:
    assert not torch.equal(stamped((17, 8, 2)), stamped((18, 8, 2)))
    assert not torch.equal(stamped((17, 8, 2)), stamped((17, 9, 2)))
    assert not torch.equal(stamped((17, 8, 2)), stamped((17, 8, 3)))
    assert torch.equal(stamped((17, 8, 0)), stamped())
    assert torch.equal(stamped((17, 8, 2), (0, 24, 1)), stamped((0, 24, 1), (17, 8, 2)))


def test_the_digits_of_a_clock_are_told_of_where_they_are_shown() -> None:
    features = [scenery(counters=torch.tensor([[0, value]]))[1].features[:, -4:] for value in (12, 13, 22)]
    ones, tens = ((features[0] != other)[0].any(0).nonzero().tolist() for other in features[1:])
    assert min(column for _, column in ones) == 3
    assert min(column for _, column in tens) == 2


def test_no_clock_is_seen_while_the_scene_changes() -> None:
    things = torch.zeros(1, 8, 3, len(THING), dtype=torch.int64)
    seen = []
    for kind in (1, -1):
        things[0, -1, 0, 2] = kind
        both = [scenery(things=things, counters=torch.tensor([[n, n]]))[1].condition for n in (0, 1)]
        seen.append(torch.equal(*both))
    assert seen == [False, True]
