from pathlib import Path

import numpy as np
import pytest

from dreamplay import checkpoint, movie
from dreamplay.emulator.mario import MarioWorld
from dreamplay.emulator.things import tell
from dreamplay.games.mario import GAME
from training import recipe

pytestmark = pytest.mark.emulator

MOVIES = Path("training/movies/mario/heldout")
FLAG = 49
RIGHT, DOWN, A, B = (GAME.chord(name) for name in ("right", "down", "a", "b"))
PLACE = dict.fromkeys(("screen_off", "power", "camera", "x", "y"), 0)
IN_LEVEL = {"player_state": 8, "mode": 1, "task": 3, "y_viewport": 1, **PLACE}


@pytest.fixture(scope="module")
def shared() -> MarioWorld:
    return MarioWorld("1-1")


@pytest.fixture
def world(shared: MarioWorld) -> MarioWorld:
    shared.reset(0)
    return shared


def play(world: MarioWorld, buttons: list[int]) -> None:
    for held in buttons:
        world.advance(held)


def test_a_hit_block_bounces_while_its_coin_jumps_and_becomes_points(world: MarioWorld) -> None:
    shown = []
    for held in [RIGHT] * 60 + [0] * 12 + [A] * 16 + [0] * 50:
        world.step(held)
        probe = world.probe()
        shown.append([bool(probe[f"thing{i}_kind"]) for i in (7, 8, 9)])
        if probe["thing9_kind"]:
            points = probe
    block, other, coin = np.array(shown).T
    assert 4 < block.sum() < 9  # frames
    assert not other.any()
    assert 30 < coin.sum() < 50
    assert block.argmax() == coin.argmax()
    assert abs(points["thing9_x"] - points["camera"] - 120) < 60  # over the block
    assert not np.array(shown)[-1].any()


def test_points_rise_over_what_was_stomped(world: MarioWorld) -> None:
    heights, scores = [], []
    for held in [RIGHT] * 54 + [RIGHT | A] * 16 + [0] * 50:
        world.step(held)
        probe = world.probe()
        if probe["thing10_kind"]:
            heights.append(probe["thing10_y"])
            scores.append(probe["score"])
    assert len(heights) > 10
    assert set(np.diff(heights)) == {-2}
    assert (scores[0], scores[-1]) == (0, 100)


def test_points_are_told_where_they_are_drawn(world: MarioWorld) -> None:
    seen = 0
    for held in [RIGHT] * 54 + [RIGHT | A] * 16 + [0] * 30:
        world.step(held)
        probe = world.probe()
        if probe["thing10_kind"]:
            x, y = probe["thing10_x"] - probe["camera"], probe["thing10_y"]
            white = world.frame.min(2) > 240
            rows, columns = white[y - 4 : y + 12, x - 4 : x + 20].nonzero()
            assert set(rows - 4) == set(range(1, 9))  # the console draws all sprites one row lower
            assert set(columns - 4) <= set(range(16))
            seen += 1
    assert seen > 10


def test_fireworks_are_told_where_they_are_drawn_and_how_large() -> None:
    played = movie.read(MOVIES.parent / "heldout" / "mario-1-1..1-1-1001-00000.movie")
    world = MarioWorld(played.header.start)
    first = played.header.skip + 25
    world.seek(played.header.seed, played.buttons[:first])
    heights: dict[int, set[int]] = {}
    for held in played.buttons[first : first + 100]:
        world.advance(held)
        probe = world.probe()
        for i in (n for n in range(1, 7) if probe[f"thing{n}_kind"] % 64 == 23):
            x, y = probe[f"thing{i}_x"] - probe["camera"], probe[f"thing{i}_y"]
            around = world.frame[y - 4 : y + 20, x - 4 : x + 20]
            rows, columns = (around != around[0, 0]).any(2).nonzero()  # before the sky
            assert set(rows - 4) | set(columns - 4) <= set(range(17))
            heights.setdefault(probe[f"thing{i}_kind"], set()).add(len(set(rows)))
    assert heights == {23: {8}, 87: {14}, 151: {16}}


