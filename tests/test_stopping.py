"""Stop rules on histories made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons

from asklearn import Answer, Project, classes, stopping
from asklearn.errors import SettingError
from asklearn.events import Learned, Measured, decode
from asklearn.stopping import (
    Progress,
    advise,
    budget,
    certain,
    expected_error,
    fit_curve,
    pays,
    pool_signs,
    stable,
    target,
    unchanged,
    used_up,
    worth,
)
from benchmarks import stopping as benchmark


def models(*kappas):
    return [Learned(version=str(i), watermark=i, labels=10 * i, kappa=k) for i, k in enumerate(kappas)]


def signs(name, *values):
    """Models that recorded these values under this name."""
    return [Learned(version=str(i), watermark=i, labels=10 * i, **{name: v}) for i, v in enumerate(values)]


def measured(points, n=100):
    return [
        Measured(
            version="1",
            labels=labels,
            metric="accuracy",
            value=value,
            low=value - 0.05,
            high=value + 0.05,
            n=n,
        )
        for labels, value in points
    ]


def test_budget_counts_labels_and_minutes():
    assert budget(100)(Progress(labels=99, seconds=0, open=5)) is None
    assert "100 labels" in budget(100)(Progress(labels=100, seconds=0, open=5))
    assert "2 minutes" in budget(minutes=2)(Progress(labels=1, seconds=120, open=5))


def test_budget_counts_money_by_the_label_and_by_the_hour():
    rule = budget(money=30, per_label=0.1, per_hour=20)
    assert rule(Progress(labels=100, seconds=3599, open=5)) is None
    assert "30 money" in rule(Progress(labels=100, seconds=3600, open=5))
    assert "30 money" in rule(Progress(labels=50, seconds=3600, open=5, answers=100)), "two people an item"
    assert rule.look(Progress(labels=100, seconds=1800, open=5)) == (False, "20 of 30 money used")
    for wrong in ({"money": 30}, {"money": 30, "per_label": -1.0}, {}):
        with pytest.raises(SettingError, match="budget"):
            budget(**wrong)


def test_a_target_wants_the_lower_end_of_the_interval():
    near = Progress(200, 0, 5, measured=measured([(200, 0.92)]))
    assert target(0.9)(near) is None
    assert "0.870" in target(0.87)(near)
    assert target(0.5)(Progress(200, 0, 5)) is None


def test_predictions_settle_when_the_last_three_models_agree():
    assert stable()(Progress(100, 0, 5, models=models(None, 0.9, 1.0, 1.0, 0.98))) is not None
    assert stable()(Progress(100, 0, 5, models=models(None, 1.0, 0.99, 0.97))) is None
    assert stable()(Progress(100, 0, 5, models=models(None, 1.0, 1.0))) is None
    assert stable()(Progress(40, 0, 5, models=models(None, 1.0, 1.0, 1.0))) is None, "too few labels to say"


def test_classes_change_no_more_when_two_models_in_a_row_change_few():
    settled = Progress(100, 0, 5, models=signs("changed", None, 0.2, 0.001, 0.0))
    assert "at most 0.1%" in unchanged()(settled)
    assert unchanged(share=0)(settled) is None
    assert unchanged()(Progress(100, 0, 5, models=signs("changed", None, 0.0, 0.1))) is None
    assert unchanged()(Progress(100, 0, 5, models=signs("changed", None, 0.0))) is None
    assert unchanged()(Progress(40, 0, 5, models=signs("changed", None, 0.0, 0.0))) is None, "too few labels"


@pytest.mark.parametrize(
    ("rule", "name"), [(certain(0.1), "uncertainty"), (expected_error(0.1), "expected_error")]
)
def test_a_model_that_is_sure_of_the_rest_needs_no_more(rule, name):
    assert rule(Progress(100, 0, 5, models=signs(name, 0.5, 0.05))) is not None
    assert rule(Progress(100, 0, 5, models=signs(name, 0.05, 0.5))) is None
    assert rule.look(Progress(40, 0, 5, models=signs(name, 0.05)))[0] is None
    assert rule.look(Progress(100, 0, 5, models=models(None)))[0] is None, "a journal of an older version"


def test_going_on_must_pay():
    # 100 more labels bring about 0.008: less than a point.
    flat = measured([(x, 0.9 - 0.2 * x**-0.5) for x in (25, 50, 100, 200, 400)])
    so_far = {"seconds": 3600, "open": 5, "measured": flat}
    gain = fit_curve(tuple(flat)).at(500) - fit_curve(tuple(flat)).at(400)
    dear = pays(point=10, per_label=1)
    assert "cost 100.00" in dear(Progress(400, **so_far))
    assert f"bring {1000 * gain:.2f}" in dear(Progress(400, **so_far))
    assert pays(point=10, per_label=0.001)(Progress(400, **so_far)) is None
    assert "cost 10.00" in pays(point=1, per_hour=40)(Progress(400, **so_far)), "9 seconds a label"
    assert pays(point=10, per_label=1).look(Progress(400, 0, 5)) == (
        None,
        pays(10, 1).look(Progress(0, 0, 5))[1],
    )
    for wrong in ({"point": 10}, {"point": 0, "per_label": 1}):
        with pytest.raises(SettingError, match="pays needs"):
            pays(**wrong)


def test_signs_of_the_pool_by_hand():
    before = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]])
    now = np.array([[0.8, 0.2], [0.6, 0.4], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    found = pool_signs(before, now, np.array([3]))
    halves = -(0.8 * np.log2(0.8) + 0.2 * np.log2(0.2)), -(0.6 * np.log2(0.6) + 0.4 * np.log2(0.4))
    assert found["uncertainty"] == pytest.approx((*halves, 0, 1) @ np.ones(4) / 4)
    assert found["expected_error"] == pytest.approx((0.2 + 0.4 + 0 + 0.5) / 4)
    assert found["changed"] == pytest.approx(1 / 3), "of rows that both models saw and none learned from"
    assert "changed" not in pool_signs(None, now, np.array([3]))
    assert pool_signs(before, now, np.arange(5)) == {}


def test_the_forecast_finds_the_law_that_made_the_points():
    law = stopping.Curve(ceiling=0.95, drop=1.2, slope=0.5)
    found = fit_curve(tuple(measured([(x, law.at(x)) for x in (20, 50, 100, 200, 400)])))
    assert found.at(1000) == pytest.approx(law.at(1000), abs=1e-6)
    assert found.labels_for(0.9) == pytest.approx(law.labels_for(0.9), rel=1e-4)
    assert found.labels_for(0.96) is None


def test_no_forecast_from_few_points_or_few_items():
    points = [(20, 0.6), (50, 0.7), (100, 0.8), (200, 0.85)]
    assert fit_curve(tuple(measured(points[:3]))) is None
    assert fit_curve(tuple(measured(points, n=10))) is None
    assert fit_curve(tuple(measured(points))) is not None


def test_going_on_must_be_worth_its_labels():
    flat = measured([(x, 0.9 - 0.2 * x**-1.0) for x in (50, 100, 200, 400, 800)])
    rising = measured([(x, 1.0 - 2.0 * x**-0.3) for x in (50, 100, 200, 400)])
    assert "less than 0.01" in worth()(Progress(800, 0, 5, measured=flat))
    assert worth()(Progress(400, 0, 5, measured=rising)) is None


def test_falling_measurements_promise_nothing_rather_than_less_than_nothing():
    falling = fit_curve(tuple(measured([(50, 0.9), (100, 0.85), (200, 0.8), (400, 0.7)])))
    assert falling.drop == 0
    assert np.isfinite(falling.at(1000))


def test_advice_names_every_rule_that_fires():
    progress = Progress(100, 0, 0, models=models(None, 1.0, 1.0, 1.0))
    advice = advise([budget(100), stable(), target(0.9)], progress)
    assert advice.stop
    assert list(advice.fired) == [repr(budget(100)), repr(stable()), "used_up()"]
    go_on = advise([budget(1000)], Progress(100, 0, 7, models=models(None)))
    assert not go_on.stop
    assert len(go_on.why) == 1


def test_advice_shows_every_rule_and_goes_by_the_projects_own():
    progress = Progress(200, 0, 7, models=models(None, 1.0, 1.0, 1.0), measured=measured([(200, 0.8)]))
    advice = advise([target(0.9)], progress)
    assert not advice.stop, "kappa is only a hint here"
    shown = {sign.rule.partition("(")[0]: sign for sign in advice.signs}
    assert set(shown) == {"target", "used_up", "stable", "unchanged", "certain", "expected_error", "worth"}
    assert [name for name, sign in shown.items() if sign.decides] == ["target", "used_up"]
    assert (shown["stable"].stop, shown["target"].stop, shown["worth"].stop) == (True, False, None)
    assert all(sign.words for sign in advice.signs)
    mine = advise([lambda progress: "enough" if progress.labels > 100 else None, stable(0.999)], progress)
    assert next(iter(mine.fired.values())) == "enough", "any function is a rule"
    assert [sign.rule for sign in mine.signs if sign.rule.startswith("stable")] == [repr(stable(0.999))]


def test_forecasts_are_of_the_metric_that_the_rules_go_by():
    f1 = [
        Measured(version="1", labels=x, metric="f1_macro", value=0.9 - 1 / x, low=0, high=1, n=90)
        for x in (20, 50, 99, 200)
    ]
    both = Progress(
        200, 0, 5, models=models(None), measured=[*measured([(x, 0.5) for x in (20, 50, 99, 200)]), *f1]
    )
    assert advise([], both).forecast[0]["value"] == pytest.approx(0.5)
    assert advise([target(0.99, "f1_macro")], both).forecast[0]["value"] > 0.85
    assert list(stopping.metrics([budget(5), target(0.9), worth(metric="f1_macro"), worth()])) == [
        "accuracy",
        "f1_macro",
    ]


def test_a_project_records_what_its_rules_look_at():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.where(X[:, 0] > 0, "a", "b")
    rules = [target(0.5, "balanced_accuracy"), unchanged(share=1.0)]
    with Project(X, classes(["a", "b"]), "logistic", "margin", audit=0.4, stop=rules) as it:
        for _ in range(5):
            it.tell([Answer(item=q.item, label=str(y[q.row])) for q in it.ask(20)])
            it.learn()
        first, *others = it.state.models
        assert first.changed is None
        assert 0 <= first.expected_error <= 0.5 < 1 >= first.uncertainty >= 0
        assert all(0 <= model.changed <= 1 for model in others)
        assert {m.metric for m in it.state.measured} == {"accuracy", "balanced_accuracy"}
        assert {stopped.rule for stopped in it.state.stopped} == {repr(rule) for rule in rules}
        assert it.status()["estimate"]["metric"] == "accuracy"
        assert [s["rule"] for s in it.status()["advice"]["signs"] if s["decides"]] == [
            *map(repr, rules),
            "used_up()",
        ]
    with pytest.raises(SettingError, match="no label 'c'"):
        Project(X, classes(["a", "b"]), stop=target(0.5, "recall:c"))
    with Project(X, classes(["a", "b"]), stop=target(0.5, "auroc")) as it:  # measured elsewhere
        it.measure(0.9, "auroc", 1000, source="test")
        assert it.advice().stop


def test_a_model_of_an_older_version_knows_no_signs():
    old = decode('{"event":"Learned","at":0.0,"version":"1","watermark":9,"labels":8,"kappa":0.5}')
    assert (old.changed, old.uncertainty, old.expected_error) == (None, None, None)


RULES = [
    budget(200),
    budget(minutes=3.5),
    budget(money=9.5, per_hour=30),
    target(0.9),
    stable(),
    unchanged(0.01),
    certain(),
    expected_error(0.1),
    worth(gain=0.02),
    pays(50, per_label=0.2),
    used_up(),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_read_as_it_is_written(rule):
    assert stopping.parse(repr(rule)) == rule


@pytest.mark.parametrize(
    "text", ["", "target", "targets(0.9)", "target(", "__import__('os')", "budget(labels=open)"]
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(SettingError, match="not a stop rule"):
        stopping.parse(text)


def test_the_benchmark_knows_the_best_stop_in_hindsight():
    X, y = make_moons(400, noise=0.2, random_state=0)
    run = benchmark.simulate("moons", X, y, 0, 80, {"strategy": "margin", "model": "logistic"})
    assert run.labels.tolist() == list(range(80, 80 - 10 * len(run.labels), -10))[::-1]
    assert len(run.truth) == len(run.models) == len(run.measured)
    cost = run.labels + 500 * (1 - benchmark.smooth(run.truth))
    at = int(cost.argmin())
    best = benchmark.judge(lambda progress: progress.labels >= run.labels[at] or None, [run], 5.0).split()
    assert (best[1], best[2], float(best[-2])) == (str(run.labels[at]), "x1.00", 0.0)
    never = benchmark.judge(lambda progress: None, [run], 5.0).split()
    assert (never[0], never[1], never[-1]) == ("0/1", "80", "0%")
    assert float(never[-2]) == pytest.approx(cost[-1] - cost[at], abs=0.05)
