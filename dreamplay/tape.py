"""Everything that keeps a sitting's pictures: what was asked for at the start, screenshots, GIFs, the last half minute.

Films are written by threads in the background; what they have to say waits in `news`.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from dreamplay import video
from dreamplay.errors import DreamplayError
from dreamplay.files import unused
from dreamplay.movie import Header
from dreamplay.recorder import MOVIE, Recorder, export, plan
from dreamplay.world import Buttons, Frame, GameSpec

Mark = tuple[Path, tuple[int, int]]
"""Where a movie stood: its journal, and the recorder's own mark."""

Stamp = Callable[[Frame, Buttons, tuple[str, ...]], Frame]
"""Draws the buttons, of these names, into a frame of a film."""

_HURRY = 300  # frames of a film that are exported within half a second; longer ones are left to `recover`


class Tape:
    """What a player records on."""

    def __init__(
        self,
        game: GameSpec,
        *,
        fps: float,
        pictures: Path,
        journals: Path,
        target: Path | None = None,
        header: Callable[[int], Header] | None = None,
        clip: bool = True,
        stamp: Stamp = lambda frame, buttons, names: frame,
    ) -> None:
        """Prepare; nothing is written before `reset`.

        Args:
            game: What is played.
            fps: Frames a second that films are played at.
            pictures: Folder of screenshots and GIFs.
            journals: Folder of unfinished recordings.
            target: A film or movie to record from the start.
            header: Makes the header of a movie from its seed; needed to record one.
            clip: Whether to keep the last half minute.
            stamp: What films show besides the game.

        Raises:
            UsageError: The target's ending is unknown.
        """
        self._game, self._fps = game, fps
        self._pictures, self._journals = pictures, journals
        self._target, self._header = target, header
        self._stamp = stamp
        self._pack = video.Packer()
        self._main: Recorder | None = None
        self._film: Recorder | None = None
        self._clip = video.Clip(fps) if clip else None
        self._news: SimpleQueue[str] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._names: set[Path] = set()
        self.failed = False
        if target is not None:
            plan(target, game, fps, None)

    @property
    def seconds(self) -> float | None:
        """Time recorded so far; None when nothing is recorded."""
        recorder = self._film or self._main
        return recorder.seconds if recorder is not None else None

    def change(self, game: GameSpec) -> None:
        """Another game or model is played from now on: what was recorded ends here."""
        self.close()
        self._game, self._fps, self._target = game, game.fps, None
        if self._clip is not None:
            self._clip = video.Clip(game.fps)

    def reset(self, seed: int, frame: Frame) -> None:
        """The world was reset with the seed to this frame: a film goes on, a movie ends and the next one begins."""
        if self._main is not None and self._main.is_movie and self._main.frames:
            self._end_movie(self._main)
        if self._main is None and self._target is not None:
            header = self._header(seed) if self._header else None
            self._main = self._open(self._target, frame, header)
        else:
            self.write(0, frame)

    def write(self, buttons: Buttons, frame: Frame) -> None:
        """Keep a frame and the buttons that led to it; never raises, a full disk becomes news."""
        if self._clip is None and self._main is None:
            return
        packed = self._pack(self._stamp(frame, buttons, self._game.buttons))
        if self._clip is not None:
            self._clip.push(packed)
        for recorder in (self._main, self._film):
            if recorder is not None:
                recorder.write(buttons, frame, packed)
                self._drop_stopped(recorder)

    def undo(self, frames: int) -> None:
        """The player rewound."""
        for recorder in (self._main, self._film):
            if recorder is not None:
                recorder.undo(frames)

    def mark(self) -> Mark | None:
        """Where the movie stands, for `go`; None when none is recorded."""
        return (self._main.journal, self._main.mark) if self._main is not None and self._main.is_movie else None

    def go(self, mark: Mark | None) -> None:
        """The player loaded a state of that moment: the movie goes on from there, films just go on.

        A movie that the state is no part of ends here; the next reset begins another one.
        """
        main = self._main
        if main is None or not main.is_movie:
            return
        if mark is not None and mark[0] == main.journal:
            main.go(mark[1])
            return
        self._news.put("The movie ends here: the state is older than it")
        self._end_movie(main)

    def _end_movie(self, main: Recorder) -> None:
        self._finish(main)
        self._target = unused(main.plan.target)
        self._main = None

    def screenshot(self, frame: Frame) -> None:
        """Write a PNG of the frame."""
        self._in_background(self._name(".png"), lambda path: video.write_png(path, frame))

    def toggle_film(self, frame: Frame, kind: str = ".gif") -> None:
        """Start a GIF or an MP4 with this frame, or end the one that runs and write it."""
        if self._film is None:
            self._film = self._open(self._name(kind), frame, None)
        else:
            self._finish(self._film)
            self._film = None

    def save_clip(self) -> None:
        """Write the last half minute as a GIF."""
        frames = self._clip.frames() if self._clip is not None else ()
        if not frames:
            return
        unpacked = partial(map, partial(video.unpack, height=self._game.height, width=self._game.width), frames)
        self._in_background(self._name(".gif"), lambda path: video.write_film(path, unpacked, self._fps))

    def news(self) -> str:
        """What has happened in the background since, oldest first, a sentence a call; empty when nothing has."""
        try:
            return self._news.get_nowait()
        except Empty:
            return ""

    def close(self, *, hurry: bool = False) -> None:
        """End all recordings.

        Args:
            hurry: Leave long films as journals, to be finished by `dreamplay recover`.
        """
        for recorder in (self._main, self._film):
            if recorder is not None:
                self._finish(recorder, hurry=hurry)
        self._main = self._film = None
        if not hurry:
            for thread in self._threads:
                thread.join()

    def _open(self, target: Path, frame: Frame, header: Header | None) -> Recorder | None:
        try:
            return Recorder(plan(target, self._game, self._fps, header), self._journals, frame)
        except DreamplayError as error:
            self._say_failed(f"Not recording: {error}")
            return None

    def _finish(self, recorder: Recorder, *, hurry: bool = False) -> None:
        recorder.close()
        target = recorder.plan.target
        if target.suffix == MOVIE:
            self._write(target, lambda path: _export(recorder, path))
        elif hurry and recorder.frames > _HURRY:
            self._news.put(f"{target.name} is unfinished: `dreamplay recover` writes it")
        elif hurry:
            self._write(target, lambda path: _export(recorder, path))
        else:
            self._in_background(target, lambda path: _export(recorder, path))

    def _drop_stopped(self, recorder: Recorder) -> None:
        if not recorder.stopped:
            return
        self._say_failed(recorder.stopped)
        self._finish(recorder)
        if recorder is self._film:
            self._film = None
        else:
            self._main = self._target = None

    def _in_background(self, path: Path, write: Callable[[Path], object]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._write, args=(path, write), name=path.name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _write(self, path: Path, write: Callable[[Path], object]) -> None:
        try:
            write(path)
        except DreamplayError as error:
            self._say_failed(f"Not saved: {error}")
        else:
            self._news.put(f"Saved {path}")

    def _say_failed(self, sentence: str) -> None:
        self.failed = True
        self._news.put(sentence)

    def _name(self, ending: str) -> Path:
        stem = f"dreamplay-{self._game.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        path = self._pictures / f"{stem}{ending}"
        number = 1
        while path in self._names or path.exists():  # a GIF that is being written has its name already
            number += 1
            path = self._pictures / f"{stem}-{number}{ending}"
        self._names.add(path)
        return path


def _export(recorder: Recorder, path: Path) -> None:
    export(recorder.journal, target=path)
