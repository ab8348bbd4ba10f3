"""auto: which phase chooses when, and its guards."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from asklearn import check_strategy, strategies
from asklearn.errors import SettingError
from asklearn.strategies import auto as room
from asklearn.strategies.auto import adaptive
from asklearn.strategies.choice import choose
from asklearn.view import Labelled, View


def view(rng, *, n=10, size=200, classes=3, y=None, proba=True, embedding=True):
    """A pool of blobs, and the labels y."""
    truth = rng.integers(classes, size=size)
    E = rng.normal(size=(size, 4)) + 3 * np.eye(classes, 4)[truth]
    given = {"embedding": E} if embedding else {}
    if proba:
        given["proba"] = rng.dirichlet(np.ones(classes), size)
    if y is not None:
        p = rng.dirichlet(np.ones(classes), len(y)) if proba else None
        points = rng.normal(size=(len(y), 4)) if embedding else None
        given["labelled"] = Labelled(embedding=points, y=np.array(y), proba=p)
    return View(n=n, rng=rng, size=size, **given)


def arms(strategy, *args, seed=0, **given):
    return Counter(choose(strategy, view(np.random.default_rng(seed), *args, **given)).arms)


EVEN = [0, 1, 2] * 5


def test_without_labels_it_covers_with_a_share_at_random():
    assert arms(adaptive(share=0.2), n=20, proba=False) == {"coverage": 16, "random": 4}
    assert arms(adaptive(share=0.0), n=20, proba=False) == {"coverage": 20}
    assert arms(adaptive(), n=20, proba=False, embedding=False) == {"random": 20}


def test_with_labels_it_covers_what_is_uncertain_with_a_share_at_random():
    assert arms(adaptive(share=0.2), n=20, y=EVEN) == {"uncertain coverage": 16, "random": 4}
    assert arms(adaptive(share=0.0), n=20, y=EVEN) == {"uncertain coverage": 20}


def test_without_features_it_goes_by_the_margin():
    assert arms(adaptive(share=0.0), n=5, y=EVEN, embedding=False) == {"margin": 5}


def test_with_many_labels_it_goes_by_the_margin():
    assert arms(adaptive(share=0.0), n=5, y=[0, 1, 2] * (room.MANY + 1)) == {"margin": 5}


@pytest.mark.parametrize("embedding", [True, False])
def test_one_class_only_after_six_labels_is_a_search(embedding):
    found = arms(adaptive(), n=20, y=[0] * 7, proba=False, embedding=embedding)
    assert found["random"] == (10 if embedding else 20)
    assert arms(adaptive(share=0.0), n=20, y=[0] * 5, proba=False) == {"coverage": 20}, "too early to worry"


def test_a_class_that_does_not_turn_up_is_looked_for_until_it_is_given_up():
    def lots(labels):
        return arms(adaptive(share=0.0), n=20, y=labels).get("random", 0)

    assert lots([0, 1] + [0, 1] * 3) == 0, "not overdue yet"
    assert lots([0, 1] + [0, 1] * 8) == 10
    assert lots([0, 1] + [0, 1] * 8 + [2]) == 0, "found"
    assert lots([0, 1] * 32) == 0, "looked for long enough"


def test_a_third_goes_to_the_likeliest_of_a_rare_class():
    rng = np.random.default_rng(0)
    rare = [0] * 20 + [1] * 20 + [2] * 2
    it = view(rng, n=12, y=rare)
    found = choose(adaptive(share=0.0), it)
    wanted = set(np.argsort(-it["proba"][:, 2])[:4])
    assert {p for p, arm in zip(found.positions, found.arms, strict=True) if arm == "rare class"} == wanted


def test_reserved_items_count_in_no_class():
    held = EVEN + [-1] * 50
    assert arms(adaptive(share=0.0), n=6, y=held) == {"uncertain coverage": 6}


def test_of_a_large_pool_half_of_what_is_looked_at_has_the_smallest_margins(monkeypatch):
    monkeypatch.setattr(room, "LARGE", 40)
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 500)
    able = room._promising(proba, np.random.default_rng(1))
    assert len(set(able)) == 40
    ordered = np.sort(proba, axis=1)
    doubtful = set(np.argsort(ordered[:, -1] - ordered[:, -2])[:40])
    assert len(doubtful & set(able[20:])) == 20
    found = choose(adaptive(share=0.0), view(np.random.default_rng(2), size=500, y=EVEN))
    assert len(set(found.positions)) == 10


def dense_in_wide(rng, *, size=400, d=20):
    """Two classes around one middle, of which the second is twice as wide."""
    y = np.arange(size) % 2
    return rng.normal(size=(size, d)) * np.where(y, 2.0, 1.0)[:, None], y


def test_a_class_around_another_is_covered_too():
    """Plain coverage takes hubs, and these are all of the class in the middle."""
    shares = {True: [], False: []}
    for seed in range(5):
        E, y = dense_in_wide(np.random.default_rng(seed))
        for steep in shares:
            strategy = room.FIRST if steep else strategies.get("max_herding")
            it = View(n=12, rng=np.random.default_rng(seed), embedding=E.astype(np.float32))
            shares[steep].append(y[choose(strategy, it).positions].mean())
    assert np.mean(shares[False]) < 0.02
    assert np.mean(shares[True]) > 0.25


@pytest.mark.parametrize("wrong", ["adaptive(share=1.5)", "cover(falls=0.5)"])
def test_senseless_settings_are_refused(wrong):
    with pytest.raises(SettingError):
        strategies.get(wrong)


@pytest.mark.parametrize("name", ["auto", "adaptive(share=0.0)", "cover(local=1.0, falls=4.0)"])
def test_it_keeps_the_rules(name):
    check_strategy(name)
