"""Every annotator has a confusion matrix (Dawid and Skene 1979), drawn towards that of all people together."""

from __future__ import annotations

import numpy as np

from asklearn.people.tally import Fit, matrix, plain, shares, softmax
from asklearn.people.votes import Votes

TINY = 1e-10  # the least count and the least share: a chance of 0 would forbid what may have happened


def dawid_skene(
    votes: Votes,
    *,
    strength: float = 2.0,
    prior: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    rounds: int = 200,
    tol: float = 1e-5,
) -> Fit:
    """Expectation maximisation of true labels and confusion matrices, from the shares of the votes.

        p(z_i = c) ~ q_c prod_n e_(j_n)(c, l_n),   e_j(c, l) ~ sum_n p(z_(i_n) = c) [l_n = l] + strength e(c, l)

    where e is the confusion matrix of all people together: an annotator with few answers is taken for one like the
    others (0: each stands alone, as published). prior (items, labels): used for q of each item, such as a model's
    probabilities. truth (items,) int: the labels of gold items, -1 elsewhere. Ends when no chance moves by more
    than `tol`.
    """
    given = matrix(votes)
    asked = given.T.tocsr()
    size = (len(votes.annotators), len(votes.labels), len(votes.labels))  # annotator, said, true

    def errors(proba: np.ndarray) -> np.ndarray:
        counts: np.ndarray = (asked @ proba).reshape(size)
        pooled = counts.sum(axis=0) + TINY
        counts = np.maximum(counts + strength * pooled / pooled.sum(axis=0), TINY)
        counts /= counts.sum(axis=1, keepdims=True)
        return counts

    proba = sure(shares(votes), truth)
    likely = errors(proba)
    for _ in range(rounds):
        before = proba
        start = proba.mean(axis=0) if prior is None else prior
        evidence = np.log(np.maximum(start, TINY)) + given @ np.log(likely).reshape(-1, size[2])
        proba = sure(softmax(evidence), truth)
        likely = errors(proba)
        if np.abs(proba - before).max(initial=0.0) <= tol:
            break
    return plain(proba, likely.transpose(0, 2, 1))


def sure(proba: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    """The chances with those of gold items (truth >= 0) put to 0 and 1."""
    if truth is not None:
        gold = truth >= 0
        proba[gold] = np.eye(proba.shape[1])[truth[gold]]
    return proba
