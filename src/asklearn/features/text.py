"""Texts in numbers: TF-IDF of words and of characters, and beside it the directions in which the pool spreads.

Few labels are not enough to learn thousands of words, but the pool itself tells which words go together: the
principal components of its TF-IDF matrix (Deerwester et al. 1990). A model sees both, with the wide components
made wider still: that gave the best accuracy for 50 to 500 labels of what was tried; see benchmarks/heads.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.features.reduce import principal, unit_rows
from asklearn.features.sample import sample
from asklearn.pool import Pool

HASHED = 2**20  # n-grams are hashed, so that memory does not grow with the number of different ones
KEPT = 50_000  # columns kept of each part, the most frequent ones
COMPONENTS = 128
WIDER = 1.5  # power of their spread by which components are weighted, beyond the spread they have
COUNTED = 200_000  # texts in which n-grams are counted
SPREAD = 20_000  # texts from which components are computed
STORED = 50_000_000  # numbers in the sparse matrix of a pool; larger pools are seen by their components alone


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
    """Fitted on a pool of texts; components (columns, k) and middle (k,) are weighted by the components' spread."""

    words: Grams
    characters: Grams
    components: np.ndarray
    middle: np.ndarray
    whole: bool  # whether a model sees the words too, not only the components

    @property
    def how(self) -> str:
        seen = f"{len(self.components):,} hashed word and character n-grams and " if self.whole else ""
        return f"texts as {seen}{len(self.middle)} components of their TF-IDF"

    def encode(self, rows: Any) -> tuple[Any, np.ndarray]:
        """X: TF-IDF rows of length 1 beside components of length 1; embedding: the components alone."""
        from scipy import sparse

        counted = weighed(checked(rows), [self.words, self.characters])
        embedding = unit_rows(counted @ self.components - self.middle)
        if not self.whole:
            return embedding, embedding
        beside = sparse.csr_matrix(embedding)
        return sparse.hstack([counted, beside], format="csr", dtype=np.float32), embedding


def fit(pool: Pool) -> Texts:
    """Counts n-grams in at most 200,000 texts of the pool and takes the components of at most 20,000."""
    words, characters = (_count(pool, analyzer) for analyzer in ("word", "char_wb"))
    from scipy import sparse

    blocks = [weighed(checked(rows), [words, characters]) for rows in sample(pool, SPREAD)]
    counted = sparse.vstack(blocks, format="csr")
    components, middle = _components(counted)
    stored = (counted.nnz / counted.shape[0] + len(middle)) * len(pool.ids)
    return Texts(words, characters, components, middle, whole=stored <= STORED)


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


def _components(counted: Any) -> tuple[np.ndarray, np.ndarray]:
    """(columns, k) components and the (k,) middle of the texts along them, both times spread ** 1.5.

    Found in two steps, since centring a sparse matrix would fill it: singular directions, then the principal
    components of the coordinates along these.
    """
    from sklearn.utils.extmath import randomized_svd

    k = min(COMPONENTS, *counted.shape)
    directions = randomized_svd(counted, n_components=k, n_iter=3, random_state=0)[2].T
    along = counted @ directions
    inner = principal(along.astype(np.float64), COMPONENTS)
    spread = inner(along).std(axis=0)
    weight = (spread / max(spread.max(), 1e-12)) ** WIDER
    components = directions @ (inner.components * weight)
    middle = inner.mean @ (inner.components * weight)
    return np.ascontiguousarray(components, dtype=np.float32), middle.astype(np.float32)
