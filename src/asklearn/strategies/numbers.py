"""When the answer is a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.loops.centres import from_mean
from asklearn.loops.points import distances, rows, squares
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


def lcmd(
    view: View, embedding: Any, n: int, rng: np.random.Generator, labelled: Labelled | None = None
) -> Positions:
    """Largest cluster, maximum distance: of the cluster whose squared distances add up to most, the farthest item.

    Holzmueller et al. 2023 (LCMD-TP). Clusters gather around what is labelled, reserved or chosen; with the gradients
    or last features of a network as embedding it was best of many for regression.
    """
    size, lengths = view.size, squares(embedding)
    known = known_points(labelled, embedding)
    centre, far = np.zeros(size, dtype=np.intp), np.full(size, np.inf)
    for part in blocks(known.shape[0], size, entries=1 << 22):
        some = rows(known, part)
        apart = distances(embedding, lengths, some, squares(some))
        at = apart.argmin(axis=1)
        near = apart[np.arange(size), at]
        centre = np.where(near < far, at + part.start, centre)
        far = np.minimum(far, near)
    if known.shape[0] == 0:
        far = from_mean(embedding)  # the mean stands for the first label
    order = rng.permutation(size)
    found = np.empty(n, dtype=np.intp)
    free = np.ones(size, dtype=bool)
    first = max(1, known.shape[0])
    for i in range(n):
        mass = np.bincount(centre[free], far[free], minlength=first + i)
        largest = np.flatnonzero(mass == mass.max())
        most = np.where(free & np.isin(centre, largest), far, -1)
        found[i] = at = order[int(np.argmax(most[order]))]
        free[at] = False
        one = rows(embedding, [at])
        near = distances(embedding, lengths, one, squares(one))[:, 0]
        closer = near < far
        centre[closer], far[closer] = first + i, near[closer]
    return found


def igs(
    view: View,
    embedding: Any,
    mean: Array,
    n: int,
    rng: np.random.Generator,
    labelled: Labelled | None = None,
) -> Positions:
    """Each the farthest from all before it, in features times in (predicted) answers. Wu et al. 2019 (iGS).

    score(x) = min_l |x - l| |f(x) - y_l| over what is labelled or chosen; what is not answered yet counts with its
    prediction, or not at all where there is none. Where nothing is labelled, it starts nearest to the mean.
    """
    size, lengths = view.size, squares(embedding)
    far = np.full(size, np.inf)
    known = known_points(labelled, embedding)
    y = (
        np.full(known.shape[0], np.nan)
        if labelled is None or labelled.y is None
        else labelled.y.astype(float)
    )
    if len(y) != known.shape[0]:
        raise SettingError(
            f"igs needs an answer for each labelled item; {len(y)} were given for {known.shape[0]}"
        )
    answered = np.flatnonzero(np.isfinite(y))
    for part in blocks(len(answered), size, entries=1 << 22):
        some = rows(known, answered[part])
        away = distances(embedding, lengths, some, squares(some)) * (mean[:, None] - y[answered[part]]) ** 2
        np.minimum(far, away.min(axis=1), out=far)
    order = rng.permutation(size)
    found = np.empty(n, dtype=np.intp)
    free = np.ones(size, dtype=bool)
    for i in range(n):
        wish = far if np.isfinite(far).any() else -from_mean(embedding)
        found[i] = at = order[int(np.argmax(np.where(free, wish, -np.inf)[order]))]
        free[at] = False
        one = rows(embedding, [at])
        np.minimum(
            far, distances(embedding, lengths, one, squares(one))[:, 0] * (mean - mean[at]) ** 2, out=far
        )
    view.tell(found)
    return found
