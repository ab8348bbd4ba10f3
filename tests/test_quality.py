"""How good annotators are, judged by each other: intervals that hold, spammers, drift, gold, suspicious answers."""

import numpy as np
import pytest

from asklearn.errors import DataError, SettingError
from asklearn.estimate import interval
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.gold import gold, places
from asklearn.people.quality import confusions, drift, fatigue, others, quality, spammers
from asklearn.people.suspects import suspects
from asklearn.people.votes import Votes


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def crowd(rng, right, items=300, each=5, labels=3):
    """(votes, truth): right (annotators,) or (n,) once the answers are drawn."""
    right = np.asarray(right)
    truth = rng.integers(labels, size=items)
    who = np.argsort(rng.random((items, len(right))), axis=1)[:, :each].ravel()
    item = np.repeat(np.arange(items), each)
    wrong = (truth[item] + rng.integers(1, labels, size=len(item))) % labels
    said = np.where(rng.random(len(item)) < right[who], truth[item], wrong)
    return Votes(list(range(items)), list(range(len(right))), list(range(labels)), item, who, said), truth


def table(known):
    return {"item": known.item, "annotator": known.annotator, "label": known.label}


def columns(found, *names):
    return (np.array(found[name]) for name in names)


# -- share right ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("labels", "each"), [(2, 3), (4, 5)])
def test_intervals_of_the_share_right_hold_the_truth(labels, each, rng):
    holds, wide = [], []
    for _ in range(15):
        right = np.r_[rng.uniform(0.6, 0.98, 8), [1 / labels] * 2]
        value, low, high = columns(
            quality(crowd(rng, right, each=each, labels=labels)[0]), "right", "low", "high"
        )
        assert (low <= value).all()
        assert (value <= high).all()
        holds += ((low <= right) & (right <= high)).tolist()
        wide += (high - low).tolist()
    assert np.mean(holds) > 0.88  # 150 intervals of 95 %
    assert np.mean(wide) < 0.3


def test_a_likelihood_spelt_out(rng):
    known, _ = crowd(rng, [0.9, 0.8, 0.7], items=12, each=3)
    q = others(known)
    x = np.linspace(0, 1, 101)
    for j in range(3):
        like = np.ones(101)
        for n in np.flatnonzero(known.annotator == j):
            p = q[n, known.label[n]]
            like *= x * p + (1 - x) * (1 - p) / 2
        assert quality(known)["right"][j] == pytest.approx((x * like).sum() / like.sum(), abs=1e-6)


def test_what_the_others_say_leaves_the_answer_out(rng):
    """Of an item that only one person answered, the others say nothing; of one with two, the other alone speaks."""
    known, _ = crowd(rng, np.full(6, 0.8), items=100, each=2)
    fitted = dawid_skene(known)
    q = others(known)
    shares = fitted.proba.mean(axis=0)
    for n in (0, 50, 101):
        [m] = [m for m in np.flatnonzero(known.item == known.item[n]) if m != n]
        expected = shares * fitted.confusion[known.annotator[m], :, known.label[m]]
        assert q[n] == pytest.approx(expected / expected.sum(), abs=1e-3)


def test_nothing_is_known_of_those_who_are_alone():
    alone = {"item": [1, 2, 3], "annotator": ["a", "a", "b"], "label": ["x", "y", "x"]}
    found = quality(alone)
    assert found["annotator"] == ["a", "b"]
    assert min(found["high"]) > 0.9
    assert max(found["low"]) < 0.3
    assert spammers(alone) == []
    assert quality({"item": [], "annotator": [], "label": []})["annotator"] == []


@pytest.mark.parametrize("f", [quality, confusions, drift, suspects])
def test_one_label_and_no_answer_are_legal(f):
    one = f({"item": [1, 2, 1], "annotator": ["a", "b", "b"], "label": ["x", "x", "x"]})
    numbers = [cell for column in one.values() for cell in column if not isinstance(cell, str)]
    assert all(type(cell) in (int, float) and np.isfinite(cell) for cell in numbers), "as JSON takes them"
    assert len({len(column) for column in one.values()}) == 1
    assert not any(f({"item": [], "annotator": [], "label": []}).values())


# -- spammers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("habit", ["any label", "one label"])
def test_one_spammer_in_five_is_found(habit, rng):
    found, taken = [], []
    for _ in range(10):
        known, _ = crowd(rng, np.full(10, 0.8), items=400, each=5)
        blind = known.annotator < 2
        said = (
            rng.integers(3, size=len(known))
            if habit == "any label"
            else np.where(rng.random(len(known)) < 0.97, 0, 1)
        )
        known = Votes(
            *(getattr(known, n) for n in ("items", "annotators", "labels", "item", "annotator")),
            np.where(blind, said, known.label),
        )
        names = spammers(known)
        found += [j in names for j in (0, 1)]
        taken += [j in names for j in range(2, 10)]
    assert np.mean(found) > 0.8
    assert np.mean(taken) < 0.03


# -- per class ------------------------------------------------------------------------------------------------------


def test_confusions_are_found_with_their_intervals(rng):
    known, truth = crowd(rng, np.full(6, 0.9), items=900, each=4)
    # Annotator 0 takes label 2 for 1 in half of the cases.
    turned = (known.annotator == 0) & (truth[known.item] == 2) & (rng.random(len(known)) < 0.5)
    known = Votes(
        known.items,
        known.annotators,
        known.labels,
        known.item,
        known.annotator,
        np.where(turned, 1, known.label),
    )
    found = confusions(known)
    assert len(found["share"]) == 6 * 3 * 3
    at = next(
        i
        for i, row in enumerate(zip(*(found[c] for c in ("annotator", "truth", "label")), strict=True))
        if row == (0, 2, 1)
    )
    assert found["low"][at] < 0.5 < found["high"][at]
    assert found["low"][at] > 0.3
    share = np.array(found["share"]).reshape(6, 3, 3)
    assert share.sum(axis=2) == pytest.approx(1)
    seen = np.array(found["answers"]).reshape(6, 3, 3)[:, :, 0].sum(axis=1)
    assert seen == pytest.approx(np.bincount(known.annotator))


