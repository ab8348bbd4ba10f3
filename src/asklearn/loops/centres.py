"""Far apart: the next point is the one farthest from all before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.points import distances, rows, squares

Array = NDArray[Any]
Positions = NDArray[np.intp]


def nearest(points: Any, others: Any) -> Array:
    """The squared distance of each point to the nearest of `others` (infinite when there is none)."""
    found = np.full(points.shape[0], np.inf)
    lengths = squares(points)
    for part in blocks(others.shape[0], points.shape[0], entries=1 << 22):
        some = rows(others, part)
        np.minimum(found, distances(points, lengths, some, squares(some)).min(axis=1), out=found)
    return found


def from_mean(points: Any) -> Array:
    """The squared distance of each point to the mean of all."""
    mean = np.asarray(points.mean(axis=0)).reshape(1, -1)
    return distances(points, squares(points), mean, squares(mean))[:, 0]


def farthest_first(points: Any, n: int, far: Array, rng: np.random.Generator) -> tuple[Positions, Array]:
    """n positions, each the farthest from all before it, and how far (squared) it was.

    `far`: squared distances to what is there already; where nothing is, any numbers that say where to start.
    Ties at random. Gonzalez 1985; as core-set for active learning Sener & Savarese 2018.
    """
    far = far.copy()
    lengths = squares(points)
    chosen, apart = np.empty(n, dtype=np.intp), np.empty(n)
    for i in range(n):
        tied = np.flatnonzero(far == far.max())
        chosen[i] = at = int(tied[rng.integers(len(tied))])
        apart[i] = far[at]
        one = rows(points, slice(at, at + 1))
        away = distances(points, lengths, one, lengths[at : at + 1])[:, 0]
        np.minimum(far, away, out=far)
        far[at] = -1
    return chosen, apart
