"""Models by word, by path and by example; the automatic one; and how they are kept."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from asklearn import models
from asklearn.errors import ModelError, SettingError
from asklearn.models import temperature
from asklearn.models.auto import Auto
from asklearn.models.softmax import score, solve


class Odd(ClassifierMixin, BaseEstimator):
    """A model of somebody else's, with nothing in it."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self


def clouds(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return rng.normal(size=(n, 5)) + 4 * np.eye(3, 5)[y], np.array(["red", "green", "blue"])[y]


# -- by word ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", models.names())
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
def test_every_named_model_learns_three_clouds_dense_and_sparse(name, kind):
    X, y = clouds()
    model = models.fit(models.make(name), kind(X), y)
    p = models.proba(model, kind(X), ["red", "green", "blue", "never"])
    assert (np.array(["red", "green", "blue", "never"])[p.argmax(axis=1)] == y).mean() > 0.9
    assert (p[:, 3] == 0).all()


@pytest.mark.parametrize("name", models.names())
def test_every_named_model_starts_with_one_label_a_class(name):
    X = np.array([[0.0, 1.0], [1.0, 0.0]])
    p = models.proba(models.fit(models.make(name), X, ["a", "b"]), X, ["a", "b"])
    assert np.isfinite(p).all()


@pytest.mark.parametrize("name", models.names())
def test_every_named_model_is_the_same_twice_and_survives_keeping(name, tmp_path):
    X, y = clouds()
    one, two = (models.fit(models.make(name), X, y) for _ in range(2))
    classes = ["red", "green", "blue"]
    expected = models.proba(one, X, classes)
    np.testing.assert_array_equal(expected, models.proba(two, X, classes))
    artifact = models.save(one, tmp_path)
    assert re.fullmatch(r"[0-9a-f]{64}\.skops", artifact)
    np.testing.assert_array_equal(models.proba(models.load(tmp_path, artifact), X, classes), expected)


def test_unknown_models_are_refused_with_what_there_is():
    with pytest.raises(SettingError, match="no model 'magic'; there are auto, forest, gradient_boosting"):
        models.make("magic")
    with pytest.raises(SettingError, match="no module 'nowhere_at_all'"):
        models.make("nowhere_at_all:Model")
    with pytest.raises(SettingError, match=r"no module 'sklearn\.nowhere'"):
        models.make("sklearn.nowhere:Model")
    with pytest.raises(SettingError, match="has no class 'Model'"):
        models.make("sklearn.linear_model:Model")
    with pytest.raises(SettingError, match="not of the form"):
        models.make(":Model")
    with pytest.raises(SettingError, match=r"give an estimator: LogisticRegression\(\)"):
        models.make(LogisticRegression)
    with pytest.raises(SettingError, match="a int is no model"):
        models.make(3)


def test_an_estimator_is_cloned_and_a_class_in_a_module_is_made():
    given = LogisticRegression(C=3).fit([[0], [1]], [0, 1])
    made = models.make(given)
    assert made is not given
    assert made.C == 3
    assert not hasattr(made, "coef_")
    assert type(models.make("sklearn.linear_model:RidgeClassifier")).__name__ == "RidgeClassifier"


def test_a_name_is_checked_without_scikit_learn():
    code = (
        "import sys; from asklearn import models; models.known('auto'); models.known('a.b:C'); models.names();"
        "sys.exit('sklearn' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(SettingError, match="no model 'magic'"):
        models.known("magic")


# -- the automatic one --------------------------------------------------------------------------------------


def test_auto_keeps_the_conventions_of_scikit_learn():
    held_out = "a repeated row is held out from its twin's fold, a row of weight 2 is not"
    expected = {f"check_sample_weight_equivalence_on_{kind}_data": held_out for kind in ("dense", "sparse")}
    check_estimator(Auto(), on_skip=None, expected_failed_checks=expected)


def test_auto_beats_plain_logistic_regression_on_few_digits_and_is_honest():
    X, y = load_digits(return_X_y=True)
    gains, gaps = [], []
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(len(y))
        learn, test = order[:200], order[200:1200]
        p = models.proba(Auto().fit(X[learn], y[learn]), X[test], range(10))
        plain = LogisticRegression(max_iter=1000).fit(X[learn], y[learn]).score(X[test], y[test])
        right = p.argmax(axis=1) == y[test]
        gains.append(right.mean() - plain)
        gaps.append(p.max(axis=1).mean() - right.mean())
    assert np.mean(gains) > 0.005
    assert abs(np.mean(gaps)) < 0.03


def test_auto_does_not_mind_units():
    X, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    learn, test = order[:100], order[100:]
    assert Auto().fit(X[learn], y[learn]).score(X[test], y[test]) > 0.93
    one, other = (Auto().fit(X[learn] * scale, y[learn]).predict(X[test] * scale) for scale in (1.0, 1e4))
    np.testing.assert_array_equal(one, other)


def test_auto_sees_sparse_rows_as_their_dense_products():
    X, y = clouds(90)
    model = Auto().fit(sparse.csr_matrix(X), y)
    by_hand = X @ (model.centres_.T @ model.dual_coef_) / model.spread_ + model.intercept_
    np.testing.assert_allclose(model.decision_function(sparse.csr_matrix(X)), by_hand, rtol=1e-5)


def test_auto_weighs_rows_and_survives_equal_ones():
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 30, axis=0)
    y = np.array([0] * 30 + [1] * 30)
    y[:10] = 1  # a third of the first place is mislabelled
    plain = Auto().fit(X, y).predict_proba(X[:1])[0, 0]
    trusted = (
        Auto().fit(X, y, sample_weight=np.where(np.arange(60) < 10, 0.01, 1.0)).predict_proba(X[:1])[0, 0]
    )
    assert 0.5 < plain < 0.8
    assert trusted > 0.9


def test_auto_goes_on_where_labels_outnumber_its_centres(monkeypatch):
    monkeypatch.setattr("asklearn.models.auto.CENTRES", 25)
    monkeypatch.setattr("asklearn.models.auto.JUDGES", 30)
    X, y = clouds(300)
    model = Auto().fit(X, y)
    assert model.centres_.shape == (25, 5)
    assert model.score(X, y) > 0.95


def test_auto_takes_many_classes_with_a_label_each_without_a_word():
    X = np.random.default_rng(0).normal(size=(40, 5))
    assert Auto().fit(X, np.arange(40) % 35).predict_proba(X).shape == (40, 35)


@pytest.mark.parametrize("name", ["forest", "logistic"])
def test_few_labels_of_many_classes_are_learned_without_a_word(name):
    y = [f"class {i % 20}" for i in range(30)]  # warnings are errors here
    assert len(models.fit(models.make(name), np.eye(30), y).classes_) == 20


def test_auto_has_a_label_for_every_type():
    X = np.array([[0.0], [0.1], [5.0], [5.1]])
    for labels in (["a", "b"], [3, 7], [False, True]):
        y = np.repeat(labels, 2)
        assert (Auto().fit(X, y).predict(X) == y).all()
    assert clone(Auto()).get_params() == {}


def test_softmax_regression_agrees_with_scikit_learn():
    X, y = clouds(90)
    codes = np.unique(y, return_inverse=True)[1]
    C = 2.0
    theirs = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(X, codes).predict_proba(X)
    ours = np.exp(temperature.log_softmax(score(X, solve(X, codes, 3, np.ones(90), C, precise=True))))
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_sharpness_undoes_what_was_done():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 3))
    p = np.exp(temperature.log_softmax(scores))
    codes = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1)
    for t in (0.5, 1.0, 3.0):
        found, _ = temperature.sharpness(scores / t, codes, np.ones(len(p)))
        assert found == pytest.approx(t, rel=0.05)


