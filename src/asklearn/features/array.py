"""Given numbers (measurements, embeddings) as they are; for distances scaled and reduced where needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.features.reduce import Projection, principal, unit_rows
from asklearn.features.sample import sample
from asklearn.pool import Pool

WIDE = 256  # columns up to which the embedding is the array itself
REDUCED = 128
SEEN = 10_000  # rows from which scales and components are computed
UNEVEN = 30.0  # ratio of the widest column to the middle one from which units are taken to differ


@dataclass(frozen=True, eq=False)
class Arrays:
    """Fitted on a pool of dense rows; `scale` (d,) evens out columns of different units, None where they agree."""

    scale: np.ndarray | None
    project: Projection | None

    @property
    def how(self) -> str:
        scaled = "" if self.scale is None else ", each scaled to the same spread for distances"
        reduced = (
            "" if self.project is None else f", {self.project.components.shape[1]} components for distances"
        )
        return f"the numbers given{scaled}{reduced}"

    def encode(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        X = finite(rows)
        embedding = X if self.scale is None else X * self.scale
        return X, embedding if self.project is None else self.project(embedding)


@dataclass(frozen=True, eq=False)
class Sparse:
    """Fitted on a pool of sparse rows; `directions` (columns, k)."""

    directions: np.ndarray

    @property
    def how(self) -> str:
        return f"the sparse numbers given, {self.directions.shape[1]} singular directions for distances"

    def encode(self, rows: Any) -> tuple[Any, np.ndarray]:
        X = finite(rows)
        return X, unit_rows(X @ self.directions)


def fit(pool: Pool) -> Arrays | Sparse:
    """Scales and components from at most 10,000 rows of the pool."""
    blocks = [finite(rows) for rows in sample(pool, SEEN)]
    if not isinstance(blocks[0], np.ndarray):
        from scipy import sparse

        return Sparse(_directions(sparse.vstack(blocks, format="csr")))
    X = np.concatenate(blocks)
    scale = even(X)
    if X.shape[1] <= WIDE:
        return Arrays(scale, None)
    return Arrays(scale, principal(X if scale is None else X * scale, REDUCED))


def finite(rows: Any) -> Any:
    """Float32, dense or csr. Raises `DataError` naming the first cell that is no number a model can use."""
    if isinstance(rows, np.ndarray):
        dense = np.asarray(rows).reshape(len(rows), -1)
        if dense.dtype.kind not in "buif":
            raise DataError(f"the array holds {dense.dtype}, not numbers; give numbers or a data frame")
        single = np.ascontiguousarray(dense, dtype=np.float32)
        if not np.isfinite(single).all():
            row, column = np.argwhere(~np.isfinite(single))[0]
            raise _refused(row, column, dense[row, column])
        return single
    from scipy import sparse

    csr = sparse.csr_matrix(rows, dtype=np.float32)
    if not np.isfinite(csr.data).all():
        at = int(np.flatnonzero(~np.isfinite(csr.data))[0])
        raise _refused(int(np.searchsorted(csr.indptr, at, side="right")) - 1, csr.indices[at], csr.data[at])
    return csr


def even(X: np.ndarray) -> np.ndarray | None:
    """(d,) what makes every column's spread 1 where they differ much, None where they share a unit.

    >>> even(np.array([[1.0, 2.0, 1024.0], [2.0, 4.0, 3072.0]])).tolist()
    [2.0, 1.0, 0.0009765625]
    >>> even(np.array([[1.0, 3.0], [2.0, 1.0]])) is None
    True
    """
    spread = X.std(axis=0, dtype=np.float64)
    moving = spread[spread > 0]
    if not len(moving) or moving.max() <= UNEVEN * np.median(moving):
        return None
    scale: np.ndarray = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0).astype(np.float32)
    return scale


def _refused(row: int, column: int, value: Any) -> DataError:
    return DataError(
        f"row {row + 1}, column {column + 1} of the array is {value}; "
        "fill in or leave out what is missing, and keep numbers below 3e38"
    )


def _directions(X: Any) -> np.ndarray:
    from sklearn.utils.extmath import randomized_svd

    _, sizes, directions = randomized_svd(X, n_components=min(REDUCED, *X.shape), n_iter=3, random_state=0)
    kept = sizes > 1e-5 * max(float(sizes[0]), 1e-12)
    kept[0] = True
    return np.ascontiguousarray(directions[kept].T.astype(np.float32))
