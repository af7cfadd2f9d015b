"""Journals survive what ends the program."""

import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamplay.errors import MovieError, StorageError
from dreamplay.journal import MAGIC, Journal, abandoned, read_journal


def written(path: Path, records: list[bytes]) -> None:
    journal = Journal(path, records[0])
    for record in records[1:]:
        journal.append(record)
    journal.close()


def test_records_come_back(tmp_path: Path) -> None:
    records = [b"first", b"", b"x" * 100_000, bytes(range(256))]
    written(tmp_path / "a.journal", records)
    assert list(read_journal(tmp_path / "a.journal")) == records


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), flip=st.integers(0, 400))
def test_any_cut_or_flip_leaves_a_true_beginning(tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.journal"
    records = [bytes([number]) * 20 for number in range(10)]
    written(path, records)
    content = bytearray(path.read_bytes())[: len(MAGIC) + cut]
    if len(MAGIC) + flip < len(content):
        content[len(MAGIC) + flip] ^= 0x40
    path.write_bytes(content)
    found = list(read_journal(path))
    assert found == records[: len(found)]
    assert len(found) >= min(10, cut // 28, flip // 28)


def test_another_file_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(b"GIF89a")
    with pytest.raises(MovieError, match="not a journal"):
        list(read_journal(path))


def test_a_living_journal_is_not_abandoned(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.journal", b"first")
    assert abandoned(tmp_path) == []
    journal.close()
    assert abandoned(tmp_path) == [tmp_path / "a.journal"]


def test_two_journals_never_share_a_file(tmp_path: Path) -> None:
    written(tmp_path / "a.journal", [b"first"])
    with pytest.raises(StorageError):
        Journal(tmp_path / "a.journal", b"second")


def test_a_kill_loses_at_most_the_last_record(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    program = f"""
        from pathlib import Path
        from dreamplay.journal import Journal
        journal = Journal(Path({str(path)!r}), b"0")
        for number in range(1, 10**9):
            journal.append(b"%d" % number * 50)
            print(number, flush=True)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(0.3)
    child.send_signal(signal.SIGKILL)
    told = int((first + child.communicate()[0]).split()[-1])
    assert len(list(read_journal(path))) >= told
    assert abandoned(tmp_path) == [path]


def test_a_full_disk_keeps_the_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = Journal(path, b"first")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StorageError):
            for _ in range(10):
                journal.append(b"x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.close()
    assert list(read_journal(path)) == [b"first", *[b"x" * 200] * 4]
