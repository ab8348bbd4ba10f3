"""What the page asks for and gets, over a real project."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from asklearn.journal.sqlite import Connection, SqliteJournal
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.tasks.classes import classes

SECRET = "a-secret-that-is-long-enough-for-a-test"
TEXTS = [f"{'cheap pills' if i % 2 else 'see you at noon'} {i}" for i in range(60)]


class Person(TestClient):
    """Somebody who asks with the owner's token."""

    def __init__(self, project: Project, name: str, **options: Any) -> None:
        app = create_app(project, Sessions(SECRET), **options)
        super().__init__(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
        self.headers.update({"Authorization": f"Bearer {SECRET}", "X-Annotator": name})

    def ask(self, n: int, have: list[str] | None = None) -> list[dict]:
        answer = self.post("/api/v1/questions", json={"n": n, "have": have or []})
        assert answer.status_code == 200, answer.text
        return answer.json()["questions"]

    def tell(self, *answers: dict) -> Any:
        return self.post("/api/v1/answers", json=list(answers))

    def error(self, *answers: dict) -> tuple[int, dict]:
        answer = self.tell(*answers)
        return answer.status_code, answer.json()["error"]


@pytest.fixture
def project() -> Iterator[Project]:
    with Project(TEXTS, classes(["ham", "spam"]), audit=0.2, overlap=0) as project:
        yield project


@pytest.fixture
def ann(project: Project) -> Person:
    return Person(project, "ann")


@pytest.fixture
def bob(project: Project) -> Person:
    return Person(project, "bob")


# -- questions -------------------------------------------------------------------------------------


def test_a_question_says_what_why_and_until_when(ann, project):
    [question] = ann.ask(1)
    assert question.keys() == {"item", "row", "batch", "content", "reason", "model", "proposal", "until"}
    assert question["item"] == project.pool.ids[question["row"]]
    assert question["content"] == {"kind": "text", "text": TEXTS[question["row"]]}
    assert question["reason"].keys() == {"strategy", "score", "words"}
    assert question["reason"]["words"]
    assert (question["model"], question["proposal"]) == (None, None)


def test_no_item_is_handed_out_twice(ann, bob):
    mine, yours = ann.ask(30), bob.ask(40)
    items = [question["item"] for question in mine + yours]
    assert len(items) == len(set(items)) == 60
    assert ann.ask(5, have=[question["item"] for question in mine]) == []


def test_a_reload_brings_back_what_was_held_and_nothing_that_is_on_its_way(ann):
    first = [question["item"] for question in ann.ask(5)]
    assert [question["item"] for question in ann.ask(5)] == first
    assert [question["item"] for question in ann.ask(2)] == first[:2]
    again = [question["item"] for question in ann.ask(5, have=first[:3])]
    assert again[:2] == first[3:]
    assert len(again) == 5
    assert not set(again[2:]) & set(first)


def test_a_lease_runs_out_is_renewed_or_given_back(project, bob):
    ann = Person(project, "ann", lease=1.5)
    kept, lost, given = (question["item"] for question in ann.ask(3))
    assert ann.post("/api/v1/leases", json={"release": [given]}).json() == {}
    assert project.status()["held"] == 2
    Person(project, "ann", lease=60).post("/api/v1/leases", json={"renew": [kept, "unknown"]})
    import time

    time.sleep(1.55)
    free = {question["item"] for question in bob.ask(60)}
    assert {lost, given} <= free
    assert kept not in free


def test_an_audit_item_looks_like_any_other_random_one(project, ann):
    taught(project)
    seen = ann.ask(46)
    audited = set(project._record.state.audited)
    audits = [question for question in seen if question["item"] in audited]
    assert audits
    for question in audits:
        assert question["proposal"] is None
        assert question["reason"]["strategy"] == "random"
        assert question["reason"]["score"] is None
        assert question["reason"]["words"].startswith("drawn at random")
    for question in seen:
        assert question.keys() == audits[0].keys()
        assert "audit" not in json.dumps(question)


def taught(project: Project) -> None:
    for row in range(14):
        item = project.pool.ids[row]
        project.tell(Answer(item=item, label="spam" if row % 2 else "ham", by="teacher"))
    project.learn()


def test_a_model_proposes(project, ann):
    taught(project)
    proposed = [question for question in ann.ask(20) if question["proposal"]]
    assert proposed
    for question in proposed:
        proposal = question["proposal"]
        assert proposal.keys() == {"label", "probability", "probabilities"}
        assert proposal["probabilities"][proposal["label"]] == proposal["probability"]
        assert sum(proposal["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert question["model"] == project.status()["model"]["version"]


# -- answers ---------------------------------------------------------------------------------------


def test_an_answer_is_saved_and_counted_once(ann, project):
    [question] = ann.ask(1)
    answer = {"key": "k1", "item": question["item"], "label": "ham", "seconds": 1.5, "seen": "7"}
    for _ in range(3):
        said = ann.tell(answer)
        assert said.status_code == 200
        assert said.json()["saved"] == ["k1"]
        assert said.json()["status"]["labelled"] == 1
    assert project.labels() == {
        "item": [question["item"]],
        "label": ["ham"],
        "confidence": [1.0],
        "answers": [1],
    }
    assert project.status()["seconds"] == 1.5


def test_a_key_says_one_thing_only(ann, project):
    a, b = project.pool.ids[:2]
    ann.tell({"key": "k", "item": a, "label": "ham"})
    for other in ({"item": a, "label": "spam"}, {"item": b, "label": "ham"}, {"item": a, "kind": "skip"}):
        status, error = ann.error({"key": "k"} | other)
        assert (status, error["key"]) == (409, "k")
        assert "'k'" in error["message"]
    assert project.labels()["label"] == ["ham"]


def test_a_label_nobody_allowed_is_named_and_nothing_is_saved(ann, project):
    a, b = project.pool.ids[:2]
    status, error = ann.error(
        {"key": "k1", "item": a, "label": "ham"}, {"key": "k2", "item": b, "label": "spma"}
    )
    assert (status, error["item"], error["key"]) == (422, b, "k2")
    assert repr(b) in error["message"]
    assert "'spma'" in error["message"]
    assert "did you mean 'spam'" in error["message"]
    assert project.labels()["item"] == []
    status, error = ann.error({"key": "k1", "item": a, "label": 3})
    assert (status, error["item"]) == (422, a)
    assert "3" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"item": "nobody", "label": "ham"}, "nobody"),
        ({"item": "", "label": "ham"}, ""),
        ({"kind": "skip", "label": "ham"}, "label and skip"),
        ({"kind": "undo", "of": "never"}, "never"),
        ({}, "nothing"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_with_a_sentence(ann, project, wrong, named):
    status, error = ann.error({"key": "k", "item": project.pool.ids[0]} | wrong)
    assert status == 422
    assert named in error["message"]
    assert error["key"] == "k"


def test_skip_unsure_flag_note_and_undo(ann, project):
    items = project.pool.ids[:5]
    said = ann.tell(
        {"key": "k0", "item": items[0], "label": "ham", "note": "sure"},
        {"key": "k1", "item": items[1], "kind": "skip"},
        {"key": "k2", "item": items[2], "kind": "unsure"},
        {"key": "k3", "item": items[3], "kind": "flag", "note": "broken"},
        {"key": "k4", "item": items[4], "kind": "note", "note": "odd"},
    ).json()
    assert said["saved"] == ["k0", "k1", "k2", "k3", "k4"]
    status = said["status"]
    assert (status["labelled"], status["skipped"], status["flagged"]) == (1, 1, 1)
    history = ann.get("/api/v1/history").json()
    assert [entry["kind"] for entry in history] == ["flag", "unsure", "skip", "label"]
    assert history[-1].pop("at") > 0
    content = {"kind": "text", "text": TEXTS[0]}
    said = {"key": "k0", "item": items[0], "kind": "label", "label": "ham", "note": "sure"}
    assert history[-1] == said | {"content": content}
    assert len(ann.get("/api/v1/history?n=2").json()) == 2
    assert ann.tell({"key": "u0", "kind": "undo", "of": "k0"}).json()["status"]["labelled"] == 0
    assert ann.tell({"key": "u0", "kind": "undo", "of": "k0"}).status_code == 200


def test_nobody_takes_back_what_another_said(ann, bob, project):
    ann.tell({"key": "k", "item": project.pool.ids[0], "label": "ham"})
    status, _ = bob.error({"key": "u", "kind": "undo", "of": "k"})
    assert status == 422
    assert bob.get("/api/v1/history").json() == []


def test_numbers_may_be_written_out():
    with Project(TEXTS, classes([0, 1, 2])) as project:
        ann = Person(project, "ann")
        a, b = project.pool.ids[:2]
        assert (
            ann.tell({"key": "a", "item": a, "label": "1"}, {"key": "b", "item": b, "label": 2}).status_code
            == 200
        )
        assert project.labels()["label"] == [1, 2]
        status = ann.get("/api/v1/status").json()
        assert (status["labels"], status["shown_labels"]) == ([0, 1, 2], ["0", "1", "2"])


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 422, "body"),
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b"[" * 5000, 400, None),
        (b'{"key": "k"}', 422, "body"),
        (b'[{"item": "a"}]', 422, "0.key"),
        (b'[{"key": 3}]', 422, "0.key"),
        (b'[{"key": ""}]', 422, "0.key"),
        (b'[{"key": "\\ud800"}]', 422, "0.key"),
        (b'[{"key": "k", "kind": "guess"}]', 422, "0.kind"),
        (b'[{"key": "k", "by": "bob"}]', 422, "0.by"),
        (b'[{"key": "k", "seconds": -1}]', 422, "0.seconds"),
        (b'[{"key": "k", "seconds": NaN}]', 422, "0.seconds"),
        (b'[{"key": "k", "item": "a", "label": NaN}]', 422, None),
        (b'[{"key": "k", "item": "a", "label": {"a": ' + b"[" * 400 + b"]" * 400 + b"}}]", 422, None),
        (json.dumps([{"key": str(i), "item": "a"} for i in range(501)]).encode(), 422, "body"),
    ],
)
def test_a_malformed_body_is_refused_naming_the_field(ann, body, status, field):
    answer = ann.post("/api/v1/answers", content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["message"]
    if field is not None:
        assert error["field"] == field


def test_queries_are_checked_too(ann):
    for path in ("history?n=many", "history?n=101", "events?after=-1", "export?predict=perhaps"):
        answer = ann.get(f"/api/v1/{path}")
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] in path


