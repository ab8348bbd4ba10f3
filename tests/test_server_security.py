"""Who may come in, from where, and what leaves with every answer."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pytest
from clock import Clock
from starlette.testclient import TestClient

from asklearn.errors import SettingError
from asklearn.project import Project
from asklearn.server import Sessions, create_app, serve
from asklearn.server.accounts import Accounts
from asklearn.server.guard import BODY_BYTES, CSP, names
from asklearn.server.log import logger
from asklearn.server.rights import ROLES
from asklearn.server.sessions import BURST, REFILL, TICKET_SECONDS, secret_of
from asklearn.tasks.classes import classes

SECRET = "a-secret-that-is-long-enough-for-a-test"
HOME = "http://127.0.0.1:8000"
TEXTS = [f"text number {i}" for i in range(40)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(SECRET, clock)


@pytest.fixture
def said() -> io.StringIO:
    """What the server logged."""
    return io.StringIO()


@pytest.fixture
def stranger(sessions: Sessions, said: io.StringIO) -> Iterator[TestClient]:
    """Somebody without a session."""
    with Project(TEXTS, classes(["ham", "spam"])) as project:
        app = create_app(project, sessions, names(8000), logger=logger("info", said))
        with TestClient(app, base_url=HOME, raise_server_exceptions=False, follow_redirects=False) as client:
            yield client


@pytest.fixture
def ann(stranger: TestClient, sessions: Sessions) -> TestClient:
    """Ann's browser, with its cookie."""
    stranger.get(f"/enter?ticket={sessions.ticket('ann')}")
    stranger.headers["Origin"] = HOME
    return stranger


def message(response) -> str:
    return response.json()["error"]["message"]


# -- coming in -------------------------------------------------------------------------------------


def test_a_ticket_opens_the_page_once(stranger, sessions):
    ticket = sessions.ticket("ann")
    first = stranger.get(f"/enter?ticket={ticket}")
    assert (first.status_code, first.headers["Location"]) == (303, "/")
    cookie = first.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/")), cookie
    assert ticket not in cookie
    assert stranger.get("/api/v1/status").json()["you"] == "ann"
    stranger.cookies.clear()
    assert stranger.get(f"/enter?ticket={ticket}").status_code == 401
    assert stranger.get("/api/v1/status").status_code == 401


def test_a_ticket_grows_too_old(stranger, sessions, clock):
    young, old = sessions.ticket("ann"), sessions.ticket("bob")
    clock.now += TICKET_SECONDS - 1
    assert stranger.get(f"/enter?ticket={young}").status_code == 303
    clock.now += 2
    assert stranger.get(f"/enter?ticket={old}").status_code == 401


@pytest.mark.parametrize("ticket", ["", "guess", "a" * 5000, "%00", "%ff"])
def test_no_other_ticket_opens_it(stranger, ticket):
    assert stranger.get(f"/enter?ticket={ticket}").status_code == 401


def test_a_person_without_a_session_reads_how_to_get_in(stranger):
    page = stranger.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert page.headers["Content-Type"].startswith("text/html")
    assert "asklearn label NAME" in page.text
    assert "Refresh" not in page.headers
    assert "asklearn label NAME" in message(stranger.get("/"))


def test_a_link_from_elsewhere_is_tried_again_from_here(stranger):
    page = stranger.get("/", headers={"Accept": "text/html", "Sec-Fetch-Site": "cross-site"})
    assert (page.status_code, page.headers["Refresh"]) == (401, "0; url=/")


def test_every_other_address_needs_a_session(stranger):
    routes = [(route.path, method) for route in _routes(stranger.app) for method in route.methods]
    assert len(routes) >= 20
    for path, method in routes:
        if path in ("/healthz", "/enter", "/join", "/api/v1/join"):
            continue
        answer = stranger.request(
            method, re.sub(r"{[^}]*}", "x", path), json={} if method == "POST" else None
        )
        assert answer.status_code == 401, (method, path)
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/nowhere").status_code == 401


def _routes(app):
    return [route for route in _flat(app.routes) if hasattr(route, "methods")]


def _flat(routes):
    for route in routes:
        yield route
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        yield from _flat(inner or [])


def test_a_forged_cookie_is_nobody(stranger, sessions):
    other = Sessions("another-secret-that-is-long-enough-too")
    for each in (sessions, other):
        each.ticket("ann")
    for value in (other.cookie("ann"), "ann", sessions.cookie("ann")[:-2] + "xx", "", "a.b.c"):
        cookie = f"{sessions.cookie_name}={value}"
        assert stranger.get("/api/v1/status", headers={"Cookie": cookie}).status_code == 401


