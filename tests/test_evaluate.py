"""Each measurement against a closed form: a perfect dream, a copy of the last frame, noise, and lives made up."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamplay.checkpoint import Cartridge
from dreamplay.config import CodecConfig, Config, Counter, DenoiserConfig, MotionConfig
from dreamplay.errors import UnknownNameError, UsageError
from dreamplay.models.model import Model
from dreamplay.models.motion import Foresight
from dreamplay.ring import THING, Ring
from dreamplay.world import GameSpec
from tests import samples, tiny
from tests.test_reactions import toy_reactions
from training import assets
from training.data import Footage
from training.evaluate import Options, parts_of, stage_of, starts_of
from training.measure import Numbers, buttons, free, one_step, show, soak, survival, table
from training.measure.dreaming import Dreamer, probe_error, spread
from training.measure.frames import BEST_PSNR, aligned, shift_copy
from training.measure.patches import Vocabulary, learn, vocabulary
from training.measure.survival import Collapse, Life, judge

GAME = GameSpec(name="mario", title="Toy", height=64, width=64, fps=30, buttons=("left", "right", "a", "b", "down"))
TOP, HERO = 8, 3
PALETTE = ((0, 0, 0), (255, 255, 255), (90, 90, 90), (255, 0, 0))


def config() -> Config:
    """The config of a toy game with a scroll, a status bar and a row counter."""
    return replace(
        samples.config(),
        game=GAME,
        palette=PALETTE,
        status_rows=TOP,
        context=2,
        sigmas=(1.0,),
        temperature=0.0,
        counters=(Counter(name="frame_counter", period=4096, steps=(1,), reset=-1, digits=()),),
        patience=10,
        codec=CodecConfig(channels=2, width=8, hidden=8, colors=2),
        motion=MotionConfig(fastest=8, cuts=(), history=4, width=8, eye=4, things=1, kinds=4, scenes=0, columns=0),
        denoiser=DenoiserConfig(
            backbone="unet", widths=(8,), blocks=1, embedding=8, residual=True, gate=0.5, sigma_data=0.4, memory=0,
            columns=0, stamp=2, sprite=2, looks=(), backdrop=False,
        ),
    )  # fmt: skip


class ToyCache:
    """Two episodes of a block that walks through a random level while the camera follows."""

    def __init__(self, rows: int = 90) -> None:
        generator = np.random.default_rng(0)
        level = generator.integers(0, 3, (GAME.height, 400)).astype(np.uint8)
        self.episodes = [(0, rows), (rows, 2 * rows)]
        camera = np.tile(np.cumsum(generator.integers(0, 4, rows)), 2)
        hero = camera + generator.integers(8, 40, 2 * rows)
        self.frames = np.stack([level[:, left : left + GAME.width] for left in camera])
        self.frames[:, :TOP] = level[:TOP, : GAME.width]
        for row, x in enumerate(hero - camera):
            self.frames[row, 24:40, x : x + 8] = HERO
        zero, one = np.zeros(2 * rows, np.int64), np.ones(2 * rows, np.int64)
        self.table = {
            "camera": camera, "x": hero, "y": 24 * one, "visible": one, "player_state": 8 * one,
            **{f"thing0_{name}": 0 * one for name in THING},
            "thing0_x": hero, "thing0_y": 24 * one, "thing0_kind": one,
            "buttons": 2 * one, "frame_counter": np.arange(2 * rows), "number": np.arange(2 * rows) % rows,
            **dict.fromkeys(("score", "power", "coins", "lives"), zero),
        }  # fmt: skip

    def load(self, rows: range | None = None) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Some frames."""
        return self.frames if rows is None else self.frames[rows.start : rows.stop]


def seek(frames: Tensor, near: Tensor | None = None) -> Tensor:
    """Finds the block by its colour, wherever it is. frames: (B, h, w, 1)."""
    found = frames[..., 0] == HERO
    x, y = found.any(1).int().argmax(1), found.any(2).int().argmax(1)
    return torch.stack([x, y, found.flatten(1).any(1)], 1).float()


class Perfect:
    """Dreams what really comes: it knows the row from the counter."""

    def __init__(self, footage: Footage) -> None:
        self.config, self.noise_shape, self.footage = config(), (2, 8, 8), footage

    def foresee(self, ring: Ring, held: Tensor) -> Foresight:
        """What was true."""
        return self.footage.foresight((ring.counters[:, 0] + 1).clamp(max=len(self.footage.frames) - 1))

    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """The past one row on."""
        return self.footage.ring((ring.counters[:, 0].numpy() + 2).clip(max=len(self.footage.frames)))


