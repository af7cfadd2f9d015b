"""Save states outlive the sitting: exact for their own cartridge, refused in one line for every other."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from dreamplay.checkpoint import Cartridge
from dreamplay.config import Config
from dreamplay.dream import Dream
from dreamplay.guard import Guard
from dreamplay.shelf import Arrays, Saved, Shelf
from dreamplay.slots import Slots
from dreamplay.world import World
from tests import contract, tiny
from tests.fakes import CounterWorld, Seen, read
from tests.patience import HANGS
from tests.test_dream import cartridge, dream

MADE = {"everything": tiny.config, "plain": tiny.plain}


def present(world: World, seed: int = 0, age: int = 0) -> Saved:
    """The present of a world."""
    state = world.save()
    return Saved(state, world.restore(state), seed, age, None)


def kept(folder: Path, world: World, slot: int = 0, seed: int = 0, age: int = 0) -> Path:
    """The file of a world's present."""
    shelf = Shelf(folder, world)  # type: ignore[arg-type]  # every world here lasts
    shelf.put(slot, present(world, seed, age))
    shelf.close()
    (path,) = folder.glob(f"*/slot-{slot + 1}.safetensors")
    return path


@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
@pytest.mark.parametrize("wrap", [lambda world: world, Guard], ids=["dream", "guarded"])
def test_a_state_goes_on_in_another_sitting_as_it_did(
    tmp_path: Path, made: Callable[[], Config], wrap: Callable[[Dream], World]
) -> None:
    world = wrap(dream(made()))
    shown = contract.play(world, 3)[-1]
    kept(tmp_path, world, seed=3, age=7)
    ahead = [world.step(buttons) for buttons in contract.BUTTONS]
    later = wrap(dream(made()))
    saved = Shelf(tmp_path, later).read(0)  # type: ignore[arg-type]  # a dream lasts
    assert saved is not None
    assert (saved.seed, saved.age) == (3, 7)
    assert np.array_equal(saved.frame, shown)
    assert np.array_equal(later.restore(saved.state), shown)
    assert contract.same([later.step(buttons) for buttons in contract.BUTTONS], ahead)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_any_moment_of_a_dream_can_be_kept(tmp_path: Path, made: Callable[[], Config]) -> None:
    world, chance = dream(made()), random.Random(0)
    world.reset(0)
    for _ in range(40):
        shown = world.step(chance.randrange(8))
        kept(tmp_path, world)
        saved = Shelf(tmp_path, world).read(0)
        assert saved is not None
        assert np.array_equal(saved.frame, shown)


def test_a_state_on_disk_is_data_of_a_few_names() -> None:
    assert set(dream().shapes) == {*tiny.ring(tiny.config()).tensors(), "noise"}


def test_a_cartridge_of_other_weights_has_other_states(tmp_path: Path) -> None:
    world, made = dream(), tiny.config()
    world.reset(0)
    path = kept(tmp_path, world)
    other = Dream(Cartridge(replace(made, license="other"), tiny.model(made), tiny.ring(made, 2)))
    shelf = Shelf(tmp_path, other)
    assert shelf.read(0) is None
    assert shelf.news() == ""
    other.reset(0)
    path.rename(kept(tmp_path, other, slot=1).with_name(path.name))
    assert shelf.read(0) is None
    assert shelf.news().startswith("Slot 1 left out: slot-1.safetensors: is of cartridge ")


def test_a_file_that_was_damaged_is_left_out_and_the_others_are_there(tmp_path: Path) -> None:
    world = CounterWorld()
    world.reset(0)
    for slot in range(3):
        path = kept(tmp_path, world, slot)
        world.step(1)
    path.write_bytes(path.read_bytes()[:-1])
    slots = Slots(tmp_path)
    slots.change(world)
    assert slots.news().startswith("Slot 3 left out: slot-3.safetensors: ")
    assert slots.news() == ""
    slots.turn(1, 0.0)
    strip = slots.strip(0.0)
    assert strip is not None
    assert [picture is not None for picture in strip.pictures] == [True, True, *[False] * 8]


def test_numbers_that_no_dream_has_are_refused(tmp_path: Path) -> None:
    world = Dream(cartridge())
    world.reset(0)
    path = kept(tmp_path, world)
    honest = load_file(path)
    for name, value in {"frames": 99, "things": 2**30, "age": -1, "noise": 255, "source": 7}.items():
        save_file({**honest, name: np.full_like(honest[name], value)}, path)
        shelf = Shelf(tmp_path, world)
        assert shelf.read(0) is None
        assert shelf.news()


def test_what_cannot_be_written_lasts_for_the_sitting_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "states").touch()
    world, slots = CounterWorld(), Slots(tmp_path / "states")
    world.reset(0)
    slots.change(world)
    slots.save(present(world), 0.0)
    slots.close()
    assert slots.news().startswith("Slot 1 lasts until you quit: cannot write ")
    assert slots.load(present(world), 0.0) is not None


def test_of_many_saves_the_last_one_stays(tmp_path: Path) -> None:
    class Slow(CounterWorld):
        """A world whose first state takes its time to be packed."""

        ready = threading.Event()

        def pack(self, state: Seen) -> Arrays:
            self.ready.wait(HANGS)
            return super().pack(state)

    world = Slow()
    world.reset(0)
    shelf = Shelf(tmp_path, world)
    for _ in range(50):
        world.step(0)
        shelf.put(0, present(world))
    world.ready.set()
    shelf.close()
    saved = shelf.read(0)
    assert saved is not None
    assert read(saved.frame).steps == 50
    assert [path.name for path in tmp_path.rglob("*.safetensors")] == ["slot-1.safetensors"]


class Real:
    """A world whose states cannot leave it."""

    def __init__(self) -> None:
        inner = CounterWorld()
        self.game, self.reset, self.step, self.save, self.restore = (
            inner.game, inner.reset, inner.step, inner.save, inner.restore,
        )  # fmt: skip


def test_a_world_that_cannot_last_keeps_its_states_for_the_sitting(tmp_path: Path) -> None:
    world, slots = Real(), Slots(tmp_path)
    world.reset(0)
    slots.change(world)
    slots.save(present(world), 0.0)
    slots.close()
    assert slots.load(present(world), 0.0) is not None
    assert list(tmp_path.iterdir()) == []
