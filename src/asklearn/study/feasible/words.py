"""What a study found, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from asklearn.study.feasible.forecast import NEARLY, Forecast
from asklearn.study.feasible.gains import Gain, Interval
from asklearn.study.feasible.verdict import NO, TRIFLE, WORTH, YES, sure

MANY = 0.05  # a share of copies or doubtful labels from which on they are worth a word
JUMPY = 1.5  # times as unsteady as random
LITTLE = 0.02  # of the metric: less than that between random and all labels is little
FAR = 10.0  # times as many labels as were measured: beyond that a forecast is a guess
APART = 0.1  # of 0 to 1: below it neighbours share their class hardly oftener than by chance


def spelt(metric: str) -> str:
    """A metric as people write it.

    >>> spelt("balanced_accuracy")
    'balanced accuracy'
    """
    return metric.replace("_", " ")


def count(n: float, of: str = "label") -> str:
    """A number of things.

    >>> count(1), count(1200, "row")
    ('1 label', '1,200 rows')
    """
    return f"{n:,.0f} {of}" + ("" if round(n) == 1 else "s")


def between(interval: Interval, digits: int = 0) -> str:
    """An interval in brackets, as sentences hold it.

    >>> between(Interval(0.03, 0.02, 0.0451), 3)
    '(0.020 to 0.045)'
    """
    return f"({interval.low:,.{digits}f} to {interval.high:,.{digits}f})"


def outcome(
    verdict: str, found: Gain, plainest: Gain, budget: int, metric: str, doubtful: float
) -> list[str]:
    """What the trials say of the strategy that does best, and why that makes the verdict."""
    saved = found.needs.below(budget)
    reach = (
        f"{found.strategy} needs {count(found.needs.value)} {between(found.needs)} to be as good as {budget:,} "
        f"random ones: {saved.value / budget:.0%} fewer."
    )
    if found.needs.value > budget:
        reach = f"{found.strategy} with {count(budget)} is no better than fewer random ones."
    gain = (
        f"From half of the labels on, {spelt(metric)} is {found.gain.value:+.3f} {between(found.gain, 3)} against "
        f"random, {found.cut.value:.0%} ({found.cut.low:.0%} to {found.cut.high:.0%}) of its errors, and better in "
        f"{found.wins:.0%} of the runs."
    )
    if verdict == YES:
        return [reach, gain]
    if verdict == NO:
        return [
            f"Surely no strategy tried saves {TRIFLE:.0%} of the errors of random, or {WORTH:.0%} of the labels.",
            f"The best of them: {reach}",
            gain,
        ]
    if sure(found, budget, doubtful):
        loss = plainest.gain
        lost = f"{loss.value:+.3f}, {loss.low:+.3f} to {loss.high:+.3f}"
        return [
            f"It hangs on the strategy: asking for what the model is least sure of surely loses ({lost}).",
            f"Still, {reach}",
            gain,
        ]
    why = (
        f"It is not sure that a strategy saves {TRIFLE:.0%} of random's errors and {WORTH:.0%} of the labels."
    )
    if found.cut.low >= TRIFLE:
        why = "Something is saved, but it may be fewer labels than is worth the trouble."
    if TRIFLE <= found.cut.low < doubtful:
        why = (
            f"Something is saved, but surely only {found.cut.low:.0%} of random's errors, and about {doubtful:.0%} of "
            "the labels are in doubt: people may be less sure than this simulation of what is asked."
        )
    return [why, f"As far as one can see, {reach}", gain]


def money(saved: Interval, price: float) -> str:
    """What the labels saved are worth."""
    return f"At {price:,.2f} a label that saves {saved.value:,.2f} {between(saved, 2)}."


def needed(labels: int | None) -> list[str]:
    """How many more labels would tell; None for none that could be had."""
    if labels is None:
        return ["More labels would hardly tell."]
    return [f"If the gain is what it seems, about {count(labels)} more would make it sure."] if labels else []


def too_few(rows: int, counts: np.ndarray, labels: int, least: int, each: int) -> list[str]:
    """Why nothing was tried: fewer rows than `least`, or no second class with `each` of them."""
    ask = f"Label about {labels:,} more, drawn at random, and ask again."
    if len(counts) < 2:
        return [
            f"All {count(rows)} are of one class: nothing can be learned before another one is found.",
            ask,
        ]
    sizes = f"Of {len(counts):,} classes the rarest has {count(counts.min())}, the largest {counts.max():,}."
    if rows < least:
        return [f"{count(rows)} are too few to try strategies with: it takes {least:,}.", ask, sizes]
    return [
        f"Only one class has {count(each)} or more: too few of the others to learn or to measure.",
        ask,
        sizes,
    ]


def room(random: float, full: float, budget: int, metric: str) -> list[str]:
    """What is left to gain after the random labels."""
    left = abs(full - random)
    if left >= LITTLE:
        return []
    return [
        f"There is little left to gain: {budget:,} random labels reach {spelt(metric)} {random:.3f}, all {full:.3f}."
    ]


def signs(found: Mapping[str, float]) -> list[str]:
    """What is worth a word among the signs."""
    said = []
    if found.get("copies", 0) >= MANY:
        said.append(
            f"{found['copies']:.0%} of the rows are copies of another, or nearly: choose with a strategy that covers, "
            "and keep copies together when splitting (groups)."
        )
    if found.get("doubtful", 0) >= MANY:
        said.append(
            f"About {found['doubtful']:.0%} of the labels are denied by models that never saw them: wrong labels, or "
            "classes that overlap; what looks uncertain may be no more than that."
        )
    if found.get("purity", 1) < APART:
        said.append(
            "Neighbours share their class hardly oftener than by chance: the features say little, and better ones "
            "would help more than better labels."
        )
    if found.get("falls", 0) >= JUMPY or found.get("spread", 0) >= JUMPY:
        said.append(
            f"Asking for what the model is least sure of is erratic here: it falls {found['falls']:.1f} times as much "
            f"from round to round as random does, and differs {found['spread']:.1f} times as much between splits."
        )
    return said


def luck(table: Mapping[str, list[Any]]) -> list[str]:
    """Whether the best models of a fifth of the labels reach the worst of four fifths."""
    if not table:
        return []
    reach = dict(zip(table["metric"], table["reach"], strict=True))
    few, many = min(table["labels"]), max(table["labels"])
    luckiest = {metric: share for metric, share in reach.items() if share > 0}
    if not luckiest:
        said = f"No model of {count(few)} drawn at random was as good as the worst of {many:,}"
        return [f"{said}: how many there are weighs more than which."]
    shares = ", ".join(f"{metric} {share:.0%}" for metric, share in luckiest.items())
    said = f"Of the models of {count(few)} drawn at random some were as good as the worst of {many:,}"
    return [f"{said} ({shares}): which ones there are matters."]


def future(found: Forecast | None, metric: str) -> list[str]:
    """What random labels would come to, as far as that can be foretold."""
    if found is None or found.nearly is None:
        return []
    ceiling = f"Random labels would come to {spelt(metric)} {found.curve.ceiling:.3f} at most"
    if found.nearly > FAR * max(found.labels):
        return [f"{ceiling}, after more of them than can be foretold."]
    return [f"{ceiling}; {NEARLY:.0%} of that takes about {count(found.nearly)}."]