class Copying(Perfect):
    """Shows the last frame for ever."""

    def foresee(self, ring: Ring, held: Tensor) -> Foresight:
        """Nothing moves."""
        return Foresight(torch.zeros(len(ring), dtype=torch.int64), ring.things[:, -1], ring.counters)

    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """The same frame again."""
        return replace(ring, counters=ring.counters + 1)


class Noisy(Perfect):
    """Shows noise."""

    def step(self, ring: Ring, held: Tensor, noise: Tensor, motion: Tensor | None = None) -> Ring:
        """Random pixels."""
        generator = torch.Generator().manual_seed(int(ring.counters[0, 0]))
        frames = torch.randint(0, 4, ring.frames.shape, dtype=torch.uint8, generator=generator)
        return replace(ring, frames=frames, counters=ring.counters + 1)


@pytest.fixture(scope="module")
def footage() -> Footage:
    """The toy's play."""
    cache: Any = ToyCache()
    return Footage(cache, assets.setting(config()))


@pytest.fixture(scope="module")
def known() -> Vocabulary:
    """The toy's patches."""
    return learn([ToyCache().frames])


def dreamer(model: Any) -> Dreamer:
    """A dreamer of a fake."""
    return Dreamer(model, probe=seek)


def test_a_perfect_model_is_perfect_in_one_step(footage: Footage) -> None:
    numbers = one_step.one_step(dreamer(Perfect(footage)), footage, footage.rows[:40], batch=16)
    for way in ("true_scroll", "own_scroll", "real"):
        assert [numbers[f"one_step.{way}.{name}"] for name in ("exact", "changed_patches", "skill")] == [1, 1, 1]
        assert numbers[f"one_step.{way}.psnr"] == BEST_PSNR
    assert numbers["one_step.scroll.exact"] == numbers["one_step.scroll.within_1"] == 1


def test_copying_the_last_frame_has_no_skill_against_itself(footage: Footage) -> None:
    numbers = one_step.one_step(dreamer(Copying(footage)), footage, footage.rows[:40])
    assert numbers["one_step.own_scroll.skill_against_copy"] == 0
    assert numbers["one_step.own_scroll.exact"] == pytest.approx(numbers["one_step.copy_last.exact"])
    assert numbers["one_step.scroll.exact"] == pytest.approx(
        float((footage.scrolls[footage.rows[:40]] == 0).float().mean())
    )


def test_the_shift_copy_has_no_skill_and_no_changed_patch_right(footage: Footage) -> None:
    numbers = one_step.one_step(dreamer(Perfect(footage)), footage, footage.rows[:40])
    assert numbers["one_step.shift_copy.skill"] == numbers["one_step.shift_copy.changed_patches"] == 0
    assert 0.5 < numbers["one_step.shift_copy.exact"] < 1


def test_the_shift_copy_repeats_the_last_column_and_leaves_the_status_bar() -> None:
    frame = torch.arange(4).repeat(2, 1)[None]
    assert shift_copy(frame, torch.tensor([2]), top=1).tolist() == [[[0, 1, 2, 3], [2, 3, 3, 3]]]


def test_a_perfect_model_runs_freely_without_an_error(footage: Footage, known: Vocabulary) -> None:
    starts = free.windows(footage, 4)
    numbers = free.free(dreamer(Perfect(footage)), footage, known, starts, horizons=(1, 30, 60))
    for n in (1, 30, 60):
        assert numbers[f"free.{n}.camera_error_median"] == numbers[f"free.{n}.mario_error_median"] == 0
        assert numbers[f"free.{n}.aligned_median"] == numbers[f"free.{n}.validity_median"] == 1


def test_a_copy_runs_as_its_floor_does(footage: Footage, known: Vocabulary) -> None:
    numbers = free.free(dreamer(Copying(footage)), footage, known, free.windows(footage, 4), horizons=(30,))
    for name in ("aligned", "unaligned", "camera_error", "mario_error"):
        assert numbers[f"free.30.{name}_median"] == numbers[f"free.30.copy_last.{name}_median"]


def test_windows_that_are_too_short_are_left_out(footage: Footage, known: Vocabulary) -> None:
    numbers = free.free(dreamer(Perfect(footage)), footage, known, free.windows(footage, 4), horizons=(1, 300))
    assert "free.1.aligned_median" in numbers and "free.300.aligned_median" not in numbers


