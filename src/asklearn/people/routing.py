"""Who should answer what: hard items to those who tell most about them."""

from __future__ import annotations

import numpy as np

from asklearn.errors import SettingError


def route(worth: np.ndarray, most: int | np.ndarray) -> np.ndarray:
    """(items,) int64: the annotator of each item, -1 for nobody, so that the sum of worth is the largest there is.

    worth (items, annotators): what this answer is worth, such as `information`; minus infinity where it must not be,
    because the annotator has answered the item. most: how many items an annotator takes, one number for all or
    (annotators,). With information as worth, easy items go to anybody and hard ones to the best: a good annotator
    gains most on them. Meant for a batch: the effort grows with items times all that people take.

    >>> route(np.array([[0.1, 0.3], [0.2, 0.6]]), 1).tolist()
    [0, 1]
    """
    from scipy.optimize import linear_sum_assignment

    given = np.asarray(worth, dtype=float)
    if given.ndim != 2 or np.isnan(given).any() or (given == np.inf).any():
        raise SettingError(
            f"worth is (items, annotators) numbers, none above all bounds; it has shape {given.shape}"
        )
    items, people = given.shape
    places = np.minimum(np.broadcast_to(np.asarray(most, dtype=int), (people,)), items)
    owner = np.repeat(np.arange(people), np.maximum(places, 0))
    found = np.full(items, -1, dtype=np.int64)
    if items == 0 or len(owner) == 0:
        return found
    legal = np.isfinite(given)
    span = float(np.ptp(given[legal])) + 1 if legal.any() else 1.0
    lift = span * min(items, len(owner))  # as many items as can be are given to somebody
    table = np.where(legal, given - (given[legal].min() if legal.any() else 0) + lift, 0.0)[:, owner]
    row, column = linear_sum_assignment(table, maximize=True)
    may = legal[row, owner[column]]
    found[row[may]] = owner[column[may]]
    return found
