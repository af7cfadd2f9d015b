"""A cartridge in a repository of the Hugging Face Hub: pinned to a commit, downloaded, verified, found again offline.

The files lie in the Hub's own cache. Which commit a name stands for is remembered there too, as a reference
(`refs/dreamplay/<revision>`), so that deleting the repository from the cache forgets it. A reference is written only
after every file was verified: what has one is whole.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dreamplay import config, weights
from dreamplay.errors import CheckpointError, NetworkError, StorageError
from dreamplay.files import write_whole
from dreamplay.outage import offline_error, translated

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

Progress = Callable[[int, int], None]
"""Is told the bytes that are here and the bytes there are in all."""

TIMEOUT = 10.0
"""Seconds until a server that does not answer counts as unreachable."""

_MARGIN = 64 << 20
"""Bytes of the disk that a download leaves free."""

_SLACK = 16 << 20
"""Bytes that may arrive beyond three times what was announced."""

_README = "README.md"
_NAMED = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[A-Za-z0-9][\w.-]{0,127}))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Repository:
    """A repository of the Hub at a revision.

    Attributes:
        name: `user/repo`.
        revision: A branch, tag or commit; None for the default branch.
    """

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}" if self.revision else self.name


def parse(name: str) -> Repository | None:
    """Read `user/repo[@revision]`; None where it is no such name."""
    match = _NAMED.fullmatch(name)
    return Repository(match["name"], match["revision"]) if match else None


def cached(repository: Repository) -> Path | None:
    """The verified cartridge in the Hub's cache, without asking the network."""
    reference = _reference(repository)
    if not reference.is_file():
        return None
    commit = reference.read_text().strip()
    directory = _folder(repository.name) / "snapshots" / commit
    return directory if _COMMIT.fullmatch(commit) and _is_whole(directory) else None


def _is_whole(directory: Path) -> bool:
    """Whether nothing was deleted from the cache since the download."""
    try:
        return all((directory / name).is_file() for name in config.load(directory).sha256)
    except CheckpointError:
        return False


def all_cached() -> Iterator[tuple[Repository, Path]]:
    """Every verified cartridge in the Hub's cache."""
    for reference in sorted(_cache().glob("models--*/refs/dreamplay/*")):
        repository = parse(reference.parents[2].name.removeprefix("models--").replace("--", "/", 1))
        if repository is not None:
            revision = None if reference.name == _DEFAULT else reference.name
            repository = Repository(repository.name, revision)
            directory = cached(repository)
            if directory is not None:
                yield repository, directory


def download(repository: Repository, progress: Progress | None = None, *, offline: bool = False) -> Path:
    """Download and verify a cartridge and remember its commit.

    Args:
        repository: Which.
        progress: Is called as bytes arrive.
        offline: Do not ask the network: fail at once.

    Returns:
        The directory in the Hub's cache, `.../snapshots/<commit>`.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        CheckpointError: What arrived cannot be trusted.
        StorageError: The disk has no room.
    """
    if offline:
        raise offline_error(str(repository))
    with translated(str(repository)):
        from huggingface_hub import HfApi

        info = HfApi().model_info(
            repository.name, revision=repository.revision, timeout=TIMEOUT, files_metadata=True, token=None
        )
    commit = info.sha or ""
    if not _COMMIT.fullmatch(commit):
        raise CheckpointError(f"{repository}: the Hub names no commit for it")
    directory = _download_commit(repository, commit, _sizes(info), progress)
    write_whole(_reference(repository), commit.encode())
    return directory


def _download_commit(repository: Repository, commit: str, sizes: dict[str, int], progress: Progress | None) -> Path:
    """Download the config, then what it pins. Returns the directory."""
    if config.FILE not in sizes:
        raise CheckpointError(f"{repository}: holds no {config.FILE}, so it is no cartridge")
    check_room(sum(sizes.values()))
    count = _Count(sizes, progress)
    directory = _download_file(repository, commit, config.FILE, count).parent
    with _forgotten_if_wrong(directory, (config.FILE,)):
        pinned = config.load(directory).sha256
    if not pinned:
        raise CheckpointError(f"{repository}: {config.FILE} pins no weights")
    for name in pinned:
        if name not in sizes:
            raise CheckpointError(f"{repository}: {name} is pinned but not there")
    for name in [*pinned, _README]:
        if name in sizes:
            _download_file(repository, commit, name, count)
    with _forgotten_if_wrong(directory, pinned):
        verify(directory)
    return directory


