"""What a castle holds is told as the console has it, and drawn where that says."""

import numpy as np
import pytest

from dreamplay.emulator.mario import MarioWorld
from dreamplay.emulator.things import tell
from dreamplay.games.mario import GAME
from dreamplay.models.sprites import pieces
from tests.test_things import IN_LEVEL, play
from training import recipe

pytestmark = pytest.mark.emulator

RIGHT, LEFT, A, B = (GAME.chord(name) for name in ("right", "left", "a", "b"))


def castle() -> MarioWorld:
    """Mario between the first two fire bars of stage 1-4."""
    world = MarioWorld("1-4")
    world.reset(0)
    run, hop = RIGHT | B, RIGHT | A | B
    play(world, [0] * 4 + [run] * 12 + [RIGHT] + [RIGHT | A] * 14 + [RIGHT] * 9 + [run] + [hop] * 10 + [run] * 10)
    play(world, [hop] * 2 + [run] * 4 + [RIGHT] + [RIGHT | A] * 7 + [RIGHT] * 9)
    return world


def test_the_balls_of_a_fire_bar_are_drawn_where_its_arm_points() -> None:
    look = next(look for look in recipe.load("mario").denoiser_net.looks if look.arm)
    world, red, right, turned = castle(), (248, 56, 0), list[bool](), list[int]()
    for held in [LEFT | A] * 12 + [0] * 60:
        before, frame = world.probe(), world.step(held)
        bar = {name: world.probe()[f"thing1_{name}"] for name in ("kind", "x", "y", "pull", "low")}
        assert bar["kind"] in look.kinds
        turned.append((16 * (bar["pull"] - before["thing1_pull"]) + bar["low"] - before["thing1_low"]) % 512)
        for across, down in pieces(look)[bar["pull"]]:
            x, y = bar["x"] - world.probe()["camera"] + across, bar["y"] + down
            right.append(bool((frame[y : y + 8, x : x + 8] == red).all(-1).sum() > 15))
    world.close()
    assert set(turned) == {512 - 6}
    assert len(right) == 6 * len(turned)
    assert all(right)


def test_both_halves_of_bowser_go_together_and_are_told_apart() -> None:
    ram = np.zeros(0x800, np.uint8)
    front, back = 3, 1
    for slot, x, y in ((front, 80, 100), (back, 96, 108)):
        ram[[0x0F + slot, 0x16 + slot, 0x46 + slot, 0x87 + slot, 0xCF + slot, 0xB6 + slot]] = 1, 0x2D, 2, x, y, 1
    ram[0x368], ram[0xA0 + front], ram[0xA0 + back] = front, 254, 7  # the front jumps, the back holds what it held
    told = tell(ram, IN_LEVEL)
    assert [told[f"thing{slot + 1}_speed_y"] for slot in (front, back)] == [-32, -32]
    kinds = {(told["thing4_kind"], told["thing2_kind"])}
    for ram[0x363] in (0x01, 0x80, 0x81):  # feet, mouth
        kinds.add((tell(ram, IN_LEVEL)["thing4_kind"], tell(ram, IN_LEVEL)["thing2_kind"]))
    ram[[0x46 + front, 0x46 + back]] = 1
    kinds.add((tell(ram, IN_LEVEL)["thing4_kind"], tell(ram, IN_LEVEL)["thing2_kind"]))
    assert len(kinds) == 5
    assert len({kind for pair in kinds for kind in pair}) == 6


def test_bowser_s_flame_goes_to_its_height_and_stays_there() -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[[0x0F, 0x16, 0x87, 0xB6]] = 1, 0x15, 200, 1
    went = []
    for ram[0xCF] in (0x7F, 0x80, 0x84):
        ram[0x417] = 1  # which height
        told = tell(ram, IN_LEVEL)
        went.append((told["thing1_speed_x"], told["thing1_speed_y"]))
    assert went == [(-23, 16), (-23, 0), (-23, -16)]


def test_what_is_said_at_the_end_of_a_world_has_a_number_of_its_own() -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[[0x0F, 0x16, 0x87, 0xCF, 0xB6]] = 1, 0x35, 160, 100, 1
    end = IN_LEVEL | {"mode": 2}
    kinds = []
    for task, ram[0x719] in ((2, 0), (3, 0), (3, 1), (3, 2), (4, 4)):
        told = tell(ram, end | {"task": task})
        assert told["thing0_kind"] > 0  # Mario is there
        kinds.append(told["thing1_kind"])
    assert kinds == [54, 182, 182, 55, 55]
