"""Stop rules on histories made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from asklearn import stopping
from asklearn.errors import SettingError
from asklearn.events import Learned, Measured
from asklearn.stopping import Progress, advise, budget, fit_curve, stable, target, worth


def models(*kappas):
    return [Learned(version=str(i), watermark=i, labels=10 * i, kappa=k) for i, k in enumerate(kappas)]


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


@pytest.mark.parametrize("rule", [budget(200), budget(minutes=3.5), target(0.9), stable(), worth(gain=0.02)])
def test_a_rule_is_read_as_it_is_written(rule):
    assert stopping.parse(repr(rule)) == rule


@pytest.mark.parametrize(
    "text", ["", "target", "targets(0.9)", "target(", "__import__('os')", "budget(labels=open)"]
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(SettingError, match="not a stop rule"):
        stopping.parse(text)
