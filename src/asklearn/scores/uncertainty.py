"""How unsure one model is of one item, from its class probabilities (..., classes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import over_columns

Array = NDArray[Any]


def least_confidence(proba: Array) -> Array:
    """1 - p(first|x): how improbable the most probable class is. Lewis & Gale 1994.

    >>> least_confidence(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [0.5, 0.0]
    """

    def formula(p: Array, out: Array) -> None:
        np.subtract(1, np.max(p, axis=0), out=out)
        np.maximum(out, 0, out=out)

    return over_columns(formula, proba)


def margin(proba: Array) -> Array:
    """1 - (p(first|x) - p(second|x)): how close the two most probable classes are. Scheffer et al. 2001; Luo
    et al. 2005.

    >>> margin(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [1.0, 0.0]
    """

    def formula(p: Array, out: Array) -> None:
        first, second = _two_best(p)
        np.subtract(second, first, out=out)
        out += 1
        np.maximum(out, 0, out=out)

    return over_columns(formula, proba)


def ratio(proba: Array) -> Array:
    """p(second|x) / p(first|x): the odds against the most probable class, among the two best.

    >>> ratio(np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])).tolist()
    [0.5, 0.0]
    """

    def formula(p: Array, out: Array) -> None:
        first, second = _two_best(p)
        np.divide(second, first, out=out)

    return over_columns(formula, proba)


def entropy(proba: Array) -> Array:
    """-sum_c p(c|x) log p(c|x), in nats, with 0 log 0 = 0. Shannon 1948; Dagan & Engelson 1995.

    >>> entropy(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).round(3).tolist()
    [0.693, 0.0]
    """

    def formula(p: Array, out: Array) -> None:
        # log of the smallest positive number instead of log 0: the product with p = 0 is 0 either way.
        logs = np.log(np.maximum(p, np.finfo(p.dtype).tiny))
        np.einsum("cn,cn->n", p, logs, out=out)
        np.negative(out, out=out)
        np.maximum(out, 0, out=out)

    return over_columns(formula, proba)


@dataclass(frozen=True)
class expected_cost:
    """min_k sum_c p(c|x) costs[c][k]: what the best prediction still costs on average. Chen & Lin 2013.

    costs[c][k] >= 0: what it costs to say k when it is c.

    >>> miss_is_bad = expected_cost(((0.0, 1.0), (10.0, 0.0)))
    >>> miss_is_bad(np.array([[0.95, 0.05], [0.5, 0.5], [0.1, 0.9]])).round(3).tolist()
    [0.5, 0.5, 0.1]
    """

    costs: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        sizes = {len(row) for row in self.costs}
        if sizes != {len(self.costs)} or not all(cost >= 0 for row in self.costs for cost in row):
            raise SettingError(f"expected_cost needs a square table of costs >= 0; it is {self.costs}")

    def __call__(self, proba: Array) -> Array:
        if proba.shape[-1] != len(self.costs):
            raise SettingError(
                f"expected_cost has costs for {len(self.costs)} classes; there are {proba.shape[-1]}"
            )
        return np.asarray((proba @ np.asarray(self.costs, dtype=proba.dtype)).min(axis=-1))


def _two_best(p: Array) -> tuple[Array, Array]:
    """The highest and the second highest of each column; with a single row the second is 0."""
    first, second = p[0].copy(), np.zeros_like(p[0])
    for x in p[1:]:
        np.maximum(second, np.minimum(first, x), out=second)
        np.maximum(first, x, out=first)
    return first, second
