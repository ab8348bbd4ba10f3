"""What several answers come to: verdicts, doubt, decisions, and how people answer."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from starlette.testclient import TestClient

from asklearn import Answer, Project, agreement, classes, reviewing
from asklearn.cli import main
from asklearn.errors import AnswerError, DataError, KeyReused, NotReady, SettingError
from asklearn.events import Answered, Retracted, Settled
from asklearn.learning import training_set
from asklearn.people import agreement as agreements
from asklearn.people import tables
from asklearn.people.cases import SAID
from asklearn.people.gold import gold
from asklearn.people.posterior import crowd, posterior
from asklearn.people.quality import quality
from asklearn.people.settling import guided, heading
from asklearn.people.verdicts import ENOUGH, agreed, counted, table
from asklearn.people.votes import votes
from asklearn.reviewing import Kept
from asklearn.server import Sessions, create_app
from asklearn.server.rights import ROLES
from asklearn.settings import read
from asklearn.state import fold
from asklearn.tasks import named
from asklearn.tasks.multilabel import multilabel

TASK = classes(["left", "middle", "right"])
SECRET = "a-secret-that-is-long-enough-for-a-test"


@pytest.fixture
def project():
    with Project(np.arange(120.0)[:, None], TASK, audit=0, redundancy=3) as project:
        yield project


def say(project, row, **labels):
    item = project.pool.ids[row]
    project.tell([Answer(item=item, label=label, by=by) for by, label in labels.items()])
    return item


def crowded(project, right, rows=range(60), seed=0):
    """Everybody answers every row, right as often as said; the truth goes by the row."""
    rng = np.random.default_rng(seed)
    truth = {}
    for row in rows:
        label = TASK.labels[row % 3]
        said = {
            by: label if rng.random() < share else str(rng.choice(TASK.labels)) for by, share in right.items()
        }
        truth[say(project, row, **said)] = label
    return truth


# -- the fact ------------------------------------------------------------------------------------------------------

ITEMS, WHO = st.sampled_from("xy"), st.sampled_from("ab")
TURN = st.one_of(
    st.tuples(st.just("settle"), ITEMS, st.sampled_from([1, "1", "no"])),
    st.tuples(st.sampled_from(["label", "flag"]), ITEMS, WHO),
    st.integers(0, 12),
)


@given(st.lists(TURN, max_size=20))
def test_the_last_decision_that_stands_counts_and_ends_a_flag(turns):
    events = []
    for k, turn in enumerate(turns):
        if isinstance(turn, int):
            events.append(Retracted(key=f"k{k}", of=f"k{turn}", by="a"))
        elif turn[0] == "settle":
            events.append(Settled(key=f"k{k}", item=turn[1], label=turn[2], by="rev"))
        else:
            kind, item, by = turn
            label = "no" if kind == "label" else None
            events.append(Answered(key=f"k{k}", item=item, by=by, kind=kind, label=label))
    state = fold(enumerate(events, 1))
    gone = set()
    for event in events:  # what is taken back before it was said stays as it is not known then
        if isinstance(event, Retracted):
            gone.add(event.of)
    standing = [event for event in events if isinstance(event, Settled) and event.key not in gone]
    assert state.settled == {event.item: event for event in standing}
    flags = {item for item, said in state.answers.items() if any(a.kind == "flag" for a in said.values())}
    assert state.flagged == flags - state.settled.keys()


# -- what people said together --------------------------------------------------------------------------------------


def by_hand(found, by, label):
    """The chance of each label, by loops."""
    names = list(found.annotators)
    chances = []
    for c in range(len(found.start)):
        p = found.start[c] / found.start.sum()
        for who, said in zip(by, label, strict=True):
            row = found.counts[names.index(who) if who in names else -1, c]
            p *= row[said] / row.sum()
        chances.append(p)
    return np.array(chances) / sum(chances)


def a_crowd(seed=0, items=40, right=(0.9, 0.8, 0.4)):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=items)
    said = [
        (i, f"p{j}", TASK.labels[truth[i] if rng.random() < share else rng.integers(3)])
        for i in range(items)
        for j, share in enumerate(right)
        if rng.random() < 0.8
    ]
    return votes(
        {"item": [s[0] for s in said], "annotator": [s[1] for s in said], "label": [s[2] for s in said]},
        TASK.labels,
    )


def test_a_posterior_is_bayes_rule_and_its_interval_what_other_people_might_be():
    found = crowd(a_crowd())
    for by, label in (([], []), (["p0"], [1]), (["p0", "p2", "new"], [0, 2, 2])):
        value, low, high = posterior(found, by, label, np.random.default_rng(0))
        assert np.allclose(value, by_hand(found, by, label))
        assert (low <= value).all()
        assert (value <= high).all()
        rng = np.random.default_rng(1)
        rows = found.rows(by)
        drawn = []
        for _ in range(2000):  # whole Dirichlet rows, where `posterior` draws one entry of each
            p = rng.dirichlet(found.start)
            for j, said in zip(rows, label, strict=True):
                p = p * [rng.dirichlet(found.counts[j, c])[said] for c in range(3)]
            drawn.append(p / p.sum())
        ends = np.quantile(drawn, (0.025, 0.975), axis=0)
        assert np.abs(ends - [low, high]).max() < 0.06


def test_a_crowd_is_what_was_counted_and_a_little_of_everybody():
    known = a_crowd()
    found = crowd(known)
    given_ = np.bincount(known.annotator, minlength=3)
    extra = found.counts[-1].sum()
    assert np.allclose(found.counts[:-1].sum(axis=(1, 2)), given_ + extra)
    known_truth = crowd(known, truth=np.zeros(len(known.items), dtype=np.int64))
    assert np.allclose(known_truth.start, [len(known.items) + 1, 1, 1])


def test_two_who_contradict_each_other_once_leave_it_open():
    one = votes({"item": ["a", "a"], "annotator": ["ann", "bob"], "label": ["left", "right"]}, TASK.labels)
    value, low, high = posterior(crowd(one), ["ann", "bob"], [0, 2], np.random.default_rng(0))
    assert value[0] == pytest.approx(value[2])
    assert low[0] < 0.2
    assert high[0] > 0.8


VOTES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("abcd"), st.integers(0, 2)), min_size=1, max_size=25
)


@given(VOTES, st.sampled_from(["majority", "dawid_skene", "mace"]), st.integers(0, 3))
def test_nobody_s_label_is_nobody_s_consensus(said, method, seed):
    """Whatever the method makes of it, an item's label is one that somebody gave; the same answers, the same label."""
    said = {item: {by: TASK.labels[label] for _, by, label in rows} for item, rows in grouped(said).items()}
    known = votes(table(said), TASK.labels)
    rng = np.random.default_rng(seed)
    model = rng.dirichlet(np.ones(3), len(known.items))
    for voice in (None, model):
        found = agreed(known, method, [seed], voice)
        for i, item in enumerate(known.items):
            assert TASK.labels[found.label[i]] in said[item].values()
            if method == "majority":
                assert TASK.labels[found.label[i]] == TASK.merge(said[item])[0]
        assert ((found.sure > 0) & (found.sure <= 1)).all()
        again = agreed(known, method, [seed], voice)
        assert (again.label == found.label).all()
        assert (again.sure == found.sure).all()


