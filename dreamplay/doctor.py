"""What a report of an error should say about the machine."""

import os
import platform
import sys
from importlib import metadata
from importlib.util import find_spec

from dreamplay import __version__, system
from dreamplay.errors import DisplayError
from dreamplay.journal import abandoned

_PACKAGES = ("torch", "numpy", "pygame-ce", "safetensors", "huggingface-hub", "pillow", "nes-py", "av")


def examine() -> dict[str, str]:
    """Versions, display, folders, unfinished recordings."""
    found = {
        "dreamplay": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.platform()}, {os.cpu_count()} cores",
        "display": _display(),
        "pictures": str(system.pictures()),
        "journals": f"{system.journals()} ({len(abandoned(system.journals()))} unfinished)",
    }
    found |= {name: _version(name) for name in _PACKAGES}
    if clash():
        found["warning"] = clash()
    return found


def clash() -> str:
    """What is wrong with the installed packages; empty when nothing is."""
    if _version("pygame") != "-" and _version("pygame-ce") != "-":
        return "pygame and pygame-ce overwrite each other: pip uninstall pygame pygame-ce, then install dreamplay again"
    return ""


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "-"


def _display() -> str:
    if find_spec("pygame") is None:
        return "-"
    from dreamplay.screen import driver

    try:
        return driver()
    except DisplayError as error:
        return str(error)