def test_sessions_outlive_a_restart_and_projects_do_not_share_them(tmp_path):
    secret = secret_of(tmp_path)
    before = Sessions(secret, accounts=Accounts(secret, tmp_path))
    before.ticket("Zoë")
    cookie = before.set_cookie("Zoë").partition(";")[0]
    name, person = Sessions(secret, accounts=Accounts(secret, tmp_path)).read_cookie(cookie)
    assert (name, person.role) == ("Zoë", "annotator")
    assert Sessions(SECRET).cookie_name != Sessions("another-secret-that-is-long-enough-too").cookie_name


def test_scripts_bear_the_secret_and_say_who_asks(stranger):
    def status(**headers):
        return stranger.get("/api/v1/status", headers={k.replace("_", "-"): v for k, v in headers.items()})

    bearer = f"Bearer {SECRET}"
    assert status(Authorization=bearer, X_Annotator="bob").json()["you"] == "bob"
    assert status(Authorization=bearer, X_Annotator="Zoë".encode()).json()["you"] == "Zoë"
    assert status(Authorization=bearer).status_code == 400
    assert status(Authorization=bearer, X_Annotator="a" * 65).status_code == 400
    assert status(Authorization=bearer, X_Annotator="a\tb").status_code == 400
    assert status(Authorization="Bearer guess", X_Annotator="bob").status_code == 401
    assert status(Authorization=f"Basic {SECRET}", X_Annotator="bob").status_code == 401
    assert status(Authorization="", X_Annotator="bob").status_code == 401


def test_only_the_owner_makes_links_and_reads_the_record(ann, sessions):
    assert ann.post("/api/v1/tickets", json={"annotator": "eve"}).status_code == 403
    assert ann.get("/api/v1/events").status_code == 403
    owner = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "owner"}
    link = ann.post("/api/v1/tickets", json={"annotator": "bob"}, headers=owner).json()["enter"]
    assert sessions.redeem(link.partition("=")[2]) == "bob"
    assert ann.post("/api/v1/tickets", json={"annotator": "\n"}, headers=owner).status_code == 422
    assert ann.get("/api/v1/events", headers=owner).json()[0]["event"] == "Added"


# -- people, invitations, tokens -------------------------------------------------------------------

OWNER = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "owner"}


def invited(client, name="zoe", **more) -> str:
    """The code of a fresh invitation."""
    made = client.post("/api/v1/people/invite", json={"name": name, **more}, headers=OWNER)
    assert made.status_code == 200, made.text
    address, _, code = made.json()["link"].partition("/join#")
    assert address == HOME
    return code


def joins(client, code, **headers):
    return client.post("/api/v1/join", json={"code": code}, headers=headers)


