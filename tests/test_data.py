"""Windows of play: what a dream would know before a row, and nothing that it would not."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from dreamplay.config import Config
from dreamplay.models.layers import to_patches
from tests import tiny
from training import assets
from training.cache import Cache
from training.data import SEEN_AFTER, SEEN_BEFORE, Footage, Sampler, unpack, wrong

BOTH = pytest.mark.parametrize("made", [tiny.config(), tiny.plain()], ids=["everything", "plain"])
LENGTHS = (40, 11, 30)


def footage(made: Config | None = None) -> Footage:
    """Three episodes."""
    return tiny.footage(made or tiny.config(), *LENGTHS)


@BOTH
def test_no_window_reaches_into_another_episode(made: Config) -> None:
    shot = footage(made)
    number = torch.from_numpy(shot.table["number"])
    past = max(shot.setting.steps, shot.setting.context)
    assert len(shot.rows) == sum(length - past for length in LENGTHS)
    for row in shot.rows:
        assert number[row] - number[row - past] == past


def test_an_episode_that_is_too_short_has_no_windows() -> None:
    shot = tiny.footage(tiny.config(), 20, 8, 20)
    assert not set(range(20, 28)) & set(shot.rows.tolist())


def test_a_limit_keeps_whole_episodes_only() -> None:
    made = tiny.config()
    shot = Footage(cast(Cache, tiny.Play(*LENGTHS, game=made.game)), assets.setting(made), limit=60)
    assert len(shot.frames) == 51
    assert Sampler(shot, 0).draw(50).max() < 51


def test_where_a_stage_leads_is_not_learnt_from_movies_that_go_round_in_it(tmp_path: Path) -> None:
    play = tiny.Play(40, 40, game=tiny.SMALL)
    for row in (20, 60):  # the first stage ends in the first movie, the last one in the second
        play.table["task"][row], play.table["player_state"][row] = 0, 5
    play.write(tmp_path / "round", names=("mario-1-1..1-1-0001-00000", "mario-1-2..1-2-0001-00000"))
    play.write(tmp_path / "on", names=("mario-1-1..1-2-0001-00000", "mario-1-1..1-2-0001-00001"))

    def rows(name: str, span: str) -> set[int]:
        return set(Footage(Cache(tmp_path / name), assets.setting(tiny.config()), span=span).rows.tolist())

    everything = rows("round", "")
    assert {20, 60} <= everything
    assert everything - rows("round", "1-1..1-2") == {20}
    assert rows("on", "1-1..1-2") == rows("round", "1-1..1-1") == everything
    assert everything - rows("on", "1-1..1-3") == {60}


@pytest.mark.parametrize("mended", [True, False])
def test_torn_frames_are_whole_only_where_that_is_asked_for(mended: bool) -> None:
    play = tiny.Play(40, game=tiny.SMALL)
    play.table["thing0_kind"][9:12] = play.table["thing0_kind"][19:22] = -9, -10, -11
    play.frames[10] = play.frames[11]  # what others look like
    play.frames[20, :12], play.frames[20, 12:] = play.frames[21, :12], play.frames[19, 12:]
    shot = Footage(cast(Cache, play), assets.setting(tiny.config()), mended=mended)
    assert torch.equal(shot.frames[20], torch.from_numpy(play.frames[21 if mended else 20]))


def test_buttons_stand_with_the_frame_that_they_led_to() -> None:
    """Every made-up frame shows the lowest two bits of its buttons: through the whole pipeline they stay together."""
    shot = footage()
    ring = shot.ring(shot.rows)
    two = (ring.buttons[:, -1, 0] + 2 * ring.buttons[:, -1, 1]).long()
    assert torch.equal(ring.newest[:, -1, 0, 0].long(), two)
    now = torch.from_numpy(shot.rows)
    held = (shot.held[now, 0] + 2 * shot.held[now, 1]).long()
    assert torch.equal(shot.pictures(now)[:, -1, 0, 0].long(), held)
    assert not torch.equal(held, two)


@BOTH
def test_the_past_of_a_row_is_what_stepping_real_frames_leaves(made: Config) -> None:
    """From the past of one row, real frames and true scrolls lead to the past of every later row of the episode."""
    shot, model = footage(made), tiny.model(made)
    first = int(shot.rows[0])
    ring = shot.ring([first])
    for row in range(first, LENGTHS[0] - 1):
        now = torch.tensor([row])
        moved = model.move(ring, shot.held[now], shot.foresight(now))
        ring = model.push(ring, moved, shot.pictures(torch.tensor([row])))
        expected = shot.ring([row + 1])
        for name, tensor in ring.tensors().items():
            if not (name == "frames" and made.motion):
                assert torch.equal(tensor, expected.tensors()[name]), (row, name)
        known = expected.frames != len(made.palette) if made.palette else torch.ones_like(ring.frames, dtype=torch.bool)
        assert torch.equal(ring.frames[known], expected.frames[known]), row


def test_older_frames_are_shifted_to_where_the_camera_stands_now() -> None:
    shot = footage()
    row = next(int(r) for r in shot.rows if shot.scrolls[r - 1] == 4)
    past = shot.ring([row]).frames[0, :, :, :, 0]
    raw = shot.frames[row - 2]
    assert torch.equal(past[-1], shot.frames[row - 1])
    assert torch.equal(past[-2, tiny.TOP :, :-4], raw[tiny.TOP :, 4:])
    assert (past[-2, tiny.TOP :, -4:] == len(tiny.PALETTE)).all()
    assert torch.equal(past[-2, : tiny.TOP], raw[: tiny.TOP])


def test_after_the_true_scroll_the_level_stands_still() -> None:
    """Above the block's rows nothing moves by itself: every known pixel of the moved frame is right."""
    made = tiny.config(tiny.GAME)
    shot = tiny.footage(made, *LENGTHS)
    rows = np.array([row for row in shot.rows if shot.scrolls[row]])
    now = torch.from_numpy(rows)
    moved = tiny.model(made).move(shot.ring(rows), shot.held[now], shot.foresight(now))
    before, after = moved.frames[:, -1, :64], shot.pictures(now)[:, :64]
    known = before != len(tiny.PALETTE)
    assert len(rows) > 10
    assert torch.equal(before[known], after[known])


