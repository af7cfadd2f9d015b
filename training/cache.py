"""The frame cache: rendered movies as palette indices, quickly read at random or all at once.

A shard is one movie: NAME.frames holds independent zstd frames of 16 raw pictures each, NAME.npz where they begin,
their CRC-32, and a table with one row per picture. Row t's `buttons` are those whose step led to picture t; the first
row of a shard is what was there before the first kept step.

Axis letters: N rows, h w pixels.
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from dreamplay.errors import DreamplayError, StorageError

CHUNK = 16  # pictures in a zstd frame
_LEVEL = 3
_FIELDS = ("offsets", "crcs", "shape", "palette", "movie")

Indices = npt.NDArray[np.uint8]
Table = dict[str, npt.NDArray[Any]]


class CacheError(DreamplayError):
    """A cache that is missing, cut off or corrupt."""

    exit_code = 7


def write_shard(stem: Path, pictures: Indices, table: Table, palette: npt.NDArray[np.uint8], movie_crc: int) -> None:
    """Write a shard beside its place and move it there.

    Args:
        stem: The shard's path without its endings.
        pictures: Palette indices, (N, h, w).
        table: Columns of N values.
        palette: Colours, (colours, 3).
        movie_crc: CRC-32 of the movie's file.

    Raises:
        StorageError: The disk is full or the folder may not be written.
    """
    if any(len(column) != len(pictures) for column in table.values()) or set(table) & set(_FIELDS):
        raise ValueError("a table needs one value for each picture, and column names of its own")
    chunks = [pictures[i : i + CHUNK].tobytes() for i in range(0, len(pictures), CHUNK)]
    packed = [zstandard.ZstdCompressor(level=_LEVEL).compress(chunk) for chunk in chunks]
    fields: Table = {
        "offsets": np.cumsum([0, *map(len, packed)]).astype(np.int64),
        "crcs": np.array([zlib.crc32(chunk) for chunk in chunks], np.uint32),
        "shape": np.array(pictures.shape, np.int64),
        "palette": palette,
        "movie": np.array([movie_crc], np.uint32),
    }
    try:
        with _beside(stem.with_name(f"{stem.name}.frames")) as beside, beside.open("wb") as file:
            file.writelines(packed)
            _sync(file)
        with _beside(stem.with_name(f"{stem.name}.npz")) as beside, beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **fields, **table)
            _sync(file)
    except OSError as error:
        raise StorageError(f"{stem}: cannot be written: {error.strerror}") from error


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A path beside the target that is moved there when the block ends well."""
    path = target.with_name(f"{target.name}.part")
    yield path
    path.replace(target)


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


