"""Whether a dream still looks like its game: cheap signs of one frame, and what they come to over time.

A sound picture is made of small pieces that its starts are made of too. A new scene has new pieces, but it comes at
once and is drawn neatly; what falls apart does so bit by bit, or is rough. Black screens, deaths and pauses are sound.

Measured on 1454 frames of held-out play of Super Mario Bros 1-1, pieces of twelve starts: at most 0.6 % are unknown
above the ground, 32 % below it; roughness is at most 1.5 times that of the roughest start. On 18,666 of 1-2, with six
starts there: 1.5 % more than when the scene began, and 2.0 times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamplay.world import Buttons, Frame

MOST_UNKNOWN = 0.05
"""Share of unknown pieces, above those that the scene began with, that is too much."""

MOST_ROUGH = 2.5
"""Times the roughness of the roughest start."""

GRACE = 30
"""Frames after a reset or a new scene in which what is unknown belongs to it."""

FROZEN = 300
"""Frames without any change that are too many while buttons are pressed: clocks tick and coins glitter before."""

STUCK, CHORDS = 600, 6
"""Frames for which the hero stays on one pixel, and different sets of buttons held in them, that are too many: in
a million frames of play the longest wait that is not the player's, before the castle, takes 9.5 seconds, and who only
fidgets holds fewer."""

FLAT = 120
"""Frames of a single colour that are too many."""

FLASHES = 6
"""Turns of the brightness within the last second that are too many."""

_HELD = 90  # frames with a button held before a picture that stands still counts as frozen
_LARGE = 0.1  # of full brightness, a turn
_NEW = 0.5  # share of pixels that change at once where a new scene begins
_BITS = 20  # of a piece's number: a game's few thousand pieces leave a table of a million nearly empty
_STRIDE = 4  # pixels between the pieces that are looked at: a sixteenth of all tells the share within a percent
_SPARSE = 5, 7  # pixels between those whose brightness counts: no tile's size, or a pattern that moves would flash
_SMALL = 10_000  # pixels of a picture of which all count

_Codes = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Signs:
    """What one frame shows.

    Attributes:
        unknown: Share of pieces of 2x2 pixels that no start has.
        rough: Share of neighbouring pixels that differ, in shares of the roughest start's.
        bright: Mean brightness, 0 to 1.
        codes: Every fourth pixel, rows and columns, as one number.
    """

    unknown: float
    rough: float
    bright: float
    codes: _Codes


class Examiner:
    """Knows the pieces of a game's pictures."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        """Look at pictures that are sound, (h, w, 3) each."""
        self._known = np.zeros(1 << _BITS, np.bool_)
        self._roughest = 1.0
        for picture in pictures:
            for place in range(_STRIDE**2):
                self._known[_pieces(_corners(picture, *divmod(place, _STRIDE)))] = True
        self._roughest = max((self.look(picture).rough for picture in pictures), default=0.0) or 1.0

    def look(self, frame: Frame) -> Signs:
        """The signs of a frame, (h, w, 3)."""
        corners = _corners(frame, 0, 0)
        unknown = 1 - float(self._known[_pieces(corners)].mean())
        rough = float((corners[0] != corners[1]).mean()) / self._roughest
        down, across = _SPARSE if frame[..., 0].size > _SMALL else (1, 1)
        return Signs(unknown, rough, float(frame[::down, ::across].mean()) / 255, corners[0])


@dataclass(frozen=True)
class Pulse:
    """What is remembered of the frames so far.

    Attributes:
        signs: Of the newest frame.
        unknown: Share of unknown pieces that belongs to the scene.
        grace: Frames in which the scene may still add to it.
        still: Frames without a change.
        held: Frames of those with a button held.
        flat: Frames of a single colour.
        turned: Brightness at its last turn.
        rising: Whether it has risen since.
        turns: For each of the last frames whether the brightness turned, newest last.
    """

    signs: Signs
    unknown: float
    grace: int = GRACE
    still: int = 0
    held: int = 0
    flat: int = 0
    turned: float = 0.0
    rising: bool = False
    turns: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Stand:
    """How long the hero has been where he is.

    Attributes:
        place: In the level, in pixels; None where the dream does not know.
        frames: For how many frames.
        chords: The sets of buttons held in them.
    """

    place: tuple[int, int] | None = None
    frames: int = 0
    chords: frozenset[Buttons] = frozenset()

    def follow(self, place: tuple[int, int] | None, buttons: Buttons) -> "Stand":
        """With one more frame."""
        if place is None or place != self.place:
            return Stand(place)
        return Stand(place, self.frames + 1, self.chords | {buttons})

    @property
    def stuck(self) -> bool:
        """Whether nothing that the player tries moves him."""
        return self.frames >= STUCK and len(self.chords) >= CHORDS


def begin(signs: Signs) -> Pulse:
    """The pulse of a first frame."""
    return Pulse(signs, signs.unknown, turned=signs.bright)


def follow(pulse: Pulse, signs: Signs, buttons: Buttons) -> Pulse:
    """The pulse with one more frame.

    Args:
        pulse: Up to the frame before.
        signs: Of the frame.
        buttons: That led to it.
    """
    changed = float((signs.codes != pulse.signs.codes).mean())
    still = pulse.still + 1 if changed == 0 and signs.bright == pulse.signs.bright else 0
    grace = GRACE if changed >= _NEW else max(0, pulse.grace - 1)
    unknown = signs.unknown if changed >= _NEW else max(pulse.unknown, signs.unknown) if grace else pulse.unknown
    step = signs.bright - pulse.turned
    turn = step <= -_LARGE if pulse.rising else step >= _LARGE
    further = step > 0 if pulse.rising else step < 0
    return Pulse(
        signs,
        unknown,
        grace,
        still,
        pulse.held + bool(buttons) if still else 0,
        pulse.flat + 1 if signs.rough == 0 else 0,
        signs.bright if turn or further else pulse.turned,
        pulse.rising != turn,
        (*pulse.turns, turn)[-GRACE:],
    )


def complaint(pulse: Pulse) -> str:
    """What is wrong with the newest frame, in a word or two; empty when nothing is."""
    if pulse.signs.rough > MOST_ROUGH or pulse.signs.unknown > pulse.unknown + MOST_UNKNOWN:
        return "fell apart"
    if pulse.still >= FROZEN and pulse.held >= _HELD:
        return "froze"
    if pulse.flat >= FLAT:
        return "went blank"
    return "flashed" if sum(pulse.turns) > FLASHES else ""


def _corners(frame: Frame, down: int, across: int) -> list[_Codes]:
    """The four colours of the pieces that begin at every fourth pixel from the given one on."""
    rows, columns = (frame.shape[0] - _STRIDE) // _STRIDE * _STRIDE, (frame.shape[1] - _STRIDE) // _STRIDE * _STRIDE
    return [
        _codes(frame[y : y + rows : _STRIDE, x : x + columns : _STRIDE])
        for y in (down, down + 1)
        for x in (across, across + 1)
    ]


def _codes(pixels: Frame) -> _Codes:
    return pixels.astype(np.uint32) @ np.array((65536, 256, 1), np.uint32)


def _pieces(corners: Sequence[_Codes]) -> _Codes:
    """Numbers of pieces: Knuth's multiplicative hash of their four colours."""
    mixed = np.zeros_like(corners[0])
    for corner in corners:
        mixed = (mixed ^ corner) * np.uint32(2654435761)
    return mixed >> np.uint32(32 - _BITS)
