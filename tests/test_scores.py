"""Formulas: values worked out by hand, and what holds for all of them."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from asklearn.scores.uncertainty import entropy, least_confidence, margin, ratio

UNCERTAINTY = (entropy, least_confidence, margin, ratio)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (least_confidence, [0.4, 0.0, 0.75]),
        (margin, [1 - (0.6 - 0.3), 0.0, 1.0]),
        (ratio, [0.3 / 0.6, 0.0, 1.0]),
        (entropy, [-0.6 * np.log(0.6) - 0.3 * np.log(0.3) - 0.1 * np.log(0.1), 0.0, np.log(4)]),
    ],
)
def test_values_worked_out_by_hand(score, expected):
    proba = np.array([[0.6, 0.3, 0.1, 0.0], [0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    assert score(proba) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("score", UNCERTAINTY)
def test_the_uncertain_item_wins(score):
    assert score(np.array([[0.99, 0.01], [0.5, 0.5], [0.01, 0.99], [1, 0], [0, 1]])).argmax() == 1


probabilities = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6),
    elements=st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 2.0]),
).map(
    lambda x: (
        (x + (x.sum(-1, keepdims=True) == 0)) / (x + (x.sum(-1, keepdims=True) == 0)).sum(-1, keepdims=True)
    )
)


@pytest.mark.parametrize("score", UNCERTAINTY)
@given(proba=probabilities, seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_finite_not_negative_on_any_axes_and_blind_to_the_names_of_classes(score, proba, seed):
    before = proba.copy()
    found = score(proba)
    assert np.array_equal(proba, before)
    assert found.shape == proba.shape[:-1]
    assert found.dtype == proba.dtype
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    renamed = proba[..., np.random.default_rng(seed).permutation(proba.shape[-1])]
    assert np.allclose(score(renamed), found, atol=1e-6)
    assert np.allclose(score(proba.reshape(-1, proba.shape[-1])), found.ravel())


@pytest.mark.parametrize("score", UNCERTAINTY)
def test_rows_longer_than_a_block_and_blocks_shorter_than_the_rest(score):
    proba = np.random.default_rng(0).dirichlet(np.ones(7), size=100_000)
    found = score(proba)
    some = np.r_[0, 37_448, 37_449, 99_999]
    assert np.allclose(found[some], score(proba[some]))


@pytest.mark.parametrize("score", UNCERTAINTY)
def test_one_pass_needs_little_more_than_its_result(score):
    proba = np.full((1_000_000, 10), 0.1, dtype=np.float32)
    tracemalloc.start()
    score(proba)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6 + 8e6  # the result and a few blocks
