"""Features kept in a folder that is safe to delete: arrays named by their content, and a list of them by pool.

Reading needs NumPy, and SciPy where the matrix is sparse, nothing else; dense parts are memory-mapped.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from asklearn.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from asklearn.features import Encoder, Features

FORMAT = 1  # features of another format are computed again

# What an encoder consists of; a file that names anything else is not read.
TRUSTED = (
    "asklearn.features.Encoder",
    "asklearn.features.array.Arrays",
    "asklearn.features.array.Sparse",
    "asklearn.features.image.Images",
    "asklearn.features.reduce.Projection",
    "asklearn.features.table.Category",
    "asklearn.features.table.Number",
    "asklearn.features.table.Tables",
    "asklearn.features.text.Grams",
    "asklearn.features.text.Texts",
)


def save(features: Features, folder: Path, fingerprint: str) -> None:
    """Arrays first, the list that names them last: whoever sees the list sees them whole."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: _put(folder, ".npy", _array(a)) for name, a in _arrays(features).items()}
    encoder = features.encoder
    listed = {
        "format": FORMAT,
        "how": features.how,
        "shape": list(features.X.shape),
        "parts": parts,
        "encoder": _put(folder, ".skops", lambda file: _dump(encoder, file)),
    }
    with written(_list(folder, fingerprint)) as file:
        file.write(json.dumps(listed, indent=1).encode())
    _forget(folder, _list(folder, fingerprint))


def load(folder: Path, fingerprint: str) -> Features | None:
    """None when there is no list for this pool, or one of the arrays it names is missing or damaged."""
    from asklearn.features import Features

    listed = _read(_list(folder, fingerprint))
    if listed is None or not all(_intact(folder / name) for name in _names(listed)):
        return None
    parts = {name: np.load(folder / file, mmap_mode="r") for name, file in listed["parts"].items()}
    if "X" in parts:
        X: Any = parts["X"]
    elif "data" in parts:
        from scipy import sparse

        csr = (parts["data"], parts["indices"], parts["indptr"])
        X = sparse.csr_matrix(csr, shape=tuple(listed["shape"]), copy=False)
    else:
        X = parts["embedding"]
    file = folder / listed["encoder"]
    return Features(X, parts["embedding"], listed["how"], cache(lambda: _encoder(file)))


@contextmanager
def written(file: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `file` in one step at the end, on disk for good; on an error, nothing."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(file.parent)


def content(file: Path) -> str:
    """The SHA-256 of a file, 64 hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _arrays(features: Features) -> dict[str, np.ndarray]:
    X, embedding = features.X, features.embedding
    if X is embedding:
        return {"embedding": embedding}
    if isinstance(X, np.ndarray):
        return {"X": X, "embedding": embedding}
    return {"data": X.data, "indices": X.indices, "indptr": X.indptr, "embedding": embedding}


def _array(array: np.ndarray) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)

    return write


def _put(folder: Path, suffix: str, write: Callable[[BinaryIO], None]) -> str:
    """The name of the file with this content: its checksum."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        final = folder / (content(part) + suffix)
        part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(folder)
    return final.name


def _list(folder: Path, fingerprint: str) -> Path:
    return folder / f"features-{fingerprint[:32]}.json"


def _read(file: Path) -> dict[str, Any] | None:
    try:
        listed = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    known = isinstance(listed, dict) and listed.get("format") == FORMAT
    return listed if known else None


def _names(listed: dict[str, Any]) -> list[str]:
    return [*listed["parts"].values(), listed["encoder"]]


def _intact(file: Path) -> bool:
    return file.is_file() and content(file) == file.stem


def _forget(folder: Path, newest: Path) -> None:
    """Remove what only lists of other pools name: a pool that grew has other features."""
    kept = set(_names(_read(newest) or {"parts": {}, "encoder": ""}))
    for old in folder.glob("features-*.json"):
        if old == newest:
            continue
        listed = _read(old)
        old.unlink(missing_ok=True)
        for name in set(_names(listed)) - kept if listed else ():
            with suppress(OSError):  # a file that is mapped cannot be removed everywhere
                (folder / name).unlink(missing_ok=True)


def _dump(encoder: Encoder, file: BinaryIO) -> None:
    _skops().dump(encoder, file)


def _encoder(file: Path) -> Encoder:
    skops = _skops()
    strange = [name for name in skops.get_untrusted_types(file=file) if name not in TRUSTED]
    if strange:
        raise DataError(
            f"{file} holds a {strange[0]}, which is no part of an encoder; delete the cache folder"
        )
    encoder: Encoder = skops.load(file, trusted=list(TRUSTED))
    return encoder


def _skops() -> Any:
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise MissingExtra("keeping features", "app") from error
    return skops.io
