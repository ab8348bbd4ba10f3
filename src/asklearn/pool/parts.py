"""Arrays of a pool: a file for each import, read through memory maps."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.pool.arrayfiles import Writer
from asklearn.pool.source import Source

# NumPy parses a file's header with ast.literal_eval, which fails now and then in two threads at once (CPython 3.11:
# "AST constructor recursion depth mismatch").
_HEADERS = threading.Lock()
OPEN = 16  # parts kept mapped: a map keeps a file open, and a pool may have grown a thousand times


@dataclass(frozen=True)
class Part:
    """Rows first..first+count-1. `form`: dense, or matrix or array: a SciPy CSR one of this width."""

    first: int
    count: int
    file: str
    form: str
    width: int
    sha256: str

    @property
    def files(self) -> list[str]:
        """Its files; a CSR matrix is three arrays."""
        stem = self.file.removesuffix(".npy")
        return (
            [self.file]
            if self.form == "dense"
            else [f"{stem}.{name}.npy" for name in ("data", "indices", "indptr")]
        )

    def load(self, folder: Path) -> Any:
        """The rows, mapped into memory."""
        arrays = [_mapped(folder / file) for file in self.files]
        if self.form == "dense":
            return arrays[0]
        from scipy import sparse

        made = sparse.csr_matrix if self.form == "matrix" else sparse.csr_array
        return made(tuple(arrays), shape=(self.count, self.width), copy=False)


def _mapped(path: Path) -> np.ndarray:
    try:
        with _HEADERS:
            return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise DataError(f"{path}, a part of the pool, cannot be read: {error}") from error


@dataclass(frozen=True)
class Parts:
    """All parts of a pool, in the order of their rows."""

    folder: Path
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, folder: Path, db: sqlite3.Connection) -> Parts:
        """The parts that the pool's file names."""
        found = db.execute("SELECT first, count, file, form, width, sha256 FROM part ORDER BY first")
        return cls(folder, tuple(Part(*row) for row in found))

    def __bool__(self) -> bool:
        return bool(self.parts)

    @cached_property
    def _load(self) -> Callable[[int], Any]:
        return lru_cache(maxsize=OPEN)(lambda i: self.parts[i].load(self.folder))

    def rows(self, positions: np.ndarray) -> Any:
        """These rows as one array or matrix."""
        starts = [part.first for part in self.parts]
        where = np.searchsorted(starts, positions, side="right") - 1
        touched = np.unique(where)
        if len(touched) < 2:
            only = int(touched[0]) if len(touched) else 0
            return _picked(self._load(only), positions - self.parts[only].first)
        order = np.argsort(where, kind="stable")
        blocks = [_picked(self._load(int(i)), positions[where == i] - self.parts[i].first) for i in touched]
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return _stacked(blocks)[back]

    def check(self) -> None:
        """Nothing, or `DataError` naming a file that is not as it was written."""
        for part in self.parts:
            if _sha256(self.folder / file for file in part.files) != part.sha256:
                raise DataError(f"{self.folder / part.file} is damaged: it is not what was written")


def _picked(rows: Any, positions: np.ndarray) -> Any:
    return np.asarray(rows)[positions] if isinstance(rows, np.ndarray) else rows[positions]


def _stacked(blocks: list[Any]) -> Any:
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks)
    from scipy import sparse

    return sparse.vstack(blocks, format="csr")


def _sha256(paths: Iterable[Path]) -> str:
    known = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(2**20):
                    known.update(block)
        except OSError as error:
            raise DataError(f"{path}, a part of the pool, cannot be read: {error.strerror}") from error
    return known.hexdigest()


class PartWriter:
    """The part of one import: written under another name until it is finished."""

    def __init__(self, db: sqlite3.Connection, folder: Path, first: int, source: Source) -> None:
        self._db, self._folder, self._first, self._source = db, folder, first, source
        self._file = f"pool-{first}.npy"
        self._kept: list[int] = []
        self._writer: Writer | None = None
        self._made: list[Path] = []
        if first:
            self._fit(Parts.of(folder, db).parts)

    def __bool__(self) -> bool:
        return self._source.array is not None or self._source.sparse is not None

    def _fit(self, parts: tuple[Part, ...]) -> None:
        if bool(parts) != bool(self):
            own = "an array" if parts else "no array"
            raise DataError(f"the pool's rows are {own}, those of {self._source.name} are not the same type")
        if not parts:
            return
        own, new = self._shape_of(parts[0]), self._shape()
        if own != new:
            raise DataError(f"the pool's rows are {own}, those of {self._source.name} are {new}")

    def _shape_of(self, part: Part) -> str:
        rows = part.load(self._folder)
        return _words(part.form, rows.dtype, rows.shape[1:])

    def _shape(self) -> str:
        if self._source.array is not None:
            dtype, shape, _ = self._source.array
            return _words("dense", dtype, shape)
        matrix = self._source.sparse
        return _words(_form(matrix), matrix.dtype, matrix.shape[1:])

    def undo(self) -> None:
        """Remove what was written."""
        if self._writer is not None:
            self._writer.close()
        for path in self._made:
            path.unlink(missing_ok=True)

    def write(self, contents: list[Any]) -> None:
        """Append these rows."""
        if not contents:
            return
        if self._source.array is None:
            self._kept += contents
            return
        if self._writer is None:
            dtype, shape, _ = self._source.array
            self._writer = self._open(self._file, dtype, shape)
        self._writer.write(contents)

    def _open(self, file: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Writer:
        path = self._folder / f"{file}.part"
        self._made += [path, self._folder / file]
        return Writer(path, dtype, shape)

    def finish(self) -> None:
        """Make the part durable and name it in the pool's file."""
        if not self:
            return
        if self._writer is not None:
            self._writer.close()
            part = Part(self._first, self._writer.count, self._file, "dense", 0, "")
        else:
            matrix = self._source.sparse
            part = Part(self._first, len(self._kept), self._file, _form(matrix), matrix.shape[1], "")
            kept = matrix.tocsr()[self._kept]
            for file, array in zip(part.files, (kept.data, kept.indices, kept.indptr), strict=True):
                writer = self._open(file, array.dtype, ())
                writer.write(array)
                writer.close()
        digest = _sha256(self._folder / f"{file}.part" for file in part.files)
        for file in part.files:
            (self._folder / f"{file}.part").replace(self._folder / file)
        row = (part.first, part.count, part.file, part.form, part.width, digest)
        self._db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", row)


def _form(matrix: Any) -> str:
    from scipy.sparse import sparray

    return "array" if isinstance(matrix, sparray) else "matrix"


def _words(form: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    size = " x ".join(map(str, shape)) or "1"
    return f"{'dense' if form == 'dense' else 'sparse'} rows of {size} {dtype}"
