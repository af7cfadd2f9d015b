"""The loop, driven by scripted hands."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dreamplay import movie
from dreamplay.beside import GAP, Beside
from dreamplay.controls import Input
from dreamplay.errors import CheckpointError, DivergedError, MissingExtraError
from dreamplay.hotkeys import Command
from dreamplay.menu import Menu, Page, Row
from dreamplay.pilot import Blank, MoviePilot, ScriptPilot
from dreamplay.player import Clock, Pilot, Player, Sitting
from dreamplay.slots import Slots
from dreamplay.tape import Tape
from dreamplay.world import Frame, World
from tests.fakes import COUNTER, Console, CounterWorld, Dreamer, FakeTime, ScriptedScreen, Seen, read

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
        menu: Menu | None = None,
    ) -> None:
        self.time = FakeTime()
        self.world = CounterWorld()
        self.screen = ScriptedScreen(inputs)
        self.tape = Tape(COUNTER, fps=30, pictures=folder / "pictures", journals=folder / "journals")
        self.player = Player(
            self.world,
            self.screen,
            self.tape,
            Sitting(7, 30, pilot=pilot, rewinds=True, card=card, open_model=open_model, menu=menu or Menu()),
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


def menu_of(*rows: Row) -> Menu:
    menu = Menu()
    menu.change(Page("Counter", lambda: list(rows)), {}, COUNTER)
    return menu


def test_the_game_stands_still_under_the_menu(tmp_path: Path) -> None:
    inputs = [QUIET, press(Command.MENU), Input(1), Input(touched=("escape",), commands=(Command.MENU,)), Input(8)]
    table = Table(tmp_path, inputs, menu=menu_of(Row("Resume"))).play()
    assert table.world.pressed == [0, 0, 8]
    assert [status.sheet is not None for status in table.screen.statuses[:5]] == [False, False, True, True, False]


def test_a_model_that_is_chosen_in_the_menu_is_played(tmp_path: Path) -> None:
    asked: list[str] = []

    def note(name: str) -> World:
        asked.append(name)
        return CounterWorld()

    menu = Menu()
    menu.change(Page("Counter", lambda: [Row("two", choose=lambda: menu.play("two"))]), {}, COUNTER)
    Table(tmp_path, [press(Command.MENU), Input(touched=("return",)), QUIET], open_model=note, menu=menu).play()
    assert asked == ["two"]


def test_a_loaded_state_goes_on_as_it_did(tmp_path: Path) -> None:
    inputs = [Input(1), press(Command.SAVE_STATE), Input(2), Input(2), press(Command.LOAD_STATE, buttons=8), QUIET]
    table = Table(tmp_path, inputs).play()
    assert [seen.steps for seen in table.screen.seen[:7]] == [0, 1, 2, 3, 4, 2, 3]


def test_a_load_can_be_undone(tmp_path: Path) -> None:
    inputs = [press(Command.SAVE_STATE), QUIET, QUIET, press(Command.LOAD_STATE), press(Command.UNDO_LOAD)]
    table = Table(tmp_path, inputs).play()
    assert [seen.steps for seen in table.screen.seen[3:6]] == [3, 1, 4]


def test_the_strip_shows_what_was_saved_and_goes_away(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET, press(Command.SAVE_STATE), *[QUIET] * 100]).play()
    strip = table.screen.statuses[2].strip
    assert strip is not None
    assert strip.pictures[0] is not None
    assert read(strip.pictures[0]).steps == 1
    assert table.screen.statuses[-1].strip is None


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
    table = Table(tmp_path, [*inputs, press(Command.PAUSE), *inputs, press(Command.MENU), *inputs]).play()
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


def sit(folder: Path, world: World, sitting: Sitting, inputs: Sequence[Input]) -> ScriptedScreen:
    """Play a world with these inputs. Returns what was shown."""
    time, screen = FakeTime(), ScriptedScreen(inputs)
    tape = Tape(world.game, fps=30, pictures=folder / "pictures", journals=folder / "journals")
    Player(world, screen, tape, sitting, Clock(time.now, time.sleep)).run()
    tape.close()
    return screen


def test_a_state_is_there_in_the_next_sitting(tmp_path: Path) -> None:
    first = Sitting(7, 30, slots=Slots(tmp_path / "states"))
    sit(tmp_path, CounterWorld(), first, [*[QUIET] * 5, press(Command.SAVE_STATE), QUIET])
    first.slots.close()
    second = Sitting(9, 30, slots=Slots(tmp_path / "states"))
    seen = sit(tmp_path, CounterWorld(), second, [press(Command.LOAD_STATE), press(Command.UNDO_LOAD)]).seen
    assert [(each.steps, each.seed) for each in seen[:3]] == [(0, 9), (6, 7), (1, 9)]


def test_v_puts_the_real_game_beside_the_dream_and_takes_it_away(tmp_path: Path) -> None:
    dream, real = Dreamer(), Console()
    sitting = Sitting(7, 30, rewinds=True, open_beside=lambda world: Beside(world, real))
    keys = [QUIET, press(Command.BESIDE), Input(1), Input(8), press(Command.BESIDE), Input(2)]
    screen = sit(tmp_path, dream, sitting, keys)
    assert [game.width for game in screen.games] == [2 * COUNTER.width + GAP, COUNTER.width]
    assert real.pressed[-3:] == dream.pressed[-5:-2] == [0, 1, 8]
    assert dream.pressed[-2:] == [0, 2]
    assert "pixels agree" in screen.statuses[4].lines[1]


def test_backspace_brings_the_dream_back_to_the_real_game(tmp_path: Path) -> None:
    dream, real = Dreamer(), Console()
    world = Beside(dream, real)
    keys = [Input(1), press(Command.ANCHOR), QUIET]
    sit(tmp_path, world, Sitting(7, 30, rewinds=True), keys)
    assert world.lines[1] == "100.0 % of pixels agree, together for 2 frames"


def test_without_the_emulator_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    def refuse(world: World) -> World:
        raise MissingExtraError("the real game", "mario")

    screen = sit(tmp_path, Dreamer(), Sitting(7, 30, open_beside=refuse), [press(Command.BESIDE), QUIET])
    assert screen.statuses[1].toast == "the real game needs the extra 'mario': pip install 'dreamplay[mario]'"
    assert screen.seen[2].steps == 2


def test_m_lets_the_computer_play_until_a_button_is_pressed(tmp_path: Path) -> None:
    world = CounterWorld()
    screen = sit(tmp_path, world, Sitting(7, 30), [press(Command.AUTOPILOT), *[QUIET] * 200, Input(1), QUIET, QUIET])
    right = COUNTER.chord("right")
    assert sum(bool(buttons & right) for buttons in world.pressed[:200]) > 100
    assert world.pressed[201:] == [1, 0, 0]
    assert [seen.steps for seen in screen.seen[:204]] == list(range(204))


def test_after_a_minute_without_anybody_the_computer_plays_and_any_key_takes_over(tmp_path: Path) -> None:
    world = CounterWorld()
    sit(tmp_path, world, Sitting(7, 30), [*[QUIET] * 1900, Input(touched=("f",)), *[QUIET] * 60])
    assert not any(world.pressed[:1790])
    assert any(world.pressed[1802:1900])
    assert not any(world.pressed[1901:])


def test_somebody_who_was_there_is_left_alone(tmp_path: Path) -> None:
    world = CounterWorld()
    sit(tmp_path, world, Sitting(7, 30), [Input(1), *[QUIET] * 2500])
    assert world.pressed == [1] + [0] * 2500


def test_sampler_steps_fall_to_keep_the_rate(tmp_path: Path) -> None:
    table = Table(tmp_path, [QUIET] * 80)
    world = CounterWorld(work=lambda: table.time.sleep(0.02 * world.steps))
    sitting = Sitting(7, 30, most_steps=3)
    Player(world, table.screen, table.tape, sitting, Clock(table.time.now, table.time.sleep)).run()
    table.tape.close()
    assert world.steps == 1
    assert "Sampler steps: 1, to keep 30 frames a second" in {status.toast for status in table.screen.statuses}


def test_flashes_do_not_reach_the_screen_but_the_recording(tmp_path: Path) -> None:
    screen = sit(tmp_path, Strobe(), Sitting(7, 30, calm=True), [QUIET] * 60)
    bright = [int(frame.mean()) for frame in screen.frames]
    assert sum(a != b for a, b in pairwise(bright)) < 10
    assert sit(tmp_path, Strobe(), Sitting(7, 30), [QUIET] * 60).frames[1].mean() == 255


class Strobe(CounterWorld):
    """Black and white in turn."""

    def _frame(self) -> Frame:
        return np.full((COUNTER.height, COUNTER.width, 3), 255 * (self.save().steps % 2), np.uint8)
