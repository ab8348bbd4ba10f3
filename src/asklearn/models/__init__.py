"""Who predicts: any scikit-learn estimator, made, fitted, asked for probabilities and kept.

This is the seam to the estimator: what it returns is checked behind it, once, and nowhere else.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import NotReady
from asklearn.models.align import proba

__all__ = [
    "KINDS",
    "fit",
    "fit_weighed",
    "known",
    "load",
    "make",
    "marginals",
    "names",
    "numbers",
    "proba",
    "save",
    "weighs",
]


KINDS = ("classes", "multilabel", "number", "spans")  # of tasks that models are for


def names(kind: str = "classes") -> list[str]:
    """The models that can be named by a word, for a task of this kind.

    >>> names()
    ['auto', 'forest', 'gradient_boosting', 'logistic', 'naive_bayes', 'svm']
    >>> names("number")
    ['auto', 'forest', 'gradient_boosting', 'ridge']
    """
    from asklearn.models.named import KNOWN

    return sorted(KNOWN[kind])


def known(spec: Any, kind: str = "classes") -> None:
    """Nothing, or `SettingError` for what can be no model of a task of this kind.

    Says so without importing scikit-learn or the model.
    """
    from asklearn.models import named

    named.known(spec, kind)


def make(spec: Any = "auto", kind: str = "classes") -> Any:
    """A new, unfitted estimator: of a known name, of "package.module:Class", or a clone of the one given.

    For several labels an item, a classifier of one becomes one a label (`Each`); for numbers, any regressor but our
    own gets widths that hold (`Ranged`). Raises `SettingError` for what is no model, listing the names;
    scikit-learn's errors come unchanged.
    """
    from asklearn.models import named

    return named.make(spec, kind)


def marginals(model: Any, X: Any, labels: int) -> np.ndarray:
    """(rows, labels) float64: each label's own probability, by a multilabel classifier. Raises `ModelError`."""
    from asklearn.models import each

    return each.marginals(model, X, labels)


def numbers(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """(mean, std, whether std tells rows apart), (rows,) each, by a model made for numbers. Raises `ModelError`."""
    from asklearn.models import regression

    return regression.said(model, X)


def fit(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """The estimator, fitted to these rows in the type they come in; its errors come unchanged.

    `sample_weight`, (rows,) float, goes to the last step of a pipeline; None where rows have none (`weighs`).
    Raises `NotReady` before it is called when fewer than two classes are known.
    """
    y = y if isinstance(y, np.ndarray) else np.asarray(y)
    seen = sorted({str(label) for label in y.tolist()})
    if not seen:
        raise NotReady("there is no label to learn from yet; two classes are needed")
    if len(seen) == 1:
        raise NotReady(f"two classes are needed to learn; all {len(y)} labels so far are {seen[0]!r}")
    with warnings.catch_warnings():
        # A first round has few labels of many classes; scikit-learn asks each time whether they are numbers.
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)
        return fit_weighed(estimator, X, y, sample_weight)


def fit_weighed(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """The estimator, fitted; weights go to the last step of a pipeline. Its errors come unchanged."""
    if sample_weight is None:
        return estimator.fit(X, y)
    steps = getattr(estimator, "steps", None)
    name = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    return estimator.fit(X, y, **{name: sample_weight})


def weighs(estimator: Any) -> bool:
    """Whether `fit` can weigh rows: the estimator, or a pipeline's last step, and what it wraps take sample_weight.

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> weighs(LogisticRegression()), weighs(KNeighborsClassifier())
    (True, False)
    """
    from sklearn.utils.validation import has_fit_parameter

    steps = getattr(estimator, "steps", None)
    asked = steps[-1][1] if steps else estimator
    while hasattr(asked, "fit") and has_fit_parameter(asked, "sample_weight"):
        asked = getattr(asked, "estimator", None)
        if asked is None:
            return True
    return False


def save(model: Any, folder: Path) -> str | None:
    """The name of the file in `folder` that now holds the model, or None for one that is fitted again on opening.

    Kept are models made of scikit-learn, NumPy, SciPy and asklearn alone; of others nothing is written.
    """
    from asklearn.models import store

    return store.save(model, folder)


def load(folder: Path, artifact: str) -> Any:
    """The model that `save` kept. Raises `ModelError` when its file is missing, damaged or holds anything else."""
    from asklearn.models import store

    return store.load(folder, artifact)
