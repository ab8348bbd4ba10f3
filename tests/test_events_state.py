"""Events keep what they were given; the state is nothing but a fold over them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asklearn.errors import JournalError
from asklearn.events import (
    Added,
    Answered,
    Asked,
    Audited,
    Event,
    Learned,
    Measured,
    Released,
    Renewed,
    Retracted,
    Stopped,
    decode,
    encode,
)
from asklearn.state import Lease, fold
from asklearn.testing.journal import EXAMPLES

# Events

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(at=numbers, key=words, item=words, by=words, label=jsons, note=words, seconds=st.none() | numbers)
def test_an_answer_comes_back_whatever_people_write(**said):
    text = encode(Answered(**said))
    assert decode(text) == Answered(**said)
    assert "\n" not in text


@given(
    items=st.lists(words).map(tuple),
    scores=st.lists(st.none() | numbers).map(tuple),
    seed=st.lists(st.integers(0, 2**64)).map(tuple),
    model=st.none() | words,
)
def test_a_question_comes_back_with_everything_needed_to_replay_it(**asked):
    event = Asked(by="ann", strategy="margin", lease=120.0, chances=asked["scores"], **asked)
    assert decode(encode(event)) == event


def test_the_examples_of_the_contract_leave_no_kind_out():
    assert {type(event).__name__ for event in EXAMPLES} == set(Event.kinds)


@pytest.mark.parametrize("label", [float("nan"), float("inf"), {1, 2}, b"raw", "\ud83d", 1j])
def test_what_json_cannot_hold_is_refused_with_a_sentence(label):
    with pytest.raises(JournalError, match=r"Answered cannot be written down \(.*\): give text"):
        encode(Answered(key="k", item="a", by="ann", label=label))


def test_a_label_that_contains_itself_is_refused():
    label: list[object] = []
    label.append(label)
    with pytest.raises(JournalError, match="cannot be written down"):
        encode(Answered(key="k", item="a", by="ann", label=label))


# What version 0.1 wrote; every later version must read it, and read the same in it.
FIRST_VERSION = {
    '{"event":"Added","at":1.5,"first":0,"count":3,"source":"pool","fingerprint":"ab"}': Added(
        first=0, count=3, fingerprint="ab"
    ),
    '{"event":"Asked","at":1.5,"items":["a","b"],"by":"ann","strategy":"margin","lease":120.0,"batch":"1",'
    '"scores":[0.5,null],"chances":[null,0.25],"model":"v1","seed":[7,3]}': Asked(
        items=("a", "b"),
        by="ann",
        strategy="margin",
        lease=120.0,
        batch="1",
        scores=(0.5, None),
        chances=(None, 0.25),
        model="v1",
        seed=(7, 3),
    ),
    '{"event":"Audited","at":1.5,"item":"b","chance":0.25}': Audited(item="b", chance=0.25),
    '{"event":"Renewed","at":1.5,"items":["a"],"by":"ann","lease":60}': Renewed(
        items=("a",), by="ann", lease=60
    ),
    '{"event":"Released","at":1.5,"items":["a"],"by":"ann"}': Released(items=("a",), by="ann"),
    '{"event":"Answered","at":1.5,"key":"k1","item":"a","by":"ann","kind":"label","label":["x","y"],'
    '"note":"","seconds":2.5,"seen":"v1"}': Answered(
        key="k1", item="a", by="ann", label=["x", "y"], seconds=2.5, seen="v1"
    ),
    '{"event":"Retracted","at":1.5,"key":"k2","of":"k1","by":"ann"}': Retracted(key="k2", of="k1", by="ann"),
    '{"event":"Learned","at":1.5,"version":"v2","watermark":7,"labels":2,"seconds":0.5,"artifact":null,'
    '"kappa":0.75,"metrics":{"log_loss":0.5}}': Learned(
        version="v2", watermark=7, labels=2, seconds=0.5, kappa=0.75, metrics={"log_loss": 0.5}
    ),
    '{"event":"Measured","at":1.5,"version":"v2","labels":2,"metric":"accuracy","value":0.5,"low":0.25,'
    '"high":0.75,"n":4,"source":"audit"}': Measured(
        version="v2", labels=2, metric="accuracy", value=0.5, low=0.25, high=0.75, n=4
    ),
    '{"event":"Stopped","at":1.5,"rule":"budget","reason":"spent","labels":200}': Stopped(
        rule="budget", reason="spent", labels=200
    ),
}


@pytest.mark.parametrize(("text", "event"), FIRST_VERSION.items())
def test_records_of_the_first_version_are_read(text, event):
    assert decode(text) == replace(event, at=1.5)


def test_fields_of_a_newer_version_are_left_out_and_missing_ones_have_their_default():
    newer = '{"event":"Audited","at":1.5,"item":"b","chance":0.25,"frame":"pool"}'
    assert decode(newer) == Audited(item="b", chance=0.25, at=1.5)
    older = decode('{"event":"Answered","key":"k","item":"a","by":"ann","label":"x"}')
    assert (older.kind, older.note, older.seconds) == ("label", "", None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "which is no event"),
        ("[]", "which is no event"),
        ("null", "which is no event"),
        ('{"item":"a"}', "which is no event"),
        ('{"event":["Asked"]}', "does not know; it knows Added, Answered"),
        ('{"event":"Promoted"}', "open the project with a newer asklearn"),
        ('{"event":"Audited","chance":1}', "Audited without all of its fields: .*'item'"),
        (None, "which is no event"),
    ],
)
def test_what_is_no_event_is_named(text, sentence):
    with pytest.raises(JournalError, match=sentence):
        decode(text)


# State

ITEMS, PEOPLE = ("a", "b", "c"), ("ann", "bob")
items = st.sampled_from(ITEMS)
several = st.lists(items, unique=True).map(tuple)
people = st.sampled_from(PEOPLE)
MOVES = {
    "asked": st.builds(Asked, items=several, by=people, strategy=st.just("margin"), lease=st.just(120.0)),
    "renewed": st.builds(Renewed, items=several, by=people, lease=st.just(60.0)),
    "released": st.builds(Released, items=several, by=people),
    "audited": st.builds(Audited, item=items, chance=st.just(0.25)),
    "answered": st.builds(
        Answered,
        key=st.just(""),
        item=items,
        by=people,
        kind=st.sampled_from(["label", "label", "label", "skip", "unsure", "flag", "note"]),
        seconds=st.sampled_from([None, 1.0, 2.5]),
    ),
}


@st.composite
def records(draw):
    """What may happen among three items and two people; an undo takes back any earlier answer, or none."""
    events: list[Event] = []
    for at, move in enumerate(draw(st.lists(st.sampled_from([*MOVES, "answered", "answered", "undo"])))):
        answers = [event for event in events if isinstance(event, Answered)]
        if move == "undo":
            of = draw(st.sampled_from([answer.key for answer in answers] + ["unknown"]))
            event = Retracted(key=f"k{at}", of=of, by="ann")
        else:
            event = draw(MOVES[move])
        if isinstance(event, Answered):
            label = draw(st.sampled_from("xy")) if event.kind == "label" else None
            event = replace(event, key=f"k{at}", label=label)
        events.append(replace(event, at=float(at)))
    return list(enumerate(events, 1))


def deciding(record):
    return [event for _, event in record if isinstance(event, Answered) and event.kind != "note"]


def standing(record):
    """(item, person) -> the newest deciding answer that was not taken back."""
    gone = {event.of for _, event in record if isinstance(event, Retracted)}
    return {(said.item, said.by): said for said in deciding(record) if said.key not in gone}


def labels(record):
    return {pair: said.label for pair, said in standing(record).items() if said.kind == "label"}


@given(records())
def test_the_newest_answer_counts_and_an_undo_brings_back_the_one_before(record):
    state = fold(record)
    found = {(item, by): said for item, given in state.answers.items() for by, said in given.items()}
    assert found == standing(record)
    assert all(state.answers.values())
    there = {(item, by): label for item, given in state.labelled().items() for by, label in given.items()}
    assert there == labels(record)
    assert state.items_labelled == len({item for item, _ in labels(record)})
    assert state.kinds == Counter(said.kind for said in standing(record).values())
    assert state.flagged == {item for (item, _), said in standing(record).items() if said.kind == "flag"}


@pytest.mark.parametrize(("undone", "shown"), [("zyx", "yx"), ("yzx", "zx"), ("xyz", "zz"), ("xzy", "zy")])
def test_undo_goes_back_step_by_step(undone, shown):
    state = fold(enumerate((Answered(key=key, item="a", by="ann", label=key) for key in "xyz"), 1))
    for seq, (of, label) in enumerate(zip(undone, [*shown, None], strict=True), 4):
        state = fold([(seq, Retracted(key=f"undo {of}", of=of, by="ann"))], state)
        assert state.labels_of("a") == ({"ann": label} if label else {})


@given(records())
def test_nothing_that_was_said_is_forgotten(record):
    state = fold(record)
    said = [event for _, event in record if isinstance(event, Answered)]
    assert state.keys == {event.key: event for _, event in record if isinstance(event, (Answered, Retracted))}
    assert state.seconds == sum(event.seconds or 0.0 for event in said)
    assert state.asked == sum(len(event.items) for _, event in record if isinstance(event, Asked))
    for item in ITEMS:
        assert state.history.get(item, []) == [event for event in deciding(record) if event.item == item]
    for by in PEOPLE:
        assert state.said.get(by, []) == [event for event in deciding(record) if event.by == by]


@given(records())
def test_an_item_is_held_from_the_question_to_the_answer_or_the_release(record):
    held = {}
    for item in ITEMS:
        for by in PEOPLE:
            lease = None
            for _, event in record:
                match event:
                    case Asked() if event.by == by and item in event.items:
                        lease = Lease(by, event.at, 120.0)
                    case Renewed() if lease and event.by == by and item in event.items:
                        lease = Lease(by, event.at, 60.0)
                    case Released() if event.by == by and item in event.items:
                        lease = None
                    case Answered(item=answered) if (answered, event.by) == (
                        item,
                        by,
                    ) and event.kind != "note":
                        lease = None
            if lease:
                held[item, by] = lease
    state = fold(record)
    assert {(item, by): it for item, of in state.leases.items() for by, it in of.items()} == held
    assert state.asked_last.keys() == held.keys()
    assert all(state.leases.values())


def training(record):
    """The labels a model may learn from: those of items that measure it are not."""
    audited = {event.item for _, event in record if isinstance(event, Audited)}
    return {pair: label for pair, label in labels(record).items() if pair[0] not in audited}


@given(records())
def test_a_model_ages_with_every_label_that_comes_changes_or_goes(record):
    changes = []
    for before, after in pairwise(range(len(record) + 1)):
        if training(record[:after]) != training(record[:before]):
            changes.append(record[before][0])
    state = fold(record)
    assert state.changes == changes
    for seq in range(len(record) + 2):
        assert state.changed_since(seq) == sum(change > seq for change in changes)


@given(records(), st.integers(0, 50))
def test_reading_on_is_reading_from_the_start(record, cut):
    assert fold(record[cut:], fold(record[:cut])) == fold(record)


@given(records())
def test_what_was_written_down_tells_the_same_story(record):
    assert fold((seq, decode(encode(event))) for seq, event in record) == fold(record)


def test_the_rest_of_the_record_is_kept_in_order():
    state = fold(enumerate(EXAMPLES, 1))
    assert state.seq == len(EXAMPLES)
    assert state.rows == 3
    assert [model.version for model in state.models] == ["v2"]
    assert [measured.value for measured in state.measured] == [0.5]
    assert [stopped.rule for stopped in state.stopped] == ["budget"]
    assert state.audited == {"b": 1 / 3}
    assert state.labelled() == {"b": {"نور": EXAMPLES[6].label}}  # the answer k1 was taken back
    more = fold([(13, Added(first=3, count=4)), (14, Added(first=0, count=3))], state)
    assert more.rows == 7