def grouped(rows):
    found = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def test_what_is_counted_stands_where_it_was_said():
    said = [{"a": "left"}, {}, {"a": "right", "b": "right"}]
    found = counted(said, TASK.labels, "majority", [0])
    assert found == {0: ("left", 1.0), 2: ("right", 1.0)}
    assert counted([{}, {}], TASK.labels, "majority", [0]) == {}


def test_true_is_not_one():
    said = {"a": {"ann": True, "bob": True, "eve": 1}, "b": {"ann": 1}}
    found = counted(list(said.values()), (1, True), "majority", [0])
    assert [(type(label), label) for label, _ in found.values()] == [(bool, True), (int, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("bluebirds", 0.89), ("rte_snow", 0.925)])
def test_real_crowds_come_to_what_is_true(name, least):
    folder = Path(os.environ.get("ASKLEARN_DATA", "../shared/data")) / "crowd"
    if not folder.exists():
        pytest.skip("the data of the crowds is not here")
    parquet = pytest.importorskip("pyarrow.parquet")
    said = parquet.read_table(folder / f"{name}.answers.parquet").to_pydict()
    truth = parquet.read_table(folder / f"{name}.truth.parquet").to_pydict()
    known = votes({"item": said["task"], "annotator": said["worker"], "label": said["label"]})
    found = agreed(known, "auto", [0])
    right = dict(zip(truth["task"], truth["truth"], strict=True))
    hits = [
        known.labels[k] == right[item]
        for item, k in zip(known.items, found.label, strict=True)
        if item in right
    ]
    assert np.mean(hits) >= least


# -- a project ------------------------------------------------------------------------------------------------------


