"""What an answer is worth and what it costs."""

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


@value
class per_cost:
    """The most score per cost, as long as the sum of costs stays within `budget`: money, minutes, whatever cost counts.

    Greedy for the knapsack: an item that does not fit is passed over for the next that does. Where nothing fits,
    nothing is asked.
    """

    score: Score
    budget: float = np.inf

    def __post_init__(self) -> None:
        if not self.budget > 0:
            raise SettingError(f"per_cost needs a budget > 0; it is {self.budget}")

    def __call__(self, view: View, cost: Array, n: int, rng: np.random.Generator) -> Positions:
        if not (cost > 0).all():
            at = int(np.flatnonzero(~(cost > 0))[0])
            raise SettingError(f"the cost of item {at} is {cost[at]}; per_cost needs costs > 0")
        worth = scored(self.score, view) / cost
        if np.isinf(self.budget):
            found = best(worth, n, rng)
        else:
            able = np.flatnonzero(cost <= self.budget)
            order = able[best(worth[able], len(able), rng)]
            found = order[_fitting(cost[order], self.budget, n)]
        view.tell(found, scores=worth[found])
        return found


def _fitting(cost: Array, budget: float, n: int) -> Positions:
    """The first n that fit one after the other into the budget."""
    kept: list[int] = []
    for i, one in enumerate(cost):
        if len(kept) == n:
            break
        if one <= budget:
            kept.append(i)
            budget -= float(one)
    return np.array(kept, dtype=np.intp)
