"""Simulation: same seed, same items, also when it was killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from asklearn import Answer, Project, classes, simulate
from asklearn.errors import SettingError
from asklearn.events import Asked
from asklearn.journal.memory import MemoryJournal
from asklearn.journal.sqlite import SqliteJournal
from asklearn.state import fold
from asklearn.study.known import Known, split

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


@pytest.mark.slow
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


def test_a_project_in_the_same_place_asks_the_same(digits):
    X, y = digits[0][:500], digits[1][:500]
    curve = simulate(X, y, "margin", model(), start=20, batch=10, budget=60, test=(X[:50], y[:50]), seed=4)
    for known in (20, 40):
        project = Project(
            X, classes(tuple(range(10))), model(), "margin", audit=0, batch=1
        )  # its items are named by their content
        rows = [int(item) for item in curve.items[:known]]
        project.tell([Answer(item=project.pool.ids[row], label=int(y[row])) for row in rows])
        project.learn()
        assert {str(q.row) for q in project.ask(10)} == set(curve.items[known : known + 10])


def test_the_record_says_what_a_projects_record_says(digits):
    journal = MemoryJournal()
    curve = simulate(*digits, STRATEGY, model(), start=5, budget=30, journal=journal)
    state = fold(journal.read())
    assert list(state.answers) == curve.items
    assert [m.labels for m in state.models] == curve.labels.tolist() == [5, 15, 25, 30]
    assert [m.value for m in state.measured] == curve.score.tolist()
    asked = [event for _, event in journal.read() if isinstance(event, Asked)]
    assert asked[0].chances == (5 / 1258,) * 5
    assert {"random", "margin"} >= set(asked[1].arms)


@pytest.mark.parametrize("own", ["logistic", model()])
def test_a_run_with_a_record_is_the_run_without(digits, own):
    for strategy in ("random", STRATEGY):
        alone = simulate(*digits, strategy, own, start=5, budget=25)
        kept = simulate(*digits, strategy, own, start=5, budget=25, journal=MemoryJournal())
        assert kept.items == alone.items
        assert kept.score.tolist() == alone.score.tolist()


def test_a_run_that_was_asked_for_more_goes_on(digits):
    journal = MemoryJournal()
    simulate(*digits, STRATEGY, model(), budget=20, journal=journal, metric=["accuracy", "log_loss"])
    longer = simulate(*digits, STRATEGY, model(), budget=40, journal=journal, metric=["log_loss", "accuracy"])
    whole = simulate(*digits, STRATEGY, model(), budget=40, metric="log_loss")
    assert longer.items == whole.items
    assert longer.score.tolist() == whole.score.tolist()
    with pytest.raises(SettingError, match="without the metric 'macro_f1'"):
        simulate(*digits, STRATEGY, model(), budget=40, journal=journal, metric="macro_f1")


def test_other_rows_in_the_journal_are_refused(digits):
    journal = MemoryJournal()
    simulate(*digits, "random", model(), budget=10, journal=journal)
    with pytest.raises(SettingError, match="another pool"):
        simulate(digits[0] + 1, digits[1], "random", model(), budget=10, journal=journal)


def test_groups_stay_on_one_side(digits):
    X, y = digits[0][:300], digits[1][:300]
    groups = np.arange(300) // 10
    known = Known(X, y, 0.3, groups)
    for seed in range(3):
        sides = known.sides(seed)
        asked = {int(item) // 10 for item in sides.pool.ids}
        held_out = set(range(30)) - asked
        assert len(held_out) == 9
        assert len(sides.y_test) == 90
        assert len(sides.pool.ids) == 210


@given(
    codes=st.lists(st.integers(0, 4), min_size=4, max_size=60),
    test=st.floats(0.2, 0.8),
    seed=st.integers(0, 9),
)
def test_a_split_loses_no_row_and_keeps_the_classes(codes, test, seed):
    codes = np.array(codes)
    rows, out = split(codes, test, seed)
    assert sorted([*rows, *out]) == list(range(len(codes)))
    assert len(rows)
    assert len(out)
    counts = np.bincount(codes)
    share = len(out) / len(codes)
    if counts[counts > 0].min() > 1 and np.count_nonzero(counts) <= min(len(rows), len(out)):
        assert (abs(np.bincount(codes[out], minlength=len(counts)) - counts * share) <= 1).all()


@pytest.mark.parametrize("kind", ["text", "frame", "sparse", "dict"])
def test_rows_of_every_kind_reach_a_model_of_ones_own_as_they_came(kind):
    rng = np.random.default_rng(0)
    y = np.repeat(["ham", "spam"], 40)
    numbers = rng.normal(size=(80, 2)) + (y == "ham")[:, None]
    if kind == "text":
        X = [f"{label} letter {i}" for i, label in enumerate(y)]
        own = make_pipeline(TfidfVectorizer(), LogisticRegression())
    elif kind == "sparse":
        X, own = csr_matrix(numbers), LogisticRegression()
    else:
        X = pandas.DataFrame(numbers, columns=["one", "two"])
        own = make_pipeline(make_column_transformer((StandardScaler(), ["one", "two"])), LogisticRegression())
        if kind == "dict":
            X, own = X.to_dict("list"), "logistic"
    curve = simulate(X, y, "margin", own, budget=20)
    assert curve.labels.tolist() == [10, 20]
    assert curve.score[-1] > 0.5