def test_answers_count_alike_at_first_and_by_who_gives_them_once_that_can_be_told(project):
    right = {"ann": 0.95, "bob": 0.9, "eve": 0.2, "mal": 0.2}
    crowded(project, right, range(ENOUGH - 1))
    few = project.labels()
    merged = {item: project.task.merge(said) for item, said in project.state.labelled().items()}
    assert dict(zip(few["item"], zip(few["label"], few["confidence"], strict=True), strict=True)) == merged
    truth = {project.pool.ids[row]: TASK.labels[row % 3] for row in range(120)}
    crowded(project, right, range(ENOUGH - 1, 110), seed=1)
    many = project.labels()
    merged = {item: project.task.merge(said)[0] for item, said in project.state.labelled().items()}
    better = sum(truth[i] == label for i, label in zip(many["item"], many["label"], strict=True))
    assert better >= sum(truth[i] == label for i, label in merged.items()) + 5
    assert many["answers"] == [4] * 110
    exported = {row["id"]: row for row in project.export()}
    for item, label, sure in zip(many["item"], many["label"], many["confidence"], strict=True):
        assert [exported[item][name] for name in ("label", "confidence", "answers")] == [label, sure, 4]
    free = exported[project.pool.ids[115]]
    assert [free[name] for name in ("label", "confidence", "answers")] == [None, None, 0]


@pytest.mark.parametrize("consensus", ["majority", "dawid_skene", "auto"])
def test_a_model_learns_from_what_counts_and_again_the_same_from_the_record(consensus):
    X = np.random.default_rng(0).normal(size=(120, 2))
    with Project(X, TASK, LogisticRegression(), audit=0, redundancy=5, consensus=consensus) as project:
        crowded(project, {"ann": 0.95, "bob": 0.8, "eve": 0, "mal": 0, "moe": 0}, range(100))
        learner = project._learner
        training = learner._weighed(learner.training(project.state))[0]
        plain = training_set(project.state, TASK)
        truth = [TASK.labels[learner.positions[item] % 3] for item in training.items]
        counted_, merged = (sum(map(str.__eq__, one.labels, truth)) for one in (training, plain))
        assert counted_ == merged if consensus == "majority" else counted_ > merged + 5
        project.learn()
        proba = learner.serving.proba
        crowded(project, {"dan": 1.0}, range(100, 110))
        again = learner.fit(learner.learned_from(project._record.journal, project.state.models[-1]), "again")
        assert np.array_equal(again.proba, proba)


def test_settled_is_settled_in_labels_training_and_estimates_until_it_is_taken_back():
    with Project(np.arange(40.0)[:, None], TASK, audit=0.5, redundancy=2) as project:
        for question in project.ask(30, by="ann"):
            project.tell(Answer(item=question.item, label=TASK.labels[question.row % 3], by="ann"))
        audited = next(item for item in project.state.audited if item in project.state.answers)
        trained = next(item for item in project.state.answers if item not in project.state.audited)
        project.learn()
        project.learn()
        for item in (audited, trained):
            before = label_of(project, item)
            other = next(label for label in TASK.labels if label != before)
            changes = len(project.state.changes)
            key = project.settle(item, other, "rev", note="look again")
            assert label_of(project, item) == other
            found = training_set(project.state, TASK)
            pairs = dict(audit(project))
            if item == audited:
                assert item not in found.items
                assert pairs[item] == other
                assert len(project.state.changes) == changes
            else:
                assert found.labels[found.items.index(item)] == other
                assert len(project.state.changes) == changes + 1
            assert project.answers()["label"].count(before) > 0  # what people said stays what they said
            project.tell(Answer(undo=key, by="rev"))
            assert label_of(project, item) == before


def audit(project):
    from asklearn.learning import audit_pairs

    return audit_pairs(project.state, project.task, project.state.seq)


def label_of(project, item):
    found = project.labels()
    return found["label"][found["item"].index(item)]


def test_a_decision_counts_once_and_is_checked(project):
    item = say(project, 0, ann="left", bob="right")
    key = project.settle(item, "left", "rev", key="k")
    assert project.settle(item, "left", "rev", key="k") == key
    assert sum(isinstance(event, Settled) for _, event in project.events()) == 1
    with pytest.raises(KeyReused, match="came before"):
        project.settle(item, "right", "rev", key="k")
    with pytest.raises(AnswerError, match="nobody has said yet"):
        project.settle(project.pool.ids[5], "left", "rev")
    with pytest.raises(AnswerError, match="no item 'nope'"):
        project.settle("nope", "left", "rev")
    with pytest.raises(AnswerError, match=f"(?s){item}.*is not a label"):
        project.settle(item, "up", "rev")
    with pytest.raises(AnswerError, match="by whom"):
        project.settle(item, "left", "")
    with pytest.raises(AnswerError, match="2,000"):
        project.settle(item, "left", "rev", note="x" * 2001)
    with pytest.raises(AnswerError, match="to take back"):
        project.tell(Answer(undo="k", by="somebody else"))
    with pytest.raises(SettingError, match="no consensus 'mean'"):
        Project(np.arange(4.0)[:, None], TASK, consensus="mean")


