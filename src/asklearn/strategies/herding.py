"""Cover the pool: each item covers what lies near it, and each next one adds most to what is covered.

gain(x) = sum_r w_r max(cover(x, r) - covered_r, 0) over references r drawn from the pool, covered_r being the best
cover of r by anything labelled, reserved or chosen. What cover, w and the radius are makes the strategy:

    max_herding        cover = exp(-|x - r|^2 / h^2), w = 1                Bae et al. 2024
    uherding           the same, w = uncertainty of r                     Bae et al. 2025
    prob_cover         cover = 1 within a ball around x, else 0           Yehuda et al. 2022
    facility_location  cover = 1 - |x - r| / h, falling to the diameter   Mirchandani & Francis 1990; Wei et al. 2015
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.loops.clusters import assign, lloyd
from asklearn.loops.herding import herd
from asklearn.loops.points import distances, rows, squares
from asklearn.scores.uncertainty import margin
from asklearn.strategies.choice import Score, scored, some
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]
SMALL = 1 << 22  # so many values are computed at once
NEIGHBOUR = (
    20  # how far this neighbour lies is the scale of a place (UH-local, Zelnik-Manor & Perona 2004: 7)
)

NEAREST = 1e-3  # of the mean squared scale: where copies lie on one another their own scale would be none
FEW = 256  # references by which the median distance is measured
STEEPEST = 12.0  # the power of squared distances never exceeds this: the kernel is all but a ball
FAR = 100.0  # squared radii: beyond it any kernel is 0, and no power of it overflows


class Ground:
    """The references that stand for the pool, and how far anything is from them (squared).

    `local` > 0 measures in units of how far the neighbours of both ends are (1: fully), so that dense and sparse
    regions count alike.
    """

    def __init__(self, points: Array, known: Any, local: float = 0.0) -> None:
        self.points, self.known = points, known
        self._lengths = squares(points)
        self._local = local
        if local:
            self._scale = np.concatenate(
                [self._reach(self._plain(points[part])) for part in self._parts(len(points))]
            )
            self._mean = float(self._scale.mean()) or 1.0

    def __len__(self) -> int:
        return len(self.points)

    def away(self, some: Array) -> Array:
        """(points, references)"""
        found = self._plain(some)
        if self._local:
            scale = np.outer(self._reach(found), self._scale) / self._mean**2
            found /= np.maximum(scale, NEAREST) ** self._local
        return found

    def of_itself(self) -> Iterator[tuple[slice, Array]]:
        """The distances among references, in blocks of rows."""
        for part in self._parts(len(self)):
            yield part, self.away(self.points[part])

    def of_known(self) -> Iterator[Array]:
        """The distances of what is labelled to the references, in blocks of rows."""
        for part in self._parts(self.known.shape[0]):
            yield self.away(rows(self.known, part))

    def median(self) -> float:
        """The median squared distance between references, by a few of them."""
        return float(np.median(self.away(self.points[:FEW])))

    def _parts(self, size: int) -> Iterator[slice]:
        return blocks(size, len(self), entries=SMALL)

    def _plain(self, some: Array) -> Array:
        return distances(some, squares(some), self.points, self._lengths)

    def _reach(self, apart: Array) -> Array:
        rank = min(NEIGHBOUR, apart.shape[1] - 1)
        return np.asarray(np.sqrt(np.partition(apart, rank, axis=1)[:, rank]))


class Kernel(Protocol):
    def of(self, squared: Array) -> Array:
        """How well, 0 to 1, from squared distances in units of the radius; the argument may be written over."""
        ...


class Radius(Protocol):
    def squared(self, ground: Ground, view: View) -> float:
        """The squared radius."""
        ...


@value
class gauss:
    """exp(-d^2 / h^2)"""

    def of(self, squared: Array) -> Array:
        np.negative(squared, out=squared)
        return np.asarray(np.exp(squared, out=squared))


@value
class ball:
    """1 where d < h, else 0."""

    def of(self, squared: Array) -> Array:
        return np.asarray(squared < 1).astype(squared.dtype)


@value
class tent:
    """1 - d / h, and 0 beyond h."""

    def of(self, squared: Array) -> Array:
        np.sqrt(squared, out=squared)
        np.subtract(1, squared, out=squared)
        return np.asarray(np.maximum(squared, 0, out=squared))


@value
class fixed:
    """The same h always."""

    h: float = 1.0

    def squared(self, ground: Ground, view: View) -> float:
        return self.h**2


@value
class shrinking:
    """A typical ball holds one in width x (labelled + n) of the pool."""

    width: float = 4.0

    def squared(self, ground: Ground, view: View) -> float:
        wanted = self.width * (ground.known.shape[0] + view.n)
        rank = min(len(ground) - 1, max(1, round(len(ground) / wanted)))
        radii, total = [], 0.0
        for _, apart in ground.of_itself():
            total += float(apart.sum())
            radii.append(np.partition(apart, rank, axis=1)[:, rank])
        # Copies are 0 apart: then the mean distance, and 1 when all are copies.
        return float(np.median(np.concatenate(radii))) or total / len(ground) ** 2 or 1.0


@value
class half:
    """Half of the pool lies within h of something labelled: h shrinks by itself, from coverage to uncertainty."""

    def squared(self, ground: Ground, view: View) -> float:
        if ground.known.shape[0] == 0:
            return shrinking().squared(ground, view)
        far = np.min([apart.min(axis=0) for apart in ground.of_known()], axis=0)
        return float(np.median(far)) or float(far.mean()) or 1.0


@value
class closest:
    """h is the smallest distance between two labelled items, as published with Uncertainty Herding."""

    def squared(self, ground: Ground, view: View) -> float:
        known = rows(ground.known)
        lengths, smallest = squares(known), np.inf
        for part in blocks(len(known), len(known), entries=SMALL):
            apart = distances(known[part], lengths[part], known, lengths)
            smallest = min(smallest, float(apart[apart > 0].min(initial=np.inf)))
        return smallest if smallest < np.inf else shrinking().squared(ground, view)


@value
class pure:
    """The largest h at which `share` of the balls hold one cluster only; clusters by k-means, one a class."""

    share: float = 0.95

    def squared(self, ground: Ground, view: View) -> float:
        classes = view["proba"].shape[1] if "proba" in view else max(2, view.n)
        cluster, _, _ = assign(ground.points, lloyd(ground.points, min(classes, len(ground)), view.rng))
        # A ball is pure up to the nearest point of another cluster.
        foreign = np.concatenate(
            [
                np.where(cluster[part, None] == cluster, np.inf, apart).min(axis=1)
                for part, apart in ground.of_itself()
            ]
        )
        h2 = float(np.quantile(foreign, 1 - self.share)) if np.isfinite(foreign).all() else 0.0
        return h2 or shrinking().squared(ground, view)


@value
class diameter:
    """h reaches from anywhere to everywhere: twice the distance of the farthest to the mean."""

    def squared(self, ground: Ground, view: View) -> float:
        middle = ground.points.mean(axis=0, keepdims=True)
        return (
            4 * float(distances(ground.points, squares(ground.points), middle, squares(middle)).max()) or 1.0
        )


@value
class cover:
    """Each covers most of what is not covered yet, by kernel and radius; with a weight, of what is worth covering.

    At most `references` items, drawn at random, stand for the pool; at most `candidates`, drawn at random, are looked
    at. `local`: see `Ground`.

    `falls` > 1 takes the kernel of (d/h)^p, p >= 1 such that (d/h)^2p is at least `falls` at the median distance. With
    many columns all distances are nearly the same (Beyer et al. 1999): a Gaussian with p = 1 hardly tells them apart,
    and what then covers most are hubs (Radovanovic et al. 2010), all of one class where that class lies in the middle.
    """

    weight: Score | None = None
    kernel: Kernel = gauss()
    radius: Radius = shrinking()
    local: float = 0.0
    falls: float = 1.0
    references: int = 2048
    candidates: int = 8192

    def __post_init__(self) -> None:
        if self.references < 1 or self.candidates < 1 or self.local < 0 or not self.falls >= 1:
            raise SettingError(
                f"cover needs references, candidates and falls of at least 1 and local >= 0; it is {self}"
            )

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        index = some(view.size, self.references, rng)
        ground = Ground(rows(embedding, index), known_points(labelled, embedding), self.local)
        h2 = self.radius.squared(ground, view)
        power = _power(ground.median() / h2, self.falls) if self.falls > 1 else 1.0

        def of(apart: Array) -> Array:
            apart /= h2
            if power > 1:
                np.power(np.minimum(apart, FAR, out=apart), power, out=apart)
            return self.kernel.of(apart)

        covered = np.zeros(len(ground), dtype=ground.points.dtype)
        for apart in ground.of_known():
            np.maximum(covered, of(apart).max(axis=0), out=covered)
        weight = np.ones(len(ground)) if self.weight is None else scored(self.weight, view)[index]
        able = some(view.size, max(n, self.candidates), rng)

        def near(index: Positions) -> Array:
            return of(ground.away(rows(embedding, index)))

        found, gained = herd(near, able, n, covered, weight.astype(covered.dtype))
        view.tell(found, scores=gained)
        return found


def _power(median: float, falls: float) -> float:
    """p with median^p = falls, from 1 to STEEPEST; the median is in squared radii.

    >>> _power(2.0, 4.0), _power(8.0, 4.0), _power(0.5, 4.0)
    (2.0, 1.0, 12.0)
    """
    return float(np.clip(np.log(falls) / np.log(median), 1.0, STEEPEST)) if median > 1 else STEEPEST


max_herding = cover()
uherding = cover(weight=margin, radius=half())
uherding_local = cover(weight=margin, radius=half(), local=0.5)
uherding_closest = cover(weight=margin, radius=closest())
prob_cover = cover(kernel=ball(), radius=pure())
facility_location = cover(kernel=tent(), radius=diameter())
