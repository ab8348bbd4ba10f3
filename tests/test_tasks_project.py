"""Several labels an item, numbers and spans: from questions to the estimate, in a folder, over HTTP, by commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from serving import serving
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from typer.testing import CliRunner

from asklearn.cli.commands import app
from asklearn.errors import AnswerError, NotReady, SettingError
from asklearn.events import Learned
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks import multilabel, named, number, spans

NAMES = ("red", "round", "ripe")
rng = np.random.default_rng(0)
X = rng.normal(size=(240, 4))
SETS = [[name for name, on in zip(NAMES, row, strict=True) if on] for row in X[:, :3] > (0, 0.3, -0.2)]
AMOUNTS = (5 + 2 * X[:, 0] + X[:, 1] + rng.normal(0, 0.2, 240)).clip(0, 10).round(2)
TEXTS = [
    f"{rng.choice(['Ann', 'Bob', 'Eve'])} was in {rng.choice(['Oslo', 'New York', 'Rome'])}, {k}"
    if k % 3
    else f"nobody came, {k}"
    for k in range(240)
]
MARKS = [
    [
        {"start": 0, "end": 3, "label": "person"},
        {"start": text.index(" in ") + 4, "end": text.index(","), "label": "place"},
    ]
    if " in " in text
    else []
    for text in TEXTS
]
TASKS = {
    "multilabel": (multilabel(NAMES), SETS),
    "number": (number((0, 10), "kg"), AMOUNTS.tolist()),
    "spans": (spans(["person", "place"]), MARKS),
}
ROWS = {"multilabel": X, "number": X, "spans": TEXTS}
WRONG = {"multilabel": [], "number": 0, "spans": [{"start": 0, "end": 1, "label": "place"}]}


def label(it: Project, truth: list, n: int, by: str = "me") -> None:
    for question in it.ask(n, by):
        it.tell(Answer(item=question.item, label=truth[question.row], by=by))


@pytest.fixture(params=list(TASKS))
def kind(request) -> str:
    return request.param


def test_from_questions_to_an_honest_estimate(kind, tmp_path):
    task, truth = TASKS[kind]
    with Project(ROWS[kind], task, path=tmp_path / "p", audit=0.4) as it:
        for _ in range(4):
            label(it, truth, 30)
            it.learn()
        status, found = it.status(), it.estimate()
        assert status["task"] == kind
        assert status["labels"] == list(task.labels)
        assert status["estimate"]["metric"] == task.usual == found.metric
        assert found.low <= found.value <= found.high
        assert [point["value"] for point in it.curve()][-1] == pytest.approx(found.value)
        ids = list(it.pool.ids)
        told = it.predict(ids)
        anew = it.predict(ROWS[kind][:5])["label"]
        assert anew == (pytest.approx(told["label"][:5], rel=1e-5) if kind == "number" else told["label"][:5])
        row = next(iter(it.export(predict=True)))
        assert row["prediction"] == told["label"][0]
        for name, column in told.items():
            if name in ("probability", "low", "high"):
                assert row[name] == column[0]
                assert np.isfinite(column).all()
        json.dumps(status, allow_nan=False)
        learned = [event for _, event in it.events() if isinstance(event, Learned)]
        assert learned[-1].kappa is not None
        assert learned[-1].artifact is not None
        assert (learned[-1].changed is None) == (kind == "number")
    with Project.open(tmp_path / "p") as again:
        assert again.task == task
        assert again.predict(ids) == told, "what was kept is what is told"
        label(again, truth, 1)


def test_a_damaged_cache_is_made_anew_from_the_model(kind, tmp_path):
    task, truth = TASKS[kind]
    with Project(ROWS[kind], task, path=tmp_path / "p") as it:
        label(it, truth, 40)
        it.learn()
        before = it.predict(list(it.pool.ids))
    for file in (tmp_path / "p" / "cache").glob("said-*"):
        file.unlink()
    with Project.open(tmp_path / "p") as again:
        assert again.predict(list(again.pool.ids)) == before


def test_two_different_answers_are_needed(kind):
    task, truth = TASKS[kind]
    with Project(ROWS[kind], task, audit=0) as it:
        with pytest.raises(NotReady, match="no label to learn from"):
            it.learn()
        for question in it.ask(3):
            it.tell(Answer(item=question.item, label=truth[0]))
        with pytest.raises(NotReady, match="two different answers"):
            it.learn()


def test_several_people_are_heard(kind):
    task, truth = TASKS[kind]
    with Project(ROWS[kind], task, audit=0, redundancy=3) as it:
        with pytest.raises(NotReady):
            it.agreement()
        for by in ("ann", "bob", "eve"):
            label(it, truth, 40, by)
        assert it.agreement().value == 1
        wrong, table = WRONG[kind], it.labels()
        thrice = [item for item, n in zip(table["item"], table["answers"], strict=True) if n == 3][:10]
        for item in thrice:
            it.tell(Answer(item=item, label=wrong, by="eve"))
        found = it.agreement()
        assert found.value < 1
        assert found.n >= 30
        assert it.status()["people"]["agreement"]["value"] == pytest.approx(found.value)
        merged = dict(zip(it.labels()["item"], it.labels()["label"], strict=True))
        rows = {item: row for row, item in enumerate(it.pool.ids)}
        assert all(merged[item] == truth[rows[item]] for item in thrice), "two against one"
        with pytest.raises(SettingError, match="measured by"):
            it.agreement("fleiss")


def test_spans_are_of_texts_and_read_by_a_model_of_their_own():
    with pytest.raises(SettingError, match="spans are of texts"):
        Project(X, TASKS["spans"][0])
    with pytest.raises(SettingError, match="models of its own"):
        Project(TEXTS, TASKS["spans"][0], model=LogisticRegression())
    for strategy in ("margin", "badge", "k_center"):
        with Project(TEXTS, TASKS["spans"][0], strategy=strategy, audit=0) as it:
            label(it, MARKS, 20)
            it.learn()
            assert len({q.item for q in it.ask(5)}) == 5


def test_strategies_get_what_they_can_and_others_are_refused():
    for strategy in ("margin", "badge", "k_center", "random", "auto"):
        with Project(X, TASKS["multilabel"][0], strategy=strategy, audit=0) as it:
            label(it, SETS, 20)
            it.learn()
            assert len({q.item for q in it.ask(5)}) == 5
    for strategy in ("lcmd", "igs", "qbc_std", "random", "auto"):
        with Project(X, TASKS["number"][0], strategy=strategy, audit=0) as it:
            label(it, AMOUNTS.tolist(), 20)
            it.learn()
            assert len({q.item for q in it.ask(5)}) == 5
    with pytest.raises(SettingError, match="margin needs proba"):
        Project(X, TASKS["number"][0], strategy="margin")
    with pytest.raises(SettingError, match="std"):
        Project(X, TASKS["multilabel"][0], strategy="qbc_std")


@pytest.mark.parametrize(
    "model", [RandomForestClassifier(10), LogisticRegression(), "naive_bayes"], ids=["forest", "one", "word"]
)
def test_any_classifier_serves_several_labels(model):
    with Project(X, TASKS["multilabel"][0], model=model, audit=0) as it:
        label(it, SETS, 40)
        it.learn()
        found = it.predict(X)["label"]
        assert np.mean([p == t for p, t in zip(found, SETS, strict=True)]) > 0.4


@pytest.mark.parametrize(
    "model",
    [RandomForestRegressor(10), BayesianRidge(), LinearRegression(), "ridge"],
    ids=lambda m: str(m)[:9],
)
def test_any_regressor_serves_numbers_with_widths_that_hold(model):
    with Project(X, TASKS["number"][0], model=model, audit=0) as it:
        label(it, AMOUNTS.tolist(), 60)
        it.learn()
        told = it.predict(X)
        inside = np.mean(
            [lo <= y <= hi for lo, y, hi in zip(told["low"], AMOUNTS, told["high"], strict=True)]
        )
        assert 0.65 < inside <= 1


def test_a_strategy_by_deviations_is_refused_where_a_model_has_none():
    with Project(X, TASKS["number"][0], model=LinearRegression(), strategy="qbc_std", audit=0) as it:
        label(it, AMOUNTS.tolist(), 20)
        it.learn()
        with pytest.raises(SettingError, match="std"):
            it.ask(1)


def test_wrong_kinds_of_models_are_refused():
    with pytest.raises(SettingError, match="regressor"):
        Project(X, TASKS["number"][0], model=LogisticRegression())
    with pytest.raises(SettingError, match="ridge"):
        Project(X, TASKS["number"][0], model="logistic")


def test_a_target_for_an_error_is_reached_from_above():
    from asklearn.stopping import target

    with Project(X, TASKS["number"][0], audit=0.5, stop=target(1.5, "mae")) as it:
        label(it, AMOUNTS.tolist(), 80)
        it.learn()
        found = it.advice()
        assert found.stop
        assert "mae is at most" in found.why[0]
        assert it.estimate("rmse").value >= it.estimate("mae").value
        with pytest.raises(SettingError, match="mae, rmse, r2"):
            it.estimate("accuracy")


def test_answers_out_of_bounds_name_the_item(kind):
    task, _ = TASKS[kind]
    wrong = {
        "multilabel": ["blue"],
        "number": 11,
        "spans": [{"start": 0, "end": 99, "label": "place"}],
    }[kind]
    with Project(ROWS[kind], task) as it, pytest.raises(AnswerError) as caught:
        it.tell(Answer(item=it.pool.ids[0], label=wrong))
    assert caught.value.item == it.pool.ids[0]


@pytest.mark.parametrize(
    "kind", ["number", *(pytest.param(other, marks=pytest.mark.slow) for other in ("multilabel", "spans"))]
)
def test_over_http(kind, tmp_path):
    task, truth = TASKS[kind]
    with Project(ROWS[kind], task, path=tmp_path / "p", audit=0, hide=0) as it:
        label(it, truth, 30)
        it.learn()
    with serving(tmp_path / "p") as server:
        status, said = server.ask("POST", "/api/v1/questions", {"n": 3})
        assert status == 200
        shown = [question for question in said["questions"] if question["proposal"]]
        for question in shown:
            proposal = question["proposal"]
            if kind == "number":
                assert proposal.keys() == {"label", "low", "high"}
                assert 0 <= proposal["low"] <= proposal["label"] <= proposal["high"] <= 10
            elif kind == "spans":
                assert proposal.keys() == {"label", "probability", "spans"}
                assert [{k: s[k] for k in ("start", "end", "label")} for s in proposal["spans"]] == proposal[
                    "label"
                ]
            else:
                assert proposal.keys() == {"label", "probability", "probabilities"}
                assert set(proposal["probabilities"]) == set(NAMES) >= set(proposal["label"])
        seen = said["status"]
        assert (seen["task"], seen["labels"]) == (kind, list(task.labels))
        if kind == "number":
            assert (seen["range"], seen["unit"]) == ([0, 10], "kg")
        ask = [{"key": q["item"], "item": q["item"], "label": truth[q["row"]]} for q in said["questions"]]
        assert server.ask("POST", "/api/v1/answers", ask)[0] == 200
        wrong = {
            "key": "w",
            "item": ask[0]["item"],
            "label": {"multilabel": 3, "number": "many", "spans": 1}[kind],
        }
        status, said = server.ask("POST", "/api/v1/answers", [wrong])
        assert status == 422
        assert said["error"]["item"] == ask[0]["item"]
        status, said = server.ask("GET", "/api/v1/history")
        assert said[0]["label"] == ask[-1]["label"]


# -- commands ---------------------------------------------------------------------------------------------------------


def run(*words: object) -> str:
    found = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def written(kind: str, folder: Path) -> Path:
    """A file of the rows and what is true of them."""
    spelt = {
        "multilabel": ["|".join(names) or "[]" for names in SETS],
        "number": [str(value) for value in AMOUNTS],
        "spans": [json.dumps(marks) for marks in MARKS],
    }[kind]
    with (folder / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", *(["text"] if kind == "spans" else "abc"), "said"])
        for i, told in enumerate(spelt):
            writer.writerow([i, *([TEXTS[i]] if kind == "spans" else X[i, :3].round(3)), told])
    return folder / "data.csv"


def test_commands(kind, tmp_path):
    data, place = written(kind, tmp_path), tmp_path / "p"
    options = {"number": ["--range", "0,10", "--unit", "kg"], "spans": ["--text", "text"]}.get(kind, [])
    words = {"number": "0 to 10 kg", "multilabel": "red, ripe, round", "spans": "person, place"}[kind]
    made = ("--id", "row", "--label", "said", "--task", kind, *options)
    assert words in run("init", place, data, *made)
    assert "imported" in run("import", place, data, "--id", "row", "--label", "said")
    assert "0 labels imported" in run("import", place, data, "--id", "row", "--label", "said"), (
        "twice is once"
    )
    assert words in run("status", place)
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        run("export", place, tmp_path / name, "--predict")
    for line in (tmp_path / "out.jsonl").read_text().splitlines():
        row = json.loads(line)
        expected = TASKS[kind][1][int(row["id"])]
        assert row["label"] == (sorted(expected) if kind == "multilabel" else expected)
        assert "prediction" in row
    other = tmp_path / "q"
    run("init", other, data, *made)
    assert "240 labels imported" in run("import", other, tmp_path / "out.csv")
    assert "0 labels imported" in run("import", other, tmp_path / "out.parquet"), "all formats say the same"


def test_senseless_wishes_are_refused(tmp_path):
    data = written("number", tmp_path)

    def refused(*words: object) -> str:
        found = CliRunner().invoke(app, ["init", str(tmp_path / "n"), str(data), *map(str, words)])
        assert found.exit_code != 0
        return str(found.exception) + found.output

    assert "range" in refused("--task", "number", "--range", "5")
    assert "smaller first" in refused("--task", "number", "--range", "5,1")
    assert "within" in refused("--task", "number", "--range", "0,1", "--label", "said")
    assert "no labels" in refused("--task", "number", "--labels", "a,b")
    assert "range" in refused("--task", "multilabel", "--labels", "a,b", "--range", "0,1")


def test_named_tasks_keep_their_settings():
    assert named("number", range=[0, 5], unit="m") == number((0, 5), "m")