def test_what_decides_marios_next_step_is_told() -> None:
    ram = np.zeros(0x800, np.uint8)
    known = {
        0x700: 40,
        0x705: 0x80,
        0x781: 4,
        0x1D: 1,
        0x709: 0x90,
        0x70A: 0x90,
        0x490: 255,
        0x703: 1,
        0x45: 2,
        0x783: 9,
    }
    for address, value in known.items():
        ram[address] = value
    mario = tell(ram, IN_LEVEL)
    assert mario["thing0_force"] == 2 * 16 + 10  # half a unit of speed, and the speed before a wall
    assert mario["thing0_beat"] == 8 + 4  # jumps, and keeps his pose for four console frames
    assert mario["thing0_pull"] == 16 + 9  # falls as fast with the button as without
    assert mario["thing0_run"] == 32 + 16 + 9  # runs to the left, and does for nine console frames without the button
    ram[0x490], ram[0x785] = 254, 13
    assert tell(ram, IN_LEVEL)["thing0_pull"] == mario["thing0_pull"] + 32  # a wall bars his way
    assert tell(ram, IN_LEVEL)["thing0_side"] == 13  # console frames for which it still holds the camera
    ram[0x6DE], ram[0x789] = 40, 20
    assert tell(ram, IN_LEVEL | {"player_state": 3})["thing0_side"] == 10  # four console frames each, in a pipe
    ram[0x6DE] = 135  # longer than six bits tell
    assert [tell(ram, IN_LEVEL | {"player_state": 2})[f"thing0_{name}"] for name in ("side", "low")] == [33, 3]
    ram[0x6DE] = 40
    ram[0x1D] = 3
    assert tell(ram, IN_LEVEL)["thing0_side"] == 20  # console frames on the pole


def test_mario_goes_twice_his_speed_in_sixteenths_of_a_pixel(world: MarioWorld) -> None:
    play(world, [RIGHT] * 40)
    before = world.probe()
    world.step(RIGHT)
    after = world.probe()
    went = [16 * probe["thing0_x"] + probe["thing0_part_x"] for probe in (before, after)]
    assert before["thing0_speed_x"] == after["thing0_speed_x"] > 16
    assert went[1] - went[0] == 2 * before["thing0_speed_x"]


def test_a_jump_loses_its_speed_frame_by_frame(world: MarioWorld) -> None:
    play(world, [A] * 6)
    speeds = []
    for _ in range(4):
        speeds.append(world.probe()["thing0_speed_y"])
        world.step(0)
    assert np.all(np.diff(speeds) > 0)


def test_the_flag_comes_down_beside_mario_and_his_points_rise_until_he_walks_on() -> None:
    played = movie.read(MOVIES / "mario-1-1..1-1-1007-00008.movie")
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[:1700])
    told = []
    for held in played.buttons[1700:2400]:
        world.advance(held)
        told.append(world.probe())
    slides = [probe for probe in told if probe["player_state"] == 4]
    flags, points = (np.array([probe[f"thing{i}_y"] for probe in slides]) for i in (6, 10))
    assert {(probe["thing6_kind"], probe["thing6_x"]) for probe in slides} == {(49, 3160)}
    assert flags[0] < 52
    assert flags[-1] > 0xAA - 2
    assert np.all(np.diff(flags) >= 0)
    assert np.all(np.diff(points[2:]) <= 0)
    walk = next(n for n, probe in enumerate(told) if probe["player_state"] == 5)
    walks = [probe for probe in told[walk:] if probe["player_state"] == 5 and probe["float_state"] != 3]
    assert len(walks) > 40
    assert {probe["thing0_run"] % 16 for probe in walks} == {15}
    assert 15 not in {probe["thing0_run"] % 16 for probe in told if probe["player_state"] == 8}
    gained = {100: 60, 400: 60 + 3, 800: 64 + 1, 2000: 60 + 3 + 64, 5000: 60 + 1 + 2 * 64}[
        told[walk + 1]["score"] - told[walk - 2]["score"]
    ]
    assert told[walk]["thing10_kind"] % 64 == gained % 64


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("heldout/mario-1-1..1-1-1017-00002", 3160),
        ("train/mario-1-2..1-2-0075-00020", 8536),
        ("heldout/mario-1-3..1-3-1025-00005", 11640),
    ],
)
def test_flags_come_where_the_embedded_cartridge_lets_them(name: str, x: int) -> None:
    head = checkpoint.load(Path("checkpoints/mario")).model.motion
    assert head is not None
    flag = next(i for i, comes in enumerate(head.spawns.comes.tolist()) if comes[2] == FLAG and comes[0] == x)
    y, slot = int(head.spawns.comes[flag, 1]), int(head.spawns.slots[FLAG].argmax())
    played = movie.read(MOVIES.parent / f"{name}.movie")
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[: played.header.skip])
    found = []
    for held in played.buttons[played.header.skip :]:
        world.advance(held)
        probe = world.probe()
        found.append([probe[f"thing{slot}_{each}"] for each in ("kind", "x", "y")])
        if probe["camera"] > head.spawns.camera[flag]:
            break
    world.close()
    assert found[-1] == [FLAG, x, y]


