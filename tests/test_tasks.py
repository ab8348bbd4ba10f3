"""What may be answered, and what several answers mean."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asklearn.errors import AnswerError, SettingError
from asklearn.events import Answered, decode, encode
from asklearn.people.agreement import of_task
from asklearn.state import written
from asklearn.tasks import classes, multilabel, named, number, spans


def test_labels_of_any_kind_keep_their_type():
    task = classes([0, 1.5, "three", True])
    for label in task.labels:
        assert task.check(label) is label or task.check(label) == label
        assert type(task.check(label)) is type(label)
    with pytest.raises(AnswerError):
        task.check(1)  # True is a label, 1 is not
    assert task.check(np.float64(1.5)) == 1.5


def test_a_wrong_label_is_named_with_the_nearest_right_one():
    with pytest.raises(AnswerError, match=r"'spma' is not a label.*did you mean 'spam'"):
        classes(["ham", "spam"]).check("spma")


def test_text_from_a_file_finds_its_label():
    assert classes([0, 1]).parse("1") == 1
    with pytest.raises(AnswerError, match="'2'"):
        classes([0, 1]).parse("2")


@pytest.mark.parametrize("labels", [[], ["one"], ["a", "a"], [1, "1"], ["a", ""], ["a", None], ["a", ["b"]]])
def test_labels_that_make_no_choice_are_refused(labels):
    with pytest.raises(SettingError):
        classes(labels)


def test_the_majority_wins_and_a_tie_goes_to_the_first_label():
    task = classes(["ham", "spam"])
    assert task.merge({"a": "spam", "b": "spam", "c": "ham"}) == ("spam", 2 / 3)
    assert task.merge({"a": "spam", "b": "ham"}) == ("ham", 0.5)


def test_targets_are_the_labels_themselves():
    assert classes([3, 5]).encode([5, 3]).tolist() == [5, 3]
    assert classes(["a", "b"]).encode(["b"]).tolist() == ["b"]
    mixed = classes(["a", 1]).encode([1, "a"])
    assert mixed.tolist() == [1, "a"], "NumPy must not turn 1 into '1'"


def test_a_task_by_name():
    assert named("classes", ["a", "b"]) == classes(("a", "b"))
    with pytest.raises(SettingError, match="classes"):
        named("clases", ["a", "b"])


# -- several labels, numbers, spans ------------------------------------------------------------------------------------

COLOURS = multilabel(["red", "green", "blue"])
GRADES = number((0, 10))
NAMES = spans(["person", "place"])

sets = st.lists(st.sampled_from(COLOURS.labels), unique=True).map(COLOURS.check)
grades = st.one_of(st.integers(0, 10), st.floats(0, 10))


@st.composite
def passages(draw):
    """Passages of a text of 30 signs."""
    edges = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [{"start": a, "end": b, "label": draw(st.sampled_from(NAMES.labels))} for a, b in pairs]


ANSWERS = [(COLOURS, sets), (GRADES, grades), (NAMES, passages())]
people = st.sampled_from(["ann", "bob", "eve", "max", "zoe"])


@pytest.mark.parametrize(("task", "answers"), ANSWERS, ids=lambda it: getattr(it, "kind", ""))
@given(data=st.data())
def test_what_is_written_reads_the_same(task, answers, data):
    label = data.draw(answers)
    assert task.check(label) == label
    assert task.parse(json.dumps(label)) == label
    assert task.parse(written(label)) == label, "as a state writes it for agreement"
    assert decode(encode(Answered(key="k", item="i", by="b", label=label))).label == label


@pytest.mark.parametrize(("task", "answers"), ANSWERS, ids=lambda it: getattr(it, "kind", ""))
@given(data=st.data())
def test_what_people_say_together_is_an_answer_and_one_voice_is_enough(task, answers, data):
    said = data.draw(st.dictionaries(people, answers, min_size=1))
    label, sure = task.merge(said)
    assert task.check(label, lambda: " " * 30) == label
    assert 0 <= sure <= 1
    one = next(iter(said.values()))
    assert task.merge(dict.fromkeys("abc", one)) == (one, 1.0)
    assert task.merge({"ann": one}) == (one, 1.0)
    backwards = dict(reversed(said.items()))
    assert task.merge(backwards)[0] == (pytest.approx(label) if task.kind == "number" else label)
    assert task.miss(label, label) == 0
    assert task.miss(label, one) == task.miss(one, label) >= 0


@given(st.dictionaries(people, passages(), min_size=1))
def test_passages_together_are_what_more_than_half_marked_sign_by_sign(said):
    merged, _ = NAMES.merge(said)
    for sign in range(30):

        def mark(spans, at=sign):
            return next((s["label"] for s in spans if s["start"] <= at < s["end"]), None)

        votes = Counter(mark(spans) for spans in said.values())
        most = [name for name, n in votes.items() if name is not None and n > len(said) / 2]
        assert mark(merged) == (most[0] if most else None)


def test_passages_side_by_side_stay_two_where_most_say_so():
    two = [{"start": 0, "end": 3, "label": "person"}, {"start": 3, "end": 6, "label": "person"}]
    one = [{"start": 0, "end": 6, "label": "person"}]
    assert NAMES.merge({"a": two, "b": two, "c": one})[0] == two
    assert NAMES.merge({"a": one, "b": two, "c": one})[0] == one


@pytest.mark.parametrize(
    ("task", "wrong", "said"),
    [
        (COLOURS, "red", "no list of labels"),
        (COLOURS, ["pink"], "'pink' is not a label"),
        (COLOURS, [1], "1 is not a label"),
        (COLOURS, {"red": 1}, "no list"),
        (GRADES, "3", "no number"),
        (GRADES, True, "no number"),
        (GRADES, float("nan"), "no number"),
        (GRADES, float("inf"), "no number"),
        (number(), 1e308, "no number"),
        (number(), -(10**400), "no number"),
        (GRADES, 10.01, "not within 0 to 10"),
        (NAMES, {"start": 0, "end": 1, "label": "place"}, "no list of passages"),
        (NAMES, [{"start": 0, "end": 1}], "no passage"),
        (NAMES, [{"start": 1, "end": 1, "label": "place"}], "later one"),
        (NAMES, [{"start": -1, "end": 1, "label": "place"}], "later one"),
        (NAMES, [{"start": 0, "end": True, "label": "place"}], "later one"),
        (NAMES, [{"start": 0.0, "end": 1, "label": "place"}], "later one"),
        (NAMES, [{"start": 0, "end": 1, "label": "city"}], "'city' is not a label"),
        (
            NAMES,
            [{"start": 0, "end": 4, "label": "place"}, {"start": 3, "end": 5, "label": "place"}],
            "overlap",
        ),
        (NAMES, [{"start": 28, "end": 31, "label": "place"}], "30 signs"),
    ],
)
def test_what_nobody_may_answer(task, wrong, said):
    with pytest.raises(AnswerError, match=said):
        task.check(wrong, lambda: " " * 30)


@pytest.mark.parametrize(
    ("task", "text"),
    [
        *((COLOURS, text) for text in ("red|pink", "[1", "")),
        *((GRADES, text) for text in ("many", "1_0", "nan", "1e999")),
        *((NAMES, text) for text in ("Ann", "{}")),
    ],
)
def test_texts_that_are_no_answer(task, text):
    with pytest.raises(AnswerError):
        task.parse(text)


def test_numbers_as_people_write_them():
    assert [GRADES.parse(text) for text in ("3", " 3 ", "+3", "2.50", "1e1", ".5")] == [
        3,
        3,
        3,
        2.5,
        10.0,
        0.5,
    ]
    assert type(GRADES.parse("3")) is int
    assert COLOURS.parse(" blue | red ") == ["red", "blue"]
    assert COLOURS.parse('["blue"]') == ["blue"]


@pytest.mark.parametrize(
    "range", [(1, 1), (2, 1), (0,), (0, 1, 2), (0, float("inf")), ("a", "b"), (False, True)]
)
def test_ranges_that_are_none(range):
    with pytest.raises(SettingError, match="range"):
        number(range)


def test_senseless_tasks_are_refused():
    with pytest.raises(SettingError, match="stands between labels"):
        multilabel(["a|b", "c"])
    with pytest.raises(SettingError, match="at least one label"):
        spans([])
    with pytest.raises(SettingError, match="no labels"):
        named("number", ["a"])
    with pytest.raises(SettingError, match="of numbers"):
        named("spans", ["a"], unit="kg")


def alpha(items: list[list[object]], distance: Callable[[object, object], float]) -> float:
    """Krippendorff's alpha by its definition (2011), over all pairs."""
    several = [labels for labels in items if len(labels) > 1]
    flat = [label for labels in several for label in labels]
    observed = sum(
        distance(a, b) / (len(labels) - 1)
        for labels in several
        for i, a in enumerate(labels)
        for j, b in enumerate(labels)
        if i != j
    ) / len(flat)
    pairs = [distance(a, b) for i, a in enumerate(flat) for j, b in enumerate(flat) if i != j]
    return 1 - observed / (sum(pairs) / len(pairs))


