"""What the report on a machine says."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import HANGS
from tests.samples import write_cartridge


def report(home: Path, **environment: str) -> dict[str, str]:
    """What `dreamplay doctor --json` says on a machine without display, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SDL_", "DISPLAY", "WAYLAND"))}
    kept |= {"HOME": str(home), "HF_HOME": str(home / "hub"), "XDG_STATE_HOME": str(home / "state"), **environment}
    words = [sys.executable, "-m", "dreamplay", "doctor", "--json"]
    done = subprocess.run(words, env=kept, cwd=home, capture_output=True, text=True, timeout=HANGS)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, str] = json.loads(done.stdout)
    return told


def cached(home: Path) -> Path:
    """A cartridge in the Hub's cache, as a download leaves it."""
    repository = home / "hub" / "hub" / "models--user--mario"
    directory = repository / "snapshots" / ("a" * 40)
    write_cartridge(directory)
    reference = repository / "refs" / "dreamplay" / "main"
    reference.parent.mkdir(parents=True)
    reference.write_text("a" * 40)
    return directory


def test_a_report_says_what_an_error_depends_on(tmp_path: Path) -> None:
    told = report(tmp_path)
    assert {"dreamplay", "python", "system", "processor", "memory", "display", "settings", "cache"} <= told.keys()
    assert "GB free" in told["memory"]
    assert "(not there yet)" in told["cache"]
    assert "No display found" in told["display"]
    assert told["numpy"] != "-"
    assert "model mario" in told


def test_a_report_names_every_cartridge_with_its_hash_and_commit(tmp_path: Path) -> None:
    cached(tmp_path)
    told = report(tmp_path)["model user/mario"]
    assert "config " in told
    assert told.endswith("commit " + "a" * 40)


def test_a_cartridge_that_is_not_whole_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    directory = cached(tmp_path)
    content = bytearray((directory / "codec.safetensors").read_bytes())
    content[-1] ^= 1
    (directory / "codec.safetensors").write_bytes(content)
    assert "codec.safetensors: sha256 is" in report(tmp_path)["model user/mario"]


def test_a_folder_that_cannot_be_looked_into_does_not_stop_the_report(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    assert "journals" in report(tmp_path)
