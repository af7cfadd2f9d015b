"""What the program knows of the machine it runs on: the user's folders and the environment. Nobody else reads it."""

import os
import sys
import tempfile
from pathlib import Path


def prepare() -> None:
    """Set what pygame and SDL read from the environment when they are imported."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "dreamplay")
    if sys.platform == "linux":  # without it libwayland writes a line of its own where there is no Wayland
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())


def share_pictures() -> None:
    """Let SDL give pictures to an X server through shared memory: OpenGL takes 1 ms more a frame where it is software.

    Only for X: elsewhere SDL has no such way, or takes it anyway.
    """
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")


def pictures() -> Path:
    """Where screenshots and GIFs go: `dreamplay` in the user's pictures; without those, the current folder."""
    home = _home()
    named = os.environ.get("XDG_PICTURES_DIR")
    folder = Path(named) if named else home / "Pictures" if home else Path()
    return folder / "dreamplay" if folder.name and folder.is_dir() else Path.cwd()


def journals() -> Path:
    """Where unfinished recordings are kept."""
    return _writable(_state() / "recordings")


def first_run() -> bool:
    """Whether nobody has played here before; the next call says no."""
    seen = _state() / "played"
    try:
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.touch(exist_ok=False)
    except OSError:
        return False
    return True


def settings() -> Path | None:
    """The file of the user's settings, which need not exist; None where there is no home to keep it in."""
    home, named = _home(), os.environ.get("XDG_CONFIG_HOME")
    if sys.platform in ("win32", "darwin"):
        return _state() / "config.toml" if home else None
    folder = Path(named) if named else home / ".config" if home else None
    return folder / "dreamplay" / "config.toml" if folder else None


def speeds() -> Path | None:
    """The file of how fast models ran here, which need not exist; None where there is no home to keep it in."""
    return _state() / "speeds.json" if _home() else None


def states() -> Path | None:
    """The folder of save states, which need not exist; None where there is no home to keep it in."""
    return _state() / "states" if _home() else None


def free_memory() -> int | None:
    """Bytes that a program may still take without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _state() -> Path:
    """The folder of what the program remembers; a temporary one where there is no home."""
    home = _home() or Path(tempfile.gettempdir())
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home)) / "dreamplay"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "dreamplay"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "dreamplay"


def _writable(folder: Path) -> Path:
    """The folder, or one for temporary files where it cannot be written: a read-only home does not stop the play."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.gettempdir()) / "dreamplay" / folder.name
