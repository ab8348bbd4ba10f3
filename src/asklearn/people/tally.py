"""What all aggregators share: answers as a sparse matrix, beliefs from evidence, and what a fitted one can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.people.votes import Votes


@dataclass(frozen=True, eq=False)
class Fit:
    """What an aggregator makes of answers.

    proba (items, labels): the chance of each label; an item without an answer has the classes' shares. confusion
    (annotators, labels, labels): the chance that the annotator gives a label (last axis) to an item that truly has
    another (middle axis). `chance` (item, annotator, label) -> (n, labels): that of these answers under each truth.
    """

    proba: np.ndarray
    confusion: np.ndarray
    chance: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def plain(proba: np.ndarray, confusion: np.ndarray) -> Fit:
    """A fit whose annotators err alike on all items."""
    return Fit(proba, confusion, lambda item, annotator, label: confusion[annotator, :, label])


def matrix(votes: Votes) -> Any:
    """(items, annotators * labels) sparse: a 1 for each answer."""
    from scipy.sparse import csr_matrix

    column = votes.annotator * len(votes.labels) + votes.label
    shape = (len(votes.items), len(votes.annotators) * len(votes.labels))
    return csr_matrix((np.ones(len(votes)), (votes.item, column)), shape=shape)


def shares(votes: Votes) -> np.ndarray:
    """(items, labels): the share of an item's answers that gave the label; over all answers where it has none."""
    counts = votes.counts()
    total = counts.sum(axis=1, keepdims=True)
    everywhere = counts.sum(axis=0) / max(1, len(votes))
    found: np.ndarray = np.where(total > 0, counts / np.maximum(total, 1), everywhere)
    return found


def softmax(evidence: np.ndarray) -> np.ndarray:
    """(items, labels): exp(evidence), each row adding up to 1."""
    p: np.ndarray = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def tempered(proba: np.ndarray, temperature: float) -> np.ndarray:
    """(items, labels): p^(1 / temperature), each row adding up to 1; above 1 less sure, the order stays."""
    return softmax(np.log(np.maximum(proba, np.finfo(float).tiny)) / temperature)


def evidence(votes: Votes, gain: np.ndarray) -> np.ndarray:
    """(items, labels): the sum of the gains (n,) of the answers that gave the item this label."""
    size = (len(votes.items), len(votes.labels))
    return np.bincount(votes.item * size[1] + votes.label, gain, size[0] * size[1]).reshape(size)


def per_annotator(votes: Votes, weights: np.ndarray) -> np.ndarray:
    """(annotators, labels): the sum of the weights (n,) of the annotator's answers with this label."""
    size = (len(votes.annotators), len(votes.labels))
    return np.bincount(votes.annotator * size[1] + votes.label, weights, size[0] * size[1]).reshape(size)


def without(fit: Fit, votes: Votes) -> np.ndarray:
    """(n, labels): for each answer what the others and the classes' shares say of its item, the answer left out.

    Its own evidence is divided out; how right people are stays as fitted from all answers.
    """
    chance = fit.chance(votes.item, votes.annotator, votes.label)
    tiny = np.finfo(float).tiny
    return softmax(np.log(np.maximum(fit.proba[votes.item], tiny)) - np.log(np.maximum(chance, tiny)))
