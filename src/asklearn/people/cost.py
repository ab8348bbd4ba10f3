"""What answers cost: how long an item takes, learned from the answers so far, and what quality has cost in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.events import Measured
from asklearn.measures import higher
from asklearn.people.priority import Priority
from asklearn.pool import Pool
from asklearn.state import Timed

KNEE = 1.345  # Huber's: 95 % as sharp as least squares where nobody takes a break
ROUNDS = 20
SHRINK = 5.0  # a person's pace counts as if this many answers at everybody's pace came before
LEAST = 20  # timed answers before anything is learned from them
ITEMS = 10  # random items behind a measurement that quality is priced by
BLOCK = 4096


@dataclass(frozen=True)
class Pace:
    """log seconds = level + slope log(1 + characters) + the person's own offset, as learned from `n` answers."""

    level: float
    slope: float
    people: dict[str, float]
    n: int

    def seconds(self, lengths: Any) -> np.ndarray:
        """(items,) float, above 0: what items of these lengths (characters) take somebody of average pace."""
        found: np.ndarray = np.exp(self.level + self.slope * np.log1p(np.asarray(lengths, dtype=float)))
        return found


def pace(timed: Sequence[Timed], lengths: np.ndarray) -> Pace | None:
    """What the answers tell of how long items take; None while there are too few.

    timed: answers with their seconds; lengths (answers,): characters of their items, all 0 where length means
    nothing. Huber's regression (Huber 1964) on log seconds: whoever left for lunch counts like somebody slow. The
    slope is 0 where all items are of one length, and never below: nobody reads more in less time.

    >>> answers = [Timed("i", "ann", 2.0 * (1 + k % 4)) for k in range(40)]
    >>> found = pace(answers, np.array([1 + k % 4 for k in range(40)]) - 1.0)
    >>> found.seconds([0, 3]).round(1).tolist()
    [2.0, 8.0]
    """
    use = [i for i, answer in enumerate(timed) if answer.seconds > 0]
    if len(use) < LEAST:
        return None
    y = np.log([timed[i].seconds for i in use])
    x = np.log1p(np.asarray(lengths, dtype=float)[use])
    names = sorted({timed[i].by for i in use})
    who = np.searchsorted(names, [timed[i].by for i in use])
    design = np.column_stack([np.ones(len(y)), x - x.mean(), np.eye(len(names))[who]])
    ridge = np.diag(
        [0.0, 1e-6, *[SHRINK] * len(names)]
    )  # the slope is free; people are alike until they differ
    if np.ptp(x) == 0:
        ridge[1, 1] = 1.0
    beta = _huber(design, y, ridge)
    if beta[1] < 0:
        design[:, 1], ridge[1, 1] = 0.0, 1.0
        beta = _huber(design, y, ridge)
    level = float(beta[0] - beta[1] * x.mean())
    return Pace(level, float(beta[1]), dict(zip(names, beta[2:].tolist(), strict=True)), len(y))


def _huber(X: np.ndarray, y: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Coefficients by least squares whose weights fall where residuals are beyond KNEE times their spread."""
    weights = np.ones(len(y))
    beta = np.zeros(X.shape[1])
    for _ in range(ROUNDS):
        beta = np.linalg.solve(X.T @ (X * weights[:, None]) + ridge, X.T @ (weights * y))
        apart = np.abs(y - X @ beta)
        spread = 1.4826 * float(np.median(apart))  # the standard deviation, were they normal
        if spread <= 1e-12:
            break
        weights = np.minimum(1.0, KNEE * spread / np.maximum(apart, 1e-300))
    return beta


@dataclass(frozen=True)
class Effort:
    """What an answer costs: a column of the pool, or else what `pace` says; alike for all while nobody knows."""

    column: str | None = None
    pace: Pace | None = None


class Costs:
    """The pool, as far as costs are concerned; what was read of it is kept."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lengths = np.empty(0)
        self._columns: dict[str, Priority] = {}

    def of(self, effort: Effort, rows: np.ndarray) -> np.ndarray:
        """(rows,) float, above 0.

        Raises `DataError` naming the item whose cost is no number above 0, `SettingError` for a column that is not
        there.
        """
        if effort.column is not None:
            found: np.ndarray = self._column(effort.column)[rows]
            return found
        if effort.pace is None:
            return np.ones(len(rows))
        return effort.pace.seconds(self.lengths()[rows])

    def lengths(self) -> np.ndarray:
        """(items,) characters of every text of the pool; 0 for items of other kinds."""
        if len(self._lengths) != len(self._pool.ids):
            found = np.zeros(len(self._pool.ids))
            if self._pool.kind == "text":
                at = 0
                for ids, texts in self._pool.blocks(BLOCK):
                    found[at : at + len(ids)] = [len(text) for text in texts]
                    at += len(ids)
            self._lengths = found
        return self._lengths

    def _column(self, name: str) -> np.ndarray:
        column = self._columns.setdefault(name, Priority(self._pool, name, "cost"))
        costs = column.of(np.arange(len(self._pool.ids)))
        if costs.size and costs.min() <= 0:
            at = int(costs.argmin())
            raise DataError(
                f"item {self._pool.ids[at]!r} costs {costs[at]:g} by the column {name!r}; a cost is a number above 0"
            )
        return costs


@dataclass(frozen=True)
class PointPrice:
    """People's seconds that one point (0.01) of a metric took, low..high with 95 %; `n` items measured it."""

    seconds: float
    low: float
    high: float
    metric: str
    n: int


def price_of_a_point(measured: Sequence[Measured], spent: Sequence[float], metric: str) -> PointPrice | None:
    """What a point of quality has taken since the first measurement worth the name; None while that is not known.

    spent: people's seconds up to each measurement. The gain d = better - worse, last and first where more is better,
    has the interval of two independent estimates (Zou and Donner 2008, from both intervals; Newcombe 1998 for shares):

        low = d - sqrt((better - its low)^2 + (worse's high - worse)^2)
        high = d + sqrt((its high - better)^2 + (worse - worse's low)^2)

    The same items are in both, which makes them alike: the true interval is narrower. Not known while it holds 0.
    """
    found = [(m, s) for m, s in zip(measured, spent, strict=True) if m.metric == metric and m.n >= ITEMS]
    if len(found) < 2:
        return None
    (first, began), (last, now) = found[0], found[-1]
    better, worse = (last, first) if higher(metric) else (first, last)
    gain = better.value - worse.value
    low = gain - sqrt((better.value - better.low) ** 2 + (worse.high - worse.value) ** 2)
    high = gain + sqrt((better.high - better.value) ** 2 + (worse.value - worse.low) ** 2)
    if low <= 0 or now <= began:
        return None
    took = (now - began) / 100
    return PointPrice(took / gain, took / high, took / low, metric, last.n)
