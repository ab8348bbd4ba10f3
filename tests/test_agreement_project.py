"""How far people agree, and what their answers weigh, as a project tells it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import until
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from asklearn import Answer, Project, agreement, classes, consensus, models
from asklearn.cli.overview import sentences
from asklearn.errors import NotReady
from asklearn.events import Answered, Retracted
from asklearn.learning import training_set
from asklearn.people.accord import Accord, accord
from asklearn.people.quality import quality
from asklearn.state import fold

TASK = classes(["left", "middle", "right"])
AB = classes(["a", "b"])


@pytest.fixture
def project():
    with Project(np.arange(60.0)[:, None], TASK, audit=0, redundancy=3) as project:
        yield project


def say(project, row, **labels):
    item = project.pool.ids[row]
    project.tell([Answer(item=item, label=label, by=by) for by, label in labels.items()])


def crowd(project, rows, seed=0):
    rng = np.random.default_rng(seed)
    for row in rows:
        truth = TASK.labels[row % 3]
        say(project, row, **{by: truth if rng.random() < 0.8 else rng.choice(TASK.labels) for by in "abc"})


# -- the state -----------------------------------------------------------------------------------------------------

WHO, ITEMS = st.sampled_from("abc"), st.sampled_from("xy")
TURN = st.one_of(
    st.tuples(WHO, ITEMS, st.sampled_from([1, "1", True, "no"])),
    st.tuples(WHO, ITEMS, st.sampled_from(["skip", "note", "flag"])),
    st.integers(0, 10),
)


@given(st.lists(TURN, max_size=20))
def test_what_people_said_together_is_what_the_answers_hold(turns):
    """Corrections, undos, skips and notes in any order: the running counts are those of a count from nothing."""
    events = []
    for k, turn in enumerate(turns):
        if isinstance(turn, int):
            events.append(Retracted(key=f"k{k}", of=f"k{turn}", by="a"))
        else:
            by, item, said = turn
            kind = said if said in ("skip", "note", "flag") else "label"
            label = said if kind == "label" else None
            events.append(Answered(key=f"k{k}", item=item, by=by, kind=kind, label=label))
    state = fold(enumerate(events, 1))
    together = Counter()
    for said in state.labelled().values():
        if len(said) >= 2:
            together[tuple(sorted(str(label) for label in said.values()))] += 1
    assert state.together == together
    assert state.people == Counter(by for said in state.answers.values() for by in said)
    assert all(state.people.values())


# -- the figure ----------------------------------------------------------------------------------------------------


def test_the_answers_are_a_table_in_the_order_given_without_what_was_taken_back(project):
    a, b, c = project.pool.ids[:3]
    project.tell(
        [
            Answer(item=b, label="left", by="bob"),
            Answer(item=a, label="left", by="ann", key="1"),
            Answer(item=a, label="right", by="ann", key="2"),
            Answer(item=a, label="right", by="bob"),
            Answer(item=c, label="left", by="ann", key="3"),
            Answer(item=b, skip=True, by="ann"),
            Answer(item=b, note="hm", by="bob"),
        ]
    )
    project.tell(Answer(undo="3", by="ann"))
    assert project.answers() == {
        "item": [b, a, a],
        "annotator": ["bob", "ann", "bob"],
        "label": ["left", "right", "right"],
    }
    project.tell(Answer(undo="2", by="ann"))
    assert project.answers()["label"] == ["left", "left", "right"]


def test_the_answers_are_what_the_crowd_functions_take(project):
    crowd(project, range(30))
    answers = project.answers()
    assert consensus(answers, "majority")["item"] == list(project.pool.ids[:30])
    assert quality(answers)["answers"] == [30, 30, 30]


@pytest.mark.parametrize("rows", [12, 60])
def test_status_says_what_agreement_says(project, rows):
    crowd(project, range(rows))
    found = project.agreement()
    assert found == agreement(project.answers(), labels=TASK.labels)
    assert project.status()["people"] == {
        "annotators": 3,
        "answers": {"a": rows, "b": rows, "c": rows},
        "agreement": {
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "n": rows,
            "metric": "krippendorff",
            "method": "bootstrap",
        },
    }
    assert project.agreement("raw").metric == "raw"
    assert str(found).endswith(f"from {rows} items that several people labelled)")
    assert project.agreement("krippendorff:ordinal").n == rows, "the task's labels give the order"


def test_there_is_no_agreement_without_shared_items_or_with_one_label_only(project):
    def known():
        return project.status()["people"]["agreement"]

    assert project.status()["people"] == {"annotators": 0, "answers": {}, "agreement": None}
    say(project, 0, ann="left")
    say(project, 1, bob="right")
    assert known() is None
    with pytest.raises(NotReady, match="two answers"):
        project.agreement()
    say(project, 0, bob="left")
    assert known() is None
    with pytest.raises(NotReady, match="every answer is 'left'"):
        project.agreement()
    say(project, 1, ann="right")
    assert known()["value"] == project.agreement().value == 1


def test_the_figure_follows_corrections_and_undos(project):
    crowd(project, range(20))
    before = project.status()["people"]["agreement"]
    other = {"left": "right", "right": "left", "middle": "left"}
    said = project.state.labels_of(project.pool.ids[0])["a"]
    project.tell(Answer(item=project.pool.ids[0], label=other[said], by="a", key="again"))
    assert project.status()["people"]["agreement"] != before
    assert project.status()["people"]["agreement"]["value"] == project.agreement().value
    project.tell(Answer(undo="again", by="a"))
    assert project.status()["people"]["agreement"] == before


def test_the_figure_does_not_hang_on_the_order_of_answers():
    kinds = {("a", "a"): 30, ("a", "b"): 7, ("b", "b"): 12, ("a", "b", "b"): 2}
    one = accord(kinds, AB.parse, AB.together, np.random.default_rng(0))
    assert one == accord(dict(reversed(kinds.items())), AB.parse, AB.together, np.random.default_rng(0))


def test_who_may_not_wait_gets_the_last_figure_and_a_newer_one_soon():
    def state(shared):
        said = [("left", "left"), ("right", "right"), ("left", "right")]
        rows = [
            (f"i{k}", by, label) for k in range(shared) for by, label in zip("ab", said[k % 3], strict=True)
        ]
        return fold(
            (seq, Answered(key=str(seq), item=item, by=by, label=label))
            for seq, (item, by, label) in enumerate(rows, 1)
        )

    accord = Accord(TASK.parse, TASK.together, 0)
    assert accord.now(state(30), wait=True).n == 30
    assert accord.now(state(39), wait=False).n == 30, "new by fewer than ten"
    accord.now(state(40), wait=False)
    until(lambda: accord.now(state(40), wait=False).n == 40)
    assert accord.now(state(41), wait=True).n == 41


def test_learning_in_the_background_keeps_the_figure_at_hand(tmp_path):
    path = tmp_path / "p"
    with Project(np.arange(60.0)[:, None], TASK, path=path, audit=0, redundancy=3) as project:
        crowd(project, range(15))
    with Project.open(path) as project:
        project.keep_learning()
        assert project.status()["people"]["agreement"]["n"] == 15, "what was there is known at once"
        crowd(project, range(15, 45))
        until(lambda: project.status()["people"]["agreement"]["n"] >= 35)


# -- as it is read -------------------------------------------------------------------------------------------------


def lines(project):
    return [line.strip() for line in sentences(project.status())]


def test_the_command_line_names_people_and_says_how_far_they_agree(project):
    say(project, 0, ann="left")
    assert not any("people:" in line or "agreement" in line for line in lines(project))
    say(project, 1, bob="left")
    say(project, 2, bob="left")
    assert "answers of 2 people: bob 2, ann 1" in lines(project)
    assert any(line.startswith("agreement: not known yet") for line in lines(project))
    for k in range(12):
        say(project, 3 + k, **{f"p{k:02}": "right", "ann": "right" if k else "middle"})
    assert (
        "answers of 14 people: ann 13, bob 2, p00 1, p01 1, p02 1, p03 1, p04 1, p05 1, p06 1, p07 1, 4 more"
        in lines(project)
    )
    found = project.agreement()
    assert (
        f"agreement (Krippendorff's alpha): {found.value:.3f} (95 %: {found.low:.3f} to {found.high:.3f}), "
        "from 12 items that several people labelled"
    ) in lines(project)


# -- what answers weigh --------------------------------------------------------------------------------------------


def test_the_consensus_weighs_as_much_as_it_is_sure(project):
    say(project, 0, a="left", b="left", c="right")
    say(project, 1, a="right")
    say(project, 2, a="middle", b="middle")
    found = training_set(project.state, TASK)
    assert (found.labels, found.weights) == (("left", "right", "middle"), (2 / 3, 1.0, 1.0))


def test_who_always_agrees_has_no_weights(project):
    say(project, 0, a="left", b="left")
    say(project, 1, a="right")
    assert training_set(project.state, TASK).weights == ()
    assert training_set(fold([]), TASK).weights == ()


@pytest.mark.parametrize("model", [LogisticRegression(), make_pipeline(StandardScaler(), GaussianNB())])
def test_a_project_learns_by_weights(model):
    X = np.random.default_rng(0).normal(size=(60, 2))
    with Project(X, TASK, model, audit=0, redundancy=3, consensus="majority") as project:
        crowd(project, range(60))
        training = training_set(project.state, TASK)
        assert set(training.weights) > {1.0}
        plain = models.fit(clone(model), X, training.labels)
        weighed = models.fit(clone(model), X, training.labels, training.weights)
        learned = project.learn().predict_proba(X)
    assert np.array_equal(learned, weighed.predict_proba(X))
    assert np.abs(learned - plain.predict_proba(X)).max() > 0.01


def test_an_estimator_that_knows_no_weights_learns_without():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with Project(X, TASK, KNeighborsClassifier(), audit=0, redundancy=3) as project:
        crowd(project, range(60))
        labels = training_set(project.state, TASK).labels
        assert np.array_equal(
            project.learn().predict_proba(X), KNeighborsClassifier().fit(X, labels).predict_proba(X)
        )


def test_choosing_is_held_against_drawing_with_weights_too():
    """The duel of a project whose people disagree: it judges each audit item once, as ever."""
    X = np.random.default_rng(0).normal(size=(200, 2))
    with Project(
        X, TASK, LogisticRegression(), "mix(margin, share=0.5)", audit=0.2, redundancy=2, batch=20
    ) as project:
        rng = np.random.default_rng(1)
        for _ in range(8):
            for by in "ab":
                for question in project.ask(20, by):
                    truth = TASK.labels[int(X[question.row, 0] > 0)]
                    label = truth if rng.random() < 0.8 else rng.choice(TASK.labels)
                    project.tell(Answer(item=question.item, label=label, by=by))
            project.learn()
        assert project.status()["choice"]["judged"] > 0
        assert min(training_set(project.state, TASK).weights) == 0.5
