"""Estimates for sets of labels, numbers and passages: values by definition, intervals by how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from asklearn.errors import NotReady
from asklearn.events import Measured
from asklearn.measures import f1_macro, f1_micro, higher, mae, r2, rmse
from asklearn.stopping import Progress, advise, fit_curve, target, worth


def sets(rows: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in rows]


def pairs(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sets of four labels and predictions of them, right on easy items and often wrong on hard ones."""
    truth = rng.random((n, 4)) < (0.5, 0.4, 0.3, 0.25)
    wrong = rng.random((n, 4)) < np.where(rng.random((n, 1)) < 0.7, 0.03, 0.25)
    return truth, truth ^ wrong


def test_values_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = pairs(200, rng)
    assert f1_micro(sets(predicted), sets(truth)).value == pytest.approx(
        theirs.f1_score(truth, predicted, average="micro")
    )
    assert f1_macro(sets(predicted), sets(truth), range(4)).value == pytest.approx(
        theirs.f1_score(truth, predicted, average="macro")
    )
    y, p = rng.normal(size=(2, 50))
    assert mae(p, y).value == pytest.approx(theirs.mean_absolute_error(y, p))
    assert rmse(p, y).value == pytest.approx(theirs.root_mean_squared_error(y, p))
    assert r2(p, y).value == pytest.approx(theirs.r2_score(y, p))


def test_passages_count_by_place_and_name():
    one = {"start": 0, "end": 3, "label": "person"}
    longer = one | {"end": 4}
    other = one | {"label": "place"}
    assert f1_micro([[dict(reversed(one.items()))]] * 10, [[one]] * 10).value == 1
    assert f1_micro([[longer], [other]] * 5, [[one]] * 10).value == 0


HOLDS = 400  # simulated audits; their share has a standard error of about 1 %


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize(("measure", "least"), [(mae, 0.92), (rmse, 0.91)], ids=["mae", "rmse"])
def test_intervals_of_errors_hold_the_truth(measure, least, n):
    rng = np.random.default_rng(n)
    truth = {mae: np.sqrt(2 / np.pi), rmse: 1.0}[measure]
    found = [measure(rng.normal(size=n), np.zeros(n)) for _ in range(HOLDS)]
    assert np.mean([one.low <= truth <= one.high for one in found]) > least


def test_intervals_of_explained_shares_hold_the_truth():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(HOLDS):
        y = rng.normal(size=40)
        one = r2(y + rng.normal(0, 0.5, 40), y)
        held.append(one.low <= 0.75 <= one.high)
    assert np.mean(held) > 0.91


def test_intervals_of_f1_hold_the_truth():
    rng = np.random.default_rng(0)
    truth, predicted = pairs(200_000, rng)
    shared, both = (truth & predicted).sum(axis=0), truth.sum(axis=0) + predicted.sum(axis=0)
    micro, macro = 2 * shared.sum() / both.sum(), float(np.mean(2 * shared / both))
    held = []
    for _ in range(200):
        truth, predicted = pairs(80, rng)
        one = f1_micro(sets(predicted), sets(truth))
        each = f1_macro(sets(predicted), sets(truth), range(4))
        held.append((one.low <= micro <= one.high, each.low <= macro <= each.high))
    assert (np.mean(held, axis=0) > 0.9).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=30), st.integers(0, 9))
def test_a_value_lies_in_its_interval_and_nothing_is_nan(errors, seed):
    truth = np.random.default_rng(seed).normal(size=len(errors))
    for measure in (mae, rmse, r2):
        try:
            found = measure(truth + errors, truth)
        except NotReady:
            assert not np.any(truth + errors - truth)
            continue
        assert found.low <= found.value <= found.high
        assert not np.isnan([found.low, found.value, found.high]).any()


def test_too_few_or_all_right_is_said():
    with pytest.raises(NotReady, match="mae needs 10"):
        mae([1.0], [2.0])
    with pytest.raises(NotReady, match="rmse needs 20"):
        rmse([1.0] * 19, [2.0] * 19)
    with pytest.raises(NotReady, match="exact so far"):
        mae([1.0] * 20, [1.0] * 20)
    with pytest.raises(NotReady, match="all 20 audit answers are"):
        r2([1.0] * 20, [2.0] * 20)
    with pytest.raises(NotReady, match="needs 10 audit answers in which"):
        f1_micro([[]] * 50, [[]] * 50)
    with pytest.raises(NotReady, match="0 with 'b'"):
        f1_macro([["a"]] * 50, [["a"]] * 50, ["a", "b"])
    right = f1_micro([["a"]] * 50, [["a"]] * 50)
    assert right.value == right.high == 1
    assert 0.9 < right.low < 1


def measured(values: list[tuple[int, float]]) -> list[Measured]:
    return [
        Measured(version="1", labels=n, metric="mae", value=v, low=0.9 * v, high=1.1 * v, n=50)
        for n, v in values
    ]


def test_errors_are_wanted_low():
    assert higher("f1_micro")
    assert not higher("mae")
    falling = [(n, 1 + 20 * n**-0.5) for n in (50, 100, 200, 400)]
    progress = Progress(400, 0, 100, measured=measured(falling))
    assert target(2.3, "mae").look(progress)[0] is True, "the upper end, 2.2, is below"
    assert target(2.1, "mae").look(progress)[0] is False
    curve = fit_curve(tuple(measured(falling)))
    assert curve.at(1600) == pytest.approx(1.5, rel=0.02)
    assert curve.labels_for(1.5) == pytest.approx(1600, rel=0.1)
    assert curve.labels_for(0.5) is None
    assert worth(0.2, 100, "mae").look(progress)[0] is True, "11 % less is less than 20 %"
    assert worth(0.01, 100, "mae").look(progress)[0] is False
    advice = advise([], progress, "mae")
    assert advice.forecast[0]["value"] < 2
    assert {sign.rule.partition("(")[0] for sign in advice.signs} == {"used_up", "stable", "worth"}
