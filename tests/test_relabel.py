"""Again or new, a model's help, and who should answer what."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from asklearn.errors import SettingError
from asklearn.people.assisted import assisted
from asklearn.people.crowdlab import crowdlab
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.relabel import activelab, again_or_new, information
from asklearn.people.routing import route
from asklearn.people.votes import Votes
from benchmarks.crowd import simulated, through_project


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def table(cells, items, people=4, labels=2):
    """Answers (item, annotator, label) among so many items."""
    item, who, said = (np.array(column) for column in zip(*cells, strict=True))
    return Votes(list(range(items)), list(range(people)), list(range(labels)), item, who, said)


def crowd(rng, right, items=300, each=1, labels=3):
    right = np.asarray(right)
    truth = rng.integers(labels, size=items)
    who = np.argsort(rng.random((items, len(right))), axis=1)[:, :each].ravel()
    item = np.repeat(np.arange(items), each)
    wrong = (truth[item] + rng.integers(1, labels, size=len(item))) % labels
    said = np.where(rng.random(len(item)) < right[who], truth[item], wrong)
    return Votes(list(range(items)), list(range(len(right))), list(range(labels)), item, who, said), truth


def beliefs(rng, truth, right, sure=0.8, labels=3):
    """A model's probabilities, as often right as said."""
    best = np.where(
        rng.random(len(truth)) < right, truth, (truth + rng.integers(1, labels, len(truth))) % labels
    )
    p = np.full((len(truth), labels), (1 - sure) / (labels - 1))
    p[np.arange(len(truth)), best] = sure
    return p


# -- information ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_information_from_all_truths_and_answers(seed):
    rng = np.random.default_rng(seed)
    p, e = rng.dirichlet(np.ones(3) * 0.5, 4), rng.dirichlet(np.ones(3) * 0.5, (2, 3))
    found = information(p, e)
    assert found.shape == (4, 2)
    for i, j in product(range(4), range(2)):
        joint = p[i][:, None] * e[j]
        apart = p[i][:, None] * joint.sum(axis=0)
        expected = sum(x * np.log(x / y) for x, y in zip(joint.ravel(), apart.ravel(), strict=True) if x > 0)
        assert found[i, j] == pytest.approx(expected, abs=1e-12)
    assert information(p, e[0]) == pytest.approx(found[:, 0])


def test_nothing_is_learned_from_spammers_or_about_what_is_known():
    e = np.array([np.eye(2), np.full((2, 2), 0.5)])
    found = information(np.array([[0.5, 0.5], [1.0, 0.0]]), e)
    assert found == pytest.approx(np.array([[np.log(2), 0], [0, 0]]))


# -- a model's help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", [2, 3])
def test_answers_and_model_together_know_more_than_each(each, rng):
    known, truth = crowd(rng, np.full(6, 0.7), items=600, each=each)
    model = beliefs(rng, truth, 0.7)
    together = np.mean(assisted(known, model).proba.argmax(axis=1) == truth)
    assert together > np.mean(model.argmax(axis=1) == truth) + 0.02
    assert together > np.mean(dawid_skene(known).proba.argmax(axis=1) == truth) - (
        0.0 if each == 1 else -0.02
    )


def test_a_model_that_is_sure_of_nonsense_is_not_believed(rng):
    known, truth = crowd(rng, np.full(6, 0.85), items=400, each=2)
    model = beliefs(rng, truth, 1 / 3, sure=0.999)
    found = assisted(known, model).proba
    assert np.mean(found.argmax(axis=1) == truth) > 0.84


def test_people_bring_back_a_label_the_model_has_never_seen(rng):
    known, truth = crowd(rng, np.full(6, 0.85), items=400, each=2)
    model = beliefs(rng, truth, 0.95, sure=0.99)
    model[:, 2] = 0
    model /= model.sum(axis=1, keepdims=True)
    rare = truth == 2
    assert np.mean(assisted(known, model).proba.argmax(axis=1)[rare] == 2) > 0.65


