"""How items become numbers: once for a pool, without labels, the same on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from asklearn.errors import DataError
from asklearn.pool import Pool, Progress

__all__ = ["Encoder", "Features", "compute", "load", "save"]

BLOCK = 2000  # rows encoded at a time


class Fitted(Protocol):
    """What one kind of row became: `encode` gives X as models see it and the embedding for distances."""

    @property
    def how(self) -> str: ...

    def encode(self, rows: Any) -> tuple[Any, np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class Encoder:
    """Rows to numbers, as fitted on a pool; rows come in the user's own type."""

    kind: str
    fitted: Fitted

    def encode(self, rows: Any) -> tuple[Any, np.ndarray]:
        """(X, embedding) of rows, new or known; float32, one row each."""
        return self.fitted.encode(rows)

    def transform(self, rows: Any) -> Any:
        """X of rows, new or known: what a model named by a word is fitted to and asked about."""
        return self.encode(rows)[0]


@dataclass(frozen=True, eq=False)
class Features:
    """A pool in numbers. X: csr float32 or (items, d) float32; embedding: (items, k) float32 for distances.

    `how` says in words what was done. `encoder` does it to new rows; after `load` it is read when first used.
    """

    X: Any
    embedding: np.ndarray
    how: str
    _encoder: Callable[[], Encoder] = field(repr=False)

    @property
    def encoder(self) -> Encoder:
        return self._encoder()


def compute(pool: Pool, progress: Progress | None = None, encoder: Encoder | None = None) -> Features:
    """The features of every row, in the order of the pool's ids; with `encoder`, by what was fitted before.

    Reads the pool in blocks, once for fitting (a sample of a large pool) and once for encoding. Raises
    `DataError` for an empty pool and for rows that cannot be read, naming them.
    """
    rows = len(pool.ids)
    if rows == 0:
        raise DataError("the pool is empty: there is nothing to compute features of; add rows first")
    fitted = encoder or Encoder(pool.kind, _fit(pool))
    Xs, embeddings, done = [], [], 0
    for ids, block in pool.blocks(BLOCK):
        X, embedding = fitted.encode(block)
        Xs.append(X)
        embeddings.append(embedding)
        done += len(ids)
        if progress is not None:
            progress(done, rows)
    whole = np.concatenate(embeddings)
    # Where a model sees the embedding itself, it is kept once.
    same = all(X is embedding for X, embedding in zip(Xs, embeddings, strict=True))
    return Features(whole if same else _stacked(Xs), whole, fitted.fitted.how, lambda: fitted)


def save(features: Features, folder: Path, fingerprint: str) -> None:
    """Keep them in `folder` for the pool with this fingerprint; whole or not at all, however it ends.

    Raises `MissingExtra` without skops, which keeps the encoder.
    """
    from asklearn.features import store

    store.save(features, folder, fingerprint)


def load(folder: Path, fingerprint: str) -> Features | None:
    """The kept features, memory-mapped; None when there are none or they are damaged: they can be computed again."""
    from asklearn.features import store

    return store.load(folder, fingerprint)


def _fit(pool: Pool) -> Fitted:
    from asklearn.features import array, image, table, text

    kinds: dict[str, Callable[[Pool], Fitted]] = {
        "array": array.fit,
        "image": image.fit,
        "table": table.fit,
        "text": text.fit,
    }
    if pool.kind not in kinds:
        raise DataError(
            f"there are no features for rows of kind {pool.kind!r}; there are for {', '.join(kinds)}"
        )
    return kinds[pool.kind](pool)


def _stacked(blocks: list[Any]) -> Any:
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks)
    from scipy import sparse

    return sparse.vstack(blocks, format="csr")