def test_a_jump_of_the_camera_is_a_cut_to_the_nearest_scene() -> None:
    made = tiny.config()
    play = tiny.Play(30, game=made.game)
    play.table["camera"] = np.concatenate([np.full(15, 40), np.full(15, 66)])
    shot = Footage(cast(Cache, play), assets.setting(made))
    assert shot.motion[15] == 4 + 1 + 1
    assert shot.scrolls[15] == 0
    assert (shot.motion[:15] == 0).all()


def test_without_a_motion_head_nothing_scrolls_and_nobody_knows_where() -> None:
    shot = footage(tiny.plain())
    ring = shot.ring(shot.rows[:4])
    assert not shot.motion.any()
    assert not ring.scrolls.any()
    assert (ring.odometer == -1).all()


def test_rgb_pasts_show_the_colours_of_the_indices() -> None:
    indices, colors = footage(), footage(tiny.plain())
    row = torch.tensor([20])
    expected = torch.tensor(tiny.PALETTE, dtype=torch.uint8)[indices.frames[row].long()]
    assert torch.equal(colors.pictures(row), expected)
    assert torch.equal(colors.ring([21]).newest, expected)


def test_rows_without_the_hero_are_counted() -> None:
    made = tiny.config()
    play = tiny.Play(30, game=made.game)
    play.table["thing0_kind"][10:25] = 0
    shot = Footage(cast(Cache, play), assets.setting(replace(made, patience=12)))
    assert shot.absent.tolist() == [0] * 10 + [min(n, 12) for n in range(1, 16)] + [0] * 5


def test_changed_patches_are_counted_below_the_status_bar() -> None:
    made = tiny.config()
    play = tiny.Play(30, game=made.game)
    play.frames[:] = play.frames[0]
    play.table["camera"] = np.zeros(30, np.int64)
    play.frames[20:, 0, 0] = 3
    play.frames[25:, 16:24, 8:24] = 3
    shot = Footage(cast(Cache, play), assets.setting(made))
    before, after = play.frames[24], play.frames[25]
    patches = [to_patches(torch.from_numpy(frame)[None, ..., None]) for frame in (before, after)]
    assert shot.changed.nonzero().flatten().tolist() == [25]
    assert int(shot.changed[25]) == int((patches[0] != patches[1]).any(-1).sum())


def test_the_hero_is_placed_on_the_screen() -> None:
    shot = footage()
    row = next(row for row in range(5, 40) if shot.odometer[row] > 0)
    x, y, there = shot.places[row].tolist()
    found = (shot.frames[row][tiny.TOP : -1] == 3).nonzero()
    assert there == 1
    assert (x, y) == (found[:, 1].min(), found[:, 0].min() + tiny.TOP)


