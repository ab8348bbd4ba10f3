"""Judgement against plain loops, tables in print, and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from asklearn.study import judge

unit = st.floats(0, 1, width=32)


def curves(seeds=5, rounds=6):
    return arrays(np.float64, (seeds, rounds), elements=unit)


LABELS = np.array([10, 20, 30, 50, 80, 100])


@given(curves())
def test_the_interval_is_students(scores):
    mean, low, high = judge.interval(scores)
    for k in range(scores.shape[1]):
        column = scores[:, k]
        error = stats.sem(column)
        if error > 0:
            expected = stats.t.interval(0.95, len(column) - 1, loc=column.mean(), scale=error)
            assert (low[k], high[k]) == pytest.approx(expected)
        assert low[k] <= mean[k] <= high[k]


def test_the_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    _, low, high = judge.interval(rng.normal(size=(20, 4000)))
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.95, abs=0.01)


def test_one_seed_says_nothing_of_the_spread():
    _, low, high = judge.interval(np.array([[0.5]]))
    assert (low[0], high[0]) == (-np.inf, np.inf)


@given(curves(seeds=3))
def test_the_area_is_that_of_trapezoids(scores):
    for curve, found in zip(scores, judge.area(LABELS, scores), strict=True):
        whole = sum(
            (b - a) * (x + y) / 2 for a, b, x, y in zip(LABELS, LABELS[1:], curve, curve[1:], strict=False)
        )
        assert found == pytest.approx(whole / 90)


def test_the_area_of_one_round_is_its_score():
    assert judge.area(np.array([10]), np.array([[0.3], [0.4]])).tolist() == [0.3, 0.4]


def test_random_is_0_and_full_data_1():
    rng = np.random.default_rng(0)
    base, full = rng.uniform(0.5, 0.6, 20), rng.uniform(0.8, 0.9, 20)
    for ours, expected in ((base, 0), (full, 1), ((base + full) / 2, 0.5)):
        found = judge.normalised(ours, base, full)
        assert found.value == pytest.approx(expected)
        assert found.low == pytest.approx(expected)  # the share is the same for every seed: no doubt
    assert judge.normalised(full, full, base) is None
    assert judge.normalised(full, full, base, higher=False).value == 0


def test_the_interval_of_a_share_covers_it():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        base = rng.normal(0.7, 0.02, 20)
        room = rng.normal(0.2, 0.02, 20)
        found = judge.normalised(base + 0.3 * room + rng.normal(0, 0.02, 20), base, base + room)
        hits += found.low <= 0.3 <= found.high
    assert 0.93 <= hits / 1000 <= 0.97


@given(curves(), arrays(np.float64, 5, elements=unit), st.booleans())
def test_a_crossing_is_where_a_fine_walk_along_the_line_meets_the_goal(scores, goal, higher):
    fine = np.linspace(10, 100, 9001)
    found = judge.crossing(LABELS, scores, goal, higher)
    for curve, wanted, at in zip(scores, goal, found, strict=True):
        height = np.interp(fine, LABELS, curve)
        there = (height >= wanted) if higher else (height <= wanted)
        reached = (curve >= wanted).any() if higher else (curve <= wanted).any()
        assert np.isfinite(at) == reached
        if reached:
            assert np.interp(at, LABELS, curve) == pytest.approx(wanted, abs=1e-9) or at == 10
            if there.any():
                assert at <= fine[there.argmax()] + 1e-6
                assert at >= fine[there.argmax()] - 0.011


def test_what_is_never_reached_is_said_so():
    weights = judge.resamples(6, np.random.default_rng(0))
    low = np.tile(np.linspace(0.1, 0.5, 6), (6, 1))
    full = np.full(6, 0.9)
    found = judge.reach(LABELS, low, full, 0.95, weights)
    assert (found.labels, found.low, found.high, found.seeds) == (np.inf, np.inf, np.inf, 0)
    good = np.tile(np.linspace(0.1, 0.9, 6), (6, 1))
    assert judge.saving(LABELS, good, low, full, 0.95, weights).bound == "at least"
    assert judge.saving(LABELS, low, good, full, 0.95, weights).bound == "at most"
    assert judge.saving(LABELS, low, low, full, 0.95, weights) is None


def test_few_seeds_have_no_interval():
    weights = judge.resamples(4, np.random.default_rng(0))
    good = np.tile(np.linspace(0.1, 0.9, 6), (4, 1))
    found = judge.reach(LABELS, good, np.full(4, 0.9), 0.5, weights)
    assert (found.low, found.high, found.seeds) == (-np.inf, np.inf, 1)
    assert 10 < found.labels < 100


def test_labels_to_a_goal_have_an_interval_that_holds_the_truth():
    rng = np.random.default_rng(2)
    labels = np.arange(10, 310, 10)
    true = 0.9 - 0.5 * np.exp(-labels / 60)
    goal = judge.crossing(labels, true[None], np.array([0.95 * 0.9]))[0]
    hits = []
    for _ in range(300):
        seeds = true + rng.normal(0, 0.01, (20, 1)) + rng.normal(0, 0.004, (20, len(labels)))
        found = judge.reach(labels, seeds, np.full(20, 0.9), 0.95, judge.resamples(20, rng, 400))
        hits.append(found.low <= goal <= found.high)
    assert 0.91 <= np.mean(hits) <= 0.98


def test_the_saving_is_the_ratio_of_the_crossings():
    weights = judge.resamples(6, np.random.default_rng(0))
    slow = np.tile(LABELS / 100, (6, 1))
    fast = np.minimum(2 * slow, 1)
    found = judge.saving(LABELS, fast, slow, np.full(6, 0.8), 1.0, weights)
    assert (found.factor, found.low, found.high) == pytest.approx((2, 2, 2))


@given(curves(seeds=6, rounds=2), st.sampled_from([0, 0.005, 0.1]), st.booleans())
def test_a_duel_is_counted_pair_by_pair(pairs, threshold, higher):
    ours, base = pairs.T
    wins = ties = losses = 0
    for a, b in zip(ours, base, strict=True):
        lead = a - b if higher else b - a
        if abs(lead) <= threshold:
            ties += 1
        elif lead > 0:
            wins += 1
        else:
            losses += 1
    assert judge.duel(ours, base, threshold, higher) == (wins, ties, losses)


def test_wilcoxon_counts_every_sign():
    lead = np.array([0.3, -0.1, 0.5, 0.7, 0.2, 0.9])
    sizes = stats.rankdata(abs(lead))
    seen = min(sizes[lead > 0].sum(), sizes[lead < 0].sum())
    every = [sum(r for i, r in enumerate(sizes) if signs >> i & 1) for signs in range(2 ** len(lead))]
    expected = min(1, 2 * np.mean([w <= seen for w in every]))
    assert judge.wilcoxon(lead, np.zeros(6)) == pytest.approx(expected)
    assert judge.wilcoxon(lead, lead) == 1
    assert 0 < judge.wilcoxon(np.array([0.1, 0.1, 0.1, 0.2]), np.zeros(4)) < 0.2


@given(arrays(np.float64, (7, 4), elements=st.sampled_from([0.1, 0.2, 0.3, 0.4])))
def test_friedman_is_scipys(values):
    found = judge.ranks("abcd", values)
    if found.statistic > 0:
        expected = stats.friedmanchisquare(*values.T)
        assert found.statistic == pytest.approx(expected.statistic)
        assert found.p == pytest.approx(expected.pvalue)
    assert found.ranks.sum() == pytest.approx(10)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_is_that_of_the_printed_table(k, q):
    """Demšar 2006, table 5 (a), two-tailed Nemenyi at 0.05."""
    assert judge.critical_difference(k, 30) == pytest.approx(q * np.sqrt(k * (k + 1) / 180), rel=1e-3)


@given(arrays(np.float64, 5, elements=st.floats(1, 5)), st.floats(0.1, 3))
def test_names_stand_together_exactly_when_no_pair_can_be_told_apart(ranks, difference):
    names = "abcde"
    groups = [set(group) for group in judge.alike(names, ranks, difference)]
    for i in range(5):
        for j in range(i):
            near = abs(ranks[i] - ranks[j]) < difference
            assert near == any({names[i], names[j]} <= group for group in groups)
    assert not any(a < b for a in groups for b in groups)
