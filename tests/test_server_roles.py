"""Every address for every role: a new route needs one line in ROUTES, and fails here until it has one."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from asklearn import pool
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.server.accounts import GIVEN
from asklearn.server.guard import names
from asklearn.server.rights import ROLES
from asklearn.tasks.classes import classes

SECRET = "a-secret-that-is-long-enough-for-a-test"
HOME = "http://127.0.0.1:8000"
OPEN = "open"  # to everybody
SESSION = "session"  # to everybody who came in, whatever they are


@dataclass(frozen=True)
class Route:
    """The right that an address wants, and a request to it that is well-formed; `path` where the pattern is none."""

    right: str
    body: Any = None
    path: str = ""


ROUTES = {
    # the ways in
    "GET /healthz": Route(OPEN),
    "GET /enter": Route(OPEN),
    "GET /join": Route(OPEN),
    "POST /api/v1/join": Route(OPEN, {"code": "guess"}),
    # the page
    "GET /": Route(SESSION),
    "GET /page/{name:path}": Route(SESSION, path="/page/main.js"),
    "GET /api/v1/openapi.json": Route(SESSION),
    # labelling
    "POST /api/v1/questions": Route("answer", {"n": 1}),
    "POST /api/v1/answers": Route("answer", []),
    "POST /api/v1/leases": Route("answer", {}),
    "GET /api/v1/history": Route("answer"),
    "GET /api/v1/examples": Route("answer", path="/api/v1/examples?label=spam"),
    "GET /api/v1/items/{item:path}/image": Route("answer", path="/api/v1/items/0/image"),
    "GET /api/v1/status": Route("read"),
    "GET /api/v1/curve.svg": Route("read"),
    "GET /api/v1/overview": Route("read"),
    "GET /api/v1/overview/pace.svg": Route("read"),
    "GET /api/v1/labels": Route("labels"),
    "GET /api/v1/export": Route("labels"),
    "GET /api/v1/events": Route("manage"),
    "POST /api/v1/tickets": Route("own", {"annotator": "zoe"}),
    # many at once
    "GET /api/v1/map": Route("answer"),
    "POST /api/v1/map/inside": Route("answer", {"n": 1}),
    "POST /api/v1/map/items": Route("answer", {"items": ["0"]}),
    "POST /api/v1/sweep": Route("answer", {"key": "sweep", "items": ["0"], "label": "spam"}),
    # review
    "GET /api/v1/review": Route("review"),
    "POST /api/v1/review/look": Route("review", {"key": "look", "item": "0", "label": "spam"}),
    "POST /api/v1/review/settle": Route("review", {"key": "settle", "item": "0", "label": "spam"}),
    "GET /api/v1/quality": Route("review"),
    # who is asked what
    "GET /api/v1/leases": Route("manage"),
    "POST /api/v1/leases/break": Route("manage", {"by": "nobody"}),
    "GET /api/v1/gold": Route("manage"),
    "POST /api/v1/gold": Route("manage", {"items": []}),
    "POST /api/v1/assignments": Route("manage", {"items": [], "to": []}),
    # people
    "GET /api/v1/people": Route("manage"),
    "POST /api/v1/people/invite": Route("manage", {"name": "guest"}),
    "POST /api/v1/people/withdraw": Route("manage", {"name": "nobody"}),
    "POST /api/v1/people/role": Route("manage", {"name": "nobody", "role": "viewer"}),
    "POST /api/v1/people/remove": Route("manage", {"name": "nobody"}),
    "POST /api/v1/tokens": Route("own", {"name": "robot", "rights": ["read"]}),
    "POST /api/v1/tokens/withdraw": Route("own", {"name": "nobody"}),
}


def a_project(**options: Any) -> Project:
    """Forty texts, "0" and so on."""
    texts = [f"{'cheap pills' if i % 2 else 'see you at noon'}, {i}" for i in range(40)]
    return Project(pool.of(texts, ids=[str(i) for i in range(40)]), classes(["ham", "spam"]), **options)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions(SECRET)


@pytest.fixture(scope="module")
def app(sessions: Sessions) -> Iterator[Any]:
    with a_project() as project:
        yield create_app(project, sessions, names(8000))


@pytest.fixture
def client(app: Any) -> TestClient:
    return TestClient(
        app, HOME, raise_server_exceptions=False, follow_redirects=False, headers={"Origin": HOME}
    )


def _flat(routes: Any) -> Iterator[Any]:
    for route in routes:
        yield route
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        yield from _flat(inner or [])


def test_every_route_is_in_the_table(app):
    found = {
        f"{method} {route.path}"
        for route in _flat(app.routes)
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }
    assert not (new := sorted(found - set(ROUTES))), f"say in ROUTES which right these want: {new}"
    assert set(ROUTES) <= found


def ask(client: TestClient, spelt: str, **headers: str) -> int:
    method, _, pattern = spelt.partition(" ")
    route = ROUTES[spelt]
    return client.request(method, route.path or pattern, json=route.body, headers=headers).status_code


def _refused(client: TestClient, rights: Set[str] = frozenset(), **headers: str) -> dict[str, int]:
    """What is refused for who asks, of all that is not open to everybody, by the table's keys.

    Pictures are not drawn once more for everybody who has the right to them: that takes a process.
    """
    said = {
        spelt: ask(client, spelt, **headers)
        for spelt, route in ROUTES.items()
        if route.right != OPEN and not (spelt.endswith(".svg") and route.right in rights)
    }
    assert not [spelt for spelt, status in said.items() if status >= 500], said
    return {spelt: status for spelt, status in said.items() if status in (401, 403)}


def _wanting(*rights: str) -> set[str]:
    return {spelt for spelt, route in ROUTES.items() if route.right in rights}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_its_rights_say(client, sessions, role):
    code = sessions.accounts.invite(f"a {role}", role, by="me", rights=ROLES["owner"])
    assert client.post("/api/v1/join", json={"code": code}).status_code == 200
    assert client.get("/api/v1/status").json()["role"] == role
    refused = _refused(client, ROLES[role])
    assert refused == dict.fromkeys(_wanting(*ROLES["owner"] - ROLES[role]), 403)


@pytest.mark.parametrize("right", GIVEN)
def test_a_token_opens_what_it_was_made_for_and_nothing_else(client, sessions, right):
    text = sessions.accounts.make_token(f"to {right}", (right,), by="me")
    refused = _refused(client, {right}, Authorization=f"Bearer {text}")
    assert refused == dict.fromkeys(_wanting(*ROLES["owner"] - {right}), 403)


def test_the_holder_of_the_folder_s_secret_may_do_everything(client):
    owner = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "somebody"}
    assert _refused(client, ROLES["owner"], **owner) == {}


def test_who_has_no_session_meets_closed_doors(client):
    assert _refused(client) == dict.fromkeys(set(ROUTES) - _wanting(OPEN), 401)


def test_what_is_open_is_open_to_all_alike(client):
    owner = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "somebody"}
    said = {spelt: (ask(client, spelt), ask(client, spelt, **owner)) for spelt in _wanting(OPEN)}
    nobody_s = dict.fromkeys(("GET /enter", "POST /api/v1/join"), (401, 401))  # without a ticket or a code
    assert said == dict.fromkeys(_wanting(OPEN), (200, 200)) | nobody_s


def test_who_was_removed_has_no_session(client, sessions):
    code = sessions.accounts.invite("left", "owner", by="me", rights=ROLES["owner"])
    assert client.post("/api/v1/join", json={"code": code}).status_code == 200
    assert client.get("/api/v1/people").status_code == 200
    sessions.accounts.remove("left", ROLES["owner"])
    assert _refused(client) == dict.fromkeys(set(ROUTES) - _wanting(OPEN), 401)


# -- what an annotator may not learn ---------------------------------------------------------------

HIDDEN = {"audit", "chance", "gold", "blind"}  # nothing that ann is sent has a field of such a name
CLOCKS = {"until", "at", "since", "seen", "now"}


def told(labels: list[str], role: str = "annotator") -> dict[str, Any]:
    """What ann is told wherever she may ask, by the table's keys, after ben gave the first items these labels."""
    sessions = Sessions(SECRET)
    with a_project(redundancy=2, audit=0.5) as project:
        for by, said in (("ben", labels), ("ann", ["ham"] * len(labels))):
            answers = zip(project.pool.ids, said, strict=False)
            project.tell(
                Answer(key=f"{by} {item}", item=item, label=label, by=by, seconds=1)
                for item, label in answers
            )
        client = TestClient(create_app(project, sessions, names(8000)), HOME, headers={"Origin": HOME})
        client.post(
            "/api/v1/join", json={"code": sessions.accounts.invite("ann", role, "me", ROLES["owner"])}
        )
        heard = {}
        for spelt, route in ROUTES.items():
            # Pictures are drawn from what the others say already, by a process each.
            if route.right in ROLES[role] - {"manage"} and not spelt.endswith(".svg"):
                method, _, pattern = spelt.partition(" ")
                answer = client.request(method, route.path or pattern, json=route.body)
                assert answer.status_code not in (401, 403), spelt
                is_json = answer.headers["Content-Type"] == "application/json"
                heard[spelt] = without(answer.json(), CLOCKS) if is_json else answer.text
        return heard


