"""The metrics of simulated runs are scikit-learn's, whatever the probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from asklearn import simulate
from asklearn.errors import SettingError
from asklearn.study import metrics
from asklearn.study.metrics import METRICS, Truth

LABELS = np.arange(3)


@st.composite
def predictions(draw, classes=3):
    rows = draw(st.integers(2, 30))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    # Few different values: ties, and probabilities that are exactly 0 or 1.
    p = rng.integers(0, 4, (rows, classes)).astype(float)
    p[p.sum(axis=1) == 0] = 1
    return p / p.sum(axis=1, keepdims=True), rng.integers(0, classes, rows)


@given(predictions())
def test_of_several_classes(given):
    proba, y = given
    truth, best = Truth(y, 3), proba.argmax(axis=1)
    assert METRICS["accuracy"](proba, truth) == theirs.accuracy_score(y, best)
    recalls = [np.mean(best[y == k] == k) for k in np.unique(y)]
    assert METRICS["balanced_accuracy"](proba, truth) == pytest.approx(np.mean(recalls))
    assert METRICS["macro_f1"](proba, truth) == pytest.approx(theirs.f1_score(y, best, average="macro"))
    each = [theirs.average_precision_score(y == k, proba[:, k]) for k in np.unique(y)]
    assert METRICS["average_precision"](proba, truth) == pytest.approx(np.mean(each))
    floored = -np.log(np.maximum(proba[np.arange(len(y)), y], 1e-6)).mean()
    assert METRICS["log_loss"](proba, truth) == pytest.approx(floored)


@given(predictions(classes=2))
def test_average_precision_of_two_classes_is_that_of_the_rarer(given):
    proba, y = given
    found = METRICS["average_precision"](proba, Truth(y, 2, positive=1))
    if (y == 1).any():
        assert found == pytest.approx(theirs.average_precision_score(y, proba[:, 1]))
    else:
        assert found == 0


@given(predictions())
def test_log_loss_is_scikit_learns_where_nothing_is_impossible(given):
    proba, y = given
    proba = (proba + 0.1) / (proba + 0.1).sum(axis=1, keepdims=True)
    expected = theirs.log_loss(y, proba, labels=LABELS)
    assert METRICS["log_loss"](proba, Truth(y, 3)) == pytest.approx(expected)


def test_only_losses_are_better_when_lower():
    assert {name for name in METRICS if not metrics.higher(name)} == {"log_loss"}


def test_a_run_measures_by_all_of_them_and_by_scorers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2))
    y = (X[:, 0] + rng.normal(0, 0.3, 150) > 1).astype(int)  # a sixth is positive

    def mine(model, X, y):
        return float((model.predict(X) == y).mean())

    curve = simulate(
        X, y, "margin", "logistic", start=20, budget=40, metric=[*METRICS, "f1_macro", "neg_log_loss", mine]
    )
    found = curve.scores
    assert set(found) == {*METRICS, "f1_macro", "neg_log_loss", "mine"}
    assert found["mine"].tolist() == found["accuracy"].tolist() == curve.score.tolist()
    assert found["f1_macro"] == pytest.approx(found["macro_f1"])
    assert -found["neg_log_loss"] == pytest.approx(found["log_loss"], rel=1e-3)
    assert (found["average_precision"] > 0.5).all()


def test_a_metric_that_gives_no_number_is_refused():
    X, y = np.arange(20.0)[:, None], np.arange(20) % 2
    with pytest.raises(SettingError, match="gave nan"):
        simulate(X, y, "random", "logistic", budget=10, metric=lambda model, X, y: float("nan"))
