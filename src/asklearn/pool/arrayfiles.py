"""Arrays in files, a block of rows at a time: .npy, .npz and SciPy's sparse .npz in, .npy out."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from asklearn.errors import DataError

BLOCK_BYTES = 8 * 2**20
ITEMS = ("X", "x", "x_train", "X_train")  # what arrays of items are called where nobody says
_BROKEN = (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error)

Header = tuple[np.dtype[Any], tuple[int, ...]]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise DataError(
                f"{path.name} holds Python objects, which can run code when read; save numbers or text"
            ) from error
        raise DataError(f"{path.name} cannot be read as {path.suffix} file: {error}") from error


def names(path: Path) -> list[str]:
    """What the arrays of an .npz file are called; a .npy file has one without a name."""
    if path.suffix.lower() == ".npy":
        return [""]
    with _reading(path), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def is_sparse(keys: Sequence[str]) -> bool:
    """Whether these are the arrays of a matrix that `scipy.sparse.save_npz` wrote."""
    return {"format", "shape", "data"} <= set(keys)


def whole(path: Path, key: str) -> np.ndarray:
    """One array, all of it in memory."""
    with _reading(path):
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return np.asarray(loaded[key])


def sparse(path: Path) -> Any:
    """The sparse matrix in the file."""
    from scipy.sparse import load_npz

    with _reading(path):
        return load_npz(path)


def header(path: Path, key: str) -> Header:
    """Type and shape of an array, without reading it."""
    with _reading(path), _stream(path, key) as file:
        dtype, shape, _ = _header(file)
        return dtype, shape


def rows(path: Path, key: str) -> Iterator[np.ndarray]:
    """The rows of an array, with a few megabytes of it in memory at a time."""
    with _reading(path), _stream(path, key) as file:
        dtype, shape, fortran = _header(file)
        if fortran and len(shape) > 1:  # its rows lie apart in the file
            yield from np.load(path, mmap_mode="r") if not key else whole(path, key)
            return
        width = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        per_block = max(1, BLOCK_BYTES // max(1, width))
        for first in range(0, shape[0], per_block):
            count = min(per_block, shape[0] - first)
            raw = file.read(count * width)
            if len(raw) < count * width:
                raise EOFError(f"it ends in row {first + len(raw) // max(1, width) + 1} of {shape[0]}")
            yield from np.frombuffer(raw, dtype).reshape(count, *shape[1:])


@contextmanager
def _stream(path: Path, key: str) -> Iterator[BinaryIO]:
    if not key:
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as member:
        yield member  # type: ignore[misc]


def _header(file: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    version = npy.read_magic(file)
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = reader(file)
    if dtype.hasobject:
        raise ValueError("Object arrays")
    return dtype, shape, fortran


class Writer:
    """A .npy file that grows by rows; its header is put right when it is closed."""

    def __init__(self, path: Path, dtype: np.dtype[Any], row: tuple[int, ...]) -> None:
        self._dtype, self._row, self.count = dtype, row, 0
        self._file = path.open("wb")
        self._file.write(self._head())

    def _head(self) -> bytes:
        out = io.BytesIO()
        shape = (self.count, *self._row)
        # NumPy leaves room for the first number of the shape: every count gives a head of equal length.
        npy.write_array_header_1_0(
            out, {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        )
        return out.getvalue()

    def write(self, rows: Sequence[np.ndarray] | np.ndarray) -> None:
        """Append these rows."""
        made = np.ascontiguousarray(rows, dtype=self._dtype)
        self._file.write(made.data)
        self.count += len(made)

    def close(self) -> None:
        """Finish the file: durable when this returns."""
        if not self._file.closed:
            self._file.seek(0)
            self._file.write(self._head())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