def test_what_is_settled_is_asked_no_more(project):
    item = say(project, 0, ann="left", bob="right")
    key = project.settle(item, "left", "rev")
    assert project.ask(1, by="eve", among=[item]) == []
    project.tell(Answer(undo=key, by="rev"))
    assert [question.item for question in project.ask(1, by="eve", among=[item])] == [item]


# -- what is in doubt -----------------------------------------------------------------------------------------------


def test_the_most_doubtful_come_first_and_none_that_is_settled_or_known(project):
    differ = [say(project, row, ann="left", bob="right") for row in range(3)]
    surer = say(project, 4, ann="left", bob="left", eve="left", dan="right")
    say(project, 5, ann="left", bob="left")
    flagged, unsure = project.pool.ids[6], project.pool.ids[7]
    project.tell([Answer(item=flagged, flag=True, by="ann"), Answer(item=unsure, unsure=True, by="bob")])
    docket = project._reviewing.docket()
    assert {case.item: case.why for case in docket.cases} == {
        **dict.fromkeys([*differ, surer], ("differ",)),
        flagged: ("flagged",),
        unsure: ("unsure",),
    }
    assert all(one.doubt >= other.doubt for one, other in pairwise(docket.cases))
    doubt = {case.item: case.doubt for case in docket.cases}
    assert doubt[surer] < min(doubt[item] for item in differ)
    assert doubt[flagged] == doubt[unsure] == SAID
    project.settle(differ[0], "left", "rev")
    project.tell(Answer(item=flagged, label="middle", by="rev"))
    project.settle(flagged, "right", "rev")
    project.team.gild({differ[1]: "left"}, by="owner")
    left = {case["item"] for case in project.review("rev", 50)["items"]}
    assert left == {differ[2], surer, unsure}


def test_a_model_that_strongly_says_otherwise_puts_an_item_in_doubt():
    X = np.r_[np.zeros(30), np.ones(30)][:, None] + np.random.default_rng(0).normal(0, 0.05, (60, 1))
    with Project(X, classes(["low", "high"]), audit=0) as project:
        for row in range(60):
            wrong = row == 7
            say(project, row, ann="high" if (row >= 30) != wrong else "low")
        project.learn()
        [case] = project.review("rev", 10)["items"]
        assert case == {"item": project.pool.ids[7], "why": ["model"], "yours": None}
        [suspect] = project.quality()["suspects"]
        assert (suspect["item"], suspect["label"], suspect["likely"]) == (project.pool.ids[7], "high", "low")


def test_nothing_that_others_said_is_told_before_one_has_chosen(project):
    item = say(project, 0, ann="left", bob="right")
    project.tell(Answer(item=item, note="looks left to me", by="ann"))
    [shown] = project.review("rev", 5)["items"]
    assert shown == {"item": item, "why": ["differ"], "yours": None}
    assert project.review("ann", 5)["items"][0]["yours"] == "left"
    said = project.said_of(item, "ann")
    assert [(vote["by"], vote["you"], vote["label"]) for vote in said["votes"]] == [
        ("ann", True, "left"),
        ("bob", False, "right"),
    ]
    assert [note["note"] for note in said["notes"]] == ["looks left to me"]
    assert sum(one["value"] for one in said["posterior"]) == pytest.approx(1)
    with pytest.raises(DataError, match="no item 'nope'"):
        project.review("rev", 1, "nope")
    with pytest.raises(DataError, match="no item 'nope'"):
        project.said_of("nope", "rev")


def test_other_tasks_are_decided_too():
    with Project(
        [f"text {i}" for i in range(9)], multilabel(["sad", "long"]), audit=0, redundancy=2
    ) as project:
        item = say(project, 0, ann=["sad"], bob=["sad", "long"])
        say(project, 1, ann=[], bob=[])
        assert [case["item"] for case in project.review("rev", 5)["items"]] == [item]
        said = project.said_of(item, "rev")
        assert said["posterior"] == []
        assert said["together"] == {"label": ["sad"], "confidence": 0.5}
        project.settle(item, ["long"], "rev")
        assert label_of(project, item) == ["long"]
        assert project.review("rev", 5)["left"] == 0
        found = project.quality()
        assert [row["answers"] for row in found["people"]] == [2, 2]
        json.dumps(found, allow_nan=False)


# -- the guideline --------------------------------------------------------------------------------------------------

LINES = st.lists(
    st.tuples(st.sampled_from(["ham", "spam"]), st.sampled_from(["One.", " two  lines\n here ", "- x", " "]))
)


