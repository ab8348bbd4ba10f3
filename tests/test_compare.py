"""Comparison: the same splits and first items for all, the same result however it is spread."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from asklearn import compare, simulate
from asklearn.errors import SettingError
from asklearn.study.compare import grid, on_grid


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def model():
    return LogisticRegression(max_iter=1000)


@pytest.fixture(scope="module")
def found(digits):
    return compare(
        *digits, ["margin", "entropy"], seeds=3, model=model(), budget=40, metric=["accuracy", "log_loss"]
    )


def test_random_always_runs_beside_them(found):
    assert found.strategies == ("margin", "entropy", "random")
    assert found.labels.tolist() == [10, 20, 30, 40]
    assert found.scores["accuracy"].shape == (3, 3, 4)
    assert found.full["log_loss"].shape == (3,)


def test_a_run_of_a_comparison_is_the_simulation_of_that_seed(digits, found):
    alone = simulate(*digits, "margin", model(), budget=40, seed=2)
    assert alone.items == found.curves["margin"][2].items
    assert alone.score.tolist() == found.of("margin")[2].tolist()


def test_strategies_of_one_seed_begin_alike_and_random_does_not_cover(digits, found):
    first = [found.curves[name][0].items[:10] for name in found.strategies]
    assert first[0] == first[1] != first[2]
    begun = compare(*digits, ["margin"], seeds=2, model=model(), start=12, budget=20)
    first = [[curve.items[:12] for curve in begun.curves[name]] for name in begun.strategies]
    assert first[0] == first[1]
    assert first[0][0] != first[0][1]


def test_the_result_is_the_same_for_any_number_of_processes(digits, found):
    spread = compare(
        *digits,
        ["margin", "entropy"],
        seeds=3,
        model=model(),
        budget=40,
        metric=["accuracy", "log_loss"],
        jobs=2,
    )
    for metric in ("accuracy", "log_loss"):
        assert (spread.scores[metric] == found.scores[metric]).all()
        assert (spread.full[metric] == found.full[metric]).all()


def test_progress_counts_every_run(digits):
    seen = []
    compare(
        *digits, ["margin"], seeds=2, model=GaussianNB(), budget=10, progress=lambda *done: seen.append(done)
    )
    assert seen == [(i, 6) for i in range(1, 7)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seeds": 0}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"jobs": 0}, "jobs"),
        ({"metric": "rmse"}, "rmse measures"),
        ({"metric": "acuracy"}, "no metric 'acuracy'"),
        ({"metric": ["accuracy", "accuracy"]}, "twice"),
        ({"strategies": ["margin", "margin"]}, "'margin' is named twice"),
        ({"strategies": "margin"}, "is a list"),
        ({"strategies": ["nothing"]}, "nothing"),
        ({"test": 1.5}, "share"),
        ({"groups": [1, 2]}, "groups has 2"),
        ({"model": "nothing"}, "nothing"),
        ({"start": -1}, "start"),
    ],
)
def test_senseless_settings_are_refused(digits, wrong, said):
    with pytest.raises(SettingError, match=said):
        compare(*digits, **{"strategies": ["margin"], "seeds": 1} | wrong)


def test_what_cannot_be_sent_to_a_process_says_so(digits):
    odd = {"mine": lambda proba: proba.max(axis=1)}
    with pytest.raises(SettingError, match="jobs=1"):
        compare(*digits, odd, seeds=2, model=GaussianNB(), budget=10, jobs=2)


def test_measured_numbers_are_refused(digits):
    with pytest.raises(SettingError, match="measured number"):
        compare(digits[0], digits[0][:, 2] / 3, ["margin"], seeds=1)


def test_runs_that_measured_elsewhere_share_a_grid():
    labels = grid([np.array([10, 20]), np.array([8, 16, 24])])
    assert labels.tolist() == [10, 16, 20, 24]
    assert on_grid(labels, np.array([8, 16, 24]), np.array([1, 2, 3])).tolist() == [1, 2, 2, 3]
