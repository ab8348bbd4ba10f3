"""What the answers to one item say of its label, and how far that hangs on how well we know the people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asklearn.people.assisted import ALL, RIGHT
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.tally import softmax
from asklearn.people.votes import Votes

STRENGTH = 2.0  # what is known of all people counts for each of them, per label, as much as so many answers
DRAWS = 1000
ENDS = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class Crowd:
    """How often people give each label to items of each: believed counts of answers, with what we assume of anybody.

    counts (annotators + 1, labels, labels) > 0: true label by rows; the last is of somebody never seen before.
    start (labels,) > 0: how many items are believed to have the label.
    """

    annotators: tuple[str, ...]
    counts: np.ndarray
    start: np.ndarray

    def rows(self, by: Sequence[str]) -> np.ndarray:
        """(n,) the place of each of these people in `counts`."""
        place = {name: k for k, name in enumerate(self.annotators)}
        return np.array([place.get(name, len(self.annotators)) for name in by], dtype=np.intp)

    def mean(self) -> tuple[np.ndarray, np.ndarray]:
        """What `counts` and `start` come to as shares."""
        return self.counts / self.counts.sum(axis=-1, keepdims=True), self.start / self.start.sum()


def crowd(known: Votes, truth: np.ndarray | None = None) -> Crowd:
    """The people behind these answers, by Dawid and Skene's chances of the labels.

    truth (items,) int64: the labels of items that are known or settled, -1 elsewhere. Before anything is known of
    people, they are taken to be right in 0.8 of cases; that counts as much as ten answers, so that two people who
    contradict each other once are not taken for liars.
    """
    labels, people = len(known.labels), len(known.annotators)
    proba = dawid_skene(known, truth=truth).proba if len(known) else np.empty((0, labels))
    counts = np.zeros((people, labels, labels))
    np.add.at(np.moveaxis(counts, 1, 2), (known.annotator, known.label), proba[known.item])
    right = np.where(np.eye(labels, dtype=bool), RIGHT, (1 - RIGHT) / max(1, labels - 1))
    pooled = counts.sum(axis=0) + ALL / labels * right
    anybody = STRENGTH * pooled / pooled.sum(axis=1, keepdims=True)
    start = proba.sum(axis=0) + 1.0
    return Crowd(tuple(known.annotators), np.concatenate([counts + anybody, anybody[None]]), start)


def chances(found: Crowd, known: Votes) -> np.ndarray:
    """(items, labels): p(c) ~ q_c prod_n e_j(c, l_n), for all items of the votes that `found` was made of."""
    share, start = found.mean()
    said = np.log(share)[known.annotator, :, known.label]
    total = np.log(start) * np.ones((len(known.items), 1))
    np.add.at(total, known.item, said)
    return softmax(total)


def posterior(
    found: Crowd, by: Sequence[str], label: Sequence[int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(labels,) each: the chance of each label given these answers to one item, with its 95 % interval.

    The chance is that of the people's mean shares. The interval says what it would be for other people who might
    have given the same answers to all items: their shares are drawn from Dirichlet distributions with `counts`.
    """
    rows, said = found.rows(by), np.asarray(label, dtype=np.intp)
    share, start = found.mean()
    value = softmax((np.log(start) + np.log(share)[rows, :, said].sum(axis=0))[None])[0]
    # A Dirichlet's share of one label is a Beta's: only the label given is drawn, for each true label.
    one = found.counts[rows, :, said]
    drawn = rng.beta(one, found.counts[rows].sum(axis=-1) - one, size=(DRAWS, *one.shape))
    begin = rng.dirichlet(found.start, size=DRAWS)
    tiny = np.finfo(float).tiny
    each = softmax(np.log(np.maximum(begin, tiny)) + np.log(np.maximum(drawn, tiny)).sum(axis=1))
    low, high = np.quantile(each, ENDS, axis=0)
    return value, np.minimum(low, value), np.maximum(high, value)
