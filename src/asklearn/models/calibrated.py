"""Probabilities for a model that gives scores only, by one number found on held-out rows."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from asklearn.models.temperature import LEAST, held_out, judged, log_softmax, sharpness, two_columns


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """softmax(t * scores) of an estimator with decision_function; t as in Guo et al. (2017), cross-fitted.

    Unlike scikit-learn's CalibratedClassifierCV it works with classes that have one label so far. Until 20 rows
    can be judged by others t is 1.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        y = np.asarray(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self.estimator_ = clone(self.estimator).fit(X, y, sample_weight=weight)
        self.sharpness_ = self._sharpness(X, codes, weight)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """(rows, classes) logits; (rows,) of two classes."""
        scores: np.ndarray = self.estimator_.decision_function(X) * self.sharpness_
        return scores

    def predict_proba(self, X: Any) -> np.ndarray:
        """(rows, classes) float64"""
        proba: np.ndarray = np.exp(log_softmax(two_columns(self.decision_function(X))))
        return proba

    def predict(self, X: Any) -> np.ndarray:
        """(rows,) the most probable class of each"""
        best = two_columns(self.decision_function(X)).argmax(axis=1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def _sharpness(self, X: Any, codes: np.ndarray, weight: np.ndarray) -> float:
        rows = judged(codes)
        if rows.sum() < LEAST or len(np.unique(codes[rows])) < 2:
            return 1.0

        def score(learn: np.ndarray, ask: np.ndarray, fold: int) -> np.ndarray:
            model = clone(self.estimator).fit(X[learn], codes[learn], sample_weight=weight[learn])
            return two_columns(model.decision_function(X[ask]))

        return sharpness(held_out(codes, score)[rows], codes[rows], weight[rows])[0]
