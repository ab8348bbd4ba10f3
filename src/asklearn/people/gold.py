"""Items whose label is known already, mixed in unseen: how right each annotator is on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.estimate import interval
from asklearn.people.votes import Votes, votes


def gold(answers: Any, truth: Mapping[Any, Any]) -> dict[str, list[Any]]:
    """Right answers on gold items: a table annotator, gold, right, value, low, high, in the order of annotators.

    answers: a table item, annotator, label. truth: item -> label. value is the share that is right, low and high
    its 95 % interval; an annotator without a gold answer has 0.5 between 0 and 1.
    """
    known = votes(answers)
    label = places(known, truth)[known.item]
    some = label != -1
    people = len(known.annotators)
    number = np.bincount(known.annotator[some], minlength=people).tolist()
    right = np.bincount(known.annotator[some], (known.label == label)[some], people).astype(int).tolist()
    ends = [interval(r, n) if n else (0.0, 1.0) for r, n in zip(right, number, strict=True)]
    return {
        "annotator": known.annotators,
        "gold": number,
        "right": right,
        "value": [r / n if n else 0.5 for r, n in zip(right, number, strict=True)],
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }


def places(known: Votes, truth: Mapping[Any, Any]) -> np.ndarray:
    """(items,) int64: the number of each gold item's label, -1 for an item that is none; as `dawid_skene` takes it.

    -2 for a gold label that nobody gave. Raises `DataError` for a truth
    that is missing.
    """
    place = {(type(name), name): k for k, name in enumerate(known.labels)}
    found = np.full(len(known.items), -1, dtype=np.int64)
    for i, item in enumerate(known.items):
        if item in truth:
            label = truth[item]
            if label is None:
                raise DataError(f"the gold item {item!r} has no label")
            found[i] = place.get((type(label), label), -2)
    return found
