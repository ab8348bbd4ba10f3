"""D^2 sampling (k-means++): each next one is drawn with a chance proportional to its squared distance to the nearest
one before it.

Arthur & Vassilvitskii 2007. Without computing all distances for each draw: propose by an old upper bound of D^2, accept
with D^2 / bound, and the draw is exactly the wanted one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.points import distances, rows, squares

Array = NDArray[Any]
Positions = NDArray[np.intp]
AT_ONCE = 16  # proposals a matrix product


class Outer:
    """Points that are outer products q (x) z, never written out: <g, g'> = <q, q'> <z, z'>.

    q (n, c) dense, or None for plain points z (n, d), dense or sparse.
    """

    def __init__(self, z: Any, q: Array | None = None) -> None:
        self.z, self.q = z, q
        self.lengths = squares(z) if q is None else squares(z) * squares(q)

    def __len__(self) -> int:
        return int(self.z.shape[0])

    def take(self, index: Any) -> Outer:
        """The points at these positions, dense."""
        part = Outer.__new__(Outer)
        part.z, part.q = rows(self.z, index), None if self.q is None else self.q[index]
        part.lengths = self.lengths[index]
        return part

    def away(self, others: Outer) -> Array:
        """Squared distances (these, others)."""
        if self.q is None or others.q is None:
            return distances(self.z, self.lengths, others.z, others.lengths)
        product = self.z @ others.z.T
        product *= self.q @ others.q.T
        scale = np.add.outer(self.lengths, others.lengths)
        product *= -2
        product += scale
        scale *= 16 * np.finfo(product.dtype).eps
        product[product < scale] = 0
        return np.asarray(product)


def far_draws(points: Outer, n: int, bound: Array, start: Positions, rng: np.random.Generator) -> Positions:
    """`start` and then draws by D^2 until there are n; `bound`: at least the squared distance to the nearest of start.

    When all that is left are copies of what was taken, the rest is drawn uniformly.
    """
    size = len(points)
    bound = bound.astype(np.float64)
    sums = np.cumsum(bound)
    chosen = np.empty(n, dtype=np.intp)
    chosen[: len(start)] = start
    done, since, failed = len(start), 0, 0
    while done < n:
        if failed > size // 4 + 4 * AT_ONCE:  # as much work as bringing every bound up to date
            bound = closer(points, chosen[since:done], bound)
            sums, since, failed = np.cumsum(bound), done, 0
        if not sums[-1] > 0:
            left = np.setdiff1d(np.arange(size), chosen[:done])
            chosen[done:] = rng.permutation(left)[: n - done]
            break
        tried = np.minimum(np.searchsorted(sums, rng.random(AT_ONCE) * sums[-1], side="right"), size - 1)
        near = bound[tried]
        if since < done:
            near = np.minimum(near, points.take(tried).away(points.take(chosen[since:done])).min(axis=1))
        taken = np.flatnonzero(rng.random(AT_ONCE) * bound[tried] < near)
        failed += int(taken[0]) if len(taken) else AT_ONCE
        if len(taken):
            chosen[done] = tried[taken[0]]
            done += 1
    return chosen


def closer(points: Outer, centres: Positions, far: Array) -> Array:
    """far, or the squared distance to the nearest of `centres` where that is smaller."""
    found = far.copy()
    some = points.take(centres)
    for part in blocks(len(points), len(centres), entries=1 << 20):
        found[part] = np.minimum(found[part], points.take(part).away(some).min(axis=1, initial=np.inf))
    found[centres] = 0
    return found
