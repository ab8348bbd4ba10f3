"""Cover the pool: by distance in the embedding, whatever the model thinks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.loops.centres import farthest_first, from_mean, nearest
from asklearn.loops.points import rows
from asklearn.strategies.choice import Score, scored
from asklearn.strategies.nesting import expression, value
from asklearn.view import Labelled, Positions, View

Array = NDArray[Any]


def k_center(
    view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
) -> Positions:
    """Each the farthest from all that is labelled, reserved or chosen before it: the greedy core-set.

    Sener & Savarese 2018. Where nothing is labelled it starts with the item nearest to the mean. Likes
    outliers.
    """
    if labelled is not None and len(labelled) > 0:
        found, apart = farthest_first(embedding, n, nearest(embedding, labelled.embedding), rng)
    else:
        found, apart = _from_the_middle(embedding, n, rng)
    view.tell(found, scores=np.sqrt(apart), arm="k_center")
    return found


def _from_the_middle(embedding: Any, n: int, rng: np.random.Generator) -> tuple[Positions, Array]:
    start = best(-from_mean(embedding), 1, rng)
    far = nearest(embedding, rows(embedding, start))
    apart = far.max(keepdims=True)
    far[start] = np.inf
    found, then = farthest_first(embedding, n, far, rng)
    return found, np.where(np.isfinite(then), then, apart)


@value
class spread:
    """The best `width * n` by score, thinned to n that lie far apart: the best first, then each farthest from
    those.
    """

    score: Score
    width: int = 5

    def __post_init__(self) -> None:
        if self.width < 1:
            raise SettingError(f"spread needs a width of at least 1; it is {self.width}")

    def __call__(self, view: View, embedding: Any, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        short = best(scores, self.width * n, rng)
        points = embedding[short]
        far = nearest(points, rows(points, slice(0, 1)))
        far[0] = np.inf  # the best one first
        found = short[farthest_first(points, n, far, rng)[0]]
        view.tell(found, scores=scores[found], arm=expression(self))
        return found
