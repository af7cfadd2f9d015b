"""Finds a cartridge by name: embedded in the package, a directory, or a repository of the Hugging Face Hub."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dreamplay import config, repository
from dreamplay.arrivals import Progress
from dreamplay.errors import DreamplayError, UnknownNameError, UsageError

ALIASES: dict[str, repository.Repository] = {}
"""Short names of published cartridges: each stands for one commit of 40 digits and for the hash of its config. There
is none as long as no cartridge is published."""


@dataclass(frozen=True)
class Entry:
    """A cartridge of the list.

    Attributes:
        name: What `find` takes.
        title: The game's name for people.
        size: Bytes of the weights.
        licence: Licence of the weights.
        where: The directory, and the commit where it comes from the Hub.
        installed: Whether it plays without the network.
        missing: Whether it is known but has to be downloaded first.
    """

    name: str
    title: str
    size: int
    licence: str
    where: str
    installed: bool
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.name:24} {self.title}, {self.size / 1e6:.1f} MB, {self.licence}, {self.where}"


def find(name: str, *, offline: bool = False, progress: Progress | None = None) -> Path:
    """Find a cartridge's directory; what the Hub has is downloaded, verified and remembered by its commit.

    A name without revision stands for the commit that it stood for the first time, until `get` renews it.

    Args:
        name: An embedded cartridge, a directory, an alias, or `user/repo[@revision]`.
        offline: Never ask the network.
        progress: Is told bytes done and in all while a download runs.

    Returns:
        The directory; of a repository `.../snapshots/<commit>`.

    Raises:
        UnknownNameError: There is no such cartridge here.
        NetworkError: The Hub cannot be reached or refuses.
        CheckpointError: What arrived cannot be trusted.
        StorageError: The disk has no room.
    """
    local = _local(name)
    if local is not None:
        return local
    wanted = _repository(name)
    return repository.cached(wanted) or repository.download(wanted, progress, offline=offline)


def get(name: str, progress: Progress | None = None) -> Path:
    """Download the newest commit that a name stands for. Returns its directory; raises as `find`."""
    local = _local(name)
    return local if local is not None else repository.download(_repository(name), progress)


def verify(name: str) -> None:
    """Check every file of an installed cartridge against the hash in its config.

    Raises:
        CheckpointError: A file is missing, damaged or not the one that was published.
        NetworkError: It is not installed.
    """
    repository.verify(find(name, offline=True))


def publish(directory: Path, repo: str) -> str:
    """Upload a verified cartridge to the Hub as `user/repo`. Returns the commit's address.

    Raises:
        UsageError: The name is no `user/repo`.
        CheckpointError: The cartridge is not whole.
        NetworkError: The Hub cannot be reached or refuses.
    """
    wanted = repository.parse(repo)
    if wanted is None or wanted.revision is not None:
        raise UsageError(f"'{repo}' is no repository of the Hub: write user/repo")
    repository.verify(Path(directory))
    return repository.publish(Path(directory), wanted.name)


def listing() -> list[Entry]:
    """Every cartridge that is known: the embedded ones, the Hub's, and those that have to be downloaded (again)."""
    aliases = {str(each): alias for alias, each in ALIASES.items()}
    embedded = [(name, directory, str(directory)) for name, directory in sorted(_embedded().items())]
    remembered = {str(each): where for each, where in repository.all_remembered()}
    cached = [
        (aliases.get(name, name), where, f"the Hub, {where.name[:7]}") for name, where in remembered.items() if where
    ]
    lost = [name for name in {**dict.fromkeys(aliases), **remembered} if not remembered.get(name)]
    missing = [Entry(aliases.get(name, name), "to download", 0, "", "the Hub", False, True) for name in lost]
    return [*_entries([*embedded, *cached]), *missing]


def _entries(found: list[tuple[str, Path, str]]) -> Iterator[Entry]:
    for name, directory, where in found:
        size = sum(path.stat().st_size for path in map(directory.joinpath, config.WEIGHTS) if path.is_file())
        try:
            read = config.load(directory)
        except DreamplayError as error:  # one broken cartridge does not hide the others
            yield Entry(name, f"broken ({error})", size, "", where, False)
        else:
            yield Entry(name, read.game.title, size, read.license, where, True)


def _local(name: str) -> Path | None:
    """An embedded cartridge or a directory of that name."""
    embedded = _embedded().get(name)
    if embedded is not None or not name:
        return embedded
    try:
        return Path(name) if Path(name).is_dir() else None
    except OSError:  # too long for a name, or a folder that may not be looked into
        return None


def _embedded() -> dict[str, Path]:
    """The cartridges that come with the package: inside it when installed, beside it in a checkout."""
    package = Path(__file__).parent
    checkout = package.parent
    inside = package / "checkpoints"
    folder = checkout / "checkpoints" if not inside.is_dir() and (checkout / "pyproject.toml").is_file() else inside
    return {path.parent.name: path.parent for path in folder.glob(f"*/{config.FILE}")}


def _repository(name: str) -> repository.Repository:
    wanted = ALIASES.get(name) or repository.parse(name)
    if wanted is None:
        remembered = (str(each) for each, _ in repository.all_remembered())
        raise UnknownNameError("model", name, [*sorted(_embedded()), *ALIASES, *remembered])
    return wanted
