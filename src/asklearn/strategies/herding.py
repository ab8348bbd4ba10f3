"""Cover the pool by kernel: each item covers what lies near it, each next one adds most to what is covered.

cover(x, r) = exp(-|x - r|^2 / h^2); gain(x) = sum_r w_r max(cover(x, r) - covered_r, 0) over references r
drawn from the pool. With w = 1: MaxHerding (Bae et al. 2024). With w = uncertainty of r: Uncertainty Herding
(Bae et al. 2025).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.centres import nearest
from asklearn.loops.herding import herd
from asklearn.loops.points import distances, rows, squares
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View

Array = NDArray[Any]
SMALL = 1 << 22  # so many values are kept instead of computed again


@value
class max_herding:
    """Each covers most of what is not covered yet; outliers, which cover nobody but themselves, come late.

    The radius h is such that a ball around an item holds one in width x (labelled + n) of the pool: it
    shrinks as labels come. At most `references` items, drawn at random, stand for the pool; at most
    `candidates`, drawn at random, are looked at.
    """

    width: float = 4.0
    references: int = 2048
    candidates: int = 32768

    def __call__(
        self, view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        ground = rows(embedding, some(view.size, self.references, rng))
        known = labelled or Labelled()
        h2 = typical(ground, 1 / (self.width * (len(known) + n)))
        able = some(view.size, max(n, self.candidates), rng)
        covered = np.exp(-nearest(ground, known.embedding) / h2) if len(known) else np.zeros(len(ground))
        found, gained = herd(
            cover_by(embedding, ground, h2), able, n, covered.astype(ground.dtype), np.ones_like(ground[:, 0])
        )
        view.tell(found, scores=gained, arm="max_herding")
        return found


def some(size: int, at_most: int, rng: np.random.Generator) -> Positions:
    """At most so many of 0..size-1, drawn uniformly, in random order."""
    return rng.permutation(size)[:at_most].astype(np.intp, copy=False)


def cover_by(embedding: Any, ground: Array, h2: float) -> Callable[[Positions], Array]:
    """index -> exp(-|x - r|^2 / h2), (candidates at index, references)."""
    lengths = squares(ground)

    def cover(index: Positions) -> Array:
        found = rows(embedding, index)
        near = distances(found, squares(found), ground, lengths)
        near /= -h2
        return np.exp(near, out=near)

    if embedding.shape[0] * len(ground) > SMALL:
        return cover
    once = cover(np.arange(embedding.shape[0]))
    return lambda index: once[index]


def typical(ground: Array, share: float) -> float:
    """The squared radius of a ball around a typical reference that holds this share of all others.

    Where that is 0 (copies), the mean squared distance, where that is 0 too, 1.
    """
    size = len(ground)
    rank = min(size - 1, max(1, round(share * size)))
    lengths = squares(ground)
    radii, mean = np.empty(size), 0.0
    for part in blocks(size, size, entries=1 << 22):
        apart = distances(ground[part], lengths[part], ground, lengths)
        radii[part] = np.partition(apart, rank, axis=1)[:, rank]
        mean += float(apart.sum()) / size**2
    return float(np.median(radii)) or mean or 1.0
