"""Models of several labels and of numbers: what they say is checked, what they promise holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from asklearn import models
from asklearn.errors import ModelError, SettingError
from asklearn.models import regression
from asklearn.models.each import Each
from asklearn.models.regression import Gauss, Ranged

# -- several labels ---------------------------------------------------------------------------------------------------

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
Y = (X[:, :3] + rng.normal(0, 0.3, (120, 3)) > (0, 0.5, -0.5)).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        OneVsRestClassifier(LogisticRegression()),
        MultiOutputClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        ExtraTreesClassifier(20, random_state=0),
        KNeighborsClassifier(),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        *(name for name in models.names("multilabel") if name not in ("forest", "gradient_boosting")),
    ],
    ids=lambda model: model if isinstance(model, str) else type(model).__name__,
)
def test_every_multilabel_classifier_speaks_the_same(model):
    fitted = models.fit(models.make(model, "multilabel"), X, Y)
    p = models.marginals(fitted, X, 3)
    assert p.shape == (120, 3)
    assert ((p >= 0) & (p <= 1)).all()
    assert ((p >= 0.5) == Y).mean() > 0.8
    assert models.marginals(fitted, X[:0], 3).shape == (0, 3)


@pytest.mark.parametrize(
    "model", [ExtraTreesClassifier(5), KNeighborsClassifier(3), LogisticRegression(), "auto"], ids=str
)
def test_a_label_that_all_have_or_none(model):
    Z = Y.copy()
    Z[:, 0], Z[:, 2] = 1, 0
    p = models.marginals(models.fit(models.make(model, "multilabel"), X, Z), X, 3)
    assert (p[:, 0] > 0.9).all()
    assert (p[:, 2] < 0.1).all()


def test_each_label_weighs_rows_and_takes_sparse_ones():
    twice = np.vstack([X, X[:40]])
    weighed = Each(LogisticRegression()).fit(X, Y, np.where(np.arange(120) < 40, 2.0, 1.0))
    repeated = Each(LogisticRegression()).fit(twice, np.vstack([Y, Y[:40]]))
    np.testing.assert_allclose(weighed.predict_proba(X), repeated.predict_proba(X), atol=1e-3)
    thin = sparse.csr_matrix(np.where(abs(X) > 0.5, X, 0))
    assert models.make("auto", "multilabel").fit(thin, Y).predict(thin).shape == Y.shape
    with pytest.raises(ValueError, match="shape"):
        Each(LogisticRegression()).fit(X, Y[:, 0])


class Says:
    """A classifier of three labels that says what it was made with."""

    def __init__(self, given):
        self.given, self.classes_ = given, [np.array([0, 1])] * 3

    def predict_proba(self, X):
        return self.given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.full((2, 3), np.nan), "nan of label 1"),
        (np.array([[0.1, 0.2, 0.3], [0.1, 1.2, 0.3]]), "row 2 the probability 1.2 of label 2"),
        (np.full((2, 4), 0.5), "shape"),
        ([np.full((2, 2), 0.5)] * 2, "2 arrays"),
    ],
)
def test_what_is_no_probability_is_refused(given, said):
    with pytest.raises(ModelError, match=said):
        models.marginals(Says(given), X[:2], 3)


def test_without_probabilities_no_multilabel_model():
    with pytest.raises(ModelError, match="no predict_proba"):
        models.marginals(object(), X, 3)


# -- numbers ----------------------------------------------------------------------------------------------------------

y = 3 * X[:, 0] + np.sin(2 * X[:, 1]) + rng.normal(0, 0.3, 120)


def kernel(model: Gauss, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The kernel of `Gauss`, written out."""
    share, width = model.kind_
    a, b = model._placed(a), model._placed(b)
    apart = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return share * np.exp(-width / model.spread_ * apart) + (1 - share) * a @ b.T / model.spread_


@pytest.mark.parametrize("weights", [None, rng.uniform(0.5, 2, 120)], ids=["alike", "weighed"])
def test_gauss_is_the_textbooks_process(weights):
    model = Gauss().fit(X, y, weights)
    w = np.ones(120) if weights is None else weights / weights.mean()
    z = (y - model.offset_) / model.height_
    K, noise = kernel(model, X, X), np.diag(model.noise_ / w)
    inverse = np.linalg.inv(K + noise)
    new = rng.normal(size=(7, 4))
    k = kernel(model, new, X)
    mean, std = model.predict(new, return_std=True)
    np.testing.assert_allclose(mean, model.offset_ + model.height_ * (k @ inverse @ z), rtol=1e-3, atol=1e-3)
    own = np.diag(kernel(model, new, new)) - np.einsum("ij,jk,ik->i", k, inverse, k)
    expected = model.height_ * model.scale_ * np.sqrt(own + model.noise_)
    np.testing.assert_allclose(std, expected, rtol=1e-2)
    off = inverse @ z / np.diag(inverse)  # of each row left out (Rasmussen and Williams 2006, 5.12)
    scale = np.sqrt(np.mean(off**2 * np.diag(inverse)) * 124 / 120)
    assert model.scale_ == pytest.approx(scale, rel=1e-2)


