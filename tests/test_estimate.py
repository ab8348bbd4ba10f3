"""Intervals: worked values, an independent package's values, and coverage by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from asklearn.errors import NotReady, SettingError
from asklearn.estimate import EXACT_BELOW, accuracy, exact, kappa, metric, proportion, wilson


@given(st.integers(1, 400), st.data())
def test_intervals_equal_scipys(n, data):
    right = data.draw(st.integers(0, n))
    theirs = binomtest(right, n).proportion_ci(method="exact")
    assert np.allclose(exact(right, n), (theirs.low, theirs.high), atol=1e-9)
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    assert np.allclose(wilson(right, n), (theirs.low, theirs.high), atol=1e-9)


@pytest.mark.parametrize("n", [5, 20, 60, 149])
@pytest.mark.parametrize("p", [0.5, 0.8, 0.95])
def test_the_exact_interval_holds_the_truth_at_least_as_often_as_it_says(n, p):
    right = np.arange(n + 1)
    holds = [low <= p <= high for low, high in (exact(int(r), n) for r in right)]
    assert binom.pmf(right, n, p)[holds].sum() >= 0.95


def test_an_estimate_is_exact_below_150_items_and_wilsons_from_there():
    few, many = proportion(100, EXACT_BELOW - 1), proportion(100, EXACT_BELOW)
    assert (few.low, few.high) == exact(100, 149)
    assert (many.low, many.high) == wilson(100, 150)
    assert few.low < few.value < few.high


def test_accuracy_counts_equal_pairs():
    found = accuracy(["a", "b", "b", "c"], ["a", "b", "a", "c"])
    assert (found.value, found.n, found.metric) == (0.75, 4, "accuracy")


def test_nothing_can_be_said_from_nothing():
    with pytest.raises(NotReady, match="no audit answer"):
        accuracy([], [])
    with pytest.raises(SettingError, match="auroc"):
        metric("auroc")


def test_kappa_by_hand():
    # 20 yes-yes, 15 no-no, 5 and 10 differ: p_o = 0.7, p_e = 0.5 * 0.6 + 0.5 * 0.4
    one = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    other = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(one, one) == 1.0
    assert kappa(np.zeros(4), np.zeros(4)) == 1.0
