"""How good it honestly is: from items drawn by known chance that no model learned from.

Everything here takes arrays and gives an `Estimate`: a value with its 95 % interval. The intervals were chosen by
how often they hold the truth: `python -m benchmarks coverage`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import comb, exp, log, sqrt
from typing import Any

import numpy as np

from asklearn import models
from asklearn.errors import NotReady, SettingError

Z95 = 1.959963984540054  # the normal quantile of 0.975
# Where 1, 2 or 3 items are wrong (or right), the end of the interval on that side is this many items:
# the mean of the Poisson law that gives fewer with 95 % (Brown, Cai and DasGupta 2001, modified Wilson).
RARE = (0.05129329438755058, 0.3553615106986621, 0.8176914473267785)
EACH_SIDE = 5  # right and wrong answers from which on predictions can help to estimate
EACH_RECALL = 3  # answers of every class from which on there is an interval of the mean recall
EACH_F1 = 10  # answers of every class from which on there is an interval of the mean F1
FOLDS = 5


@dataclass(frozen=True)
class Estimate:
    """A quality with its 95 % interval; `n` is how many answers it rests on, `method` how it was made.

    "audit": from unseen random items alone. "assisted": from these and predictions of the whole pool.
    "bootstrap": of agreement, from items that several people labelled.
    """

    value: float
    low: float
    high: float
    n: int
    metric: str = "accuracy"
    method: str = "audit"

    def __str__(self) -> str:
        rests = {
            "assisted": "random items and the pool's predictions",
            "bootstrap": "items that several people labelled",
        }
        return (
            f"{self.metric} {self.value:.3f} "
            f"({self.low:.3f} to {self.high:.3f}, from {self.n} {rests.get(self.method, 'random items')})"
        )


def wilson(right: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927): the p with (p^ - p)^2 <= z^2 p (1 - p) / n.

    >>> low, high = wilson(90, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    p = right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, min(p, centre - half)), min(
        1.0, max(p, centre + half)
    )  # p is in it, whatever rounding does


def interval(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion at every n: Wilson's, mended where up to 3 are wrong or right.

    Brown, Cai and DasGupta 2001. On average over p it holds the truth in 95 to 98 % (n >= 3), never in less than
    91 %; Wilson's own falls to 83 % for the best models, and the exact interval (Clopper and Pearson 1934), wider
    by 4 to 10 %, holds it in more than it says: up to 99 %.

    >>> low, high = interval(39, 40)
    >>> round(low, 4), round(high, 4)
    (0.8712, 0.9987)
    """
    low, high = wilson(right, n)
    rare = 2 if n <= 50 else 3
    if 0 < n - right <= rare:
        high = 1 - RARE[n - right - 1] / n
    if 0 < right <= rare:
        low = RARE[right - 1] / n
    return low, high


def proportion(right: int, n: int, metric: str = "accuracy", of: str = "") -> Estimate:
    """A share with its 95 % `interval`. Raises `NotReady` for n = 0; `of` says in words which items are missing."""
    if n == 0:
        raise NotReady(
            f"there is no audit answer{of} yet; an estimate needs at least one random item{of} with an answer"
        )
    return Estimate(right / n, *interval(right, n), n, metric)


# -- metrics: (predicted, truth), one label an item -----------------------------------------------------------------

Measure = Callable[[Sequence[object], Sequence[object]], Estimate]


def accuracy(predicted: Sequence[object], truth: Sequence[object]) -> Estimate:
    """The share of equal pairs.

    >>> accuracy(["a", "b", "b"], ["a", "b", "a"]).value.__round__(3)
    0.667
    """
    right = sum(p == t for p, t in zip(predicted, truth, strict=True))
    return proportion(right, len(truth))


def precision(predicted: Sequence[object], truth: Sequence[object], label: object) -> Estimate:
    """The share of truly `label` among those predicted so. Raises `NotReady` when none was predicted so.

    >>> precision(["a", "b", "b"], ["a", "b", "a"], "b").value
    0.5
    """
    hits = [t == label for p, t in zip(predicted, truth, strict=True) if p == label]
    return proportion(sum(hits), len(hits), f"precision:{label}", f" predicted {label!r}")


def recall(predicted: Sequence[object], truth: Sequence[object], label: object) -> Estimate:
    """The share predicted as `label` among those that truly are. Raises `NotReady` when none is.

    >>> recall(["a", "b", "b"], ["a", "b", "a"], "a").value
    0.5
    """
    hits = [p == label for p, t in zip(predicted, truth, strict=True) if t == label]
    return proportion(sum(hits), len(hits), f"recall:{label}", f" labelled {label!r}")


