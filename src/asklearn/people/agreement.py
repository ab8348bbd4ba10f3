"""Do people agree? Raw agreement, Cohen's and Fleiss' kappa, Krippendorff's alpha, each with an interval.

A measure takes what each item says (items, columns) and how often each item counts (.., items); so one bootstrap
serves all measures, and items that look alike are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from asklearn.errors import NotReady, SettingError
from asklearn.estimate import Estimate, interval
from asklearn.people.votes import Votes, votes

RESAMPLES = 1000
GROUPS = 200  # that the jackknife leaves out one by one
BLOCK = 4_000_000  # numbers drawn at a time

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]


# -- the measures ---------------------------------------------------------------------------------------------------
# counts (items, labels) float: how many gave the item this label, two answers or more in all; weights (.., items).


def raw(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) the share of pairs that agree, the mean over items.

    >>> float(raw(np.array([[2.0, 0], [1, 1]]), np.ones(2)))
    0.5
    """
    share: np.ndarray = weights @ agreeing(counts) / weights.sum(axis=-1)
    return share


def fleiss(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Fleiss' kappa (1971): (P - P_e) / (1 - P_e), P the mean share of agreeing pairs, P_e = sum_c p_c^2.

    p_c is the mean over items of the share that said c, which is Fleiss' own where every item has as many answers.
    """
    shares = counts / counts.sum(axis=1, keepdims=True)
    expected = ((weights @ shares / weights.sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    return beyond(raw(counts, weights), expected)


def cohen(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Cohen's kappa (1960) of two annotators: (p_o - p_e) / (1 - p_e).

    table (items, labels * labels): 1 where the item's two labels meet, the first annotator's by rows.
    """
    labels = round(table.shape[1] ** 0.5)
    share = (weights @ table / weights.sum(axis=-1, keepdims=True)).reshape(
        *weights.shape[:-1], labels, labels
    )
    expected = (share.sum(axis=-1) * share.sum(axis=-2)).sum(axis=-1)
    return beyond(np.trace(share, axis1=-2, axis2=-1), expected)


def nominal(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Krippendorff's alpha for names (Krippendorff 2011): 1 - D_o / D_e.

    With n_uc of the m_u answers to item u saying c, and n_c, n the sums over items with two answers or more:
    D_o = sum_u (m_u^2 - sum_c n_uc^2) / (m_u - 1) / n and D_e = (n^2 - sum_c n_c^2) / (n (n - 1)).
    """
    m = answered(counts)
    differ = weights @ ((m * m - np.einsum("uc,uc->u", counts, counts)) / (m - 1))
    of = weights @ counts
    total = of.sum(axis=-1)
    return less(differ * (total - 1), total * total - (of * of).sum(axis=-1))


def ordinal(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Krippendorff's alpha for ranks; the labels stand in their order.

    The distance of c and k, (n_c / 2 + n_(c+1) + .. + n_(k-1) + n_k / 2)^2, is that of their middle ranks
    r_c = n_1 + .. + n_(c-1) + n_c / 2: the alpha of the numbers r, with D_o as for `numeric`.
    """
    of = weights @ counts
    total, m = of.sum(axis=-1), answered(counts)
    rank = np.cumsum(of, axis=-1) - of / 2 - (total / 2)[..., None]
    differ = m * (rank * rank @ counts.T) - (rank @ counts.T) ** 2
    differ = 2 * (weights * differ / (m - 1)).sum(axis=-1)
    spread = total * (of * rank * rank).sum(axis=-1) - (of * rank).sum(axis=-1) ** 2
    return less(differ * (total - 1), 2 * spread)


def numeric(moments: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Krippendorff's alpha for numbers, where the distance of two answers is (a - b)^2.

    moments (items, 3): the number of answers m, their sum and the sum of their squares. The squared distances of m
    numbers over ordered pairs sum to 2 (m sum x^2 - (sum x)^2).
    """
    m, x, xx = moments.T
    differ = weights @ (2 * np.maximum(m * xx - x * x, 0) / (m - 1))
    total, x, xx = np.moveaxis(weights @ moments, -1, 0)
    return less(differ * (total - 1), 2 * (total * xx - x * x))


def sets(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) Krippendorff's alpha for sets of labels; the distance of two is how many labels are in one of them alone.

    rows (items, 1 + labels): the number of answers m, then in how many of them each label is. Of m answers of which
    n_c have label c, 2 n_c (m - n_c) ordered pairs differ in it.
    """
    m, n = rows[:, 0], rows[:, 1:]
    differ = weights @ ((2 * n * (m[:, None] - n)).sum(axis=1) / (m - 1))
    of, total = weights @ n, weights @ m
    expected = (2 * of * (np.asarray(total)[..., None] - of)).sum(axis=-1)
    return less(differ * (total - 1), expected)


def f1(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..,) 2 shared / all, rows (items, 2): of every two people the passages that both marked, and those of both."""
    shared, every = np.moveaxis(weights @ rows, -1, 0)
    return less(every - 2 * shared, every)


def agreeing(counts: np.ndarray) -> np.ndarray:
    """(items,) the share of an item's pairs of answers that agree: sum_c n_c (n_c - 1) / (m (m - 1))."""
    m = answered(counts)
    share: np.ndarray = (np.einsum("uc,uc->u", counts, counts) - m) / (m * (m - 1))
    return share


def beyond(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(observed - expected) / (1 - expected); 1 where chance alone always agrees."""
    room = 1 - np.asarray(expected)
    found: np.ndarray = np.divide(observed - expected, room, out=np.ones_like(room), where=room > 1e-12)
    return found


def less(differ: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """1 - differ / expected; 1 where nothing can differ."""
    apart = np.asarray(expected)
    found: np.ndarray = 1 - np.divide(differ, apart, out=np.zeros_like(apart), where=apart > 1e-9)
    return found


# -- a measure of answers, with its interval ------------------------------------------------------------------------

MEASURES: dict[str, Measure] = {
    "raw": raw,
    "cohen": cohen,
    "fleiss": fleiss,
    "krippendorff": nominal,
    "krippendorff:ordinal": ordinal,
    "krippendorff:interval": numeric,
}


OF_TASKS: dict[str, Measure] = {  # of answers that are no names; each task says what the measure looks at
    "krippendorff:sets": sets,
    "krippendorff:interval": numeric,
    "f1": f1,
}


def of_task(
    said: Sequence[Sequence[Any]],
    together: Callable[[Sequence[Sequence[Any]]], tuple[str, np.ndarray]],
    measure: str | None,
    seed: int,
) -> Estimate:
    """Agreement as a task measures it; said: the answers to each item that has several.

    Raises `SettingError` for another measure, `NotReady` as `agreement` does.
    """
    own, rows = together(said)
    if measure not in (None, own):
        raise SettingError(f"agreement on such answers is measured by {own}, not by {measure!r}")
    if len({str(label) for labels in said for label in labels}) == 1:
        raise NotReady(
            f"every answer is {said[0][0]!r}: agreement beyond chance cannot be told from one answer"
        )
    return estimated(rows, own, RESAMPLES, np.random.default_rng(seed))


def agreement(
    answers: Any,
    measure: str = "krippendorff",
    *,
    labels: Sequence[Any] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """How far people agree on the items that several of them answered, with a 95 % interval.

    answers: a table item, annotator, label (pandas, polars, pyarrow, or a mapping of columns). measure: "raw",
    "cohen" (two annotators), "fleiss", "krippendorff", "krippendorff:ordinal", "krippendorff:interval". labels:
    all there are, in their order, which the ordinal measure needs of labels that are no numbers.

    The interval is drawn from `resamples` bootstrap samples of the items (BCa, Efron 1987); where nobody ever
    differs, it is that of a share: all of n. `n` counts the items with two answers or more. Raises `NotReady`
    without such an item, and where every answer is the same, which leaves nothing to agree on beyond chance.

    >>> answers = {"item": [1, 1, 2, 2, 3, 3], "annotator": list("ababab"), "label": list("xxyyxy")}
    >>> agreement(answers, "raw").value.__round__(3), agreement(answers).value.__round__(3)
    (0.667, 0.444)
    """
    known = votes(answers, labels)
    check_ordered(known, measure, labels is not None)
    return estimated(seen(known, measure), measure, resamples, np.random.default_rng(seed))


def seen(known: Votes, measure: str) -> np.ndarray:
    """(items, columns) what the measure looks at of every item with two answers or more.

    Raises `SettingError` for a measure that does not exist, `NotReady` where there is only one label.
    """
    if measure not in MEASURES:
        raise SettingError(f"there is no measure {measure!r}; there are {', '.join(MEASURES)}")
    if len(known) and measure != "raw":
        check_differing(np.bincount(known.label) > 0, known.labels)
    if measure == "cohen":
        return met(*both(known), len(known.labels))
    if measure == "krippendorff:interval":
        return moments(known.item, np.array(known.labels, dtype=float)[known.label], len(known.items))
    rows = paired(known.counts())
    if len(rows) and measure != "raw":
        check_differing(np.ones(len(rows)) @ rows > 0, known.labels)
    return rows


def check_differing(given: np.ndarray, labels: Sequence[Any]) -> None:
    """Raises `NotReady` where only one of the labels is given, (labels,) bool."""
    if np.count_nonzero(given) < 2:
        raise NotReady(
            f"every answer is {labels[int(given.argmax())]!r}: agreement beyond chance cannot be told from one label"
        )


def paired(counts: np.ndarray) -> np.ndarray:
    """The rows with two answers or more."""
    several = answered(counts) >= 2
    return counts if several.all() else counts[several]


def answered(counts: np.ndarray) -> np.ndarray:
    """(items,) how many answers; by BLAS, which is several times as fast on short rows as a sum."""
    number: np.ndarray = counts @ np.ones(counts.shape[1])
    return number


def met(one: np.ndarray, other: np.ndarray, labels: int) -> np.ndarray:
    """(items, labels * labels) float: a 1 where the two labels (items,) int meet."""
    table = np.zeros((len(one), labels * labels))
    table[np.arange(len(one)), one * labels + other] = 1
    return table


def moments(item: np.ndarray, number: np.ndarray, items: int) -> np.ndarray:
    """(items, 3): count, sum and sum of squares of each item's numbers, scaled to mean 0 and variance 1.

    Alpha does not see the scale, and rounding is less.
    """
    x = (number - number.mean()) / (number.std() or 1.0) if len(number) else number
    rows = np.column_stack([np.bincount(item, weights, items) for weights in (None, x, x * x)])
    found: np.ndarray = rows[rows[:, 0] >= 2]
    return found


def check_ordered(known: Votes, measure: str, given: bool) -> None:
    """Raises `SettingError` for labels that have no order, or no distance, where the measure needs it."""
    words = [name for name in known.labels if isinstance(name, bool) or not isinstance(name, int | float)]
    if words and measure == "krippendorff:interval":
        raise SettingError(f"{measure} measures distances of numbers; the label {words[0]!r} is none")
    if words and measure == "krippendorff:ordinal" and not given:
        raise SettingError(
            f"{measure} needs the order of {words[0]!r} and the others: give labels=[...] in order"
        )


def both(known: Votes) -> tuple[np.ndarray, np.ndarray]:
    """The labels of the two annotators on the items both answered. Raises `SettingError` if they are not two."""
    who = np.unique(known.annotator)
    if len(who) != 2:
        raise SettingError(
            f"cohen compares two annotators, there are {len(who)}; per_pair compares all, fleiss and krippendorff "
            "measure them together"
        )
    table = np.full((2, len(known.items)), -1)
    table[np.searchsorted(who, known.annotator), known.item] = known.label
    one, other = table[:, (table >= 0).all(axis=0)]
    return one, other


def estimated(rows: np.ndarray, measure: str, resamples: int, rng: np.random.Generator) -> Estimate:
    """The measure of these items with its interval."""
    return of_kinds(*np.unique(rows, axis=0, return_counts=True), measure, resamples, rng)


def of_kinds(
    kinds: np.ndarray, times: np.ndarray, measure: str, resamples: int, rng: np.random.Generator
) -> Estimate:
    """The same of items that come by kinds (k, columns), each `times` (k,) int; how many there are costs little."""
    n, value_of = int(times.sum()), (MEASURES | OF_TASKS)[measure]
    if n == 0:
        raise NotReady("no item has two answers yet; agreement needs items that several people answered")
    value = float(value_of(kinds, times.astype(float)))
    if value >= 1 - 1e-12:
        low, high = interval(n, n)
    else:
        low, high = bca(kinds, times, value_of, value, resamples, rng)
    return Estimate(value, min(low, value), max(high, value), n, measure, "bootstrap")


def bca(
    kinds: np.ndarray,
    times: np.ndarray,
    value_of: Measure,
    value: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The bias-corrected and accelerated 95 % bootstrap interval over items (Efron 1987).

    kinds (k, columns): different items; times (k,): how many there are of each.
    """
    from scipy.special import ndtr, ndtri

    place = np.repeat(np.arange(len(kinds)), times)
    n = len(place)
    drawn = np.concatenate([value_of(kinds, often) for often in resampled(place, times, resamples, rng)])
    below = (np.mean(drawn < value) + np.mean(drawn <= value)) / 2
    start = ndtri(np.clip(below, 1 / resamples, 1 - 1 / resamples))
    gone = np.zeros((min(n, GROUPS), len(kinds)))
    np.add.at(gone, (rng.permutation(n) % len(gone), place), 1)
    without = value_of(kinds, times - gone) if n > 1 else np.zeros(1)
    away = without.mean() - without
    spread = float(away @ away) ** 1.5
    bend = float((away**3).sum()) / (6 * spread) if spread > 0 else 0.0
    ends = start + ndtri(np.array([0.025, 0.975]))
    low, high = np.quantile(drawn, ndtr(start + ends / np.maximum(1 - bend * ends, 1e-3)))
    return float(low), float(high)


def resampled(
    place: np.ndarray, times: np.ndarray, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """(some, kinds) float, block by block: how often each kind is among n items drawn with replacement."""
    n, kinds = len(place), len(times)
    size = max(1, BLOCK // n)
    for first in range(0, resamples, size):
        count = min(size, resamples - first)
        if kinds * 8 <= n:
            yield rng.multinomial(n, times / n, count).astype(float)
        else:
            drawn = place[rng.integers(n, size=(count, n))] + np.arange(count)[:, None] * kinds
            yield np.bincount(drawn.ravel(), minlength=count * kinds).reshape(count, kinds).astype(float)


# -- by class, by pair, over time -----------------------------------------------------------------------------------


def per_class(
    answers: Any, measure: str = "krippendorff", *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[Any]]:
    """Agreement on each label against all others: a table label, value, low, high, items (with the label).

    measure: "raw", "fleiss" or "krippendorff"; the rest is as for `agreement`.
    """
    if measure not in ("raw", "fleiss", "krippendorff"):
        raise SettingError(
            f"a label against the others is measured by raw, fleiss or krippendorff, not {measure!r}"
        )
    known = votes(answers)
    counts = known.counts()
    rows = []
    for k, name in enumerate(known.labels):
        two = np.column_stack([counts[:, k], counts.sum(axis=1) - counts[:, k]])
        rng = np.random.default_rng([seed, k])
        if len(known.labels) > 1:
            found = estimated(paired(two), measure, resamples, rng)
            rows.append((name, found.value, found.low, found.high, int((counts[:, k] > 0).sum())))
    return table(("label", "value", "low", "high", "items"), rows)


def per_pair(
    answers: Any, least: int = 1, *, most: int | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[Any]]:
    """Cohen's kappa of every two annotators who met: a table one, other, items, raw, kappa, low, high.

    Pairs with fewer than `least` items in common are left out, and all but the `most` pairs with the most items in
    common; where both gave one and the same label throughout, kappa is 1.
    """
    known = votes(answers)
    rows = []
    for a, b, one, other in pairs(known, least, most):
        together = met(one, other, len(known.labels))
        found = estimated(together, "cohen", resamples, np.random.default_rng([seed, a, b]))
        names = known.annotators[a], known.annotators[b]
        rows.append((*names, found.n, float(np.mean(one == other)), found.value, found.low, found.high))
    return table(("one", "other", "items", "raw", "kappa", "low", "high"), rows)


def pairs(
    known: Votes, least: int = 1, most: int | None = None
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """(a, b, labels of a, labels of b) for annotators a < b with `least` items in common; the `most` with most."""
    from scipy.sparse import csr_matrix, triu

    size = (len(known.annotators), len(known.items))
    said = csr_matrix((known.label + 1, (known.annotator, known.item)), shape=size)  # a 0 would be no entry
    there = csr_matrix((np.ones(len(said.data), dtype=np.int64), said.indices, said.indptr), shape=size)
    common = triu(there @ there.T, k=1).tocoo()  # only those who met: never annotators x annotators
    enough = np.flatnonzero(common.data >= least)
    kept = enough[np.argsort(-common.data[enough], kind="stable")][:most]
    for k in kept[np.lexsort((common.col[kept], common.row[kept]))]:
        a, b = int(common.row[k]), int(common.col[k])
        mine, theirs = (slice(said.indptr[j], said.indptr[j + 1]) for j in (a, b))
        _, left, right = np.intersect1d(
            said.indices[mine], said.indices[theirs], assume_unique=True, return_indices=True
        )
        yield a, b, said.data[mine][left] - 1, said.data[theirs][right] - 1


def over_time(
    answers: Any,
    measure: str = "krippendorff",
    windows: int = 10,
    *,
    labels: Sequence[Any] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, list[Any]]:
    """Agreement in the order of time: a table first, last, items, value, low, high, one row a window.

    An item belongs where its last answer stands in the table; the windows hold equally many items with two answers
    or more. A window whose answers are all the same has no agreement beyond chance and no row.
    """
    known = votes(answers, labels)
    check_ordered(known, measure, labels is not None)
    last = np.full(len(known.items), -1)
    np.maximum.at(last, known.item, np.arange(len(known)))
    several = np.flatnonzero(np.bincount(known.item, minlength=len(known.items)) >= 2)
    several = several[np.argsort(last[several])]
    rows = []
    for k, part in enumerate(np.array_split(several, min(windows, len(several)) or 1)):
        try:
            items = seen(known.take(np.isin(known.item, part)), measure)
            found = estimated(items, measure, resamples, np.random.default_rng([seed, k]))
        except NotReady:
            continue
        ends = int(last[part[0]]), int(last[part[-1]])
        rows.append((*ends, found.n, found.value, found.low, found.high))
    return table(("first", "last", "items", "value", "low", "high"), rows)


def table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows as columns by name."""
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
