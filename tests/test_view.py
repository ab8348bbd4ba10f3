"""What a strategy may look at."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from asklearn.errors import SettingError
from asklearn.scores.uncertainty import margin
from asklearn.strategies.coverage import k_center
from asklearn.strategies.mixing import mix
from asklearn.strategies.narrowing import spread
from asklearn.view import Labelled, View, is_strategy, needs, require

P = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])


def view(**given):
    return View(n=2, rng=np.random.default_rng(0), **given)


def test_a_quantity_is_computed_once_and_only_when_wanted():
    calls = []

    def proba():
        calls.append("proba")
        return P

    def never():
        raise AssertionError("nobody asked for it")

    seen = view(proba=proba, embedding=never, size=3)
    assert calls == []
    seen.call(margin)
    seen.change(n=1).call(margin)
    seen.take(np.array([2, 0])).call(margin)
    assert calls == ["proba"]


def test_call_passes_exactly_what_is_named():
    seen = view(proba=P, cost=np.ones(3))

    def everything(n, rng, view, proba, cost, embedding=None, labelled="none"):
        assert view is seen
        assert rng is seen.rng
        return n, proba.shape, cost.sum(), embedding, labelled

    assert seen.call(everything) == (2, (3, 2), 3, None, "none")
    assert seen.call(partial(lambda proba, scale=1: proba.sum() * scale, scale=2)) == 6


def test_what_stands_in_is_seen_by_everything_nested():
    seen = view(proba=P)
    assert seen.call(lambda view, n: (n, view.n), n=7) == (7, 7)
    assert seen.n == 2


def test_needs_are_read_from_names_also_of_what_is_nested():
    assert needs(margin) == {"proba"}
    assert needs(k_center) == {"embedding"}
    assert needs(mix(spread(margin))) == {"proba", "embedding"}

    @dataclass(frozen=True)
    class first_of:
        several: tuple

        def __call__(self, view, n, cost):
            return view.call(self.several[0])

    assert needs(first_of((margin, k_center))) == {"proba", "embedding", "cost"}


def test_a_function_that_asks_for_n_or_the_view_is_a_strategy():
    assert is_strategy(k_center)
    assert is_strategy(mix(margin))
    assert not is_strategy(margin)


def test_an_absent_quantity_is_a_sentence_with_strategy_quantity_and_giver():
    def batch_bald(draws, n, rng): ...

    seen = view(proba=P, model="LogisticRegression")
    with pytest.raises(SettingError, match="batch_bald needs draws; the model LogisticRegression gives none"):
        seen.call(batch_bald)
    with pytest.raises(SettingError, match=r"spread needs embedding; .* come with the pool"):
        require(mix(spread(margin)), {"proba"}, "LogisticRegression")
    assert require(mix(spread(margin)), {"proba", "embedding"}) is None


def test_a_parameter_that_is_no_quantity_is_refused():
    def mine(proba, beta): ...

    with pytest.raises(
        SettingError, match="mine has a parameter 'beta', no quantity; there are proba, draws"
    ):
        needs(mine)
    with pytest.raises(SettingError, match="there is no quantity 'probs'; there are proba"):
        view(probs=P)
    with pytest.raises(SettingError, match="there is no quantity 'probs'"):
        view(proba=P)["probs"]
    with pytest.raises(SettingError, match="spread is a kind of strategy; give it what it needs"):
        needs(spread)


def test_size_is_read_from_what_is_there():
    assert view(proba=P).size == 3
    assert view(proba=lambda: P).size == 3
    assert view(size=5).size == 5
    assert view(size=0).size == 0
    with pytest.raises(SettingError, match="a view of nothing"):
        _ = view(labelled=Labelled()).size


def test_what_is_told_of_a_part_is_told_of_the_whole():
    whole = view(proba=P)
    part = whole.take(np.array([2, 0])).take(np.array([1]))
    assert part.call(lambda proba: proba).tolist() == [[0.9, 0.1]]
    part.tell(np.array([0]), scores=np.array([0.5]), arm="here")
    whole.tell(np.array([0]), chance=0.1)
    for told in (whole.told(0), part.told(0)):
        assert (told.score, told.chance, told.arm) == (0.5, 0.1, "here")
    assert whole.told(2).score is None


def test_labelled_counts_what_it_has():
    assert len(Labelled()) == 0
    assert len(Labelled(y=np.array([1, -1]))) == 2
