"""The embedded cartridges, which everybody plays first: small, whole, and beside the real game as it should be."""

from pathlib import Path

import numpy as np
import pytest

from dreamplay import dream, script
from dreamplay.beside import Beside
from dreamplay.cli import main
from dreamplay.emulator.mario import MarioWorld
from dreamplay.world import Frame

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"
EMBEDDED = pytest.mark.parametrize("name", sorted(path.name for path in CHECKPOINTS.iterdir()))
HALF_SCREEN = 128


@EMBEDDED
def test_a_cartridge_is_at_most_16_megabytes(name: str) -> None:
    assert sum(path.stat().st_size for path in (CHECKPOINTS / name).iterdir()) <= 16_000_000


@EMBEDDED
def test_a_cartridge_is_whole_and_draws_its_first_frames_again(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(CHECKPOINTS / name)]) == 0
    assert "as its maker saw them" in capsys.readouterr().err


@pytest.fixture(scope="module")
def mario() -> dream.Dream:
    return dream.load(CHECKPOINTS / "mario", start="start")


def test_mario_walks_half_a_screen_to_the_right(mario: dream.Dream) -> None:
    mario.reset(0)
    assert mario.hero is not None
    begun, furthest = mario.hero[0], 0
    for buttons in script.parse("right:150", mario.game):
        mario.step(buttons)
        furthest = max(furthest, mario.hero[0] if mario.hero else 0)
    assert furthest - begun > HALF_SCREEN


def test_mario_who_is_left_alone_stands_on_the_ground(mario: dream.Dream) -> None:
    first, place = mario.reset(0), mario.hero
    for _ in range(60):
        last = mario.step(0)
    assert place is not None
    assert mario.hero is not None
    assert np.abs(np.subtract(mario.hero, place)).max() <= 2
    assert (first == last).all(2).mean() > 0.98


def test_in_the_castle_fire_bars_turn_while_mario_stands() -> None:
    castle = dream.load(CHECKPOINTS / "mario-castle", start="1-4+1117px")
    castle.reset(0)
    frames = [castle.step(0)[32:] for _ in range(60)][30:]
    turned = [(frame != before).any(2).mean() for frame, before in zip(frames[1:], frames[:-1], strict=True)]
    assert castle.hero is not None
    assert 0.001 < np.median(turned) < 0.02


@pytest.mark.emulator
@pytest.mark.parametrize("buttons", ["right:60", "right+b:24,right+b+a:16,right+b:20", "right:20,right+a:10,left:30"])
def test_after_two_seconds_the_dream_is_where_the_game_is(mario: dream.Dream, buttons: str) -> None:
    both, real = Beside(mario, console := MarioWorld("1-1")), console
    both.reset(0)
    for held in script.parse(buttons, mario.game):
        frame = both.step(held)
    probe = real.probe()
    assert mario.hero is not None
    assert np.abs(np.subtract(mario.hero, (probe["x"], probe["y"]))).max() <= 8
    assert aligned(frame[:, : mario.game.width], frame[:, -mario.game.width :]) > 0.96


@pytest.mark.emulator
def test_a_block_that_was_hit_stays_used(mario: dream.Dream) -> None:
    both = Beside(mario, MarioWorld("1-1"))
    both.reset(0)
    for held in script.parse("right:60,:12,a:16,:17", mario.game):
        frame = both.step(held)
    dreamed, shown = frame[:, : mario.game.width], frame[:, -mario.game.width :]
    block = np.s_[144:160, 108:130]
    assert (dreamed[block] == shown[block]).all()
    assert len(np.unique(shown[block].reshape(-1, 3), axis=0)) > 2  # it is in there


def aligned(dreamed: Frame, shown: Frame) -> float:
    """The share of equal pixels when one picture is moved by up to 16 columns over the other."""
    width = shown.shape[1] - 16
    moved = (dreamed[:, left : left + width] == shown[:, 8 : 8 + width] for left in range(17))
    return max(float(same.all(2).mean()) for same in moved)
