"""What keys and pads come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamplay import controls, hotkeys
from dreamplay.controls import Controls
from dreamplay.errors import UnknownNameError
from dreamplay.hotkeys import HOTKEYS, TITLES, Command
from tests.fakes import COUNTER

A, B, LEFT, RIGHT = (COUNTER.chord(name) for name in ("a", "b", "left", "right"))


def pressed(*keys: str) -> Controls:
    hands = Controls(COUNTER)
    for key in keys:
        hands.key_down(key)
    return hands


def test_a_held_key_is_seen_at_every_poll() -> None:
    hands = pressed("right")
    assert [hands.take().buttons for _ in range(3)] == [RIGHT] * 3


def test_chords_are_held_together() -> None:
    assert pressed("right", "x", "z").take().buttons == RIGHT | A | B


def test_a_tap_between_two_polls_counts_for_one_step() -> None:
    hands = pressed("x")
    hands.key_up("x")
    assert [hands.take().buttons, hands.take().buttons] == [A, 0]


def test_the_last_of_two_opposites_wins_and_the_first_comes_back() -> None:
    hands = pressed("left", "right")
    assert hands.take().buttons == RIGHT
    hands.key_up("right")
    assert [hands.take().buttons, hands.take().buttons] == [LEFT, LEFT]


def test_a_tapped_opposite_wins_for_one_step() -> None:
    hands = pressed("left")
    hands.take()
    hands.key_down("right")
    hands.key_up("right")
    assert [hands.take().buttons, hands.take().buttons] == [RIGHT, LEFT]


def test_two_keys_of_one_button_hold_it_until_both_are_up() -> None:
    hands = pressed("right", "d")
    hands.key_up("d")
    hands.take()
    assert hands.take().buttons == RIGHT
    hands.key_up("right")
    assert hands.take().buttons == 0


def test_losing_the_keyboard_lets_go_of_everything() -> None:
    hands = pressed("right", "x", "left ctrl", "tab")
    hands.clear()
    assert hands.take() == controls.Input()


def test_a_key_up_is_never_filtered() -> None:
    hands = pressed("x", "left ctrl")
    hands.key_up("x")
    hands.take()
    assert hands.take().buttons == 0


def test_a_command_comes_once_and_a_held_one_lasts() -> None:
    hands = pressed("f8", "tab")
    first, second = hands.take(), hands.take()
    assert first.commands == (Command.SCREENSHOT,)
    assert second.commands == ()
    assert second.holding == {Command.FAST_FORWARD}


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (("left ctrl", "q"), Command.QUIT),
        (("right ctrl", "r"), Command.RESET),
        (("left alt", "return"), Command.FULLSCREEN),
        (("left alt", "3"), Command.SCALE_3),
        (("left shift", "a"), Command.ASPECT),
    ],
)
def test_modifiers_make_commands(keys: tuple[str, str], command: Command) -> None:
    given = pressed(*keys).take()
    assert (given.commands, given.buttons) == ((command,), 0)


def test_a_modifier_keeps_plain_hotkeys_quiet() -> None:
    assert pressed("left alt", "tab").take().holding == frozenset()


def test_a_button_is_never_also_a_hotkey() -> None:
    game = controls.remap(COUNTER, {"a": ("p",)})
    hands = Controls(game)
    hands.key_down("p")
    given = hands.take()
    assert (given.buttons, given.commands) == (A, ())
    assert "'p'" in hotkeys.conflicts(game)[0]
    assert hotkeys.conflicts(COUNTER) == []


def test_remapping_an_unknown_button_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        controls.remap(COUNTER, {"jump": ("space",)})
    with pytest.raises(UnknownNameError, match="'spcae'"):
        controls.remap(COUNTER, {"a": ("spcae",)})


def test_pads_have_a_dead_zone_and_let_go_when_unplugged() -> None:
    hands = Controls(COUNTER)
    hands.pad_axis(0, "leftx", 0.2)
    assert hands.take().buttons == 0
    hands.pad_axis(0, "leftx", 0.9)
    hands.pad_down(0, "b")
    assert hands.take().buttons == RIGHT | B
    hands.pad_lost(0)
    assert hands.take().buttons == 0


def test_every_command_has_a_hotkey_and_a_line_on_the_card() -> None:
    assert {hotkey.command for hotkey in HOTKEYS} == set(Command)
    assert set(TITLES) == set(Command)


_KEYS = ("x", "z", "left", "right", "a", "d", "left ctrl", "left alt", "left shift", "tab", "r", "", "q")


@given(st.lists(st.tuples(st.sampled_from(["down", "up", "clear", "take"]), st.sampled_from(_KEYS)), max_size=60))
def test_no_order_of_events_leaves_a_button_stuck(events: list[tuple[str, str]]) -> None:
    hands = Controls(COUNTER)
    for kind, key in events:
        if kind == "down":
            hands.key_down(key)
        elif kind == "up":
            hands.key_up(key)
        elif kind == "clear":
            hands.clear()
        else:
            taken = hands.take().buttons
            assert taken & (LEFT | RIGHT) != LEFT | RIGHT
    for key in _KEYS:
        hands.key_up(key)
    hands.take()
    assert hands.take() == controls.Input()
