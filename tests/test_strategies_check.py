"""A rule that cannot be broken proves nothing: each must be seen to fail, and for its own reason."""

import numpy as np
import pytest

from asklearn.testing.strategy import RULES, Broken, check_strategy


def first_rows(view, n):
    return np.arange(n)


def one_too_many(view, n, rng):
    return rng.choice(view.size, n + 1, replace=False) if n < view.size else np.arange(view.size)


def with_replacement(view, n, rng):
    return rng.integers(view.size, size=n)


def global_generator(view, n):
    return np.random.permutation(view.size)[:n]


def writes(proba, n, rng):
    proba[0] = 1
    return rng.permutation(len(proba))[:n]


def ties_by_place(proba, n, rng):
    return np.argsort(-proba.max(axis=1), kind="stable")[:n]


def by_place(proba, n, rng):
    return np.argsort(np.arange(len(proba)) % 7 + proba.max(axis=1))[:n]


def partition_past_the_end(proba, n, rng):
    if n < len(proba):
        return np.argpartition(-proba.max(axis=1) + 1e-9 * rng.random(len(proba)), n)[:n]
    return np.argpartition(proba.max(axis=1), n)[:n]


def entropy_of_zero(proba):
    with np.errstate(all="ignore"):
        return -(proba * np.log(proba)).sum(axis=1)


def only_distinct(embedding, n, rng):
    found = []
    while len(found) < n:
        at = int(rng.integers(embedding.shape[0]))
        if found and len(np.unique(embedding, axis=0)) <= len(found):
            return np.array([*found, found[0]])
        found += [at] if at not in found else []
    return np.array(found)


def double_only(proba, n, rng):
    if proba.dtype != np.float64:
        raise TypeError("float64 only")
    return rng.permutation(len(proba))[:n]


def farthest_labelled(labelled, view, n, rng):
    float(labelled.embedding.max())  # fails when there is none
    return rng.permutation(view.size)[:n]


def counts_stored_numbers(embedding, n, rng):
    size = embedding.shape[0]
    value = np.asarray(embedding.sum(axis=1)).ravel() * (-1 if hasattr(embedding, "toarray") else 1)
    return (
        rng.permutation(size)[np.argsort(value[rng.permutation(size)])][:n]
        if size < 30
        else np.argsort(value)[:n]
    )


def all_against_all(embedding, n, rng):
    points = embedding.toarray() if hasattr(embedding, "toarray") else embedding
    apart = np.add.outer(points[:, 0], points[:, 0])
    return np.argsort(apart.min(axis=1) + rng.random(len(apart)))[:n]


@pytest.mark.parametrize(
    ("strategy", "rule", "told"),
    [
        (one_too_many, "valid positions", "2 positions where 1 were wanted"),
        (with_replacement, "valid positions", "twice"),
        (global_generator, "same seed", "the same view gave"),
        (writes, "inputs unchanged", "wrote into proba"),
        (first_rows, "row order", "with the rows in another order item"),
        (by_place, "row order", "with the rows in another order item"),
        (ties_by_place, "equal scores", "a uniform choice is wanted"),
        (entropy_of_zero, "one class seen", "score entropy_of_zero of item 0 is nan"),
        (only_distinct, "copies", "twice"),
        (all_against_all, "memory", "twice as much at most"),
    ],
)
def test_broken_strategies_fail_for_the_right_reason(strategy, rule, told):
    with pytest.raises(Broken, match=f"^{rule}: .*{told}"):
        check_strategy(strategy)


@pytest.mark.parametrize(
    ("strategy", "rule", "error"),
    [
        (partition_past_the_end, "more than there is", ValueError),
        (farthest_labelled, "nothing labelled", ValueError),
        (double_only, "kinds of numbers", TypeError),
    ],
)
def test_errors_come_through_with_a_note_of_the_rule(strategy, rule, error):
    with pytest.raises(error) as caught:
        check_strategy(strategy)
    assert caught.value.__notes__ == [f"check_strategy was trying the rule {rule!r}"]


def test_each_rule_alone_catches_its_own_kind():
    with pytest.raises(Broken, match=r"score entropy_of_zero of item 0 is nan"):
        RULES["certain"](entropy_of_zero)
    with pytest.raises(Broken, match=r"became .* with a csr_array"):
        RULES["sparse as dense"](counts_stored_numbers)
