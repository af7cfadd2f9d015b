"""Every hostile file is refused in one line, at once, in little memory, and touches nothing.

The corpus is written by `tests.attacks`.
"""

import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dreamplay.errors import DreamplayError
from tests.attacks import CORPUS, KINDS, Attack
from tests.patience import HANGS

SECONDS = 0.1
TRIES = 10
"""Readings of a file, of which one may be undisturbed: the machine is shared."""
MEMORY = 20 << 20
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
HARMFUL = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "socket.",
    "pickle.find_class",
    "ctypes.",
)
CHANGING = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


class Watch:
    """Hears of every file that this process opens or changes, and of every program and connection that it starts."""

    def __init__(self) -> None:
        self._seen: list[str] | None = None
        self._within = Path()
        sys.addaudithook(self._hear)

    @contextmanager
    def over(self, folder: Path) -> Iterator[list[str]]:
        """Note what is done to anything that is not in a folder."""
        self._seen, self._within = [], folder
        try:
            yield self._seen
        finally:
            self._seen = None

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._seen is None:
            return
        touching = event == "open" or event in CHANGING
        if event.startswith(HARMFUL) or (touching and not self._is_within(arguments[0])):
            self._seen.append(f"{event} {arguments[0]}")

    def _is_within(self, name: object) -> bool:
        if isinstance(name, int):  # a file that is open already
            return True
        if not isinstance(name, str | Path):
            return False
        lies = (self._within / name).parent.resolve()  # a link itself is where it lies
        return lies.is_relative_to(self._within) or lies / Path(name).name == self._within


@pytest.fixture(scope="session")
def watch() -> Watch:
    """The one that listens: a hook cannot be taken off again."""
    return Watch()


def refusal(attack: Attack, folder: Path) -> DreamplayError:
    """The error with which a hostile file is refused."""
    with pytest.raises(DreamplayError) as caught:
        KINDS[attack.kind].read(folder)
    return caught.value


def seconds(attack: Attack, folder: Path) -> float:
    """How long the refusal takes the processor, which has other work beside it."""
    began = time.process_time()
    refusal(attack, folder)
    return time.process_time() - began


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_file_is_read(kind: str, place: Path) -> None:
    KINDS[kind].honest(place)
    KINDS[kind].read(place)


def test_there_are_attacks_of_every_kind() -> None:
    assert len(CORPUS) >= 80
    assert {attack.kind for attack in CORPUS.values()} == set(KINDS)


@pytest.mark.parametrize("attack", CORPUS.values(), ids=list(CORPUS))
def test_a_hostile_file_is_refused_and_touches_nothing(attack: Attack, place: Path, watch: Watch) -> None:
    attack.make(place)
    before = sorted(place.rglob("*"))
    refusal(attack, place)  # what is imported once is imported now
    with watch.over(place) as seen:
        error = refusal(attack, place)
    message = str(error)
    assert seen == []
    assert sorted(place.rglob("*")) == before
    assert error.exit_code == KINDS[attack.kind].exit_code
    assert attack.says in message
    assert message.isprintable()
    assert len(message) < 1000


@pytest.mark.parametrize("attack", CORPUS.values(), ids=list(CORPUS))
def test_a_hostile_file_takes_little_time_and_memory(attack: Attack, place: Path) -> None:
    attack.make(place)
    assert any(seconds(attack, place) < SECONDS for _ in range(TRIES))
    tracemalloc.start()
    refusal(attack, place)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


CONFINED = """
import resource, sys
from pathlib import Path
from dreamplay.errors import DreamplayError
from tests.attacks import CORPUS, KINDS, write
folder = Path(sys.argv[1])
for name, kind in KINDS.items():
    (folder / "honest" / name).mkdir(parents=True)
    kind.honest(folder / "honest" / name)
    kind.read(folder / "honest" / name)
write(folder / "hostile")
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (20 << 20),) * 2)
for place, attack in zip(sorted((folder / "hostile").iterdir()), CORPUS.values(), strict=True):
    try:
        KINDS[attack.kind].read(place)
    except DreamplayError:
        continue
    print("read:", attack.name)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_the_whole_corpus_is_refused_in_twenty_more_megabytes(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    words = [sys.executable, "-c", CONFINED, str(tmp_path)]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=HANGS)
    assert (done.stdout, done.stderr[-2000:], done.returncode) == ("", "", 0)