def test_an_invitation_lets_one_person_in_once(stranger):
    code = invited(stranger, role="reviewer")
    page = stranger.get("/join")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"] == POLICY
    came = joins(stranger, code)
    assert (came.status_code, came.json()) == (200, {"you": "zoe"})
    assert all(part in came.headers["Set-Cookie"] for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
    assert code not in came.headers["Set-Cookie"]
    status = stranger.get("/api/v1/status").json()
    assert (status["you"], status["role"]) == ("zoe", "reviewer")
    stranger.cookies.clear()
    again = joins(stranger, code)
    assert again.status_code == 401
    assert "used, withdrawn or too old" in message(again)
    assert stranger.get("/api/v1/status").status_code == 401


@pytest.mark.parametrize("days", [0, -1, 1e9])
def test_an_invitation_has_an_end(stranger, days):
    late = stranger.post("/api/v1/people/invite", json={"name": "zoe", "days": days}, headers=OWNER)
    assert late.status_code == 422


def test_another_site_cannot_make_anybody_come_in(stranger):
    code = invited(stranger)
    assert joins(stranger, code, Origin="http://evil.example").status_code == 403
    assert joins(stranger, code, Host="evil.example").status_code == 421
    assert stranger.get(f"/api/v1/join?code={code}").status_code == 405
    form = stranger.post("/api/v1/join", content=f"code={code}", headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
    assert joins(stranger, code).status_code == 200


def test_removed_or_changed_they_are_so_at_their_next_request(ann, sessions):
    assert ann.get("/api/v1/labels").status_code == 403
    appointed = {"name": "ann", "role": "viewer"}
    assert ann.post("/api/v1/people/role", json=appointed, headers=OWNER).status_code == 200
    assert ann.get("/api/v1/labels").status_code == 200
    assert ann.post("/api/v1/questions", json={}).status_code == 403
    assert ann.post("/api/v1/people/remove", json={"name": "ann"}, headers=OWNER).status_code == 200
    assert ann.get("/api/v1/status").status_code == 401
    sessions.ticket("ann")  # she is here again, but her old cookie is not
    assert ann.get("/api/v1/status").status_code == 401


def test_a_role_in_the_cookie_says_nothing(stranger, sessions):
    sessions.ticket("ann")
    person = sessions.accounts.register.person("ann")
    genuine = sessions.cookie("ann")
    sign = sessions._signer.dumps  # even somebody who could sign
    for said in (
        ["ann", person.mark, "owner"],
        ["ann", "owner"],
        {"ann": "owner"},
        "me",
        ["me", person.mark],
    ):
        cookie = f"{sessions.cookie_name}={sign(said)}"
        assert stranger.get("/api/v1/status", headers={"Cookie": cookie}).status_code == 401, said
    cookie = f"{sessions.cookie_name}={genuine}; role=owner"
    answer = stranger.get("/api/v1/status", headers={"Cookie": cookie, "X-Role": "owner"})
    assert answer.json()["role"] == "annotator"


def test_a_ticket_is_void_once_they_are_removed(stranger, sessions):
    ticket = sessions.ticket("ann")
    sessions.accounts.remove("ann", ROLES["owner"])
    assert stranger.get(f"/enter?ticket={ticket}").status_code == 401


def granted(client, name, *rights, **more) -> dict[str, str]:
    made = client.post("/api/v1/tokens", json={"name": name, "rights": rights, **more}, headers=OWNER)
    assert made.status_code == 200, made.text
    return {"Authorization": f"Bearer {made.json()['token']}"}


def test_a_token_speaks_for_itself_until_it_is_withdrawn(stranger):
    bot = granted(stranger, "bot", "read", "answer")
    status = stranger.get("/api/v1/status", headers=bot).json()
    assert (status["you"], status["role"], status["rights"]) == ("bot", "api", ["answer", "read"])
    assert stranger.get("/api/v1/status", headers=bot | {"X-Annotator": "bot"}).status_code == 200
    for name in ("ann", "me", ""):
        assert stranger.get("/api/v1/status", headers=bot | {"X-Annotator": name}).status_code in (400, 403)
    listed = stranger.get("/api/v1/people", headers=OWNER)
    assert [token["name"] for token in listed.json()["tokens"]] == ["bot"]
    assert bot["Authorization"].split("_", 1)[1] not in listed.text
    assert stranger.post("/api/v1/tokens/withdraw", json={"name": "bot"}, headers=OWNER).status_code == 200
    assert stranger.get("/api/v1/status", headers=bot).status_code == 401


def test_tokens_of_other_projects_and_ill_made_ones_are_none(stranger):
    other = Accounts("another-secret-that-is-long-enough-too").make_token("bot", ("read",), "me")
    own = granted(stranger, "bot", "read")["Authorization"].split()[1]
    for said in (
        f"Bearer {other}",
        f"Bearer {own}x",
        f"Bearer {own[:-1]}",
        f"Basic {own}",
        own,
        "Bearer",
        "Bearer \xe9",
    ):
        answer = stranger.get("/api/v1/status", headers={"Authorization": said.encode("latin-1")})
        assert answer.status_code == 401, said


def test_a_token_that_manages_makes_no_managers(stranger):
    bot = granted(stranger, "bot", "manage")
    listed = stranger.get("/api/v1/people", headers=bot).json()
    assert (listed["tokens"], listed["given"]) == ([], [])
    assert "manager" not in listed["roles"]
    raised = stranger.post("/api/v1/people/invite", json={"name": "eve", "role": "manager"}, headers=bot)
    assert raised.status_code == 403
    assert (
        stranger.post("/api/v1/tokens", json={"name": "x", "rights": ["read"]}, headers=bot).status_code
        == 403
    )


def test_who_knocks_too_often_is_told_to_wait_and_nobody_else(stranger, sessions, clock):
    bot, code = granted(stranger, "bot", "read"), invited(stranger)
    tries = [stranger.get("/enter?ticket=guess").status_code for _ in range(BURST)]
    assert set(tries) == {401}
    for knock in (
        stranger.get("/enter?ticket=guess"),
        joins(stranger, "guess"),
        stranger.get("/api/v1/status", headers={"Authorization": "Bearer guess"}),
    ):
        assert (knock.status_code, knock.headers["Retry-After"]) == (429, str(int(REFILL)))
    assert stranger.get("/api/v1/status", headers=bot).status_code == 200
    assert stranger.get("/api/v1/status").status_code == 401  # no session is no failure
    assert joins(stranger, code).status_code == 200
    clock.now += REFILL
    assert joins(stranger, "guess").status_code == 401
    assert joins(stranger, "guess").status_code == 429


# -- behind TLS ------------------------------------------------------------------------------------


@pytest.fixture
def behind(sessions):
    """A server by the name label.example.org, with TLS in front."""
    with Project(TEXTS, classes(["ham", "spam"])) as project:
        hosts = names(8000) | {"label.example.org"}
        app = create_app(project, sessions, hosts, https=True, public="https://label.example.org")
        with TestClient(app, base_url="https://label.example.org", follow_redirects=False) as client:
            yield client


def test_with_tls_in_front_cookies_and_origins_are_secure(behind):
    made = behind.post(
        "/api/v1/people/invite", json={"name": "zoe"}, headers=OWNER | {"Host": "127.0.0.1:8000"}
    )
    link = made.json()["link"]
    assert link.startswith("https://label.example.org/join#")
    code = link.partition("#")[2]
    assert joins(behind, code, Origin="http://label.example.org").status_code == 403
    came = joins(behind, code, Origin="https://label.example.org")
    assert came.headers["Set-Cookie"].endswith("; Secure")
    at_home = behind.post(
        "/api/v1/leases",
        json={},
        headers=OWNER | {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
    )
    assert at_home.status_code == 200  # at its own machine it is reached without
    assert behind.get("/healthz", headers={"Host": "label.example.org.evil.example"}).status_code == 421


def test_at_its_own_machine_a_cookie_does_without_tls(behind, sessions):
    answer = behind.get(f"/enter?ticket={sessions.ticket('me')}", headers={"Host": "127.0.0.1:8000"})
    assert "Secure" not in answer.headers["Set-Cookie"]


# -- from where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1.evil.example:8000", ""]
)
def test_a_foreign_host_name_gets_nothing(ann, host):
    for path in ("/", "/healthz", "/enter", "/api/v1/status"):
        assert ann.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "LocalHost:8000", "[::1]:8000"])
