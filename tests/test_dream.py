"""A dream is a world: repeatable, restorable, and it answers in the very next frame."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch._dynamo
import torch._inductor.config

from dreamplay import bench, checkpoint, trial
from dreamplay.checkpoint import Cartridge
from dreamplay.config import Config
from dreamplay.dream import Dream, load, schedule
from dreamplay.errors import CheckpointError, DeviceError, UnknownNameError, UsageError
from dreamplay.models.model import Moved
from dreamplay.world import World
from tests import contract, tiny
from tests.fakes import CounterWorld
from training import export


def cartridge(made: Config | None = None) -> Cartridge:
    """A cartridge of random weights with two starts."""
    made = made or tiny.config()
    return Cartridge(made, tiny.model(made), tiny.ring(made, 2))


def dream(made: Config | None = None) -> Dream:
    """A dream of random weights."""
    return Dream(cartridge(made))


WORLDS: dict[str, Callable[[], World]] = {
    "everything": dream,
    "plain": lambda: dream(tiny.plain()),
    "bfloat16": lambda: Dream(cartridge(), dtype=torch.bfloat16),
    "counter": CounterWorld,
}


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("make", WORLDS.values(), ids=WORLDS.keys())
def test_every_world_keeps_the_contract(make: Callable[[], World], clause: Callable[[World], None]) -> None:
    clause(make())


@pytest.mark.parametrize("button", range(3))
def test_each_input_is_seen_in_the_very_next_frame(button: int) -> None:
    world = dream(tiny.plain())
    world.reset(0)
    state = world.save()
    idle = world.step(0)
    world.restore(state)
    assert not np.array_equal(world.step(1 << button), idle)


def test_another_seed_is_another_dream() -> None:
    world = dream(tiny.plain())
    assert not np.array_equal(contract.play(world, 0)[-1], contract.play(world, 2)[-1])


def test_seeds_go_round_the_starts_and_nought_is_the_first() -> None:
    world = dream()
    frames = [world.reset(seed) for seed in range(3)]
    assert np.array_equal(frames[0], frames[2])
    assert not np.array_equal(frames[0], frames[1])


def test_a_start_that_was_chosen_is_every_seeds_start() -> None:
    world = Dream(cartridge(), start=1)
    assert np.array_equal(world.reset(0), dream().reset(1))


def test_a_dream_leaves_torchs_own_generator_alone() -> None:
    before = torch.get_rng_state()
    contract.play(dream())
    assert torch.equal(torch.get_rng_state(), before)


def test_the_age_counts_frames_and_is_restored() -> None:
    world = dream()
    contract.play(world, count=3)
    state = world.save()
    world.step(0)
    assert world.age == 4
    world.restore(state)
    assert world.age == 3


def test_steps_are_the_cartridges_own_and_can_be_changed_while_it_plays() -> None:
    world = dream()
    assert world.steps == 2
    first = contract.play(world)
    world.steps = 4
    assert not contract.same(contract.play(world), first)
    world.steps = 2
    assert contract.same(contract.play(world), first)


@pytest.mark.parametrize("steps", [0, 9, -1])
def test_impossible_numbers_of_steps_are_refused(steps: int) -> None:
    with pytest.raises(UsageError, match="sampler steps"):
        dream().steps = steps


def test_fewer_steps_are_the_cartridges_first_ones() -> None:
    assert schedule(tiny.config(), 1) == (2.0,)


def test_more_steps_fall_from_the_cartridges_first_level() -> None:
    levels = schedule(tiny.config(), 5)
    assert levels[0] == pytest.approx(2.0)
    assert levels[-1] == pytest.approx(tiny.DENOISER.sigma_data / 10)
    assert list(levels) == sorted(levels, reverse=True)


def test_an_unknown_pixel_of_a_start_does_not_break_the_picture() -> None:
    made = tiny.config()
    past = tiny.ring(made, 2)
    blank = replace(past, frames=torch.full_like(past.frames, len(tiny.PALETTE)))
    frame = Dream(Cartridge(made, tiny.model(made), blank)).reset(0)
    assert frame.shape == (32, 48, 3)


def test_a_dream_says_what_computes_it() -> None:
    world = dream()
    assert (world.device, world.dtype, world.backend, world.starts) == ("cpu", "float32", "traced", 2)


def test_its_eager_twin_goes_on_from_the_same_present_as_it_does() -> None:
    world = dream()
    world.reset(1)
    world.step(2)
    twin = world.eager()
    assert (twin.backend, twin.age) == ("eager", 1)
    for buttons in (2, 2, 5):
        assert np.array_equal(twin.step(buttons), world.step(buttons))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cartridge on disk."""
    directory = tmp_path_factory.mktemp("tiny")
    made = tiny.config()
    export.write(tiny.model(made), tiny.ring(made, 2), made, directory, dtype=torch.float32)
    return directory


def test_a_cartridge_is_opened_by_the_name_of_a_start(folder: Path) -> None:
    assert np.array_equal(load(folder, start="later").reset(0), dream().reset(1))


