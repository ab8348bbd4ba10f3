"""How good it honestly is: from items drawn at random that no model learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from asklearn.errors import NotReady, SettingError

Z95 = 1.959963984540054  # the normal quantile of 0.975
EXACT_BELOW = 150


@dataclass(frozen=True)
class Estimate:
    """A quality with its 95 % interval; `n` is how many unseen random items it rests on."""

    value: float
    low: float
    high: float
    n: int
    metric: str = "accuracy"

    def __str__(self) -> str:
        return (
            f"{self.metric} {self.value:.3f} ({self.low:.3f} to {self.high:.3f}, from {self.n} random items)"
        )


def wilson(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927): the p with (p^ - p)^2 <= z^2 p (1 - p) / n.

    >>> low, high = wilson(90, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    p = right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def exact(right: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Interval of a proportion that holds at every n (Clopper and Pearson 1934), from beta quantiles.

    >>> low, high = exact(9, 10)
    >>> round(low, 4), round(high, 4)
    (0.555, 0.9975)
    """
    from scipy.special import betaincinv  # slow to import, wanted rarely

    low = float(betaincinv(right, n - right + 1, alpha / 2)) if right > 0 else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - alpha / 2)) if right < n else 1.0
    return low, high


def proportion(right: int, n: int, metric: str = "accuracy") -> Estimate:
    """A share with its 95 % interval: exact below 150 items, Wilson's from there on."""
    if n == 0:
        raise NotReady(
            "there is no audit answer yet; an estimate needs at least one random item with an answer"
        )
    low, high = exact(right, n) if n < EXACT_BELOW else wilson(right, n)
    return Estimate(right / n, low, high, n, metric)


def accuracy(predicted: Sequence[object], truth: Sequence[object]) -> Estimate:
    """The share of equal pairs.

    >>> accuracy(["a", "b", "b"], ["a", "b", "a"]).value.__round__(3)
    0.667
    """
    right = sum(p == t for p, t in zip(predicted, truth, strict=True))
    return proportion(right, len(truth))


Measure = Callable[[Sequence[object], Sequence[object]], Estimate]
METRICS: dict[str, Measure] = {"accuracy": accuracy}


def metric(name: str) -> Measure:
    """The estimator of this metric."""
    if name not in METRICS:
        raise SettingError(
            f"there is no honest estimate of {name!r} yet; there is one of {', '.join(METRICS)}"
        )
    return METRICS[name]


def kappa(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two labellings beyond chance (Cohen 1960): (p_o - p_e) / (1 - p_e).

    Two constant labellings that agree everywhere count as 1.

    >>> kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    observed = float(np.mean(one == other))
    expected = float(sum(np.mean(one == c) * np.mean(other == c) for c in np.union1d(one, other)))
    return 1.0 if expected >= 1 else (observed - expected) / (1 - expected)