def test_its_own_names_are_fine(ann, host):
    assert ann.get("/api/v1/status", headers={"Host": host}).status_code == 200


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://127.0.0.1:8000"},
    {"Origin": "http://127.0.0.1:8001"},
    {"Origin": "http://localhost:8000"},  # another origin than the one it was sent to
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["questions", "answers", "leases"])
def test_another_site_changes_nothing(ann, path, headers):
    bodies = {"questions": {"n": 1}, "answers": [], "leases": {}}
    assert ann.post(f"/api/v1/{path}", json=bodies[path], headers=headers).status_code == 403
    assert ann.post(f"/api/v1/{path}", json=bodies[path]).status_code == 200


def test_a_cookie_without_an_origin_changes_nothing(ann):
    del ann.headers["Origin"]
    assert ann.post("/api/v1/leases", json={}).status_code == 403
    assert ann.post("/api/v1/leases", json={}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_foreign_origin_is_refused_with_the_token_too(stranger):
    owner = {"Authorization": f"Bearer {SECRET}", "X-Annotator": "bob"}
    assert stranger.post("/api/v1/leases", json={}, headers=owner).status_code == 200
    evil = owner | {"Origin": "http://evil.example"}
    assert stranger.post("/api/v1/leases", json={}, headers=evil).status_code == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_only_json_is_read(ann, kind):
    answer = ann.post("/api/v1/answers", content=b"[]", headers={"Content-Type": kind})
    assert answer.status_code == 415
    fine = {"Content-Type": "application/json; charset=utf-8"}
    assert ann.post("/api/v1/answers", content=b"[]", headers=fine).status_code == 200


def test_a_body_has_a_size(ann):
    long = b'["' + b"x" * BODY_BYTES + b'"]'
    json_ = {"Content-Type": "application/json"}
    assert ann.post("/api/v1/answers", content=long, headers=json_).status_code == 413

    def parts() -> Iterator[bytes]:  # sent in chunks: nothing announces the size
        yield from (long[i : i + 50_000] for i in range(0, len(long), 50_000))

    assert ann.post("/api/v1/answers", content=parts(), headers=json_).status_code == 413


def test_other_methods_change_nothing(ann):
    for method in ("PUT", "DELETE", "PATCH"):
        assert ann.request(method, "/api/v1/answers", json=[]).status_code == 405
    assert ann.get("/api/v1/answers").status_code == 405
    assert "POST" in message(ann.get("/api/v1/answers"))


# -- what leaves -----------------------------------------------------------------------------------

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'none'; manifest-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/page/nothing.js", 404),
        ("/page/../app.py", 404),
        ("/page/..%2fapp.py", 404),
        ("/page//etc/passwd", 404),
        ("/api/v1/status", 200),
        ("/api/v1/history?n=0", 422),
        ("/api/v1/items/nobody/image", 404),
        ("/api/v1/items/..%2F..%2Fsecret/image", 404),
        ("/api/v1/openapi.json", 200),
        ("/docs", 404),
        ("/healthz", 200),
        ("/enter", 401),
        ("/nowhere", 404),
    ],
)
def test_every_answer_carries_the_headers(ann, path, status):
    answer = ann.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY == CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
    if path.startswith("/api/"):
        assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    if status >= 400:
        assert message(answer)


