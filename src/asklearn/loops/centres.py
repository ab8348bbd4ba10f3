"""Far apart: the next point is the one farthest from all before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.points import distances, rows, squares

Array = NDArray[Any]
Positions = NDArray[np.intp]
ACTIVE = 2048
SEVERAL = 1024  # so many others at once, and as many points as keep the distances in the cache


def nearest(points: Any, others: Any) -> Array:
    """The squared distance of each point to the nearest of `others` (infinite when there is none)."""
    found = np.full(points.shape[0], np.inf)
    lengths = squares(points)
    for several in blocks(others.shape[0], 1, entries=SEVERAL):
        some = rows(others, several)
        some_lengths = squares(some)
        for part in blocks(points.shape[0], len(some), entries=1 << 19):
            away = distances(points[part], lengths[part], some, some_lengths).min(axis=1)
            np.minimum(found[part], away, out=found[part])
    return found


def from_mean(points: Any) -> Array:
    """The squared distance of each point to the mean of all."""
    mean = np.asarray(points.mean(axis=0)).reshape(1, -1)
    return distances(points, squares(points), mean, squares(mean))[:, 0]


def farthest_first(points: Any, n: int, far: Array, rng: np.random.Generator) -> tuple[Positions, Array]:
    """n positions, each the farthest from all before it, and how far (squared) it was.

    `far`: squared distances to what is there already; where nothing is, any numbers that say where to start.
    Ties at random. Gonzalez 1985; as core-set for active learning Sener & Savarese 2018.

    A distance to the nearest only falls while points are taken, so an old one is an upper bound. Only the
    `ACTIVE` candidates with the highest bounds are kept up to date; when the best of them falls below the bounds
    of the others, the next are brought up to date in one matrix product. The choice is that of the plain loop,
    with about a fifth of its distances at 1,000 of 100,000.
    """
    size = points.shape[0]
    lengths = squares(points)
    order = rng.permutation(size)  # the first among equals is so a random one
    bound = far[order].astype(lengths.dtype)
    seen = np.zeros(size, dtype=np.intp)  # with how many of the chosen each bound reckons
    chosen, apart = np.empty(n, dtype=np.intp), np.empty(n)
    centres = np.empty((n, points.shape[1]), dtype=rows(points, slice(0, 0)).dtype)
    done = 0
    while done < n:
        active, edge = _highest(bound, min(ACTIVE, size))
        some, long = rows(points, order[active]), lengths[order[active]]
        near = bound[active]
        for since in np.unique(seen[active]):
            old = np.flatnonzero(seen[active] == since)
            new = slice(int(since), done)
            if since < done:
                away = distances(some[old], long[old], centres[new], lengths[chosen[new]])
                near[old] = np.minimum(near[old], away.min(axis=1))
        while done < n and near[at := int(np.argmax(near))] >= edge:
            chosen[done], apart[done], centres[done] = order[active[at]], near[at], some[at]
            done += 1
            np.minimum(near, distances(some, long, some[at : at + 1], long[at : at + 1])[:, 0], out=near)
            near[at] = -1  # never twice, also when all that is left is copies
            bound[active[at]] = -1
        bound[active] = near
        seen[active] = done
    return chosen, apart


def _highest(bound: Array, n: int) -> tuple[Positions, float]:
    """The positions of the n highest bounds, and the bound below which the others lie."""
    if n == len(bound):
        return np.arange(n), -1.0
    found = np.argpartition(bound, len(bound) - n)[len(bound) - n :]
    return found, float(bound[found].min())
