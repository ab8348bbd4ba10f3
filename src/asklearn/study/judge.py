"""What curves say: how sure, how much better, after how many labels. Pure functions on arrays, seeds first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.95  # of every interval
RESAMPLES = 2000  # of the seeds, for what has no formula
LEAST = 5  # seeds that can be resampled to an interval
TIE = 0.005  # mean scores that differ by no more are a tie


def interval(values: Array, level: float = LEVEL) -> tuple[Array, Array, Array]:
    """(mean, low, high) over the first axis: Student's t interval of the mean.

    One seed says nothing of the spread: its interval is without bounds.

    >>> mean, low, high = interval(np.array([[0.8], [0.9], [1.0]]))
    >>> [round(float(x[0]), 3) for x in (mean, low, high)]
    [0.9, 0.652, 1.148]
    """
    from scipy.stats import t

    n = len(values)
    mean = np.asarray(values.mean(axis=0))
    if n < 2:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    half = t.ppf((1 + level) / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def area(labels: NDArray[np.intp], scores: Array) -> Array:
    """The mean height of curves (..., rounds) over the axis of labels, by trapezoids: (...).

    >>> float(area(np.array([10, 20, 40]), np.array([0.0, 1.0, 1.0])))
    0.8333333333333334
    """
    if len(labels) == 1:
        only: Array = scores[..., 0]
        return only
    height: Array = np.trapezoid(scores, labels, axis=-1) / (labels[-1] - labels[0])
    return height


@dataclass(frozen=True)
class Bounded:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def normalised(ours: Array, base: Array, full: Array, higher: bool = True) -> Bounded | None:
    """The share of the way from `base` (0) to `full` (1) that `ours` has gone; (seeds,) each, mean heights.

    mean(ours - base) / mean(full - base), its interval by the delta method for a ratio of means of paired values
    (Cochran 1977, Sampling Techniques, ch. 6). None where the base is as good as full: there is nothing to gain.

    >>> round(normalised(np.array([0.8, 0.8]), np.array([0.7, 0.7]), np.array([0.9, 0.9])).value, 3)
    0.5
    """
    gain, room = ours - base, full - base
    whole = float(room.mean())
    if whole * (1 if higher else -1) <= 0:
        return None
    ratio = float(gain.mean()) / whole + 0.0  # no -0
    _, low, high = interval((gain - ratio * room) / whole)
    return Bounded(ratio, ratio + float(low), ratio + float(high))


def crossing(labels: NDArray[np.intp], curves: Array, goal: Array, higher: bool = True) -> Array:
    """(n,) labels at which each curve (n, rounds) first is as good as its goal (n,); inf where it never is.

    Between two rounds along a straight line; a curve that begins there, at its first round.

    >>> crossing(np.array([10, 20]), np.array([[0.0, 1.0], [0.0, 0.4]]), np.array([0.5, 0.5])).tolist()
    [15.0, inf]
    """
    sign = 1 if higher else -1
    above = sign * (curves - goal[:, None])
    there = above >= 0
    first = there.argmax(axis=1)
    rows = np.arange(len(curves))
    after, before = above[rows, first], above[rows, np.maximum(first - 1, 0)]
    back = np.divide(after, after - before, out=np.zeros(len(curves)), where=(first > 0) & (after > before))
    step = labels[first] - labels[np.maximum(first - 1, 0)]
    return np.where(there.any(axis=1), labels[first] - back * step, np.inf)


def goals(full: Array, share: float, higher: bool = True) -> Array:
    """What `share` of the quality `full` is: that much of a score, or a loss so much larger.

    >>> goals(np.array([0.9]), 0.9).tolist(), goals(np.array([0.9]), 0.9, higher=False).tolist()
    ([0.81], [1.0])
    """
    return full * share if higher else full / share


@dataclass(frozen=True)
class Reach:
    """After how many labels the mean curve reaches a goal; inf: never within the budget.

    low, high: 95 % interval over seeds; `seeds`: the share of seeds whose own curve reaches it.
    """

    labels: float
    low: float
    high: float
    seeds: float


def resamples(seeds: int, rng: np.random.Generator, n: int = RESAMPLES) -> Array:
    """(n, seeds) weights that add up to 1: seeds drawn with replacement (the bootstrap of Efron 1979)."""
    return rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=n) / seeds


def reach(
    labels: NDArray[np.intp], scores: Array, full: Array, share: float, weights: Array, higher: bool = True
) -> Reach:
    """When the mean of `scores` (seeds, rounds) reaches `share` of the mean of `full` (seeds,).

    The interval comes from the same question put to resampled seeds: `weights` of `resamples`.
    """
    times = _times(labels, scores, full, share, weights, higher)
    own = crossing(labels, scores, goals(full, share, higher), higher)
    low, high = _middle(times[1:], len(scores))
    return Reach(float(times[0]), low, high, float(np.isfinite(own).mean()))


@dataclass(frozen=True)
class Saving:
    """How many times fewer labels: `factor` with its 95 % interval.

    `bound`: "at least" where the base never got there, "at most" where we did not, else "".
    """

    factor: float
    low: float
    high: float
    bound: str = ""


def saving(
    labels: NDArray[np.intp],
    ours: Array,
    base: Array,
    full: Array,
    share: float,
    weights: Array,
    higher: bool = True,
) -> Saving | None:
    """Labels the base needs to the goal over labels we need, seeds paired; None where neither gets there.

    What is never reached counts as reached at the last label, so the factor is a bound then, and says which.
    """
    mine = _times(labels, ours, full, share, weights, higher)
    theirs = _times(labels, base, full, share, weights, higher)
    if np.isinf(mine[0]) and np.isinf(theirs[0]):
        return None
    last = float(labels[-1])
    factor = np.minimum(theirs, last) / np.minimum(mine, last)
    low, high = _middle(factor[1:], len(ours))
    bound = "at least" if np.isinf(theirs[0]) else "at most" if np.isinf(mine[0]) else ""
    return Saving(float(factor[0]), low, high, bound)


def _times(
    labels: NDArray[np.intp], scores: Array, full: Array, share: float, weights: Array, higher: bool
) -> Array:
    """(1 + n,) crossing of the mean curve, then of the mean curve of each resample."""
    every = np.vstack([np.full(len(full), 1 / len(full)), weights])
    return crossing(labels, every @ scores, goals(every @ full, share, higher), higher)


def _middle(values: Array, seeds: int) -> tuple[float, float]:
    """The middle of resampled values, of which some may be inf, as wide as 95 % of so few seeds needs.

    Percentiles alone are too narrow for few: they are taken where Student's t would be, times sqrt(n / (n - 1))
    (the expanded percentile interval; Hesterberg 2015, The American Statistician 69). So measured, intervals of 5
    seeds held the truth in 92 %, of 10 and 20 in 95 % of simulated comparisons; fewer seeds have no bounds.
    """
    from scipy.stats import norm, t

    if seeds < LEAST:
        return -np.inf, np.inf
    tail = norm.cdf(t.ppf((1 - LEVEL) / 2, seeds - 1) * np.sqrt(seeds / (seeds - 1)))
    ordered = np.sort(values)
    cut = int(tail * len(ordered))
    return float(ordered[cut]), float(ordered[len(ordered) - 1 - cut])


def duel(ours: Array, base: Array, threshold: float = TIE, higher: bool = True) -> tuple[int, int, int]:
    """(wins, ties, losses) over pairs; a difference of no more than `threshold` is a tie.

    >>> duel(np.array([0.9, 0.8, 0.7]), np.array([0.8, 0.8, 0.8]))
    (1, 1, 1)
    """
    lead = (ours - base) * (1 if higher else -1)
    wins, losses = int((lead > threshold).sum()), int((lead < -threshold).sum())
    return wins, len(lead) - wins - losses, losses


def wilcoxon(ours: Array, base: Array) -> float:
    """The two-sided p of Wilcoxon's signed-rank test (1945) on pairs; 1 where no pair differs."""
    from scipy.stats import wilcoxon as test

    lead = ours - base
    lead = lead[lead != 0]
    if not len(lead):
        return 1.0
    sizes = abs(lead)
    exact = len(lead) <= 50 and len(np.unique(sizes)) == len(lead)  # with ties only the approximation holds
    return float(test(lead, method="exact" if exact else "asymptotic").pvalue)