# -- reading ---------------------------------------------------------------------------------------


def test_status_says_who_you_are_and_what_may_be_answered(ann):
    status = ann.get("/api/v1/status").json()
    assert (status["you"], status["labels"], status["rows"]) == ("ann", ["ham", "spam"], 60)
    assert ann.ask(1)
    assert ann.post("/api/v1/questions", json={"n": 0}).json()["status"]["held"] == 1


def test_labels_and_export(ann, project):
    taught(project)
    table = ann.get("/api/v1/labels").json()
    assert len(table["item"]) == len(table["label"]) == 14
    answer = ann.get("/api/v1/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="labels.jsonl"'
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["id"] for row in rows] == list(project.pool.ids)
    assert sum(row["label"] is not None for row in rows) == 14
    rows = [json.loads(line) for line in ann.get("/api/v1/export?predict=1").text.splitlines()]
    assert all(0 <= row["probability"] <= 1 and row["prediction"] in ("ham", "spam") for row in rows)


def test_an_export_of_what_is_not_there_yet_is_refused_before_it_begins(ann):
    answer = ann.get("/api/v1/export?predict=1")
    assert answer.status_code == 409
    assert answer.json()["error"]["message"]


def test_people_see_how_far_they_agree_and_not_what_others_did():
    with Project(TEXTS, classes(["ham", "spam"]), audit=0, redundancy=2) as project:
        owner, sessions = Person(project, "owner"), Sessions(SECRET)
        ann = TestClient(create_app(project, sessions), base_url="http://127.0.0.1:8000")
        ann.get(f"/enter?ticket={sessions.ticket('ann')}")
        for row in range(20):
            item, label = project.pool.ids[row], "spam" if row % 2 else "ham"
            project.tell([Answer(item=item, label=label, by="ann"), Answer(item=item, label="ham", by="bob")])
            if row == 18:  # one that everybody could watch change by a single answer
                assert owner.get("/api/v1/status").json()["people"]["agreement"]["n"] == 19
                assert ann.get("/api/v1/status").json()["people"]["agreement"] is None
        everything = owner.get("/api/v1/status").json()["people"]
        assert everything["answers"] == {"ann": 20, "bob": 20}
        assert everything["agreement"]["value"] == project.agreement().value
        seen = ann.get("/api/v1/status").json()
        assert seen["people"] == everything | {"answers": {"ann": 20}}
        assert "bob" not in json.dumps(seen)
        told = owner.tell({"key": "k", "item": project.pool.ids[30], "label": "ham"}).json()["status"]
        assert told["people"]["answers"] == {"ann": 20, "bob": 20, "owner": 1}