def without(value: Any, fields: set[str]) -> Any:
    """JSON without these fields."""
    if isinstance(value, dict):
        return {name: without(inner, fields) for name, inner in value.items() if name not in fields}
    return [without(inner, fields) for inner in value] if isinstance(value, list) else value


def test_an_annotator_learns_nothing_of_another_s_answers():
    """Ben answers the other way round; what ann is sent, all of it, is the same to the letter."""
    ham, spam = told(["ham", "spam"] * 4), told(["spam", "ham"] * 4)
    assert [spelt for spelt in ham if ham[spelt] != spam[spelt]] == []


def test_that_would_be_seen():
    """The same for somebody who may see what others said."""
    ham, spam = (told(labels, "reviewer") for labels in (["ham", "spam"] * 4, ["spam", "ham"] * 4))
    assert {"GET /api/v1/labels", "GET /api/v1/export"} <= {
        spelt for spelt in ham if ham[spelt] != spam[spelt]
    }


@pytest.mark.parametrize("others", [False, True])
def test_no_count_tells_an_annotator_which_questions_measure_the_model_or_them(others):
    """Whatever a question is for, all that ann may read changes in the same way when it is asked, and when answered.

    Also where somebody else answered all gold items before her, and holds what is left of the others.
    """
    sessions, changes = Sessions(SECRET), {"asked": dict[str, set[str]](), "answered": dict[str, set[str]]()}
    with a_project(audit=0.5, gold=0.3, overlap=0, strategy="mix(margin, share=0.3)", budget=900) as project:
        ids = project.pool.ids
        project.team.gild(dict.fromkeys(ids[:12], "ham"))
        project.tell(
            [Answer(item=ids[i], label=("ham", "spam")[i % 2], by="ann", seconds=1) for i in range(12, 20)]
        )
        if others:
            project.tell([Answer(item=item, label="spam", by="bob", seconds=1) for item in ids[:12]])
        project.learn()
        ann = TestClient(create_app(project, sessions, names(8000)), HOME, headers={"Origin": HOME})
        ann.get(f"/enter?ticket={sessions.ticket('ann')}")

        def seen() -> dict[str, Any]:
            pages = {page: ann.get(f"/api/v1/{page}").json() for page in ("status", "overview")}
            return dict(leaves(without(pages, CLOCKS)))

        before = seen()
        for _ in range(20):
            [question] = ann.post("/api/v1/questions", json={"n": 1}).json()["questions"]
            item, batch = question["item"], question["batch"]
            arm = project.state.asked_last[item, "ann"].arms[0]
            for what in changes:
                if what == "answered":
                    ann.post(
                        "/api/v1/answers", json=[{"key": item, "item": item, "label": "ham", "seconds": 1}]
                    )
                now = seen()
                changed = {
                    path: (before.get(path), said) for path, said in now.items() if said != before.get(path)
                }
                changes[what].setdefault(arm, set()).add(str(sorted(steps(changed))))
                before = now
            assert batch == f"q{project.state.askings}"
    for what, of in changes.items():
        assert {"gold", "audit", "margin"} <= of.keys()
        assert len(set().union(*of.values())) == 1, (what, of)


