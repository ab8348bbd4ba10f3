"""Ask about a new item, or once more about an old one? Both on one scale: what one more answer would tell."""

from __future__ import annotations

import numpy as np

from asklearn.people.assisted import assisted
from asklearn.people.crowdlab import crowdlab
from asklearn.people.votes import Votes


def again_or_new(votes: Votes, model: np.ndarray) -> np.ndarray:
    """(items,) >= 0, higher = ask sooner: what an answer of somebody like the others would tell of the label.

    model (items, labels): probabilities of all items, from models that did not learn from the item. An item without
    an answer is as doubtful as the model is, one with answers as doubtful as these and the model leave it.
    """
    found = assisted(votes, model)
    said = np.bincount(votes.annotator, minlength=len(votes.annotators)) > 0
    crowd = found.confusion[said].mean(axis=0) if said.any() else found.confusion.mean(axis=0)
    return information(found.proba, crowd)


def information(proba: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """(items,) or (items, annotators): the mutual information of an answer and the truth, in nats (Lindley 1956).

    proba (items, labels): p. confusion (.., labels, labels): e(c, l), the chance that a label l is given to an item
    that is c; of one annotator or of several. H(sum_c p(c) e(c, .)) - sum_c p(c) H(e(c, .)), H the entropy.

    >>> information(np.array([[0.5, 0.5], [1.0, 0.0]]), np.eye(2)).round(3).tolist()
    [0.693, 0.0]
    """
    answer = np.moveaxis(proba @ confusion, -2, 0)
    noise = np.moveaxis(entropy(confusion) @ proba.T, -1, 0)
    found: np.ndarray = np.maximum(entropy(answer) - noise, 0)
    return found


def entropy(p: np.ndarray) -> np.ndarray:
    """-sum p log p over the last axis, 0 log 0 being 0."""
    found: np.ndarray = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)
    return found


def activelab(votes: Votes, model: np.ndarray) -> np.ndarray:
    """(items,) in 0..1, higher = ask sooner: ActiveLab as published (Goh and Mueller 2023), to compare with.

        1 - (W_i q_i + w / labels) / (W_i + w)

    model (items, labels): as for `again_or_new`. q_i is the chance of the item's consensus by `crowdlab`, W_i the
    weight of the model and the item's annotators together, w the mean weight of an annotator.
    """
    found = crowdlab(votes, model)
    heard = np.bincount(votes.item, found.people[votes.annotator], len(votes.items)) + found.model
    quality = found.proba[np.arange(len(heard)), found.label]
    mean = found.people.mean()
    score: np.ndarray = 1 - (heard * quality + mean / len(votes.labels)) / (heard + mean)
    return score
