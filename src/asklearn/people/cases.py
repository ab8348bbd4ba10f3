"""Items that somebody should look at once more, and decide: those that people differ on above all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from asklearn.people.assisted import assisted
from asklearn.people.hearing import Heard
from asklearn.people.posterior import Crowd, chances
from asklearn.people.votes import Votes

DIFFER, FLAGGED, UNSURE, MODEL, SENT = "differ", "flagged", "unsure", "model", "sent"
WORDS: Mapping[str, str] = {  # none of them says who said what: whoever decides looks at the item first
    DIFFER: "people differ",
    FLAGGED: "somebody flagged it",
    UNSURE: "somebody was unsure",
    MODEL: "the model says otherwise",
    SENT: "sent to review",
}
SAID = 0.5  # the least doubt about an item that somebody flagged or was unsure of
AGAINST = 0.1  # the chance that a model gives a label, below which it says otherwise


@dataclass(frozen=True)
class Case:
    """An item to be decided: `doubt` is the chance that its label is wrong (0..1), `why` are keys of `WORDS`."""

    item: str
    doubt: float
    why: tuple[str, ...]


def cases(
    heard: Heard, known: Votes, crowd: Crowd, label: np.ndarray, model: np.ndarray | None
) -> list[Case]:
    """The items whose label is in doubt, most doubtful first; none that is settled, or whose answer is known.

    label (items,) int: what counts now. model (items, labels): its probabilities, best from models that did not
    learn from the item; doubt is then by answers and model together (`assisted`), else by answers alone.
    """
    row = np.arange(len(known.items))
    proba = chances(crowd, known) if model is None else assisted(known, model).proba
    doubt = 1 - proba[row, label]
    against = np.zeros(len(row), dtype=bool) if model is None else model[row, label] < AGAINST
    differ = (known.counts() > 0).sum(axis=1) > 1
    found = {
        item: Case(item, float(d), tuple(why for why, is_so in ((DIFFER, x), (MODEL, y)) if is_so))
        for item, d, x, y in zip(known.items, doubt, differ, against, strict=True)
    }
    return ordered(heard, found)


def doubted(heard: Heard, doubt: Mapping[str, float]) -> list[Case]:
    """The same where nothing but a doubt about each item's label is known: 0 where all say the same."""
    found = {item: Case(item, d, (DIFFER,) if d > 0 else ()) for item, d in doubt.items()}
    return ordered(heard, found)


def ordered(heard: Heard, found: Mapping[str, Case]) -> list[Case]:
    """With those that people flagged or were unsure of; most doubtful first, then in the order answered."""
    closed = heard.aside | heard.gold.keys() | heard.settled
    every = dict.fromkeys((*found, *sorted(heard.flagged), *sorted(heard.unsure)))
    rows = [_with(found.get(item, Case(item, 0.0, ())), heard) for item in every if item not in closed]
    return sorted((case for case in rows if case.why), key=lambda case: -case.doubt)


def _with(case: Case, heard: Heard) -> Case:
    also = [why for why, items in ((FLAGGED, heard.flagged), (UNSURE, heard.unsure)) if case.item in items]
    return Case(case.item, max(case.doubt, SAID if also else 0.0), (*case.why, *also)) if also else case


def words(why: Iterable[str]) -> str:
    """The reasons as one sentence.

    >>> words(["differ", "flagged"])
    'People differ, somebody flagged it.'
    """
    said = ", ".join(WORDS[reason] for reason in why)
    return f"{said[:1].upper()}{said[1:]}." if said else ""
