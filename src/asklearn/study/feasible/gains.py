"""How much better than random, and how many labels that saves: arrays (seeds, rounds) in, intervals out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asklearn.study import judge
from asklearn.study.judge import Array

Labels = NDArray[np.intp]

MOST = 4.0  # times as many labels as random: what is worse still counts as this
RESAMPLES = 1000
ROUNDING = 1e-9  # two scores that differ by less are the same


@dataclass(frozen=True)
class Interval:
    """A value and where it surely lies."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """All three times a factor of 0 or more."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def below(self, top: float) -> Interval:
        """How far the value lies below `top`.

        >>> Interval(80, 60, 90).below(100)
        Interval(value=20, low=10, high=40)
        """
        return Interval(top - self.value, top - self.high, top - self.low)


@dataclass(frozen=True)
class Gain:
    """One strategy beside random, from half of the labels on.

    `gain`: how much better; `cut`: the share of random's errors that it saves; `wins`: better in what share of seeds.
    `needs`: labels with which it is as good as random with all of them.
    """

    strategy: str
    gain: Interval
    cut: Interval
    needs: Interval
    wins: float


def late(labels: Labels, scores: Array) -> Array:
    """(seeds,) mean height of curves (seeds, rounds) from half of the labels on.

    Before that a run's fortune with its first labels weighs more than its strategy.

    >>> late(np.array([10, 20, 40]), np.array([[0.0, 0.5, 0.7]])).tolist()
    [0.6]
    """
    kept = labels * 2 >= labels[-1]
    return judge.area(labels[kept], scores[:, kept])


def rising(curve: Array) -> Array:
    """The curve that never falls and is nearest to this one in squares (isotonic regression, Barlow et al. 1972)."""
    from sklearn.isotonic import isotonic_regression

    found: Array = isotonic_regression(curve)
    return found


def reached(labels: Labels, curve: Array, goal: float) -> float:
    """Labels at which a curve that never falls reaches the goal, in straight lines between rounds; inf for never.

    >>> reached(np.array([10, 20]), np.array([0.0, 1.0]), 0.5)
    15.0
    """
    return float(judge.crossing(labels, curve[None, :], np.array([goal]))[0])


def needs(labels: Labels, ours: Array, base: Array) -> float:
    """Labels with which `ours` is as good as `base` at its last label, B; both (rounds,), made to rise.

    Where ours never gets there, the other way round: base needs l labels for what ours reaches with B, so ours is
    taken to need B * B / l; at most 4 B.

    >>> labels = np.array([10, 20, 30, 40])
    >>> round(needs(labels, np.array([0.5, 0.9, 0.9, 0.9]), np.array([0.5, 0.6, 0.8, 0.9])), 3)
    20.0
    >>> round(needs(labels, np.array([0.5, 0.6, 0.8, 0.8]), np.array([0.5, 0.8, 0.9, 0.9])), 3)
    80.0
    """
    mine, theirs = rising(ours), rising(base)
    last = float(labels[-1])
    found = reached(labels, mine, theirs[-1] - ROUNDING)
    if np.isfinite(found):
        return found
    return min(last * last / reached(labels, theirs, mine[-1]), MOST * last)


def needs_interval(
    labels: Labels, ours: Array, base: Array, level: float, rng: np.random.Generator
) -> Interval:
    """`needs` of the mean curves, with the interval that resampled seeds give (percentile bootstrap, Efron 1979)."""
    value = needs(labels, ours.mean(axis=0), base.mean(axis=0))
    if len(ours) < 2:
        return Interval(value, 0.0, MOST * float(labels[-1]))
    weights = judge.resamples(len(ours), rng, RESAMPLES)  # seeds stay paired
    found = [needs(labels, mine, theirs) for mine, theirs in zip(weights @ ours, weights @ base, strict=True)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(float(low), value), max(float(high), value))


def beside(
    strategy: str, labels: Labels, ours: Array, base: Array, level: float, rng: np.random.Generator
) -> Gain:
    """Everything that is said of one strategy; ours, base: (seeds, rounds) errors, paired by seed."""
    errors = late(labels, base)
    lead = errors - late(labels, ours)
    mean, low, high = judge.interval(lead, level)
    return Gain(
        strategy=strategy,
        gain=Interval(float(mean), float(low), float(high)),
        cut=ratio(lead, errors, level),
        needs=needs_interval(labels, -ours, -base, level, rng),
        wins=float((lead > 0).mean()),
    )


def ratio(parts: Array, wholes: Array, level: float) -> Interval:
    """mean(parts) / mean(wholes), paired: its interval by the delta method (Cochran 1977, ch. 6); 0 without a whole.

    >>> ratio(np.array([0.1, 0.2]), np.array([0.2, 0.4]), 0.95).value
    0.5
    """
    whole = float(wholes.mean())
    if whole <= 0:
        return Interval(0.0, 0.0, 0.0)
    value = float(parts.mean()) / whole
    _, low, high = judge.interval((parts - value * wholes) / whole, level)
    return Interval(value, value + float(low), value + float(high))


def errors(scores: Array, higher: bool) -> Array:
    """How far scores are from the best there can be: 1 - score, or what is already a loss, of either sign.

    >>> errors(np.array([0.75]), True), errors(np.array([0.3]), False), errors(np.array([-0.3]), True)
    (array([0.25]), array([0.3]), array([0.3]))
    """
    if not higher:
        return scores
    if (scores <= 0).all():
        return -scores
    return 1 - scores


def falls(scores: Array) -> float:
    """How unsteady curves (seeds, rounds) are: the mean fall from one round to the next, rises counting as 0.

    >>> falls(np.array([[0.5, 0.75, 0.5]]))
    0.125
    """
    steps = np.diff(scores, axis=1)
    return float(np.maximum(-steps, 0).mean()) if steps.size else 0.0