def test_spammers_are_told_from_one_answer_an_item(rng):
    right = np.r_[np.full(6, 0.85), np.full(2, 1 / 3)]
    known, truth = crowd(rng, right, items=800)
    found = assisted(known, beliefs(rng, truth, 0.9))
    ability = found.confusion[:, 0, 0]
    assert ability[:6].min() > ability[6:].max() + 0.15
    assert ability == pytest.approx(right, abs=0.15)


def test_items_without_an_answer_are_left_to_the_model(rng):
    known = table([(0, 0, 1), (1, 1, 0)], items=4)
    model = np.array([[0.4, 0.6], [0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
    for found in (assisted(known, model).proba, crowdlab(known, model).proba):
        assert found.sum(axis=1) == pytest.approx(1)
        assert found[2, 1] > 0.5
        assert found[3] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("f", [assisted, crowdlab, again_or_new, activelab])
def test_probabilities_that_are_none_are_refused(f):
    known = table([(0, 0, 1), (1, 1, 0)], items=2)
    for wrong in (np.ones((2, 3)) / 3, np.array([[np.nan, 1], [0, 1]]), np.array([[-0.5, 1.5], [0, 1]])):
        with pytest.raises(SettingError, match=r"are \(2, 2\), finite and not negative"):
            f(known, wrong)
    with pytest.raises(SettingError, match="add up to 1"):
        f(known, np.ones((2, 2)))


# -- CROWDLAB and ActiveLab, as written -----------------------------------------------------------------------------


def test_crowdlab_by_hand():
    # Three items, two with several answers; the model agrees with the majority of both.
    known = table([(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 1), (1, 1, 1), (2, 3, 0)], items=3)
    model = np.array([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    found = crowdlab(known, model)
    # A_0: 1 of 2 with others: 1 / 2 of item 0, 1 of item 1: (1 + 1) / 3; A_1 the same; A_2 0; A_3 the mean of these.
    trust = np.array([2 / 3, 2 / 3, 0, (2 / 3 + 2 / 3) / 3])
    # Consensus 0 and 1: the more frequent is wrong in a half; P is the mean of 2 / 3 and 1.
    people = np.maximum(1 - (1 - trust) / 0.5, 1e-6)
    own = 1 * np.sqrt(2)
    assert found.people == pytest.approx(people)
    assert found.model == pytest.approx(own)
    P = 5 / 6
    said = np.array(
        [people[0] * P + people[1] * P + people[2] * (1 - P), people[0] * (1 - P) * 2 + people[2] * P]
    )
    expected = own * model[0] + said
    assert found.proba[0] == pytest.approx(expected / expected.sum())
    heard = people[:3].sum() + own
    quality = expected[0] / expected.sum()
    score = 1 - (heard * quality + people.mean() / 2) / (heard + people.mean())
    assert activelab(known, model)[0] == pytest.approx(score)


# -- again or new ---------------------------------------------------------------------------------------------------


def test_doubtful_labels_compete_with_new_items(rng):
    """Asked sooner: one answer the model contradicts, a new item in doubt; later: two people of one mind."""
    cells = [(0, 0, 1), (1, 1, 0), (1, 2, 0), (3, 0, 0), (3, 1, 1)]
    filler = [(i, j, int(i % 2)) for i in range(5, 60) for j in range(3)]
    model = np.full((60, 2), 0.05)
    model[np.arange(60), np.arange(60) % 2] = 0.95
    model[[0, 1, 2, 3, 4]] = [[0.9, 0.1], [0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.97, 0.03]]
    score = again_or_new(table(cells + filler, items=60), model)
    contradicted, settled, new, split, new_and_clear = score[:5]
    assert min(contradicted, new, split) > 3 * settled
    assert min(new, split) > 3 * new_and_clear
    assert np.isfinite(score).all()
    assert (score >= 0).all()
    assert score[5:].max() < new


@pytest.mark.parametrize("score", [again_or_new, activelab])
def test_scores_before_anything_is_known(score):
    flat = np.full((3, 2), 0.5)
    found = score(table([(0, 0, 1)], items=3), flat)
    assert np.isfinite(found).all()
    nothing = Votes([0, 1, 2], [0], [0, 1], *(np.array([], dtype=np.int64) for _ in range(3)))
    assert score(nothing, flat) == pytest.approx(score(nothing, flat)[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the accuracy is what counts
def test_again_or_new_beats_uncertainty_and_activelab():
    """Ten people, 20 % flips, two spammers: a small part of `python -m benchmarks crowd --only relabel`."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    ours, published, doubt = (
        simulated(X, y, rule, seed=0, answers=600).mean()
        for rule in ("again or new", "ActiveLab", "uncertainty, all items")
    )
    assert ours >= published
    assert ours >= doubt + 0.03


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the accuracy is what counts
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["logistic", "trees"])
def test_again_or_new_over_seeds(kind):
    X, y = load_digits(return_X_y=True)
    rules = ("again or new", "ActiveLab", "uncertainty, all items", "uncertainty, new items")
    ours, published, doubt, new = (
        np.mean([simulated(X / 16, y, rule, seed, 1000, kind) for seed in range(5)]) for rule in rules
    )
    assert ours >= published
    assert ours >= max(doubt, new) + 0.03


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the accuracy is what counts
def test_a_project_asks_again_where_that_tells_more():
    """A small part of `python -m benchmarks crowd --only project`."""
    X, y = load_digits(return_X_y=True)
    ours, plain = (
        through_project(X / 16, y, 1, 500, **options).mean()
        for options in ({"relabel": True}, {"consensus": "majority"})
    )
    assert ours >= simulated(X / 16, y, "ActiveLab", 1, 500).mean()
    assert ours >= plain + 0.03


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the accuracy is what counts
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["logistic", "trees"])
def test_a_project_asks_again_over_seeds(kind):
    X, y = load_digits(return_X_y=True)
    seeds = range(5)
    ours = np.mean([through_project(X / 16, y, seed, 600, kind, relabel=True) for seed in seeds])
    published, doubt, new = (
        np.mean([simulated(X / 16, y, rule, seed, 600, kind) for seed in seeds])
        for rule in ("ActiveLab", "uncertainty, all items", "uncertainty, new items")
    )
    plain = np.mean([through_project(X / 16, y, seed, 600, kind, consensus="majority") for seed in seeds])
    assert ours >= published
    assert ours >= max(doubt, new, plain) + 0.03


# -- who should answer ----------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))
@settings(max_examples=50, deadline=None)
def test_no_other_way_is_worth_more(seed, items, people, most):
    worth = np.random.default_rng(seed).random((items, people))
    found = route(worth, most)
    given_to = np.bincount(found[found >= 0], minlength=people)
    assert given_to.max(initial=0) <= most
    assert (found >= 0).sum() == min(items, people * most)
    best = max(
        sum(worth[i, j] for i, j in enumerate(way) if j >= 0)
        for way in product(range(-1, people), repeat=items)
        if all(way.count(j) <= most for j in range(people)) and sum(j >= 0 for j in way) == (found >= 0).sum()
    )
    assert sum(worth[i, j] for i, j in enumerate(found) if j >= 0) == pytest.approx(best)


def test_hard_items_go_to_the_best(rng):
    doubt = np.linspace(0.5, 0.99, 12)
    proba = np.column_stack([doubt, 1 - doubt])
    right = np.array([0.95, 0.8, 0.6])
    confusion = np.where(np.eye(2, dtype=bool), right[:, None, None], 1 - right[:, None, None])
    order = rng.permutation(12)
    found = route(information(proba[order], confusion), 4)
    by_doubt = found[np.argsort(order)]
    assert by_doubt.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_nobody_answers_what_must_not_be_answered():
    worth = np.array([[-np.inf, 0.1], [-np.inf, -np.inf], [0.5, -np.inf]])
    assert route(worth, 2).tolist() == [1, -1, 0]
    assert route(np.zeros((0, 2)), 1).tolist() == []
    assert route(worth, np.array([0, 1])).tolist() == [1, -1, -1]
    with pytest.raises(SettingError, match=r"\(items, annotators\)"):
        route(np.zeros(3), 1)
