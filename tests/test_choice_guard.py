"""Is choosing better than drawing? Chosen labels are held against drawn ones; auto gives way where it loses."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from asklearn.estimate import doubt_in_choosing
from asklearn.events import Learned
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.strategies.mixing import mix
from asklearn.tasks.classes import classes


def rows(n=600, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    return rng.normal(size=(n, 4)) + 2 * np.eye(3, 4)[truth], truth.astype(str)


def played(strategy, rounds=8, batch=25, audit=0.3, seed=0, n=600):
    """A project after so many rounds of honest answers."""
    X, truth = rows(n, seed)
    it = Project(
        X, classes(["0", "1", "2"]), model="logistic", strategy=strategy, audit=audit, seed=seed, batch=batch
    )
    for _ in range(rounds):
        it.tell([Answer(item=q.item, label=truth[q.row]) for q in it.ask(batch)])
        it.learn()
    return it


def test_every_audit_item_is_judged_by_once_and_trains_nothing():
    it = played(mix(_margin(), share=0.4))
    learned = [event for _, event in it.events() if isinstance(event, Learned)]
    judged = [item for event in learned for item in event.judged]
    assert judged
    assert len(judged) == len(set(judged))
    assert set(judged) <= set(it.state.audited)
    assert it.state.judged == set(judged)
    assert it.state.wins == sum(event.wins for event in learned)
    assert it.state.losses == sum(event.losses for event in learned)
    assert it.state.wins + it.state.losses <= len(judged)
    assert it.status()["choice"]["judged"] == len(judged)


def _margin():
    from asklearn import strategies

    return strategies.get("margin")


@dataclass(frozen=True)
class OneCorner:
    """Asks only what lies farthest down the first axis: it learns next to nothing of the rest."""

    def __call__(self, embedding, n, rng):
        return np.argsort(embedding[:, 0])[:n]


def test_a_choice_that_harms_is_found_out_and_a_good_one_is_not():
    bad = played(mix(OneCorner(), share=0.3), rounds=10, audit=0.5, batch=40, n=3000)
    assert doubt_in_choosing(bad.state.wins, bad.state.losses) >= 20
    good = played(mix(_margin(), share=0.3), rounds=10, audit=0.5, batch=40, n=3000, seed=1)
    assert doubt_in_choosing(good.state.wins, good.state.losses) < 20


@pytest.mark.parametrize(("losses", "least", "most"), [(0, 0, 25), (30, 60, 140)])
def test_auto_gives_half_to_the_lot_where_choosing_harms(losses, least, most):
    X, truth = rows()
    it = Project(X, classes(["0", "1", "2"]), model="logistic", strategy="auto", audit=0, seed=1)
    it.tell([Answer(item=it.pool.ids[i], label=truth[i]) for i in range(30)])
    it.learn()
    it._record.transact(lambda: ([Learned(version="x", watermark=1, labels=1, losses=losses)], None))
    it.ask(200)
    asked = [event for _, event in it.events() if type(event).__name__ == "Asked"][-1]
    assert least <= sum(arm == "random" for arm in asked.arms) <= most


def test_the_evidence_is_the_averaged_likelihood_ratio():
    p = (np.arange(100_000) + 0.5) / 200_000 + 0.5
    for wins, losses in ((0, 0), (3, 1), (2, 9), (30, 41)):
        ratio = 2.0 ** (wins + losses) * p**losses * (1 - p) ** wins
        assert doubt_in_choosing(wins, losses) == pytest.approx(ratio.mean(), rel=1e-5)
    assert doubt_in_choosing(0, 5000) > 1e200


class Demanding(LogisticRegression):
    """An estimator that refuses few rows, as one that validates within does."""

    def fit(self, X, y, sample_weight=None):
        if len(y) < 60:
            raise ValueError("more rows, please")
        return super().fit(X, y, sample_weight)


def test_an_estimator_that_cannot_fit_so_few_is_fitted_all_the_same():
    X, truth = rows()
    it = Project(X, classes(["0", "1", "2"]), Demanding(), mix(_margin(), share=0.3), audit=0.2, batch=50)
    for _ in range(3):
        it.tell([Answer(item=q.item, label=truth[q.row]) for q in it.ask(50)])
        with suppress(ValueError):  # the first round is too small for the model itself
            it.learn()
    assert len(it.state.models) == 2
    assert not it.state.judged, "to be compared by once there are more"


def test_false_alarms_are_as_rare_as_promised():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        wins, losses = 0, 0
        for right in rng.random(150) < 0.5:
            wins, losses = wins + right, losses + (not right)
            if doubt_in_choosing(wins, losses) >= 20:
                alarms += 1
                break
    assert alarms <= 0.05 * 400 + 3 * np.sqrt(400 * 0.05 * 0.95)
