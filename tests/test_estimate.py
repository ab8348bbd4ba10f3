"""Intervals: worked values, an independent package's values, coverage by enumeration, unbiasedness by every draw."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincinv
from scipy.stats import binom, binomtest
from sklearn import metrics as theirs
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from asklearn import Answer, Project, classes
from asklearn.errors import NotReady, SettingError
from asklearn.estimate import (
    EACH_F1,
    EACH_RECALL,
    RARE,
    accuracy,
    assisted,
    balanced_accuracy,
    cross_fitted,
    f1_macro,
    interval,
    kappa,
    lure,
    metric,
    proportion,
    wilson,
)
from benchmarks.coverage import play, setup

Z = 1.96


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@given(st.integers(1, 400), st.data())
def test_wilsons_interval_equals_scipys(n, data):
    right = data.draw(st.integers(0, n))
    found = binomtest(right, n).proportion_ci(method="wilson")
    assert np.allclose(wilson(right, n), (found.low, found.high), atol=1e-9)


def test_rare_errors_are_counted_by_poissons_law():
    assert np.allclose(RARE, gammaincinv([1, 2, 3], 0.05))
    low, high = interval(98, 100)
    assert low == wilson(98, 100)[0]
    assert high == pytest.approx(1 - RARE[1] / 100)
    assert interval(2, 100) == pytest.approx((1 - high, 1 - low))


def held(n, p):
    """The chance with which the interval of n items holds each p: over every outcome, none drawn."""
    right = np.arange(n + 1)
    low, high = np.array([interval(int(r), n) for r in right]).T
    holds = (low[:, None] <= p) & (p <= high[:, None])
    return (binom.pmf(right[:, None], n, p) * holds).sum(axis=0)


@pytest.mark.parametrize("n", [3, 5, 10, 20, 60, 150, 400])
def test_the_interval_holds_the_truth_as_often_as_it_says(n):
    p = np.linspace(0.01, 0.99, 197)
    assert held(n, p).min() > 0.91
    assert 0.949 < held(n, p).mean() < 0.98
    assert 0.945 < held(n, np.linspace(0.9, 0.99, 91)).mean() < 0.99, "good models, few errors"


def test_it_is_narrower_than_the_exact_interval():
    for n in (20, 80, 149):
        exact = [binomtest(right, n).proportion_ci(method="exact") for right in range(n + 1)]
        ours = [interval(right, n) for right in range(n + 1)]
        assert np.mean([b - a for a, b in ours]) < np.mean([one.high - one.low for one in exact])


def test_accuracy_counts_equal_pairs():
    found = accuracy(["a", "b", "b", "c"], ["a", "b", "a", "c"])
    assert (found.value, found.n, found.metric) == (0.75, 4, "accuracy")
    assert (found.low, found.high) == interval(3, 4)


def test_nothing_can_be_said_from_nothing():
    with pytest.raises(NotReady, match="no audit answer"):
        accuracy([], [])
    with pytest.raises(SettingError, match="auroc"):
        metric("auroc")


labels_and_guesses = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=60)


@given(labels_and_guesses)
def test_metrics_equal_scikit_learns(pairs):
    grown = [*pairs, *[(c, c) for c in "abc"] * EACH_F1]
    guess, truth = [p for p, _ in grown], [t for _, t in grown]
    for name, value in (
        ("balanced_accuracy", theirs.balanced_accuracy_score(truth, guess)),
        ("f1_macro", theirs.f1_score(truth, guess, average="macro")),
        ("precision:b", theirs.precision_score(truth, guess, labels=["b"], average="micro")),
        ("recall:b", theirs.recall_score(truth, guess, labels=["b"], average="micro")),
    ):
        found = metric(name, "abc")(guess, truth)
        assert found.metric == name
        assert found.value == pytest.approx(value)
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_metric_says_which_class_it_lacks():
    few = ["a"] * 20 + ["b"] * (EACH_RECALL - 1)
    with pytest.raises(NotReady, match="needs 3 audit answers of every class; there are 2 of 'b'"):
        balanced_accuracy(few, few, "ab")
    with pytest.raises(NotReady, match="there are 2 of 'b'"):
        f1_macro(few, few, "ab")
    with pytest.raises(NotReady, match="predicted 'b'"):
        metric("precision:b", "ab")(["a"], ["b"])
    with pytest.raises(SettingError, match="no label 'c'; there are a, b"):
        metric("recall:c", "ab")
    assert metric("recall:2", (1, 2))([1, 2], [2, 2]).value == 0.5, "labels that are no text"


def shares(right, sizes):
    """(true, predicted) probabilities: `sizes` of the classes, `right` of each, the rest spread evenly."""
    right, sizes = np.array(right), np.array(sizes)
    table = np.repeat(((1 - right) / (len(right) - 1))[:, None], len(right), axis=1)
    np.fill_diagonal(table, right)
    return sizes[:, None] * table


CASES = [
    ([0.8, 0.9], [0.5, 0.5], 60),
    ([0.95, 0.8], [0.85, 0.15], 120),
    ([0.7, 0.9, 0.8], [0.3, 0.5, 0.2], 150),
    ([0.95] * 6, [1 / 6] * 6, 200),
]


@pytest.mark.parametrize(("right", "sizes", "n"), CASES)
def test_intervals_of_means_over_classes_hold_the_truth(right, sizes, n, rng):
    table = shares(right, sizes)
    wrong = 1 - np.array(right)
    f1 = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    names = np.arange(len(right))
    true, guess = (index.ravel() for index in np.indices(table.shape))
    told, holds = 0, {"balanced_accuracy": 0, "f1_macro": 0}
    for _ in range(400):
        drawn = rng.choice(table.size, n, p=table.ravel() / table.sum())
        if np.bincount(true[drawn], minlength=len(right)).min() < EACH_F1:
            continue
        told += 1
        for name, value in (("balanced_accuracy", 1 - wrong.mean()), ("f1_macro", f1.mean())):
            found = metric(name, names.tolist())(guess[drawn].tolist(), true[drawn].tolist())
            holds[name] += found.low <= value <= found.high
    # 400 runs at 95 %: the count strays by 4.4 on average.
    assert all(0.915 < count / told <= 0.985 for count in holds.values()), (told, holds)


# -- assisted -------------------------------------------------------------------------------------------------------


def drawn_project(rng, n, size=4000, bend=0.0):
    sure = 0.5 + 0.5 * rng.beta(1, 0.2, size)
    chance = sure - bend * (1 - sure) * (sure - 0.5)
    return rng.random(n) < chance[:n], sure[:n], sure


def test_an_assisted_estimate_by_hand():
    right = np.array([True] * 6 + [False] * 5)
    sure = np.array([0.9, 0.8, 0.9, 0.95, 0.7, 0.9, 0.5, 0.6, 0.55, 0.5, 0.6])
    everywhere = np.concatenate([sure, [0.9, 0.9, 0.9]])
    slope = np.polyfit(sure, right, 1)[0]
    found = assisted(right, sure, everywhere)
    assert found.value == pytest.approx(right.mean() - slope * (sure.mean() - everywhere.mean()))
    assert (found.method, found.n) == ("assisted", 11)


def test_help_that_does_not_help_changes_nothing(rng):
    right = rng.random(200) < 0.8
    alone = proportion(int(right.sum()), 200)
    found = assisted(right, np.full(200, 0.7), np.full(1000, 0.7))
    assert (found.value, found.low, found.high) == (alone.value, alone.low, alone.high)
    few = assisted([True] * 40 + [False] * 4, rng.random(44), rng.random(500))
    assert (few.low, few.high) == interval(40, 44), "fewer than 5 errors"


@given(st.integers(0, 10**6), st.integers(12, 80))
def test_help_never_widens_an_interval(seed, n):
    right, sure, everywhere = drawn_project(np.random.default_rng(seed), n)
    found, alone = assisted(right, sure, everywhere), proportion(int(right.sum()), n)
    assert (
        found.high - found.low <= alone.high - alone.low + 0.02
    )  # Wilson's is wider where its middle moved to 1/2
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("bend", [0.0, 0.8], ids=["calibrated", "too sure"])
@pytest.mark.parametrize("n", [60, 150, 400])
def test_assisted_intervals_hold_the_truth_and_are_narrower(n, bend, rng):
    sure = 0.5 + 0.5 * rng.beta(1, 0.2, 10**6)
    truth = float((sure - bend * (1 - sure) * (sure - 0.5)).mean())
    holds, widths, alone = 0, 0.0, 0.0
    for _ in range(1000):
        right, sure, everywhere = drawn_project(rng, n, bend=bend)
        found, plain = assisted(right, sure, everywhere), proportion(int(right.sum()), n)
        holds += found.low <= truth <= found.high
        widths += found.high - found.low
        alone += plain.high - plain.low
    assert 925 <= holds <= 975
    assert widths < alone


def test_what_cannot_be_used_is_refused():
    with pytest.raises(NotReady):
        assisted([], [], [0.5])
    with pytest.raises(SettingError, match="shapes"):
        assisted([True], [0.5, 0.6], [0.5])
    with pytest.raises(SettingError, match="finite"):
        assisted([True], [np.nan], [0.5])


# -- items drawn by known chance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("M", [1, 2, 3, 4])
def test_lure_is_right_on_average_over_every_draw_there_is(M, rng):
    values, appeal = rng.random(4), rng.random(4) + 0.1
    mean, total = 0.0, 0.0
    for order in permutations(range(4), M):
        left, chances = appeal.sum(), []
        for item in order:
            chances.append(appeal[item] / left)
            left -= appeal[item]
        value, _ = lure(values[list(order)], chances, 4)
        mean += np.prod(chances) * value
        total += np.prod(chances)
    assert total == pytest.approx(1)
    assert mean == pytest.approx(values.mean())


def test_lure_of_uniform_draws_is_the_mean_and_of_all_items_the_truth(rng):
    values = rng.random(30)
    value, error = lure(values[:10], 1 / np.arange(30, 20, -1), 30)
    assert value == pytest.approx(values[:10].mean())
    assert error == pytest.approx(values[:10].std() / np.sqrt(10), rel=0.4)
    value, error = lure(values, 1 / np.arange(30, 0, -1), 30)
    assert value == pytest.approx(values.mean())


def test_lures_error_says_how_far_it_strays(rng):
    size, M = 400, 120
    values, appeal = rng.random(size) < 0.8, rng.random(size) + 0.2
    found = []
    for _ in range(400):
        order = np.argsort(-(np.log(appeal) + rng.gumbel(size=size)))[:M]
        left = appeal.sum() - np.cumsum(appeal[order]) + appeal[order]
        found.append(lure(values[order], appeal[order] / left, size))
    value, error = np.array(found).T
    assert value.mean() == pytest.approx(values.mean(), abs=4 * value.std() / 20)
    assert error.mean() == pytest.approx(value.std(), rel=0.15)
    assert 0.92 < (np.abs(value - values.mean()) < Z * error).mean() < 0.98


def test_lure_refuses_what_is_no_chance():
    with pytest.raises(SettingError, match="draw 1 has the value"):
        lure([1, 1], [0.5, 0], 5)
    with pytest.raises(NotReady):
        lure([], [], 5)
    with pytest.raises(SettingError):
        lure([1, 1], [0.5, 0.5], 1)


# -- from a project -------------------------------------------------------------------------------------------------


def test_no_row_is_judged_by_a_model_that_learned_from_it(rng):
    size, known = 200, np.arange(0, 60)
    X = np.eye(size)  # each row is known by its own column alone
    y = np.array(["a", "b"])[rng.integers(2, size=60)]
    proba = cross_fitted(LogisticRegression(C=1e6), lambda rows: X[rows], size, known, y, ["a", "b"], rng)
    mine = proba[known, (y == "b").astype(int)]
    assert proba.shape == (size, 2)
    assert (mine < 0.9).all(), "a model that learned from a row would be sure of it"


@pytest.fixture(scope="module")
def project():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(1500, 4))
    y = np.where(X[:, 0] + 0.7 * rng.normal(size=1500) > 0, "yes", "no")
    with Project(X, classes(["no", "yes"]), LogisticRegression(), "margin", audit=0.5, seed=1) as it:
        for _ in range(6):
            for question in it.ask(50):
                it.tell(Answer(item=question.item, label=str(y[question.row])))
            it.learn()
        yield it


def test_a_project_estimates_by_both_methods(project):
    alone, helped = project.estimate(), project.estimate(method="assisted")
    assert helped.n == alone.n > 100
    assert helped.high - helped.low < alone.high - alone.low
    assert helped == project.estimate(method="assisted"), "the same record gives the same estimate"
    assert "random items and the pool's predictions" in str(helped)
    with pytest.raises(SettingError, match="no method 'bootstrap'"):
        project.estimate(method="bootstrap")
    with pytest.raises(SettingError, match="are of accuracy"):
        project.estimate("f1_macro", method="assisted")


def test_a_project_estimates_every_metric(project):
    for name in ("balanced_accuracy", "f1_macro", "precision:yes", "recall:no"):
        found = project.estimate(name)
        assert found.metric == name
        assert 0.5 < found.low < found.value < found.high < 1


def test_assisted_estimates_see_rows_in_the_pools_own_type(rng):
    y = rng.random(300) < 0.5
    texts = [
        f"{'ham' if kind else 'spam'} {'ham' if odd else 'spam'} w{i}"
        for i, (kind, odd) in enumerate(zip(y, rng.random(300) < 0.6, strict=True))
    ]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    with Project(texts, classes([True, False]), model, "random", audit=0.4) as it:
        it.tell([Answer(item=q.item, label=bool(y[q.row])) for q in it.ask(150)])
        it.learn()
        assert it.estimate(method="assisted").n == it.estimate().n


@pytest.mark.slow
def test_intervals_hold_the_truth_in_95_of_100_projects():
    # A short run of the benchmark, on other projects: 400 at 95 % stray by 1.1 % on average.
    told = [play(setup(np.random.default_rng([1, seed])), seed) for seed in range(400)]
    found = {name: [one[name] for one in told if one is not None] for name in ("audit", "assisted")}
    for pairs in found.values():
        assert 0.92 <= np.mean([one.low <= truth <= one.high for one, truth in pairs]) <= 0.98
    widths = {name: np.mean([one.high - one.low for one, _ in pairs]) for name, pairs in found.items()}
    assert widths["assisted"] < widths["audit"]


def test_kappa_by_hand():
    # 20 yes-yes, 15 no-no, 5 and 10 differ: p_o = 0.7, p_e = 0.5 * 0.6 + 0.5 * 0.4
    one = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    other = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(one, one) == 1.0
    assert kappa(np.zeros(4), np.zeros(4)) == 1.0
