"""k-means in blocks, on a sample where the pool is large."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.plusplus import Outer, far_draws
from asklearn.loops.points import distances, rows, squares

Array = NDArray[Any]
Positions = NDArray[np.intp]
BLOCK = 1 << 19  # distances computed at once: what a core's cache holds


def lloyd(
    points: Any,
    k: int,
    rng: np.random.Generator,
    *,
    weight: Array | None = None,
    fixed: Array | None = None,
    turns: int = 10,
) -> Array:
    """k centres (k, d) that leave little weighted squared distance to the nearest one. Lloyd 1982.

    `fixed` centres (f, d) stay where they are and draw the points near them to themselves. Started by D^2 sampling.
    Of many points 64 a centre, and 10,000 at least, drawn uniformly, are looked at.
    """
    size = points.shape[0]
    most = max(64 * k, 10_000)
    if size > most:
        some = rng.choice(size, most, replace=False)
        points, weight = points[some], None if weight is None else weight[some]
        size = len(some)
    weight = np.ones(size) if weight is None else weight
    fixed = np.empty((0, points.shape[1])) if fixed is None else fixed
    far = np.full(size, np.inf)
    for part in blocks(len(fixed), size, entries=BLOCK):
        near = distances(points, squares(points), fixed[part], squares(fixed[part]))
        far = np.minimum(far, near.min(axis=1))
    centres = rows(points, _spread(points, k, far * weight, rng))
    for _ in range(turns):
        before = centres.copy()
        _, sums, total = assign(points, np.concatenate([centres, fixed]).astype(centres.dtype), weight)
        full = total[:k] > 0
        centres[full] = sums[:k][full] / total[:k][full, None]
        if np.array_equal(before, centres):
            break
    return centres


def _spread(points: Any, k: int, far: Array, rng: np.random.Generator) -> Positions:
    everything = Outer(points)
    if np.isfinite(far).all():
        return far_draws(everything, k, far, np.empty(0, dtype=np.intp), rng)
    start = rng.integers(len(everything), size=1)
    one = everything.take(start)
    bound = np.empty(len(everything))
    for part in blocks(len(everything), 1, entries=BLOCK):
        bound[part] = everything.take(part).away(one)[:, 0]
    return far_draws(everything, k, bound, start, rng)


def assign(points: Any, centres: Array, weight: Array | None = None) -> tuple[Positions, Array, Array]:
    """The nearest centre of each point; with weights also the weighted sum of each centre's points and their weight."""
    size, k = points.shape[0], len(centres)
    lengths, doubled = squares(centres), -2 * centres.T
    nearest = np.empty(size, dtype=np.intp)
    sums, total = np.zeros(centres.shape), np.zeros(k)
    for part in blocks(size, k, entries=BLOCK):
        some = rows(points, part)
        product = some @ doubled
        product += lengths
        nearest[part] = mine = product.argmin(axis=1)
        if weight is not None:
            order = np.argsort(mine, kind="stable")
            heads = np.flatnonzero(np.r_[True, np.diff(mine[order]) > 0])
            sums[mine[order[heads]]] += np.add.reduceat(
                some[order] * weight[part][order, None], heads, axis=0
            )
            total += np.bincount(mine, weight[part], minlength=k)
    return nearest, sums, total
