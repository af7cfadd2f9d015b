"""A corpus of hostile files: `python -m tests.attacks FOLDER` writes each into a folder of its own.

Every one of them must be refused in one line. Beside them stands one honest file of each kind, which must not be.
"""

from pathlib import Path

from tests.attacks import kept, networks, recordings
from tests.attacks.attack import Attack

__all__ = ["CORPUS", "KINDS", "Attack", "write"]

KINDS = {**networks.KINDS, **recordings.KINDS, **kept.KINDS}
CORPUS = {attack.name: attack for group in (networks, recordings, kept) for attack in group.attacks()}


def write(folder: Path) -> None:
    """Write every attack into a folder of its own."""
    for number, attack in enumerate(CORPUS.values()):
        place = folder / f"{number:03} {attack.name}"
        place.mkdir(parents=True)
        attack.make(place)
