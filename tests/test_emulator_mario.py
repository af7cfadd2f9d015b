from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dreamplay import games, movie
from dreamplay.emulator.mario import STAGES, MarioWorld, Past
from dreamplay.errors import UsageError
from dreamplay.games.mario import GAME
from dreamplay.movie import checksum

pytestmark = pytest.mark.emulator

MOVIES = Path("training/movies/mario/heldout")
RIGHT, RUN, A = GAME.chord("right"), GAME.chord("right+b"), GAME.chord("a")


@pytest.fixture(scope="module")
def shared() -> MarioWorld:
    return MarioWorld("1-1")


@pytest.fixture
def world(shared: MarioWorld) -> MarioWorld:
    shared.reset(0)
    return shared


def play(world: MarioWorld, buttons: list[int]) -> list[int]:
    return [checksum(world.step(held)) for held in buttons]


def some_buttons(frames: int) -> list[int]:
    return np.random.default_rng(0).choice([RUN, RUN | A, RIGHT, 0], frames).tolist()


def test_a_frame_is_a_picture_of_the_games_size(world: MarioWorld) -> None:
    frame = world.step(0)
    assert frame.shape == (240, 256, 3)
    assert frame.dtype == np.uint8


def test_a_frame_that_was_handed_out_never_changes(world: MarioWorld) -> None:
    frame = world.step(RUN)
    before = frame.copy()
    play(world, [RUN] * 5)
    assert (frame == before).all()


def test_the_title_is_skipped(world: MarioWorld) -> None:
    probe = world.probe()
    assert (probe["mode"], probe["task"], probe["lives"], probe["time"]) == (1, 3, 2, 400)


def test_the_same_buttons_give_the_same_frames(world: MarioWorld) -> None:
    first = play(world, some_buttons(100))
    world.reset(0)
    assert play(world, some_buttons(100)) == first


def test_a_coin_from_a_block_is_counted_and_scored(world: MarioWorld) -> None:
    play(world, [RIGHT] * 60 + [0] * 12 + [A] * 16 + [0] * 14)
    probe = world.probe()
    assert (probe["coins"], probe["score"]) == (1, 200)


def test_going_back_is_exact_where_the_console_is_just_reading_its_controller(world: MarioWorld) -> None:
    played = movie.read(Path(__file__).parent / "reading.movie")
    world.seek(played.header.seed, played.buttons[:431])
    rest = list(played.buttons[431:])
    first = play(world, rest)
    frame = world.rewind()
    assert (world.frame == frame).all()
    assert play(world, rest) == first


def test_the_slot_and_a_replay_lead_to_the_same_frames(world: MarioWorld) -> None:
    play(world, some_buttons(60))
    past = world.mark()
    first = play(world, [RUN | A] * 30)
    world.rewind()
    from_slot = play(world, [RUN | A] * 30)
    other = MarioWorld("1-1")
    other.restore(past)
    assert from_slot == first == play(other, [RUN | A] * 30)


def test_a_restored_state_shows_the_frame_of_its_saving(world: MarioWorld) -> None:
    play(world, some_buttons(30))
    state, frame = world.save(), world.frame
    play(world, [A] * 20)
    assert (world.restore(state) == frame).all()
    assert world.save() is state


def test_a_state_stays_what_it_was_when_the_world_takes_another_way(world: MarioWorld) -> None:
    play(world, [RUN] * 10)
    state = world.save()
    play(world, [RUN] * 10)
    world.restore(state)
    play(world, [A] * 10)
    assert list(state.buttons) == [RUN] * 10
    assert list(world.save().buttons) == [RUN] * 10 + [A] * 10


def test_seeking_passes_through_the_last_place_that_was_sought(world: MarioWorld) -> None:
    buttons = some_buttons(40)
    world.seek(3, buttons[:20])
    by_steps = world.seek(3, buttons)
    assert (world.restore(Past(3, buttons, 40)) == by_steps).all()
    assert (MarioWorld("1-1").seek(3, buttons) == by_steps).all()


def test_a_jump_begins_in_the_second_frame_after_the_press(world: MarioWorld) -> None:
    play(world, [0] * 5)
    height = [world.probe()["y"]]
    for _ in range(3):
        world.step(A)
        height.append(world.probe()["y"])
    assert height[0] == height[1] > height[2] > height[3]


def test_mario_stands_where_the_probe_says(world: MarioWorld) -> None:
    frame = world.step(0)
    probe = world.probe()
    rows, columns = np.nonzero((frame[32:] == (248, 56, 0)).all(-1))
    left, bottom = probe["x"] - probe["camera"], probe["y"] + 32
    assert left <= columns.min() <= columns.max() < left + 16
    assert bottom - 15 <= rows.min() + 32 <= rows.max() + 32 <= bottom


