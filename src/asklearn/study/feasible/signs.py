"""What rows and labels show before anything is tried: copies, likely wrong labels, classes that lie together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

NEAR = 0.05  # of the typical distance between two rows: nearer ones are copies
NEIGHBOURS = 10
FOLDS = 4


def neighbours(embedding: np.ndarray, k: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """Distances and positions, (rows, k) each, of the nearest other rows; k is at most rows - 1."""
    from sklearn.neighbors import NearestNeighbors

    k = min(k, len(embedding) - 1)
    index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(embedding)
    distances, at = index.kneighbors()
    return distances, at


def copies(embedding: np.ndarray, nearest: np.ndarray) -> float:
    """The share of rows with another row nearer than 5 % of the typical distance, sqrt(2 x variance) of two rows.

    embedding: (rows, d); nearest: (rows,) distance to the nearest other row.
    """
    typical = float(np.sqrt(2 * embedding.var(axis=0, dtype=np.float64).sum()))
    return float((nearest <= NEAR * typical).mean())


def purity(codes: np.ndarray, at: np.ndarray) -> float:
    """How much oftener than by chance a neighbour has the row's own class: 0 by chance, 1 always.

    (share - chance) / (1 - chance), chance = sum of squared class shares (as Cohen's kappa 1960). codes: (rows,);
    at: (rows, k) positions of neighbours.

    >>> purity(np.array([0, 0, 1, 1]), np.array([[1], [0], [3], [2]]))
    1.0
    """
    share = float((codes[at] == codes[:, None]).mean())
    chance = float(((np.bincount(codes) / len(codes)) ** 2).sum())
    return (share - chance) / (1 - chance) if chance < 1 else 0.0


def doubtful(proba: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(rows,) bool: rows whose label a model that never saw it confidently denies.

    Confident learning (Northcutt, Jiang and Chuang 2021): class k is claimed where p_k is at least its mean over
    the rows labelled k; a row is doubtful when its most probable claimed class is not its own.
    proba: (rows, classes) of rows held out; codes: (rows,).

    >>> doubtful(np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]]), np.array([0, 0, 1, 1])).tolist()
    [False, False, False, True]
    """
    claimed = np.zeros_like(proba)
    for k in np.unique(codes):
        mean = proba[codes == k, k].mean()
        claimed[:, k] = np.where(proba[:, k] >= mean, proba[:, k], 0)
    found: np.ndarray = (claimed.max(axis=1) > 0) & (claimed.argmax(axis=1) != codes)
    return found


def held_out(
    codes: np.ndarray, ask: Callable[[np.ndarray, np.ndarray], np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """(rows, classes) probabilities of each row by a model that did not see it: 4 folds.

    ask(learn, asked): a model fitted to the rows at `learn`, its probabilities of those at `asked`.
    """
    # Dealt out class by class, so that each fold holds a quarter of each.
    fold = np.empty(len(codes), dtype=np.intp)
    fold[np.lexsort((rng.random(len(codes)), codes))] = np.arange(len(codes)) % FOLDS
    parts: dict[int, np.ndarray] = {
        f: ask(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(FOLDS)
    }
    proba = np.empty((len(codes), parts[0].shape[1]))
    for f, part in parts.items():
        proba[fold == f] = part
    return proba