def differing(one: list[str], other: list[str]) -> float:
    return len(set(one) ^ set(other))


@pytest.mark.parametrize(
    ("task", "draw", "distance"),
    [
        (COLOURS, lambda rng: [name for name in COLOURS.labels if rng.random() < 0.5], differing),
        (GRADES, lambda rng: round(float(rng.normal(5, 1)), 2), lambda a, b: (a - b) ** 2),
    ],
    ids=["sets", "numbers"],
)
def test_agreement_is_alpha_with_the_tasks_own_distance(task, draw, distance):
    rng = np.random.default_rng(0)
    items = [[draw(rng) for _ in range(rng.integers(2, 5))] for _ in range(30)]
    found = of_task(items, task.together, None, 0)
    assert found.value == pytest.approx(alpha(items, distance))
    assert found.low <= found.value <= found.high


def test_agreement_on_passages_is_f1_over_pairs_of_people():
    one = {"start": 0, "end": 3, "label": "person"}
    two = {"start": 5, "end": 9, "label": "place"}
    found = of_task([[[one, two], [one], [one]], [[], []]], NAMES.together, None, 0)
    assert found.value == pytest.approx(2 * (1 + 1 + 1) / (3 + 3 + 2))
    assert found.metric == "f1"


def test_what_strategies_see_of_several_labels_is_the_least_certain_one():
    rng = np.random.default_rng(0)
    each = rng.random((50, 3))
    for row, (sure, unsure) in zip(each, COLOURS.reduce(each), strict=True):
        assert unsure == pytest.approx(max(min(p, 1 - p) for p in row))
        assert sure + unsure == pytest.approx(1)


def test_models_of_numbers_are_compared_by_distance():
    said = [{"mean": np.array(values)} for values in ([0.0, 1, 2, 3], [0.0, 1, 2, 4], [3.0, 2, 1, 0])]
    rows = np.arange(4)
    assert GRADES.kappa(said[0], said[0], rows) == 1
    assert 0.8 < GRADES.kappa(said[0], said[1], rows) < 1
    assert GRADES.kappa(said[0], said[2], rows) < 0
    assert GRADES.kappa({"mean": np.ones(4)}, {"mean": np.ones(4)}, rows) == 1


def test_a_number_is_told_in_as_many_digits_as_it_is_worth():
    seen = number().prediction({"mean": np.array([207123.4]), "std": np.array([50000.0])}, 0)
    assert (seen.label, seen.low, seen.high) == (207000, 143000, 271000)
    exact = GRADES.prediction({"mean": np.array([3.0]), "std": np.array([0.0])}, 0)
    assert exact.document() == {"label": 3.0, "low": 3.0, "high": 3.0}
    bounded = GRADES.prediction({"mean": np.array([9.0]), "spread": np.array([5.0])}, 0)
    assert (bounded.low, bounded.high) == (2.59, 10)