def test_a_bit_mask_is_unpacked_in_the_order_of_the_buttons() -> None:
    assert unpack(np.array([5, 2]), 3).tolist() == [[1, 0, 1], [0, 1, 0]]


def test_rows_are_drawn_again_from_a_saved_generator() -> None:
    sampler = Sampler(footage(), 0)
    state = sampler.generator.bit_generator.state
    first = sampler.draw(50)
    sampler.generator.bit_generator.state = state
    assert np.array_equal(sampler.draw(50), first)
    assert set(first) <= set(footage().rows)


def test_rows_of_much_change_are_drawn_more_often() -> None:
    shot = footage()
    weights = shot.weights()
    changed = shot.changed.numpy()[shot.rows]
    assert weights.min() > 0
    assert weights[changed > np.median(changed)].mean() > weights[changed <= np.median(changed)].mean()


def test_what_happens_seldom_is_drawn_more_often_than_what_happens_often() -> None:
    shot = footage()
    once, often = 20, 70
    went = np.zeros_like(shot.table["coins"])
    went[once], went[often - 8 : often + 8 : 3] = 5, 1
    shot.table["coins"] = went.cumsum()
    before = footage().weights()
    more = dict(zip(shot.rows.tolist(), shot.weights() / before, strict=True))
    assert more[once] > more[often] > 1


def test_rows_that_show_a_rare_thing_are_drawn_more_often() -> None:
    shot = footage()
    shot.things[:, 1:, 2] = 1
    before = shot.weights()
    seldom = int(shot.rows[15])
    shot.things[seldom, 1, 2] = 3
    more = dict(zip(shot.rows.tolist(), shot.weights() / before, strict=True))
    assert more.pop(seldom) > 1.2 * max(more.values())


def test_what_a_thing_leaves_behind_is_drawn_more_often() -> None:
    shot, goes = footage(), 15
    shot.things[:, 1:, 2] = 0
    before = shot.weights()
    shot.things[goes - 1, 1, 2] = 3
    more = dict(zip(shot.rows.tolist(), shot.weights() / before, strict=True))
    assert min(more[goes], more[goes + SEEN_AFTER]) > 1.2 * max(
        more[goes + SEEN_AFTER + 1], more[goes - SEEN_BEFORE - 1]
    )


def test_every_page_of_a_level_is_drawn_as_often() -> None:
    shot = footage()
    shot.things[:], shot.odometer[:], shot.changed[:] = 1, 0, 1
    far = shot.rows[: len(shot.rows) // 5]
    shot.odometer[far] = shot.setting.game.width
    weights = dict(zip(shot.rows.tolist(), shot.weights(), strict=True))
    assert 3 < weights[int(far[0])] / weights[int(shot.rows[-1])] < 4  # but for the parts that know no pages


def test_a_place_where_a_level_seldom_appears_is_drawn_as_often_as_one_where_it_often_does() -> None:
    """Three times at one place, once a screen farther; all else weighs the same at both, and both are seen as often."""
    shot = footage()
    shot.things[:], shot.odometer[:], shot.changed[:] = 1, 0, 1
    shot.odometer[shot.rows[len(shot.rows) // 2 :]] = shot.setting.game.width
    seldom, often = int(shot.rows[-4]), [int(row) for row in shot.rows[[4, 8, 12]]]
    shot.things[[row - 1 for row in (seldom, *often)], 0, 2] = -1
    weights = dict(zip(shot.rows.tolist(), shot.weights(), strict=True))
    drawn = {row: weights[row] - min(weights.values()) for row in (seldom, *often)}
    assert drawn[seldom] > 2 * drawn[often[0]] > 0
    assert len({round(drawn[row], 9) for row in often}) == 1


def test_an_index_is_wrong_when_it_differs_and_a_colour_when_it_is_far_off() -> None:
    one, other = torch.tensor([[1], [2]], dtype=torch.uint8), torch.tensor([[1], [3]], dtype=torch.uint8)
    assert wrong(one, other).tolist() == [False, True]
    color = torch.tensor([[100, 100, 100]], dtype=torch.uint8)
    assert not wrong(color, color + 20).any()
    assert wrong(color, color + torch.tensor([0, 0, 40], dtype=torch.uint8)).all()
