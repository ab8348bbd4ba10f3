"""How much the members of a committee disagree on one item, from their probabilities (items, members, classes)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.scores.bayes import bald
from asklearn.scores.uncertainty import entropy

Array = NDArray[Any]


def vote_entropy(draws: Array) -> Array:
    """-sum_c v_c/m log v_c/m, with v_c of m members voting for class c. Dagan & Engelson 1995.

    >>> agree, differ = [[0.9, 0.1], [0.6, 0.4]], [[0.9, 0.1], [0.4, 0.6]]
    >>> vote_entropy(np.array([agree, differ])).round(3).tolist()
    [0.0, 0.693]
    """
    return entropy(votes(draws))


def variation_ratio(draws: Array) -> Array:
    """1 - max_c v_c/m: the share of members that are outvoted. Freeman 1965; Gal et al. 2017."""
    return np.asarray(1 - votes(draws).max(axis=-1, initial=0))


def consensus_kl(draws: Array) -> Array:
    """1/m sum_k KL(p_k || mean p): how far members are from their consensus. McCallum & Nigam 1998.

    The same number as `bald`, which is how it is computed: mean KL to the mean = H(mean) - mean H.
    """
    return bald(draws)


def flips(proba: Array, draws: Array) -> Array:
    """The share of draws whose most probable class is not that of proba. DropQuery, Gupte et al. 2024.

    There the draws are predictions from features of which some were dropped at random.
    """
    return np.asarray(1 - np.take_along_axis(votes(draws), proba.argmax(axis=1)[:, None], axis=1)[:, 0])


def mean_std(draws: Array) -> Array:
    """The standard deviation of p(c|x) among members, averaged over classes. Kampffmeyer et al. 2016.

    >>> mean_std(np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.7, 0.3], [0.7, 0.3]]])).tolist()
    [0.5, 0.0]
    """
    found = np.empty(len(draws), dtype=draws.dtype)
    for part in blocks(len(draws), draws[:1].size):
        found[part] = draws[part].std(axis=1).mean(axis=-1)
    return found


def votes(draws: Array) -> Array:
    """The share of members whose most probable class it is, (items, classes); the first class of equal ones counts."""
    n, members, classes = draws.shape
    found = np.empty((n, classes), dtype=draws.dtype)
    for part in blocks(n, members * classes):
        columns = np.ascontiguousarray(draws[part].reshape(-1, classes).T)
        best, at = columns[0].copy(), np.zeros(columns.shape[1], dtype=np.intp)
        for c in range(1, classes):  # along columns: see `over_columns`
            at[columns[c] > best] = c
            np.maximum(best, columns[c], out=best)
        items = part.stop - part.start
        at += np.repeat(np.arange(items) * classes, members)
        found[part] = np.bincount(at, minlength=items * classes).reshape(items, classes)
    found /= members
    return found