@dataclass(frozen=True)
class Ranks:
    """Mean ranks (1 is best) of `names` over blocks, Friedman's p, and Nemenyi's critical difference.

    Mean ranks that differ by less than `difference` cannot be told apart; `groups` lists such names together.
    """

    names: tuple[str, ...]
    ranks: Array
    statistic: float
    p: float
    difference: float
    groups: tuple[tuple[str, ...], ...]


def ranks(names: Sequence[str], values: Array, higher: bool = True, level: float = LEVEL) -> Ranks:
    """`values` (blocks, names): one block a seed, or a data set; ties share their mean rank.

    Friedman (1937) corrected for ties; Nemenyi (1963) as in Demšar (2006, JMLR 7).
    """
    from scipy.stats import chi2, rankdata

    blocks, k = values.shape
    placed = rankdata(-values if higher else values, axis=1)
    mean = placed.mean(axis=0)
    spread = float(((placed - (k + 1) / 2) ** 2).sum()) / (blocks * (k - 1)) if k > 1 else 0.0
    statistic = float(blocks * ((mean - (k + 1) / 2) ** 2).sum() / spread) if spread > 0 else 0.0
    difference = critical_difference(k, blocks, level)
    return Ranks(
        tuple(names),
        mean,
        statistic,
        float(chi2.sf(statistic, k - 1)) if k > 1 else 1.0,
        difference,
        alike(names, mean, difference),
    )


def critical_difference(k: int, blocks: int, level: float = LEVEL) -> float:
    """Nemenyi's: q sqrt(k (k + 1) / (6 blocks)), q of the studentized range / sqrt 2 (Demšar 2006).

    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    from scipy.stats import studentized_range

    if k < 2:
        return 0.0
    q = float(studentized_range.ppf(level, k, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(k * (k + 1) / (6 * blocks)))


def alike(names: Sequence[str], ranks: Array, difference: float) -> tuple[tuple[str, ...], ...]:
    """The largest sets of two or more whose mean ranks lie within the difference, best first.

    >>> alike(["a", "b", "c"], np.array([1.0, 1.5, 2.2]), 0.8)
    (('a', 'b'), ('b', 'c'))
    """
    order = np.argsort(ranks, kind="stable")
    runs: list[tuple[int, int]] = []
    for first in range(len(order)):
        end = first + int((ranks[order[first:]] - ranks[order[first]] < difference).sum())
        if end - first > 1 and (not runs or end > runs[-1][1]):
            runs.append((first, end))
    return tuple(tuple(names[i] for i in order[first:end]) for first, end in runs)
