"""Strategies by name, nested, and met with a view."""

import subprocess
import sys

import numpy as np
import pytest

from asklearn import strategies
from asklearn.errors import DataError, ModelError, SettingError
from asklearn.scores.uncertainty import entropy, margin
from asklearn.strategies.choice import pick, top
from asklearn.strategies.door import choose as door
from asklearn.strategies.mixing import mix, random
from asklearn.strategies.narrowing import spread
from asklearn.strategies.noise import power, soft_rank, softmax
from asklearn.testing.strategy import check_strategy
from asklearn.view import View

COMPOSED = [
    "softmax(entropy)",
    "soft_rank(margin)",
    "mix(mix(badge))",
    "candidates(margin, at_most=20)",
    "near_labelled(margin, neighbours=3)",
    "distinct(margin, apart=1.0)",
    "grouped(margin)",
    "per_cost(margin)",
    "per_cost(margin, budget=4.0)",
    "weigh((margin, density()), weights=(2, 1))",
    "times((margin, density()))",
    "pareto((margin, density()))",
    "cover(weight=margin, kernel=ball(), radius=fixed(h=2.0))",
    "shortlist(margin, k_center)",
    "committee(power(bald), members=4)",
    "mix(power(expected_cost(((0, 1, 1), (5, 0, 1), (1, 1, 0)))), share=0.5)",
]


@pytest.mark.parametrize("name", strategies.names() + COMPOSED)
def test_every_strategy_keeps_every_rule(name):
    check_strategy(strategies.get(name))


@pytest.mark.parametrize("name", strategies.names() + COMPOSED)
def test_the_text_of_a_strategy_reads_back_as_itself(name):
    strategy = strategies.get(name)
    assert strategies.get(strategies.expression(strategy)) == strategy


def view(n=2, seed=0, **given):
    return View(n=n, rng=np.random.default_rng(seed), **given)


def test_names_and_table_agree():
    table = strategies.table()
    assert table["name"] == strategies.names()
    assert {len(column) for column in table.values()} == {len(table["name"])}
    assert dict(zip(table["name"], table["needs"], strict=True))["badge"] == "embedding, proba"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "margni",
            r"there is no strategy 'margni' \(did you mean margin\?\); there are auto, badge, bait, bald, batch_bald",
        ),
        ("mix(spraed(margin))", r"'spraed' in 'mix\(spraed\(margin\)\)' \(did you mean spread\?\)"),
        ("margin()", "margin has no settings: write margin"),
        ("mix(margin, weight=1)", "unexpected keyword argument 'weight'"),
        ("mix(margin, share=2)", "mix needs a share from 0 to 1; it is 2"),
        ("spread(margin, width=0)", "a width of at least 1"),
        ("power(margin, beta=0)", "power needs beta > 0"),
        ("__import__('os').system('true')", "is no strategy"),
        ("margin.__class__", "is no strategy"),
        ("mix(lambda: 1)", "is no strategy"),
        ("(", "cannot be read as a strategy"),
        ("", "cannot be read as a strategy"),
        ("3", "3 is none of these"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text, told):
    with pytest.raises(SettingError, match=told):
        strategies.get(text)


def test_a_function_of_your_own_is_as_good_as_ours():
    def last(view, n):
        return np.arange(view.size)[-n:]

    assert strategies.get(last) is last
    assert strategies.choose(mix(last, share=0.0), view(size=5)).positions.tolist() == [3, 4]

    def rare(proba):
        return 1 - proba[:, 1]

    assert strategies.get(rare) == top(rare)
    assert door(rare, n=1, proba=[[0.5, 0.5], [0.9, 0.1]]).tolist() == [1]


def test_a_plug_in_is_found_by_its_name(monkeypatch):
    import importlib.metadata

    from asklearn.strategies import registry

    class Point:
        name = "mine"

        @staticmethod
        def load():
            def mine(proba):
                """What I like."""
                return proba[:, 0]

            return mine

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [Point])
    registry._plugins.cache_clear()
    try:
        assert "mine" in strategies.names()
        assert repr(strategies.get("mix(mine)")) == "mix(mine)"
        table = strategies.table()
        at = table["name"].index("mine")
        assert [table[key][at] for key in ("needs", "source", "good")] == ["proba", "plug-in", "What I like."]
    finally:
        registry._plugins.cache_clear()