def test_of_two_blocks_the_newer_one_is_told_first_and_a_single_one_is_never_the_second() -> None:
    ram = np.zeros(0x800, np.uint8)

    def blocks() -> list[int]:
        told = tell(ram, IN_LEVEL)
        return [told[f"thing{i}_x"] for i in (7, 8) if told[f"thing{i}_kind"]]

    ram[[0x86 + 9, 0x86 + 10]] = 50, 60
    for following, both in ((0, [60, 50]), (1, [50, 60])):
        ram[0x3EE], ram[[0x26, 0x27]] = following, 0x11
        assert blocks() == both
        for first, single in (((0x11, 0), [50]), ((0, 0x11), [60])):
            ram[[0x26, 0x27]] = first
            assert blocks() == single
            assert tell(ram, IN_LEVEL)["thing8_kind"] == 0


def test_every_power_up_has_a_number_that_is_no_scene() -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[0x0F + 5], ram[0x16 + 5] = 1, 0x2E
    kinds = []
    for ram[0x39] in range(4):  # mushroom, flower, star, extra life
        kinds.append(tell(ram, IN_LEVEL)["thing6_kind"])
    assert kinds == [47, 111, 175, 176]
    net = recipe.load("mario").motion_net
    assert net is not None
    assert max(kinds) < net.kinds - net.scenes


def test_of_two_fireballs_the_newer_one_is_told_first_where_it_is_drawn() -> None:
    world = MarioWorld("1-1+fire")
    background = world.reset(0)
    throws = [B, 0, 0, 0]
    play(world, throws)
    assert world.probe()["thing11_kind"] == 64
    first = world.probe()["thing11_x"]
    assert world.probe()["thing12_kind"] == 0
    for held in throws * 2:
        world.step(held)
    probe = world.probe()
    newer, older = probe["thing11_x"], probe["thing12_x"]
    assert first < newer < older
    for i in (11, 12):
        x, y = probe[f"thing{i}_x"] - probe["camera"], probe[f"thing{i}_y"]
        rows, columns = (world.frame != background)[y - 4 : y + 13, x - 4 : x + 12].any(2).nonzero()
        assert set(rows - 4) <= set(range(1, 9))  # the console draws all sprites one row lower
        assert set(columns - 4) <= set(range(8))


def test_a_fireball_that_bursts_stands_still() -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[0x6CE], ram[0x24], ram[0x5E], ram[0x8D], ram[0xD5] = 1, 2, 76, 100, 150
    flies = tell(ram, IN_LEVEL)
    assert [flies[f"thing11_{name}"] for name in ("kind", "x", "y", "speed_x")] == [64, 100, 150 - 256, 76]
    ram[0x24] = 0x81
    bursts = tell(ram, IN_LEVEL)
    assert [bursts[f"thing11_{name}"] for name in ("kind", "x", "y", "speed_x")] == [128, 96, 146 - 256, 0]
    ram[0x24] = 0x84
    assert tell(ram, IN_LEVEL)["thing11_kind"] == 192


