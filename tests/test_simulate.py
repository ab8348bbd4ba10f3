"""Simulation: same seed, same items, also when it was killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from asklearn import simulate
from asklearn.errors import SettingError
from asklearn.journal.memory import MemoryJournal
from asklearn.journal.sqlite import SqliteJournal

STRATEGY = "mix(margin, share=0.1)"


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def model():
    return LogisticRegression(max_iter=1000)


def test_the_curve_has_an_entry_a_round(digits):
    curve = simulate(*digits, STRATEGY, model(), budget=45)
    assert curve.labels.tolist() == [10, 20, 30, 40, 45]
    assert len(curve.score) == 5
    assert len(curve.items) == len(set(curve.items)) == 45
    assert set(curve.seconds) == {"learn", "view", "choose"}
    assert curve.score[-1] > curve.score[0]
    assert curve.at(42) == curve.score[3]
    assert np.isnan(curve.at(5))


def test_margin_on_digits_reaches_what_it_should(digits):
    ours = [simulate(*digits, STRATEGY, model(), seed=seed).score[-1] for seed in range(3)]
    assert np.mean(ours) > 0.94


def test_same_seed_same_items_other_seed_other_items(digits):
    one, two, three = (simulate(*digits, STRATEGY, model(), budget=30, seed=s) for s in (5, 5, 6))
    assert one.items == two.items
    assert one.score.tolist() == two.score.tolist()
    assert one.items != three.items


def test_start_test_set_and_metric_are_ours_to_choose(digits):
    X, y = digits
    curve = simulate(
        X[:1000],
        y[:1000],
        "random",
        model(),
        start=25,
        budget=45,
        test=(X[1000:], y[1000:]),
        metric="balanced_accuracy",
    )
    assert curve.labels.tolist() == [25, 35, 45]
    assert curve.metric == "balanced_accuracy"


def test_one_class_so_far_is_a_score_not_an_error():
    X = np.zeros((40, 1))
    y = np.array(["a"] * 38 + ["b"] * 2)
    curve = simulate(X, y, "random", model(), batch=1, budget=2, seed=1)
    assert len(curve.score) == 2
    assert np.isfinite(curve.score).all()


@pytest.mark.parametrize(("wrong", "said"), [({"budget": 0}, "budget"), ({"batch": 0}, "batch")])
def test_senseless_settings_are_refused(digits, wrong, said):
    with pytest.raises(SettingError, match=said):
        simulate(*digits, "random", model(), **wrong)


def test_lengths_must_agree(digits):
    X, y = digits
    with pytest.raises(SettingError, match="1797 rows and y has 5"):
        simulate(X, y[:5], "random", model())


def test_a_journal_of_another_run_is_refused(digits):
    journal = MemoryJournal()
    simulate(*digits, "random", model(), budget=10, journal=journal)
    with pytest.raises(SettingError, match="'random' with seed 0"):
        simulate(*digits, STRATEGY, model(), budget=10, journal=journal)


def test_a_finished_run_is_read_not_repeated(digits):
    journal = MemoryJournal()
    first = simulate(*digits, STRATEGY, model(), budget=30, journal=journal)
    again = simulate(*digits, STRATEGY, model(), budget=30, journal=journal)
    assert again.items == first.items
    assert again.score.tolist() == first.score.tolist()


CHILD = """
    import sys
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from asklearn import simulate
    from asklearn.journal.sqlite import SqliteJournal
    X, y = load_digits(return_X_y=True)
    simulate(X / 16, y, "mix(margin, share=0.1)", LogisticRegression(max_iter=1000), budget=100, seed=3,
             journal=SqliteJournal(sys.argv[1]), progress=lambda labels: print(labels, flush=True))
"""


def test_killed_in_the_middle_and_taken_up_again(digits, tmp_path):
    whole = simulate(*digits, STRATEGY, model(), budget=100, seed=3)
    file = tmp_path / "run.sqlite"
    rng = np.random.default_rng(0)
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CHILD), str(file)], stdout=subprocess.PIPE, text=True
        )
        child.stdout.readline()  # a round is done: now anywhere in the next ones
        time.sleep(rng.uniform(0, 0.3))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    resumed = simulate(*digits, STRATEGY, model(), budget=100, seed=3, journal=SqliteJournal(file))
    assert resumed.items == whole.items
    assert resumed.labels.tolist() == whole.labels.tolist()
    assert resumed.score.tolist() == whole.score.tolist()