@given(LINES, st.sampled_from(["", "Choose.\n\nWell.", "Intro\n\n## spam\n- Old.\n\n## other\ntext"]))
def test_lines_gather_under_their_headings_and_nothing_else_changes(added, text):
    found = text
    for label, line in added:
        once = guided(found, label, line)
        assert guided(once, label, line) == once
        found = once
    kept = [line for line in text.split("\n") if line.strip()]
    now = found.split("\n")
    assert [line for line in now if line in kept] == kept
    for label, line in added:
        if line.strip():
            at = now.index(f"- {' '.join(line.split())}", now.index(f"## {label}"))
            heading = [one for one in now[:at] if one.startswith("## ")][-1]
            assert heading == f"## {label}"


@pytest.mark.parametrize("text", ["", "Choose.", "Choose.\n\n## ham\n- Old."])
def test_a_line_about_no_label_stands_before_all_headings(text):
    found = guided(text, None, "Look twice.")
    assert guided(found, None, "Look twice.") == found
    assert found.index("- Look twice.") < (found + "\n## ").index("## ")
    assert [line for line in found.split("\n") if line != "- Look twice."] == (
        text.split("\n") if text else []
    )


PER, LOC = {"start": 0, "end": 3, "label": "PER"}, {"start": 4, "end": 8, "label": "LOC"}


@pytest.mark.parametrize(
    ("label", "said", "about"),
    [
        ("ham", ["spam", "ham"], "ham"),
        (["a", "b"], [["a"], ["a", "b"]], "b"),  # the only one that they differ on
        (["a"], [["a", "b"], ["a"]], "b"),  # also where it is not what was decided
        (["a"], [["b"], ["c"]], "a"),
        (["a"], [], "a"),
        (["a", "b"], [["c"]], None),
        ([], [[]], None),
        ([PER], [[PER, LOC]], "LOC"),
        ([LOC], [[LOC | {"end": 9}]], "LOC"),
    ],
)
def test_a_line_is_about_what_people_differ_on(label, said, about):
    assert heading(label, said) == about


def test_a_line_is_written_into_the_file_beside_what_somebody_changed_there(tmp_path):
    with Project(["a", "b"], classes(["ham", "spam"]), path=tmp_path / "p", guideline="Choose.") as project:
        item = say(project, 0, ann="ham")
        file = tmp_path / "p" / "project.toml"
        file.write_text(file.read_text().replace('name = "p"', 'name = "Letters"'))
        project.settle(item, "ham", guideline="Invitations are ham.")
        project.settle(item, "ham", guideline="Invitations are ham.")
        assert read(tmp_path / "p").guideline == "Choose.\n\n## ham\n- Invitations are ham."
        assert read(tmp_path / "p").name == "Letters"
        assert project.status()["guideline"] == read(tmp_path / "p").guideline


# -- how people answer ----------------------------------------------------------------------------------------------


def test_a_portrait_holds_what_the_parts_say(project):
    crowded(project, {"ann": 0.95, "bob": 0.8, "eve": 0.0})
    project.tell([Answer(item=project.pool.ids[0], label="left", by="ann", seconds=s) for s in (3.0,)])
    project.team.gild({project.pool.ids[row]: TASK.labels[row % 3] for row in range(6)}, by="owner")
    found = project.quality()
    json.dumps(found, allow_nan=False)
    answers = project.answers()
    worth = quality(votes(answers, TASK.labels))
    for k, row in enumerate(found["people"]):
        assert row["annotator"] == worth["annotator"][k]
        assert row["right"] == {"value": worth["right"][k], "low": worth["low"][k], "high": worth["high"][k]}
        assert row["shared"] == 60
        of_gold = gold(answers, project.state.gold)
        assert row["gold"]["right"] == of_gold["right"][k]
        assert len(row["labels"]) == 3
    by = {row["annotator"]: row for row in found["people"]}
    assert by["ann"]["words"] == []
    assert by["ann"]["seconds"] == 3.0
    assert any("unrelated" in said for said in by["eve"]["words"])
    for name, said in found["agreement"]["overall"].items():
        assert said["value"] == agreement(answers, name).value
    assert set(found["agreement"]["overall"]) == {"raw", "fleiss", "krippendorff"}
    pairs = {frozenset((pair["one"], pair["other"])) for pair in found["agreement"]["pairs"]}
    assert pairs == {frozenset(two) for two in (("ann", "bob"), ("ann", "eve"), ("bob", "eve"))}
    assert [row["label"] for row in found["agreement"]["labels"]] == list(TASK.labels)
    assert all(row["last"] > 1e9 for row in found["agreement"]["time"])


