"""Several scores at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.strategies.choice import Score, scored
from asklearn.strategies.nesting import value
from asklearn.view import Positions, View

Array = NDArray[Any]


@value
class weigh:
    """A score: sum of weight x score / largest score, so that a weight of 2 counts twice whatever the scores' units.

    Without weights each counts alike.
    """

    scores: tuple[Score, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        uneven = bool(self.weights) and len(self.weights) != len(self.scores)
        if not self.scores or uneven or min(self.weights, default=0) < 0:
            raise SettingError(f"weigh needs scores and as many weights >= 0; it is {self}")

    def __call__(self, view: View) -> Array:
        weights = self.weights or (1.0,) * len(self.scores)
        return np.asarray(
            sum(w * _scaled(scored(f, view)) for f, w in zip(self.scores, weights, strict=True))
        )


def _scaled(found: Array) -> Array:
    return found / (found.max(initial=0) or 1)


@value
class times:
    """A score: the product of scores, for what is worth asking only if all of them say so."""

    scores: tuple[Score, ...]

    def __post_init__(self) -> None:
        if not self.scores:
            raise SettingError("times needs scores")

    def __call__(self, view: View) -> Array:
        return np.asarray(np.prod([_scaled(scored(f, view)) for f in self.scores], axis=0))


@value
class pareto:
    """Those that no other item beats in every score, by lot; then the next such front, until there are n.

    Non-dominated sorting, Deb et al. 2002.
    """

    scores: tuple[Score, ...]

    def __post_init__(self) -> None:
        if not self.scores:
            raise SettingError("pareto needs scores")

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        values = np.stack([_scaled(scored(f, view)) for f in self.scores], axis=1)
        left = rng.permutation(view.size)
        found: list[int] = []
        while len(found) < n:
            first = front(values[left])
            found += left[first][: n - len(found)].tolist()
            left = np.delete(left, first)
        return np.array(found, dtype=np.intp)


def front(values: Array) -> Positions:
    """Positions of the rows that no other row matches in every column and beats in one.

    >>> front(np.array([[2.0, 0.0], [1.0, 1.0], [1.0, 0.5], [1.0, 1.0]])).tolist()
    [0, 1, 3]
    """
    left = np.arange(len(values))
    found: list[int] = []
    while len(left):
        # Nothing left beats the highest sum; what it beats is out, and so is the next highest's turn.
        top = values[left[np.argmax(values[left].sum(axis=1))]]
        same = (values[left] == top).all(axis=1)
        found += left[same].tolist()
        left = left[(values[left] > top).any(axis=1) & ~same]
    return np.array(sorted(found), dtype=np.intp)
