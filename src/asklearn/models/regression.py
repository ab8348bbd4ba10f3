"""Models of numbers that say how far off they may be: one for people who name none, and honest widths for any other."""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import BaggingRegressor, ExtraTreesRegressor, RandomForestRegressor
from sklearn.utils.validation import check_is_fitted, validate_data

from asklearn.errors import ModelError
from asklearn.models import fit_weighed, weighs
from asklearn.models.align import row_blocks, rows_of
from asklearn.models.scale import placed, units, weights
from asklearn.pool.rows import hold

CENTRES = 1000  # labelled rows that span the model; with more labels, evenly spaced ones
WIDTHS = (0.1, 0.3, 1.0)  # of the kernel, per mean squared distance from the middle
BENT = (0.5, 0.9)  # share of the bent part in the kernel; the rest is straight
NOISES = tuple(10.0 ** np.arange(-4, 2.1, 0.5))  # variance of an answer's noise per variance of the function
USUAL, DOUBT = -1.0, 4.0  # before any row was seen: the logarithm of the noise, and how firmly that is held
CHOSEN = 4  # rows' worth of what was chosen to fit the rest: left-out numbers lie nearer than new ones
LEAST_NOISE = 0.01  # of the mean squared error: members that agree are not certain
ROUNDING = 1e-7  # eigenvalues below this share of the largest are rounding
ASKED = 4000  # rows whose kernel is held at a time
FOLDS = 5
COMMITTEES = (
    RandomForestRegressor,
    ExtraTreesRegressor,
    BaggingRegressor,
)  # whose members differ by the luck of draws


