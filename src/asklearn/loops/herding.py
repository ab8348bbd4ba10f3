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

    def gains(index: Positions) -> Array:
        part = cover(index)
        part -= covered
        np.maximum(part, 0, out=part)
        return np.asarray(part @ weight)

    size = len(able)
    bound = np.concatenate([gains(able[part]) for part in blocks(size, len(covered), entries=1 << 22)])
    fresh = np.ones(size, dtype=bool)
    chosen, gained = np.empty(n, dtype=np.intp), np.empty(n)
    for i in range(n):
        at = int(np.argmax(bound))
        while not fresh[at]:
            top = np.argpartition(-bound, min(ANEW, size - 1))[:ANEW]
            top = np.append(top[~fresh[top] & (bound[top] >= 0)], at)
            bound[top] = np.minimum(bound[top], gains(able[top]))
            fresh[top] = True
            at = int(np.argmax(bound))
        chosen[i], gained[i] = able[at], bound[at]
        np.maximum(covered, cover(able[at : at + 1])[0], out=covered)
        bound[at] = -1
        fresh[:] = False
    return chosen, gained