@pytest.mark.parametrize("offset", [-16, -3, 0, 1, 16])
def test_alignment_finds_a_shift_of_up_to_sixteen_pixels(offset: int) -> None:
    wide = torch.randint(0, 4, (1, 40, 128), generator=torch.Generator().manual_seed(0))
    bar = torch.ones(1, 8, 64, dtype=torch.int64)
    truth = torch.cat([bar, wide[:, :, 32:96]], 1)
    made = torch.cat([bar, wide[:, :, 32 + offset : 96 + offset]], 1)
    assert float(aligned(made, truth, top=8)) == 1


def test_alignment_does_not_move_the_status_bar() -> None:
    truth = torch.randint(0, 4, (1, 8, 64), generator=torch.Generator().manual_seed(0))
    assert float(aligned(truth.roll(5, 2), truth, top=8)) < 0.5


def test_real_frames_are_valid_and_noise_is_not(known: Vocabulary) -> None:
    frames = torch.from_numpy(ToyCache().frames[:5])
    assert known.validity(frames).tolist() == [1] * 5
    assert known.validity(torch.randint(0, 4, (3, 64, 64), dtype=torch.uint8)).max() < 0.01


def test_a_vocabulary_is_kept_for_the_next_time(tmp_path: Path) -> None:
    cache: Any = ToyCache()
    first = vocabulary([cache], tmp_path)
    cache.frames = cache.frames * 0
    assert np.array_equal(vocabulary([cache], tmp_path).known, first.known)


def test_the_probe_is_measured_on_real_frames(footage: Footage) -> None:
    numbers = probe_error(dreamer(Perfect(footage)), footage, footage.rows)
    assert numbers["probe.error_95th"] == numbers["probe.missed"] == 0


def life(frames: int = 400, **changes: Any) -> Life:
    """A healthy life with some columns replaced from frame 100 on for `lasting` frames."""
    lasting = changes.pop("lasting", frames)
    true = np.ones(frames, bool)
    columns = {"validity": np.ones(frames), "there": true, "dark": ~true, "moved": true, "pressed": true}
    for name, value in changes.items():
        columns[name] = columns[name].copy()
        columns[name][100 : 100 + lasting] = value
    return Life(**columns)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"validity": 0.5}, survival.MUSH),
        ({"there": False}, survival.GONE),
        ({"there": False, "dark": True}, survival.BLACK),
        ({"there": False, "dark": True, "moved": False}, survival.BLACK),
        ({"moved": False}, survival.FROZEN),
    ],
)
def test_every_kind_of_collapse_is_told_by_its_name(changes: dict[str, Any], kind: str) -> None:
    collapse = judge(life(**changes))
    assert collapse is not None and collapse.kind == kind
    assert abs(collapse.frame - 101) <= survival.SECOND


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validity": 0.5, "lasting": 14},
        {"there": False, "dark": True, "lasting": survival.PATIENCE},
        {"moved": False, "pressed": False},
    ],
)
def test_a_dip_a_death_and_a_rest_are_no_collapse(changes: dict[str, Any]) -> None:
    assert judge(life(**changes)) is None


def test_noise_is_mush_and_a_picture_that_stands_is_frozen(footage: Footage, known: Vocabulary) -> None:
    starts = footage.ring(footage.rows[:3])
    for model, kind in ((Noisy(footage), survival.MUSH), (Copying(footage), survival.FROZEN)):
        outcomes = survival.survive(dreamer(model), known, starts, dreams=4, frames=200)
        assert [collapse.kind for _, collapse in outcomes if collapse] == [kind] * 4


def test_real_play_survives(footage: Footage, known: Vocabulary) -> None:
    lives = survival.real_lives(dreamer(Perfect(footage)), footage, known, count=2, frames=80)
    assert [judge(one) for one in lives] == [None, None]


def test_survival_counts_the_living_and_names_the_dead() -> None:
    numbers = survival.numbers([None, Collapse(400, survival.GONE)], 600)
    assert (numbers["survival.300.alive"], numbers["survival.600.alive"]) == (1, 0.5)
    assert numbers["survival.mario_gone"] == 1 and numbers["survival.dream_01.mario_gone_at_frame"] == 400


def test_a_soak_is_stood_by_dreams_that_live_and_stay_clean() -> None:
    clean, dim = life(), life(validity=0.96)
    numbers = soak.numbers([(clean, None), (dim, None), (clean, Collapse(300, survival.GONE)), (clean, None)])
    assert (numbers["soak.dreams"], numbers["soak.alive"], numbers["soak.validity_min"]) == (4, 0.5, 0.96)


