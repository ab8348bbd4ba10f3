"""Any shape, any kind of numbers, copies, ties, certain probabilities: every strategy answers, and rightly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from asklearn import strategies
from asklearn.strategies.choice import choose
from asklearn.view import Labelled, View

COMPOSED = [
    "mix(power(margin), share=0.3)",
    "distinct(margin, apart=0.5)",
    "near_labelled(entropy, neighbours=2)",
    "shortlist(margin, k_center, width=2)",
    "grouped(margin)",
    "weigh((margin, density()))",
    "pareto((margin, certainty))",
    "candidates(badge, at_most=5)",
    "committee(bald, members=3)",
]
AT_MOST = {"batch_bald": 10}  # what asks for fewer than it might, on purpose


@st.composite
def problems(draw):
    """Every quantity for a few items that are few, many of them equal, on a coarse grid that makes ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from([np.float32, np.float64]))
    size, known = draw(st.integers(0, 24)), draw(st.integers(0, 5))
    classes, d, k = draw(st.integers(2, 5)), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    copied = rng.integers(max(1, size // draw(st.integers(1, 4))), size=size + known)
    sharp = draw(st.sampled_from([0.0, 0.3, 3.0]))  # 0: every row certain

    def probabilities(*shape):
        coarse = np.round(4 * rng.dirichlet(np.full(classes, sharp or 1.0), size=shape)) + (sharp and 1e-3)
        certain = np.eye(classes)[rng.integers(classes, size=shape)]
        p = certain if sharp == 0 else coarse
        return (p / p.sum(axis=-1, keepdims=True)).astype(kind)

    points = np.round(rng.normal(size=(size + known, d)) * draw(st.sampled_from([1, 3])))[copied].astype(kind)
    proba, draws = probabilities(size + known)[copied], probabilities(size + known, k)[copied]
    form = csr_array if draw(st.booleans()) else np.asarray
    return {
        "proba": proba[:size],
        "draws": draws[:size],
        "mean": points[:size, 0],
        "std": np.round(2 * rng.random(size)).astype(kind),
        "embedding": form(points[:size]),
        "labelled": Labelled(form(points[size:]), rng.integers(-1, classes, size=known), proba[size:]),
        "cost": 1 + np.round(rng.random(size)),
        "priority": 1 + np.round(rng.random(size)),
    }


def frozen(x):
    """x, which nobody may write into."""
    for numbers in (x.data, x.indices, x.indptr) if hasattr(x, "indptr") else (x,):
        numbers.flags.writeable = False
    return x


@pytest.mark.parametrize("name", strategies.names() + COMPOSED)
@given(problem=problems(), n=st.integers(0, 30), seed=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_as_many_as_wanted_and_the_same_again(name, problem, n, seed):
    strategy, size = strategies.get(name), len(problem["proba"])
    for key, x in problem.items():
        if key != "labelled":
            frozen(x)
    for x in vars(problem["labelled"]).values():
        frozen(x)

    def answer():
        return choose(strategy, View(n=n, rng=np.random.default_rng(seed), size=size, **problem))

    found = answer()
    assert len(found) == min(n, size, AT_MOST.get(name, n))
    assert found.positions.tolist() == answer().positions.tolist()
    assert all(score is None or np.isfinite(score) for score in found.scores)
    assert all(chance is None or 0 < chance <= 1 for chance in found.chances)
