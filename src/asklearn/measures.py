"""How good it honestly is, where an answer is more than a name: sets of labels, numbers, spans of a text.

As in `estimate`, a metric takes predictions and truth, one label an item, and gives an `Estimate` with its 95 %
interval. An item is drawn, not a label or a span of it, so the spread over items is what every interval rests on. How
often they hold the truth is simulated in tests/test_measures.py, of numbers by `python -m benchmarks coverage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import Any

import numpy as np

from asklearn import tails
from asklearn.errors import NotReady
from asklearn.estimate import EACH_F1, Estimate, interval

LEAST = 10  # items from which on there is an interval of a mean error, or of an F1 of parts
LEAST_SQUARES = 20  # and of what rests on squared errors, of which a few make the most
ALIKE = 1e-9  # errors that differ by less, as shares of the largest, differ by rounding
LOWER = frozenset({"mae", "rmse"})  # errors: the less the better


def higher(metric: str) -> bool:
    """Whether more of it is better.

    >>> higher("accuracy"), higher("rmse")
    (True, False)
    """
    return metric not in LOWER


# -- sets of labels, and spans ---------------------------------------------------------------------------------------


def f1_micro(predicted: Sequence[Any], truth: Sequence[Any], metric: str = "f1_micro") -> Estimate:
    """2 shared / (predicted + true) over all parts of all items, each item a collection of parts that can be counted.

    Raises `NotReady` while fewer than 10 items have a part.

    >>> f1_micro([["a"]] * 10, [["a", "b"]] * 10).value.__round__(3)
    0.667
    """
    pairs = [(parts(p), parts(t)) for p, t in zip(predicted, truth, strict=True)]
    shared = np.array([[len(p & t)] for p, t in pairs], dtype=float).reshape(-1, 1)
    both = np.array([[len(p) + len(t)] for p, t in pairs], dtype=float).reshape(-1, 1)
    with_any = int((both > 0).sum())
    if with_any < LEAST:
        raise NotReady(
            f"{metric} needs {LEAST} audit answers in which something is predicted or found; there are {with_any}"
        )
    return _f1(shared, both, metric)


def f1_macro(predicted: Sequence[Any], truth: Sequence[Any], labels: Sequence[Any]) -> Estimate:
    """The mean over all `labels` of each one's F1. Raises `NotReady` while one is in fewer than 10 answers."""
    there = _indicators(truth, labels)
    said = _indicators(predicted, labels)
    counts = there.sum(axis=0)
    few = int(counts.argmin())
    if counts[few] < EACH_F1:
        raise NotReady(
            f"f1_macro needs {EACH_F1} audit answers with every label; there are {int(counts[few])} "
            f"with {labels[few]!r}"
        )
    return _f1(said * there, said + there, "f1_macro")


def _f1(shared: np.ndarray, both: np.ndarray, metric: str) -> Estimate:
    """The mean over columns of F_c = 2 sum_i shared_ic / sum_i both_ic, with an interval by the delta method.

    Item i moves the mean by mean_c (2 shared_ic - F_c both_ic) / mean_j both_jc (linearised ratio, Cochran 1977); the
    interval is symmetric on the logit scale, as for `estimate.f1_macro`.
    """
    n, size = len(both), both.mean(axis=0)
    f = 2 * shared.mean(axis=0) / size
    value = float(f.mean())
    moves = ((2 * shared - f * both) / size).mean(axis=1)
    variance = float(moves @ moves) / n / max(n - 1, 1)
    if variance <= 0 or not 0 < value < 1:  # all right or all wrong: what a share of as many items would give
        used = int((both.sum(axis=1) > 0).sum())
        return Estimate(value, *interval(round(value * used), used), n, metric)
    place, half = log(value / (1 - value)), tails.student(n) * sqrt(variance) / (value * (1 - value))
    low, high = (1 / (1 + exp(-min(max(place + side, -700), 700))) for side in (-half, half))
    return Estimate(value, low, high, n, metric)