def test_the_same_seed_plays_the_same_and_another_seed_does_not() -> None:
    assert np.array_equal(survival.play(1, 300), survival.play(1, 300))
    assert not np.array_equal(survival.play(1, 300), survival.play(2, 300))


def test_dreamed_reactions_follow_the_dreamed_block(footage: Footage) -> None:
    rows = footage.rows[:3]
    found = buttons.dreamed_reactions(dreamer(Perfect(footage)), footage, rows, batch=2)
    where = footage.places[:, 0] + footage.odometer
    assert found.moves[:, 0, 0, 0].tolist() == (where[rows + 3] - where[rows - 1]).tolist()
    assert not found.first.any()


def everything(footage: Footage, known: Vocabulary) -> Numbers:
    """All numbers of an untrained network, but those that need the real game."""
    torch.manual_seed(0)
    model = Model(config()).eval()
    made = Dreamer(model, probe=seek)
    rows = spread(footage.rows, 6)
    outcomes = survival.survive(made, known, footage.ring(rows), dreams=3, frames=40)
    return (
        one_step.one_step(made, footage, rows)
        | free.free(made, footage, known, free.windows(footage, 2), horizons=(1, 5))
        | buttons.compare(toy_reactions(), buttons.dreamed_reactions(made, footage, rows[:5]))
        | survival.numbers([collapse for _, collapse in outcomes], 40)
    )


def test_an_untrained_network_is_measured_twice_alike_in_plain_numbers(footage: Footage, known: Vocabulary) -> None:
    numbers = everything(footage, known)
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    assert {type(value) for value in numbers.values()} == {float}
    assert everything(footage, known) == numbers


def test_the_table_has_a_row_for_each_floor(footage: Footage, known: Vocabulary) -> None:
    numbers = free.free(dreamer(Perfect(footage)), footage, known, free.windows(footage, 2), horizons=(30,))
    report = list(table.lines(numbers))
    names = [line.split()[0] for line in report if line.startswith("  ")]
    assert names == ["dream", "shift_copy", "copy_last", "real"]
    assert len({len(line) for line in report[1:] if line}) == 1


def test_the_pictures_show_the_dream_beside_the_truth(footage: Footage, tmp_path: Path) -> None:
    made = dreamer(Perfect(footage))
    dreamed, truth = show.clips(made, footage, free.windows(footage, 2), 15)
    assert torch.equal(dreamed, truth)
    show.sheet(dreamed, truth, made.palette, tmp_path / "sheet.png")
    show.gif(dreamed, truth, made.palette, tmp_path / "beside.gif", 30)
    assert all((tmp_path / name).stat().st_size > 500 for name in ("sheet.png", "beside.gif"))


def test_what_takes_long_is_measured_only_when_asked_for() -> None:
    cartridge = Path("mario")
    assert not {"events", "clock", "soak"} & set(parts_of(Options(cartridge, quick=True)))
    assert {"events", "clock"} <= set(parts_of(Options(cartridge))) and "soak" not in parts_of(Options(cartridge))
    assert parts_of(Options(cartridge, soak=True)) == (*parts_of(Options(cartridge)), "soak")
    assert parts_of(Options(cartridge, only="clock,free")) == ("clock", "free")


def test_a_mistyped_part_is_named() -> None:
    with pytest.raises(UnknownNameError, match="evnets"):
        parts_of(Options(Path("mario"), only="evnets"))


def test_rows_are_spread_evenly() -> None:
    steps = [b - a for a, b in pairwise(spread(np.arange(100), 12).tolist())]
    assert len(steps) == 11 and set(steps) == {9}


def test_dreams_of_a_stage_begin_in_it() -> None:
    made = replace(tiny.config(), starts=("start", "1-9px", "1-2", "1-2+9px"))
    cartridge = Cartridge(made, tiny.model(made), tiny.ring(made, 4))
    assert torch.equal(starts_of(cartridge, "1-2", home="1-1").frames, cartridge.starts.frames[2:])
    assert torch.equal(starts_of(cartridge, "1-1", home="1-1").frames, cartridge.starts.frames[:2])
    with pytest.raises(UsageError, match=r"no start in '1-3' \(found: start, 1-9px, 1-2, 1-2\+9px\)"):
        starts_of(cartridge, "1-3", home="1-1")


def test_a_start_lies_in_the_stage_that_it_is_named_after_or_at_home() -> None:
    assert [stage_of(start, "1-1") for start in ("start", "9px", "1-2", "1-2+9px")] == ["1-1", "1-1", "1-2", "1-2"]
