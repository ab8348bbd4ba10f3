"""The n best of many numbers: partition, never a full sort."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.intp]
LONG = 200_000  # from here on a threshold found in a sample spares most of the partition


def best(scores: NDArray[Any], n: int, rng: np.random.Generator) -> Positions:
    """Positions of the n highest scores, highest first, ties in random order.

    >>> best(np.array([0.1, 0.9, 0.3, 0.7]), 2, np.random.default_rng(7)).tolist()
    [1, 3]
    """
    n = min(n, len(scores))
    if n == 0:
        return np.empty(0, dtype=np.intp)
    able = _able(scores, n)
    values = scores[able] if able is not None else scores
    cut = np.partition(values, len(values) - n)[len(values) - n]
    sure = np.flatnonzero(values > cut)
    tied = np.flatnonzero(values == cut)
    tied = tied[rng.permutation(len(tied))[: n - len(sure)]] if n - len(sure) < len(tied) else tied
    found = np.concatenate([sure, tied])
    found = found[rng.permutation(len(found))]
    found = found[np.argsort(-values[found], kind="stable")]
    return found if able is None else able[found]


def _able(scores: NDArray[Any], n: int) -> Positions | None:
    """Positions that hold at least all of the n highest scores, or None where looking for them does not
    pay.
    """
    if len(scores) < LONG or 20 * n > len(scores):
        return None
    sample = scores[:: len(scores) // 20_000]
    rank = int(4 * n / len(scores) * len(sample)) + 20
    able = np.flatnonzero(scores >= np.partition(sample, len(sample) - rank)[len(sample) - rank])
    return able if n <= len(able) else None
