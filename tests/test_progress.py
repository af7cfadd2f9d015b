import pytest

from training.progress import Progress


def test_a_bar_says_how_much_is_done() -> None:
    bar = Progress("render", 200, "movies")
    bar.add(50)
    assert "[######                  ] 50 of 200 movies" in bar.line()


def test_what_was_there_before_does_not_count_for_the_speed() -> None:
    bar = Progress("render", 100)
    bar.start_at(60)
    assert "60 of 100 frames, 0/s" in bar.line()


def test_a_log_gets_one_line_only(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progress("render", 2)
    bar.add(1)
    bar.add(1)
    bar.close()
    assert capsys.readouterr().err.count("\n") == 1