def test_leaving_a_row_out_is_leaving_it_out():
    model = Gauss().fit(X, y)
    K = kernel(model, X, X) + model.noise_ * np.eye(120)
    z = (y - model.offset_) / model.height_
    rest = np.arange(120) != 5
    left_out = K[5, rest] @ np.linalg.solve(K[np.ix_(rest, rest)], z[rest])
    inverse = np.linalg.inv(K)
    assert z[5] - left_out == pytest.approx((inverse @ z)[5] / inverse[5, 5])


def test_more_rows_than_centres_cost_little_and_say_nearly_the_same(monkeypatch):
    whole = Gauss().fit(X, y).predict(X)
    monkeypatch.setattr(regression, "CENTRES", 60)
    fewer = Gauss().fit(X, y)
    assert len(fewer.centres_) == 60
    assert np.corrcoef(fewer.predict(X), whole)[0, 1] > 0.97


@pytest.mark.parametrize("kind", ["auto", "ridge"])
@pytest.mark.parametrize("n", [40, 120])
def test_four_in_five_numbers_lie_within_80_percent(kind, n):
    new = rng.normal(size=(2000, 4))
    truth = 3 * new[:, 0] + np.sin(2 * new[:, 1]) + rng.normal(0, 0.3, 2000)
    mean, std, _ = models.numbers(models.fit(models.make(kind, "number"), X[:n], y[:n]), new)
    assert 0.65 < np.mean(abs(truth - mean) < 1.2816 * std) < 0.95


@pytest.mark.parametrize(
    ("model", "varies"),
    [
        (RandomForestRegressor(20, random_state=0), True),
        (BaggingRegressor(n_estimators=10, max_features=0.7, random_state=0), True),
        (BayesianRidge(), True),
        (GaussianProcessRegressor(alpha=0.1), True),
        (make_pipeline(StandardScaler(), RandomForestRegressor(10, random_state=0)), True),
        (KNeighborsRegressor(), False),
        (GradientBoostingRegressor(n_estimators=20, random_state=0), False),
    ],
    ids=lambda model: type(model).__name__ if not isinstance(model, bool) else str(model),
)
def test_any_regressor_gets_widths(model, varies):
    fitted = models.fit(models.make(model, "number"), X, y)
    mean, std, told = models.numbers(fitted, X)
    assert told is varies
    assert bool(np.ptp(std) > 0) is varies
    assert (std > 0).all()
    np.testing.assert_allclose(mean, fitted.estimator_.predict(X))


def test_models_of_numbers_are_kept(tmp_path):
    for kind in ("auto", "ridge", RandomForestRegressor(5, random_state=0)):
        model = models.fit(models.make(kind, "number"), X, y)
        kept = models.load(tmp_path, models.save(model, tmp_path))
        for one, other in zip(models.numbers(model, X), models.numbers(kept, X), strict=True):
            np.testing.assert_array_equal(one, other)


def test_constants_and_few_rows_are_no_error():
    for rows in (2, 3):
        mean, std, _ = models.numbers(Gauss().fit(X[:rows], y[:rows]), X)
        assert np.isfinite(mean).all()
        assert np.isfinite(std).all()
    mean, std, _ = models.numbers(Gauss().fit(np.ones((5, 2)), np.arange(5.0)), np.ones((2, 2)))
    assert mean == pytest.approx([2, 2])
    assert (std > 0).all()
    mean, std, _ = models.numbers(Ranged(BayesianRidge()).fit(X[:2], y[:2]), X)
    assert np.isfinite(std).all()


def test_numbers_that_are_none_are_refused():
    class Broken:
        def predict(self, X, return_std):
            return np.full(len(X), np.inf), np.ones(len(X))

    with pytest.raises(ModelError, match="row 1 the number inf"):
        models.numbers(Broken(), X)
    with pytest.raises(SettingError, match="ridge"):
        models.make("svm", "number")
    with pytest.raises(SettingError, match="regressor"):
        models.make(LogisticRegression(), "number")
