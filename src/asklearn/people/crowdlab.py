"""Answers and a model weighed against each other (CROWDLAB, Goh, Tkachenko and Mueller 2022)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asklearn.errors import SettingError
from asklearn.people.votes import Votes

LEAST = 1e-6  # the least weight of an annotator and of the model, as published


@dataclass(frozen=True, eq=False)
class Weighed:
    """`proba` (items, labels); `label` (items,) int; `people` (annotators,) and `model`: their weights."""

    proba: np.ndarray
    label: np.ndarray
    people: np.ndarray
    model: float


def crowdlab(votes: Votes, model: np.ndarray) -> Weighed:
    """The mean of what the model and an item's annotators say, each by a weight of how well they do.

        p_i(c) ~ w p^_i(c) + sum_(n in i) w_j P(c, l_n),   P(c, l) = P if c = l else (1 - P) / (labels - 1)

    model (items, labels): its probabilities, from models that did not learn from the item. With A_j the share of
    others' answers to j's items that agree with j, A_M that of items where the model's best label is the consensus,
    and A_0 that of the most frequent consensus: w_j = 1 - (1 - A_j) / (1 - A_0), w = (1 - (1 - A_M) / (1 - A_0))
    sqrt(answers an item); P is the share of answers that are the consensus. A_M, A_0 and P are of items with several
    answers. The consensus is the majority's at first, then what p says. Where no item has several, every weight
    is 1 and p the model's alone, as published for ActiveLab. An item without an answer is left to the model.
    """
    model = checked(model, votes)
    counts = votes.counts()
    number = counts.sum(axis=1)
    several = number >= 2
    best = model.argmax(axis=1)
    # The majority; of several the model's, of several still the rarer.
    order = np.lexsort((-counts.sum(axis=0) * np.ones_like(model), model, counts))[:, -1]
    label = np.where(number > 0, order, best)
    if not several.any():
        return Weighed(model, label, np.ones(len(votes.annotators)), 1.0)
    trust = agree_with_others(votes, counts)
    for last in (False, True):
        share = np.take_along_axis(counts, label[:, None], 1)[several, 0] / number[several]
        right = share.mean()
        wrong = (1 - right) / max(1, counts.shape[1] - 1)
        often = np.bincount(label[several], minlength=counts.shape[1])
        guess = max(1 - often.max() / several.sum(), LEAST)
        people = np.maximum(1 - (1 - trust) / guess, LEAST)
        errors = np.mean(best[several] != label[several])
        own = max(1 - errors / guess, LEAST) * np.sqrt(number[number > 0].mean())
        each = people[votes.annotator]
        heard = np.bincount(votes.item, each, len(counts))
        by_label = np.bincount(votes.item * counts.shape[1] + votes.label, each, counts.size).reshape(
            counts.shape
        )
        proba = own * model + heard[:, None] * wrong + by_label * (right - wrong)
        proba /= proba.sum(axis=1, keepdims=True)
        if not last:
            label = proba.argmax(axis=1)
    return Weighed(proba, label, people, float(own))


def agree_with_others(votes: Votes, counts: np.ndarray) -> np.ndarray:
    """(annotators,) the share of others' answers to the same items that agree; the mean where there are none."""
    people = len(votes.annotators)
    others = counts.sum(axis=1)[votes.item] - 1
    alike = counts[votes.item, votes.label] - 1
    total = np.bincount(votes.annotator, others, people)
    share = np.bincount(votes.annotator, alike, people) / np.maximum(total, 1)
    found: np.ndarray = np.where(total > 0, share, share[total > 0].mean() if (total > 0).any() else 1.0)
    return found


def checked(model: np.ndarray, votes: Votes) -> np.ndarray:
    """The model's probabilities as float64. Raises `SettingError` unless they are (items, labels) and add up to 1."""
    proba = np.asarray(model, dtype=float)
    size = (len(votes.items), len(votes.labels))
    if proba.shape != size or not np.isfinite(proba).all() or (proba < 0).any():
        raise SettingError(
            f"the model's probabilities are {size}, finite and not negative; {proba.shape} were given"
        )
    if np.abs(proba.sum(axis=1) - 1).max(initial=0) > 1e-3:
        raise SettingError("the model's probabilities of an item add up to 1; these do not")
    return proba
