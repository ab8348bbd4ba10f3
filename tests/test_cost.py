"""What answers cost: learned from seconds, counted in money, and never more than a hard budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from asklearn import settings, stopping
from asklearn.errors import DataError, SettingError
from asklearn.events import Answered, Measured
from asklearn.people.answers import Answer
from asklearn.people.cost import Costs, Effort, pace, price_of_a_point
from asklearn.pool import of
from asklearn.project import Project
from asklearn.state import TIMED, Timed, fold
from asklearn.tasks.classes import classes


def answers(n: int, seed: int = 0, breaks: float = 0.0, people: int = 3) -> tuple[list[Timed], np.ndarray]:
    """Answers that take 0.5 length^0.7 seconds, twice as long for the second person; and some lunches."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, 800, n).astype(float)
    who = rng.integers(0, people, n)
    seconds = 0.5 * (1 + lengths) ** 0.7 * np.exp(rng.normal(0, 0.3, n)) * np.where(who == 1, 2.0, 1.0)
    seconds[rng.random(n) < breaks] *= 100
    return [
        Timed(str(i), f"p{w}", float(s)) for i, (w, s) in enumerate(zip(who, seconds, strict=True))
    ], lengths


@pytest.mark.parametrize("breaks", [0.0, 0.05])
def test_the_pace_is_found_though_people_go_to_lunch(breaks):
    found = pace(*answers(600, breaks=breaks))
    assert found is not None
    assert found.n == 600
    assert found.slope == pytest.approx(0.7, abs=0.07)
    assert found.people["p1"] - found.people["p0"] == pytest.approx(np.log(2), abs=0.15)
    usual = 0.5 * 301**0.7 * 2 ** (1 / 3)  # of somebody in the middle
    assert found.seconds([300])[0] == pytest.approx(usual, rel=0.15)


def test_without_breaks_it_is_least_squares():
    """Where nobody strays, Huber's weights are 1: the oracle is NumPy's solver; one person, hardly shrunk."""
    rng = np.random.default_rng(1)
    x = rng.integers(5, 500, 2000).astype(float)
    y = 1.0 + 0.5 * np.log1p(x) + rng.uniform(-0.1, 0.1, 2000)  # never beyond 1.345 spreads of 1.4826 MAD
    found = pace([Timed(str(i), "ann", float(np.exp(s))) for i, s in enumerate(y)], x)
    level, slope = np.linalg.lstsq(np.column_stack([np.ones(2000), np.log1p(x)]), y, rcond=None)[0]
    assert found is not None
    assert (found.level, found.slope) == (pytest.approx(level, abs=1e-3), pytest.approx(slope, abs=1e-3))


def test_items_of_one_length_and_lengths_that_hurry_people_have_no_slope():
    timed, lengths = answers(100)
    flat = pace(timed, np.zeros(100))
    assert flat is not None
    assert flat.slope == 0
    hurried = pace([Timed("i", "ann", 1000 / (1 + n)) for n in lengths], lengths)
    assert hurried is not None
    assert hurried.slope == 0


@given(st.lists(st.floats(0, 1e7), max_size=60), st.integers(1, 4))
def test_every_cost_is_finite_and_above_zero(seconds, people):
    timed = [Timed(str(i), f"p{i % people}", s) for i, s in enumerate(seconds)]
    found = pace(timed, np.arange(len(timed), dtype=float))
    if found is None:
        assert sum(s > 0 for s in seconds) < 20
    else:
        costs = found.seconds([0, 10, 1e6])
        assert np.isfinite(costs).all()
        assert (costs > 0).all()


def test_a_pool_knows_its_lengths_and_its_columns():
    costs = Costs(of(["a", "abc", ""]))
    assert costs.lengths().tolist() == [1, 3, 0]
    assert costs.of(Effort(), np.array([0, 2])).tolist() == [1, 1]


