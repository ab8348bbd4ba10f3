"""The model for people who name none: a linear head whose strength and sharpness are chosen by held-out rows."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from asklearn.models.scale import placed, units, weights
from asklearn.models.softmax import score, solve
from asklearn.models.temperature import LEAST, held_out, judged, log_softmax, sharpness, two_columns

GRID = (1.0, 10.0, 100.0)  # C, for rows whose mean squared distance from their middle is 1
USUAL = 10.0  # C while there are too few labels to choose it by
CENTRES = 2000  # labelled rows that span the head; with more labels, evenly spaced ones
JUDGES = 1000  # labelled rows by which C and sharpness are chosen
WIDTH = 0.25  # of the kernel, per mean squared distance from the middle
NOISE = 1e-6  # eigenvalues below this share of the largest are rounding: equal rows make the kernel singular
ASKED = 4000  # rows whose kernel is held at a time


class Auto(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression with probabilities that mean what they say.

    Sparse rows (texts) are seen as they are. Dense rows are seen by their similarity to the labelled ones,
    exp(-d^2 / 4) with distances in units of their spread: kernel logistic regression (Zhu and Hastie 2005), which
    was as good as the linear one on reduced images and embeddings and better on measurements. Both are solved
    in the space the labelled rows span, so that a fit costs no more for many columns. C and the sharpness of the
    probabilities are those with the least log loss on held-out labels, once 20 of them can be judged.

    >>> X = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> model = Auto().fit(X, ["low", "low", "high", "high"])
    >>> model.predict([[0.5], [9.5]]).tolist()
    ['low', 'high']
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Raises ValueError as scikit-learn does: for NaN, for one class, for rows and labels of differing number."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float32, np.float64])
        _refuse_numbers(y)
        weight = weights(sample_weight, X.shape[0])
        X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Auto needs two classes to learn; there is only one class, {self.classes_[0]}")
        self._measure(X)
        size, turn = _spanned(self._similar(self.centres_))
        seen = self._similar(self._placed(X)) @ turn / np.sqrt(size)  # (rows, directions)
        self.C_, self.sharpness_ = _chosen(*_judges(seen, codes, weight))
        W = solve(seen, codes, len(self.classes_), weight, self.C_, precise=True) * self.sharpness_
        self.dual_coef_ = (turn @ (W[:-1] / np.sqrt(size)[:, None])).astype(np.float32)  # (centres, classes)
        self.intercept_ = W[-1]
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """(rows, classes) logits; (rows,) of two classes."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64], reset=False)
        scores = self._scores(self._placed(X)) + self.intercept_
        flat: np.ndarray = scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores
        return flat

    def predict_proba(self, X: Any) -> np.ndarray:
        """(rows, classes) float64"""
        proba: np.ndarray = np.exp(log_softmax(two_columns(self.decision_function(X)).astype(np.float64)))
        return proba

    def predict(self, X: Any) -> np.ndarray:
        """(rows,) the most probable class of each"""
        best = two_columns(self.decision_function(X)).argmax(axis=1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _measure(self, X: Any) -> None:
        """The middle, units and spread of the labelled rows, and those among them that span the head."""
        self.linear_ = bool(sparse.issparse(X))
        if not self.linear_:
            self.middle_ = X.mean(axis=0)
            self.units_ = units(X)
        at = np.linspace(0, X.shape[0] - 1, min(X.shape[0], CENTRES)).astype(np.intp)
        self.centres_ = self._placed(X)[at]
        self.spread_ = _spread(self.centres_)
        self.height_ = 1.0
        if not self.linear_:
            self.height_ = max(1 - float(self._similar(self.centres_).mean()), 1e-6)

    def _placed(self, X: Any) -> Any:
        """The rows as the kernel sees them; sparse if the model was fitted to sparse rows."""
        if self.linear_:
            return sparse.csr_matrix(X)
        return placed(X, self.middle_, self.units_)

    def _similar(self, placed: Any) -> np.ndarray:
        """(rows, centres) float64: the kernel, scaled so that the mean squared distance it implies is 1."""
        if self.linear_:
            products: np.ndarray = (placed @ self.centres_.T).toarray().astype(np.float64) / self.spread_
            return products
        return _kernel(placed, self.centres_, self.spread_).astype(np.float64) / self.height_

    def _scores(self, placed: Any) -> np.ndarray:
        """(rows, classes) without the intercept"""
        if self.linear_:
            weights: np.ndarray = placed @ (self.centres_.T @ self.dual_coef_ / self.spread_)
            return weights
        scores = np.empty((len(placed), self.dual_coef_.shape[1]))
        for first in range(0, len(placed), ASKED):
            block = _kernel(placed[first : first + ASKED], self.centres_, self.spread_)
            scores[first : first + ASKED] = block @ self.dual_coef_ / self.height_
        return scores


def _refuse_numbers(y: np.ndarray) -> None:
    # scikit-learn's own check warns of many classes with few labels each, which is how labelling begins.
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise ValueError(
            f"Unknown label type: continuous. Auto tells classes apart; {y[0]} is a measured number"
        )


def _kernel(rows: np.ndarray, centres: np.ndarray, spread: float) -> np.ndarray:
    """exp(-WIDTH |a - b|^2 / spread), (rows, centres)"""
    squares = (rows**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * (rows @ centres.T)
    similar: np.ndarray = np.exp(np.maximum(squares, 0) * (-WIDTH / spread))
    return similar


def _spread(rows: Any) -> float:
    """The mean squared distance of rows from their middle."""
    if sparse.issparse(rows):
        middle = np.asarray(rows.mean(axis=0)).ravel()
        return max(float(rows.multiply(rows).sum() / rows.shape[0] - middle @ middle), 1e-12)
    return max(float(rows.var(axis=0, dtype=np.float64).sum()), 1e-12)


def _judges(
    seen: np.ndarray, codes: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At most 1000 of the labelled rows, evenly spaced, their classes numbered without a gap."""
    at = np.linspace(0, len(codes) - 1, min(len(codes), JUDGES)).astype(np.intp)
    return seen[at], np.unique(codes[at], return_inverse=True)[1], weight[at]


def _chosen(seen: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """(C, sharpness) with the least log loss on held-out rows; the usual ones while too few rows can be judged."""
    rows = judged(codes)
    if rows.sum() < LEAST or len(np.unique(codes[rows])) < 2:
        return USUAL, 1.0
    tried: list[tuple[float, float, float]] = []
    weights: dict[int, np.ndarray] = {}  # each strength starts where the one before ended
    for C in GRID:

        def ask(learn: np.ndarray, asked: np.ndarray, fold: int, C: float = C) -> np.ndarray:
            known, numbered = np.unique(codes[learn], return_inverse=True)
            weights[fold] = solve(seen[learn], numbered, len(known), weight[learn], C, weights.get(fold))
            return score(seen[asked], weights[fold])

        t, loss = sharpness(held_out(codes, ask)[rows], codes[rows], weight[rows])
        tried.append((loss, C, t))
    _, C, t = min(tried)
    return C, t


def _spanned(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) and (rows, k): eigenvalues of the kernel matrix and its eigenvectors, without those that are noise."""
    size, turn = np.linalg.eigh(gram)
    kept = size > NOISE * size[-1]
    return size[kept], turn[:, kept]
