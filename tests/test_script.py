"""Scripts of buttons."""

import pytest

from dreamplay import script
from dreamplay.errors import UnknownNameError, UsageError
from tests.fakes import COUNTER


def test_a_script_holds_chords_for_frames() -> None:
    right, a = COUNTER.chord("right"), COUNTER.chord("a")
    assert script.parse("right:2,right+a:1,:2,a", COUNTER) == (right, right, right | a, 0, 0, a)


def test_an_empty_script_has_no_frames() -> None:
    assert script.parse("", COUNTER) == ()


@pytest.mark.parametrize("text", ["right:x", "right:0", "right:-1", "right:1.5", "right:99999999"])
def test_a_wrong_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        script.parse(text, COUNTER)


def test_an_unknown_button_is_named() -> None:
    with pytest.raises(UnknownNameError, match="'jump'"):
        script.parse("jump:3", COUNTER)
