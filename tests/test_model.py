"""One step of the three networks: what is pasted, what is drawn, and what is left of it with everything off."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dreamplay.config import Config
from dreamplay.models.layers import from_patches, to_patches
from dreamplay.models.model import Model, Moved
from dreamplay.ring import Ring
from tests import tiny

BOTH = pytest.mark.parametrize("made", [tiny.config(), tiny.plain()], ids=["everything", "plain"])
UNKNOWN = len(tiny.PALETTE)


def scene(scroll: int = 0, batch: int = 1) -> tuple[Model, Moved, Tensor]:
    """A model, a scrolled past, and features to draw from."""
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made, batch)
    moved = model.move(ring, tiny.held(made, batch), tiny.going(ring, scroll))
    return model, moved, torch.randn(batch, 4, 6, 8, generator=torch.Generator().manual_seed(1))


def gates(*shape: int, value: float) -> Tensor:
    """The same logit everywhere."""
    return torch.full(shape or (1, 4, 6), value)


def step(model: Model, ring: Ring, seed: int = 0) -> Ring:
    """One frame with a button held."""
    batch = len(ring)
    return model.step(ring, tiny.held(model.config, batch), tiny.noise(model, batch, seed=seed))


def test_a_closed_gate_pastes_the_moved_frame_exactly() -> None:
    model, moved, features = scene()
    assert torch.equal(model.paint(moved, features, gates(value=-9)), moved.frames[:, -1])


def test_where_nothing_changes_nothing_is_drawn() -> None:
    model, moved, features = scene()
    known = replace(moved, frames=moved.frames.clamp(max=len(model.config.palette) - 1))
    asked: list[int] = []

    def pixels(moved: Moved, features: Tensor, wanted: Tensor) -> Tensor:
        asked.append(int(wanted.sum()))
        return model.pixels(moved, features, wanted)

    model.paint(known, features, gates(value=-9), pixels)
    assert not asked
    model.paint(known, features, gates(value=9), pixels)
    assert asked == [gates(value=9).numel()]


def test_an_open_gate_draws_every_pixel() -> None:
    model, moved, features = scene()
    drawn = model.pixels(moved, features, torch.ones(1, 4, 6, dtype=torch.bool)).reshape(1, 4, 6, -1)
    assert torch.equal(model.paint(moved, features, gates(value=9)), from_patches(drawn, 1))


def test_a_thing_changes_how_patches_are_drawn_where_it_is_alone() -> None:
    model, moved, features = scene()
    thing = torch.zeros_like(moved.things)
    thing[:, -1, 0, :3] = torch.tensor([8, 8, 2])
    nothing = replace(moved, things=torch.zeros_like(moved.things))
    everywhere = torch.ones(1, 4, 6, dtype=torch.bool)
    with_it, without = (model.draw(m, features, everywhere) for m in (replace(moved, things=thing), nothing))
    changed = (with_it != without).flatten(1).any(1).view(4, 6)
    assert changed[1:, 1:3].all()
    assert changed.sum() == 6


def test_one_open_patch_changes_that_patch_alone() -> None:
    model, moved, features = scene()
    gate = gates(value=-9)
    gate[0, 2, 3] = 9
    differs = to_patches(model.paint(moved, features, gate) != moved.frames[:, -1]).any(-1)
    assert differs.nonzero().tolist() == [[0, 2, 3]]


def test_unknown_pixels_are_drawn_however_the_gate_stands() -> None:
    model, moved, features = scene(scroll=3)
    before = moved.frames[:, -1]
    frame = model.paint(moved, features, gates(value=-9))
    assert (before == UNKNOWN).any()
    assert not (frame == UNKNOWN).any()
    assert torch.equal(frame[before != UNKNOWN], before[before != UNKNOWN])


def test_painting_some_patches_equals_painting_all_and_choosing() -> None:
    model, moved, features = scene(scroll=2, batch=3)
    gate = torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(2))
    before = to_patches(moved.frames[:, -1])
    drawn = model.pixels(moved, features, torch.ones(3, 4, 6, dtype=torch.bool)).reshape(before.shape)
    wanted = (gate.sigmoid() > 0.3)[..., None] | (before == UNKNOWN)
    dense = from_patches(torch.where(wanted, drawn, before), 1)
    assert torch.equal(model.paint(moved, features, gate), dense)


def test_painting_does_not_write_into_the_past() -> None:
    model, moved, features = scene(scroll=2)
    kept = moved.frames.clone()
    model.paint(moved, features, gates(value=9))
    assert torch.equal(moved.frames, kept)


@BOTH
def test_two_dreams_at_once_are_the_two_dreams_alone(made: Config) -> None:
    model, ring = tiny.model(made), tiny.ring(made, 2)
    noise, held = tiny.noise(model, 2), torch.eye(3)[:2]
    both = model.step(ring, held, noise)
    for i in range(2):
        alone = model.step(ring.select([i]), held[i : i + 1], noise[i : i + 1])
        off = (both.frames[i : i + 1].int() - alone.frames.int()).abs()
        assert int(off.max()) <= (0 if made.palette else 1)  # a rounding of the sum may turn a level of 255
        assert torch.equal(both.odometer[i : i + 1], alone.odometer)


@BOTH
def test_a_step_leaves_the_past_as_it_was(made: Config) -> None:
    model, ring = tiny.model(made), tiny.ring(made)
    kept = {name: tensor.clone() for name, tensor in ring.tensors().items()}
    step(model, ring)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in ring.tensors().items())


@BOTH
def test_a_step_forgets_the_oldest_frame_and_button(made: Config) -> None:
    model, ring = tiny.model(made), tiny.ring(made)
    after = step(model, ring)
    assert {name: tensor.shape for name, tensor in after.tensors().items()} == {
        name: tensor.shape for name, tensor in ring.tensors().items()
    }
    assert torch.equal(after.buttons[:, :-1], ring.buttons[:, 1:])
    assert torch.equal(after.buttons[:, -1], tiny.held(made))
    if after.scrolls[0, -1] == 0:
        oldest = int(made.denoiser.backdrop)  # it shows what was behind things
        assert torch.equal(after.frames[:, oldest:-1], ring.frames[:, oldest + 1 :])


def test_where_the_console_guides_the_hero_its_buttons_count_and_no_others() -> None:
    made = tiny.config()
    assert made.motion is not None
    model, ring = tiny.model(replace(made, motion=replace(made.motion, guided=((16, 32, 0b101),)))), tiny.ring(made, 4)
    after = step(model, replace(ring, odometer=torch.tensor([15, 16, 31, 32])))
    player, console = [0, 1, 0], [1, 0, 1]
    assert after.buttons[:, -1].tolist() == [player, console, console, player]


def test_with_everything_off_it_is_a_plain_latent_diffusion_of_the_next_frame() -> None:
    made = tiny.plain()
    model, ring = tiny.model(made), tiny.ring(made)
    held, noise = tiny.held(made), tiny.noise(model)
    with torch.no_grad():
        moved = model.move(ring, held, tiny.going(ring))
        _, told = model.observe(moved, model.coded(moved))
        x = noise * made.sigmas[0]
        for sigma, lower in ((2.0, 0.5), (0.5, 0.0)):
            clean, _ = model.denoiser.denoise(x, torch.tensor([sigma]), told)
            x = x + (lower - sigma) * (x - clean) / sigma  # Euler's step of dx/dsigma = (x - D) / sigma
        drawn = (model.codec.draw(model.codec.features(x).flatten(0, 2)).clamp(0, 1) * 255).round()
    frame = from_patches(drawn.reshape(1, 4, 6, -1), 3)
    assert torch.equal(moved.frames, ring.frames)
    assert (model.step(ring, held, noise).newest.float() - frame).abs().max() <= 1


def test_a_motion_head_may_look_back_less_far_than_the_buttons_go() -> None:
    made = replace(tiny.config(), motion=replace(tiny.MOTION, history=4))
    after = step(tiny.model(made), tiny.ring(made))
    assert after.buttons.shape[1] == 8


def test_a_scroll_carries_the_odometer_and_a_cut_sets_it() -> None:
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made)
    there = int(ring.odometer[0])
    for motion, odometer, scroll in ((0, there, 0), (3, there + 3, 3), (5, 0, 0), (6, 64, 0)):
        moved = model.move(ring, tiny.held(made), tiny.going(ring, motion))
        assert (int(moved.odometer[0]), int(moved.scrolls[0, -1])) == (odometer, scroll)


def test_an_unknown_odometer_stays_unknown() -> None:
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made).without_odometer(torch.tensor([True]))
    for motion in (0, 3, 6):
        assert int(model.move(ring, tiny.held(made), tiny.going(ring, motion)).odometer[0]) == -1


def test_clocks_go_on_and_wrap_around() -> None:
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made)
    before = int(ring.counters[0, 0])
    assert int(step(model, ring).counters[0, 0]) == (before + 2) % 16


def test_frames_without_the_hero_are_counted_until_the_scene_changes() -> None:
    made = tiny.config()
    model, ring = tiny.model(made), tiny.ring(made)
    for kind, expected in ((-1, 1), (-1, 2), (0, 1), (0, 2), (-1, 1), (1, 0)):
        things = ring.things[:, -1].clone()
        things[:, 0, 2] = kind
        moved = model.move(ring, tiny.held(made), replace(tiny.going(ring), things=things))
        assert int(moved.absent[0]) == expected
        ring = model.push(ring, moved, moved.frames[:, -1])
        assert int(ring.absent[0]) == expected


def test_motion_is_foreseen_in_all_bits_whatever_the_pictures_are_drawn_in() -> None:
    made, seen = tiny.config(), list[torch.dtype]()
    network = tiny.model(made)
    assert network.motion is not None
    network.motion.register_forward_hook(lambda head, given, outlook: seen.append(outlook.scroll.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network.foresee(tiny.ring(made), tiny.held(made))
    assert seen == [torch.float32]


def test_while_the_scene_changes_no_pixel_of_the_old_one_is_kept() -> None:
    made = tiny.config()
    model = tiny.model(made)
    assert model.denoiser.sprites is not None
    list(model.denoiser.sprites.blend.parameters())[-1].data[-2] = 1e6  # the bias that keeps what was there
    for kind, low, high in ((1, 1.0, 1.0), (-1, 0.0, 0.6)):
        ring = tiny.ring(made)
        after = tiny.going(ring)
        after.things[:, 0, 2] = kind
        moved = model.move(ring, tiny.held(made), after)
        wanted = torch.ones(1, *model.noise_shape[1:], dtype=torch.bool)
        drawn = model.pixels(moved, torch.randn(*wanted.shape, made.codec.width), wanted)
        same = (drawn == to_patches(moved.frames[:, -1])[wanted]).float().mean()
        assert low <= float(same) <= high
