"""Buttons: does a dream move Mario as the console does, and as soon?

Axis letters: B batch, N moments, K buttons, h w pixels.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.ring import Ring
from training.cache import Cache
from training.data import Footage, Rows, unpack
from training.measure import Numbers
from training.measure.dreaming import Dreamer, spread
from training.measure.reactions import CHORDS, HORIZONS, VISIBLE, Moment, Reactions

BATCH = 4
"""Moments at once; every one is dreamed on under eight chords."""
DEAD = 1.0
"""Pixels of displacement that count as standing still, and by which two displacements may differ and still agree."""
LOST = 256.0
_OBEYS = 8


def moments(cache: Cache, footage: Footage, movies: Path, count: int, *, episodes: int | None = None) -> list[Moment]:
    """Frames of the held-out movies at which Mario obeys, evenly spread, in the order of movies and frames.

    Args:
        cache: Where the footage comes from.
        footage: Real play.
        movies: Folder of its movies.
        count: How many moments.
        episodes: Take only so many movies, those that take the shortest to replay.
    """
    number = footage.table["number"]
    order = sorted(range(len(footage.episodes)), key=lambda i: int(number[footage.episodes[i][0]]))
    chosen = sorted(order if episodes is None else order[:episodes])
    firsts = np.array([first for first, _ in footage.episodes])
    episode = np.searchsorted(firsts, footage.rows, side="right") - 1
    good = _obeys(footage, footage.rows - 1) & np.isin(episode, chosen)
    rows = spread(footage.rows[good], count)
    of = np.searchsorted(firsts, rows, side="right") - 1
    paths = [movies / f"{shard.path.stem}.movie" for shard in cache.shards]
    return sorted(Moment(paths[i], int(number[row - 1]), int(row)) for i, row in zip(of, rows, strict=True))


def _obeys(footage: Footage, rows: Rows) -> npt.NDArray[np.bool_]:
    there: npt.NDArray[np.bool_] = footage.places[torch.from_numpy(rows), 2].numpy() > 0
    return there & (footage.table["player_state"][rows] == _OBEYS)


def dreamed_reactions(dreamer: Dreamer, footage: Footage, rows: Rows, *, batch: int = BATCH) -> Reactions:
    """What dreams do that begin before each of the rows, under every chord, with the same noise for all chords."""
    parts = [_react(dreamer, footage, part) for part in np.array_split(rows, -(-len(rows) // batch))]
    return Reactions(np.concatenate([part.moves for part in parts]), np.concatenate([part.first for part in parts]))


def _react(dreamer: Dreamer, footage: Footage, rows: Rows) -> Reactions:
    game, n, c = dreamer.config.game, len(rows), len(CHORDS)
    bits = np.array([game.chord(text) for text in CHORDS] * n)
    held = torch.from_numpy(unpack(bits, len(game.buttons)))  # (B, K)
    ring = dreamer.pasts(footage, rows).select(torch.arange(n).repeat_interleave(c))
    home = footage.places[torch.from_numpy(rows - 1)].double().repeat_interleave(c, 0)[:, :2]
    home[:, 0] += ring.odometer.cpu()
    moves, first = np.full((n * c, len(HORIZONS), 2), np.nan), np.zeros((n, c), np.int64)
    for frame in range(1, HORIZONS[-1] + 1):
        ring = dreamer.step(ring, held, noise=dreamer.noise(n).repeat_interleave(c, 0))
        shown = dreamer.shown(ring)[:, dreamer.config.status_rows :].reshape(n, c, -1)
        differs = (shown != shown[:, :1]).sum(2).numpy() >= VISIBLE
        first[(first == 0) & differs] = frame
        if frame in HORIZONS:
            moves[:, HORIZONS.index(frame)] = (_level_places(dreamer, ring) - home).numpy()
    return Reactions(moves.reshape(n, c, len(HORIZONS), 2), first)


def _level_places(dreamer: Dreamer, ring: Ring) -> Tensor:
    """Where the probe sees Mario in the level around where the dream has him, (B, 2); NaN where it does not."""
    near = ring.things[:, -1, 0, :2] if ring.things.shape[2] else None
    places = dreamer.places(dreamer.shown(ring), near)
    level = places[:, :2].double()
    level[:, 0] += ring.odometer.cpu()
    level[places[:, 2] <= 0] = float("nan")
    return level


def compare(real: Reactions, dream: Reactions) -> Numbers:
    """How alike the reactions are.

    Where Mario obeys in the real game, his displacement after 4, 8 and 16 frames is compared with that of where the
    dream's pictures show him. `sign` is the share of displacements, of both axes, that have the same sign, where up to
    1 px counts as none and displacements no further apart than that agree anyway; `error` is the median distance in
    pixels. A dreamed Mario who is not there agrees with nothing and is 256 px off. `lag` is the median of the first
    frame in which the dream differs from the same dream under no buttons, minus the same of the console, over the pairs
    in which the console reacts within 16 frames; two pictures differ when at least 8 pixels below the status bar do.
    `in_time` is the share of lags that are 0, `late` of those above. The floor ignores the buttons: it moves as the
    console does under none.
    """
    ignoring = np.broadcast_to(real.moves[:, :1], real.moves.shape)
    numbers: Numbers = {"buttons.states": float(len(real.moves))}
    for row, moves in (("", dream.moves), ("ignoring_buttons.", ignoring), ("real.", real.moves)):
        numbers[f"buttons.{row}sign"] = _sign(real.moves, moves)
        numbers |= _lag(real.first, dream.first if not row else real.first * (row == "real."), row)
        for i, horizon in enumerate(HORIZONS):
            for axis, name in enumerate("xy"):
                truth, made = real.moves[:, 1:, i, axis], moves[:, 1:, i, axis]
                numbers[f"buttons.{horizon}.{row}sign_{name}"] = _sign(truth, made)
                numbers[f"buttons.{horizon}.{row}error_{name}_median"] = _error(truth, made)
    return numbers


def _lag(real: npt.NDArray[np.int64], made: npt.NDArray[np.int64], row: str) -> Numbers:
    """Lags of the pairs in which the console reacts; a dream that never does reacts one frame after the last."""
    reacts = real > 0
    lags = np.where(made > 0, made, HORIZONS[-1] + 1)[reacts] - real[reacts]
    if not len(lags):
        return {}
    return {
        f"buttons.{row}lag": float(np.median(lags)),
        f"buttons.{row}lag_mean": float(lags.mean()),
        f"buttons.{row}in_time": float((lags == 0).mean()),
        f"buttons.{row}late": float((lags > 0).mean()),
    }


def _sign(real: npt.NDArray[np.float64], made: npt.NDArray[np.float64]) -> float:
    valid = ~np.isnan(real)
    truth, guess = real[valid], np.nan_to_num(made[valid], nan=np.inf)
    agree = (_direction(truth) == _direction(guess)) | (np.abs(truth - guess) <= DEAD)
    return float((agree & np.isfinite(guess)).mean()) if len(truth) else 1.0


def _error(real: npt.NDArray[np.float64], made: npt.NDArray[np.float64]) -> float:
    valid = ~np.isnan(real)
    if not valid.any():
        return 0.0
    return float(np.median(np.nan_to_num(np.abs(made - real)[valid], nan=LOST)))


def _direction(moves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    direction: npt.NDArray[np.float64] = np.sign(np.where(np.abs(moves) <= DEAD, 0, moves))
    return direction
