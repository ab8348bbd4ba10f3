"""Leases, gold and assignments by address, for who manages; what those who answer see of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.tasks import classes

SECRET = "a-secret-that-is-long-enough-for-a-test"
OWN = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "eve"}


@pytest.fixture
def project() -> Iterator[Project]:
    with Project(
        [f"text {i}" for i in range(80)], classes(["ham", "spam"]), strategy="random", gold=0.5
    ) as it:
        yield it


@pytest.fixture
def owner(project: Project) -> TestClient:
    return TestClient(create_app(project, Sessions(SECRET)), "http://127.0.0.1:8000", headers=OWN)


def post(client: TestClient, path: str, body: object, by: str = "eve") -> tuple[int, dict]:
    answer = client.post(f"/api/v1/{path}", json=body, headers={"X-Annotator": by})
    return answer.status_code, answer.json()


def test_leases_are_seen_and_broken(owner, project):
    mine = [q["item"] for q in post(owner, "questions", {"n": 3}, "ann")[1]["questions"]]
    held = owner.get("/api/v1/leases").json()
    assert [(lease["item"], lease["by"]) for lease in held] == [(item, "ann") for item in mine]
    assert all(100 < lease["seconds"] <= 120 for lease in held)
    assert post(owner, "leases/break", {"items": mine[:1]}) == (200, {})
    assert post(owner, "leases/break", {"by": "ann"}) == (200, {})
    assert owner.get("/api/v1/leases").json() == []
    assert post(owner, "leases/break", {})[0] in (400, 422)


def test_gold_is_made_and_nobody_who_answers_can_tell(owner, project):
    known = [{"item": item, "label": "spam"} for item in project.pool.ids[:30]]
    assert post(owner, "gold", {"items": known}) == (200, {"items": 30})
    code, said = post(owner, "gold", {"items": [{"item": project.pool.ids[0], "label": "up"}]})
    assert code in (400, 422)
    assert project.pool.ids[0] in json.dumps(said)
    gold = set(project.pool.ids[:30])
    shapes: dict[bool, set[str]] = {True: set(), False: set()}
    labelled = 0
    for turn in range(20):
        questions = post(owner, "questions", {"n": 2}, "ann")[1]["questions"]
        for question in questions:
            shape = {**question, "item": "", "row": 0, "batch": "", "content": "", "until": ""}
            shapes[question["item"] in gold].add(json.dumps(shape, sort_keys=True))
            answer = [{"key": f"{turn}{question['item']}", "item": question["item"], "label": "spam"}]
            status = post(owner, "answers", answer, "ann")[1]["status"]
            assert status["labelled"] == labelled + 1, "every answer counts alike"
            labelled += 1
            told = json.dumps({**status, "strategy": ""})
            assert "gold" not in told
    assert shapes[True] == shapes[False]
    seen = owner.get("/api/v1/gold").json()
    assert seen["items"] == 30
    assert seen["annotators"]["annotator"] == ["ann"]
    assert 5 < seen["annotators"]["gold"][0] == seen["annotators"]["right"][0]


def test_items_are_assigned_and_dealt_out(owner, project):
    ids = list(project.pool.ids)
    assert post(owner, "assignments", {"items": ids[:10], "to": ["ann"]}) == (200, {"assigned": 10})
    assert not set(ids[:10]) & {q["item"] for q in post(owner, "questions", {"n": 80}, "bob")[1]["questions"]}
    assert post(owner, "assignments", {"items": ["nobody"], "to": ["ann"]})[0] in (400, 404, 422)
    post(owner, "leases/break", {"by": "bob"})
    assert post(owner, "assignments", {"to": ["ann", "bob"]}) == (200, {"assigned": 80})
    assert len(post(owner, "questions", {"n": 80}, "ann")[1]["questions"]) == 40
