"""A recorded step does what the model does, wherever the dream goes."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dreamplay.config import Config
from dreamplay.models.model import TOGETHER, Model
from dreamplay.models.traced import Traced
from dreamplay.ring import Ring
from tests import tiny

BOTH = pytest.mark.parametrize("made", [tiny.config(), tiny.plain()], ids=["everything", "plain"])


def dreamed(model: Model, made: Config, *, frames: int, lower: bool) -> list[Ring]:
    """Rings of a dream in which the buttons change."""
    ring, rings = tiny.ring(made), []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=lower):
        for n in range(frames):
            held = torch.eye(len(made.game.buttons))[n // 3 % len(made.game.buttons)][None]
            ring = model.step(ring, held, tiny.noise(model, seed=n))
            rings.append(ring)
    return rings


@BOTH
@pytest.mark.parametrize("lower", [False, True], ids=["float32", "bfloat16"])
def test_a_recorded_dream_is_the_eager_one(made: Config, lower: bool) -> None:
    model = tiny.model(made)
    expected = dreamed(model, made, frames=12, lower=lower)
    model.parts = Traced(model).parts
    for one, other in zip(dreamed(model, made, frames=12, lower=lower), expected, strict=True):
        for name, tensor in one.tensors().items():
            assert torch.equal(tensor, other.tensors()[name]), name


def test_how_many_patches_are_drawn_is_not_recorded() -> None:
    made = tiny.config()
    model = tiny.model(made)
    traced, ring = Traced(model), tiny.ring(made)
    moved = model.move(ring, tiny.held(made), tiny.going(ring))
    features, gate = model.imagine(moved, model.coded(moved), tiny.noise(model))
    for share in (0.2, 0.9, 0.0):
        wanted = torch.rand(gate.shape, generator=torch.Generator().manual_seed(1)) < share
        assert torch.equal(traced.pixels(moved, features, wanted), model.pixels(moved, features, wanted))


def test_kernels_for_the_usual_numbers_of_patches_are_there_after_the_first_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = tiny.config()
    model = tiny.model(made)
    traced, ring = Traced(model), tiny.ring(made)
    moved = model.move(ring, tiny.held(made), tiny.going(ring))
    features, wanted = torch.zeros(1, 30, 32, 8), torch.zeros(1, 30, 32, dtype=torch.bool)
    drawn: list[int] = []
    monkeypatch.setattr(traced, "_run", lambda key, part, features, wanted, *_: drawn.append(int(wanted.sum())))
    traced.pixels(moved, features, wanted)
    assert {TOGETHER, 2 * TOGETHER, 3 * TOGETHER, 4 * TOGETHER, 960} <= set(drawn)


def test_another_number_of_sampler_steps_is_recorded_anew() -> None:
    made = tiny.config()
    model = tiny.model(made)
    traced, ring = Traced(model), tiny.ring(made)
    moved = model.move(ring, tiny.held(made), tiny.going(ring))
    shown: list[Tensor] = []
    for sigmas in ((2.0,), (2.0, 0.5), (2.0,)):
        model.sigmas = sigmas
        features, gate = traced.imagine(moved, model.coded(moved), tiny.noise(model))
        expected = model.imagine(moved, model.coded(moved), tiny.noise(model))
        for one, other in zip((features, gate), expected, strict=True):
            assert torch.allclose(one, other, atol=1e-5)  # a packed convolution may add in another order
        shown.append(features)
    assert torch.equal(shown[0], shown[2])
    assert not torch.equal(shown[0], shown[1])


def test_new_weights_are_seen_by_what_is_recorded() -> None:
    made = tiny.config()
    model = tiny.model(made)
    traced, ring = Traced(model), tiny.ring(made)
    before = traced.foresee(ring, tiny.held(made))
    head = model.motion
    assert head is not None
    head.scroll[-1].bias.data = replace(before).motion.new_zeros(head.classes).float()
    head.scroll[-1].bias.data[(before.motion + 1) % 3] = 1e4
    assert not torch.equal(traced.foresee(ring, tiny.held(made)).motion, before.motion)


def test_where_torch_cannot_record_the_model_is_asked_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **rest: object) -> None:
        raise AttributeError("object has no attribute '__annotations__'")

    made = tiny.config()
    model = tiny.model(made)
    expected = dreamed(model, made, frames=3, lower=True)
    traced = Traced(model)
    model.parts = traced.parts
    assert traced.works
    monkeypatch.setattr(torch.jit, "trace", refuse)
    for one, other in zip(dreamed(model, made, frames=3, lower=True), expected, strict=True):
        assert torch.equal(one.frames, other.frames)
    assert not traced.works


def test_a_full_memory_is_not_taken_for_a_torch_that_cannot_record(monkeypatch: pytest.MonkeyPatch) -> None:
    made = tiny.config()
    model = tiny.model(made)

    def full(*given: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(model, "foresee", full)
    with pytest.raises(torch.OutOfMemoryError):
        Traced(model).foresee(tiny.ring(made), tiny.held(made))