class Shard:
    """One rendered movie."""

    def __init__(self, index: Path) -> None:
        """Read the table, not the pictures.

        Raises:
            CacheError: The file is corrupt; names it.
        """
        self.path = index.with_suffix(".frames")
        try:
            with index.open("rb") as file, np.load(file, allow_pickle=False) as values:
                fields = {name: values[name] for name in values.files}
        except Exception as error:  # a damaged zip raises whatever its bytes make of it
            raise CacheError(f"{index}: corrupt index: render it again") from error
        if missing := [name for name in _FIELDS if name not in fields]:
            raise CacheError(f"{index}: corrupt index: '{missing[0]}' is missing: render it again")
        self._offsets, self.crcs = fields.pop("offsets"), fields.pop("crcs")
        self.rows, self.height, self.width = (int(n) for n in fields.pop("shape"))
        self.palette: npt.NDArray[np.uint8] = fields.pop("palette")
        self.movie_crc = int(fields.pop("movie")[0])
        self.table: Table = fields

    def chunks(self, rows: range) -> range:
        """The numbers of the chunks that hold these rows of the shard."""
        return range(rows.start // CHUNK, -(-rows.stop // CHUNK))

    def read(self, chunk: int) -> Indices:
        """The pictures of one chunk, (at most 16, h, w).

        Raises:
            CacheError: The chunk is cut off or does not have its checksum; names the file.
        """
        first, end = int(self._offsets[chunk]), int(self._offsets[chunk + 1])
        count = min(CHUNK, self.rows - chunk * CHUNK)
        size = count * self.height * self.width
        try:
            with self.path.open("rb") as file:
                file.seek(first)
                raw = zstandard.ZstdDecompressor().decompress(file.read(end - first), max_output_size=size)
        except (OSError, zstandard.ZstdError) as error:
            raise CacheError(f"{self.path}: chunk {chunk} cannot be read: render it again") from error
        if len(raw) != size or zlib.crc32(raw) != int(self.crcs[chunk]):
            raise CacheError(f"{self.path}: chunk {chunk} is corrupt: render it again")
        return np.frombuffer(raw, np.uint8).reshape(count, self.height, self.width)


class Cache:
    """All shards of a folder, one after the other, as one long list of rows.

    Attributes:
        palette: Colours, (colours, 3); the index after the last one stands for an unknown pixel.
        episodes: First row and end of every movie.
        table: Columns of N values.
    """

    def __init__(self, directory: Path, part: tuple[int, int] = (0, 1), *, begins: str = "") -> None:
        """Read the tables.

        Args:
            directory: Of the shards.
            part: Which one of how many equal parts of the movies.
            begins: What the movies' names begin with.

        Raises:
            CacheError: There is no shard, or one is corrupt.
        """
        first, parts = part
        self._shards = [Shard(path) for path in sorted(directory.glob(f"{begins}*.npz"))[first::parts]]
        if not self._shards:
            named = f" named {begins}*" if begins else ""
            raise CacheError(f"{directory}: no rendered movies{named} (python -m training render MOVIES {directory})")
        self.palette = self._shards[0].palette
        ends = np.cumsum([shard.rows for shard in self._shards]).tolist()
        self.episodes: list[tuple[int, int]] = list(zip([0, *ends[:-1]], ends, strict=True))
        names = list(self._shards[0].table)
        for shard in self._shards:
            if set(shard.table) != set(names) or not np.array_equal(shard.palette, self.palette):
                raise CacheError(f"{shard.path}: other columns or colours than {self._shards[0].path}: render it again")
        self.table: Table = {name: _joined([shard.table.pop(name) for shard in self._shards]) for name in names}

    def __len__(self) -> int:
        return self.episodes[-1][1]

    @property
    def fingerprint(self) -> int:
        """Changes with the pictures."""
        return zlib.crc32(b"".join(shard.crcs.tobytes() for shard in self._shards))

    @property
    def shards(self) -> Sequence[Shard]:
        """The movies, in the order of `episodes`."""
        return self._shards

    def frames(self, start: int, stop: int) -> Indices:
        """Read rows as palette indices, (stop - start, h, w)."""
        return self.load(rows=range(start, stop), threads=1)

    def load(self, *, rows: range | None = None, threads: int = 4) -> Indices:
        """Read rows, all by default, as palette indices, (N, h, w).

        Raises:
            CacheError: A shard is corrupt; names it.
        """
        wanted = range(len(self)) if rows is None else rows
        pictures = np.empty((len(wanted), self._shards[0].height, self._shards[0].width), np.uint8)
        pieces = list(self._pieces(wanted))

        def read(piece: tuple[Shard, int, int]) -> None:
            shard, chunk, first = piece
            found = shard.read(chunk)
            begin, end = max(first, wanted.start), min(first + len(found), wanted.stop)
            pictures[begin - wanted.start : end - wanted.start] = found[begin - first : end - first]

        if threads == 1:
            for piece in pieces:
                read(piece)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(read, pieces))
        return pictures

    def _pieces(self, wanted: range) -> Iterator[tuple[Shard, int, int]]:
        """The chunks that hold the rows: shard, number in it, first row."""
        for shard, (start, stop) in zip(self._shards, self.episodes, strict=True):
            first, end = max(wanted.start, start), min(wanted.stop, stop)
            if first < end:
                for chunk in shard.chunks(range(first - start, end - start)):
                    yield shard, chunk, start + chunk * CHUNK


def _joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Columns one after the other, in 16 bits where these hold all of their numbers: there are two hundred of them."""
    whole = np.concatenate(parts)
    few = np.iinfo(np.int16)
    return whole.astype(np.int16) if len(whole) and few.min <= whole.min() and whole.max() <= few.max else whole