class Gauss(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Regression by a Gaussian process that says of every row how far off it may be.

    Dense rows are seen by s exp(-w d^2) + (1 - s) x x', the bent and the straight share of what a number may depend
    on; sparse ones (texts) by x x' alone. Share, width and noise are those under which each labelled number, left
    out, is foretold with the highest density by the others (Sundararajan and Keerthi 2001; Rasmussen and Williams
    2006, 5.4.2), and the scale of all deviations is that of the numbers so left out.

    >>> X = np.linspace(0, 1, 30)[:, None]
    >>> mean, std = Gauss().fit(X, 3 * X[:, 0]).predict(X, return_std=True)
    >>> bool(abs(mean - 3 * X[:, 0]).max() < 0.05)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Raises ValueError as scikit-learn does: for NaN, and for rows and numbers of differing count."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float32, np.float64], y_numeric=True)
        weight = weights(sample_weight, X.shape[0])
        X, y, weight = X[weight > 0], np.asarray(y, dtype=np.float64)[weight > 0], weight[weight > 0]
        weight = weight / weight.mean()
        self.linear_ = bool(sparse.issparse(X))
        if not self.linear_:
            self.middle_ = X.mean(axis=0)
            self.units_ = units(X)
        placed = self._placed(X)
        at = np.linspace(0, len(y) - 1, min(len(y), CENTRES)).astype(np.intp)
        self.centres_ = placed[at]
        self.spread_ = _spread(self.centres_)
        self.offset_ = float(np.average(y, weights=weight))
        self.height_ = float(np.sqrt(np.average((y - self.offset_) ** 2, weights=weight))) or 1.0
        z = (y - self.offset_) / self.height_
        kinds = [(0.0, 1.0)] if self.linear_ else [(0.0, 1.0), *((s, w) for s in BENT for w in WIDTHS)]
        fits = (_Spanned(self._kernel(placed, *kind), at, z, weight) for kind in kinds)
        # What is kept of each is small; the best of all noises of the best kernel counts.
        _, self.kind_, best = min(
            ((found.loss, kind, found) for kind, found in zip(kinds, fits, strict=True)), key=lambda f: f[0]
        )
        self.turn_, self.weights_, self.inner_ = best.turn, best.weights, best.inner
        self.noise_, self.scale_ = best.noise, best.scale
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """(rows,) numbers; with return_std also (rows,) standard deviations of an answer around them."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64], reset=False)
        placed = self._placed(X)
        mean, variance = np.empty(X.shape[0]), np.empty(X.shape[0])
        for first in range(0, X.shape[0], ASKED):
            part = slice(first, first + ASKED)
            phi = self._kernel(placed[part], *self.kind_) @ self.turn_
            mean[part] = phi @ self.weights_
            if return_std:
                left = self._own(placed[part]) - np.einsum("ij,ij->i", phi, phi)
                seen = np.einsum("ij,j,ij->i", phi, self.inner_, phi)
                variance[part] = np.maximum(left, 0) + self.noise_ * (1 + seen)
        mean = self.offset_ + self.height_ * mean
        return (mean, self.height_ * self.scale_ * np.sqrt(variance)) if return_std else mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _placed(self, X: Any) -> Any:
        if self.linear_:
            return sparse.csr_matrix(X)
        return placed(X, self.middle_, self.units_)

    def _kernel(self, placed: Any, share: float, width: float) -> np.ndarray:
        """(rows, centres) float64"""
        products = placed @ self.centres_.T
        products = (products.toarray() if sparse.issparse(products) else products).astype(np.float64)
        straight: np.ndarray = products / self.spread_
        if not share:
            return straight
        apart = _squares(placed)[:, None] + _squares(self.centres_) - 2 * products
        bent: np.ndarray = share * np.exp(-width / self.spread_ * np.maximum(apart, 0))
        bent += (1 - share) * straight
        return bent

    def _own(self, placed: Any) -> np.ndarray:
        """(rows,) the kernel of each row with itself"""
        share = self.kind_[0]
        own: np.ndarray = share + (1 - share) * _squares(placed) / self.spread_
        return own


class _Spanned:
    """The process on directions that the centres span, with the noise under which left-out numbers are likeliest.

    With phi = k(X, centres) turn the kernel is phi phi' (exactly, while every row is a centre), and the mean is
    phi w for w = (phi' R phi + noise)^-1 phi' R z, R the weights. A row's own leverage h gives what the others say
    of it: the residual (z - f) / (1 - h) with the variance noise / r / (1 - h).
    """

    def __init__(self, kernel: np.ndarray, at: np.ndarray, z: np.ndarray, weight: np.ndarray) -> None:
        size, turn = np.linalg.eigh(kernel[at])
        kept = size > ROUNDING * size[-1]
        turn = turn[:, kept] / np.sqrt(size[kept])
        phi = kernel @ turn
        size, inner = np.linalg.eigh(phi.T @ (phi * weight[:, None]))
        turned = phi @ inner  # the gram matrix is diagonal in these directions
        towards, squares = turned.T @ (weight * z), turned**2
        self.loss = np.inf
        for noise in NOISES:
            shrunk = 1 / (np.maximum(size, 0) + noise)
            open_ = np.maximum(1 - weight * (squares @ shrunk), 1e-9)
            off = (z - turned @ (shrunk * towards)) / open_
            variance = noise / weight / open_
            scale2 = max(float(np.mean(off**2 / variance)), 1e-12)
            scale2 *= (len(z) + CHOSEN) / len(z)
            loss = float(np.mean(np.log(scale2 * variance)))  # -2 log density, but for a constant
            loss += DOUBT * (np.log10(noise) - USUAL) ** 2 / len(z)
            if loss < self.loss:
                self.loss, self.noise, self.scale = loss, noise, float(np.sqrt(scale2))
                weights = shrunk * towards
                self.inner = shrunk
        self.turn, self.weights = turn @ inner, weights


class Ranged(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Any regressor, with widths that rows which it did not learn from bear out.

    A regressor says how sure it is by predict(X, return_std=True), or as a committee (forest, bagging) by the spread s
    of its members, which leaves out the noise of answers; others do not say. Either way the variance of an answer is
    s^2 + noise, the noise being what squared errors in 5 folds have beyond s^2; where they have less, s is scaled down.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        y = np.asarray(y, dtype=float)
        fold = np.random.default_rng(0).permutation(len(y)) % min(FOLDS, len(y))
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        off, told = np.empty(len(y)), np.empty(len(y))
        for k in np.unique(fold):
            learn, ask = fold != k, fold == k
            model = self._fitted(_some(X, learn), y[learn], None if weight is None else weight[learn])
            mean, std = _spoken(model, _some(X, ask))
            off[ask], told[ask] = (y[ask] - mean) ** 2, 0.0 if std is None else std**2
        error, spread = (float(np.average(part, weights=weight)) for part in (off, told))
        self.noise_ = max(error - spread, LEAST_NOISE * error)
        self.scale_ = min(1.0, (error - self.noise_) / spread) if spread > 0 else 0.0  # of the variance
        self.estimator_ = self._fitted(X, y, weight)
        self.varies_ = varies(self.estimator_)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """(rows,) numbers as the regressor says them; with return_std also (rows,) standard deviations."""
        mean, std = _spoken(self.estimator_, X)
        spread = np.zeros(len(mean)) if std is None else std**2
        return (mean, np.sqrt(self.scale_ * spread + self.noise_)) if return_std else mean

    def _fitted(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> Any:
        model = clone(self.estimator)
        return fit_weighed(model, X, y, weight if weight is not None and weighs(model) else None)


def varies(estimator: Any) -> bool:
    """Whether it tells one row from another by how sure it is."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if isinstance(last, (Gauss, *COMMITTEES)):
        return True
    return "return_std" in inspect.signature(last.predict).parameters


def said(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """(mean (rows,), std (rows,), whether std varies) of a fitted `Gauss` or `Ranged`, checked; asked in blocks.

    Raises `ModelError` for numbers that are not finite.
    """
    mean, std = np.empty(rows_of(X)), np.empty(rows_of(X))
    first = 0
    for block in row_blocks(X):
        part = slice(first, first + rows_of(block))
        mean[part], std[part] = model.predict(block, return_std=True)
        first = part.stop
    bad = ~(np.isfinite(mean) & np.isfinite(std) & (std >= 0))
    if bad.any():
        row = int(bad.argmax())
        who = type(getattr(model, "estimator", model)).__name__
        raise ModelError(f"{who} gave row {row + 1} the number {mean[row]} with the deviation {std[row]}")
    return mean, std, getattr(model, "varies_", True)


def _spoken(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """(mean, std) of a fitted regressor, std None where it has none; of a committee the spread of its members."""
    last = model
    if hasattr(model, "steps"):
        last = model.steps[-1][1]
        X = model[:-1].transform(X) if len(model.steps) > 1 else X
    if isinstance(last, COMMITTEES):
        chosen = getattr(last, "estimators_features_", None)
        votes = [
            member.predict(X if chosen is None else X[:, chosen[k]])
            for k, member in enumerate(last.estimators_)
        ]
        return np.asarray(last.predict(X), dtype=float), np.std(votes, axis=0)
    if "return_std" in inspect.signature(last.predict).parameters:
        mean, std = last.predict(X, return_std=True)
        return np.asarray(mean, dtype=float).ravel(), np.asarray(std, dtype=float).ravel()
    return np.asarray(last.predict(X), dtype=float).ravel(), None


def _some(X: Any, which: np.ndarray) -> Any:
    """These rows, in the type they come in."""
    return hold(X).take(np.flatnonzero(which))


def _squares(rows: Any) -> np.ndarray:
    """(rows,) squared lengths"""
    if sparse.issparse(rows):
        return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    squares: np.ndarray = np.einsum("ij,ij->i", rows, rows)
    return squares


def _spread(rows: Any) -> float:
    """The mean squared length: the unit of distances."""
    return max(float(_squares(rows).mean()), 1e-12)