def balanced_accuracy(
    predicted: Sequence[object], truth: Sequence[object], labels: Sequence[object]
) -> Estimate:
    """The mean of the recalls of all `labels`, with the interval of Price and Bonett (2004).

    With x_k of n_k right in each of K classes: p_k = (x_k + 2 / K) / (n_k + 4 / K), and
    mean(p_k) +- z sqrt(sum p_k (1 - p_k) / (n_k + 4 / K)) / K. The value itself is the plain mean of x_k / n_k.
    Raises `NotReady` while a class has fewer than 3 answers.

    >>> found = balanced_accuracy(["a"] * 9 + ["b"] * 9, ["a"] * 8 + ["b"] * 10, ["a", "b"])
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.95, 0.726, 1.0)
    """
    _, n, table = _confusion(predicted, truth, labels, EACH_RECALL, "balanced_accuracy")
    right, classes = np.diag(table), len(labels)
    p = (right + 2 / classes) / (n + 4 / classes)
    half = Z95 * sqrt(float((p * (1 - p) / (n + 4 / classes)).sum())) / classes
    value, centre = float(np.mean(right / n)), float(p.mean())
    low, high = max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half))
    return Estimate(value, low, high, len(truth), "balanced_accuracy")


def f1_macro(predicted: Sequence[object], truth: Sequence[object], labels: Sequence[object]) -> Estimate:
    """The mean over all `labels` of F_c = 2 tp_c / (predicted_c + true_c), interval by the delta method.

    An item predicted a and truly b moves the mean by sum_c (2 [a = b = c] - F_c ([a = c] + [b = c])) / d_c / K,
    where d_c is the share predicted plus the share true (Takahashi et al. 2022); the interval is symmetric on the
    logit scale. Raises `NotReady` while a class has fewer than 10 answers: below, no interval known to us holds.

    >>> found = f1_macro(["a"] * 19 + ["b"] * 21, ["a"] * 20 + ["b"] * 20, ["a", "b"])
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.975, 0.843, 0.996)
    """
    guessed, n, table = _confusion(predicted, truth, labels, EACH_F1, "f1_macro")
    total, classes = len(truth), len(labels)
    d = (guessed + n) / total
    f = 2 * np.diag(table) / (guessed + n)
    moves = -(f / d)[:, None] - (f / d)[None, :] + np.diag(2 / d)
    share = table / total
    moves = moves / classes
    variance = float((share * moves**2).sum() - (share * moves).sum() ** 2) / total
    value = float(f.mean())
    if (
        variance <= 0 or not 0 < value < 1
    ):  # all right or all wrong: what a proportion of as many items would give
        return Estimate(value, *interval(round(value * total), total), total, "f1_macro")
    place, half = log(value / (1 - value)), Z95 * sqrt(variance) / (value * (1 - value))
    low, high = (1 / (1 + exp(-(place + side))) for side in (-half, half))
    return Estimate(value, low, high, total, "f1_macro")


