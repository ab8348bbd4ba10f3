"""Probabilities at the model's seam: aligned to the task's classes, checked once, in sentences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from asklearn import models
from asklearn.errors import ModelError, NotReady
from asklearn.models import align


class Says:
    """A fitted model that says what it is told to say."""

    def __init__(self, p, classes=("a", "b")):
        self.p = np.asarray(p, dtype=float)
        self.classes_ = np.array(classes)

    def predict_proba(self, X):
        return self.p[: len(X)]


def rows(n):
    return np.zeros((n, 1))


def test_columns_follow_the_task_and_an_unseen_class_gets_nothing():
    said = models.proba(Says([[0.2, 0.8]], ["ham", "spam"]), rows(1), ["spam", "other", "ham"])
    assert said.tolist() == [[0.8, 0.0, 0.2]]
    assert said.dtype == np.float64


@pytest.mark.parametrize(
    ("known", "classes"), [([1, 2], [2, 1]), ([False, True], [True, False]), (["x", "y"], ["y", "x"])]
)
def test_labels_of_any_type_find_their_column(known, classes):
    assert models.proba(Says([[0.25, 0.75]], known), rows(1), classes).tolist() == [[0.75, 0.25]]


def test_a_class_the_task_does_not_have_is_refused_even_at_chance_zero():
    with pytest.raises(ModelError, match=r"Says predicts 'b', which is none of the classes 'a', 'c'"):
        models.proba(Says([[1.0, 0.0]]), rows(1), ["a", "c"])


@pytest.mark.parametrize(
    ("p", "sentence"),
    [
        ([[0.5, 0.5], [np.nan, 0.5]], r"gave row 2 the probabilities \[nan, 0.5\] that are not finite"),
        ([[0.5, 0.5], [0.5, np.inf]], "row 2 .* not finite"),
        ([[-0.2, 1.2]], "row 1 .* below 0"),
        ([[0.5, 0.5], [0.5, 0.5], [0.7, 0.1]], "row 3 .* do not add up to 1"),
        ([[0.0, 0.0]], "row 1 .* do not add up to 1"),
    ],
)
def test_what_is_no_probability_is_refused_with_its_row(p, sentence):
    with pytest.raises(ModelError, match=sentence):
        models.proba(Says(p), rows(len(p)), ["a", "b"])


def test_rounding_is_forgiven_and_evened_out():
    assert models.proba(Says([[0.502, 0.502]]), rows(1), ["a", "b"]).tolist() == [[0.5, 0.5]]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match=r"shape \(1, 2\) for 3 rows"):
        models.proba(Says([[0.5, 0.5]]), rows(3), ["a", "b"])
    with pytest.raises(ModelError, match="gave 2 probabilities a row, but names 3 classes"):
        models.proba(Says([[0.5, 0.5]], ["a", "b", "c"]), rows(1), ["a", "b", "c"])


def test_a_model_without_classes_is_refused():
    model = Says([[0.5, 0.5]])
    del model.classes_
    with pytest.raises(ModelError, match="set classes_ in fit"):
        models.proba(model, rows(1), ["a", "b"])


def test_scores_are_never_taken_for_probabilities():
    model = LinearSVC().fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(ModelError, match=r"LinearSVC gives scores.*CalibratedClassifierCV\(LinearSVC\(\)"):
        models.proba(model, rows(1), ["a", "b"])
    with pytest.raises(ModelError, match="has no predict_proba"):
        models.proba(object(), rows(1), ["a", "b"])


def test_large_pools_are_asked_in_blocks_and_the_row_is_counted_through(monkeypatch):
    monkeypatch.setattr(align, "BLOCK", 4)
    X = np.arange(10.0)[:, None]
    model = LogisticRegression().fit(X, X[:, 0] > 4)
    for given in (X, sparse.csr_matrix(X), X.tolist()):
        np.testing.assert_allclose(models.proba(model, given, [False, True]), model.predict_proba(X))

    class Fails(Says):
        def predict_proba(self, X):
            return np.where(X == 6, np.nan, [[0.5, 0.5]])

    with pytest.raises(ModelError, match="row 7 "):
        models.proba(Fails([[0.5, 0.5]]), X, ["a", "b"])


def test_nothing_is_asked_about_no_rows():
    assert models.proba(Says([[0.5, 0.5]]), rows(0), ["a", "b"]).shape == (0, 2)


def test_fewer_than_two_classes_are_not_ready_and_the_estimator_is_not_called():
    class Never:
        def fit(self, X, y):
            raise AssertionError("called")

    with pytest.raises(NotReady, match="no label to learn from"):
        models.fit(Never(), rows(0), [])
    with pytest.raises(NotReady, match="all 2 labels so far are 'ham'"):
        models.fit(Never(), rows(2), ["ham", "ham"])


def test_errors_of_the_estimator_come_unchanged():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        models.fit(LogisticRegression(), np.array([[np.nan], [1.0]]), ["a", "b"])

    class Plain:
        def fit(self, X, y):
            return self

    with pytest.raises(TypeError, match="sample_weight"):
        models.fit(Plain(), rows(2), ["a", "b"], sample_weight=[1, 2])


def test_weights_reach_the_estimator():
    X, y = np.array([[0.0], [0.0]]), ["a", "b"]
    model = models.fit(LogisticRegression(), X, y, sample_weight=[9.0, 1.0])
    assert models.proba(model, X, ["a", "b"])[0, 0] > 0.8


def test_weights_reach_the_last_step_of_a_pipeline():
    X, y = np.array([[0.0], [0.0]]), ["a", "b"]
    model = models.fit(make_pipeline(StandardScaler(), LogisticRegression()), X, y, sample_weight=[9.0, 1.0])
    assert models.proba(model, X, ["a", "b"])[0, 0] > 0.8


@pytest.mark.parametrize(
    ("estimator", "takes"),
    [
        *((name, True) for name in models.names()),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), False),
        (make_pipeline(StandardScaler(), "passthrough"), False),
        (BaggingClassifier(DecisionTreeClassifier()), True),
        (BaggingClassifier(KNeighborsClassifier()), False),
        (CalibratedClassifierCV(KNeighborsClassifier()), False),
        (CalibratedClassifierCV(), True),
    ],
)
def test_what_takes_weights_and_says_so_can_be_fitted_by_them(estimator, takes):
    model = models.make(estimator) if isinstance(estimator, str) else estimator
    assert models.weighs(model) is takes
    if takes:
        X = np.random.default_rng(0).normal(size=(30, 2))
        models.fit(model, X, np.where(X[:, 0] > 0, "a", "b"), np.linspace(0.5, 1, 30))
