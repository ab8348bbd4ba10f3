"""Several labels an item: a model of each, and the probabilities that multilabel classifiers of all kinds give."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import has_fit_parameter

from asklearn.errors import ModelError
from asklearn.models.align import ROUNDING, row_blocks, rows_of


class Each(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One clone of `estimator` a label, fitted to whether it applies.

    Unlike scikit-learn's OneVsRestClassifier it passes weights on, and of a label that all rows have, or none, it
    says (times + 1) / (rows + 2) (Laplace) rather than 1 or 0: early on that is most of them.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """y: (rows, labels) of 0 and 1."""
        Y = np.asarray(y)
        if Y.ndim != 2:
            raise ValueError(f"Each is fitted to (rows, labels) of 0 and 1; y has the shape {Y.shape}")
        self.shares_ = (Y.sum(axis=0) + 1) / (len(Y) + 2)
        self.estimators_ = []
        weights = {}
        if sample_weight is not None and has_fit_parameter(self.estimator, "sample_weight"):
            weights = {"sample_weight": np.asarray(sample_weight, dtype=float)}
        for k in range(Y.shape[1]):
            both = 0 < Y[:, k].sum() < len(Y)
            self.estimators_.append(clone(self.estimator).fit(X, Y[:, k], **weights) if both else None)
        self.n_labels_ = Y.shape[1]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(rows, labels) float64, each label on its own."""
        proba = np.empty((rows_of(X), self.n_labels_))
        for k, model in enumerate(self.estimators_):
            proba[:, k] = self.shares_[k] if model is None else model.predict_proba(X)[:, 1]
        return proba

    def predict(self, X: Any) -> np.ndarray:
        """(rows, labels) int, 1 where the label is likelier than not."""
        found: np.ndarray = (self.predict_proba(X) >= 0.5).astype(int)
        return found

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        tags.classifier_tags.multi_label = True
        return tags


def each_of(estimator: Any) -> Any:
    """The estimator itself if it takes several labels a row, else one of it a label."""
    from sklearn.utils import get_tags

    tags = get_tags(estimator)
    several = tags.classifier_tags is not None and tags.classifier_tags.multi_label
    return estimator if several or tags.target_tags.multi_output else Each(estimator)


def marginals(model: Any, X: Any, labels: int) -> np.ndarray:
    """(rows, labels) float64: the probability of each label on its own; asked in blocks.

    Taken are arrays (rows, labels), as of OneVsRestClassifier, and lists of arrays (rows, 2), one a label, as of
    forests. Raises `ModelError` for a model without predict_proba and for what is no probability.
    """
    name = type(model).__name__
    if not hasattr(model, "predict_proba"):
        raise ModelError(
            f"{name} cannot give probabilities: it has no predict_proba; use a classifier that has"
        )
    result = np.empty((rows_of(X), labels))
    first = 0
    for block in row_blocks(X):
        p = _plain(model, model.predict_proba(block), labels)
        if p.shape != (rows_of(block), labels):
            raise ModelError(
                f"{name} gave probabilities of shape {p.shape} for {rows_of(block)} rows and {labels} labels"
            )
        bad = ~(np.isfinite(p) & (p >= -ROUNDING) & (p <= 1 + ROUNDING))
        if bad.any():
            row, k = np.argwhere(bad)[0]
            raise ModelError(
                f"{name} gave row {first + row + 1} the probability {p[row, k]} of label {k + 1}"
            )
        result[first : first + len(p)] = p.clip(0, 1)
        first += len(p)
    return result


def _plain(model: Any, given: Any, labels: int) -> np.ndarray:
    """What a multilabel classifier says as (rows, labels)."""
    if not isinstance(given, list):
        return np.asarray(given, dtype=np.float64)
    classes = model.classes_
    if len(given) != labels or len(classes) != labels:
        raise ModelError(
            f"{type(model).__name__} gives {len(given)} arrays of probabilities for {labels} labels"
        )
    # A label that all rows had, or none, has one column, and classes_ says which.
    columns = [
        np.asarray(p, dtype=np.float64)[:, list(known).index(1)] if 1 in list(known) else np.zeros(len(p))
        for p, known in zip(given, classes, strict=True)
    ]
    return np.column_stack(columns)
