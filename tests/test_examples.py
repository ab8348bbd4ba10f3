"""Which items explain a label: none that gives away what one other person said, none that measures anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asklearn import Answer
from asklearn.events import Answered, Asked, Audited, Gilded, Settled
from asklearn.people.answers import Prediction
from asklearn.people.examples import examples, known
from asklearn.project import Project
from asklearn.state import fold
from asklearn.tasks import named

ITEMS, PEOPLE, LABELS = ["a", "b", "c", "d"], ["ann", "bob", "eve"], ["ham", "spam"]
votes = st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from(PEOPLE), st.sampled_from(LABELS)))


def state_of(said, audited=(), gold=()):
    facts = [Audited(item=item, chance=0.1) for item in audited]
    facts += [Gilded(items=(item,), labels=("ham",), by="eve") for item in gold]
    facts += [Answered(key=str(k), item=i, by=by, label=label) for k, (i, by, label) in enumerate(said)]
    return fold(enumerate(facts, start=1))


@given(votes, st.sets(st.sampled_from(ITEMS)), st.sets(st.sampled_from(ITEMS)), st.integers(1, 3))
def test_only_own_answers_and_what_all_agree_on_are_known(said, audited, gold, redundancy):
    found = {item: label for item, label, _ in known(state_of(said, audited, gold), "ann", redundancy)}
    last = {(item, by): label for item, by, label in said}
    for item in ITEMS:
        given_ = {by: last[item, by] for by in PEOPLE if (item, by) in last}
        if "ann" in given_:  # also of what measures: an own answer that is missing would tell
            assert found[item] == given_["ann"]
        elif item in audited | gold:
            assert item not in found
        else:
            agreed = len(given_) >= max(2, redundancy) and len(set(given_.values())) == 1
            assert found.get(item) == (next(iter(given_.values())) if agreed else None)


def test_good_ones_are_those_the_model_is_surest_of_and_confusing_ones_the_opposite():
    p = {"a": 0.9, "b": 0.7, "c": 0.2, "d": 0.99, "e": 0.6, "f": 0.8}
    among = [(item, "ham" if item in "abcd" else "spam", "you said") for item in p]
    good, confusing = examples("ham", among, lambda item: Prediction("ham", p[item], {"ham": p[item]}))
    assert [e.item for e in good] == ["d", "a"]
    assert [(e.item, e.words) for e in confusing] in (
        [("c", "you said ham; the model gives ham 0.20")],
        [("f", "you said spam; the model gives ham 0.80")],
    )


def test_several_labels_count_each_and_without_a_model_all_are_good():
    among = [("a", ["x", "y"], "you said"), ("b", [], "you said"), ("c", ["y"], "all said")]
    good, confusing = examples("y", among, lambda item: None)
    assert ([e.item for e in good], confusing) == (["a", "c"], [])


def test_a_project_answers_for_whoever_asks():
    with Project(["one", "two", "three"], named("classes", LABELS), audit=0, redundancy=2) as project:
        a, b, c = project.pool.ids
        project.tell([Answer(item=a, label="ham", by=by) for by in ("bob", "eve")])
        project.tell(Answer(item=b, label="ham", by="bob"))
        project.tell(Answer(item=c, label="spam", by="ann"))
        assert [e.item for e in project.examples("ham", "ann")[0]] == [a]
        assert [e.item for e in project.examples("spam", "ann")[0]] == [c]
        assert [e.item for e in project.examples("spam", "bob")[0]] == []
        assert {e.item for e in project.examples("ham", "bob")[0]} == {a, b}


def test_where_agreed_items_may_be_asked_again_agreement_explains_nothing():
    with Project(["one", "two"], named("classes", LABELS), audit=0, relabel=True) as project:
        project.tell([Answer(item=project.pool.ids[0], label="ham", by=by) for by in ("bob", "eve")])
        assert project.examples("ham", "ann") == ([], [])
        assert [e.item for e in project.examples("ham", "bob")[0]] == [project.pool.ids[0]]


def test_what_was_settled_is_known_to_all_but_whoever_is_just_asked():
    facts = [
        Answered(key="1", item="a", by="bob", label="ham"),
        Settled(key="2", item="a", label="spam", by="eve"),
        Answered(key="3", item="b", by="ann", label="ham"),
        Settled(key="4", item="b", label="spam", by="eve"),
    ]
    state = fold(enumerate(facts, start=1))
    assert known(state, "ann", 1) == [("b", "spam", "a reviewer said"), ("a", "spam", "a reviewer said")]
    state.apply(5, Asked(items=("a",), by="ann", strategy="random", lease=120))
    assert [item for item, *_ in known(state, "ann", 1)] == ["b"]


@pytest.mark.parametrize("seen", [0.0, 1.0])
def test_certainty_is_no_trouble(seen):
    good, confusing = examples(
        "ham", [("a", "ham", "you said")], lambda item: Prediction("ham", seen, {"ham": seen})
    )
    assert (len(good), len(confusing)) == ((1, 0) if seen else (0, 1))


def test_a_label_among_several_and_passages_of_a_label_are_shown_to_whoever_asks():
    labels = ["x", "y"]
    with Project(["one", "two", "three"], named("multilabel", labels), audit=0, redundancy=2) as project:
        a, b, c = project.pool.ids
        project.tell([Answer(item=a, label=["x", "y"], by=by) for by in ("bob", "eve")])
        project.tell([Answer(item=b, label=label, by=by) for by, label in (("bob", ["y"]), ("eve", []))])
        project.tell(Answer(item=c, label=["y"], by="bob"))
        assert [[e.item for e in project.examples(label, "ann")[0]] for label in labels] == [[a], [a]]
        assert [e.item for e in project.examples("y", "bob")[0]] == [c, b]  # the newest
    marked = [{"start": 0, "end": 3, "label": "x"}]
    with Project(["Ada left.", "Bob came."], named("spans", labels), audit=0) as project:
        project.tell(Answer(item=project.pool.ids[0], label=marked, by="ann"))
        good, confusing = project.examples("x", "ann")
        assert ([e.item for e in good], confusing) == ([project.pool.ids[0]], [])
        assert project.examples("y", "ann") == ([], [])


def test_of_passages_the_likeliest_of_the_label_counts():
    marked = [{"start": 0, "end": 3, "label": "x"}]
    seen = {
        "a": Prediction(marked, 0.9, spans=tuple(span | {"probability": 0.8} for span in marked)),
        "b": Prediction([], 0.9, spans=()),
        "c": Prediction(marked, 0.9, spans=tuple(span | {"probability": 0.7} for span in marked)),
    }
    among = [("a", marked, "all said"), ("b", marked, "all said"), ("c", [], "you said")]
    good, confusing = examples("x", among, seen.get)
    assert [e.item for e in good] == ["a"]
    assert [(e.item, e.words) for e in confusing] == [("b", "all said x; the model gives x 0.00")]
