"""Freed memory is used again, without a page of it being asked for anew."""

import subprocess
import sys

import pytest

from dreamplay import heap

FAULTS = """
import resource, sys
import numpy as np
from dreamplay import heap

if sys.argv[1] == "kept":
    heap.keep_freed()
for i in range(40):
    if i == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(1 << 20, dtype=np.uint8) for _ in range(4)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_asked_for(how: str) -> int:
    """Page faults of a process that takes and frees four blocks of a megabyte twenty times."""
    done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the option is of Linux's C library")
def test_pages_of_freed_blocks_are_kept() -> None:
    assert pages_asked_for("kept") < 100 < 1000 < pages_asked_for("given back")


def test_where_there_is_no_such_option_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    heap.keep_freed()
