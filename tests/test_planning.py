"""Plans for large pools are made in a process of their own, and are what the strategy would have chosen here."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest

from asklearn import strategies
from asklearn.asking import choose, choose_there
from asklearn.people.answers import Answer
from asklearn.planning import LARGE
from asklearn.project import Project
from asklearn.tasks.classes import classes

ROWS = LARGE + 1000


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=ROWS)
    return rng.normal(size=(ROWS, 3)) + truth[:, None], truth


def labelled(folder, points, strategy="least_confidence"):
    X, truth = points
    made = Project(X, classes(["0", "1"]), path=folder, strategy=strategy, audit=0, batch=1000)
    made.tell([Answer(item=made.pool.ids[i], label=str(truth[i]), by="them") for i in range(100)])
    return made


@pytest.mark.parametrize("strategy", ["margin", "mix(uherding, share=0.2)", "k_center"])
def test_another_process_chooses_what_this_one_would(tmp_path, points, strategy):
    with labelled(tmp_path, points, strategy) as it:
        it.learn()
        learner, record = it._learner, it._record
        free, busy = record.leases.free(), it._planner._busy()
        request, last = learner.request(), it.state.models[-1]
        wanted = strategies.get(strategy)
        here = choose(learner, wanted, free, 20, np.random.default_rng((1, 2)), lambda: busy)
        there = it._planner._process.submit(
            choose_there, request, last, wanted, free, 20, (1, 2), busy, learner.effort
        )
        assert there.result() == here
        assert not {pick.position for pick in here} & set(range(100))


def served(it, until, seconds=60):
    """Ask until the questions satisfy `until`, at most so long; the questions then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = it.ask(3, lease=0.001, ahead=10)
        if until(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found}")


def test_nobody_waits_for_the_plan_and_then_the_strategy_serves(tmp_path, points):
    with labelled(tmp_path, points) as it:
        it.learn()
        doubt = 1 - it._learner.serving.proba.max(axis=1)
        doubt[:100] = 0  # answered
        best = set(np.argsort(-doubt)[:60])
        it.keep_learning()
        assert it.ask(1, lease=0.001, ahead=10), "at once, before there is a plan"
        served(  # with its own scores, not those of the margin that stood in
            it,
            lambda found: all(q.row in best and q.reason.score == pytest.approx(doubt[q.row]) for q in found),
        )


@dataclass(frozen=True)
class Stuck:
    """A strategy that fails."""

    def __call__(self, *, n, proba, rng):
        raise RuntimeError("no idea")


def test_a_plan_that_fails_is_told_to_whoever_asks(tmp_path, points):
    with labelled(tmp_path, points, Stuck()) as it:
        it.learn()
        it.keep_learning()
        with pytest.raises(RuntimeError, match="no idea"):
            served(it, lambda _: False)


def test_a_strategy_that_cannot_travel_plans_here(tmp_path, points):
    def local(*, n, proba, rng):
        return np.arange(len(proba))[-n:]

    with labelled(tmp_path, points, local) as it:
        it.learn()
        it.keep_learning()
        found = served(it, lambda questions: all(q.row > ROWS - 200 for q in questions))
        assert len(found) == 3
