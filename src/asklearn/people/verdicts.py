"""What counts as an item's label: what a reviewer settled, else what people said together, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from asklearn.events import Label
from asklearn.people.assisted import assisted
from asklearn.people.consensus import METHODS, Aggregator, held_out, some
from asklearn.people.tally import tempered
from asklearn.people.votes import Votes, votes
from asklearn.state import State

AUTO, MAJORITY, ASSISTED = "auto", "majority", "assisted"
CHOICES = (AUTO, *METHODS)
ENOUGH = 50  # items that several people labelled, before answers can say whose count for more
LOOKED_AT = 5000  # answers by which a method is chosen: it takes a second, and more would tell the same
LIGHTEST = 0.05  # of a label in a fit: weights that come to nothing leave some estimators without a class

Merge = Callable[[Mapping[str, Label]], tuple[Label, float]]


def verdict(state: State, item: str, said: Mapping[str, Label], merge: Merge) -> tuple[Label, float]:
    """The item's label and how sure it is (0..1): settled is settled; `merge` is the task's rule for all others."""
    settled = state.settled.get(item)
    return merge(said) if settled is None else (settled.label, 1.0)


def weighs(state: State, kind: str, method: str) -> bool:
    """Whether people's answers count by who gave them, rather than each the same.

    They do for classes where a method is named, and by "auto" from 50 items on that several people labelled.
    """
    if kind != "classes" or method == MAJORITY:
        return False
    return method != AUTO or sum(state.together.values()) >= ENOUGH


@dataclass(frozen=True)
class Agreed:
    """What people said together: `label` (items,) int64, `sure` (items,) in 0..1, by `method`."""

    label: np.ndarray
    sure: np.ndarray
    method: str


def agreed(known: Votes, method: str, seed: Sequence[int], model: np.ndarray | None = None) -> Agreed:
    """The likeliest label of each item among those that somebody gave it; of several as likely the task's first.

    method: of `asklearn.consensus`. model (items, labels): probabilities from models that did not learn from the
    item; "auto" then takes them into account where answers are foretold better with them. `seed` draws the answers
    that methods are chosen by.
    """
    temperature = 1.0
    if method == AUTO:
        rng = np.random.default_rng(seed)
        few, places = compact(some(known, LOOKED_AT, rng))
        found = held_out(few, methods(None if model is None else model[places]), rng)
        method, temperature, _ = max(found, key=lambda one: one.score)
    proba = tempered(methods(model)[method](known).proba, temperature)
    # What nobody said is nobody's consensus: an answer may be doubted, but not replaced by a computed one.
    given = np.where(known.counts() > 0, proba, -1.0)
    label = (given >= given.max(axis=1, keepdims=True) - 1e-9).argmax(axis=1)
    return Agreed(label, proba[np.arange(len(label)), label], method)


def methods(model: np.ndarray | None) -> dict[str, Aggregator]:
    """All that there is to choose from, with a model's help where there is one."""
    if model is None:
        return METHODS
    return METHODS | {ASSISTED: lambda known: assisted(known, model)}


def compact(known: Votes) -> tuple[Votes, np.ndarray]:
    """The same without the items that have no answer, and where the others stood."""
    places, item = np.unique(known.item, return_inverse=True)
    return replace(known, items=[known.items[i] for i in places], item=item), places


def counted(
    said: Sequence[Mapping[str, Label]],
    names: Sequence[Label],
    method: str,
    seed: Sequence[int],
) -> dict[int, tuple[Label, float]]:
    """place in `said` -> label and weight, what was said of it being weighed by who said it; none where nothing was.

    names: all labels. It takes longer than people should wait.
    """
    known = votes(table({i: each for i, each in enumerate(said) if each}), names)
    if len(known) == 0:
        return {}
    found = agreed(known, method, seed)
    rows = zip(known.items, found.label.tolist(), found.sure.tolist(), strict=True)
    return {i: (known.labels[label], max(sure, LIGHTEST)) for i, label, sure in rows}


def table(said: Mapping[object, Mapping[str, Label]]) -> dict[str, list[object]]:
    """item -> annotator -> label as the columns item, annotator, label.

    >>> table({"a": {"ann": "ham", "bob": "spam"}})
    {'item': ['a', 'a'], 'annotator': ['ann', 'bob'], 'label': ['ham', 'spam']}
    """
    rows = [(item, by, label) for item, labels in said.items() for by, label in labels.items()]
    return {name: [row[i] for row in rows] for i, name in enumerate(("item", "annotator", "label"))}