def test_the_coin_has_the_colour_that_its_shimmer_says(world: MarioWorld) -> None:
    colours: dict[int, set[tuple[int, ...]]] = {}
    play(world, [0] * 40)
    for _ in range(200):
        coin, probe = world.step(0)[24:32, 88:96], world.probe()
        if 2 <= probe["shimmer"] % 8 < 6:  # the counters may be a console frame apart
            colours.setdefault(probe["shimmer"] // 8, set()).add(tuple(coin.reshape(-1, 3).max(0).tolist()))
    assert sorted(colours) == list(range(6))
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 2


def test_slow_timers_have_a_beat_of_eighteen_console_frames(world: MarioWorld) -> None:
    beats = [(world.step(0), world.probe()["interval"])[1] for _ in range(100)]
    went = [(after - before) % 18 for before, after in pairwise(beats)]
    assert len(set(beats)) == 9
    assert set(beats) <= set(range(18))
    assert went.count(16) >= 98


def test_slow_timers_keep_their_beat_while_the_level_scrolls_and_after_a_rewind(world: MarioWorld) -> None:
    def beats() -> list[int]:
        return [(world.step(RUN), world.probe()["interval"])[1] for _ in range(45)]  # then a Goomba stops all

    world.mark()
    first = beats()
    world.rewind()
    assert beats() == first
    assert [(after - before) % 18 for before, after in pairwise(first)].count(16) >= 43


def test_timers_are_told_as_they_are_when_things_move(world: MarioWorld) -> None:
    told = [(world.step(RUN), world.probe())[1] for _ in range(45)]
    for name, went, period in (("frame_counter", 2, 256), ("tick", 18, 20)):
        assert {(after[name] - before[name]) % period for before, after in pairwise(told)} == {went}


def test_the_camera_goes_to_where_a_life_begins_in_one_cut(world: MarioWorld) -> None:
    cameras = []
    for _ in range(400):
        world.step(RUN)
        cameras.append(world.probe()["camera"])
    cuts = [after for before, after in pairwise(cameras) if after < before]
    assert cuts
    assert set(cuts) == {0}


def test_the_picture_scrolls_by_the_change_of_the_camera(world: MarioWorld) -> None:
    play(world, [RUN] * 36)
    before, camera = world.frame, world.probe()["camera"]
    after = world.step(RUN)
    scroll = world.probe()["camera"] - camera
    assert scroll > 0
    assert (after[210:, :-scroll] == before[210:, scroll:]).all()


def test_every_frame_of_a_death_is_kept(world: MarioWorld) -> None:
    tasks, states = set(), set()
    for _ in range(400):
        world.advance(RIGHT)
        tasks.add(world.probe()["task"])
        states.add(world.probe()["player_state"])
    assert 0x0B in states
    assert len(tasks) > 1
    assert world.probe()["lives"] < 2


@pytest.mark.parametrize("stage", ["1-1", "1-2", "2-2", "4-4", "8-1"])
def test_a_stage_begins_where_its_name_says(stage: str) -> None:
    world = MarioWorld(stage)
    world.reset(0)
    probe = world.probe()
    assert f"{probe['world'] + 1}-{probe['stage'] + 1}" == stage
    world.close()


@pytest.mark.parametrize(("stage", "sky"), [("1-1", 0.81), ("1-2", 0), ("1-3", 0.75), ("1-4", 0), ("2-1", 0.58)])
def test_a_stage_begins_in_a_level_of_its_own(stage: str, sky: float) -> None:
    world = MarioWorld(stage)
    blue = (world.reset(0) == (104, 136, 252)).all(-1)
    assert blue.mean() == pytest.approx(sky, abs=0.01)
    world.close()


@pytest.mark.parametrize(
    ("start", "stage"),
    [("1-1", 0), ("1-2", 1), ("1-2+960px", 1), ("1-896px", 0), ("1-3", 2), ("1-4", 3), ("2-1", 0), ("", 0)],
)
def test_beside_a_dream_the_game_begins_in_the_stage_that_its_start_is_named_after(start: str, stage: int) -> None:
    world = MarioWorld(games.load("mario").round_from(start))
    world.reset(0)
    assert (world.probe()["stage"], world.endless) == (stage, True)


@pytest.mark.parametrize("stage", ["9-1", "1-5", "11", "", "1-1 ", "1-1..", "1-1..1-5", "1-2..1-1"])
def test_a_mistyped_stage_is_named(stage: str) -> None:
    with pytest.raises(UsageError, match=f"no stage '{stage}'.*1-1 to 8-4"):
        MarioWorld(stage)


def test_in_a_span_lives_are_never_used_up() -> None:
    world = MarioWorld("1-1..1-1")
    world.reset(0)
    deaths, dying = 0, False
    for _ in range(1200):
        world.advance(RIGHT)
        probe = world.probe()
        assert (probe["lives"], probe["mode"]) == (2, 1)
        deaths += probe["player_state"] == 0x0B and not dying
        dying = probe["player_state"] == 0x0B
    assert deaths > 3  # as many as end a game


def test_after_the_last_stage_of_a_span_the_first_one_begins() -> None:
    played = movie.read(MOVIES / "mario-1-1..1-1-1007-00008.movie")  # goes to the flag, and on
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[:2300])
    seen = []
    for held in played.buttons[2300:2480]:
        world.advance(held)
        seen.append(world.probe())
    assert {(probe["world"], probe["stage"]) for probe in seen} == {(0, 0)}
    assert seen[0]["camera"] > 3000
    assert seen[-1]["time"] > 390
    assert seen[-1]["x"] < 200


def test_a_room_below_a_pipe_is_right_of_the_level() -> None:
    played = movie.read(MOVIES / "mario-1-1..1-1-1005-00006.movie")
    world = MarioWorld(played.header.start)
    world.seek(played.header.seed, played.buttons[:300])
    seen = []
    for held in played.buttons[300:500]:
        world.advance(held)
        if (probe := world.probe())["visible"]:
            seen.append((probe["camera"] >= 3584, probe["camera"] == 3584, 0 <= probe["x"] - probe["camera"] < 256))
    below, still, inside = np.array(seen).T
    assert not below[0]
    assert below[-1]
    assert (np.diff(below.astype(int)) != 0).sum() == 1
    assert still[below].all()
    assert inside.all()


def test_there_are_32_stages() -> None:
    assert len(STAGES) == 32


def test_rewinding_without_a_mark_is_an_error(world: MarioWorld) -> None:
    with pytest.raises(ValueError, match="before mark"):
        world.rewind()
