"""Looks over the planner's shoulder: how many items, left where they are, had a higher score than the one asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from asklearn.asking import Pick
from asklearn.canary import ASIDE
from asklearn.learning import Learner, Serving
from asklearn.strategies.choice import scored
from asklearn.strategies.declared import declared
from asklearn.view import View

LEAST = 20  # items to compare with; fewer say nothing


class Witness:
    """Says of every item asked what share of the others its strategy's own score puts above it.

    It takes nothing from the planner but rows: the score is computed anew, from the model that serves at that very
    moment, for the items asked and for a fixed sample of the pool. So whatever reverses, ignores or forgets the
    order on the way to people, and whatever makes all scores equal, shows.
    """

    def __init__(self, learner: Learner, strategy: Any) -> None:
        self._learner, self._score = learner, declared(strategy).score
        self._of: Serving | None = None
        self._rows = np.empty(0, dtype=np.intp)  # of the sample, by falling score
        self._worth = np.empty(0)  # minus their scores, which rise

    def see(self, picks: Sequence[Pick], free: np.ndarray, waiting: Iterable[Pick]) -> list[Pick]:
        """The picks with `above` told. `free`: (rows,) bool, what might have been asked; `waiting`: what was chosen
        too, to be asked later."""
        serving = self._learner.serving
        proba = None if serving is None else serving.quantities.get("proba")
        if self._score is None or serving is None or proba is None or self._learner.priority is not None:
            return list(picks)  # of items with a priority the highest come first, whatever they score
        if self._of is not serving:
            rows = self._learner.stop_set
            rows = rows[rows < len(proba)]
            worth = -self._scores(proba[rows])
            order = np.argsort(worth, kind="stable")
            self._of, self._rows, self._worth = serving, rows[order], worth[order]
        chosen = np.zeros(len(free), dtype=bool)
        chosen[[pick.position for pick in (*picks, *waiting)]] = True
        others = self._worth[free[self._rows] & ~chosen[self._rows]]
        told = [
            i
            for i, pick in enumerate(picks)
            if pick.plan is not None
            and pick.above is None
            and pick.arm not in ASIDE
            and pick.position < len(proba)
        ]
        if len(others) < LEAST or not told:
            return list(picks)
        own = -self._scores(proba[[picks[i].position for i in told]])
        higher = np.searchsorted(others, own, "left")
        tied = np.searchsorted(others, own, "right") - higher
        above = dict(zip(told, ((higher + tied / 2) / len(others)).tolist(), strict=True))
        return [
            replace(pick, above=round(above[i], 4)) if i in above else pick for i, pick in enumerate(picks)
        ]

    def _scores(self, proba: np.ndarray) -> np.ndarray:
        view = View(n=0, rng=np.random.default_rng(0), size=len(proba), proba=proba)
        assert self._score is not None  # `see` looked
        return scored(self._score, view).round(9)  # equal numbers, added up in another order, stay equal