def test_a_cost_that_is_none_names_the_item():
    import pandas as pd

    frame = pd.DataFrame({"price": [2.0, 0.0], "x": [1.0, 2.0]})
    costs = Costs(of(frame, ids=["a", "b"]))
    with pytest.raises(DataError, match=r"item 'b' costs 0 by the column 'price'"):
        costs.of(Effort("price"), np.array([0]))


# ---- the price of a point


def measured(labels: int, value: float, n: int = 100, half: float = 0.05) -> Measured:
    return Measured(
        version=str(labels),
        labels=labels,
        metric="accuracy",
        value=value,
        low=value - half,
        high=value + half,
        n=n,
    )


def test_a_point_has_a_price_once_the_gain_is_beyond_doubt():
    found = price_of_a_point([measured(10, 0.6), measured(90, 0.8)], [100.0, 900.0], "accuracy")
    assert found is not None
    assert found.seconds == pytest.approx(800 / 20)
    assert found.low == pytest.approx(800 / (20 + 100 * np.sqrt(2) * 0.05))
    assert found.high == pytest.approx(800 / (20 - 100 * np.sqrt(2) * 0.05))


@pytest.mark.parametrize(
    ("points", "spent"),
    [
        ([], []),
        ([measured(10, 0.6)], [100.0]),
        ([measured(10, 0.6), measured(90, 0.65)], [100.0, 900.0]),  # may be chance
        ([measured(10, 0.8), measured(90, 0.6)], [100.0, 900.0]),  # worse than before
        ([measured(10, 0.6, n=5), measured(90, 0.8)], [100.0, 900.0]),  # the first rests on too little
        ([measured(10, 0.6), measured(90, 0.8)], [0.0, 0.0]),  # nobody said how long it took
    ],
)
def test_else_it_is_not_known(points, spent):
    assert price_of_a_point(points, spent, "accuracy") is None


# ---- in a project

WORDS = ("good", "bad", "film", "plot", "dull", "great")


def texts(n: int = 300) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(0)
    X = [" ".join(rng.choice(WORDS, rng.integers(2, 80))) for _ in range(n)]
    better = [x.count("good") + x.count("great") > x.count("bad") + x.count("dull") for x in X]
    return X, ["pos" if b else "neg" for b in better]


def model() -> object:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


def label(project: Project, X: list[str], y: list[str], labels: int) -> None:
    for round in range(1, labels // 5 + 1):
        for question in project.ask(5, ahead=20):
            text = X[question.row]
            project.tell(Answer(item=question.item, label=y[question.row], seconds=0.2 * len(text)))
        if round % 2 == 0:
            project.learn()


def test_per_cost_asks_what_is_quickly_answered():
    X, y = texts()
    mean = {}
    for strategy in ("margin", "per_cost(margin)"):
        with Project(X, classes(["pos", "neg"]), model(), strategy, audit=0) as project:
            label(project, X, y, 80)
            asked = [X[project._learner.positions[item]] for item in project.state.answers]
            mean[strategy] = np.mean(
                [len(text) for text in asked[30:]]
            )  # the pace is known from the first 20 on
            assert project.canary().status == "well"
    assert mean["per_cost(margin)"] < 0.7 * mean["margin"]


def test_a_column_says_what_items_cost():
    import pandas as pd

    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"a": rng.normal(size=200), "b": rng.normal(size=200), "price": rng.choice([1.0, 9.0], 200)}
    )
    y = np.where(X["a"] > 0, "pos", "neg")
    strategy = "per_cost(margin)"
    with Project(
        X, classes(["pos", "neg"]), LogisticRegression(), strategy, audit=0, cost="price"
    ) as project:
        for _ in range(10):
            for question in project.ask(5):
                project.tell(Answer(item=question.item, label=str(y[question.row])))
            project.learn()
        rows = [project._learner.positions[item] for item in project.state.answers]
    assert (X["price"].to_numpy()[rows[10:]] == 1).mean() > 0.8