def test_the_record_can_be_read_on_from_anywhere(ann, project):
    ann.tell({"key": "k", "item": project.pool.ids[0], "label": "ham"})
    events = ann.get("/api/v1/events").json()
    assert [event["seq"] for event in events] == [1, 2]
    assert events[1]["event"] == "Answered"
    assert ann.get("/api/v1/events?after=1").json() == events[1:]


def test_there_is_nothing_after_an_event_number_that_no_file_can_hold(stored):
    for after in (2**63 - 1, 2**63, 10**30):
        said = Person(stored, "ann").get(f"/api/v1/events?after={after}")
        assert (said.status_code, said.json()) == (200, [])


def test_the_curve_is_a_picture(ann, project):
    answer = ann.get("/api/v1/curve.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert b"no measurement yet" in answer.content
    for item in project.pool.ids[:40]:
        project.tell(Answer(item=item, label="spam" if project.pool.ids.index(item) % 2 else "ham"))
    ann.ask(40)
    for item in project._record.state.audited:
        project.tell(Answer(item=item, label="ham", by="ann"))
    project.learn()
    assert b"labels the accuracy is" in ann.get("/api/v1/curve.svg").content


# -- pictures --------------------------------------------------------------------------------------


@pytest.fixture
def pictures() -> Iterator[Project]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 8, 8), dtype=np.uint8)
    ids = ["plain", "a/b", "../../etc/passwd", "50% off?", "zoë#1", 'quo"te']
    with Project(pool_of(images, ids), classes(["cat", "dog"])) as project:
        yield project


