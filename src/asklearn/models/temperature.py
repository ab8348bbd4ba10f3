"""Honest probabilities: by how much to sharpen or soften scores, found on rows the model did not learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FOLDS = 3
LEAST = 20  # rows that must be predictable from others before anything is chosen by them
DOUBT = 0.5  # standard deviation of the logarithm of the sharpness before any row was seen
RANGE = 2.5  # the logarithm of the sharpness stays within -2.5 .. 2.5
UNSEEN = -30.0  # the score of a class that was not among the rows learned from


def folds(codes: np.ndarray) -> np.ndarray:
    """(rows,) 0..2: the fold of each row; the rows of a class take turns, so that every fold sees every class.

    >>> folds(np.array([0, 0, 1, 0, 1, 0])).tolist()
    [0, 1, 0, 2, 1, 0]
    """
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    turn = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(len(codes), dtype=np.intp)
    place[order] = turn % FOLDS
    return place


def held_out(codes: np.ndarray, score: Callable[[np.ndarray, np.ndarray, int], np.ndarray]) -> np.ndarray:
    """(rows, classes) scores of each row by a model that did not see it.

    `score(learn, ask, fold)` fits to the rows in the mask `learn` and returns scores of those in `ask`, one column
    for each class among the rows learned from.
    """
    scores = np.full((len(codes), codes.max() + 1), UNSEEN)
    fold = folds(codes)
    for k in range(FOLDS):
        ask = fold == k
        if ask.any():
            scores[np.ix_(ask, np.unique(codes[~ask]))] = score(~ask, ask, k)
    return scores


def judged(codes: np.ndarray) -> np.ndarray:
    """(rows,) bool: rows whose class other rows have too; only these can be predicted from others."""
    counts: np.ndarray = np.bincount(codes)[codes] >= 2
    return counts


def sharpness(scores: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The factor t for which softmax(t * scores) fits the classes best, and the mean log loss with it.

    Guo et al. (2017) with a prior around 1 (log t ~ Normal(0, 0.5)): a few rows move it little.
    """
    from scipy.optimize import minimize_scalar

    weight = weight / weight.mean()

    def loss(log_t: float) -> float:
        right = log_softmax(scores * np.exp(log_t))[np.arange(len(codes)), codes]
        return float(-(weight * right).mean() + (log_t / DOUBT) ** 2 / (2 * len(codes)))

    found = minimize_scalar(loss, bounds=(-RANGE, RANGE), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x)), float(found.fun)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """The logarithm of softmax over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logs: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def two_columns(scores: np.ndarray) -> np.ndarray:
    """(rows, classes): the one score of a two-class model becomes (0, score), so that softmax is its logistic.

    >>> two_columns(np.array([0.5])).tolist()
    [[0.0, 0.5]]
    """
    return np.column_stack([np.zeros(len(scores)), scores]) if scores.ndim == 1 else scores