def _confusion(
    predicted: Sequence[object], truth: Sequence[object], labels: Sequence[object], least: int, metric: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts predicted and true of each label, and (true, predicted); `NotReady` where a class has too few."""
    column = {(type(label), label): i for i, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    for p, t in zip(predicted, truth, strict=True):
        table[column[type(t), t], column[type(p), p]] += 1
    guessed, true = table.sum(axis=0), table.sum(axis=1)
    few = int(true.argmin())
    if true[few] < least:
        raise NotReady(
            f"{metric} needs {least} audit answers of every class; there are {int(true[few])} of {labels[few]!r}"
        )
    return guessed, true, table


WHOLE: dict[str, Callable[..., Estimate]] = {"balanced_accuracy": balanced_accuracy, "f1_macro": f1_macro}
OF_ONE: dict[str, Callable[..., Estimate]] = {"precision": precision, "recall": recall}


def metric(name: str, labels: Sequence[object] = ()) -> Measure:
    """The estimator of this metric for a task with these labels.

    "accuracy", "balanced_accuracy", "f1_macro", and "precision:LABEL" or "recall:LABEL" of one label. Raises
    `SettingError` for a metric without an honest interval and for a label that the task does not have.
    """
    if name == "accuracy":
        return accuracy
    if name in WHOLE:
        return partial(WHOLE[name], labels=labels)
    kind, colon, spelt = name.partition(":")
    if kind in OF_ONE and colon:
        label = next((label for label in labels if str(label) == spelt), None)
        if label is None:
            raise SettingError(
                f"{name!r}: there is no label {spelt!r}; there are {', '.join(map(str, labels))}"
            )
        return partial(OF_ONE[kind], label=label)
    known = ["accuracy", *WHOLE, *(f"{kind}:LABEL" for kind in OF_ONE)]
    raise SettingError(f"there is no honest estimate of {name!r} yet; there is one of {', '.join(known)}")


def known(name: str, labels: Sequence[object]) -> bool:
    """Whether there is an estimate of this metric. Raises `SettingError` for a label that the task does not have."""
    named = name in {"accuracy", *WHOLE} or name.partition(":")[0] in OF_ONE
    return named and metric(name, labels) is not None


# -- more than the audit alone --------------------------------------------------------------------------------------


def assisted(right: Any, sure: Any, everywhere: Any) -> Estimate:
    """Accuracy from random items, with what a model says of the whole pool as control variate.

    right (n,) bool: whether the model was right on the random items; sure (n,) float: any number known of these
    items beforehand, such as how sure a model was; everywhere (N,) float: the same number of every item of the
    pool, the random ones among them. No item's number may come from a model that learned from that item.

        value = mean(right) - b (mean(sure) - mean(everywhere)),   b = cov(right, sure) / var(sure)
        variance = var(right - b sure) / n + b^2 var(everywhere) / N

    (power-tuned prediction-powered inference, Angelopoulos et al. 2023, which is the regression estimator of
    surveys: Cochran 1977.) The interval is Wilson's for as many items as would give this variance without help;
    the plain one while fewer than 5 are right or wrong, and wherever help does not help: it is never wider.

    >>> rng = np.random.default_rng(0)
    >>> sure = rng.random(5000); right = rng.random(5000) < sure
    >>> found, plain = assisted(right[:200], sure[:200], sure), proportion(int(right[:200].sum()), 200)
    >>> (found.high - found.low) / (plain.high - plain.low) < 0.9
    True
    """
    hit, x, pool = (np.asarray(numbers, dtype=float) for numbers in (right, sure, everywhere))
    if hit.shape != x.shape or hit.ndim != 1 or not (np.isfinite(x).all() and np.isfinite(pool).all()):
        raise SettingError(
            f"right and sure are one finite number an item each; they have shapes {hit.shape} and {x.shape}"
        )
    n = len(hit)
    plain = replace(proportion(int(hit.sum()), n), method="assisted")
    around = x - x.mean() if n else x
    spread = float(around @ around)
    if min(hit.sum(), n - hit.sum()) < EACH_SIDE or spread <= 0:
        return plain
    b = float(around @ hit) / spread
    left = hit - plain.value - b * around
    variance = float(left @ left) / (n - 2) / n + b * b * float(pool.var()) / len(pool)
    worth = plain.value * (1 - plain.value) / variance if variance > 0 else 0.0  # as many unassisted items
    if worth <= n:
        return plain
    value = min(1.0, max(0.0, plain.value - b * (float(x.mean()) - float(pool.mean()))))
    return replace(
        plain, value=value, low=wilson(value * worth, worth)[0], high=wilson(value * worth, worth)[1]
    )


def lure(values: Any, chances: Any, size: int) -> tuple[float, float]:
    """The mean over a pool of `size` items and its standard error, from items drawn one by one by known chance.

    values (M,) float: of the items in the order drawn, such as 1 for a right prediction; none twice. chances (M,):
    the probability with which draw m took this item among the size - m + 1 then left; every item left must have
    had one above 0. Unbiased whatever the chances (Farquhar, Gal and Rainforth 2021, levelled unbiased risk
    estimator), if the values do not depend on what was drawn:

        mean(v_m values_m),   v_m = 1 + (N - M) / (N - m) (1 / ((N - m + 1) chance_m) - 1)

    The same mean is sum_m c_m a_m of a_m = (values_1 + .. + values_(m-1) + values_m / chance_m) / N, each unbiased
    given what was drawn before, c_m = N (N - M) / (M (N - m) (N - m + 1)); so the variance is estimated by
    sum_m c_m^2 (a_m - mean)^2.

    >>> value, error = lure([1, 1, 0], [1 / 3, 1 / 2, 1], size=3)
    >>> round(value, 6), error < 1e-9
    (0.666667, True)
    """
    v, q = np.asarray(values, dtype=float), np.asarray(chances, dtype=float)
    M, N = len(v), int(size)
    if v.shape != q.shape or v.ndim != 1 or M > N:
        raise SettingError(
            f"values and chances are of the {N} items at most; there are {v.shape} and {q.shape}"
        )
    if M == 0:
        raise NotReady("there is no drawn item with an answer yet; an estimate needs at least one")
    bad = np.flatnonzero(~(np.isfinite(v) & (q > 0) & (q <= 1 + 1e-9)))  # rounding of sums of chances
    if len(bad):
        at = int(bad[0])
        raise SettingError(
            f"draw {at} has the value {v[at]} and the chance {q[at]}; a chance is above 0, at most 1"
        )
    m = np.arange(1, M + 1)
    # The last item of the pool has no other left beside it: its share is all of what remains.
    rest = np.divide(N - M, N - m, out=np.ones(M), where=m < N)
    weights = 1 + rest * (1 / ((N - m + 1) * q) - 1)
    value = float(np.mean(weights * v))
    single = (np.cumsum(v) - v + v / q) / N
    c = N * rest / (M * (N - m + 1))
    return value, float(np.sqrt(np.sum(c**2 * (single - value) ** 2)))


def cross_fitted(
    model: Any,
    seen: Callable[[np.ndarray], Any],
    size: int,
    rows: np.ndarray,
    target: np.ndarray,
    labels: Sequence[Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """(size, classes) float: what models that learned from neither the row nor its fold say of every row.

    model: an estimator, fitted anew for each of 5 folds. seen(rows) -> X, the rows as it sees them. rows (m,):
    those with a label, target (m,): their labels, as the model is fitted to them. Rows with and without a label are
    treated alike, which makes their numbers comparable: a model is surer of what it learned from.
    Raises `NotReady` when a fold leaves fewer than two classes to learn from.
    """
    fold = rng.permutation(size) % FOLDS
    order = rng.permutation(len(rows))
    order = order[np.argsort(target[order].astype(str), kind="stable")]
    fold[rows[order]] = np.arange(len(rows)) % FOLDS  # every class is spread evenly
    proba = np.empty((size, len(labels)))
    for k in range(FOLDS):
        learn, ask = fold[rows] != k, np.flatnonzero(fold == k)
        if len(ask):
            fitted = models.fit(models.make(model), seen(rows[learn]), target[learn])
            proba[ask] = models.proba(fitted, seen(ask), labels)
    return proba


def kappa(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two labellings beyond chance (Cohen 1960): (p_o - p_e) / (1 - p_e).

    Two constant labellings that agree everywhere count as 1.

    >>> kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    observed = float(np.mean(one == other))
    expected = float(sum(np.mean(one == c) * np.mean(other == c) for c in np.union1d(one, other)))
    return 1.0 if expected >= 1 else (observed - expected) / (1 - expected)


def paired(wins: int, losses: int, n: int) -> tuple[float, float, float]:
    """The difference (wins - losses) / n of two shares of the same n items, and its 95 % interval.

    With half a case added to each cell of the table, d = (wins - losses) / (n + 2):
    d +- z sqrt(wins + losses + 1 - (wins - losses)^2 / (n + 2)) / (n + 2)   (Agresti and Min 2005).

    >>> [round(x, 3) for x in paired(12, 4, 100)]
    [0.08, 0.001, 0.156]
    """
    total, d = n + 2, wins - losses
    half = Z95 * sqrt(wins + losses + 1 - d * d / total) / total
    return d / n, max(-1.0, d / total - half), min(1.0, d / total + half)


def doubt_in_choosing(wins: int, losses: int) -> float:
    """How strongly duels speak against choosing: at 20, one who chooses well has been this unlucky in 1 of 20 lives.

    An e-process: the likelihood of so many losses where each duel is lost with probability p, averaged over p from
    1/2 to 1, over that of even chances: 2^(n + 1) B(losses + 1, wins + 1) P(p > 1/2), p ~ Beta(losses + 1, wins + 1),
    which for whole numbers is sum_{k <= losses} C(n + 1, k) / ((n + 1) C(n, losses)).
    It may be looked at after every duel (Ville 1939; Ramdas et al. 2023, Statistical Science 38).

    >>> [round(doubt_in_choosing(*duels), 2) for duels in ((0, 0), (5, 5), (1, 9), (0, 8))]
    [1.0, 0.37, 18.51, 56.78]
    """
    wins, losses = int(wins), int(losses)  # whole numbers of any size, which NumPy's are not
    n = wins + losses
    term = total = 1
    for k in range(losses):
        term = term * (n + 1 - k) // (k + 1)
        total += term
    return min(total * 10**6 // ((n + 1) * comb(n, losses)), 10**300) / 10**6
