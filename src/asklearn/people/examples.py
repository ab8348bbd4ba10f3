"""Items that show what a label means: some that everybody would call so, and one that is easily confused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from asklearn.events import Label
from asklearn.people.answers import Prediction, names
from asklearn.people.tables import written
from asklearn.state import State

RECENT = 500  # labelled items looked at, the newest
GOOD = 2
CONFUSING = 1
DOUBT = 0.5  # what a model gives less is no good example of a label, even where people say it is one

Known = tuple[str, Label, str]  # item, its label, and who says so
Opinion = Callable[[str], Prediction | None]  # what the serving model says of an item


@dataclass(frozen=True)
class Example:
    """An item, what is known of it, and in words what is remarkable about it."""

    item: str
    label: Label
    words: str = ""


def known(state: State, by: str, enough: float) -> list[Known]:
    """What `by` may know of the items labelled last: their own answers, what was settled, and what all agree on.

    enough: answers after which nobody is asked an item again, infinite where there is no such number. Never what one
    other person said, nor what others said of an item that measures the model or people; of such a one the own answer
    all the same, for one that is missing would tell which they are.
    """
    newest = islice(reversed(state.answers), RECENT)
    found = (_known(state, item, by, enough) for item in newest)
    return [one for one in found if one is not None]


def examples(label: Label, among: list[Known], opinion: Opinion) -> tuple[list[Example], list[Example]]:
    """(good, confusing) items of the label.

    Where a model serves, the good ones are those that it is surest of, the confusing ones those where it is surest
    of the opposite.
    """
    good: list[tuple[float, Example]] = []
    confusing: list[tuple[float, Example]] = []
    for item, value, who in among:
        has = label in names(value)
        seen = opinion(item)
        p = float(has) if seen is None else _chance(seen, label)
        if has and p >= DOUBT:
            good.append((p, Example(item, value)))
        elif (1 - p if has else p) > DOUBT:
            words = f"{who} {written(value)}; the model gives {label} {p:.2f}"
            confusing.append((1 - p if has else p, Example(item, value, words)))
    return _best(good, GOOD), _best(confusing, CONFUSING)


def _chance(seen: Prediction, label: Label) -> float:
    """What the model gives the label; of passages the likeliest that it finds of it."""
    if seen.spans is None:
        return float(seen.probabilities.get(label, 0.0))
    return max((float(span["probability"]) for span in seen.spans if span["label"] == label), default=0.0)


def _best(found: list[tuple[float, Example]], n: int) -> list[Example]:
    return [example for _, example in sorted(found, key=lambda one: -one[0])[:n]]


def _measures(state: State, item: str) -> bool:
    return item in state.audited or item in state.gold


def _known(state: State, item: str, by: str, enough: float) -> Known | None:
    said = state.labels_of(item)
    if by not in said and _measures(state, item):
        return None
    # Nobody is asked what was settled or agreed on, so that gives nothing away; unless it is on their screen now.
    asked = by in state.leases.get(item, {})
    if item in state.settled and not asked:
        return item, state.settled[item].label, "a reviewer said"
    if by in said:
        return item, said[by], "you said"
    if asked or len(said) < max(2, enough):
        return None
    first, *others = said.values()
    return (item, first, "all said") if all(label == first for label in others) else None