def pool_of(images: np.ndarray, ids: list[str]) -> Any:
    from asklearn.pool.arrays import ArrayPool

    return ArrayPool(images, ids=ids, kind="image")


def test_a_picture_comes_whatever_its_name_is(pictures):
    from PIL import Image

    ann = Person(pictures, "ann")
    questions = ann.ask(6)
    assert {question["item"] for question in questions} == set(pictures.pool.ids)
    for question in questions:
        assert question["content"] == {"kind": "image"}
        answer = ann.get(question["image"])
        assert answer.status_code == 200, question
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        image = Image.open(io.BytesIO(answer.content))
        assert np.array_equal(np.asarray(image), pictures.pool.rows([question["item"]])[0])


@pytest.mark.parametrize(
    "item", ["nobody", "plain%2F..%2Fplain", "%2e%2e", "%00", "%252e", "a%5cb", "plain%0a"]
)
def test_no_other_path_leads_to_a_picture(pictures, item):
    assert Person(pictures, "ann").get(f"/api/v1/items/{item}/image").status_code == 404


def test_a_text_is_no_picture(ann, project):
    assert ann.get(f"/api/v1/items/{project.pool.ids[0]}/image").status_code == 404


# -- when the disk gives up ------------------------------------------------------------------------


class SmallDisk(Connection):
    """A disk with room for so many pages; SQLite itself says SQLITE_FULL."""

    pages = 1_000_000

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        super().execute(f"pragma max_page_count={SmallDisk.pages}")
        return super().execute(*arguments)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Project]:
    journal = SqliteJournal(tmp_path / "journal.sqlite", connect=SmallDisk)
    with Project(TEXTS, classes(["ham", "spam"]), journal=journal) as project:
        yield project


