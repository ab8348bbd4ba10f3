"""When classes are rare: quotas, and the cuts between one class and the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.best import best
from asklearn.scores.uncertainty import margin
from asklearn.strategies.choice import Score, scored
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View

Array = NDArray[Any]


@value
class quota:
    """The best by score of whatever predicted class has fewest labels, chosen ones counted with their prediction.

    A class that is nowhere the most probable gets the items in which it is least improbable.
    """

    score: Score = margin

    def __call__(
        self, view: View, proba: Array, n: int, rng: np.random.Generator, labelled: Labelled | None = None
    ) -> Positions:
        scores, classes = scored(self.score, view), proba.shape[1]
        counts = _counts(labelled, classes).astype(float)
        counts += rng.random(classes) / 2  # among equal classes by lot
        predicted = proba.argmax(axis=1)
        order = best(scores, len(scores), rng)
        queues = [order[predicted[order] == c] for c in range(classes)]
        heads = np.zeros(classes, dtype=np.intp)
        free = np.ones(len(scores), dtype=bool)
        found = np.empty(n, dtype=np.intp)
        for i in range(n):
            c = int(np.argmin(counts))
            while heads[c] < len(queues[c]) and not free[queues[c][heads[c]]]:
                heads[c] += 1
            left = queues[c][heads[c] : heads[c] + 1]
            at = (left if len(left) else best(np.where(free, proba[:, c], -1), 1, rng))[0]
            found[i], free[at] = at, False
            counts[c] += 1
        view.tell(found, scores=scores[found])
        return found


def _counts(labelled: Labelled | None, classes: int) -> Array:
    """How often each class was answered."""
    y = None if labelled is None else labelled.y
    if y is None:
        return np.zeros(classes, dtype=np.intp)
    return np.bincount(y[y >= 0].astype(np.intp), minlength=classes)[:classes]


def against_rest(proba: Array, c: int) -> Array:
    """p(c|x) - max over the other classes: above 0 where c is predicted."""
    others = np.delete(proba, c, axis=1)
    return np.asarray(proba[:, c] - others.max(axis=1, initial=0))


def known_classes(labelled: Labelled | None) -> tuple[Array, Array]:
    """proba and class of what is labelled; what is on its way counts with its prediction."""
    if labelled is None or labelled.proba is None or not len(labelled):
        return np.empty((0, 0)), np.empty(0, dtype=np.intp)
    p = labelled.proba
    predicted = p.argmax(axis=1)
    if labelled.y is None:
        return p, predicted
    y = labelled.y.astype(np.intp)
    return p, np.where(y < 0, predicted, y)


def galaxy(proba: Array, n: int, rng: np.random.Generator, labelled: Labelled | None = None) -> Positions:
    """On the line of each class against the rest: halve the shortest gap between unlike labels, then widen the cuts.

    Zhang et al. 2022 (GALAXY), a class drawn at random for each item; what is chosen counts with its prediction, as its
    answer is not known within a batch. Finds the edges of rare classes, where the batch holds about as many of them
    as of others.
    """
    lines = [Line(proba, c, labelled, rng) for c in range(proba.shape[1])]
    found = np.empty(n, dtype=np.intp)
    free = np.ones(len(proba), dtype=bool)
    for i in range(n):
        found[i] = at = lines[rng.integers(len(lines))].cut(free)
        free[at] = False
        for line in lines:
            line.answer(at)
    return found


class Line:
    """All items in the order of one class's score, the labelled ones marked 1 (this class) or 0 (another)."""

    def __init__(self, proba: Array, c: int, labelled: Labelled | None, rng: np.random.Generator) -> None:
        known, y = known_classes(labelled)
        here = against_rest(proba, c)
        score = np.concatenate([here, against_rest(known, c)]) if len(y) else here
        lot = rng.permutation(len(score))
        self.order = lot[np.argsort(score[lot], kind="stable")]
        self.place = np.empty(len(score), dtype=np.intp)
        self.place[self.order] = np.arange(len(score))
        self.size = len(here)
        self.mark = np.full(len(score), -1)  # by item: -1 not known
        self.mark[self.size :] = y == c
        self.guess = here > 0

    def answer(self, item: int) -> None:
        self.mark[item] = self.guess[item]

    def cut(self, free: Array) -> int:
        """The next item to ask for on this line."""
        marks = self.mark[self.order]
        said = np.flatnonzero(marks >= 0)
        turns = np.flatnonzero(np.diff(marks[said]) != 0)
        low, high = said[turns], said[turns + 1]
        gaps = high - low
        if (gaps > 1).any():
            # every gap longer than 1 holds only items that nobody answered
            shortest = int(np.argmin(np.where(gaps > 1, gaps, len(marks) + 1)))
            return int(self.order[(low[shortest] + high[shortest]) // 2])
        open_places = np.sort(self.place[: self.size][free])
        # no cut known: the middle of the predictions, score 0
        cuts = (low + high) / 2 if len(low) else np.array([np.count_nonzero(~self.guess)])
        right = np.clip(np.searchsorted(cuts, open_places), 0, len(cuts) - 1)
        left = np.maximum(right - 1, 0)
        away = np.minimum(np.abs(cuts[right] - open_places), np.abs(cuts[left] - open_places))
        return int(self.order[open_places[int(np.argmin(away))]])


def direct(proba: Array, n: int, rng: np.random.Generator, labelled: Labelled | None = None) -> Positions:
    """Around the threshold that parts each class best from the rest on what is labelled, rarest classes first.

    Nuggehalli et al. 2023 (DIRECT): halfway between the labelled items between which a threshold errs least, then
    nearest to it. What is chosen counts with its prediction, as its answer is not known within a batch.
    """
    classes = proba.shape[1]
    order = np.lexsort((rng.permutation(classes), _counts(labelled, classes)))
    lines = {int(c): Line(proba, c, labelled, rng) for c in order}
    free = np.ones(len(proba), dtype=bool)
    found = np.empty(n, dtype=np.intp)
    for i in range(n):
        line = lines[int(order[i % classes])]
        low, high = _least_errors(line)
        places = np.sort(line.place[: line.size][free])
        middle = (low + high) / 2
        inside = places[(places > low) & (places < high)]
        wanted = inside if len(inside) else places
        found[i] = at = line.order[wanted[int(np.argmin(np.abs(wanted - middle)))]]
        free[at] = False
        for each in lines.values():
            each.answer(at)
    return found


def _least_errors(line: Line) -> tuple[float, float]:
    """The places between which a threshold (below: another class, above: this one) errs least on what is labelled."""
    marks = line.mark[line.order]
    said = np.flatnonzero(marks >= 0)
    if not len(said):
        cut = float(np.count_nonzero(~line.guess)) - 0.5
        return cut - 0.5, cut + 0.5
    ones = marks[said] == 1
    # errors of a threshold before the first, after the first ... after the last answered item
    errors = np.r_[0, np.cumsum(ones)] + np.r_[np.cumsum(~ones[::-1])[::-1], 0]
    edges = np.r_[-1, said, len(marks)]
    least = np.flatnonzero(errors == errors.min())
    widest = least[int(np.argmax(edges[least + 1] - edges[least]))]
    return float(edges[widest]), float(edges[widest + 1])
