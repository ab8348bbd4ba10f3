"""By score and by lot: a little noise keeps the copies of the best item from filling a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.strategies.choice import Score, scored
from asklearn.strategies.nesting import value
from asklearn.view import Positions, View

Array = NDArray[Any]


def _draw(self: Any, keys: Array, scores: Array, view: View) -> Positions:
    found = best(keys, view.n, view.rng)
    view.tell(found, scores=scores[found])
    return found


def _positive(strategy: str, setting: str, number: float) -> None:
    if not number > 0:
        raise SettingError(f"{strategy} needs {setting} > 0; it is {number}")


@value
class power:
    """n drawn one after the other with p(item) ~ score^beta: the n highest beta log(score) + Gumbel(0, 1).

    PowerBALD and the like, Kirsch et al. 2023. Items of score 0 come last, at random.
    """

    score: Score
    beta: float = 1.0

    def __post_init__(self) -> None:
        _positive("power", "beta", self.beta)

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        keys = np.full(len(scores), -np.inf)
        np.log(scores, out=keys, where=scores > 0, casting="same_kind")
        keys *= self.beta
        keys += rng.gumbel(size=len(keys))
        return _draw(self, keys, scores, view)


@value
class softmax:
    """n drawn one after the other with p(item) ~ exp(beta score). Kirsch et al. 2023."""

    score: Score
    beta: float = 1.0

    def __post_init__(self) -> None:
        _positive("softmax", "beta", self.beta)

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        keys = self.beta * scores + rng.gumbel(size=len(scores))
        return _draw(self, keys, scores, view)


@value
class soft_rank:
    """n drawn one after the other with p(item) ~ rank^-beta, the best item's rank being 1. Kirsch et al.
    2023.
    """

    score: Score
    beta: float = 1.0

    def __post_init__(self) -> None:
        _positive("soft_rank", "beta", self.beta)

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        order = rng.permutation(len(scores))  # equal scores get their ranks by lot
        order = order[np.argsort(-scores[order], kind="stable")]
        keys = np.empty(len(scores))
        keys[order] = -self.beta * np.log(np.arange(1, len(scores) + 1))
        keys += rng.gumbel(size=len(keys))
        return _draw(self, keys, scores, view)