def test_an_entry_is_all_it_takes(monkeypatch):
    from asklearn.strategies import registry

    def second_best(proba):
        """How probable the second class is."""
        return np.partition(proba, -2, axis=1)[:, -2]

    line = registry.Entry("second_best", second_best, registry.CLASSES, "n C", "Doe 2026", "this", "that")
    monkeypatch.setattr(registry, "STRATEGIES", (*registry.STRATEGIES, line))
    assert "second_best" in strategies.names()
    assert repr(strategies.get("mix(second_best)")) == "mix(second_best)"
    at = strategies.table()["name"].index("second_best")
    assert [column[at] for column in strategies.table().values()] == [
        *("second_best", "proba", "classes", "n C", "Doe 2026", "this", "that")
    ]


def test_a_choice_tells_scores_and_arms():
    proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]])
    choice = strategies.choose(margin, view(proba=proba))
    assert choice.positions.tolist() == [1, 2]
    assert choice.scores == pytest.approx([1.0, 0.6])
    assert choice.chances == [None, None]
    assert choice.arms == ["margin", "margin"]
    assert len(choice) == 2


def test_mix_tells_which_were_drawn_and_with_what_chance():
    proba = np.random.default_rng(1).dirichlet(np.ones(3), size=50)
    drawn, times = np.zeros(50), 400
    for seed in range(times):
        choice = strategies.choose(mix(margin, share=0.25), view(n=10, seed=seed, proba=proba))
        assert len(choice) == 10
        for position, chance, arm in zip(choice.positions, choice.chances, choice.arms, strict=True):
            assert (chance, arm) in ((None, "margin"), (pytest.approx(10 * 0.25 / 50), "random"))
            drawn[position] += arm == "random"
    # 2.5 a time on average, every item alike: each about 400 x 0.05 = 20 times, sd 4.4
    assert drawn.sum() == pytest.approx(times * 2.5, rel=0.05)
    assert drawn.max() < 45
    assert drawn.min() > 3


def test_mix_leaves_its_strategy_the_best_of_the_rest():
    proba = np.linspace([0.5, 0.5], [1, 0], 50)
    choice = strategies.choose(mix(margin, share=0.5), view(n=10, seed=3, proba=proba))
    by_arm = {
        arm: {int(p) for p, a in zip(choice.positions, choice.arms, strict=True) if a == arm}
        for arm in choice.arms
    }
    rest = [p for p in range(50) if p not in by_arm["random"]]
    assert by_arm["margin"] == set(rest[:5])


def test_drawn_items_count_as_reserved():
    seen = []

    def spy(view, n, labelled):
        seen.append(labelled)
        return np.arange(n)

    points = np.arange(20.0).reshape(10, 2)
    strategies.choose(mix(spy, share=0.3), view(n=10, embedding=points))
    assert seen[0].embedding.shape == (3, 2)
    assert (seen[0].y == -1).all()


def test_random_tells_its_chance():
    choice = strategies.choose(random, view(n=2, size=8))
    assert choice.chances == [0.25, 0.25]
    assert choice.arms == ["random", "random"]


def test_power_draws_with_the_chance_of_its_formula():
    scores = np.array([1.0, 2.0, 3.0, 0.0])
    times = 6000

    def score(priority):
        return priority

    for strategy, weight in (
        (power(score, beta=2.0), scores**2),
        (softmax(score, beta=0.5), np.exp(0.5 * scores)),
        (soft_rank(score, beta=1.5), np.array([3.0, 2.0, 1.0, 4.0]) ** -1.5),
    ):
        first = [pick(strategy, view(n=1, seed=s, priority=scores))[0] for s in range(times)]
        share = np.bincount(first, minlength=4) / times
        assert share == pytest.approx(weight / weight.sum(), abs=0.03)
    # zero comes last, but it comes
    assert pick(power(score), view(n=4, priority=scores))[-1] == 3


