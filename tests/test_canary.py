"""The canary cannot be fooled: failures are planted one by one, and it sees each; healthy projects it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from asklearn import planning
from asklearn.asking import Pick
from asklearn.canary import LEAST, SHARES, WINDOW, Canary, Shares, divergence, judge
from asklearn.events import Added, Asked, Audited, Learned
from asklearn.people.answers import Answer
from asklearn.planning import Planner, scattered
from asklearn.project import Project
from asklearn.state import fold
from asklearn.strategies.declared import declared
from asklearn.strategies.registry import get
from asklearn.tasks.classes import classes

DIGITS = load_digits()


def pool(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(seed).permutation(len(DIGITS.target))[:n]
    return DIGITS.data[rows] / 16, DIGITS.target[rows]


def life(
    strategy: str,
    seed: int = 0,
    labels: int = 200,
    model: Any = None,
    plant: Callable[[Project], object] = lambda project: None,
    **setup: Any,
) -> Project:
    """People answer, a model learns behind them every ten labels; `plant` meddles before each question."""
    X, y = pool(seed)
    rng = np.random.default_rng(seed)
    project = Project(
        X, classes(range(10)), model or LogisticRegression(C=0.1, max_iter=500), strategy, seed=seed, **setup
    )
    new = 0
    while project.state.kinds["label"] < labels:
        who = f"p{rng.integers(3)}"
        plant(project)
        questions = project.ask(int(rng.integers(1, 6)), who, ahead=50)
        if not questions:
            break
        for question in questions:
            if rng.random() < 0.05:
                project.release([question.item], who)
            else:
                project.tell(Answer(item=question.item, label=int(y[question.row]), by=who))
                new += 1
        if new >= 10 and len(project.labels()["item"]) > 20:
            project.learn()
            new = 0
    return project


def broken(project: Project) -> set[str]:
    return {sign.check for sign in project.canary().signs if sign.status == "broken"}


# ---- what it must see


def worst_first(original: Any) -> Any:
    """What is left of the score is its name: the items that the model is surest of are asked."""

    def choose(learner: Any, strategy: Any, free: Any, n: int, rng: Any, busy: Any) -> list[Pick]:
        if learner.serving is None:
            return original(learner, strategy, free, n, rng, busy)
        picks = original(learner, strategy, free, int(free.sum()), rng, busy)
        return [pick for pick in picks[::-1] if pick.arm != "random"][:n]

    return choose


def any_order(original: Any) -> Any:
    """The scores are right, the items are not: positions are mixed up on the way."""

    def choose(learner: Any, strategy: Any, free: Any, n: int, rng: Any, busy: Any) -> list[Pick]:
        picks = original(learner, strategy, free, n, rng, busy)
        rows = rng.permutation(np.flatnonzero(free))[: len(picks)]
        return [replace(pick, position=int(row)) for pick, row in zip(picks, rows, strict=True)]

    return choose


@pytest.mark.parametrize("strategy", ["margin", "mix(entropy, share=0.1)", "auto"])
@pytest.mark.parametrize("failure", [worst_first, any_order])
def test_items_that_do_not_follow_the_score_are_seen(strategy, failure, monkeypatch):
    monkeypatch.setattr(planning, "choose", failure(planning.choose))
    assert "score" in broken(life(strategy))


def test_a_plan_served_in_any_order_is_seen(monkeypatch):
    lots = np.random.default_rng(0)

    def taken(plan: list[Pick], free: np.ndarray, n: int) -> tuple[list[Pick], list[Pick]]:
        mixed = [plan[i] for i in lots.permutation(len(plan))]
        return [p for p in mixed if free[p.position]][:n], [p for p in mixed if free[p.position]][n:]

    monkeypatch.setattr(planning, "_taken", taken)
    assert broken(life("margin", batch=40)) >= {"order"}


@pytest.mark.parametrize("strategy", ["margin", "auto"])
def test_a_model_that_tells_nothing_apart_is_seen(strategy):
    project = life(strategy, model=DummyClassifier(strategy="prior"))
    assert "score" in broken(project)
    assert "the same margin" in str(project.canary())


def test_a_plan_that_outlives_its_model_is_seen():
    def keep(project: Project) -> None:
        project._planner._plan_of = project._learner.serving  # as if it had been made just now

    def fill(project: Project) -> None:
        if project._learner.serving is not None and len(project._planner._plan) < 20:
            return
        keep(project)

    project = life("margin", batch=100, plant=fill)
    assert "freshness" in broken(project)


def test_a_model_that_never_comes_to_serve_is_seen():
    first: list[Any] = []

    def hold(project: Project) -> None:
        serving = project._learner.serving
        if serving is not None:
            first.append(serving)
            project._learner.serving = first[0]

    assert "freshness" in broken(life("margin", plant=hold))


def test_a_random_share_that_is_never_served_is_seen(monkeypatch):
    """As it was: strategies put their random share last, and a plan is dropped before its end."""
    monkeypatch.setattr(Planner, "_ordered", lambda self, picks, rng: list(picks))
    project = life("mix(margin, share=0.1)", labels=340)
    assert "random share" in broken(project)


def test_audits_that_are_never_drawn_are_seen(monkeypatch):
    monkeypatch.setattr(Planner, "_audits", lambda self, n, free: ([], []))
    assert "audit share" in broken(life("margin", labels=340, audit=0.1))


def test_random_items_in_place_of_chosen_ones_are_seen(monkeypatch):
    """What a swallowed exception does: something still comes, and looks like any other question."""

    def choose(learner: Any, strategy: Any, free: Any, n: int, rng: Any, busy: Any) -> list[Pick]:
        return original(learner, get("random"), free, n, rng, busy)

    original = planning.choose
    monkeypatch.setattr(planning, "choose", choose)
    assert "random share" in broken(life("margin"))


# ---- what must not disturb it

HEALTHY = ["auto", "margin", "mix(entropy, share=0.1)", "cluster_margin", "k_center", "random"]


def quiet(strategy: str, seed: int, labels: int) -> None:
    said: list[str] = []

    def look(project: Project) -> None:
        # Whether choosing beats drawing is another question: here it need not.
        said.extend(s.words for s in project.canary().signs if s.status != "well" and s.check != "choosing")

    life(strategy, seed, labels, plant=look, redundancy=1 + seed % 2)
    assert not said


@pytest.mark.parametrize("strategy", HEALTHY)
def test_it_is_quiet_while_all_is_well(strategy):
    quiet(strategy, seed=len(strategy), labels=130)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("strategy", HEALTHY)
def test_it_is_quiet_over_many_lives(strategy, seed):
    quiet(strategy, seed, labels=380)  # to the last items


# ---- the fold and the verdict

TOLD = {"score": "margin", "ordered": True, "low": 0.0, "high": 0.0, "audit": 0.05, "doubt": 1.0}


def asked(n: int, **changed: Any) -> Asked:
    told: dict[str, Any] = {
        "scores": (0.5,) * n,
        "arms": ("margin",) * n,
        "plans": (7,) * n,
        "models": ("1",) * n,
        "above": (0.0,) * n,
        **changed,
    }
    return Asked(items=tuple(map(str, range(n))), by="ann", strategy="margin", lease=1.0, at=0.0, **told)


def seen(*events: Any) -> Canary:
    return fold(
        enumerate([Added(first=0, count=99), Learned(version="1", watermark=1, labels=9), *events], 1)
    ).canary


def test_an_old_journal_says_nothing():
    old = Asked(items=("a", "b"), by="ann", strategy="margin", lease=1, scores=(0.1, 0.2), arms=("m", "m"))
    assert judge(seen(*[old] * 99), **TOLD).signs == ()


def test_it_says_nothing_of_few():
    assert judge(seen(asked(LEAST - 1, above=(0.9,) * (LEAST - 1))), **TOLD).signs == ()
    assert judge(seen(asked(LEAST, above=(0.9,) * LEAST)), **TOLD).status == "broken"


def test_what_was_mended_is_forgiven():
    n = WINDOW // 2
    bad = [asked(n, above=(0.6,) * n, models=(None,) * n)] * 4
    told = TOLD | {"audit": 0.0}
    assert judge(seen(*bad), **told).status == "broken"
    assert judge(seen(*bad, *[asked(n)] * 2), **told).status == "well"


def test_an_item_served_late_since_one_person_had_it_is_no_rise():
    for_others = asked(2, scores=(0.5, 0.4))
    late = replace(asked(1, scores=(0.9,)), by="bob")
    canary = seen(for_others, late)  # item "0" is ann's
    assert list(canary.rises) == [False]
    stranger = replace(late, items=("other",))
    assert list(seen(for_others, stranger).rises) == [False, True]


def test_audit_draws_are_counted_whether_they_are_free_or_not():
    drawn = [Audited(item="0", chance=0.1), Audited(item="x", chance=0.1)]
    event = asked(3, arms=("audit", "margin", "margin"), plans=(None, 7, 7))
    canary = seen(*drawn, event)
    assert (canary.audits.drawn, len(canary.audits.draws)) == (2, 4)
    assert canary.random.drawn == 0
    again = seen(*drawn, event, event)  # the same audit item once more is no new draw
    assert (again.audits.drawn, len(again.audits.draws)) == (2, 6)


def test_harm_is_doubtful_and_never_more():
    assert judge(Canary(), **(TOLD | {"doubt": 25.0})).status == "doubtful"


@given(st.lists(st.booleans(), max_size=3 * SHARES))
def test_shares_are_of_the_newest(draws):
    shares = Shares()
    for draw in draws:
        shares.add(draw)
    assert shares.drawn == sum(draws[-SHARES:])
    assert len(shares.draws) == min(len(draws), SHARES)


@given(st.integers(1, 200), st.floats(0.01, 0.99), st.data())
def test_the_bound_is_above_the_tail(n, p, data):
    from scipy.stats import binom

    k = data.draw(st.integers(0, n))
    tail = binom.cdf(k, n, p) if k / n <= p else binom.sf(k - 1, n, p)
    assert np.exp(-n * divergence(k / n, p)) >= tail * (1 - 1e-9)


@given(st.integers(0, 30), st.integers(0, 10), st.integers(0, 9))
def test_scattering_keeps_the_order_of_the_rest(chosen, drawn, seed):
    picks = [Pick(i, 1.0 - i, None, "margin") for i in range(chosen)]
    picks += [Pick(100 + i, None, 0.1, "random") for i in range(drawn)]
    found = scattered(picks, np.random.default_rng(seed))
    assert sorted(found, key=lambda p: p.position) == picks
    assert [p for p in found if p.arm == "margin"] == picks[:chosen]


# ---- what strategies promise


@pytest.mark.parametrize(
    ("strategy", "word", "ordered", "low", "high"),
    [
        ("margin", "margin", True, 0, 0),
        ("auto", "margin", False, 0.02, 0.75),
        ("random", "", False, 1, 1),
        ("mix(mix(margin, share=0.5), share=0.5)", "margin", True, 0.75, 0.75),
        ("shortlist(entropy, k_center)", "entropy", False, 0, 0),
        ("mix(k_center, share=0.2)", "", False, 0.2, 1),
        ("per_cost(margin)", "", True, 0, 0),
        ("power(margin)", "", False, 0, 1),
        ("bald", "", True, 0, 0),
    ],
)
def test_what_a_strategy_promises(strategy, word, ordered, low, high):
    found = declared(get(strategy))
    assert (found.word, found.ordered, found.low, found.high) == (word, ordered, low, pytest.approx(high))
