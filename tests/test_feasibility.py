"""The study: what its parts compute, by brute force, and what it says of data made to be clear, or hopeless."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from asklearn import feasibility
from asklearn.errors import SettingError
from asklearn.study import feasibility as study_of
from asklearn.study.feasible import gains, signs, subsets, verdict, words, work
from asklearn.study.feasible.forecast import forecast
from asklearn.study.feasible.gains import Gain, Interval
from asklearn.study.known import Known
from asklearn.study.simulate import Setup

LABELS = np.array([10, 20, 30, 40])


def parted(n=400, seed=0):
    """Two classes that a plane parts: rows beside it teach more than the others."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    return X, np.where(X.sum(axis=1) > 0, "right", "left")


def noise(n=260, seed=0):
    """Labels that have nothing to do with the rows."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)), rng.permutation(np.arange(n) % 2)


@pytest.fixture(scope="module")
def clear():
    return feasibility(*parted(), ["margin"], model=LogisticRegression(C=10), budget=60, price=0.5)


@pytest.fixture(scope="module")
def hopeless():
    return feasibility(*noise(), ["entropy"], model=GaussianNB(), budget=40)


# -- gains --


def test_the_gain_is_the_paired_t_interval_of_the_later_heights():
    rng = np.random.default_rng(0)
    base, ours = rng.uniform(0.5, 1, size=(8, 4)), rng.uniform(0, 1, size=(8, 4))  # errors
    found = gains.beside("s", LABELS, ours, base, 0.9, np.random.default_rng(0))
    heights = [np.trapezoid(x[:, 1:], LABELS[1:], axis=1) / 20 for x in (base, ours)]
    interval = ttest_rel(*heights).confidence_interval(0.9)
    assert np.allclose([found.gain.low, found.gain.high], [interval.low, interval.high])
    assert found.wins == np.mean(heights[0] > heights[1])
    assert found.cut.value == pytest.approx(found.gain.value / heights[0].mean())
    assert found.cut.low < found.cut.value < found.cut.high


def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        wholes = rng.normal(2, 0.3, size=12)
        parts = 0.4 * wholes + rng.normal(0, 0.2, size=12)
        found = gains.ratio(parts, wholes, 0.9)
        held += found.low <= 0.4 <= found.high
    assert 0.85 <= held / 300 <= 0.95
    assert gains.ratio(np.zeros(3), np.zeros(3), 0.9) == Interval(0.0, 0.0, 0.0)


rising_curve = st.lists(st.floats(0.001, 1), min_size=4, max_size=4).map(np.cumsum)


@given(rising_curve, rising_curve)
@settings(max_examples=30, deadline=None)
def test_labels_needed_agree_with_who_is_better(ours, base):
    needs = gains.needs(LABELS, ours, base)
    assert 10 <= needs <= 160
    assert gains.needs(LABELS, base, base) == pytest.approx(40)
    if ours[-1] >= base[-1]:
        assert needs <= 40 + 1e-6
        assert np.interp(needs, LABELS, ours) >= base[-1] - 1e-6
    else:
        assert needs >= 40 - 1e-6
    assert gains.needs(LABELS, ours + 5, base) == 10  # better from the start
    assert gains.needs(LABELS, ours, base + 5) == 160  # never as good


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_rising_curve_rises_and_keeps_the_mean(values):
    curve = np.array(values)
    found = gains.rising(curve)
    assert (np.diff(found) >= -1e-12).all()
    assert found.mean() == pytest.approx(curve.mean())


def test_seeds_that_agree_leave_no_doubt_about_the_labels_needed():
    ours, base = np.tile([0.5, 0.9, 0.9, 0.9], (5, 1)), np.tile([0.5, 0.6, 0.8, 0.9], (5, 1))
    found = gains.needs_interval(LABELS, ours, base, 0.95, np.random.default_rng(0))
    assert (found.value, found.low, found.high) == pytest.approx((20, 20, 20))
    alone = gains.needs_interval(LABELS, ours[:1], base[:1], 0.95, np.random.default_rng(0))
    assert (alone.low, alone.high) == (0, 160)


# -- verdict --


def gain(low, high, needs_low, needs_high, name="s"):
    """Of errors of 0.2."""
    middle, needed = (low + high) / 2, (needs_low + needs_high) / 2
    points, cut = Interval(middle, low, high), Interval(5 * middle, 5 * low, 5 * high)
    return Gain(name, points, cut, Interval(needed, needs_low, needs_high), 0.5)


SURE, MAYBE = gain(0.03, 0.05, 30, 70, "sure"), gain(-0.01, 0.05, 30, 120, "maybe")
LITTLE, WORSE = gain(0.001, 0.009, 30, 70, "little"), gain(-0.03, -0.01, 120, 400, "worse")


@pytest.mark.parametrize(
    ("several", "plainest", "doubtful", "said"),
    [
        ([SURE, MAYBE], MAYBE, 0.0, "yes"),
        ([SURE, WORSE], MAYBE, 0.1, "yes"),
        (
            [SURE, WORSE],
            MAYBE,
            0.2,
            "unclear",
        ),  # it saves 15 % of the errors for sure, of labels 20 % are in doubt
        ([SURE, MAYBE], WORSE, 0.0, "unclear"),
        ([MAYBE, WORSE], WORSE, 0.0, "unclear"),
        ([LITTLE, WORSE], WORSE, 0.0, "no"),
        ([gain(0.03, 0.05, 60, 90)], MAYBE, 0.0, "unclear"),  # fewer errors, but perhaps as many labels
        ([gain(0.03, 0.05, 81, 90)], MAYBE, 0.0, "no"),
        ([gain(0.009, 0.011, 20, 30)], MAYBE, 0.0, "unclear"),
    ],
)
def test_the_verdict_goes_by_intervals(several, plainest, doubtful, said):
    assert verdict.verdict(several, plainest, 100, doubtful) == said
    assert verdict.verdict(several[::-1], plainest, 100, doubtful) == said


def test_more_splits_are_tried_only_while_they_may_tell():
    assert verdict.settled([SURE], MAYBE, 100, 0.0)
    assert verdict.settled([LITTLE], WORSE, 100, 0.0)
    assert verdict.settled([SURE], WORSE, 100, 0.0)
    assert not verdict.settled([MAYBE], WORSE, 100, 0.0)


def test_who_is_sure_comes_before_who_might_gain_more():
    more = gain(0.035, 0.09, 10, 110, "more")
    assert verdict.best([more, SURE], 100, 0.0).strategy == "sure"
    assert verdict.best([more, MAYBE], 100, 0.0).strategy == "more"


def test_more_rows_are_asked_for_as_the_interval_narrows_with_their_root():
    # Errors cut by 0.2 with a half width of 0.15, and 0.1 to exceed: 1.5^2 times the rows.
    assert study_of.more(gain(0.01, 0.07, 30, 120), 1000, 0.1) == 1300
    assert study_of.more(gain(-0.02, 0.1, 30, 120), 1000, 0.1) is None
    assert study_of.more(WORSE, 1000, 0.0) is None
    assert study_of.more(SURE, 1000, 0.0) is None


# -- signs --


def test_copies_are_found_and_nothing_else():
    rng = np.random.default_rng(0)
    E = rng.normal(size=(60, 5))
    nearest = lambda rows: signs.neighbours(rows)[0][:, 0]  # noqa: E731
    assert signs.copies(E, nearest(E)) == 0
    twice = np.vstack([E, E[:20] + 1e-3])
    assert signs.copies(twice, nearest(twice)) == 0.5


def test_neighbours_and_purity_by_brute_force():
    rng = np.random.default_rng(1)
    E, codes = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    distances, at = signs.neighbours(E, 5)
    far = np.linalg.norm(E[:, None] - E, axis=2)
    np.fill_diagonal(far, np.inf)
    assert (at == far.argsort(axis=1)[:, :5]).all()
    assert np.allclose(distances, np.sort(far, axis=1)[:, :5])
    share = np.mean([codes[j] == codes[i] for i in range(40) for j in at[i]])
    chance = sum(np.mean(codes == k) ** 2 for k in range(3))
    assert signs.purity(codes, at) == pytest.approx((share - chance) / (1 - chance))
    assert signs.neighbours(E[:3])[0].shape == (3, 2)


def test_turned_labels_are_doubted_by_models_that_never_saw_them():
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], 60)
    X = rng.normal(size=(180, 2)) + 6 * np.eye(3)[codes][:, :2]
    told = codes.copy()
    turned = rng.choice(180, 18, replace=False)
    told[turned] = (told[turned] + 1) % 3
    asked = []

    def ask(learn, rows):
        assert not set(learn) & set(rows)
        assert len(learn) + len(rows) == 180
        assert abs(np.bincount(told[rows], minlength=3) - np.bincount(told) / 4).max() <= 1
        asked.extend(rows)
        return LogisticRegression().fit(X[learn], told[learn]).predict_proba(X[rows])

    found = np.flatnonzero(signs.doubtful(signs.held_out(told, ask, rng), told))
    assert sorted(asked) == list(range(180))
    assert len(set(found) & set(turned)) >= 13
    assert len(found) <= 22


# -- parts --


def test_plain_qualities_are_those_of_the_rarer_class_or_the_mean():
    from sklearn import metrics

    from asklearn.study.metrics import Truth

    rng = np.random.default_rng(0)
    y, proba = rng.integers(0, 3, 50), rng.random((50, 3))
    said = proba.argmax(axis=1)
    found = subsets.plain(proba, Truth(y, 3))
    assert found["precision"] == pytest.approx(metrics.precision_score(y, said, average="macro"))
    assert found["recall"] == pytest.approx(metrics.recall_score(y, said, average="macro"))
    y, proba = rng.integers(0, 2, 50), rng.random((50, 2))
    said = proba.argmax(axis=1)
    found = subsets.plain(proba, Truth(y, 2, positive=0))
    assert found["precision"] == pytest.approx(metrics.precision_score(y, said, pos_label=0))
    assert found["recall"] == pytest.approx(metrics.recall_score(y, said, pos_label=0))
    assert found["accuracy"] == np.mean(said == y)


def test_a_part_of_one_class_gets_a_row_of_another():
    codes = np.array([0, 0, 0, 1, 0])
    assert subsets.with_two(codes, np.array([0, 1, 2, 4, 3]), 2).tolist() == [0, 3]


@given(st.integers(2, 10_000), st.floats(0.001, 0.5))
@settings(max_examples=50, deadline=None)
def test_the_plan_never_asks_for_more_than_half(pool, rarest):
    plan = work.plan(pool, rarest)
    assert 1 <= plan.batch <= plan.budget <= max(pool // 2, 1)
    assert plan.budget <= 500


def test_the_forecast_is_the_law_it_was_given():
    labels = [20.0, 50.0, 100.0, 400.0, 1000.0]
    found = forecast(labels, [0.9 - 0.8 * at**-0.5 for at in labels], 500, "accuracy")
    assert found.curve.ceiling == pytest.approx(0.9, abs=0.01)
    assert found.nearly == pytest.approx((0.8 / 0.045) ** 2, rel=0.2)
    assert forecast(labels, [0.5] * 5, 500, "log_loss") is None


# -- the study --


def test_where_choosing_helps_it_says_yes_with_what_is_saved(clear):
    assert clear.verdict == "yes"
    assert clear.strategy == "margin"
    assert clear.saved.low >= 0.2 * clear.budget
    assert clear.money.value == clear.saved.value * 0.5
    assert clear.table["strategy"] == ["margin"]
    assert clear.table["low"][0] > 0
    assert clear.needed == 0
    assert clear.scores["margin"].shape == clear.scores["random"].shape == (10, len(clear.labels))
    assert clear.labels[-1] == clear.budget == 60
    text = str(clear)
    assert text.startswith("Is active learning worth it here? yes.")
    assert "as good as 60 random ones" in text
    assert "0.50 a label" in text


def test_parts_of_the_labels_are_compared_at_all_shares(clear):
    table = clear.subsets
    assert table["metric"] == [name for name in ("accuracy", "precision", "recall") for _ in range(4)]
    assert table["share"][:4] == [0.2, 0.4, 0.6, 0.8]
    assert all(a <= b <= c for a, b, c in zip(table["low"], table["mean"], table["high"], strict=True))
    assert 0 <= table["reach"][0] <= 1


def test_where_nothing_can_be_learned_it_does_not_say_yes(hopeless):
    assert hopeless.verdict != "yes"
    assert hopeless.signs["doubtful"] > 0.05
    assert abs(hopeless.signs["purity"]) < 0.1
    assert "least_confidence" in hopeless.table["strategy"]
    assert any("hardly oftener than by chance" in reason for reason in hopeless.reasons)


def test_what_goes_to_another_process_gives_the_same_there():
    known, setup, plan = (
        Known(*parted(120), 0.4),
        Setup("logistic", 0, 5, 15, ("accuracy",)),
        work.plan(72, 0.5),
    )
    tasks = [("run", "margin", 0), ("subset", "", 1), ("noise", "", 2), ("full", "", 3)]
    here = dict(work.results(known, {"margin": "margin"}, setup, plan, tasks, jobs=1))
    one, sent = pickle.loads(pickle.dumps((work.one, (known, {"margin": "margin"}, setup, plan))))
    there = {task: one(*sent, task) for task in reversed(tasks)}
    assert there[tasks[0]].items == here[tasks[0]].items
    assert [there[task] for task in tasks[1:]] == [here[task] for task in tasks[1:]]


@pytest.mark.slow
def test_the_same_seed_says_the_same_in_any_number_of_processes(clear):
    again = feasibility(*parted(), ["margin"], model=LogisticRegression(C=10), budget=60, price=0.5, jobs=2)
    assert again.reasons == clear.reasons
    assert again.table == clear.table
    assert (again.scores["margin"] == clear.scores["margin"]).all()


def test_a_loss_is_better_the_less_it_is():
    found = feasibility(*parted(), ["margin"], model=GaussianNB(), budget=30, metric="log_loss")
    margin, random = (found.scores[name][:, -1].mean() for name in ("margin", "random"))
    assert (found.table["gain"][0] > 0) == (margin < random)
    assert found.forecast is None


@pytest.mark.parametrize(("n", "models"), [(20, False), (120, True)])
def test_few_labels_are_told_how_many_more_it_takes(n, models):
    X, y = parted()
    done = []
    found = feasibility(X[:n], y[:n].tolist(), model=GaussianNB(), progress=lambda *told: done.append(told))
    assert (found.verdict, found.needed) == ("unclear", 200 - n)
    assert str(200 - n) in found.reasons[1]
    assert found.table == {}
    assert (found.subsets != {}) == ("doubtful" in found.signs) == models
    assert bool(done) == models
    assert "unclear" in found.html().lower()


def test_one_class_is_nothing_to_choose_from():
    found = feasibility(np.zeros((30, 2)), ["ham"] * 30)
    assert found.verdict == "unclear"
    assert "one class" in found.reasons[0]
    assert found.chart().axes


def test_two_of_a_class_are_no_class_to_learn():
    y = np.where(np.arange(240) < 2, "rare", "usual")
    found = feasibility(np.random.default_rng(0).normal(size=(240, 2)), y)
    assert (found.verdict, found.needed) == ("unclear", 360)
    assert "Only one class" in found.reasons[0]
    assert found.table == {}


def test_of_many_rows_a_part_is_looked_at_class_by_class():
    X = np.arange(12_000, dtype=float)[:, None]
    y = np.where(np.arange(12_000) % 10 == 0, "a", "b")
    rows, labels, groups = study_of.sample(X, y, y, seed=1)
    assert len(rows) == len(labels) == work.ROWS
    assert (np.where(rows[:, 0] % 10 == 0, "a", "b") == labels).all()
    assert (groups == labels).all()
    assert np.mean(labels == "a") == pytest.approx(0.1)
    assert study_of.sample(X, y, None, seed=1)[2] is None


def test_a_rare_class_brings_in_a_strategy_that_balances():
    assert study_of.usual(np.array([100, 5])) == ["auto", "margin", "class_balanced"]
    assert "class_balanced" not in study_of.usual(np.array([100, 90, 80]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"y": [None] * 30}, "row 0 has no label"),
        ({"y": np.r_[np.nan, np.ones(29)]}, "row 0 has no label"),
        ({"budget": 1}, "budget"),
        ({"budget": True}, "budget"),
        ({"price": -1.0}, "price"),
        ({"price": float("nan")}, "price"),
        ({"jobs": 0}, "jobs"),
        ({"metric": "nothing"}, "no metric"),
        ({"model": "nothing"}, "no model"),
        ({"strategies": ["nothing"]}, "nothing"),
        ({"strategies": ["random"]}, "random beside random"),
        ({"y": [1] * 29}, "as many"),
        ({"y": np.linspace(0, 1, 30)}, "measured number"),
    ],
)
def test_senseless_settings_are_refused(given, said):
    X, y = parted(30)
    with pytest.raises(SettingError, match=said):
        feasibility(**{"X": X, "y": y} | given)


# -- words and pictures --


def test_a_gain_that_hangs_on_the_strategy_is_said_to():
    said = words.outcome("unclear", SURE, WORSE, 100, "balanced_accuracy", 0.0)
    assert "hangs on the strategy" in said[0]
    assert "balanced accuracy" in said[-1]
    assert "in doubt" in words.outcome("unclear", SURE, MAYBE, 100, "accuracy", 0.2)[0]
    assert "not sure" in words.outcome("unclear", MAYBE, MAYBE, 100, "accuracy", 0.2)[0]
    assert "Surely no" in words.outcome("no", LITTLE, WORSE, 100, "accuracy", 0.2)[0]


def test_luck_is_told_from_its_absence(clear):
    table = clear.subsets
    assert "which ones" in words.luck(table | {"reach": [0.5] * 12})[0]
    assert "how many" in words.luck(table | {"reach": [0.0] * 12})[0]
    assert words.luck({}) == []


def test_signs_are_told_where_there_are_any():
    quiet = {"copies": 0.0, "doubtful": 0.01, "purity": 0.8, "falls": 1.0, "spread": 1.0}
    assert words.signs(quiet) == []
    loud = {"copies": 0.3, "doubtful": 0.2, "purity": 0.0, "falls": 2.0, "spread": 1.0}
    assert len(words.signs(loud)) == 4


def test_the_page_holds_everything_and_loads_nothing(clear, tmp_path):
    clear.save(tmp_path / "study.html")
    page = (tmp_path / "study.html").read_text("utf-8")
    assert "Is active learning worth it here? Yes." in page
    assert page.count("<svg") == 4
    assert all(reason.split("<")[0] in page for reason in clear.reasons)
    assert "src=" not in page
    assert "<link" not in page
    assert len(clear.chart().axes) == 4


# -- the command --


def sheet(path, X, y):
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([(*"abcdef", "kind"), *([*x, k] for x, k in zip(X, y, strict=True))])


def test_the_command_says_the_verdict_and_writes_the_page(run):
    sheet("rows.csv", *parted(200))
    columns = ["--features", "a,b,c,d,e,f", "--label", "kind", "--jobs", "1"]
    options = ["--strategies", "margin", "--model", "naive_bayes", "--budget", "20", "--price", "0.5"]
    done = run("study", "rows.csv", *columns, *options, "--out", "study.html")
    assert done.code == 0, done.err
    assert done.out.startswith("Is active learning worth it here? ")
    assert "margin" in done.out
    assert "study.html" in done.err
    assert Path("study.html").read_text("utf-8").startswith("<!doctype html>")


def test_json_of_few_labels(run):
    sheet("rows.csv", *parted(40))
    done = run("study", "rows.csv", "--features", "a,b,c,d,e,f", "--label", "kind", "--json", "--jobs", "1")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["verdict"], found["needed"], found["rows"]) == ("unclear", 160, 40)
    assert found["saved"] is None
