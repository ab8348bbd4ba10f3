"""Models of random parts of the labels: how much the luck of the draw is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from asklearn import models
from asklearn.study import metrics as measures
from asklearn.study.known import Known, Sides
from asklearn.study.metrics import Truth
from asklearn.study.simulate import Setup, scores

SHARES = (0.2, 0.4, 0.6, 0.8)
SHOWN = ("accuracy", "precision", "recall")
SUBSET = 5  # purpose of the generator that draws the parts

Table = dict[str, list[Any]]


def measured(known: Known, setup: Setup, rows: int, seed: int) -> dict[str, list[float]]:
    """Of models of a random 20, 40, 60 and 80 % of at most `rows` rows: name -> one value a share.

    "labels", "accuracy", "precision", "recall" and the metrics of the setup; all measured on the rows held out.
    """
    from threadpoolctl import threadpool_limits

    sides = known.sides(seed)
    rng = np.random.default_rng([seed, SUBSET])
    order = rng.permutation(len(sides.codes))[:rows]
    found: dict[str, list[float]] = {}
    for share in SHARES:
        at = order[: max(round(share * len(order)), 2)]
        if len(np.unique(sides.codes[at])) < 2:  # one class: a model of it would say nothing
            at = with_two(sides.codes, order, len(at))
        with threadpool_limits(1):
            values = {"labels": float(len(at)), **judged(known, sides, setup, at)}
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    return found


def with_two(codes: np.ndarray, order: np.ndarray, n: int) -> np.ndarray:
    """The first n of the order, the last of them replaced by the first row of another class."""
    other = order[np.flatnonzero(codes[order] != codes[order[0]])[:1]]
    return np.concatenate([order[: n - len(other)], other])


def judged(known: Known, sides: Sides, setup: Setup, at: np.ndarray) -> dict[str, float]:
    """The quality of a model fitted to the pool's rows at these positions."""
    labels = known.task.labels
    X, asked = seen(sides, setup)
    y = known.task.encode([sides.answers[sides.pool.ids[i]] for i in at])
    model = models.fit(models.make(setup.model), X(at), y)
    proba = models.proba(model, asked, labels)
    return plain(proba, sides.truth) | scores(model, asked, sides, known.task, setup)


def seen(sides: Sides, setup: Setup) -> tuple[Any, Any]:
    """(a function that takes rows of the pool, the rows held out), as the model of the setup sees them."""
    if isinstance(setup.model, str):
        return (lambda at: sides.features.X[at]), sides.X_test
    return (lambda at: sides.pool.rows([sides.pool.ids[i] for i in at])), sides.rows_test


def plain(proba: np.ndarray, truth: Truth) -> dict[str, float]:
    """accuracy, precision, recall; of two classes those of the rarer one, of more the mean over classes that occur.

    A class that is never predicted has precision 0.

    >>> plain(np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]), Truth(np.array([0, 1, 0]), 2, positive=1))
    {'accuracy': 0.6666666666666666, 'precision': 0.5, 'recall': 1.0}
    """
    counts = measures.confusion(proba, truth)
    right, true, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    asked = true > 0 if truth.positive is None else np.arange(len(true)) == truth.positive
    return {
        "accuracy": float(right.sum() / counts.sum()),
        "precision": float((right / np.maximum(said, 1))[asked].mean()),
        "recall": float((right / np.maximum(true, 1))[asked].mean()),
    }


def table(drawn: dict[str, np.ndarray]) -> Table:
    """One row a metric and share: labels, the worst, mean and best of the draws.

    drawn: name -> (seeds, shares), "labels" among them. `reach`: the share of models of 20 % that are as good as the
    worst of 80 %.
    """
    columns: Table = {}
    for name in SHOWN if drawn else ():
        values = drawn[name]
        reach = float((values[:, 0] >= values[:, -1].min()).mean())
        for i, share in enumerate(SHARES):
            row = {
                "metric": name,
                "share": share,
                "labels": round(float(drawn["labels"][:, i].mean())),
                "low": float(values[:, i].min()),
                "mean": float(values[:, i].mean()),
                "high": float(values[:, i].max()),
                "reach": reach,
            }
            for key, cell in row.items():
                columns.setdefault(key, []).append(cell)
    return columns
