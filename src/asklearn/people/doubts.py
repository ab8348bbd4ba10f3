"""Whose label is in doubt, what one more answer would tell of each item, and who had best give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asklearn.people.assisted import assisted
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.relabel import information
from asklearn.people.routing import route
from asklearn.people.tally import Fit
from asklearn.people.votes import Votes

MOST = 300  # items in doubt that are looked at: more are not asked until there is another model


@dataclass(frozen=True, eq=False)
class Doubts:
    """Labelled items in doubt, those first of which an answer tells most, when a model was fitted.

    rows (m,) int: positions in the pool; heard (m,) int: how many labels each had; owner (m,): who should give the
    next, of those who had been asked since the model before. worth (rows of the pool,) float32: what an answer tells
    of each item, new or old, in nats; None where only answers that are due anyway are to be sent to the right person.
    """

    rows: np.ndarray
    heard: np.ndarray
    owner: tuple[str, ...]
    worth: np.ndarray | None = None


def weighed(votes: Votes, model: np.ndarray, present: Sequence[str]) -> tuple[np.ndarray, Doubts]:
    """Chances of each item's labels, (items, labels), by answers and a model together, and what is in doubt.

    votes: of all items of the pool, in its order. model (items, labels): what models that did not learn from an item
    say of it. present: who may be asked.
    """
    fitted = assisted(votes, model)
    said = np.bincount(votes.annotator, minlength=len(votes.annotators)) > 0
    crowd = fitted.confusion[said].mean(axis=0) if said.any() else fitted.confusion.mean(axis=0)
    worth = information(fitted.proba, crowd)
    heard = np.bincount(votes.item, minlength=len(votes.items))
    order = np.argsort(np.where(heard > 0, -worth, 1.0), kind="stable")
    rows = order[: min(MOST, np.count_nonzero(heard))]
    owner = owners(votes, fitted, rows, present)
    return fitted.proba, Doubts(rows, heard[rows], owner, worth.astype(np.float32))


def disagreed(votes: Votes, present: Sequence[str]) -> Doubts:
    """The items of which people say different things, by what these say alone."""
    counts = votes.counts()
    rows = np.flatnonzero((counts > 0).sum(axis=1) > 1)
    fitted = dawid_skene(votes)
    told = information(fitted.proba[rows], fitted.confusion.mean(axis=0))
    rows = rows[np.argsort(-told, kind="stable")][:MOST]
    return Doubts(rows, counts[rows].sum(axis=1).astype(np.intp), owners(votes, fitted, rows, present))


def owners(votes: Votes, fitted: Fit, rows: np.ndarray, present: Sequence[str]) -> tuple[str, ...]:
    """(m,) who of `present` should answer each row next, "" where nobody can: so that the answers tell most.

    Hard ones go to the best, and one half of the people may get them all. Somebody of whom nothing is known yet is
    taken for one like the others.
    """
    if not len(rows) or not present:
        return ("",) * len(rows)
    place = {name: j for j, name in enumerate(votes.annotators)}
    crowd = fitted.confusion.mean(axis=0)
    each = np.array([fitted.confusion[place[name]] if name in place else crowd for name in present])
    gain = information(fitted.proba[rows], each)
    at, who = np.full(len(votes.items), -1), np.full(len(place), -1)
    at[rows] = np.arange(len(rows))
    for j, name in enumerate(present):
        if name in place:
            who[place[name]] = j
    i, j = at[votes.item], who[votes.annotator]
    both = (i >= 0) & (j >= 0)
    gain[i[both], j[both]] = -np.inf
    most = -(-2 * len(rows) // len(present))
    return tuple(present[j] if j >= 0 else "" for j in route(gain, most))
