"""The server as a process: quick to start, one at a time, and gone without a trace when told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from serving import Line, serving, until

from asklearn.errors import JournalError
from asklearn.project import Project
from asklearn.server import fresh_link, serve
from asklearn.tasks.classes import classes

TEXTS = [f"{'cheap pills' if i % 2 else 'see you at noon'} {i}" for i in range(200)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Project(TEXTS, classes(["ham", "spam"]), path=tmp_path / "project"):
        pass
    return tmp_path / "project"


def get(url: str, cookie: str = "") -> http.client.HTTPResponse:
    """One request as a browser sends it."""
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        connection.request("GET", f"/{path}", headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer


def cookie_of(answer: http.client.HTTPResponse) -> str:
    assert answer.status == 303
    return answer.headers["Set-Cookie"].partition(";")[0]


def test_it_is_ready_within_two_seconds(folder):
    """By the processor's time: what else this machine does is not the server's fault."""
    with serving(folder) as server:
        assert get(f"{server.url}/healthz").status == 200
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") < 2


def test_it_starts_without_what_only_models_and_charts_need(folder):
    code = """
import json, os, signal, sys
from asklearn.server import serve

def ready(serving):
    print(json.dumps(sorted(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

serve(sys.argv[1], open_browser=False, ready=ready)
"""
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    loaded = set(json.loads(done.stdout.splitlines()[0]))
    assert not loaded & {"sklearn", "pandas", "matplotlib", "torch", "pyarrow", "polars"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nothing_behind(folder, number):
    with serving(folder) as server:
        assert server.ask("POST", "/api/v1/questions", {"n": 2})[0] == 200
        assert server.stop(number) == (0, "")
        until(lambda: not processes_of(server.process.pid), 10)
    with Project.open(folder) as project:
        assert project.status()["held"] == 2


def test_killed_it_leaves_no_process_behind(folder):
    with serving(folder) as server:
        until(lambda: len(processes_of(server.process.pid)) > 1)
        server.kill()
        until(lambda: not processes_of(server.process.pid), 10)


def processes_of(group: int) -> list[int]:
    """The processes of this session that are alive: the server's own and its trainer."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == group and state not in "ZX":
                found.append(int(folder.name))
    return found


def test_what_is_under_way_is_finished_before_it_stops(folder):
    """Answers are sent while SIGTERM arrives: each is acknowledged and saved, or was never taken."""
    with serving(folder) as server, Project.open(folder, writing=False) as project:
        acknowledged: list[str] = []
        broken: list[str] = []

        def label(number: int) -> None:
            with closing(Line(server.port, server.secret, f"p{number}")) as line:
                for i in range(1000):
                    item = project.pool.ids[(20 * number + i) % len(TEXTS)]
                    try:
                        answer = {"key": f"{number}-{i}", "item": item, "label": "ham"}
                        status, said = line.ask("POST", "/api/v1/answers", [answer])
                    except (http.client.RemoteDisconnected, ConnectionError):
                        return  # closed between two requests
                    except http.client.HTTPException as error:
                        broken.append(repr(error))
                        return
                    if status == 200:
                        acknowledged.extend(said["saved"])

        people = [threading.Thread(target=label, args=(number,)) for number in range(10)]
        for person in people:
            person.start()
        until(lambda: len(acknowledged) >= 50)
        assert server.stop() == (0, "")
        for person in people:
            person.join(10)
        assert not broken
        assert set(acknowledged) <= {event.key for _, event in project.events() if hasattr(event, "key")}


def test_sessions_outlive_a_restart(folder):
    with serving(folder, annotators=["ann", "bob"]) as server:
        assert server.links.keys() == {"ann", "bob"}
        cookie = cookie_of(get(server.links["bob"]))
        assert get(server.links["bob"]).status == 401
        unused = server.links["ann"]
        server.kill()
        server.start()
        status = get(f"{server.url}/api/v1/status", cookie)
        assert (status.status, json.loads(status.body)["you"]) == (200, "bob")
        assert get(unused).status == 401  # a ticket does not outlive the process that made it


def test_a_second_server_is_refused_and_the_first_lets_you_in(folder):
    assert fresh_link(folder) is None
    with serving(folder) as server:
        with pytest.raises(JournalError, match=str(server.process.pid)):
            serve(folder, open_browser=False)
        link = fresh_link(folder, "zoë")
        assert link.startswith(server.url)
        status = get(f"{server.url}/api/v1/status", cookie_of(get(link)))
        assert json.loads(status.body)["you"] == "zoë"
        server.kill()
    assert fresh_link(folder) is None


def test_a_note_of_a_killed_server_leads_nobody_astray(folder):
    """Another program has the project, a stranger listens at the old address: it must not hear the secret."""
    with serving(folder) as server:
        server.kill()
        with socket.create_server(("127.0.0.1", server.port)) as stranger, Project.open(folder):
            stranger.settimeout(0.2)
            assert fresh_link(folder) is None
            with pytest.raises(TimeoutError):
                stranger.accept()


def test_a_real_server_refuses_what_the_guard_refuses(folder):
    with serving(folder) as server:

        def raw(request: str, body: bytes = b"") -> bytes:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.sendall(request.replace("\n", "\r\n").encode("latin-1") + body)
                return connection.recv(65536).partition(b"\r\n")[0]

        own = f"Host: 127.0.0.1:{server.port}\nAuthorization: Bearer {server.secret}\nX-Annotator: ann\n"
        json_ = f"POST /api/v1/answers HTTP/1.1\n{own}Content-Type: application/json\n"
        assert b" 200 " in raw(f"GET /api/v1/status HTTP/1.1\n{own}\n")
        assert b" 421 " in raw("GET /healthz HTTP/1.1\nHost: evil.example\n\n")
        assert b" 40" in raw("GET /healthz HTTP/1.1\n\n")
        assert b" 40" in raw(f"GET /healthz HTTP/1.1\n{own}Host: evil.example\n\n")
        assert b" 413 " in raw(f"{json_}Content-Length: 2000000\n\n")
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        assert b" 413 " in raw(f"{json_}Transfer-Encoding: chunked\n\n", chunk)
        nameless = own.replace("ann", "\xff")
        assert b" 400 " in raw(f"GET /api/v1/status HTTP/1.1\n{nameless}\n")
        assert b" 404 " in raw(f"GET /page/../../../../etc/passwd HTTP/1.1\n{own}\n")
        assert b" 404 " in raw(f"GET /page/%2e%2e%2fapp.py HTTP/1.1\n{own}\n")
        assert server.stop() == (0, "")


def test_links_are_printed_unless_somebody_else_does(folder):
    code = "import sys; from asklearn.server import serve; serve(sys.argv[1], open_browser=False)"
    process = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("me: http://127.0.0.1:")
    assert get(line.strip().partition(": ")[2]).status == 303
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.slow
def test_a_connection_outlives_a_thought(folder):
    with serving(folder) as server, closing(Line(server.port, server.secret, "ann")) as line:
        assert line.ask("GET", "/api/v1/status")[0] == 200
        time.sleep(20)
        assert line.ask("GET", "/api/v1/status")[0] == 200
