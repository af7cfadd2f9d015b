"""A dream's past, made of real play: what puts a dream where the real game is.

Axis letters: B batch, N things, T past frames, S past steps, K buttons, h w pixels, P planes of a frame.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dreamplay.checkpoint import history
from dreamplay.config import Config
from dreamplay.errors import UsageError
from dreamplay.models import backdrop
from dreamplay.models.moves import BOTTOM, LEFT, RIGHT, TOP, leave_parts
from dreamplay.ring import THING, Ring, shift
from dreamplay.world import Frame, Moment

_NAMED = 4
"""Missing probes that an error names."""


def needed(config: Config) -> int:
    """Moments that a past of this config is made of: enough to know how long the hero has been away."""
    return max(history(config), config.patience) + 1


def ring(config: Config, moments: Sequence[Moment]) -> Ring:
    """The past that a dream would have after these moments, batch B = 1.

    Args:
        config: The dream's.
        moments: Of one game without a break, oldest first; those before the first one count as copies of it.

    Raises:
        UsageError: The real game does not tell what the dream has to know.
    """
    moments = [moments[0]] * (needed(config) - len(moments)) + list(moments)
    missing = sorted({name for name in _names(config) if name not in moments[-1].probe})
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        names = ", ".join(missing[:_NAMED])
        raise UsageError(f"the real game does not tell the dream's {names}{more}: another model may fit it")
    scrolls, steps = _scrolls(config, moments), history(config)
    pictures = torch.from_numpy(np.stack([_indices(config, m.frame) for m in moments[-config.context :]]))
    frames, things = _aligned(config, pictures, scrolls), _things(config, moments)
    if config.denoiser.backdrop:
        frames[0] = _behind(config, moments, things, scrolls)
    held = [[float(m.buttons >> i & 1) for i in range(len(config.game.buttons))] for m in moments[-steps:]]
    newest = moments[-1].probe
    return Ring(
        frames=frames[None],
        buttons=torch.tensor(held)[None],
        scrolls=torch.tensor(scrolls[-steps:])[None],
        things=things[None, -steps:],
        odometer=torch.tensor([newest["camera"] if config.motion else -1]),
        counters=torch.tensor([[newest[c.name] % c.period for c in config.counters]], dtype=torch.int64),
        absent=torch.tensor([_absent(config, things)]),
    )


def _names(config: Config) -> list[str]:
    """What the probe must tell."""
    things = config.motion.things if config.motion else 0
    return [
        *(["camera"] if config.motion else []),
        *(counter.name for counter in config.counters),
        *(f"thing{i}_{name}" for i in range(things) for name in THING),
    ]


def _scrolls(config: Config, moments: Sequence[Moment]) -> list[int]:
    """The camera's way to each moment, 0 at the first one and at cuts."""
    if config.motion is None:
        return [0] * len(moments)
    cameras = [moment.probe["camera"] for moment in moments]
    went = [after - before for before, after in zip(cameras[:1] + cameras, cameras, strict=False)]
    return [step if 0 <= step <= config.motion.fastest else 0 for step in went]


def _indices(config: Config, frame: Frame) -> npt.NDArray[np.uint8]:
    """A frame as the dream holds it: palette indices or RGB, (h, w, P)."""
    if not config.palette:
        return frame
    weights = np.array((65536, 256, 1))
    palette = np.array(config.palette) @ weights
    order = np.argsort(palette)
    found: npt.NDArray[np.uint8] = order[np.searchsorted(palette[order], frame @ weights).clip(max=len(order) - 1)]
    return found.astype(np.uint8)[..., None]


def _aligned(config: Config, pictures: Tensor, scrolls: Sequence[int]) -> Tensor:
    """The last T pictures, (T, h, w, P), each shifted to where the camera stands now."""
    since = [0] * len(pictures)
    for age in range(1, len(pictures)):
        since[-1 - age] = min(since[-age] + scrolls[-age], config.game.width)
    return shift(pictures, since, top=config.status_rows, unknown=len(config.palette))


def _behind(config: Config, moments: Sequence[Moment], things: Tensor, scrolls: Sequence[int]) -> Tensor:
    """What was seen behind things until the oldest of the last T moments, where the camera stands now, (h, w, P)."""
    last, still = len(moments) - config.context, torch.zeros(1, dtype=torch.int64)
    shapes = backdrop.forms(config.denoiser.looks)
    seen = torch.full((1, *_indices(config, moments[0].frame).shape), len(config.palette), dtype=torch.uint8)
    for moment, told, scroll in zip(moments[: last + 1], things, scrolls, strict=False):
        picture = torch.from_numpy(_indices(config, moment.frame))[None]
        seen = shift(seen, [scroll], top=config.status_rows, unknown=len(config.palette))
        seen = backdrop.remember(seen, picture, told[None], still, shapes)
    since = min(sum(scrolls[last + 1 :]), config.game.width)
    return shift(seen, [since], top=config.status_rows, unknown=len(config.palette))[0]


def _things(config: Config, moments: Sequence[Moment]) -> Tensor:
    """What is known of things in each moment, 0 beyond the screen's surroundings, (moments, N, E) int64."""
    count, kinds = (config.motion.things, config.motion.kinds) if config.motion else (0, 0)
    things = torch.zeros(len(moments), count, len(THING), dtype=torch.int64)
    for told, moment in zip(things, moments, strict=True):
        for i in range(count):
            x, y, kind, *rest = (moment.probe[f"thing{i}_{name}"] for name in THING)
            x -= moment.probe["camera"]
            if LEFT <= x < RIGHT and TOP <= y < BOTTOM and 0 < kind < kinds:
                told[i] = torch.tensor((x, y, kind, *rest))
            told[i, 2] += min(kind, 0)
    if count:
        leave_parts(things, torch.arange(len(things)) == 0)
    return things


def _absent(config: Config, things: Tensor) -> int:
    """Moments without the hero in the same scene, up to the dream's patience."""
    if config.motion is None:
        return 0
    kinds = things[-config.patience - 1 :, 0, 2].tolist()
    if kinds[-1] > 0:
        return 0
    same = next((n for n, kind in enumerate(reversed(kinds)) if kind != kinds[-1]), len(kinds))
    return min(same, config.patience)
