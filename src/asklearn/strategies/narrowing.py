"""Look at fewer: the strategy inside chooses among those that are left."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.loops.blocks import blocks
from asklearn.loops.centres import farthest_first, nearest
from asklearn.loops.clusters import assign, lloyd
from asklearn.loops.points import distances, rows, squares
from asklearn.scores.uncertainty import margin
from asklearn.strategies.choice import Score, Strategy, pick, scored, some
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


def _at_least_one(kind: str, setting: str, number: int) -> None:
    if number < 1:
        raise SettingError(f"{kind} needs a {setting} of at least 1; it is {number}")


@value
class shortlist:
    """What the strategy chooses among the best `width * n` by score: two-step sampling, Zhdanov 2019."""

    score: Score
    strategy: Strategy
    width: int = 10

    def __post_init__(self) -> None:
        _at_least_one("shortlist", "width", self.width)

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        short = best(scores, self.width * n, rng)
        found = short[pick(self.strategy, view.take(short), n)]
        view.tell(found, scores=scores[found])
        return found


@value
class spread:
    """The best `width * n` by score, thinned to n that lie far apart: the best first, then each farthest from those."""

    score: Score
    width: int = 5

    def __post_init__(self) -> None:
        _at_least_one("spread", "width", self.width)

    def __call__(self, view: View, embedding: Any, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        short = best(scores, self.width * n, rng)
        points = embedding[short]
        far = nearest(points, rows(points, slice(0, 1)))
        far[0] = np.inf  # the best one first
        found = short[farthest_first(points, n, far, rng)[0]]
        view.tell(found, scores=scores[found])
        return found


@value
class cluster_margin:
    """The best `width * n` by score, in n clusters; from the smallest cluster to the largest the best of each in turn.

    After Citovsky et al. 2021, with k-means of the short list in place of one hierarchical clustering of the pool.
    """

    score: Score = margin
    width: int = 10

    def __post_init__(self) -> None:
        _at_least_one("cluster_margin", "width", self.width)

    def __call__(self, view: View, embedding: Any, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        short = best(scores, self.width * n, rng)
        points = embedding[short]
        cluster, _, _ = assign(points, lloyd(points, n, rng))
        found = short[in_turn(cluster, rng)[:n]]
        view.tell(found, scores=scores[found])
        return found


def in_turn(group: Array, rng: np.random.Generator) -> Positions:
    """Positions so that the first of every group come first, smaller groups before larger, then all seconds, and so on.

    >>> in_turn(np.array([7, 7, 7, 3]), np.random.default_rng(0)).tolist()
    [3, 0, 1, 2]
    """
    _, code, size = np.unique(group, return_inverse=True, return_counts=True)
    lot = rng.permutation(len(size))
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(size) - size
    turn = np.empty(len(group), dtype=np.intp)
    turn[order] = np.arange(len(group)) - np.repeat(starts, size)
    return np.lexsort((lot[code], size[code], turn))


@value
class candidates:
    """What the strategy chooses among at most so many, drawn uniformly: for pools too large to look at all of."""

    strategy: Strategy
    at_most: int = 50_000

    def __post_init__(self) -> None:
        _at_least_one("candidates", "number", self.at_most)

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        if view.size <= self.at_most:
            return pick(self.strategy, view, n)
        able = some(view.size, max(n, self.at_most), rng)
        return able[pick(self.strategy, view.take(able), n)]


@value
class near_labelled:
    """What the strategy chooses among the `neighbours` nearest of each labelled item: SEALS, Coleman et al. 2022.

    For rare classes in large pools: most of the pool is like nothing wanted. Where nothing is labelled, or too few are
    near, among all.
    """

    strategy: Strategy
    neighbours: int = 100

    def __post_init__(self) -> None:
        _at_least_one("near_labelled", "number of neighbours", self.neighbours)

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        near = neighbours(embedding, rows(known_points(labelled, embedding)), self.neighbours, rng)
        if len(near) < n:
            return pick(self.strategy, view, n)
        return near[pick(self.strategy, view.take(near), n)]


def neighbours(points: Any, of: Array, k: int, rng: np.random.Generator) -> Positions:
    """Positions of all that are among the k nearest of any of these, ties at random."""
    order = rng.permutation(points.shape[0])
    lengths = squares(points)
    found = np.zeros(points.shape[0], dtype=bool)
    k = min(k, len(order))
    for part in blocks(len(of), len(order), entries=1 << 22):
        apart = distances(points, lengths, of[part], squares(of[part]))[order]
        found[order[np.argpartition(apart, k - 1, axis=0)[:k]]] = True
    return np.flatnonzero(found)


@value
class distinct:
    """What the strategy chooses, without near copies: none within `apart` of another or of a labelled one.

    The strategy is asked for `width * n` and its choice thinned from the front. Where too few are distinct, copies fill
    what is left.
    """

    strategy: Strategy
    apart: float = 0.0
    width: int = 3

    def __post_init__(self) -> None:
        _at_least_one("distinct", "width", self.width)

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        wanted = pick(self.strategy, view, self.width * n)
        points = rows(embedding, wanted)
        lengths = squares(points)
        far = nearest(points, known_points(labelled, embedding))
        kept: list[int] = []
        for i in range(len(wanted)):
            if len(kept) < n and far[i] > self.apart**2:
                kept.append(i)
                one = slice(i, i + 1)
                np.minimum(far, distances(points, lengths, points[one], lengths[one])[:, 0], out=far)
        rest = np.setdiff1d(np.arange(len(wanted)), kept)
        order = np.concatenate([np.array(kept, dtype=np.intp), rest])
        return np.asarray(wanted[order[:n]])


@value
class grouped:
    """The best of each group, the best groups first, then the second of each: one frame a track, one mail a thread.

    group: a function of quantities -> (items,) whatever tells groups apart; `copies` when left out.
    """

    score: Score
    group: Score | None = None

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        code = np.unique(np.asarray(view.call(self.group or copies)), return_inverse=True)[1].ravel()
        order = best(scores, len(scores), rng)
        by_group = order[np.argsort(code[order], kind="stable")]
        heads = np.flatnonzero(np.r_[True, np.diff(code[by_group]) > 0])
        turn = np.arange(len(by_group)) - np.repeat(heads, np.diff(np.r_[heads, len(by_group)]))
        rank = np.empty(len(order), dtype=np.intp)
        rank[by_group] = turn
        found = order[np.argsort(rank[order], kind="stable")][:n]
        view.tell(found, scores=scores[found])
        return found


def copies(embedding: Any) -> Array:
    """One number a group of items whose features are exactly the same."""
    seen: dict[bytes, int] = {}
    found = np.empty(embedding.shape[0], dtype=np.intp)
    for part in blocks(embedding.shape[0], embedding.shape[1]):
        for i, row in enumerate(np.ascontiguousarray(rows(embedding, part)), start=part.start):
            found[i] = seen.setdefault(row.tobytes(), len(seen))
    return found
