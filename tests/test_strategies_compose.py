"""What narrows, weighs, balances and pays: each does what its first line says."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from asklearn import strategies
from asklearn.errors import SettingError
from asklearn.scores.bayes import bald
from asklearn.scores.uncertainty import expected_cost, margin
from asklearn.strategies.budget import per_cost
from asklearn.strategies.choice import choose, pick
from asklearn.strategies.committee import committee
from asklearn.strategies.coverage import k_center
from asklearn.strategies.imbalance import direct, galaxy, quota
from asklearn.strategies.mixing import mix, random
from asklearn.strategies.narrowing import (
    candidates,
    cluster_margin,
    copies,
    distinct,
    grouped,
    near_labelled,
    shortlist,
)
from asklearn.strategies.objectives import pareto, times, weigh
from asklearn.view import Labelled, View, needs, require


def view(n, seed=0, **given):
    return View(n=n, rng=np.random.default_rng(seed), **given)


def first(priority):
    return priority


def second(cost):
    return cost


def test_shortlist_lets_the_strategy_choose_among_the_best():
    value = np.arange(20.0)
    choice = choose(shortlist(first, random, width=2), view(5, priority=value))
    assert set(choice.positions.tolist()) <= set(range(10, 20))
    assert choice.chances == [0.5] * 5
    assert choice.scores == [float(p) for p in choice.positions]


def test_candidates_looks_at_no_more_than_it_may():
    sizes = []

    def spy(view, n):
        sizes.append(view.size)
        return np.arange(n)

    assert len(pick(candidates(spy, at_most=7), view(3, size=100))) == 3
    assert len(pick(candidates(spy, at_most=7), view(9, size=100))) == 9
    assert len(pick(candidates(spy, at_most=700), view(3, size=100))) == 3
    assert sizes == [7, 9, 100]


def test_near_labelled_stays_near():
    z = np.arange(100.0)[:, None]
    known = Labelled(np.array([[50.2]]))
    found = pick(near_labelled(random, neighbours=5), view(4, embedding=z, labelled=known))
    assert set(found.tolist()) <= {48, 49, 50, 51, 52}
    assert len(pick(near_labelled(random, neighbours=2), view(4, embedding=z, labelled=known))) == 4
    assert len(pick(near_labelled(random), view(4, embedding=z))) == 4


def test_distinct_leaves_near_copies_out_while_there_are_others():
    z = np.array([0.0, 0.01, 0.02, 5.0, 5.01, 9.0])[:, None]
    value = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0])
    strategy = distinct(first, apart=0.5)
    assert pick(strategy, view(3, embedding=z, priority=value)).tolist() == [0, 3, 5]
    assert pick(strategy, view(2, embedding=z, priority=value, labelled=Labelled(z[:1]))).tolist() == [3, 5]
    assert set(pick(strategy, view(6, embedding=z, priority=value)).tolist()) == set(range(6))


def test_grouped_takes_the_best_of_each_group_first():
    value = np.array([9.0, 8.0, 7.0, 1.0, 2.0])

    def track(cost):
        return cost

    seen = view(5, priority=value, cost=np.array([1.0, 1.0, 1.0, 2.0, 2.0]))
    assert pick(grouped(first, track), seen).tolist() == [0, 4, 1, 3, 2]
    z = np.array([[0.0], [0.0], [1.0], [0.0], [1.0]])
    assert copies(z).tolist() == [0, 0, 1, 0, 1]
    assert pick(grouped(first), view(2, priority=value, embedding=z)).tolist() == [0, 2]


def test_cluster_margin_takes_the_best_of_each_cluster():
    z = np.repeat(np.arange(4.0) * 100, 5)[:, None]
    value = np.tile(np.arange(1.0, 6.0), 4)
    found = pick(cluster_margin(first, width=5), view(4, embedding=z, priority=value))
    assert sorted(found.tolist()) == [4, 9, 14, 19]


def test_per_cost_spends_no_more_than_the_budget():
    value, cost = np.array([10.0, 9.0, 1.0, 8.0]), np.array([10.0, 3.0, 1.0, 8.0])
    seen = {"priority": value, "cost": cost}
    assert pick(per_cost(first), view(1, **seen)).tolist() == [1]
    found = pick(per_cost(first, budget=11.0), view(4, **seen))
    assert found[0] == 1
    assert cost[found].sum() <= 11
    assert len(pick(per_cost(first, budget=0.5), view(4, **seen))) == 0
    with pytest.raises(SettingError, match=r"the cost of item 0 is 0\.0"):
        pick(per_cost(first), view(1, priority=value, cost=np.array([0.0, 1, 1, 1])))


def test_weigh_and_times_and_pareto():
    a, b = np.array([1.0, 0.0, 0.6, 0.1]), np.array([0.0, 10.0, 6.0, 1.0])
    seen = {"priority": a, "cost": b}
    assert pick(weigh((first, second)), view(1, **seen)).tolist() == [2]
    assert pick(weigh((first, second), weights=(9, 1)), view(1, **seen)).tolist() == [0]
    assert pick(times((first, second)), view(1, **seen)).tolist() == [2]
    for seed in range(5):
        assert set(pick(pareto((first, second)), view(3, seed=seed, **seen)).tolist()) == {0, 1, 2}
    assert pick(pareto((first, second)), view(4, **seen))[-1] == 3
    for wrong in (lambda: weigh(()), lambda: weigh((first,), weights=(1, 2)), lambda: pareto(())):
        with pytest.raises(SettingError):
            wrong()


def test_quota_asks_for_what_is_rare():
    proba = np.array([[0.9, 0.1, 0.0]] * 10 + [[0.3, 0.7, 0.0]] * 5 + [[0.4, 0.3, 0.3]])
    known = Labelled(np.zeros((6, 1)), np.array([0, 0, 0, 1, 1, -1]), None)
    found = pick(quota(margin), view(3, proba=proba, labelled=known))
    assert found[0] == 15  # nowhere the most probable: where it is least improbable
    counts = np.bincount(proba[pick(quota(margin), view(6, proba=proba))].argmax(1), minlength=3)
    assert counts[1] >= 2


def on_a_line(size=101):
    """Two classes along a line, and a model that puts the cut in the wrong place."""
    x = np.linspace(0, 1, size)
    return np.stack([1 - x, x], axis=1)


@pytest.mark.parametrize("strategy", [galaxy, direct])
def test_the_cut_between_classes_is_found_by_halving(strategy):
    proba, truth = on_a_line(), np.arange(101) >= 83
    known, asked = [0, 100], []
    for turn in range(7):
        free = np.setdiff1d(np.arange(101), known)
        labelled = Labelled(None, truth[known].astype(int), proba[known])
        at = int(free[pick(strategy, view(1, seed=turn, proba=proba[free], labelled=labelled))[0]])
        known.append(at)
        asked.append(at)
    assert asked[0] == 50
    assert {82, 83} <= set(known)


def test_direct_and_galaxy_find_a_rare_class_sooner_than_chance():
    rng = np.random.default_rng(0)
    truth = np.arange(400) < 12
    x = np.where(truth, 4.0, 0.0) + rng.normal(size=400)
    proba = np.stack([1 / (1 + np.exp(x - 3)), 1 / (1 + np.exp(3 - x))], axis=1)
    start = np.r_[0:2, 12:22]
    free = np.setdiff1d(np.arange(400), start)
    labelled = Labelled(None, truth[start].astype(int), proba[start])
    for strategy in (galaxy, direct):
        found = free[pick(strategy, view(20, proba=proba[free], labelled=labelled))]
        assert truth[found].mean() > 3 * truth[free].mean()


def test_costs_are_a_square_table():
    with pytest.raises(SettingError, match="square table"):
        expected_cost(((0.0, 1.0),))
    with pytest.raises(SettingError, match="costs for 2 classes; there are 3"):
        expected_cost(((0.0, 1.0), (1.0, 0.0)))(np.full((1, 3), 1 / 3))


def test_settings_that_make_no_sense_are_refused():
    for text in (
        "shortlist(margin, k_center, width=0)",
        "candidates(margin, at_most=0)",
        "per_cost(margin, budget=0)",
        "batch_bald(most=0)",
        "bait(ridge=0)",
        "cover(references=0)",
        "dcom(turn=2)",
    ):
        with pytest.raises(SettingError):
            strategies.get(text)


def test_k_center_of_a_part_tells_of_the_whole():
    z = np.arange(10.0)[:, None]
    choice = choose(shortlist(first, k_center, width=2), view(2, embedding=z, priority=np.arange(10.0)))
    assert set(choice.positions.tolist()) <= {6, 7, 8, 9}
    assert choice.arms == ["k_center"] * 2


def test_a_committee_gives_the_draws_that_are_wanted_within():
    told = []

    def spy(draws, proba, n):
        told.append((draws.shape, draws.dtype, np.allclose(draws.sum(axis=-1), 1, atol=1e-6)))
        return np.arange(n)

    rng = np.random.default_rng(0)
    z, p = rng.normal(size=(50, 4)), rng.dirichlet(np.ones(3), size=50)
    known = Labelled(z[:6], np.array([0, 0, 1, -1, 0, 1]), p[:6])
    for labelled in (known, None, Labelled(z[:0], np.empty(0, dtype=int))):
        pick(committee(spy, members=7), view(5, embedding=z, proba=p, labelled=labelled))
    assert told == [((50, 7, 3), np.float32, True)] * 3
    assert needs(committee(bald)) == {"embedding", "proba"}
    require(mix(committee(bald)), {"embedding", "proba"})
    with pytest.raises(SettingError, match="bald needs draws"):
        require(pareto((bald, margin)), {"embedding", "proba"})
    with pytest.raises(SettingError, match="committee needs embedding"):
        require(committee(bald), {"proba"})
    with pytest.raises(SettingError, match="at least 2 members"):
        committee(bald, members=1)


def test_a_committee_agrees_where_it_was_told_and_differs_where_it_was_not():
    rng = np.random.default_rng(1)
    told, strange = rng.normal([4, 0], 0.3, size=(40, 2)), rng.normal([0, 8], 0.3, size=(40, 2))
    z, p = np.concatenate([told, -told, strange]), np.full((120, 2), 0.5)
    known = Labelled(np.concatenate([told, -told]), np.repeat([0, 1], 40))
    found = np.concatenate(
        [pick(committee(bald), view(1, seed=s, embedding=z, proba=p, labelled=known)) for s in range(20)]
    )
    assert (found >= 80).mean() > 0.9


def test_random_projection_keeps_what_a_committee_says():
    rng = np.random.default_rng(2)
    z = np.concatenate([rng.normal(m, 1, size=(60, 600)) for m in (-0.3, 0.3)])
    known, p = Labelled(z[::4], np.repeat([0, 1], 60)[::4]), np.full((120, 2), 0.5)
    heard = []

    def spy(draws, n):
        heard.append(draws)
        return np.arange(n)

    sparse = Labelled(csr_array(known.embedding), known.y)
    pick(committee(spy), view(1, embedding=z, proba=p, labelled=known))
    pick(committee(spy), view(1, embedding=csr_array(z), proba=p, labelled=sparse))
    assert heard[0] == pytest.approx(heard[1], abs=1e-4)
    assert (heard[0].mean(axis=1).argmax(axis=1) == np.repeat([0, 1], 60)).mean() > 0.95
