"""The loop, driven by scripted hands."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dreamplay import movie
from dreamplay.controls import Input
from dreamplay.errors import CheckpointError, DivergedError
from dreamplay.hotkeys import Command
from dreamplay.pilot import Blank, MoviePilot, ScriptPilot
from dreamplay.player import Clock, Pilot, Player, Sitting
from dreamplay.tape import Tape
from dreamplay.world import World
from tests.fakes import COUNTER, CounterWorld, FakeTime, ScriptedScreen, Seen, read

QUIET = Input()
HEADER = movie.Header("counter", "dream", "", "", 7, 30, COUNTER.buttons)


class Table:
    """A player with everything on the table."""

    def __init__(
        self,
        folder: Path,
        inputs: Sequence[Input] = (),
        *,
        pilot: Pilot | None = None,
        card: float = 0.0,
        open_model: Callable[[str], World] | None = None,
        models: tuple[str, ...] = (),
    ) -> None:
        self.time = FakeTime()
        self.world = CounterWorld()
        self.screen = ScriptedScreen(inputs)
        self.tape = Tape(COUNTER, fps=30, pictures=folder / "pictures", journals=folder / "journals")
        self.player = Player(
            self.world,
            self.screen,
            self.tape,
            Sitting(7, 30, pilot=pilot, rewinds=True, card=card, open_model=open_model, models=models),
            Clock(self.time.now, self.time.sleep),
        )

    def play(self) -> "Table":
        self.player.run()
        self.tape.close()
        return self


def press(*commands: Command, buttons: int = 0) -> Input:
    return Input(buttons, commands)


def hold(command: Command) -> Input:
    return Input(holding=frozenset({command}))


def test_each_input_is_seen_in_the_very_next_frame(tmp_path: Path) -> None:
    table = Table(tmp_path, [Input(held) for held in (1, 8, 9, 0)]).play()
    assert table.screen.seen[:5] == [Seen(0, 0, 7), Seen(1, 1, 7), Seen(2, 8, 7), Seen(3, 9, 7), Seen(4, 0, 7)]


def test_there_is_one_step_a_tick_and_the_rate_is_kept(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET] * 90)
    began = table.time.time
    table.play()
    assert table.player.age == 90
    assert table.time.time - began == pytest.approx(3, abs=0.05)


def test_quit_makes_no_further_step(tmp_path: Path) -> None:
    assert Table(tmp_path, [QUIET, press(Command.QUIT, buttons=1), QUIET]).play().world.pressed == [0]


def test_pause_stands_still_and_goes_on(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET, press(Command.PAUSE), QUIET, QUIET, press(Command.PAUSE), QUIET]).play()
    assert [seen.steps for seen in table.screen.seen] == [0, 1, 1, 1, 1, 2, 3, 3]
    assert [status.badge for status in table.screen.statuses[2:5]] == ["paused"] * 3


def test_frame_advance_makes_one_step_with_what_is_held(tmp_path: Path) -> None:
    table = Table(tmp_path, [press(Command.PAUSE), press(Command.ADVANCE, buttons=8), QUIET]).play()
    assert table.world.pressed == [8]


def test_reset_keeps_the_seed_and_a_new_dream_takes_the_next(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET, QUIET, press(Command.RESET), press(Command.NEW_DREAM)]).play()
    assert table.screen.seen[3:5] == [Seen(1, 0, 7), Seen(1, 0, 8)]


def test_rewind_goes_back_a_step_a_tick(tmp_path: Path) -> None:
    table = Table(tmp_path, [Input(1), Input(2), Input(4), hold(Command.REWIND), hold(Command.REWIND), Input(8)]).play()
    assert [seen.steps for seen in table.screen.seen] == [0, 1, 2, 3, 2, 1, 2, 2]


def test_rewind_stops_at_the_beginning(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET, *[hold(Command.REWIND)] * 5]).play()
    assert table.player.age == 0


def test_fast_forward_is_four_times_as_fast(tmp_path: Path) -> None:
    table = Table(tmp_path, [hold(Command.FAST_FORWARD)] * 120)
    began = table.time.time
    table.play()
    assert table.time.time - began == pytest.approx(1, abs=0.05)
    assert table.screen.statuses[60].badge == "4x"


def test_sampler_steps_change_within_their_bounds(tmp_path: Path) -> None:
    table = Table(tmp_path, [press(Command.STEPS_UP), press(Command.STEPS_UP), press(Command.STEPS_DOWN)]).play()
    assert table.world.steps == 3
    assert table.screen.statuses[1].toast == "Sampler steps: 4"


def test_a_slow_world_says_how_slow(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET] * 60)
    world = CounterWorld(work=lambda: table.time.sleep(0.05))
    player = Player(world, table.screen, table.tape, Sitting(7, 30), Clock(table.time.now, table.time.sleep))
    player.run()
    table.tape.close()
    assert table.screen.statuses[-1].badge == "0.7x"


def test_the_hud_goes_off_fps_full(tmp_path: Path) -> None:
    table = Table(tmp_path, [press(Command.HUD), press(Command.HUD), press(Command.HUD)]).play()
    lines = [status.lines for status in table.screen.statuses]
    assert (len(lines[0]), len(lines[1]), len(lines[3])) == (0, 1, 0)
    assert "3 sampler steps" in lines[2]
    assert any("seed 7" in line for line in lines[2])


def test_the_first_card_waits_until_a_button_is_pressed(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET, QUIET, Input(1), QUIET], card=5).play()
    assert [status.card for status in table.screen.statuses[:4]] == [True, True, True, False]
    assert table.world.pressed == [1, 0]


def test_the_first_card_goes_by_itself(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET] * 160, card=5).play()
    assert 5 < len(table.world.pressed) < 15


def test_a_dropped_model_is_played_at_once(tmp_path: Path) -> None:
    other = CounterWorld(replace(COUNTER, title="Other"))
    table = Table(tmp_path, [QUIET, Input(dropped="folder"), Input(1)], open_model=lambda name: other).play()
    assert other.pressed == [0, 1]
    assert [game.title for game in table.screen.games] == ["Other"]


def test_a_bad_model_is_a_sentence_and_the_game_goes_on(tmp_path: Path) -> None:
    def refuse(name: str) -> World:
        raise CheckpointError(f"{name}: no cartridge")

    table = Table(tmp_path, [Input(dropped="folder"), QUIET], open_model=refuse).play()
    assert table.world.pressed == [0, 0]
    assert table.screen.statuses[-1].toast == "folder: no cartridge"


def test_the_model_key_goes_through_what_is_installed(tmp_path: Path) -> None:
    asked: list[str] = []

    def note(name: str) -> World:
        asked.append(name)
        return CounterWorld()

    keys = [press(Command.NEXT_MODEL)] * 3
    Table(tmp_path, keys, open_model=note, models=("one", "two")).play()
    assert asked == ["two", "one", "two"]


def test_a_pilot_plays_and_the_hands_take_over(tmp_path: Path) -> None:
    table = Table(tmp_path, [Input(2)] * 4, pilot=ScriptPilot((1, 8))).play()
    assert table.world.pressed == [1, 8, 2, 2]


def test_a_run_without_hands_ends_with_its_pilot(tmp_path: Path) -> None:
    world = CounterWorld()
    tape = Tape(COUNTER, fps=30, pictures=tmp_path, journals=tmp_path, clip=False)
    player = Player(world, Blank(), tape, Sitting(7, 0, pilot=ScriptPilot((1,), 3), ends=True))
    player.run()
    assert world.pressed == [1, 0, 0]
    assert read(player.frame).steps == 3


def _recorded() -> movie.Movie:
    world = CounterWorld()
    world.reset(7)
    frames = [world.step(held) for held in (1, 1, 8)]
    return movie.Movie(HEADER, (1, 1, 8), {2: movie.checksum(frames[1]), 3: movie.checksum(frames[2])})


def test_a_replay_shows_the_same_frames(tmp_path: Path) -> None:
    pilot = MoviePilot(_recorded(), COUNTER, verify=True)
    assert Table(tmp_path, [QUIET] * 4, pilot=pilot).play().world.pressed == [1, 1, 8, 0]


@pytest.mark.parametrize("wrong", [2, 3])
def test_a_replay_that_differs_is_found(tmp_path: Path, wrong: int) -> None:
    recorded = _recorded()
    changed = replace(recorded, checksums={**recorded.checksums, wrong: 1})
    table = Table(tmp_path, [QUIET] * 4, pilot=MoviePilot(changed, COUNTER, verify=True))
    with pytest.raises(DivergedError, match=f"frame {wrong}"):
        table.play()


def test_any_command_in_any_state_is_survived(tmp_path: Path) -> None:
    inputs = [press(command, buttons=1) for command in Command if command is not Command.QUIT]
    table = Table(tmp_path, [*inputs, press(Command.PAUSE), *inputs, press(Command.CARD), *inputs]).play()
    assert table.player.seed > 7


def test_hours_of_play_take_no_more_memory_than_minutes(tmp_path: Path) -> None:
    tape = Tape(COUNTER, fps=30, pictures=tmp_path, journals=tmp_path)
    player = Player(CounterWorld(log=False), Blank(), tape, Sitting(7, 0, rewinds=True))
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(3):
            for _ in range(2500):
                player.tick()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 20_000
