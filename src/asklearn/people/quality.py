"""How good each annotator is: share right, per class, over time, and who answers without looking.

Nobody knows the truth, so an annotator's answers are judged by what everybody else's say of the same items: for
answer n, q_n(c) is the chance that the label is c without that answer. Where the others are unsure, the intervals
are wide; where nobody else answered, they are everything there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from asklearn.errors import DataError, SettingError
from asklearn.estimate import Z95, wilson
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.tally import without
from asklearn.people.votes import Votes, read, votes

GRID = np.linspace(0, 1, 101)
BLIND = 0.1  # of all people, how many answer without looking, before anything is known of them
BREAK = 1800.0  # seconds without an answer that end a session


def quality(answers: Any) -> dict[str, list[Any]]:
    """What each annotator's answers are worth: a table with one row an annotator, in the order they came.

    answers: a table item, annotator, label. Columns: annotator; answers, how many; right, low, high: the share of
    right ones; looks, looks_low, looks_high: the share that rests on the item rather than on habit; blind: the chance
    that nothing does, a spammer. All of these from the likelihoods

        prod_n (a q_n(l_n) + (1 - a) (1 - q_n(l_n)) / (labels - 1)),    prod_n (t q_n(l_n) + (1 - t) h(l_n))

    of the share right a and the share that looks t (as in MACE, Hovy et al. 2013), h being how often the annotator
    gives each label: mean and 95 % interval of a and t, all values being as likely beforehand. For `blind`, one in ten
    has t = 0 beforehand, the others any t, twice as often one twice as large.
    """
    known = votes(answers)
    chance = others(known)[np.arange(len(known)), known.label]
    labels, people = len(known.labels), len(known.annotators)
    number = np.bincount(known.annotator, minlength=people)
    share = np.bincount(known.annotator * labels + known.label, minlength=people * labels).reshape(
        people, labels
    )
    habit = (share / np.maximum(number, 1)[:, None])[known.annotator, known.label]
    right = likelihood(known, chance, (1 - chance) / max(1, labels - 1))
    looks = likelihood(known, chance, habit)
    top = looks.max(axis=1, keepdims=True)
    at_zero, anywhere = np.exp(looks - top)[:, 0], np.exp(looks - top) @ (GRID / GRID.sum())
    blind = BLIND * at_zero / (BLIND * at_zero + (1 - BLIND) * anywhere)
    columns = {"annotator": known.annotators, "answers": number.tolist()}
    for name, found in (("right", right), ("looks", looks)):
        value, low, high = believed(found)
        ends = ("low", "high") if name == "right" else ("looks_low", "looks_high")
        columns |= {name: value.tolist(), ends[0]: low.tolist(), ends[1]: high.tolist()}
    return columns | {"blind": blind.tolist()}


def others(known: Votes) -> np.ndarray:
    """(n, labels): q_n, what all but the answer itself say of its item."""
    return without(dawid_skene(known), known) if len(known) else np.empty((0, len(known.labels)))


def likelihood(known: Votes, this: np.ndarray, else_: np.ndarray) -> np.ndarray:
    """(annotators, grid) the log likelihood of each share x: sum_n log(x this_n + (1 - x) else_n)."""
    people = len(known.annotators)
    logs = (np.log(np.maximum(x * this + (1 - x) * else_, 1e-12)) for x in GRID)
    return np.column_stack([np.bincount(known.annotator, each, people) for each in logs])


def believed(found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and the 95 % interval of each row's log likelihood over the grid, (rows,) each."""
    p = np.exp(found - found.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    reached = np.cumsum(p, axis=1)
    low, high = ((reached < end).sum(axis=1) for end in (0.025, 0.975))
    return p @ GRID, GRID[np.maximum(low - 1, 0) * (low > 0)], GRID[np.minimum(high, len(GRID) - 1)]


def spammers(answers: Any, above: float = 0.5) -> list[Any]:
    """The annotators whose answers probably have nothing to do with the items: `blind` of `quality` over `above`."""
    found = quality(answers)
    return [name for name, blind in zip(found["annotator"], found["blind"], strict=True) if blind > above]


def confusions(answers: Any) -> dict[str, list[Any]]:
    """What each annotator takes each label for: a table annotator, truth, label, answers, share, low, high.

    One row for every pair of labels of every annotator. answers: how many items of that truth the annotator is
    believed to have seen, by Dawid and Skene's chances; share with its 95 % interval (Wilson's), 0 to 1 where none.
    """
    known = votes(answers)
    proba = dawid_skene(known).proba if len(known) else np.empty((0, len(known.labels)))
    labels, rows = len(known.labels), []
    for j, name in enumerate(known.annotators):
        mine = known.annotator == j
        table = np.zeros((labels, labels))
        np.add.at(table.T, known.label[mine], proba[known.item[mine]])
        for c in range(labels):
            seen = float(table[c].sum())
            for k in range(labels):
                low, high = wilson(table[c, k], seen) if seen > 1e-9 else (0.0, 1.0)
                share = float(table[c, k]) / seen if seen > 1e-9 else 1 / labels
                rows.append((name, known.labels[c], known.labels[k], seen, share, float(low), float(high)))
    names = ("annotator", "truth", "label", "answers", "share", "low", "high")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


# -- over time ------------------------------------------------------------------------------------------------------


def drift(answers: Any) -> dict[str, list[Any]]:
    """Whether people get better or worse: the change of the share right per 100 answers of their own.

    answers: a table item, annotator, label, in the order of time. A table annotator, answers, change, low, high:
    the first step of Newton's method from no change, b = sum (x - x_) s / sum (x - x_)^2 s^2, s being the slope of the
    log likelihood (`quality`) in the share right, with its 95 % interval; it is drift where that leaves out 0.
    People with fewer than 20 answers have a change of 0 between -1 and 1.
    """
    known = votes(answers)
    return trend(known, lambda mine: np.arange(len(mine)) / 100)


def fatigue(answers: Any) -> dict[str, list[Any]]:
    """Whether people tire: as `drift`, per hour since a session began.

    answers: a table item, annotator, label, at: seconds, rising for each annotator. Half an hour without an answer
    ends a session. Who never answered for a quarter of an hour has a change of 0 between -1 and 1.
    """
    at = times(read(answers, ("at",))["at"])
    known = votes(answers)

    def hours(mine: np.ndarray) -> np.ndarray:
        when = at[mine]
        begins = np.r_[True, np.diff(when) > BREAK][: len(when)]
        since: np.ndarray = when - when[begins][np.cumsum(begins) - 1]
        return since / 3600

    late = {j: np.flatnonzero(np.diff(at[known.annotator == j]) < 0) for j in range(len(known.annotators))}
    for j, back in late.items():
        if len(back):
            raise DataError(
                f"the times of annotator {known.annotators[j]!r} go back; sort the answers by time"
            )
    return trend(known, hours, least=0.25)


def times(cells: Sequence[Any]) -> np.ndarray:
    """(n,) float seconds. Raises `SettingError` for what is none."""
    try:
        found = np.asarray(cells, dtype=float)
    except (TypeError, ValueError) as error:
        raise SettingError(f"at is seconds, a number an answer: {error}") from error
    if not np.isfinite(found).all():
        raise SettingError("at is seconds, a number an answer; some are missing or not finite")
    return found


LEAST = 20  # answers from which on there is a trend


def trend(
    known: Votes, along: Callable[[np.ndarray], np.ndarray], least: float = 0.0
) -> dict[str, list[Any]]:
    """`drift` along any scale: along(positions of an annotator's answers) -> where each stands on it.

    Whose answers span less than `least` of it have no trend.
    """
    chance = others(known)[np.arange(len(known)), known.label]
    wrong = (1 - chance) / max(1, len(known.labels) - 1)
    value, _, _ = believed(likelihood(known, chance, wrong))
    rows = []
    for j, name in enumerate(known.annotators):
        mine = np.flatnonzero(known.annotator == j)
        a = value[j]
        slope = (chance[mine] - wrong[mine]) / (a * chance[mine] + (1 - a) * wrong[mine])
        x = along(mine)
        short = len(mine) < LEAST or np.ptp(x) < least
        # The mean share is fitted too, so x counts only by what the mean cannot explain.
        x = x - np.average(x, weights=slope**2 + 1e-12)
        weight = float((x * x) @ (slope * slope))
        if short or weight <= 1e-12:
            rows.append((name, len(mine), 0.0, -1.0, 1.0))
        else:
            change, half = float(x @ slope) / weight, Z95 / weight**0.5
            rows.append((name, len(mine), change, change - half, change + half))
    return {
        key: [row[i] for row in rows]
        for i, key in enumerate(("annotator", "answers", "change", "low", "high"))
    }