def test_spread_takes_the_best_and_leaves_its_copies():
    proba = np.array([[0.5, 0.5]] * 3 + [[0.6, 0.4], [0.99, 0.01]])
    points = np.array([[0.0, 0.0]] * 3 + [[5.0, 5.0], [50.0, 50.0]])
    found = pick(spread(margin, width=2), view(n=2, proba=proba, embedding=points))
    assert found[0] in (0, 1, 2)
    assert found[1] == 3  # not a copy, and not the far away item of which the model is sure


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ([0, 0], "position 0 twice"),
        ([7], "position 7; there are 5 candidates"),
        ([-1], "position -1"),
        ([0, 1, 2], "3 positions where 2 were wanted"),
        ([0.5], "array of float64"),
        ([[0]], "shape"),
    ],
)
def test_what_a_strategy_returns_is_checked(returned, told):
    def wrong(view, n):
        return np.array(returned)

    with pytest.raises(SettingError, match=f"the strategy wrong returned .*{told}"):
        strategies.choose(wrong, view(size=5))


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ([0.1, np.nan, 0.3], "of item 1 is nan"),
        ([0.1, 0.2, np.inf], "of item 2 is inf"),
        ([-0.1, 0.2, 0.3], "of item 0 is -0.1"),
        ([0.1], r"has shape \(1,\)"),
    ],
)
def test_what_a_score_returns_is_checked(returned, told):
    def wrong(proba):
        return np.array(returned)

    with pytest.raises(SettingError, match=f"the score wrong .*{told}"):
        strategies.choose(wrong, view(proba=np.full((3, 2), 0.5)))


def test_the_door_takes_lists_arrays_and_sparse_rows():
    from scipy.sparse import csr_array

    assert door("random", n=3, size=10).shape == (3,)
    assert door("margin", n=9, proba=[[0.5, 0.5], [1, 0]]).tolist() == [0, 1]
    points = np.eye(4)
    assert set(door("k_center", n=4, embedding=csr_array(points))) == {0, 1, 2, 3}
    assert (
        door("k_center", n=2, embedding=points.astype(int), seed=3).tolist()
        == door("k_center", n=2, embedding=points, seed=3).tolist()
    )


@pytest.mark.parametrize(
    ("proba", "told"),
    [
        ([[0.5, 0.5], [0.5, 0.6]], r"proba of item 1 is no probability: \[0.5, 0.6\] adds up to 1.1"),
        ([[0.5, 0.5], [1.5, -0.5]], "item 1"),
        ([[0.5, np.nan]], r"item 0 .*adds up to nan"),
        ([0.5, 0.5], r"shape \(2,\); \(items, classes\) is wanted"),
    ],
)
def test_the_door_names_the_row_that_is_no_probability(proba, told):
    with pytest.raises(ModelError, match=told):
        door("margin", proba=proba)


def test_the_door_refuses_what_does_not_fit_together():
    with pytest.raises(DataError, match="these differ: proba 1, embedding 2"):
        door("margin", proba=[[0.5, 0.5]], embedding=np.eye(2))
    with pytest.raises(DataError, match="NaN or infinity"):
        door("k_center", embedding=[[np.nan]])
    with pytest.raises(DataError, match="embedding has shape"):
        door("k_center", embedding=[1.0])
    with pytest.raises(DataError, match="cost is one finite number an item"):
        door("random", cost=[np.inf])
    with pytest.raises(SettingError, match="k_center needs embedding; this view gives none"):
        door("k_center", proba=[[0.5, 0.5]])


def test_seeds_see_classes_early():
    from sklearn.datasets import load_digits

    X, y = load_digits(n_class=10, return_X_y=True)
    X, y = X[:700], y[:700]
    seen = {n: [] for n in (10, 20)}
    by_chance = []
    for seed in range(6):
        for n in seen:
            found = strategies.choose(strategies.seeds, view(n=n, seed=seed, embedding=X / 16))
            seen[n].append(len(set(y[found.positions])))
        assert 2 <= found.arms.count("random") <= 8
        by_chance.append(len(set(y[np.random.default_rng(seed).choice(len(y), 10, replace=False)])))
    assert np.mean(seen[10]) > np.mean(by_chance) + 1
    assert np.mean(seen[20]) > 9.5


def test_seeds_without_an_embedding_are_drawn():
    assert strategies.choose(strategies.seeds, view(n=3, size=9)).arms == ["random"] * 3


def test_entropy_and_margin_disagree_where_they_should():
    proba = np.array([[0.5, 0.5, 0, 0], [0.4, 0.2, 0.2, 0.2]])
    assert door(margin, proba=proba).tolist() == [0]
    assert door(entropy, proba=proba).tolist() == [1]


def test_a_margin_query_loads_neither_scikit_learn_nor_torch_nor_numba():
    code = (
        "import sys; from asklearn import strategies; from asklearn.strategies.door import choose; "
        "choose('margin', proba=[[.5, .5]]); strategies.table(); "
        "print([m for m in ('sklearn', 'torch', 'numba', 'pandas', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