# -- over time ------------------------------------------------------------------------------------------------------


def test_drift_is_told_from_chance(rng):
    false = []
    for _ in range(8):
        _, low, high = columns(drift(crowd(rng, np.full(8, 0.8))[0]), "change", "low", "high")
        false += ((low > 0) | (high < 0)).tolist()
    assert np.mean(false) < 0.15  # 64 people at 5 %
    known, truth = crowd(rng, np.full(8, 0.9), items=1000)
    # Annotator 0 falls from 90 % to 40 %.
    mine = np.flatnonzero(known.annotator == 0)
    spoilt = mine[rng.random(len(mine)) < np.linspace(0, 0.55, len(mine))]
    label = known.label.copy()
    label[spoilt] = (truth[known.item[spoilt]] + 1) % 3
    found = drift(Votes(known.items, known.annotators, known.labels, known.item, known.annotator, label))
    assert found["high"][0] < 0
    assert found["low"][0] < -0.5 / len(mine) * 100 < found["high"][0]
    assert sum(high < 0 for high in found["high"]) <= 2


def test_people_who_tire_within_a_session(rng):
    known, truth = crowd(rng, np.full(6, 0.92), items=1200)
    at, label = np.zeros(len(known)), known.label.copy()
    for j in range(6):
        mine = np.flatnonzero(known.annotator == j)
        place = np.arange(len(mine)) % 200  # sessions of 200 answers, 20 seconds each, a day between them
        at[mine] = (np.arange(len(mine)) // 200) * 86400 + place * 20
        if j == 0:
            tired = mine[rng.random(len(mine)) < place / 200 * 0.6]
            label[tired] = (truth[known.item[tired]] + 1) % 3
    answers = {**table(known), "label": label, "at": at}
    found = fatigue(answers)
    change = dict(zip(found["annotator"], found["change"], strict=True))
    high = dict(zip(found["annotator"], found["high"], strict=True))
    assert high[0] < -0.3  # the shares right of its four quarters: 84, 69, 52, 44 % within 67 minutes
    assert max(abs(change[j]) for j in range(1, 6)) < 0.2
    with pytest.raises(DataError, match=r"times of annotator \d go back"):
        fatigue({**answers, "at": -at})
    with pytest.raises(DataError, match="no column 'at'"):
        fatigue(table(known))
    with pytest.raises(SettingError, match="at is seconds"):
        fatigue({**table(known), "at": ["soon"] * len(known)})


def test_few_answers_have_no_trend(rng):
    found = drift(crowd(rng, np.full(5, 0.8), items=10)[0])
    assert found["change"] == [0.0] * 5
    assert found["low"] == [-1.0] * 5


# -- gold -----------------------------------------------------------------------------------------------------------


def test_gold_items_are_counted():
    answers = {
        "item": ["g1", "g1", "g2", "g2", "p", "g3"],
        "annotator": ["ann", "bob", "ann", "bob", "eve", "ann"],
        "label": ["x", "y", "x", "x", "x", "y"],
    }
    found = gold(answers, {"g1": "x", "g2": "x", "g3": "never given"})
    assert found["annotator"] == ["ann", "bob", "eve"]
    assert found["gold"] == [3, 2, 0]
    assert found["right"] == [2, 1, 0]
    assert (found["low"][0], found["high"][0]) == interval(2, 3)
    assert (found["low"][2], found["value"][2], found["high"][2]) == (0.0, 0.5, 1.0)
    with pytest.raises(DataError, match="'g1' has no label"):
        gold(answers, {"g1": None})


def test_gold_goes_into_the_consensus(rng):
    known, truth = crowd(rng, np.full(5, 0.7), items=40)
    at = places(known, {3: int(truth[3]), 5: 99})
    assert at[3] == truth[3]
    assert at[5] == -2
    assert (np.delete(at, [3, 5]) == -1).all()
    assert dawid_skene(known, truth=at).proba[3, truth[3]] == 1


# -- suspicious answers ---------------------------------------------------------------------------------------------


def test_wrong_answers_come_first(rng):
    known, truth = crowd(rng, np.full(8, 0.85), items=300)
    found = suspects(known)
    wrong = [truth[i] != k for i, k in zip(found["item"], found["label"], strict=True)]
    assert np.mean(wrong[:100]) > 0.97
    assert sum(wrong) > 0.85 * (known.label != truth[known.item]).sum()
    assert found["chance"] == sorted(found["chance"])
    assert max(found["chance"]) < 0.5
    right = [truth[i] == k for i, k in zip(found["item"], found["likely"], strict=True)]
    assert np.mean(right[:100]) > 0.9
    assert suspects({"item": [], "annotator": [], "label": []})["item"] == []


def test_a_model_knows_what_is_wrong_where_nobody_else_answered(rng):
    known, truth = crowd(rng, np.full(4, 0.8), items=300, each=1)
    model = np.full((300, 3), 0.05)
    model[np.arange(300), truth] = 0.9
    found = suspects(known, model)
    wrong = [truth[i] != k for i, k in zip(found["item"], found["label"], strict=True)]
    assert np.mean(wrong) > 0.95
    assert len(wrong) > 0.9 * (known.label != truth[known.item]).sum()
