"""What plays instead of the hands: scripts and movies. And the screen of a run that nobody watches."""

from collections.abc import Sequence

from dreamplay import movie
from dreamplay.controls import Input, Status
from dreamplay.errors import DivergedError, MovieError
from dreamplay.world import Buttons, Frame, GameSpec


class Blank:
    """No hands, no eyes."""

    def poll(self) -> Input:
        """Nothing is ever pressed."""
        return Input()

    def show(self, frame: Frame, status: Status) -> None:
        """Nothing is shown."""

    def change(self, game: GameSpec) -> None:
        """Nothing changes."""


class ScriptPilot:
    """Plays a script, then stands still until its frames are over."""

    def __init__(self, script: Sequence[Buttons], frames: int | None = None) -> None:
        """Take the buttons of every frame, and how many frames there are; without a number, those of the script."""
        self._script = script
        self._frames = len(script) if frames is None else frames
        self._played = 0

    def __call__(self, frame: Frame) -> Buttons | None:
        """The buttons of the next step."""
        if self._played >= self._frames:
            return None
        self._played += 1
        return self._script[self._played - 1] if self._played <= len(self._script) else 0


class MoviePilot:
    """Plays a movie again, and compares the frames with its checksums where it is told to."""

    def __init__(self, played: movie.Movie, game: GameSpec, *, verify: bool) -> None:
        """Take the movie.

        Raises:
            MovieError: It is one of another game.
        """
        header = played.header
        if (header.game, header.buttons) != (game.name, game.buttons):
            raise MovieError(f"a movie of '{header.game}' cannot be played in '{game.name}'")
        self._movie = played
        self._expected = played.checksums if verify else {}
        self._number = 0

    @property
    def compared(self) -> int:
        """Number of the movie's checksums."""
        return len(self._expected)

    def __call__(self, frame: Frame) -> Buttons | None:
        """Compare the frame that is shown, then give the buttons of the next step.

        Raises:
            DivergedError: The frame is another one than the movie's.
        """
        expected = self._expected.get(self._number)
        if expected is not None and movie.checksum(frame) != expected:
            raise DivergedError(f"frame {self._number} differs from the movie's: another ROM, cartridge or version")
        self._number += 1
        return self._movie.buttons[self._number - 1] if self._number <= len(self._movie.buttons) else None