def test_a_start_a_dtype_and_a_device_that_do_not_exist_are_refused(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no start named 'end' \(found: start, later\)"):
        load(folder, start="end")
    with pytest.raises(UsageError, match="no dtype named 'int4'"):
        load(folder, dtype="int4")
    with pytest.raises(UnknownNameError, match="no device named 'abacus'"):
        load(folder, device="abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device here")
def test_a_missing_gpu_is_said_in_one_line(folder: Path) -> None:
    with pytest.raises(DeviceError, match="no device 'cuda' here"):
        load(folder, device="cuda")


def test_a_dream_is_held_against_the_frames_that_its_maker_saw(tmp_path: Path) -> None:
    seen = trial.golden(cartridge())
    world = dream()
    world.reset(0)
    for frame in seen:
        assert np.array_equal(np.array(tiny.PALETTE)[frame[..., 0]], world.step(4))
    tiny.write(tmp_path, seen)
    assert load(tmp_path, dtype="float32").news() == ""
    tiny.write(tmp_path, (seen + 1) % 4)
    assert load(tmp_path, dtype="float32").news().startswith("cpu draws other pictures in float32 than it should (0% ")


def test_golden_frames_of_another_size_are_refused(tmp_path: Path) -> None:
    tiny.write(tmp_path, trial.golden(cartridge()).repeat(2, 1, 1, 1))
    with pytest.raises(CheckpointError, match=r"tensor frames is \[2,32,48,1\], config says \[1,32,48,1\]"):
        load(tmp_path)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_present_of_a_gpu_goes_on_on_the_cpu() -> None:
    made = cartridge()
    there = Dream(Cartridge(made.config, tiny.model(made.config).cuda(), made.starts.to("cuda")), device="cuda")
    here = Dream(made)
    contract.play(there)
    shown = there.step(1)
    assert np.array_equal(here.restore(there.save()), shown)
    assert here.step(2).shape == shown.shape


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # torch's compiler, of torch's own modules
def test_a_compiled_dream_is_the_eager_one() -> None:
    """Fused sums round otherwise: features agree to 1e-3, and a pixel may differ where two colours are as likely."""
    made = tiny.config()
    eager, compiled = dream(made), dream(made)
    compiled.compile()
    assert compiled.backend == "compiled"
    contract.play(compiled, count=1)
    seen: list[tuple[Moved, torch.Tensor, torch.Tensor]] = []
    model, parts = eager.cartridge.model, compiled.cartridge.model.parts
    assert parts is not None

    def note(moved: Moved, coded: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append((moved, coded, noise))
        return model.imagine(moved, coded, noise)

    model.parts = replace(model.eager, imagine=note)
    model.step(tiny.ring(made), tiny.held(made), tiny.noise(model))
    with torch.no_grad():
        for one, other in zip(model.imagine(*seen[0]), parts.imagine(*seen[0]), strict=True):
            assert torch.allclose(one, other, atol=1e-3)
    off = [
        float((a.astype(int) != b).mean())
        for a, b in zip(contract.play(eager, count=1), contract.play(compiled, count=1), strict=True)
    ]
    assert max(off) < 0.01
    assert bench.operations(compiled, 0) > 0


def test_numbers_that_are_not_finite_are_noticed() -> None:
    world = dream()
    world.reset(0)
    world.step(0)
    assert world.finite
    world.cartridge.model.denoiser.phase.weight.data.fill_(float("nan"))
    world.step(0)
    assert not world.finite


def test_other_noise_is_another_dream() -> None:
    world = dream(tiny.plain())
    world.reset(0)
    state = world.save()
    first = world.step(0)
    world.restore(state)
    world.renew(99)
    assert not np.array_equal(world.step(0), first)


def test_the_pictures_are_the_starts() -> None:
    world = dream()
    assert np.array_equal(world.pictures[1], world.reset(1))


def test_out_of_memory_gives_up_bits_then_steps_then_says_so() -> None:
    world = dream()
    world.reset(0)
    shortages = [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()]
    model, move = world.cartridge.model, world.cartridge.model.move

    def short(*given: object) -> object:
        if shortages:
            raise shortages.pop()
        return move(*given)  # type: ignore[arg-type]

    model.move = short  # type: ignore[assignment, method-assign]  # as a device that is full
    assert world.step(0).shape == (32, 48, 3)
    assert (world.dtype, world.steps, world.age) == ("bfloat16", 1, 1)
    assert world.news() == "Out of memory: going on with 2 sampler steps in bfloat16 on cpu"
    assert "1 sampler steps" in world.news()
    shortages.append(MemoryError())
    with pytest.raises(DeviceError, match="close other programs"):
        world.step(0)


def test_an_error_of_another_kind_is_not_hidden() -> None:
    world = dream()
    world.reset(0)

    def broken(*given: object) -> object:
        raise RuntimeError("no kernel image")

    world.cartridge.model.imagine = broken  # type: ignore[assignment, method-assign]
    with pytest.raises(RuntimeError, match="no kernel image"):
        world.step(0)


def test_the_memory_that_a_cartridge_needs_is_that_of_its_tensors_twice() -> None:
    made = tiny.config()
    weights = sum(tensor.numel() for tensor in tiny.model(made).state_dict().values())
    patches = checkpoint.PIECES * 64
    assert weights * 8 + patches < trial.needed_memory(made) < weights * 8 + patches + 50_000


def test_bfloat16_draws_what_float32_draws() -> None:
    assert trial.agreement(cartridge(), device="cpu", dtype=torch.float32) == 1
    assert trial.agreement(cartridge(), device="cpu", dtype=torch.bfloat16) > trial.ENOUGH


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # torch's compiler, of torch's own modules
def test_a_dream_plays_on_while_it_is_compiled() -> None:
    world = dream()
    world.reset(0)
    for _ in range(3):
        world.step(0)  # records the graphs, which takes as long as many steps
    torch._dynamo.reset()
    frames = 0
    with torch._inductor.config.patch(force_disable_caches=True):  # what was compiled once would be there at once
        world.compile(wait=False)
        while world.backend == "traced":
            world.step(0)
            frames += 1
    assert frames > 3
    assert world.news() == "Compiled: frames come faster now"
    assert world.step(0).shape == (32, 48, 3)
