"""Coverage: the next point is the one that covers most of what is not covered yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks

Array = NDArray[Any]
Positions = NDArray[np.intp]
ANEW = 32  # so many gains are brought up to date at once: one matrix product instead of many vectors
KEPT = 1 << 27  # at most so many values of cover are kept instead of computed again: 512 MB of float32


def herd(
    cover: Callable[[Positions], Array], able: Positions, n: int, covered: Array, weight: Array
) -> tuple[Positions, Array]:
    """n of the candidates `able`, greedily by sum_j weight_j max(cover_ij - covered_j, 0), and what each
    gained.

    cover(positions) -> (candidates, references): how well each candidate covers each reference; covered
    (references,): how well each is covered already. Among equals the first in `able` wins: give it in random
    order.

    The gain of a candidate only falls while others are taken (submodularity), so an old gain is an upper
    bound and only the candidates on top are computed anew (Minoux 1978): the choice is exactly that of the
    plain greedy algorithm.
    """
    covered = covered.copy()
    size = len(able)
    near = _Kept(cover, able, covered)

    def gains(part: Array) -> Array:
        part -= covered
        np.maximum(part, 0, out=part)
        return np.asarray(part @ weight)

    bound = np.concatenate(
        [gains(near.of(np.arange(*p.indices(size)))) for p in blocks(size, len(covered), entries=1 << 20)]
    )
    fresh = np.ones(size, dtype=bool)
    chosen, gained = np.empty(n, dtype=np.intp), np.empty(n)
    for i in range(n):
        at = int(np.argmax(bound))
        while not fresh[at]:
            top = np.argpartition(-bound, min(ANEW, size - 1))[:ANEW]
            top = np.union1d(top[~fresh[top] & (bound[top] >= 0)], at)
            bound[top] = np.minimum(bound[top], gains(near.of(top)))
            fresh[top] = True
            at = int(np.argmax(bound))
        chosen[i], gained[i] = able[at], bound[at]
        np.maximum(covered, near.of(np.array([at]))[0], out=covered)
        bound[at] = -1
        fresh[:] = False
    return chosen, gained


class _Kept:
    """How well candidates cover each reference, kept as it was computed while there is room: the same ones come to the
    top again and again.
    """

    def __init__(self, cover: Callable[[Positions], Array], able: Positions, covered: Array) -> None:
        self._cover, self._able = cover, able
        self._rows = np.empty((min(len(able), KEPT // len(covered)), len(covered)), dtype=covered.dtype)
        self._place = np.full(len(able), -1)  # of a candidate among the rows
        self._used = 0

    def of(self, index: Positions) -> Array:
        """(candidates, references), to be written over."""
        place = self._place[index]
        there, new = np.flatnonzero(place >= 0), np.flatnonzero(place < 0)
        if not len(there):
            return self._keep(index)
        found = np.empty((len(index), self._rows.shape[1]), dtype=self._rows.dtype)
        found[there] = self._rows[place[there]]
        if len(new):
            found[new] = self._keep(index[new])
        return found

    def _keep(self, index: Positions) -> Array:
        found = self._cover(self._able[index])
        last = min(self._used + len(index), len(self._rows))
        fit = last - self._used
        self._rows[self._used : last], self._place[index[:fit]] = found[:fit], np.arange(self._used, last)
        self._used = last
        return found