@given(VOTES, st.integers(1, 3), st.integers(1, 4))
def test_pairs_are_those_who_met_most(said, least, most):
    said = {item: {by: TASK.labels[label] for _, by, label in rows} for item, rows in grouped(said).items()}
    known = votes(table(said), TASK.labels)
    people = known.annotators
    every = []
    for a in range(len(people)):
        for b in range(a + 1, len(people)):
            one = {item: each for item, each in said.items() if people[a] in each and people[b] in each}
            if len(one) >= least:
                pairs = sorted(
                    (known.items.index(i), each[people[a]], each[people[b]]) for i, each in one.items()
                )
                every.append(
                    (
                        a,
                        b,
                        [TASK.labels.index(x) for _, x, _ in pairs],
                        [TASK.labels.index(y) for *_, y in pairs],
                    )
                )
    found = [(a, b, list(x), list(y)) for a, b, x, y in agreements.pairs(known, least)]
    assert found == every
    some = list(agreements.pairs(known, least, most))
    assert len(some) == min(most, len(every))
    assert sorted(len(x) for *_, x, _ in some) == sorted(sorted(len(x) for *_, x, _ in every)[-most:])


def test_gold_that_was_wrong_and_is_put_right_counts_at_once(project):
    item = say(project, 0, ann="left", bob="left")

    def right():
        return [row["gold"]["right"] for row in project.quality()["people"]]

    project.team.gild({item: "middle"})
    assert right() == [0, 0]
    project.team.gild({item: "left"})
    assert right() == [1, 1]
    project.team.gild({item: None})
    assert [row["gold"] for row in project.quality()["people"]] == [None, None]


def test_a_portrait_of_nothing_says_nothing(project):
    empty = {
        "people": [],
        "agreement": {"overall": {}, "labels": [], "pairs": [], "time": []},
        "suspects": [],
    }
    assert project.quality() == empty
    assert project.review("rev") == {"items": [], "left": 0, "method": "majority"}
    assert project.labels() == {"item": [], "label": [], "confidence": [], "answers": []}
    say(project, 0, ann="left")
    assert project.quality()["people"][0]["answers"] == 1