def test_a_few_rows_move_the_sharpness_little():
    scores, codes = np.array([[3.0, 0.0]] * 4), np.zeros(4, dtype=int)
    few, _ = temperature.sharpness(scores, codes, np.ones(4))
    many, _ = temperature.sharpness(scores.repeat(500, axis=0), codes.repeat(500), np.ones(2000))
    assert 1 < few < 1.3 < many


def test_every_row_is_held_out_once_from_the_other_folds():
    codes = np.array([0, 0, 0, 1, 1, 2])
    asked = []

    def rows(learn, ask, fold):
        asked.extend(np.flatnonzero(ask).tolist())
        assert not (learn & ask).any()
        return np.zeros((int(ask.sum()), len(np.unique(codes[learn]))))

    scores = temperature.held_out(codes, rows)
    assert sorted(asked) == list(range(6))
    assert scores[5].tolist() == [0, 0, temperature.UNSEEN]  # the only one of its class: nobody knew it
    assert temperature.judged(codes).tolist() == [True] * 5 + [False]


# -- on disk ------------------------------------------------------------------------------------------------


def test_a_model_with_foreign_parts_is_not_kept(tmp_path):
    assert models.save(Odd().fit([[0], [1]], [0, 1]), tmp_path) is None
    wrapped = make_pipeline(StandardScaler(), Odd()).fit([[0.0], [1.0]], [0, 1])
    assert models.save(wrapped, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_or_missing_model_is_told(tmp_path):
    artifact = models.save(LogisticRegression().fit([[0], [1]], ["a", "b"]), tmp_path)
    (tmp_path / artifact).write_bytes((tmp_path / artifact).read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged: its checksum differs"):
        models.load(tmp_path, artifact)
    with pytest.raises(ModelError, match="is not in"):
        models.load(tmp_path, "0" * 64 + ".skops")
    with pytest.raises(ModelError, match="is no stored model"):
        models.load(tmp_path, "../secret")


def test_a_file_with_foreign_parts_is_not_loaded_though_its_checksum_fits(tmp_path):
    import hashlib

    import skops.io

    body = skops.io.dumps(Odd().fit([[0], [1]], [0, 1]))
    name = hashlib.sha256(body).hexdigest() + ".skops"
    (tmp_path / name).write_bytes(body)
    with pytest.raises(ModelError, match="Odd, which is not trusted"):
        models.load(tmp_path, name)
