"""How good predictions are on rows whose labels are known: probabilities and columns in, one number out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.errors import SettingError
from asklearn.measures import parts

SURE = 1e-6  # a probability below it counts as it: a class not seen yet must not cost without bounds


@dataclass(frozen=True)
class Truth:
    """Rows with known labels: `codes` (rows,) columns of the probabilities; `positive`: the rarer of two classes."""

    codes: np.ndarray
    classes: int
    positive: int | None = None


def confusion(proba: np.ndarray, truth: Truth) -> np.ndarray:
    """(classes, classes) counts: the true class by row, the likeliest one by column."""
    pairs = truth.codes * truth.classes + proba.argmax(axis=1)
    counts: np.ndarray = np.bincount(pairs, minlength=truth.classes**2).reshape(truth.classes, -1)
    return counts


def accuracy(proba: np.ndarray, truth: Truth) -> float:
    """The share of rows whose likeliest class is theirs.

    >>> accuracy(np.array([[0.9, 0.1], [0.2, 0.8]]), Truth(np.array([0, 0]), 2))
    0.5
    """
    return float((proba.argmax(axis=1) == truth.codes).mean())


def balanced_accuracy(proba: np.ndarray, truth: Truth) -> float:
    """The mean recall of the classes that occur.

    >>> balanced_accuracy(np.array([[1, 0], [1, 0], [1, 0]]), Truth(np.array([0, 0, 1]), 2))
    0.5
    """
    counts = confusion(proba, truth)
    there = counts.sum(axis=1)
    return float((counts.diagonal()[there > 0] / there[there > 0]).mean())


def macro_f1(proba: np.ndarray, truth: Truth) -> float:
    """The mean F1 of the classes that occur or are predicted: 2 right / (true + predicted).

    >>> round(macro_f1(np.array([[1, 0], [1, 0], [0, 1]]), Truth(np.array([0, 0, 1]), 2)), 3)
    1.0
    """
    counts = confusion(proba, truth)
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float((2 * counts.diagonal()[both > 0] / both[both > 0]).mean())


def average_precision(proba: np.ndarray, truth: Truth) -> float:
    """Of two classes that of the rarer one; of more the mean over the classes that occur.

    Sum over thresholds of the gain in recall times the precision; rows of one score count together.

    >>> average_precision(np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]]), Truth(np.array([1, 1, 0]), 2, positive=1))
    0.8333333333333333
    """
    asked = np.unique(truth.codes) if truth.positive is None else np.array([truth.positive])
    return float(np.mean([_precision(proba[:, k], truth.codes == k) for k in asked]))


def _precision(score: np.ndarray, right: np.ndarray) -> float:
    if not right.any():
        return 0.0
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(right[order])
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))  # the last row of each score
    gain = np.diff(found[last], prepend=0)
    return float((gain * found[last] / (last + 1)).sum() / found[-1])


def log_loss(proba: np.ndarray, truth: Truth) -> float:
    """Mean of -log of the probability of the true class, which counts as 1e-6 where it is less.

    >>> log_loss(np.array([[1.0, 0.0]]), Truth(np.array([0]), 2))
    0.0
    """
    right = proba[np.arange(len(proba)), truth.codes]
    return abs(float(-np.log(np.maximum(right, SURE)).mean()))


# -- of labels that are no classes: those foretold, and the true ones --------------------------------------------------


def equal(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """The share of rows that are right in every part."""
    return float(np.mean([p == t for p, t in zip(foretold, truth, strict=True)]))


def f1(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """2 shared / (foretold + true) over all parts of all rows; 1 where there is none of either.

    >>> f1([["a"], []], [["a", "b"], []]).__round__(3)
    0.667
    """
    both = [(parts(p), parts(t)) for p, t in zip(foretold, truth, strict=True)]
    size = sum(len(p) + len(t) for p, t in both)
    return 2 * sum(len(p & t) for p, t in both) / size if size else 1.0


def each_f1(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """The mean F1 of the labels that occur or are foretold."""
    names = sorted({name for labels in (*foretold, *truth) for name in labels}, key=str)

    def only(labels: Sequence[Any], name: Any) -> list[Any]:
        return [[name] if name in given else [] for given in labels]

    return float(np.mean([f1(only(foretold, name), only(truth, name)) for name in names])) if names else 1.0


def mae(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """Mean of |foretold - true|."""
    return float(np.mean(abs(np.asarray(foretold, dtype=float) - np.asarray(truth, dtype=float))))


def rmse(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """Root of the mean of (foretold - true)^2."""
    return float(np.sqrt(np.mean((np.asarray(foretold, dtype=float) - np.asarray(truth, dtype=float)) ** 2)))


def r2(foretold: Sequence[Any], truth: Sequence[Any]) -> float:
    """1 - sum (foretold - true)^2 / sum (true - mean)^2; 0 where all that is true is the same."""
    y = np.asarray(truth, dtype=float)
    spread = float(((y - y.mean()) ** 2).sum())
    return 1 - float(((np.asarray(foretold, dtype=float) - y) ** 2).sum()) / spread if spread > 0 else 0.0


METRICS: dict[str, Callable[[np.ndarray, Truth], float]] = {
    "accuracy": accuracy,
    "average_precision": average_precision,
    "balanced_accuracy": balanced_accuracy,
    "log_loss": log_loss,
    "macro_f1": macro_f1,
}
OF_LABELS: dict[
    str, dict[str, Callable[[Sequence[Any], Sequence[Any]], float]]
] = {  # kind of task -> its metrics
    "multilabel": {"accuracy": equal, "f1_micro": f1, "f1_macro": each_f1},
    "number": {"mae": mae, "r2": r2, "rmse": rmse},
    "spans": {"accuracy": equal, "f1": f1},
}
LOWER = frozenset({"log_loss", "mae", "rmse"})  # the less the better


def higher(name: str) -> bool:
    """Whether more of it is better; scikit-learn's scorers are all made so.

    >>> higher("accuracy"), higher("log_loss"), higher("neg_log_loss")
    (True, False, True)
    """
    return name not in LOWER


def of_numbers(metrics: Sequence[Any]) -> bool:
    """Whether one of them is of numbers alone: who asks for it means numbers, also where they look like classes."""
    return any(isinstance(metric, str) and metric in OF_LABELS["number"] for metric in metrics)


def suit(metrics: Sequence[Any], kind: str) -> None:
    """Nothing, or `SettingError` for a metric of ours that is of another kind of task."""
    ours: dict[str, Any] = METRICS if kind == "classes" else OF_LABELS[kind]
    # Of classes f1_macro and the like are scorers of scikit-learn.
    others = (
        {*OF_LABELS["number"]}
        if kind == "classes"
        else {*METRICS, *(n for m in OF_LABELS.values() for n in m)}
    )
    wrong = next((m for m in metrics if isinstance(m, str) and m in others and m not in ours), None)
    if wrong is not None:
        raise SettingError(
            f"{wrong} measures other answers than those of the task {kind!r}: choose {', '.join(sorted(ours))}"
        )


def name_of(metric: str | Callable[..., float]) -> str:
    """What a metric is called in tables."""
    return metric if isinstance(metric, str) else getattr(metric, "__name__", repr(metric))


def known(metrics: Sequence[Any]) -> None:
    """Nothing, or `SettingError` for what names no metric of any task."""
    if not metrics:
        raise SettingError(f"name a metric: {', '.join(sorted(METRICS))} or a scorer of scikit-learn")
    for metric in metrics:
        if callable(metric) or metric in METRICS or any(metric in named for named in OF_LABELS.values()):
            continue
        from sklearn.metrics import get_scorer_names

        if metric not in get_scorer_names():
            raise SettingError(
                f"there is no metric {metric!r}; there are {', '.join(sorted(METRICS))} and scikit-learn's scorers"
            )
    names = [name_of(metric) for metric in metrics]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingError(f"the metric {twice!r} is named twice")
