"""How good it honestly is, where an answer is more than a name: sets of labels, numbers, spans of a text.

As in `estimate`, a metric takes predictions and truth, one label an item, and gives an `Estimate` with its 95 %
interval. An item is drawn, not a label or a span of it, so the spread over items is what every interval rests on. How
often they hold the truth is simulated in tests/test_measures.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import Any

import numpy as np

from asklearn.errors import NotReady
from asklearn.estimate import EACH_F1, Z95, Estimate, interval

LEAST = 10  # items from which on there is an interval of a mean error, or of an F1 of parts
LEAST_SQUARES = 20  # and of what rests on squared errors, of which a few make the most
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
    place, half = log(value / (1 - value)), _t(n) * sqrt(variance) / (value * (1 - value))
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
    """The mean of |predicted - true|, in the unit of the answers. Raises `NotReady` with fewer than 10 answers.

    >>> mae([1.0] * 20, [1.5, 2.0] * 10).value
    0.75
    """
    low, value, high, n = _mean(abs(_errors(predicted, truth, "mae")))
    return Estimate(value, low, high, n, "mae")


def rmse(predicted: Sequence[float], truth: Sequence[float]) -> Estimate:
    """The root of the mean of (predicted - true)^2. Raises `NotReady` with fewer than 20 answers.

    The interval is widened by n / (n - 1.96), as Bonett (2006) widens that of a standard deviation. It holds the truth
    in 93 to 95 % for normal errors, in 90 to 93 % where tails are as long as those of Student's t with 5 degrees.

    >>> rmse([1.0] * 20, [1.3, 1.4] * 10).value.__round__(3)
    0.354
    """
    low, value, high, n = _mean(_errors(predicted, truth, "rmse", LEAST_SQUARES) ** 2, widened=True)
    return Estimate(sqrt(value), sqrt(low), sqrt(high), n, "rmse")


def r2(predicted: Sequence[float], truth: Sequence[float]) -> Estimate:
    """1 - sum (predicted - true)^2 / sum (true - mean)^2: the share of the spread that predictions explain.

    With e and c the squared errors and squared distances from the mean, log(mean e / mean c) has the standard error
    sd(e / mean e - c / mean c) / sqrt(n). Raises `NotReady` with fewer than 20 answers, or where all are the same.
    """
    e = _errors(predicted, truth, "r2", LEAST_SQUARES) ** 2
    y = np.asarray(truth, dtype=float)
    c, n = (y - y.mean()) ** 2, len(y)
    if not c.any():
        raise NotReady(f"r2 compares with the spread of answers; all {n} audit answers are {truth[0]!r}")
    if not e.any():
        raise NotReady(_EXACT.format(n=n))
    share = float(e.mean() / c.mean())
    half = _t(n) * float(np.std(e / e.mean() - c / c.mean(), ddof=1)) / sqrt(n) * _wider(n)
    return Estimate(1 - share, 1 - share * exp(min(half, 700)), 1 - share * exp(-half), n, "r2")


_EXACT = "all {n} predictions are exact so far: how large errors are cannot be told from none"


def _errors(
    predicted: Sequence[float], truth: Sequence[float], metric: str, least: int = LEAST
) -> np.ndarray:
    if len(truth) < least:
        raise NotReady(f"{metric} needs {least} audit answers; there are {len(truth)}")
    errors: np.ndarray = np.asarray(predicted, dtype=float) - np.asarray(truth, dtype=float)
    return errors


def _mean(values: np.ndarray, widened: bool = False) -> tuple[float, float, float, int]:
    """(low, mean, high, n) of what is never below 0, which is skewed: Student's interval of the logarithm.

    log(mean) +- t sd / (mean sqrt(n)), the delta method on the scale on which the bounds are more nearly alike.
    """
    n, value = len(values), float(values.mean())
    if value <= 0:
        raise NotReady(_EXACT.format(n=n))
    half = _t(n) * float(values.std(ddof=1)) / (value * sqrt(n)) * (_wider(n) if widened else 1)
    return value * exp(-half), value, value * exp(min(half, 700)), n


def _wider(n: int) -> float:
    """For small samples of squares, whose own spread is seen too small (Bonett 2006)."""
    return n / (n - Z95)


def _t(n: int) -> float:
    """The 97.5 % quantile of Student's t with n - 1 degrees of freedom (Abramowitz and Stegun 1964, 26.7.5).

    SciPy's is the same to 3 digits and takes half a second to load, which a page would wait for.

    >>> [round(_t(n), 2) for n in (10, 30, 1000)]
    [2.26, 2.05, 1.96]
    """
    z, v = Z95, n - 1
    terms = (
        (z**3 + z) / 4 / v,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96 / v**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / v**3,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 / v**4,
    )
    return z + sum(terms)
