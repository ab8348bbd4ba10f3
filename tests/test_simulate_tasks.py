"""Simulated runs where answers are numbers, several labels, or passages."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs
from sklearn.linear_model import BayesianRidge
from typer.testing import CliRunner

from asklearn import compare, feasibility, simulate
from asklearn.cli.commands import app
from asklearn.errors import SettingError
from asklearn.journal.memory import MemoryJournal
from asklearn.study.metrics import OF_LABELS, higher
from asklearn.tasks import number, spans

rng = np.random.default_rng(0)
X = rng.normal(size=(160, 4))
amounts = 3 * X[:, 0] + X[:, 1] + rng.normal(0, 0.2, 160)
table = (X[:, :3] > 0).astype(int)
lists = [[name for name, on in zip("abc", row, strict=True) if on] for row in table]


@pytest.mark.parametrize("strategy", ["auto", "random", "lcmd", "igs", "qbc_std"])
def test_numbers_are_learned(strategy):
    curve = simulate(X, amounts, strategy, budget=40, metric=["rmse", "mae", "r2"])
    assert curve.score[-1] < amounts.std() / 4
    assert curve.scores["r2"][-1] > 0.9
    assert len(set(curve.items)) == 40


@pytest.mark.parametrize("y", [table, lists], ids=["table", "lists"])
def test_several_labels_are_learned(y):
    curve = simulate(X, y, "margin", budget=60, metric=["accuracy", "f1_micro", "f1_macro"])
    assert curve.score[-1] > 0.6
    assert curve.scores["f1_micro"][-1] > 0.85


def test_passages_are_learned():
    texts = [
        f"{who} was in {where}" for who in ("Ann", "Bob", "Eve") for where in ("Oslo", "Rome", "Bonn")
    ] * 6
    marks = [[{"start": text.index(" in ") + 4, "end": len(text), "label": "place"}] for text in texts]
    for task in (None, spans(["place"])):
        curve = simulate(texts, marks, "margin", budget=20, metric="f1", task=task)
        assert curve.score[-1] > 0.9


def test_a_run_is_kept_and_the_same_again():
    journal = MemoryJournal()
    first = simulate(X, amounts, "lcmd", budget=30, metric="mae", journal=journal)
    again = simulate(X, amounts, "lcmd", budget=30, metric="mae", journal=journal)
    plain = simulate(X, amounts, "lcmd", budget=30, metric="mae")
    assert first.items == again.items == plain.items
    assert first.score.tolist() == again.score.tolist() == plain.score.tolist()


def test_whole_numbers_are_numbers_where_the_metric_or_the_task_says_so():
    grades = amounts.round().astype(int)
    for more in (
        {"metric": "mae"},
        {"metric": "r2", "task": number()},
        {"metric": "mae", "model": BayesianRidge()},
    ):
        assert np.isfinite(simulate(X, grades, "random", budget=20, **more).score).all()
    assert simulate(X, grades, "random", budget=20).metric == "accuracy", "classes otherwise"


def test_a_scorer_of_scikit_learn_measures_numbers_too():
    curve = simulate(X, amounts, "random", budget=20, metric=["mae", "neg_mean_absolute_error"])
    assert -curve.scores["neg_mean_absolute_error"] == pytest.approx(curve.score)


@pytest.mark.parametrize(
    ("y", "more", "said"),
    [
        (amounts, {}, "choose mae, r2, rmse"),
        (table, {"metric": "mae"}, "no number"),
        (table, {"metric": "log_loss"}, "choose accuracy, f1_macro, f1_micro"),
        (np.array(["a", "b"] * 80), {"metric": "rmse"}, "'a' is no number"),
        (amounts, {"metric": "mae", "strategy": "margin"}, "margin needs proba"),
        (amounts, {"metric": "mae", "model": "logistic"}, "no model 'logistic'"),
        (X, {}, "0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(y, more, said):
    with pytest.raises(SettingError, match=said):
        simulate(X, y, **{"strategy": "random", "budget": 20} | more)


def test_comparisons_know_that_less_is_better():
    found = compare(X, amounts, ["lcmd"], seeds=3, budget=30, metric="mae")
    rows = found.table()
    assert not higher("mae")
    best = rows["score"].index(min(rows["score"]))
    assert rows["strategy"][0] == rows["strategy"][best]
    assert found.full["mae"].mean() < found.scores["mae"].mean()


def test_feasibility_looks_at_classes():
    with pytest.raises(SettingError, match="looks at classes"):
        feasibility(X, table)


def test_metrics_are_those_of_scikit_learn():
    y, p = rng.normal(size=(2, 30))
    assert OF_LABELS["number"]["rmse"](p, y) == pytest.approx(theirs.root_mean_squared_error(y, p))
    assert OF_LABELS["number"]["r2"](p, y) == pytest.approx(theirs.r2_score(y, p))
    assert OF_LABELS["number"]["r2"](p, np.ones(30)) == 0
    truth, said = (rng.random((2, 40, 3)) < 0.4).astype(int)

    def sets(rows):
        return [np.flatnonzero(row).tolist() for row in rows]

    for name, average in (("f1_micro", "micro"), ("f1_macro", "macro")):
        found = OF_LABELS["multilabel"][name](sets(said), sets(truth))
        assert found == pytest.approx(theirs.f1_score(truth, said, average=average))
    assert OF_LABELS["spans"]["f1"]([[]], [[]]) == 1


def test_simulating_a_folder_and_a_file(tmp_path):
    lines = [f"{a:.3f},{b:.3f},{value:.2f}" for (a, b, *_), value in zip(X, amounts, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")

    def run(*words: object) -> str:
        found = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output

    run("init", tmp_path / "p", tmp_path / "data.csv", "--label", "y", "--task", "number")
    assert "mae on held-out rows" in run("simulate", tmp_path / "p", "--budget", 20, "--seeds", 1)
    more = ("--label", "y", "--metric", "rmse", "--budget", 20, "--seeds", 1)
    assert "rmse on held-out rows" in run("simulate", tmp_path / "data.csv", *more)
