"""`asklearn people`: on a folder nobody serves, and while a server does."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from serving import Server, serving

from asklearn.project import Project
from asklearn.server.accounts import FILE, Accounts, read
from asklearn.server.sessions import secret_of
from asklearn.tasks.classes import classes

TEXTS = [f"text number {i}" for i in range(50)]


@pytest.fixture
def folder(tmp_path: Path, run) -> Path:
    with Project(TEXTS, classes(["ham", "spam"]), path=tmp_path / "project"):
        pass
    return tmp_path / "project"


def people(run, folder: Path, *words: str, code: int = 0) -> Any:
    done = run("people", str(folder), *words)
    assert done.code == code, done.err
    return done


def accounts(folder: Path) -> Accounts:
    return Accounts(secret_of(folder), folder)


def test_people_come_change_and_go(run, folder):
    assert "Nobody" in people(run, folder).out
    done = people(run, folder, "invite", "zoe", "reviewer", "--at", "https://label.example.org/")
    link = done.out.split()[1]
    assert link.startswith("https://label.example.org/join#")
    assert accounts(folder).accept(link.partition("#")[2]) == "zoe"
    assert people(run, folder, "role", "zoe", "owner").code == 0
    assert json.loads(people(run, folder, "--json").out)["people"][0]["role"] == "owner"
    assert "no owner" in people(run, folder, "remove", "zoe", code=1).err
    people(run, folder, "role", "zoe", "viewer", code=1)
    done = people(run, folder, "invite", "max", "owner", "--json")
    link = json.loads(done.out)["link"]
    assert accounts(folder).accept(link.removeprefix("/join#")) == "max"
    people(run, folder, "remove", "zoe")
    listed = people(run, folder).out
    assert "max" in listed
    assert "zoe" not in listed


def test_tokens_are_shown_once(run, folder):
    text = people(run, folder, "token", "bot", "--rights", "read, labels", "--days", "90").out.strip()
    assert accounts(folder).bears(text)[1].rights == ("read", "labels")
    for shown in (people(run, folder).out, people(run, folder, "--json").out, (folder / FILE).read_text()):
        assert "bot" in shown
        assert text.removeprefix("asklearn_") not in shown
    people(run, folder, "withdraw", "bot")
    assert accounts(folder).bears(text) is None
    people(run, folder, "invite", "ann")
    people(run, folder, "withdraw", "ann")
    assert read(folder).invites == {}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["fly"], 2, "list, invite, role"),
        (["invite"], 2, "say whom"),
        (["invite", "a\n"], 1, "printable"),
        (["invite", "ann", "god"], 1, "no role 'god'"),
        (["invite", "me"], 1, "machine"),
        (["role", "ann"], 1, "say what 'ann' is"),
        (["role", "ann", "viewer"], 1, "nobody here is called 'ann'"),
        (["remove", "ann"], 1, "nobody here"),
        (["withdraw", "ann"], 1, "no invitation for 'ann'"),
        (["token", "bot"], 1, "given: none"),
        (["token", "bot", "--rights", "own"], 1, "given: own"),
    ],
)
def test_what_cannot_be_is_said(run, folder, words, code, said):
    assert said in people(run, folder, *words, code=code).err
    assert not (folder / FILE).exists()


def test_a_folder_that_is_no_project_stays_as_it_is(run, tmp_path):
    assert "no asklearn project" in people(run, tmp_path, "invite", "ann", code=1).err
    assert list(tmp_path.iterdir()) == []


def test_a_copy_knows_the_people_and_honours_no_link_of_the_original(run, folder):
    text = people(run, folder, "token", "bot", "--rights", "read").out.strip()
    accounts(folder).admit("ann")
    assert run("backup", str(folder), "copied").code == 0
    copied = Path("copied").absolute()
    assert accounts(copied).register.person("ann").role == "annotator"
    assert (copied / FILE).stat().st_mode & 0o777 == 0o600
    assert accounts(copied).bears(text) is None
    assert "people: 1 may come in, 0 invited, 1 tokens" in run("doctor", "copied").out


def status(server: Server, host: str, cookie: str = "", path: str = "/api/v1/status") -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as line:
        line.request("GET", path, headers={"Host": host, "Cookie": cookie})
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())


def join(server: Server, host: str, code: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as line:
        sent = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
        line.request("POST", "/api/v1/join", json.dumps({"code": code}), sent)
        answer = line.getresponse()
        answer.read()
        return answer


def test_others_reach_a_server_that_invited_them(run, folder):
    """At all addresses, by one name: invited before it starts and while it runs, changed and removed while it runs."""
    early = people(run, folder, "invite", "ann", "--json")
    with serving(folder, host="0.0.0.0", host_names=["Label.example.org"]) as server:
        name = f"label.example.org:{server.port}"
        assert server.url == f"http://127.0.0.1:{server.port}"
        came = join(server, name, json.loads(early.out)["link"].partition("#")[2])
        assert came.status == 200
        cookie = came.headers["Set-Cookie"].partition(";")[0]
        assert status(server, name, cookie)[1]["role"] == "annotator"
        assert status(server, "evil.example", cookie)[0] == 421
        late = json.loads(people(run, folder, "invite", "ben", "viewer", "--json").out)["link"]
        assert late.startswith(f"http://{name}/join#")
        assert join(server, name, late.partition("#")[2]).status == 200
        people(run, folder, "role", "ann", "manager")
        assert status(server, name, cookie)[1]["role"] == "manager"
        people(run, folder, "remove", "ann")
        assert status(server, name, cookie)[0] == 401
        code, said = server.stop()
        assert (code, said.count("\n"), "Without TLS" in said) == (0, 1, True)
