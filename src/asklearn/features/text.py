"""Texts in numbers: TF-IDF of words and of characters, and beside it the directions in which the pool spreads.

Few labels are not enough to learn thousands of words, but the pool itself tells which words go together: the
leading singular directions of its TF-IDF matrix (Deerwester et al. 1990). A model sees both. Weighted by the
square of the singular values they gave the best accuracy for 50 to 500 labels of what was tried; see
benchmarks/heads.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.features.reduce import unit_rows
from asklearn.features.sample import sample
from asklearn.pool import Pool

HASHED = 2**20  # n-grams are hashed, so that memory does not grow with the number of different ones
KEPT = 50_000  # columns kept of each part, the most frequent ones
DIRECTIONS = 127
COUNTED = 200_000  # texts in which n-grams are counted
SPREAD = 20_000  # texts from which directions are computed
STORED = 50_000_000  # numbers in the sparse matrix of a pool; larger pools are seen by their directions alone


@dataclass(frozen=True, eq=False)
class Grams:
    """One way to cut texts to pieces: which hashed columns count, and their inverse document frequency."""

    analyzer: str
    columns: np.ndarray
    idf: np.ndarray

    def weigh(self, hashed: Any) -> Any:
        """csr (texts, columns): (1 + ln tf) * idf"""
        counts = hashed[:, self.columns].astype(np.float32)
        counts.data = (1 + np.log(counts.data)) * self.idf[counts.indices]
        return counts


@dataclass(frozen=True, eq=False)
class Texts:
    """Fitted on a pool of texts; `directions` (columns, k), `spread` (k,): singular values relative to the first."""

    words: Grams
    characters: Grams
    directions: np.ndarray
    spread: np.ndarray
    whole: bool  # whether a model sees the words too, not only the directions

    @property
    def how(self) -> str:
        seen = f"{len(self.directions):,} hashed word and character n-grams and " if self.whole else ""
        return f"texts as {seen}{len(self.spread)} directions of their TF-IDF"

    def encode(self, rows: Any) -> tuple[Any, np.ndarray]:
        """X: TF-IDF rows of length 1 beside directions of length 1; embedding: the directions alone."""
        from scipy import sparse

        counted = weighed(checked(rows), [self.words, self.characters])
        embedding = unit_rows((counted @ self.directions) * self.spread)
        if not self.whole:
            return embedding, embedding
        beside = sparse.csr_matrix(embedding)
        return sparse.hstack([counted, beside], format="csr", dtype=np.float32), embedding


def fit(pool: Pool) -> Texts:
    """Counts n-grams in at most 200,000 texts of the pool and takes the directions of at most 20,000."""
    words, characters = (_count(pool, analyzer) for analyzer in ("word", "char_wb"))
    from scipy import sparse

    blocks = [weighed(checked(rows), [words, characters]) for rows in sample(pool, SPREAD)]
    counted = sparse.vstack(blocks, format="csr")
    directions, spread = _directions(counted)
    stored = (counted.nnz / counted.shape[0] + len(spread)) * len(pool.ids)
    return Texts(words, characters, directions, spread, whole=stored <= STORED)


def checked(rows: Iterable[Any]) -> list[str]:
    """The texts as a list; a missing one is an empty text. Raises `DataError` for what is no text."""
    texts = []
    for number, text in enumerate(rows, 1):
        missing = text is None or text != text  # a data frame's NaN differs from itself
        if not missing and not isinstance(text, str):
            raise DataError(f"row {number} is a {type(text).__name__}, not a text: {text!r:.60}")
        texts.append("" if missing else str(text))
    return texts


def weighed(texts: list[str], parts: list[Grams]) -> Any:
    """csr (texts, columns) float32: the parts side by side, rows of length 1."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    counted = sparse.hstack(
        [part.weigh(_hasher(part.analyzer).transform(texts)) for part in parts], format="csr"
    )
    return normalize(counted, copy=False)


def _count(pool: Pool, analyzer: str) -> Grams:
    frequency, texts = np.zeros(HASHED, dtype=np.int64), 0
    for block in _hashed(pool, analyzer):
        frequency += np.bincount(block.indices, minlength=HASHED)
        texts += block.shape[0]
    # What stands in one text alone teaches nothing of another; in a handful of texts everything counts.
    least = 1 if texts < 200 else 2 if analyzer == "word" else 3
    often = np.argsort(-frequency, kind="stable")[:KEPT]
    columns = np.sort(often[frequency[often] >= least])
    columns = columns if len(columns) else np.array([0])
    idf = np.log((1 + texts) / (1 + frequency[columns])) + 1
    return Grams(analyzer, columns, idf.astype(np.float32))


def _hashed(pool: Pool, analyzer: str) -> Iterator[Any]:
    return (_hasher(analyzer).transform(checked(rows)) for rows in sample(pool, COUNTED))


@cache
def _hasher(analyzer: str) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    grams = {"word": (1, 2), "char_wb": (3, 5)}[analyzer]
    return HashingVectorizer(
        analyzer=analyzer,
        ngram_range=grams,
        n_features=HASHED,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )


def _directions(counted: Any) -> tuple[np.ndarray, np.ndarray]:
    """(columns, k) and (k,): singular directions and values, squared in effect: `spread` weighs them once more."""
    from sklearn.utils.extmath import randomized_svd

    k = min(DIRECTIONS + 1, *counted.shape)
    _, sizes, directions = randomized_svd(counted, n_components=k, n_iter=3, random_state=0)
    kept = sizes > 1e-5 * max(sizes[0], 1e-12)
    # The first direction is what all texts share; without it distances tell more.
    first = 1 if kept.sum() > 1 else 0
    kept[:first] = False
    if not kept.any():  # nothing but empty texts
        return np.zeros((counted.shape[1], 1), dtype=np.float32), np.ones(1, dtype=np.float32)
    return (
        np.ascontiguousarray(directions[kept].T.astype(np.float32)),
        (sizes[kept] / sizes[kept][0]).astype(np.float32),
    )
