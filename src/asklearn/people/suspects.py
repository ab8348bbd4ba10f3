"""Answers that everything else speaks against: the list to look through."""

from __future__ import annotations

from typing import Any

import numpy as np

from asklearn.people.assisted import assisted
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.tally import without
from asklearn.people.votes import votes


def suspects(answers: Any, model: np.ndarray | None = None, *, below: float = 0.5) -> dict[str, list[Any]]:
    """The answers that are probably wrong, worst first: a table item, annotator, label, likely, chance.

    answers: a table item, annotator, label. model (items, labels): probabilities of the items in the order in which
    they come in the table, of the labels in their order, from models that did not learn from the item. chance: that
    the label is right, by the other answers to the item and the model, without the answer itself; `likely` is the
    label these are for. Answers with a chance of `below` or more are not listed.
    """
    known = votes(answers)
    if len(known) == 0:
        return {name: [] for name in ("item", "annotator", "label", "likely", "chance")}
    fitted = dawid_skene(known) if model is None else assisted(known, model)
    others = without(fitted, known)
    chance = others[np.arange(len(known)), known.label]
    likely = others.argmax(axis=1)
    found = np.flatnonzero((chance < below) & (likely != known.label))
    found = found[np.argsort(chance[found], kind="stable")]
    return {
        "item": [known.items[i] for i in known.item[found]],
        "annotator": [known.annotators[j] for j in known.annotator[found]],
        "label": [known.labels[k] for k in known.label[found]],
        "likely": [known.labels[k] for k in likely[found]],
        "chance": chance[found].tolist(),
    }