def test_the_terminal_says_it(tmp_path, capsys):
    with Project(np.arange(70.0)[:, None], TASK, path=tmp_path / "p", audit=0, redundancy=3) as project:
        crowded(project, {"ann": 0.95, "bob": 0.8, "eve": 0.0})
        found = project.quality()
    assert main(["quality", str(tmp_path / "p")]) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("ann", "Krippendorff's alpha", "to be decided"))
    assert main(["quality", str(tmp_path / "p"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said.pop("in_doubt") > 0
    assert said == json.loads(json.dumps(found))


# -- kept at hand ---------------------------------------------------------------------------------------------------


class Slow:
    """Work that takes until it is let go; it counts what it found."""

    def __init__(self):
        self.facts, self.done, self.go = 0, 0, threading.Event()
        self.error = None

    def __call__(self):
        found = self.facts
        assert self.go.wait(10)
        self.done += 1
        if self.error:
            raise self.error
        return reviewing.Portrait(found, {})


def test_what_is_old_is_shown_while_what_is_new_takes_long(monkeypatch):
    work = Slow()
    kept = Kept(work, lambda: True)
    monkeypatch.setattr(reviewing, "PATIENCE", 0.05)
    with pytest.raises(NotReady, match="ask again in a moment"):
        kept.get(0, exact=False)
    work.go.set()
    assert kept.get(0, exact=False).facts == 0
    assert (kept.get(0, exact=True).facts, work.done) == (0, 1)
    work.go.clear()
    work.facts = 5
    kept._ended = time.monotonic() - 1e6  # it has rested
    assert kept.get(5, exact=False).facts == 0
    threading.Timer(0.1, work.go.set).start()
    assert kept.get(5, exact=True).facts == 5
    kept._took = 1e6
    work.facts = 6
    assert kept.get(6, exact=False).facts == 5  # it rests
    work.error = ValueError("broken")
    with pytest.raises(ValueError, match="broken"):
        kept.get(6, exact=True)
    work.error = None
    assert kept.get(6, exact=True).facts == 6


# -- over HTTP ------------------------------------------------------------------------------------------------------


def person(project, name):
    app = create_app(project, Sessions(SECRET))
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    client.headers.update({"Authorization": f"Bearer {SECRET}", "X-Annotator": name})
    return client


def test_from_the_blind_choice_to_the_decision_over_http(project):
    item = say(project, 0, ann="left", bob="right")
    rev = person(project, "rev")
    [case] = rev.get("/api/v1/review?n=3").json()["items"]
    assert (case["item"], case["yours"], case["words"]) == (item, None, "People differ.")
    assert case["content"]["kind"] == "table"
    asked = rev.post("/api/v1/review/look", json={"key": "l1", "item": item})
    assert asked.status_code == 409
    assert "say first" in asked.json()["error"]["message"]
    look = {"key": "l1", "item": item, "label": "middle", "seconds": 2.5}
    first, again = (rev.post("/api/v1/review/look", json=look) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json()["votes"] == again.json()["votes"]
    assert first.json()["cards"][0]["table"]["rows"][2][:2] == ["rev (you)", "middle"]
    assert [vote["by"] for vote in first.json()["votes"]] == ["ann", "bob", "rev"]
    assert project.state.answers[item]["rev"].seconds == 2.5
    other = rev.post("/api/v1/review/look", json=look | {"key": "l2", "label": "left"})
    assert other.status_code == 409
    assert "before" in other.json()["error"]["message"]
    assert rev.get("/api/v1/review").json()["items"][0]["yours"] == "middle"
    assert rev.post("/api/v1/review/look", json={"key": "l3", "item": item}).status_code == 200
    decision = {"key": "s1", "item": item, "label": "left", "note": "clear", "guideline": "Low is left."}
    settled = [rev.post("/api/v1/review/settle", json=decision) for _ in range(2)]
    assert [one.status_code for one in settled] == [200, 200]
    assert settled[0].json() == {"settled": "s1", "guideline": "## left\n- Low is left."}
    assert rev.post("/api/v1/review/settle", json=decision | {"label": "right"}).status_code == 409
    assert rev.get("/api/v1/review").json()["left"] == 0
    assert rev.get(f"/api/v1/review?item={item}").json()["items"][0]["item"] == item
    assert rev.get("/api/v1/labels").json()["label"] == ["left"]
    undone = rev.post("/api/v1/answers", json=[{"key": "u1", "kind": "undo", "of": "s1"}])
    assert undone.status_code == 200
    assert rev.get("/api/v1/review").json()["left"] == 1
    bad = rev.post("/api/v1/review/settle", json=decision | {"key": "s2", "label": "up"})
    assert bad.status_code == 422
    assert bad.json()["error"]["item"] == item
    assert rev.get("/api/v1/review?item=nope").status_code == 422


@dataclass(frozen=True)
class Matter:
    """What two say, what a reviewer says blind and decides; what nobody may; and how all of it reads."""

    task: Any
    ann: Any
    bob: Any
    mine: Any
    decided: Any
    wrong: Any
    together: Any
    words: tuple[str, ...]
    comes_to: str
    guideline: str


NUMBER = Matter(
    named("number", range=(0, 10)),
    2,
    8,
    5,
    4.5,
    11,
    5,
    ("2", "8", "5"),
    "5, the middle of 2 to 8",
    "- Halves too.",
)
SEVERAL = Matter(
    named("multilabel", ["a", "b", "c"]),
    ["a"],
    ["a", "b"],
    ["a"],
    ["a", "c"],
    ["d"],
    ["a"],
    ("a", "a, b"),
    "a: what more than half of them said",
    "- Halves too.",
)
PASSAGES = Matter(
    named("spans", ["PER", "LOC"]),
    [PER],
    [PER, LOC],
    [PER],
    [PER, {"start": 4, "end": 6, "label": "LOC"}],
    [{"start": 0, "end": 99, "label": "PER"}],
    [PER],
    ("“Ada” PER", "“Ada” PER, “left” LOC"),
    "“Ada” PER: what more than half of them said",
    "## LOC\n- Halves too.",
)


@pytest.mark.parametrize("matter", [NUMBER, SEVERAL, PASSAGES], ids=lambda one: one.task.kind)
def test_other_answers_are_heard_after_one_s_own_and_anything_legal_can_be_decided(matter):
    with Project([f"Ada left {i}" for i in range(9)], matter.task, audit=0, redundancy=3) as project:
        item = say(project, 0, ann=matter.ann, bob=matter.bob)
        project.tell([Answer(item=item, unsure=True, by="eve"), Answer(item=item, note="hard", by="ann")])
        rev = person(project, "rev")
        [case] = rev.get("/api/v1/review").json()["items"]
        assert case["yours"] is None
        assert case.keys() == {"item", "why", "yours", "words", "content"}
        look = {"key": "l1", "item": item}
        for asked in (look, look | {"label": None}):
            refused = rev.post("/api/v1/review/look", json=asked)
            assert (refused.status_code, "say first" in refused.text) == (409, True)
            assert not any(said in refused.text for said in ("ann", "bob", "hard"))
        refused = rev.post("/api/v1/review/look", json=look | {"label": matter.wrong})
        assert (refused.status_code, refused.json()["error"]["item"]) == (422, item)
        assert "rev" not in project.state.answers[item]
        seen, again = (rev.post("/api/v1/review/look", json=look | {"label": matter.mine}) for _ in range(2))
        assert seen.status_code == again.status_code == 200
        assert project.state.labels_of(item)["rev"] == matter.mine
        found = seen.json()
        assert tuple(one["words"] for one in found["given"]) == matter.words
        assert found["together"]["label"] == matter.together
        by = {who: one["label"] for one in found["given"] for who in one["by"]}
        assert by == {
            "ann": matter.ann,
            "bob": matter.bob,
            "rev (you)": matter.mine,
            "all together": matter.together,
        }
        cards = {card["title"]: card for card in found["cards"]}
        assert cards.keys() == {"Others", "What that comes to", "Notes"}
        assert cards["Others"]["facts"] == [["eve", "unsure"]]
        assert cards["What that comes to"]["words"] == matter.comes_to
        decision = {"key": "s1", "item": item, "label": matter.decided, "guideline": "Halves too."}
        refused = rev.post("/api/v1/review/settle", json=decision | {"label": matter.wrong})
        assert refused.status_code == 422
        settled = rev.post("/api/v1/review/settle", json=decision)
        assert settled.json() == {"settled": "s1", "guideline": matter.guideline}
        assert label_of(project, item) == matter.decided
        assert project.review("rev")["left"] == 0


def test_the_same_words_in_two_places_are_two_passages():
    first, again = ({"start": at, "end": at + 3, "label": "PER"} for at in (0, 8))
    with Project(["Ada met Ada.", "x"], named("spans", ["PER"]), audit=0, redundancy=2) as project:
        item = say(project, 0, ann=[first, again], bob=[again])
        [card] = tables.case(project.said_of(item), "Ada met Ada.")
        assert card["table"]["rows"] == [["“Ada” PER", "2 of 2"], ["“Ada” PER", "1 of 2"]]


def test_the_model_s_proposal_is_one_of_the_answers_that_can_be_taken():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with Project(X, named("number", range=(0, 10)), "ridge", audit=0, redundancy=3) as project:
        for row in range(40):
            say(project, row, ann=float(np.clip(5 + X[row, 0], 0, 10)))
        project.learn()
        item = say(project, 50, ann=1, bob=9)
        rev = person(project, "rev")
        seen = rev.post("/api/v1/review/look", json={"key": "k", "item": item, "label": 5.25}).json()
        [proposed] = [one for one in seen["given"] if "the model" in one["by"]]
        assert proposed["label"] == seen["proposal"]["label"]
        [card] = [card for card in seen["cards"] if card["title"] == "The model"]
        assert card["words"].startswith(f"{proposed['words']}, in 4 cases of 5 from ")


def test_who_reviews_no_more_takes_no_decision_back(project):
    item = say(project, 0, ann="left", bob="right")
    sessions = Sessions(SECRET)
    rev = TestClient(
        create_app(project, sessions), "http://127.0.0.1:8000", headers={"Sec-Fetch-Site": "same-origin"}
    )
    code = sessions.accounts.invite("rev", "reviewer", "me", ROLES["owner"])
    assert rev.post("/api/v1/join", json={"code": code}).status_code == 200
    for key in "sl":
        rev.post("/api/v1/review/settle", json={"key": key, "item": item, "label": "left"})
    assert rev.post("/api/v1/answers", json=[{"key": "u", "kind": "undo", "of": "s"}]).status_code == 200
    sessions.accounts.change_role("rev", "annotator", ROLES["owner"])
    refused = rev.post("/api/v1/answers", json=[{"key": "v", "kind": "undo", "of": "l"}])
    assert refused.status_code == 403
    assert "settle disagreements" in refused.json()["error"]["message"]
    assert project.labels()["label"] == ["left"]
    assert project.state.settled[item].key == "l"


def test_quality_is_told_in_figures_and_in_words(project):
    crowded(project, {"ann": 0.95, "bob": 0.8, "eve": 0.0})
    said = person(project, "rev").get("/api/v1/quality").json()
    assert {**said, "cards": None, "suspects": None} == {**project.quality(), "cards": None, "suspects": None}
    assert [card["title"] for card in said["cards"]["people"]] == ["Who answers how", "By label"]
    assert "All together" in [card["title"] for card in said["cards"]["agreement"]]
    assert said["suspects"]
    assert all("content" in one for one in said["suspects"][:50])


def test_what_counts_is_the_same_whenever_and_wherever_it_is_asked(tmp_path):
    """Asked for after each model and asked for once at the end, by another process of the same folder, say."""
    X = np.random.default_rng(0).normal(size=(120, 2)) + np.arange(120)[:, None] % 3
    with Project(X, TASK, path=tmp_path / "p", model="logistic", audit=0.1, redundancy=3) as project:
        crowded(project, {"ann": 0.9, "bob": 0.6, "eve": 0.4}, range(60))
        project.learn()
        project.labels()
        crowded(project, {"ann": 0.9, "bob": 0.6, "eve": 0.4}, range(60, 70), seed=1)
        found = project.labels()
    with Project.open(tmp_path / "p", writing=False) as again:
        assert again.labels() == found
