"""Intervals of means of what is never below 0 and may have a long tail, such as errors, and of ratios of two of them.

A few items hold few of the rare large errors that make much of a mean: Student's interval lies too low, on any scale,
and so do those that draw the items again (bootstrap-t, BCa) or mend it by the skewness seen (Johnson 1978, Hall 1992).
Without a bound on what was not seen no interval of a mean is honest for every law (Bahadur and Savage 1956). Here one
item more stands for it, as large as `beyond_error` and `beyond_square` say, and items are weighed in all ways at once:

    sum w_i x_i / sum w_i,   w_i independent, exponentially distributed

has as its quantiles the ends of the interval: the Bayesian bootstrap (Rubin 1981) with one item at the bound of what
can be, which is Gaffke's bound (2005; Learned-Miller and Thomas 2019). Student's deviate says which quantiles, not the
normal one, as Owen (1990) has it for the empirical likelihood. Nothing is drawn: the chance that sum w_i y_i > 0 is a
saddlepoint approximation (Lugannani and Rice 1980, in the form of Barndorff-Nielsen 1986), so the same items have the
same interval.
"""

from __future__ import annotations

from math import exp, inf, log, sqrt

import numpy as np

from asklearn.estimate import Z95


def mean(x: np.ndarray, beyond: float) -> tuple[float, float]:
    """The 95 % interval of the mean of x (n,) >= 0, not all 0, with one more item at `beyond`, at least the largest.

    The end below needs no item more: what is rare and large was not seen too often. Where all are alike it is that one.

    >>> x = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.4, 0.5, 0.7, 1.2, 2.0])
    >>> [round(float(end), 2) for end in mean(x, beyond=3.0)]
    [0.32, 1.52]
    """
    one, z = np.ones(len(x) + 1), student(len(x))
    return _end(x, one[1:], -1, z), _end(np.append(x, beyond), one, 1, z)


def ratio(
    above: np.ndarray, below: np.ndarray, beyond_above: float, beyond_below: float
) -> tuple[float, float]:
    """The 95 % interval of mean(above) / mean(below), two numbers >= 0 an item, neither all 0.

    For the end above, the item where `above` is largest comes once more with `beyond_above`, for the other end that
    where `below` is with `beyond_below`. Thus what is large together stays together, as errors of dear things do.
    Neither draws its end to the middle.
    """
    z, middle = student(len(above)), float(above.sum() / below.sum())
    with_above = min(float(below[above == above.max()].mean()), beyond_above / middle)
    with_below = min(float(above[below == below.max()].mean()), beyond_below * middle)
    low = _end(np.append(above, with_below), np.append(below, beyond_below), -1, z)
    return low, _end(np.append(above, beyond_above), np.append(below, with_above), 1, z)


def beyond_error(x: np.ndarray) -> float:
    """The item to add where x are sizes of errors: max(x) (1 + 3 / m), m = (sum x)^2 / sum x^2 items that count.

    m is Kish's effective number (1965): a few large errors among small ones say little of what may come. 3 was chosen
    by how often intervals hold the truth, of errors of ten kinds: from 10 items on in 93 % and more of audits
    (`python -m benchmarks coverage`).

    >>> beyond_error(np.array([1.0, 1.0, 1.0, 0.0]))
    2.0
    """
    return float(x.max() * (1 + 3 / _count(x)))


def beyond_square(x: np.ndarray) -> float:
    """The item to add to x^2: max(x)^2 (3/2 + 13 / m), m as for `beyond_error`, from 20 items on.

    Chosen likewise: in 92 to 99 %; in 88 to 94 % where the squares have no variance (Student's t with 3 degrees) or one
    that few items show (lognormal, sigma 1). Where 1 error in 20 is five times as large as the others it is 80 % with
    30 to 50 items: many an audit has none of these, and only a bound on errors would say what they may be.

    >>> beyond_square(np.array([1.0, 1.0, 0.0, 0.0]))
    8.0
    """
    return float(x.max() ** 2 * (1.5 + 13 / _count(x)))


def _count(x: np.ndarray) -> float:
    return float(x.sum() ** 2 / (x @ x))


def _end(above: np.ndarray, below: np.ndarray, side: int, z: float) -> float:
    """The t that sum w above / sum w below passes with the chance P(Z > z), above (side 1) or below (-1) its middle.

    By false position (Illinois) in the logarithm of t.
    """
    middle = float(above.sum() / below.sum())

    def over(g: float) -> float:
        return _deviate(side * (above - middle * exp(side * g) * below)) - z

    moves = above / above.mean() - below / below.mean()
    near = z * float(np.sqrt(moves @ moves)) / len(above)  # where the delta method would end
    if near < 1e-12:
        return middle
    low, high, at_low = 0.0, near, -z
    while (at_high := over(high)) < 0:
        low, high, at_low = high, 1.5 * high, at_high
    last = 0.0
    while high - low > 1e-7 * high:
        g = (low + high) / 2 if at_high == inf else low - at_low * (high - low) / (at_high - at_low)
        found = over(g)
        if abs(found) < 1e-7:
            return middle * exp(side * g)
        if found < 0:
            low, at_low = g, found
            at_high /= 2 if last < 0 else 1
        else:
            high, at_high = g, found
            at_low /= 2 if last > 0 else 1
        last = found
    return middle * exp(side * high)


def _deviate(y: np.ndarray) -> float:
    """The normal deviate that is passed as rarely as sum w_i y_i passes 0: r + log(v / r) / r, where

    s > 0 solves sum y_i / (1 - s y_i) = 0,  r^2 = 2 sum log(1 - s y_i),  v^2 = s^2 sum (y_i / (1 - s y_i))^2,
    for sum y_i < 0. r is also the signed root of the empirical likelihood ratio (Owen 1988).
    """
    top, total = float(y.max()), float(y.sum())
    if top <= 0:
        return inf
    if total >= 0:
        return 0.0
    low, high = 0.0, 1 / top
    s = min(-total / float(y @ y), 0.5 * high)
    for _ in range(60):
        q = y / (1 - s * y)
        f, slope, gap = float(q.sum()), float(q @ q), 1 - s * top
        if f < 0:
            low = s
        else:
            high = s
        # Newton's step for f (1 - s top), which has no pole at 1 / top.
        step = f * gap / (slope * gap - top * f)
        new = s - step
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - s) <= 1e-9 * s:
            break
        s = new
    r = sqrt(max(2 * float(np.log1p(-s * y).sum()), 0.0))
    v = s * sqrt(slope)
    return r + log(v / r) / r if r > 1e-3 else 0.0


def student(n: int) -> float:
    """The 97.5 % quantile of Student's t with n - 1 degrees of freedom (Abramowitz and Stegun 1964, 26.7.5).

    SciPy's is the same to 3 digits and takes half a second to load, which a page would wait for.

    >>> [round(student(n), 2) for n in (10, 30, 1000)]
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
