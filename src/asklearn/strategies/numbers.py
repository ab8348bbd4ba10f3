"""When the answer is a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.loops.centres import SEVERAL, from_mean
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
    for several in blocks(known.shape[0], 1, entries=SEVERAL):
        some = rows(known, several)
        some_lengths = squares(some)
        for part in blocks(size, len(some), entries=1 << 19):
            apart = distances(embedding[part], lengths[part], some, some_lengths)
            at = apart.argmin(axis=1)
            near = apart[np.arange(len(at)), at]
            closer = near < far[part]
            centre[part][closer], far[part][closer] = at[closer] + several.start, near[closer]
    if known.shape[0] == 0:
        far = from_mean(embedding)  # the mean stands for the first label
    found = np.empty(n, dtype=np.intp)
    first = max(1, known.shape[0])
    for i in range(n):
        mass = np.bincount(centre, far, minlength=first + i)
        most = np.where((mass == mass.max())[centre], far, -1)
        most[found[:i]] = -2  # never twice, also when all that is left is copies
        farthest = np.flatnonzero(most == most.max())
        found[i] = at = farthest[rng.integers(len(farthest))]
        one = rows(embedding, [at])
        near = distances(embedding, lengths, one, squares(one))[:, 0]
        near[at] = 0
        closer = near < far
        closer[at] = True
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
    for several in blocks(len(answered), 1, entries=SEVERAL):
        some, told = rows(known, answered[several]), y[answered[several]]
        some_lengths = squares(some)
        for part in blocks(size, len(some), entries=1 << 19):
            away = distances(embedding[part], lengths[part], some, some_lengths)
            away = away * (mean[part, None] - told) ** 2
            np.minimum(far[part], away.min(axis=1), out=far[part])
    found = np.empty(n, dtype=np.intp)
    for i in range(n):
        wish = far.copy() if np.isfinite(far).any() else -from_mean(embedding)
        wish[found[:i]] = -np.inf
        farthest = np.flatnonzero(wish == wish.max())
        found[i] = at = farthest[rng.integers(len(farthest))]
        one = rows(embedding, [at])
        near = distances(embedding, lengths, one, squares(one))[:, 0]
        near *= (mean - mean[at]) ** 2
        np.minimum(far, near, out=far)
    view.tell(found)
    return found
