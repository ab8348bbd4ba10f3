"""Consensus: real crowds, crowds made up, and the formulas answer by answer."""

import os
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asklearn
from asklearn.errors import NotReady, SettingError
from asklearn.people.consensus import METHODS, fit, held_out, likeliest, majority, some, tempered
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.glad import glad
from asklearn.people.mace import mace
from asklearn.people.votes import Votes, votes

DATA = (
    Path(os.environ.get("ASKLEARN_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "crowd"
)
SETS = {"bluebirds": 0.89, "rte_snow": 0.925, "sentiment_polarity": 0.91, "sentiment_timed": 0.94}


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def crowd(rng, items=200, people=12, each=5, labels=3, right=None):
    """(votes, truth, chance of each to be right): each item is answered by `each` of the people."""
    right = rng.beta(6, 2, people) if right is None else np.asarray(right)
    truth = rng.integers(labels, size=items)
    who = np.argsort(rng.random((items, people)), axis=1)[:, :each].ravel()
    item = np.repeat(np.arange(items), each)
    wrong = (truth[item] + rng.integers(1, labels, size=len(item))) % labels
    said = np.where(rng.random(len(item)) < right[who], truth[item], wrong)
    return Votes(list(range(items)), list(range(people)), list(range(labels)), item, who, said), truth, right


# -- real crowds ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SETS)
def real(request):
    if not DATA.is_dir():
        pytest.skip("no crowd data on this machine")
    import pyarrow.parquet as pq

    answers = pq.read_table(DATA / f"{request.param}.answers.parquet").to_pydict()
    truth = pq.read_table(DATA / f"{request.param}.truth.parquet").to_pydict()
    table = {"item": answers["task"], "annotator": answers["worker"], "label": answers["label"]}
    return request.param, table, dict(zip(truth["task"], truth["truth"], strict=True))


def test_auto_on_real_crowds(real):
    name, answers, truth = real

    def accuracy(method):
        found = asklearn.consensus(answers, method)
        return np.mean([truth[i] == k for i, k in zip(found["item"], found["label"], strict=True)])

    best = accuracy("auto")
    assert best >= SETS[name]
    assert best >= accuracy("majority") - 0.01


# -- the formulas ---------------------------------------------------------------------------------------------------


def dawid_skene_slowly(known, strength, rounds):
    """The formulas of `dawid_skene`, answer by answer."""
    items, people, labels = (len(x) for x in (known.items, known.annotators, known.labels))
    answers = list(zip(known.item, known.annotator, known.label, strict=True))
    p = np.zeros((items, labels))
    for i, _, said in answers:
        p[i, said] += 1
    p /= p.sum(axis=1, keepdims=True)

    def errors(p):
        count = np.zeros((people, labels, labels))
        for i, j, said in answers:
            count[j, :, said] += p[i]
        pooled = count.sum(axis=0)
        pooled = pooled / pooled.sum(axis=1, keepdims=True)
        count += strength * pooled
        return count / count.sum(axis=2, keepdims=True)

    e = errors(p)
    for _ in range(rounds):
        q = np.tile(p.mean(axis=0), (items, 1))
        for i, j, said in answers:
            q[i] *= e[j, :, said]
        p = q / q.sum(axis=1, keepdims=True)
        e = errors(p)
    return p, e


@pytest.mark.parametrize("strength", [0.5, 3.0])
def test_dawid_skene_answer_by_answer(strength, rng):
    known, _, _ = crowd(rng, items=30, people=5, each=3)
    found = dawid_skene(known, strength=strength, rounds=7, tol=-1)
    p, e = dawid_skene_slowly(known, strength, 7)
    assert found.proba == pytest.approx(p, abs=1e-8)
    assert found.confusion == pytest.approx(e, abs=1e-8)


def test_glads_slope_is_that_of_its_likelihood(rng):
    """At the end nothing moves: the likelihood, summed over all truths, is flat in every parameter."""
    known, _, _ = crowd(rng, items=12, people=4, each=3, labels=3)
    found = glad(known, rounds=1000, tol=1e-12)
    chance = found.chance(known.item, known.annotator, known.label)
    product_of = np.ones((12, 3)) / 3
    np.multiply.at(product_of, known.item, chance)
    assert found.proba == pytest.approx(product_of / product_of.sum(axis=1, keepdims=True), abs=1e-6)
    assert found.confusion.sum(axis=2) == pytest.approx(1)


def test_mace_answer_by_answer(rng):
    known, _, _ = crowd(rng, items=40, people=6, each=4)
    found = mace(known)
    chance = found.chance(known.item, known.annotator, known.label)
    assert (chance > 0).all()
    off = found.confusion.copy()
    off[:, np.arange(3), np.arange(3)] = np.nan
    # Without looking, a label is said as often whatever the truth.
    assert np.nanmax(off, axis=1) == pytest.approx(np.nanmin(off, axis=1))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_every_small_table(method):
    """Two items, two people, two labels, any of them missing: rows add up to 1 and nothing is NaN."""
    for cells in product([None, 0, 1], repeat=4):
        seen = [(k // 2, k % 2, said) for k, said in enumerate(cells) if said is not None]
        if not seen:
            continue
        item, who, said = (np.array(column) for column in zip(*seen, strict=True))
        found = METHODS[method](Votes([0, 1], [0, 1], [0, 1], item, who, said))
        for p in (found.proba, found.confusion, found.chance(item, who, said)):
            assert np.isfinite(p).all()
            assert p.min() >= 0
            assert p.max() <= 1 + 1e-12
        assert found.proba.sum(axis=1) == pytest.approx(1)
        assert found.confusion.sum(axis=2) == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_chances_of_answers_add_up(method, rng):
    known, _, _ = crowd(rng, items=30)
    found = METHODS[method](known)
    every = sum(found.chance(known.item, known.annotator, np.full(len(known), k)) for k in range(3))
    assert every == pytest.approx(1)


# -- what people are worth ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["dawid_skene", "mace", "glad"])
def test_better_than_a_vote_where_people_differ(method, rng):
    right = np.r_[np.full(4, 0.95), np.full(8, 0.5)]
    known, truth, _ = crowd(rng, items=600, right=right)
    found = METHODS[method](known)
    votes_right = np.mean(likeliest(majority(known).proba, rng) == truth)
    assert np.mean(likeliest(found.proba, rng) == truth) > votes_right + 0.05
    mean = found.confusion[:, np.arange(3), np.arange(3)].mean(axis=1)
    assert mean[:4].min() > mean[4:].max()


def test_a_confusion_matrix_is_found(rng):
    known, _, right = crowd(rng, items=3000, people=6, each=5)
    found = dawid_skene(known).confusion[:, np.arange(3), np.arange(3)]
    assert found == pytest.approx(np.tile(right[:, None], 3), abs=0.06)


def test_people_who_turn_the_scale_round_are_understood(rng):
    right = np.r_[np.full(8, 0.9), np.full(3, 0.05)]
    known, truth, _ = crowd(rng, items=400, people=11, labels=2, right=right)
    assert np.mean(likeliest(dawid_skene(known).proba, rng) == truth) > 0.98


def test_few_answers_are_read_like_those_of_all_others(rng):
    known, _, _ = crowd(rng, items=400, people=10, each=5, right=np.full(10, 0.8))
    newcomer = Votes(
        known.items, [*known.annotators, "new"], known.labels, known.item, known.annotator, known.label
    )
    assert dawid_skene(newcomer).confusion[-1] == pytest.approx(
        dawid_skene(known).confusion.mean(axis=0), abs=0.05
    )


def test_gold_items_stay_what_they_are_and_teach(rng):
    right = np.r_[np.full(2, 0.9), np.full(8, 0.34)]
    known, truth, _ = crowd(rng, items=300, people=10, each=4, right=right)
    gold = np.where(np.arange(300) < 100, truth, -1)
    found = dawid_skene(known, truth=gold)
    assert (found.proba[:100] == np.eye(3)[truth[:100]]).all()
    rest = slice(100, None)
    with_gold = np.mean(found.proba[rest].argmax(axis=1) == truth[rest])
    assert with_gold > np.mean(dawid_skene(known).proba[rest].argmax(axis=1) == truth[rest])


def test_what_a_model_thinks_counts_as_said_before_the_answers(rng):
    known, truth, _ = crowd(rng, items=400, people=10, each=4, right=np.full(10, 0.7))
    model = np.full((400, 3), 0.1)
    model[np.arange(400), np.where(rng.random(400) < 0.8, truth, rng.integers(3, size=400))] = 0.8
    alone = np.mean(dawid_skene(known).proba.argmax(axis=1) == truth)
    helped = np.mean(dawid_skene(known, prior=model).proba.argmax(axis=1) == truth)
    assert helped > max(alone, np.mean(model.argmax(axis=1) == truth)) + 0.02


# -- auto and the door ----------------------------------------------------------------------------------------------


def test_each_kind_of_crowd_is_read_by_its_own_method(rng):
    careful_or_not, _, _ = crowd(
        rng, items=400, people=20, right=np.r_[np.full(10, 0.95), np.full(10, 1 / 3)]
    )
    scores = {found.method: found.score for found in held_out(careful_or_not, METHODS, rng)}
    assert max(scores, key=scores.get) in {"mace", "dawid_skene"}
    assert scores["majority"] == min(scores.values())
    few = crowd(rng, items=40, people=40, each=3, labels=2, right=np.full(40, 0.8))[0]
    scores = {
        found.method: found.score
        for found in held_out(few, {"0": partial(dawid_skene, strength=0), **METHODS}, rng)
    }
    assert min(scores, key=scores.get) == "0", "a matrix for each person with three answers foretells nothing"


def test_auto_is_less_sure_where_errors_go_together(rng):
    """Ten people err on the same items: their agreement is worth less than ten opinions."""
    known, truth, _ = crowd(rng, items=500, people=20, each=10, labels=2, right=np.full(20, 0.95))
    hard = rng.random(500) < 0.3
    said = np.where(hard[known.item] & (rng.random(len(known)) < 0.65), 1 - truth[known.item], known.label)
    known = Votes(known.items, known.annotators, known.labels, known.item, known.annotator, said)

    def loss(p):
        return -np.log(np.maximum(p[np.arange(500), truth], 1e-9)).mean()

    assert loss(fit(known, "auto", rng).proba) < loss(dawid_skene(known).proba) - 0.1


def test_the_door_gives_a_table_in_the_order_of_items():
    import pandas
    import pyarrow

    answers = {
        "item": ["q", "p", "p", "p"],
        "annotator": ["a", "a", "b", "c"],
        "label": ["no", "yes", "no", "yes"],
    }
    found = asklearn.consensus(answers, "majority")
    assert found == {"item": ["q", "p"], "label": ["no", "yes"], "confidence": [1.0, pytest.approx(2 / 3)]}
    for made in (pandas.DataFrame, pyarrow.table):
        assert asklearn.consensus(made(answers), "majority") == found
        assert len(made(found)) == 2
    assert asklearn.consensus(answers)["item"] == ["q", "p"]
    with pytest.raises(SettingError, match="there are auto, majority, dawid_skene, glad, mace"):
        asklearn.consensus(answers, "best")
    with pytest.raises(NotReady, match="no answer yet"):
        asklearn.consensus({"item": [], "annotator": [], "label": []})


@pytest.mark.parametrize("answers", [1, 2, 7])
def test_auto_with_next_to_no_answers(answers, rng):
    known = {"item": list(range(answers)), "annotator": ["a"] * answers, "label": (["x", "y"] * 4)[:answers]}
    assert asklearn.consensus(known)["label"] == known["label"]


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_order_and_names_do_not_matter(method, rng):
    known, _, _ = crowd(rng, items=60)
    columns = {"item": known.item, "annotator": known.annotator, "label": known.label}
    order = rng.permutation(len(known))
    mixed = {"item": columns["item"][order], "annotator": [f"p{j}" for j in columns["annotator"][order]]}
    mixed["label"] = columns["label"][order]
    if method == "auto":  # it draws answers, so it may differ a little; the labels are what counts
        one, other = asklearn.consensus(columns), asklearn.consensus(mixed)
        said = dict(zip(other["item"], other["label"], strict=True))
        assert np.mean([said[i] == k for i, k in zip(one["item"], one["label"], strict=True)]) > 0.95
        return
    one, other = METHODS[method](votes(columns)), METHODS[method](votes(mixed))
    back = np.argsort(votes(mixed).items)
    assert other.proba[back] == pytest.approx(one.proba, abs=1e-3)


def test_ties_are_broken_evenly(rng):
    assert abs(likeliest(np.full((4000, 2), 0.5), rng).mean() - 0.5) < 0.04
    assert (likeliest(np.array([[0.2, 0.5, 0.3]] * 50), rng) == 1).all()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.sampled_from([0.5, 1, 2, 6]))
@settings(max_examples=50, deadline=None)
def test_tempering_keeps_the_order(weights, temperature):
    p = np.array([weights]) + 1e-3
    p /= p.sum()
    found = tempered(p, temperature)
    assert found.sum() == pytest.approx(1)
    assert (np.argsort(found[0], kind="stable") == np.argsort(p[0], kind="stable")).all() or len(
        set(weights)
    ) < len(weights)
    assert tempered(p, 1) == pytest.approx(p)


def test_of_very_many_answers_some_items_are_looked_at(rng):
    known, _, _ = crowd(rng, items=300)
    part = some(known, 400, rng)
    assert 400 <= len(part) < 410
    assert (np.bincount(part.item, minlength=300)[np.unique(part.item)] == 5).all()
    assert some(known, 10**6, rng) is known
