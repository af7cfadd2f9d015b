"""What a report of an error should say about the machine."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from dreamplay import __version__, hub, repository, system, weights
from dreamplay.config import FILE
from dreamplay.errors import DisplayError, DreamplayError
from dreamplay.journal import abandoned

_PACKAGES = ("torch", "numpy", "pygame-ce", "safetensors", "huggingface-hub", "pillow", "nes-py", "av")
_FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "neon")
"""What a processor can do that decides how fast a dream is."""


def examine() -> dict[str, str]:
    """Versions, processor, memory, display, folders, cartridges, unfinished recordings."""
    found = {
        "dreamplay": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.platform()}, {os.cpu_count()} cores",
        "processor": _processor(),
        "memory": _memory(),
        "display": _display(),
        "settings": _folder(system.settings()),
        "pictures": _folder(system.pictures()),
        "journals": f"{_folder(system.journals())}, {len(abandoned(system.journals()))} unfinished",
        "states": _folder(system.states()),
        "cache": _folder(repository.cache()),
    }
    found |= dict(_cartridges())
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


def _processor() -> str:
    """Its name and features where Linux tells them, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set((told.get("flags") or told.get("Features") or "").split())
    name = told.get("model name") or platform.machine()
    return f"{name}: {' '.join(each for each in _FEATURES if each in flags) or 'features unknown'}"


def _memory() -> str:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return "unknown"
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    return f"{kilobytes.get('MemAvailable', 0) / 1e6:.1f} of {kilobytes.get('MemTotal', 0) / 1e6:.1f} GB free"


def _folder(path: Path | None) -> str:
    """A file or folder, and how much room its disk has."""
    if path is None:
        return "no such place here"
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    there = "" if place == path else " (not there yet)"
    writable = "" if os.access(place, os.W_OK) else ", cannot be written"
    return f"{path}{there}, {shutil.disk_usage(place).free / 1e9:.1f} GB free{writable}"


def _cartridges() -> Iterator[tuple[str, str]]:
    """Every cartridge, the hash of its config, which pins its weights, and whether they are those."""
    for entry in hub.listing():
        try:
            directory = hub.find(entry.name, offline=True)
            sha256 = weights.digest(directory / FILE)
            repository.verify(directory)
        except DreamplayError as error:
            yield f"model {entry.name}", str(error)
        else:
            commit = repository.commit_of(directory)
            yield f"model {entry.name}", f"{directory}, config {sha256[:12]}" + (f", commit {commit}" if commit else "")