def test_a_full_disk_is_said_so_and_nothing_saved_is_touched(stored, monkeypatch):
    ann = Person(stored, "ann")
    items = stored.pool.ids
    assert ann.tell({"key": "k0", "item": items[0], "label": "ham"}).status_code == 200
    monkeypatch.setattr(SmallDisk, "pages", 2)
    long = [{"key": f"k{i}", "item": items[i], "label": "spam", "note": "x" * 5000} for i in range(1, 9)]
    status, error = ann.error(*long)
    assert status == 507
    assert "disk" in error["message"]
    assert ann.get("/healthz").status_code == 200
    assert ann.get("/api/v1/labels").json()["item"] == [items[0]]
    monkeypatch.setattr(SmallDisk, "pages", 1_000_000)
    assert ann.tell(*long).json()["saved"] == [f"k{i}" for i in range(1, 9)]
    assert len(stored.labels()["item"]) == 9


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("asklearn.journal.sqlite.PATIENCE", 0.2)


def test_nobody_s_time_breaks_the_sums(ann, project):
    """Two answers of 1e308 seconds would add up to what JSON cannot hold, and no status would come any more."""
    for n in range(2):
        wrong = {"key": f"k{n}", "item": project.pool.ids[n], "label": "ham", "seconds": 1e308}
        code, error = ann.error(wrong)
        assert (code, error["key"]) == (422, f"k{n}")
        assert "seconds" in error["message"]
        act = {"key": f"s{n}", "items": list(project.pool.ids[:3]), "label": "ham", "seconds": 1e308}
        assert ann.post("/api/v1/sweep", json=act).status_code == 422
    assert ann.get("/api/v1/status").json()["seconds"] == 0


def test_a_busy_journal_asks_for_patience(impatient, stored, tmp_path):
    ann = Person(stored, "ann")
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    other.execute("begin immediate")
    try:
        answer = {"key": "k", "item": stored.pool.ids[0], "label": "ham"}
        said = ann.tell(answer)
        assert (said.status_code, said.headers.get("Retry-After")) == (503, "1")
    finally:
        other.execute("rollback")
        other.close()
    assert ann.tell(answer).status_code == 200


def test_no_number_tells_an_annotator_which_question_is_an_audit_item():
    X = np.linspace(0, 1, 60)[:, None]
    with Project(X, classes(["ham", "spam"]), audit=0.5, overlap=0) as project:
        sessions = Sessions(SECRET)
        ann = TestClient(create_app(project, sessions), base_url="http://127.0.0.1:8000")
        ann.get(f"/enter?ticket={sessions.ticket('ann')}")
        owner = Person(project, "owner")
        for row in range(30):
            item = project.pool.ids[row]
            project.tell(Answer(item=item, label="spam" if row > 15 else "ham", by="bob"))
        project.learn()
        project.ask(20, by="bob")
        before = {path: ann.get(f"/api/v1/{path}").json() for path in ("status", "overview")}
        assert before["status"]["audited"] is None
        assert before["status"]["model"]["age_labels"] is None
        assert before["status"]["canary"]["signs"] == []
        audits = [q for q in project.ask(20, by="eve") if q.audit]
        assert audits
        project.tell([Answer(item=q.item, label="ham", by="eve") for q in audits])
        seen = owner.get("/api/v1/status").json()
        assert seen["audited"] > 0
        assert seen["estimate"] is not None
        after = ann.get("/api/v1/status").json()
        assert after["estimate"] == before["status"]["estimate"]
        cards = {card["title"]: card for card in ann.get("/api/v1/overview").json()["cards"]}
        assert cards["Quality"]["facts"][0] == before["overview"]["cards"][0]["facts"][0]
        assert "audit items drawn" not in str(cards)
