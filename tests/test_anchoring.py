"""Whether people follow the model: some proposals are hidden by lot, and nobody is told why."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from starlette.testclient import TestClient

from asklearn.events import Answered, Asked, decode, encode
from asklearn.people.anchoring import anchoring, hidden, newcombe
from asklearn.people.answers import DRAWN, HIDDEN, Answer
from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.server.guard import names
from asklearn.state import Agreed
from asklearn.tasks.classes import classes

# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
EXAMPLES = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((10, 10, 0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("cases", "wanted"), EXAMPLES)
def test_the_interval_is_newcombes(cases, wanted):
    assert newcombe(*cases) == pytest.approx(wanted, abs=5e-5)


def test_the_interval_holds_the_truth():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        p, q = rng.random(2)
        low, high = newcombe(int(rng.binomial(60, p)), 60, int(rng.binomial(25, q)), 25)
        held += low <= p - q <= high
    assert held / 2000 > 0.93


def test_the_lot_is_the_same_for_everybody_and_of_the_share_wanted():
    items = [f"item {i}" for i in range(5000)]
    first = [hidden(7, item, 0.1) for item in items]
    assert first == [hidden(7, item, 0.1) for item in items]
    assert 0.08 < np.mean(first) < 0.12
    assert first != [hidden(8, item, 0.1) for item in items]
    assert not any(hidden(7, item, 0.0) for item in items)


def test_nothing_is_said_of_few():
    assert anchoring(Agreed(shown=99, shown_right=90, hidden=9, hidden_right=1)) is None


@pytest.fixture
def project():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    with Project(X, classes(["neg", "pos"]), LogisticRegression(), "margin", audit=0.1, hide=0.3) as found:
        for i in range(20):
            found.tell(Answer(item=found.pool.ids[i], label="pos" if X[i, 0] > 0 else "neg"))
        found.learn()
        yield found


def test_people_who_follow_whatever_is_shown_are_found_out(project):
    """They agree with every proposal that they see, and with half of those that they do not."""
    coin = np.random.default_rng(1)
    for _ in range(60):
        for question in project.ask(5):
            seen = None if question.blind else question.model
            shown = question.proposal.label
            said = shown if seen else str(coin.choice(["neg", "pos"]))
            project.tell(Answer(item=question.item, label=said, seen=seen))
    found = project.status()["anchoring"]
    assert found["n_shown"] > 100
    assert found["n_hidden"] > 30
    assert found["shown"] == 1.0
    assert 0.3 < found["hidden"] < 0.7
    assert found["low"] > 0.2
    asked = [event for _, event in project.events() if isinstance(event, Asked)]
    audited = {i for event in asked for i, arm in zip(event.items, event.arms, strict=True) if arm == "audit"}
    assert audited
    for _, event in project.events():
        if isinstance(event, Answered) and event.item in audited:
            assert not event.hidden
            assert event.seen is None


def test_an_undo_takes_its_agreement_back(project):
    question = next(q for q in project.ask(20) if not q.blind)
    answer = Answer(item=question.item, label="pos", seen=question.model)
    project.tell(answer)
    assert project.state.agreed.shown == 1
    project.tell(Answer(undo=answer.key))
    assert project.state.agreed == Agreed()


def test_answers_to_what_nobody_asked_say_nothing(project):
    free = project.pool.ids[300]
    project.tell(Answer(item=free, label="pos", seen="1"))
    assert project.state.agreed == Agreed()


def test_the_words_of_a_hidden_question_do_not_tell(project):
    questions = project.ask(60)
    found = [q for q in questions if q.hidden]
    assert found
    assert all(q.blind and q.reason.words == HIDDEN for q in found)
    assert not any(q.hidden for q in questions if q.audit or q.reason.words == DRAWN)
    for word in ("neg", "pos", "margin", "0."):
        assert word not in HIDDEN


def test_nothing_of_the_lot_reaches_the_page(project):
    sessions = Sessions("s" * 43)
    home = "http://127.0.0.1:8000"
    app = create_app(project, sessions, names(8000))
    client = TestClient(app, home, headers={"Origin": home})
    client.get("/enter", params={"ticket": sessions.ticket("ann")})
    found = client.post("/api/v1/questions", json={"n": 60}).json()["questions"]
    held = {q.item: q for q in project.holding("ann")}
    by_lot = [q for q in found if held[q["item"]].hidden]
    others = [q for q in found if not held[q["item"]].blind]
    assert by_lot
    assert others
    assert {json.dumps(sorted(q)) for q in by_lot} == {
        json.dumps(sorted(q)) for q in others
    }  # no telling field
    assert all(q["proposal"] is None and q["reason"]["score"] is None for q in by_lot)
    assert "hidden" not in json.dumps(found)


def test_old_answers_read_and_new_ones_come_back():
    old = '{"event":"Answered","at":0.0,"key":"k","item":"a","by":"ann","label":"x"}'
    assert decode(old) == Answered(key="k", item="a", by="ann", label="x", at=0.0)
    several = Answered(key="k", item="a", by="ann", label=["x"], proposed=["x", "y"], hidden=True)
    assert decode(encode(several)) == several


def test_a_hidden_proposal_that_was_shown_all_the_same_says_nothing(project):
    question = next(q for q in project.ask(60) if q.hidden)
    project.tell(Answer(item=question.item, label="pos", seen=question.model))
    assert project.state.agreed == Agreed()


def test_each_follows_what_was_proposed_to_them_whatever_is_proposed_to_others_since():
    X = np.repeat([0.0, 1.0], 10)[:, None]
    with Project(X, classes(["neg", "pos"]), LogisticRegression(), audit=0, redundancy=2, hide=0) as project:
        ids = project.pool.ids

        def learn(low, high):
            project.tell(
                [Answer(item=ids[i], label=low if X[i, 0] < 0.5 else high, by="eve") for i in range(1, 20)]
            )
            project.learn()

        learn("neg", "pos")
        [asked] = project.ask(1, "ann", among=[ids[0]])
        assert asked.proposal.label == "neg"
        learn("pos", "neg")
        [again] = project.ask(1, "bob", among=[ids[0]])
        assert again.proposal.label == "pos"
        project.tell([Answer(item=ids[0], label="neg", by=by, seen="1") for by in ("ann", "bob")])
        said = [
            event for _, event in project.events() if isinstance(event, Answered) and event.item == ids[0]
        ]
        assert [(one.by, one.proposed) for one in said] == [("ann", "neg"), ("bob", "pos")]
