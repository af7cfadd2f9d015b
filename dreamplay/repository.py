"""A cartridge in a repository of the Hugging Face Hub: pinned to a commit, downloaded, verified, found again offline.

The files lie in the Hub's own cache. Which commit a name stands for is remembered there too, as a reference
(`refs/dreamplay/<revision>`), so that deleting the repository from the cache forgets it. A reference is written only
after every file was verified: what has one is whole.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay import config, pins, weights
from dreamplay.arrivals import Count, Progress, bar
from dreamplay.errors import CheckpointError, StorageError
from dreamplay.files import write_whole
from dreamplay.outage import offline_error, translated

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

TIMEOUT = 10.0
"""Seconds until a server that does not answer counts as unreachable."""

_MARGIN = 64 << 20
"""Bytes of the disk that a download leaves free."""

_README = "README.md"
_NAMES = (config.FILE, *config.WEIGHTS)
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
        sha256: Of its config, where that is known beforehand; the config pins the weights.
    """

    name: str
    revision: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}" if self.revision else self.name


def parse(name: str) -> Repository | None:
    """Read `user/repo[@revision]`; None where it is no such name."""
    match = _NAMED.fullmatch(name)
    return Repository(match["name"], match["revision"]) if match else None


def cached(repository: Repository) -> Path | None:
    """The verified cartridge in the Hub's cache, without asking the network.

    Raises:
        CheckpointError: It is not what was downloaded.
    """
    directory = _remembered(repository)
    if directory is None:
        return None
    pins.check(directory)
    pins.require(directory, repository.sha256)
    return directory if _is_whole(directory) else None


def commit_of(directory: Path) -> str | None:
    """The commit of the Hub that a cartridge's directory holds; None for any other directory."""
    return directory.name if directory.parent.name == "snapshots" and _COMMIT.fullmatch(directory.name) else None


def _remembered(repository: Repository) -> Path | None:
    """The directory of the commit that a name stands for, where its config is there."""
    reference = _reference(repository)
    if not reference.is_file():
        return None
    directory = _folder(repository.name) / "snapshots" / reference.read_text(errors="replace").strip()[:40]
    return directory if commit_of(directory) and (directory / config.FILE).is_file() else None


def _is_whole(directory: Path) -> bool:
    """Whether nothing was deleted from the cache since the download."""
    try:
        return all((directory / name).is_file() for name in config.load(directory).sha256)
    except CheckpointError:
        return False


def all_remembered() -> Iterator[tuple[Repository, Path | None]]:
    """Every cartridge that was ever got from the Hub, and its directory; None where the cache has lost it."""
    for reference in sorted(cache().glob("models--*/refs/dreamplay/*")):
        repository = parse(reference.parents[2].name.removeprefix("models--").replace("--", "/", 1))
        if repository is not None:
            revision = None if reference.name == _DEFAULT else reference.name
            repository = Repository(repository.name, revision)
            directory = _remembered(repository)
            yield repository, directory if directory is not None and _is_whole(directory) else None


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
    if _COMMIT.fullmatch(repository.revision or commit) and commit != (repository.revision or commit):
        raise CheckpointError(f"{repository}: the Hub answers with another commit, {commit[:7]}")
    directory = _download_commit(repository, commit, _sizes(info), progress)
    write_whole(_reference(repository), commit.encode())
    return directory


def _download_commit(repository: Repository, commit: str, sizes: dict[str, int], progress: Progress | None) -> Path:
    """Download the config, then what it pins. Returns the directory."""
    if config.FILE not in sizes:
        raise CheckpointError(f"{repository}: holds no {config.FILE}, so it is no cartridge")
    check_room(sum(sizes.values()))
    snapshot = _folder(repository.name) / "snapshots" / commit
    _forget(snapshot, pins.changed(snapshot))
    count = Count({name: sizes[name] for name in (*_NAMES, _README) if name in sizes}, progress)
    directory = _download_file(repository, commit, config.FILE, count).parent
    with _forgotten_if_wrong(directory, (config.FILE,)):
        pins.require(directory, repository.sha256)
        pinned = config.load(directory).sha256
    if not pinned:
        raise CheckpointError(f"{repository}: {config.FILE} pins no weights")
    for name in pinned:
        if name not in sizes:
            raise CheckpointError(f"{repository}: {name} is pinned but not there")
    for name in [*pinned, _README]:
        if name in sizes:
            _download_file(repository, commit, name, count)
    with _forgotten_if_wrong(directory, (config.FILE, *pinned)):
        verify(directory)
        pins.keep(directory)
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


def _download_file(repository: Repository, commit: str, name: str, count: Count) -> Path:
    before = count.done
    with translated(f"{repository.name}@{commit[:7]}"):
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(repository.name, name, revision=commit, etag_timeout=TIMEOUT, tqdm_class=bar(count))
    count.add(before + count.sizes[name] - count.done)  # what the cache had already
    return Path(path)


@contextmanager
def _forgotten_if_wrong(directory: Path, names: Iterable[str]) -> Iterator[None]:
    """Delete the files from the cache if they turn out to be wrong, so that the next download starts anew."""
    try:
        yield
    except CheckpointError:
        _forget(directory, names)
        raise


def _forget(directory: Path, names: Iterable[str]) -> None:
    for name in names:
        link = directory / name
        link.resolve().unlink(missing_ok=True)
        link.unlink(missing_ok=True)


def _sizes(info: "ModelInfo") -> dict[str, int]:
    """Bytes of each file of the repository."""
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def check_room(needed: int) -> None:
    """Check that a download of so many bytes has room.

    Raises:
        StorageError: It has none.
    """
    place = cache()
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
    return cache() / f"models--{name.replace('/', '--')}"


def cache() -> Path:
    """The Hub's cache; of the library only its constants are imported, in 20 ms."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)
