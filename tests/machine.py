"""A user's machine that talks to a Hub: a process of its own, because the Hub's library reads its endpoint once."""

import json
import subprocess
import sys
from pathlib import Path

from tests.hub_server import COMMIT

PROGRAM = """
import json, sys
from pathlib import Path
from dreamplay import hub
from dreamplay.errors import DreamplayError
for call in sys.stdin:
    try:
        answer = 0, str(eval(call))
    except DreamplayError as error:
        answer = error.exit_code, f"{type(error).__name__} {error}"
    print(json.dumps(answer), flush=True)
"""


class Machine:
    """A user's machine, with a cache of its own, that talks to a Hub."""

    def __init__(self, home: Path, endpoint: str) -> None:
        self.home = home
        home.mkdir()
        environment = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_TOKEN": "hf_test"}
        environment |= {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "HOME": str(home), "PATH": ""}
        self._said = (home / "stderr").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def run(self, call: str) -> tuple[int, str]:
        """Make a call of the hub. Returns the exit code it would end with, and the one line it says."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(call + "\n")
        self._process.stdin.flush()
        status, words = json.loads(self._process.stdout.readline())
        assert len(words.splitlines()) == 1
        assert (self.home / "stderr").read_text() == ""
        return status, words

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._said.close()

    @property
    def snapshot(self) -> Path:
        """Where the cartridge lies after its download."""
        return self.home / "hub" / "models--user--mario" / "snapshots" / COMMIT
