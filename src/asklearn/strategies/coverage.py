"""Cover the pool: by distance in the embedding, whatever the model thinks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.best import best
from asklearn.loops.blocks import blocks
from asklearn.loops.centres import farthest_first, from_mean, nearest
from asklearn.loops.clusters import assign, lloyd
from asklearn.loops.plusplus import Outer, far_draws
from asklearn.loops.points import distances, join, rows, squares
from asklearn.strategies.choice import Score, scored, some
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


def k_center(
    view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
) -> Positions:
    """Each the farthest from all that is labelled, reserved or chosen before it: the greedy core-set.

    Sener & Savarese 2018; Gonzalez 1985. Where nothing is labelled it starts with the item nearest to the mean.
    """
    found, apart = _farthest(embedding, n, known_points(labelled, embedding), rng)
    view.tell(found, scores=np.sqrt(apart))
    return found


def _farthest(embedding: Any, n: int, known: Any, rng: np.random.Generator) -> tuple[Positions, Array]:
    if known.shape[0]:
        return farthest_first(embedding, n, nearest(embedding, known), rng)
    start = best(-from_mean(embedding), 1, rng)
    return _after(embedding, n, start, rng)


def _after(embedding: Any, n: int, start: Positions, rng: np.random.Generator) -> tuple[Positions, Array]:
    """Farthest first from `start`, which comes first itself, as far as the farthest."""
    far = nearest(embedding, rows(embedding, start))
    most = far.max()
    far[start] = np.inf
    found, apart = farthest_first(embedding, n, far, rng)
    return found, np.where(np.isfinite(apart), apart, most)


def k_means_plus_plus(
    view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
) -> Positions:
    """Each drawn with a chance proportional to its squared distance to the nearest labelled, reserved or drawn before.

    Arthur & Vassilvitskii 2007. Far apart as with `k_center`, but not the outliers each time.
    """
    known = known_points(labelled, embedding)
    if known.shape[0]:
        return far_draws(Outer(embedding), n, nearest(embedding, known), np.empty(0, dtype=np.intp), rng)
    start = rng.integers(view.size, size=1)
    return far_draws(Outer(embedding), n, nearest(embedding, rows(embedding, start)), start, rng)


@value
class k_means:
    """The items nearest to the centres of n clusters, of which what is labelled or reserved holds its own.

    With a weight, clusters gather where it is high: k_means(entropy) is CLUE (Prabhu et al. 2021).
    """

    weight: Score | None = None

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        weight = None if self.weight is None else scored(self.weight, view)
        if weight is not None and not weight.any():
            weight = None  # nothing is worth more than anything else
        known = known_points(labelled, embedding)
        centres = lloyd(embedding, n, rng, weight=weight, fixed=rows(known))
        return _nearest_each(embedding, centres, rng)


def _nearest_each(embedding: Any, centres: Array, rng: np.random.Generator) -> Positions:
    """One item for each centre, the nearest that no centre before it has, ties at random."""
    size, k = embedding.shape[0], len(centres)
    order = rng.permutation(size)
    lengths = squares(embedding)
    found = np.empty(k, dtype=np.intp)
    free = np.ones(size, dtype=bool)
    for first in range(0, k, 32):
        several = centres[first : first + 32]
        apart = distances(embedding, lengths, several, squares(several))[order]
        for i, column in enumerate(apart.T, start=first):
            at = order[int(np.argmin(np.where(free[order], column, np.inf)))]
            found[i], free[at] = at, False
    return found


@value
class typiclust:
    """The most typical item of each of the largest clusters in which nothing is labelled or chosen.

    Hacohen et al. 2022: clusters as many as will be labelled, at most `clusters`; those of 5 items or fewer are left
    out while there are others; typical is a small mean distance to 20 neighbours in the cluster, or half of it when
    it is smaller. In a cluster of more than `references` items neighbours are looked for among so many of it, drawn
    at random.
    """

    clusters: int = 500
    references: int = 512

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        known = known_points(labelled, embedding)
        k = min(known.shape[0] + n, self.clusters, view.size)
        ground = embedding[some(view.size, max(20 * k, 10_000), rng)]
        centres = lloyd(join(ground, known) if known.shape[0] else ground, k, rng, turns=5)
        cluster, _, _ = assign(embedding, centres)
        covered = np.bincount(assign(known, centres)[0], minlength=k)
        left = np.bincount(cluster, minlength=k)
        large = left + covered > 5
        members = {int(c): np.flatnonzero(cluster == c) for c in np.flatnonzero(left)}
        typical: dict[int, Positions] = {}
        found = np.empty(n, dtype=np.intp)
        turn = rng.permutation(k)  # equal clusters by lot
        for i in range(n):
            open_to = (left > 0) & (large if (large & (left > 0)).any() else True)
            # fewest labels first, then the largest
            at = min(turn[open_to[turn]], key=lambda c: (covered[c], -left[c] - covered[c]))
            if at not in typical:
                typical[at] = members[at][self._typical_first(rows(embedding, members[at]), rng)]
            taken = int(np.bincount(cluster[found[:i]], minlength=k)[at])
            found[i] = typical[at][taken]
            covered[at] += 1
            left[at] -= 1
        return found

    def _typical_first(self, points: Array, rng: np.random.Generator) -> Positions:
        """The cluster's items by their mean distance to their neighbours in it."""
        size = len(points)
        if size == 1:
            return np.zeros(1, dtype=np.intp)
        chosen = some(size, self.references, rng)
        neighbours = max(1, round(min(20, size // 2) * len(chosen) / size))
        ground = points[chosen]
        mean = np.empty(size)
        lengths, ground_lengths = squares(points), squares(ground)
        for first in range(0, size, 1024):
            part = slice(first, first + 1024)
            apart = distances(points[part], lengths[part], ground, ground_lengths)
            apart[np.arange(first, min(first + 1024, size))[:, None] == chosen] = (
                np.inf
            )  # nobody's own neighbour
            near = np.partition(apart, min(neighbours, len(chosen)) - 1, axis=1)[:, :neighbours]
            near = np.where(np.isfinite(near), near, 0)
            mean[part] = np.sqrt(near).mean(axis=1)
        order = rng.permutation(size)
        return order[np.argsort(mean[order], kind="stable")]


@value
class herding:
    """Together as the pool: each brings the mean of the chosen nearest to the mean of all, in a Gaussian kernel's
    space.

    argmax_x mean_r k(x, r) - sum_s k(x, s) / (chosen + 1), over `references` items r drawn from the pool and what is
    labelled, reserved or chosen, s. Chen, Welling & Smola 2010. The radius is the root of the mean squared distance.
    """

    references: int = 2048

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        size, lengths = view.size, squares(embedding)
        ground = rows(embedding, some(size, self.references, rng))
        middle = ground.mean(axis=0, keepdims=True)
        h2 = 2 * float(distances(ground, squares(ground), middle, squares(middle)).mean()) or 1.0
        known = known_points(labelled, embedding)

        def near(others: Array) -> Array:
            """sum over others of k(x, other), for each candidate x"""
            total = np.zeros(size)
            for part in blocks(size, len(others), entries=1 << 21):
                apart = distances(embedding[part], lengths[part], others, squares(others))
                total[part] = np.exp(np.divide(apart, -h2, out=apart), out=apart).sum(axis=1)
            return total

        pull, push = near(ground) / len(ground), near(rows(known))
        order = rng.permutation(size)
        found = np.empty(n, dtype=np.intp)
        free = np.ones(size, dtype=bool)
        for i in range(n):
            gain = np.where(free, pull - push / (known.shape[0] + i + 1), -np.inf)
            found[i] = at = order[int(np.argmax(gain[order]))]
            free[at] = False
            push += near(rows(embedding, [at]))
        return found
