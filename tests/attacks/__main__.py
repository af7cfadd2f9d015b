"""Writes the corpus of hostile files into a folder."""

import sys
from pathlib import Path

from tests.attacks import CORPUS, write

if __name__ == "__main__":
    write(Path(sys.argv[1]))
    print(f"{len(CORPUS)} hostile files in {sys.argv[1]}")
