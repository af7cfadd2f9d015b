"""What the player tells about itself: HUD, toasts, badge, as text. Drawing them is the window's business."""

from collections import deque
from enum import IntEnum

from dreamplay.controls import Status
from dreamplay.pace import Stopwatch
from dreamplay.world import Buttons, World, layers

_TOAST = 3.0  # seconds that a sentence stays
_REFRESH = 0.25  # seconds between two readings: faster ones cannot be read


class Hud(IntEnum):
    """How much the HUD shows."""

    OFF = 0
    FPS = 1
    FULL = 2


class Dashboard:
    """Collects what is to be told, and forgets it in time."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        self._hud = Hud.OFF
        self._shows_buttons = False
        self._lines: tuple[str, ...] = ()
        self._lines_due = 0.0
        self._waiting: deque[str] = deque(maxlen=8)
        self._toast, self._toast_due = "", 0.0

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment, after those that wait already."""
        self._waiting.append(sentence)

    def say_now(self, sentence: str) -> None:
        """Show a sentence in place of the one that is shown: a setting that changes again and again."""
        self._toast_due = 0.0
        self._waiting.appendleft(sentence)

    def refresh(self) -> None:
        """Forget what was read: another world is played, or the same one elsewhere."""
        self.watch.clear()
        self._lines_due = 0.0

    def cycle_hud(self) -> None:
        """Off, frames a second, everything."""
        self._hud = Hud((self._hud + 1) % len(Hud))
        self._lines_due = 0.0

    def toggle_buttons(self) -> None:
        """Show or hide the pressed buttons."""
        self._shows_buttons = not self._shows_buttons

    def status(
        self,
        now: float,
        world: World,
        *,
        wanted: float,
        speed: float,
        paused: bool,
        card: bool,
        seed: int,
        age: int,
        buttons: Buttons,
        recording: float | None,
    ) -> Status:
        """What the screen is to say now.

        Args:
            now: The time, seconds.
            world: What is played.
            wanted: Steps a second that are wanted.
            speed: Of the game, 1 being real time.
            paused: Whether the game stands still.
            card: Whether the key card is up.
            seed: Of the dream.
            age: Steps since the reset.
            buttons: Held in the last step.
            recording: Seconds recorded, None for no recording.
        """
        if now >= self._lines_due:
            self._lines = self._read(world, seed, age)
            self._lines_due = now + _REFRESH
        return Status(
            lines=self._lines,
            toast=self._next_toast(now),
            badge="paused" if paused else self._speed(wanted, speed),
            recording=recording,
            card=card,
            buttons=buttons if self._shows_buttons else None,
        )

    def _read(self, world: World, seed: int, age: int) -> tuple[str, ...]:
        always = tuple(line for layer in layers(world) for line in getattr(layer, "lines", ()))
        if self._hud == Hud.OFF:
            return always
        fps = f"{self.watch.fps():.1f} fps"
        if self._hud == Hud.FPS:
            return (*always, fps)
        median, slow = self.watch.percentile(0.5), self.watch.percentile(0.99)
        return (
            *always,
            fps,
            f"step {1000 * median:.1f} ms, p99 {1000 * slow:.1f} ms",
            *facts(world),
            f"age {age} ({age / world.game.fps:.0f} s), seed {seed}",
        )

    def _next_toast(self, now: float) -> str:
        if now >= self._toast_due:
            self._toast = self._waiting.popleft() if self._waiting else ""
            self._toast_due = now + _TOAST if self._toast else 0.0
        return self._toast

    def _speed(self, wanted: float, speed: float) -> str:
        lag = self.watch.lag(wanted)
        if lag is not None:
            return f"{lag * speed:.1f}x"
        return "" if speed == 1 else f"{speed:g}x"


def facts(world: World) -> tuple[str, ...]:
    """What a dream and all that is around it say of themselves; nothing for worlds that say nothing."""
    return tuple(line for layer in layers(world) for line in (*_machine(layer), *getattr(layer, "facts", ())))


def _machine(world: World) -> tuple[str, ...]:
    steps = getattr(world, "steps", None)
    machine = [str(getattr(world, name)) for name in ("device", "dtype", "backend") if hasattr(world, name)]
    lines = [f"{steps} sampler step{'s' if steps != 1 else ''}"] if steps is not None else []
    return (*lines, *([" ".join(machine)] if machine else []))