def test_what_a_pipe_or_a_block_hides_a_part_of_has_pictures_of_its_own() -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[0x6D5] = 0xB8  # small Mario stands
    stands = tell(ram, IN_LEVEL)["thing0_kind"]
    sinks = {tell(ram, IN_LEVEL | {"player_state": state})["thing0_kind"] for state in (2, 3)}
    assert stands == 24
    assert sinks == {27}
    ram[0x14], ram[0x1B] = 1, 0x2E
    for which in range(4):
        ram[0x39] = which
        kinds = []
        for ram[0x23] in (0, 1, 0x11, 0x80):  # waits, rises, moves
            kinds.append(tell(ram, IN_LEVEL)["thing6_kind"])
        assert kinds[0] == kinds[3] != kinds[1] == kinds[2]


@pytest.mark.parametrize(("start", "power"), [("1-1", 0), ("1-1+big", 1), ("1-1..1-1+fire", 2)])
def test_a_world_begins_with_the_mario_that_its_name_says(start: str, power: int) -> None:
    world = MarioWorld(start)
    frame = world.reset(0)
    assert world.probe()["power"] == power
    red = (frame[32:] == (248, 56, 0)).all(-1).nonzero()[0]
    assert (red.max() - red.min() > 16) == (power > 0)  # rows


def test_plants_and_lifts_go_as_their_speeds_say() -> None:
    played = movie.read(MOVIES / "mario-1-2..1-2-1019-00008.movie")
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[: played.header.skip])
    went: dict[int, list[bool]] = {14: [], 40: []}
    before = world.probe()
    for held in played.buttons[played.header.skip :][:300]:
        world.advance(held)
        after = world.probe()
        for name in (f"thing{i}_" for i in range(1, 7)):
            kind = before[f"{name}kind"]
            if kind in went and after[f"{name}kind"] == kind and before[f"{name}speed_y"]:
                x, y, part = (after[f"{name}{each}"] - before[f"{name}{each}"] for each in ("x", "y", "part_y"))
                went[kind].append((x, 16 * y + part) == (0, 2 * before[f"{name}speed_y"]))
        before = after
    world.close()
    assert all(len(exact) > 50 and np.mean(exact) > 0.9 for exact in went.values())


@pytest.mark.parametrize(("number", "kind"), [(3, 38), (5, 41)])
def test_lifts_that_bob_or_swing_go_as_fast_as_is_told(number: int, kind: int) -> None:
    played = movie.read(MOVIES / f"mario-1-3..1-3-1025-{number:05}.movie")
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[: played.header.skip])
    off, before = list[int](), world.probe()
    for held in played.buttons[played.header.skip :][:200]:
        world.advance(held)
        after = world.probe()
        for name in (f"thing{i}_" for i in range(1, 7)):
            if before[f"{name}kind"] == after[f"{name}kind"] == kind:
                for axis in ("x", "y"):
                    pixels, parts = (
                        after[f"{name}{each}"] - before[f"{name}{each}"] for each in (axis, f"part_{axis}")
                    )
                    off.append(abs(16 * pixels + parts - 2 * before[f"{name}speed_{axis}"]))
        before = after
    world.close()
    assert len(off) > 100
    assert np.mean(np.array(off) <= 3) > 0.97  # sixteenths of a pixel: its speed changes once in a while


@pytest.mark.parametrize(("middle", "y", "pull", "below"), [(100, 60, 40, 0), (100, 130, 34, 1), (100, 100, 0, 1)])
def test_what_bobs_knows_how_far_it_is_from_its_middle(middle: int, y: int, pull: int, below: int) -> None:
    ram = np.zeros(0x800, np.uint8)
    ram[0x0F], ram[0x16], ram[0x58], ram[0xCF], ram[0xB6], ram[0x401] = 1, 0x25, middle, y, 1, 0x70
    told = tell(ram, IN_LEVEL)
    assert [told[f"thing1_{name}"] for name in ("kind", "pull", "run", "speed_x", "part_x")] == [38, pull, below, 0, 0]