def parts(label: Any) -> frozenset[Any]:
    """The parts of a label that count: names as they are, spans by where they lie and what they say."""
    return frozenset(tuple(sorted(part.items())) if isinstance(part, dict) else part for part in label)


def _indicators(answers: Sequence[Any], labels: Sequence[Any]) -> np.ndarray:
    """(items, labels) float: 1 where the label is in the answer."""
    column = {(type(label), label): k for k, label in enumerate(labels)}
    table = np.zeros((len(answers), len(labels)))
    for row, answer in zip(table, answers, strict=True):
        for label in answer:
            row[column[type(label), label]] = 1
    return table


# -- numbers ---------------------------------------------------------------------------------------------------------


def mae(predicted: Sequence[float], truth: Sequence[float]) -> Estimate:
    """The mean of |predicted - true|, in the unit of the answers, with the interval of `tails.mean`.

    Where all errors are alike, one more may be 0: the end below is as for a share of as many items that are all right.
    Raises `NotReady` with fewer than 10 answers, or where all predictions are exact.

    >>> mae([1.0] * 20, [1.5, 2.0] * 10).value
    0.75
    """
    largest, x = _errors(predicted, truth, "mae")
    return _scaled(x, tails.mean(x, tails.beyond_error(x)), largest, 1, "mae")


def rmse(predicted: Sequence[float], truth: Sequence[float]) -> Estimate:
    """The root of the mean of (predicted - true)^2, with the interval of `tails.mean`, as for `mae`.

    Raises `NotReady` with fewer than 20 answers, or where all predictions are exact.

    >>> rmse([1.0] * 20, [1.3, 1.4] * 10).value.__round__(3)
    0.354
    """
    largest, x = _errors(predicted, truth, "rmse", LEAST_SQUARES)
    return _scaled(x**2, tails.mean(x**2, tails.beyond_square(x)), largest, 0.5, "rmse")


def _scaled(x: np.ndarray, ends: tuple[float, float], largest: float, power: float, metric: str) -> Estimate:
    """The mean of shares x of the largest and its ends, in the unit of the answers; the value is within its ends."""
    value, (low, high), n = float(x.mean()), ends, len(x)
    if x.max() - x.min() < ALIKE * x.max():
        low = value * interval(n, n)[0]
    low, value, high = (largest * one**power for one in (min(low, value), value, max(high, value)))
    return Estimate(value, low, high, n, metric)


def r2(predicted: Sequence[float], truth: Sequence[float]) -> Estimate:
    """1 - sum (predicted - true)^2 / sum (true - mean)^2: the share of the spread that predictions explain.

    The interval is that of `tails.ratio`: an error may be larger, and an answer farther from the mean, than all seen.
    Raises `NotReady` with fewer than 20 answers, where all are the same, or where all predictions are exact.
    """
    largest, x = _errors(predicted, truth, "r2", LEAST_SQUARES)
    y = np.asarray(truth, dtype=float)
    away, n = abs(y - y.mean()), len(y)
    farthest = float(away.max())
    if y.min() == y.max():
        raise NotReady(f"r2 compares with the spread of answers; all {n} audit answers are {truth[0]!r}")
    away /= farthest
    low, high = tails.ratio(x**2, away**2, tails.beyond_square(x), tails.beyond_square(away))
    share, unit = float((x @ x) / (away @ away)), largest / farthest
    low, share, high = (unit * unit * one for one in (min(low, share), share, max(high, share)))
    return Estimate(1 - share, 1 - high, 1 - low, n, "r2")


def _errors(
    predicted: Sequence[float], truth: Sequence[float], metric: str, least: int = LEAST
) -> tuple[float, np.ndarray]:
    """The largest error, and all (items,) float as shares of it."""
    n = len(truth)
    if n < least:
        raise NotReady(f"{metric} needs {least} audit answers; there are {n}")
    errors: np.ndarray = abs(np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float))
    largest = float(errors.max())
    if largest == 0:
        raise NotReady(f"all {n} predictions are exact so far: how large errors are cannot be told from none")
    return largest, errors / largest