def verify(directory: Path) -> None:
    """Check every file of weights against the hash that the config pins.

    Raises:
        CheckpointError: A file is missing, damaged, not the pinned one, or not pinned.
    """
    pinned = config.load(directory).sha256
    for name in config.WEIGHTS:
        if name in pinned:
            weights.verify(directory / name, pinned[name])
        elif (directory / name).exists():
            raise CheckpointError(f"{name}: {config.FILE} pins no sha256 for it")


def publish(directory: Path, name: str) -> str:
    """Upload a cartridge to the Hub. Returns the address of the commit."""
    with translated(name, "nothing was published. Try again later"):
        from huggingface_hub import HfApi

        hub = HfApi()
        hub.create_repo(name, exist_ok=True)
        commit = hub.upload_folder(
            repo_id=name,
            folder_path=directory,
            allow_patterns=[config.FILE, _README, *config.WEIGHTS],
            commit_message=f"Publish {directory.resolve().name}",
        )
        return str(commit.commit_url)


class _Count:
    """Counts the bytes of several files that come one after another."""

    def __init__(self, sizes: dict[str, int], progress: Progress | None) -> None:
        self.sizes = sizes
        self.total = sum(sizes.get(name, 0) for name in (config.FILE, _README, *config.WEIGHTS))
        self.done = 0
        self._received = 0
        self._progress = progress

    def add(self, amount: int) -> None:
        """Count bytes that arrived (fewer than none when a download starts again)."""
        self.done += amount
        self._received += max(amount, 0)
        if self._received > 3 * self.total + _SLACK:  # the library begins again for ever as long as bytes arrive
            raise NetworkError("The Hub keeps breaking off, or sends more than it announced. Try again later")
        if self._progress is not None:
            self._progress(self.done, max(self.done, self.total))


def _bar(count: _Count) -> Any:
    """What huggingface_hub takes for a tqdm class: it makes one for each file and tells it the bytes."""

    class Bar:
        def __init__(self, *args: object, initial: int = 0, **kwargs: object) -> None:
            count.add(initial)

        def update(self, amount: float | None = 1) -> None:
            count.add(int(amount or 0))

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            pass

        def close(self) -> None:
            pass

    return Bar


def _download_file(repository: Repository, commit: str, name: str, count: _Count) -> Path:
    before = count.done
    with translated(f"{repository.name}@{commit[:7]}"):
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(repository.name, name, revision=commit, etag_timeout=TIMEOUT, tqdm_class=_bar(count))
    count.add(before + count.sizes[name] - count.done)  # what the cache had already
    return Path(path)


@contextmanager
def _forgotten_if_wrong(directory: Path, names: Any) -> Iterator[None]:
    """Delete the files from the cache if they turn out to be wrong, so that the next download starts anew."""
    try:
        yield
    except CheckpointError:
        for name in names:
            link = directory / name
            link.resolve().unlink(missing_ok=True)
            link.unlink(missing_ok=True)
        raise


def _sizes(info: "ModelInfo") -> dict[str, int]:
    """Bytes of each file of the repository."""
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def check_room(needed: int) -> None:
    """Check that a download of so many bytes has room.

    Raises:
        StorageError: It has none.
    """
    place = _cache()
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed + _MARGIN:
        raise StorageError(
            f"no room: the download needs {needed >> 20} MB and {place} has {free >> 20} MB free. Delete something."
        )


_DEFAULT = "main"


def _reference(repository: Repository) -> Path:
    return _folder(repository.name) / "refs" / "dreamplay" / (repository.revision or _DEFAULT)


def _folder(name: str) -> Path:
    return _cache() / f"models--{name.replace('/', '--')}"


def _cache() -> Path:
    """The Hub's cache; of the library only its constants are imported, in 20 ms."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)