def test_what_nobody_foresaw_says_nothing_of_the_inside(ann, said, monkeypatch):
    def broken(*_):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("asklearn.server.api._status", broken)
    answer = ann.get("/api/v1/status")
    assert answer.status_code == 500
    id = answer.json()["error"]["id"]
    assert "hunter2" not in answer.text
    assert answer.headers["Content-Security-Policy"] == POLICY
    [failure] = [line for line in _lines(said) if line["level"] == "error"]
    assert failure["id"] == id
    assert "RuntimeError" in failure["exception"]


def _lines(said: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in said.getvalue().splitlines()]


def test_the_log_holds_no_secret_no_text_and_no_control_characters(ann, said, sessions):
    ticket = sessions.ticket("ann")
    ann.get(f"/enter?ticket={ticket}")
    [question] = ann.post("/api/v1/questions", json={"n": 1}).json()["questions"]
    answer = {"key": "k", "item": question["item"], "label": "spam", "note": "a private note"}
    assert ann.post("/api/v1/answers", json=[answer]).status_code == 200
    ann.post("/api/v1/answers", json=[answer | {"label": "tomato"}])
    ann.get("/api/v1/items/%1b%5b31mred%0a/image")
    ann.get("/%1b%5b31m%0a%7b%22level%22%7d?x=%1b")
    ann.get(
        "/api/v1/status", headers={"Authorization": f"Bearer {SECRET}", "X-Annotator": "\x9b31m".encode()}
    )
    log = said.getvalue()
    for private in (
        SECRET,
        ticket,
        sessions.cookie_name,
        question["item"],
        "text number",
        "spam",
        "tomato",
        "private",
    ):
        assert private not in log
    assert re.fullmatch(r"[\x20-\x7e\n]*", log)
    lines = _lines(said)
    assert len(lines) == 8  # one a request; the first came with the session
    assert lines[2].keys() == {"event", "level", "timestamp", "method", "route", "status", "ms", "by"}
    assert [line["route"] for line in lines[1:4]] == ["/enter", "/api/v1/questions", "/api/v1/answers"]


def test_it_is_quiet_by_default(sessions, capfd):
    with (
        Project(TEXTS, classes(["ham", "spam"])) as project,
        TestClient(create_app(project, sessions)) as client,
    ):
        client.get("/healthz")
    assert capfd.readouterr() == ("", "")


# -- secrets and addresses -------------------------------------------------------------------------


def test_the_secret_is_made_once_for_its_owner_only(tmp_path):
    secret = secret_of(tmp_path)
    assert len(secret) >= 43  # 256 bits
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert secret_of(tmp_path) == secret
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(SettingError, match="delete it"):
        secret_of(tmp_path)


def test_a_taken_port_is_named(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"port {port} of 127.0.0.1"):
            serve(tmp_path, port=port)


@pytest.mark.parametrize("host", ["example.com", "", "127.0.0.1:80"])
def test_a_server_listens_at_an_address(tmp_path, host):
    with pytest.raises(SettingError, match="--host-name"):
        serve(tmp_path, host=host)


@pytest.mark.parametrize(
    "name", ["", "a b", "http://label.example.org", "label.example.org/x", "a:b", "ä.example"]
)
def test_a_host_name_is_one(tmp_path, name):
    with pytest.raises(SettingError, match="a host name is like"):
        serve(tmp_path, host_names=[name])


@pytest.mark.parametrize(
    ("host", "named", "wrong"),
    [
        ("0.0.0.0", [], "by which name"),
        ("::", [], "by which name"),
        ("0.0.0.0", ["label.example.org"], "nobody else is invited"),
        ("192.168.1.2", [], "nobody else is invited"),
        ("127.0.0.1", ["label.example.org"], "nobody else is invited"),  # something in front passes on
    ],
)
def test_others_reach_only_what_they_were_invited_to(tmp_path, host, named, wrong):
    secret_of(tmp_path)
    Accounts(secret_of(tmp_path), tmp_path).admit("me")
    with pytest.raises(SettingError, match=wrong):
        serve(tmp_path, host=host, host_names=named)