def test_the_map_does_not_tell_which_items_are_gold():
    """Bob answered all of them, and holds the rest: none that ann may still be asked is shown as his."""
    with a_project(gold=0.5, overlap=0) as project:
        ids = project.pool.ids
        project.team.gild(dict.fromkeys(ids[:10], "ham"))
        project.tell([Answer(item=item, label="spam", by="bob") for item in ids[:20]])

        def seen(by: str) -> dict[str, str]:
            drawn = project.bulk.map(by)
            return dict(zip(drawn["item"], drawn["state"], strict=True))

        free = set(ids[:10]) | set(ids[20:])
        assert {item for item, state in seen("ann").items() if state == "free"} == free
        assert {item for item, state in seen("bob").items() if state == "yours"} == set(ids[:20])
        before = project.status()["swept"]
        sessions = Sessions(SECRET)
        ann = TestClient(create_app(project, sessions, names(8000)), HOME, headers={"Origin": HOME})
        ann.get(f"/enter?ticket={sessions.ticket('ann')}")
        for n, item in enumerate([ids[0], ids[30], ids[1]], start=before + 1):
            act = {"key": item, "items": [item], "label": "ham"}
            assert ann.post("/api/v1/sweep", json=act).json()["labelled"] == 1
            assert ann.get("/api/v1/status").json()["swept"] == n
        project.tell(Answer(item=ids[2], flag=True, by="eve"))
        assert seen("ann")[ids[2]] == "taken"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no table, by where it stands."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{path}/{name}")
    else:
        yield path, value


def steps(changed: dict[str, tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    """By how much numbers went up; of words, that they changed."""
    for path, (old, new) in changed.items():
        number = all(isinstance(one, int | float) for one in (old, new))
        yield path, round(new - old, 6) if number else "changed"


def test_an_annotator_does_not_learn_which_items_measure_the_model():
    for spelt, said in told(["ham", "spam"] * 4).items():
        assert without(said, HIDDEN) == said, spelt