def test_the_status_counts_time_and_money():
    X, y = texts(60)
    with Project(X, classes(["pos", "neg"]), model(), price=18.0, minutes=90, currency="CHF") as project:
        empty = project.status()["cost"]
        assert (empty["each"], empty["money"], empty["point"]) == (None, 0.0, None)
        for i, seconds in enumerate([4.0, 4.0, 6.0, 3600.0]):
            project.tell(Answer(item=project.pool.ids[i], label=y[i], seconds=seconds))
        cost = project.status()["cost"]
        assert cost["each"] == 5.0  # the median: nobody reads for an hour
        assert cost["money"] == pytest.approx(18.0 * 3614 / 3600)
        assert cost["limits"] == [{"unit": "minutes", "used": pytest.approx(3614 / 60), "limit": 90}]
        assert project.status()["advice"]["signs"][0]["words"].startswith("60.2333 of 90 minutes")


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({"budget": 20}, 20),
        ({"minutes": 1}, 20),
        ({"money": 0.5, "price": 30.0}, 20),
        ({"budget": 40, "minutes": 1}, 20),
    ],
)
def test_a_hard_budget_ends_it_and_a_soft_one_advises(limits, asked):
    """An answer takes 3 s: 20 of them are a minute, and at 30 an hour half a unit of money."""
    X, y = texts(100)
    for hard in (True, False):
        with Project(X, classes(["pos", "neg"]), model(), hard=hard, **limits) as project:
            said = 0
            while (questions := project.ask(5)) and said < 50:
                for question in questions:
                    project.tell(Answer(item=question.item, label=y[question.row], seconds=3.0))
                    said += 1
            assert said == (asked if hard else 50)
            assert "is used up" in project.advice().why[0]


def test_a_hard_budget_counts_what_people_hold():
    X, _y = texts(60)
    with Project(X, classes(["pos", "neg"]), model(), budget=12, hard=True, audit=0, overlap=0) as project:
        held = [len(project.ask(5, who)) for who in ("ann", "bob", "cem")]
        assert held == [5, 5, 2]
        assert project.ask(1, "dan") == []
        project.release([question.item for question in project.holding("ann")], "ann")
        assert len(project.ask(9, "dan")) == 5


def test_settings_say_what_is_wrong(tmp_path: Path):
    plain = {"name": "n", "task": "classes", "labels": ("a", "b")}
    for wrong, words in (
        ({"money": 5.0}, "price of an hour"),
        ({"hard": True}, "hard budget needs a limit"),
        ({"price": -1.0}, "price is a number above 0"),
        ({"minutes": True}, "minutes is a number above 0"),
        ({"hide": 1.0}, "hide is a share"),
        ({"hide": "much"}, "hide is a share"),
        ({"strategy": 3}, "strategy is a text; 3 is none"),
        ({"priority": ("a",)}, "priority is a text"),
        ({"stop": True}, "stop is a list; True is none"),
    ):
        with pytest.raises(SettingError, match=words):
            settings.Settings(**plain, **wrong)
    kept = settings.Settings(**plain, minutes=2.5, money=7, price=15.0, hard=True, cost="euros", hide=0.2)
    settings.write(kept, tmp_path)
    assert settings.read(tmp_path) == kept


def test_the_budget_is_one_rule():
    with Project(["a"] * 9, classes(["x", "y"]), budget=5, money=2.0, price=20.0) as project:
        assert project._rules[0] == stopping.budget(5, money=2.0, per_hour=20.0)


def test_the_newest_times_are_kept():
    said = [Answered(key=str(i), item=str(i), by="ann", label="x", seconds=1.0 + i) for i in range(TIMED + 5)]
    state = fold(
        enumerate([*said, Measured(version="1", labels=1, metric="m", value=0, low=0, high=0, n=1)], 1)
    )
    assert len(state.timed) == TIMED
    assert state.timed[0].seconds == 6.0
    assert state.spent == [state.seconds]
