"""The same people at three servers: asklearn, Label Studio and ASReview, over HTTP on this machine.

    python -m benchmarks.rivals [--items 10000] [--people 5] [--turns 40] [--only asklearn label-studio asreview]

Everybody asks for an item, answers it, asks for the next; one line a server: how long both take, how many items were
handed to two people, and how many annotations a doubled submit leaves. The rivals live in environments of their own,
build/rivals/NAME, and those that are not there are left out; `--install` fetches them first (Label Studio: 1 GB).
ASReview knows one person without accounts, so one asks. A page of ours waits for neither: it has five items ahead.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import numpy as np

from benchmarks.labelling import Server

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "rivals"
WANTED = {"label-studio": "label-studio>=1.23", "asreview": "asreview>=3"}
PATIENCE = 240  # seconds until a server answers for the first time: Label Studio makes its tables first
LABELS = ("ham", "spam")


def texts(items: int) -> list[str]:
    """Two kinds of letters."""
    rng = np.random.default_rng(0)
    words = np.array(
        ["noon", "lunch", "letter", "see", "you", "pills", "offer", "cheap", "win", "money", "call"]
    )
    return [f"{' '.join(rng.choice(words, 25))} {i}" for i in range(items)]


class Line:
    """One kept connection and its cookies."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = dict(headers or {})
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, form: dict[str, Any] | None = None) -> Any:
        """The answer's JSON, or its text. Raises `OSError` for a refusal."""
        headers = dict(self._headers)
        sent: bytes | None = None
        if form is not None:
            sent, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif isinstance(body, tuple):
            headers["Content-Type"], sent = body
        elif body is not None:
            sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        if answer.status >= 400:
            raise OSError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said) if answer.headers.get_content_type() == "application/json" else said.decode()


class Person(Protocol):
    """Somebody with a connection to one of the servers."""

    def next(self) -> Any:
        """The item to answer now."""
        ...

    def save(self, item: Any, again: bool = False) -> None:
        """Answer it; `again`: the very request that was sent before."""
        ...


class Rival(Protocol):
    """A server that is being driven."""

    name: str

    def person(self, number: int) -> Person: ...

    def annotations(self, item: Any) -> int:
        """How many answers of this item it keeps."""
        ...


# -- asklearn ---------------------------------------------------------------------------------------------------------


class Ours:
    name = "asklearn"

    def __init__(self, folder: Path, items: int, stack: ExitStack) -> None:
        from asklearn.project import Project
        from asklearn.tasks.classes import classes

        Project(texts(items), classes(LABELS), path=folder / "ours", overlap=0).close()
        server = stack.enter_context(Server(folder / "ours", "auto"))
        self._port, self._secret = server.port, server.secret

    def person(self, number: int) -> OurPerson:
        who = {"Authorization": f"Bearer {self._secret}", "X-Annotator": f"p{number}"}
        return OurPerson(Line(self._port, who))

    def annotations(self, item: Any) -> int:
        owner = Line(self._port, {"Authorization": f"Bearer {self._secret}", "X-Annotator": "owner"})
        found, after = 0, 0
        while events := owner.ask("GET", f"/api/v1/events?after={after}"):
            found += sum(event["event"] == "Answered" and event["item"] == item for event in events)
            after = events[-1]["seq"]
        return found


class OurPerson:
    def __init__(self, line: Line) -> None:
        self._line, self._sent = line, {}

    def next(self) -> Any:
        return self._line.ask("POST", "/api/v1/questions", {"n": 1})["questions"][0]["item"]

    def save(self, item: Any, again: bool = False) -> None:
        if not again:
            self._sent = {"key": str(uuid.uuid4()), "item": item, "label": "ham", "seconds": 1.0}
        self._line.ask("POST", "/api/v1/answers", [self._sent])


# -- Label Studio -----------------------------------------------------------------------------------------------------


class LabelStudio:
    name = "label-studio"

    def __init__(self, folder: Path, items: int, stack: ExitStack) -> None:
        self._port = _free_port()
        quiet = {
            "COLLECT_ANALYTICS": "False",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LATEST_VERSION_CHECK": "False",
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        }
        command = [
            PLACE / "label-studio" / "bin" / "label-studio",
            "start",
            "--no-browser",
            *("--port", str(self._port), "--data-dir", str(folder / "label-studio")),
            *("--username", "owner@example.org", "--password", "of-this-benchmark", "--user-token", "o" * 40),
        ]
        stack.enter_context(_running(command, quiet, folder / "label-studio.log"))
        self._owner = Line(self._port, {"Authorization": "Token " + "o" * 40})
        _until(lambda: self._owner.ask("GET", "/api/projects"))
        config = (
            '<View><Text name="text" value="$text"/><Choices name="kind" toName="text">'
            + "".join(f'<Choice value="{label}"/>' for label in LABELS)
            + "</Choices></View>"
        )
        made = self._owner.ask("POST", "/api/projects", {"title": "benchmark", "label_config": config})
        self._project = made["id"]
        for start in range(0, items, 1000):
            rows = [{"text": text} for text in texts(items)[start : start + 1000]]
            self._owner.ask("POST", f"/api/projects/{self._project}/import", rows)

    def person(self, number: int) -> LabelStudioPerson:
        """A user of their own, signed up as people do."""
        line = Line(self._port)
        line.ask("GET", "/user/signup/")
        who = {"email": f"p{number}@example.org", "password": "of-this-benchmark", "how_find_us": ""}
        line.ask("POST", "/user/signup/", form=who | {"csrfmiddlewaretoken": line.cookies["csrftoken"]})
        token = line.ask("GET", "/api/current-user/token")["token"]
        return LabelStudioPerson(Line(self._port, {"Authorization": f"Token {token}"}), self._project)

    def annotations(self, item: Any) -> int:
        return len(self._owner.ask("GET", f"/api/tasks/{item}/annotations/"))


class LabelStudioPerson:
    def __init__(self, line: Line, project: int) -> None:
        self._line, self._project = line, project

    def next(self) -> Any:
        return self._line.ask("GET", f"/api/projects/{self._project}/next")["id"]

    def save(self, item: Any, again: bool = False) -> None:
        choice = {
            "from_name": "kind",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [LABELS[0]]},
        }
        body = {"result": [choice], "lead_time": 1.0}
        self._line.ask("POST", f"/api/tasks/{item}/annotations/", body)


# -- ASReview ---------------------------------------------------------------------------------------------------------


class ASReview:
    name = "asreview"

    def __init__(self, folder: Path, items: int, stack: ExitStack) -> None:
        self._port = _free_port()
        home = folder / "asreview"
        home.mkdir()
        command = [PLACE / "asreview" / "bin" / "asreview", "lab", "--no-browser", "--port", str(self._port)]
        stack.enter_context(_running(command, {"ASREVIEW_LAB_PATH": str(home)}, folder / "asreview.log"))
        self._line = Line(self._port)
        _until(lambda: self._line.ask("GET", "/api/projects"))
        rows = "title,abstract\n" + "".join(f"letter {i},{text}\n" for i, text in enumerate(texts(items)))
        mark = uuid.uuid4().hex
        parts = (
            f'--{mark}\r\nContent-Disposition: form-data; name="mode"\r\n\r\noracle\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="letters.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\n{rows}\r\n--{mark}--\r\n"
        )
        body = (f"multipart/form-data; boundary={mark}", parts.encode())
        self._project = self._line.ask("POST", "/api/projects/create", body)["id"]
        for record, label in ((0, 1), (1, 0)):
            form = {"record_id": record, "label": label}
            self._line.ask("POST", f"/api/projects/{self._project}/record/{record}", form=form)
        self._line.ask("POST", f"/api/projects/{self._project}/train", form={})
        _until(
            lambda: self._line.ask("GET", f"/api/projects/{self._project}/get_record")["result"]["record_id"]
        )

    def person(self, number: int) -> ASReviewPerson:
        return ASReviewPerson(Line(self._port), self._project)

    def annotations(self, item: Any) -> int:
        return 1  # one label a record, whoever gave it: the newest overwrites


class ASReviewPerson:
    def __init__(self, line: Line, project: str) -> None:
        self._line, self._project = line, project

    def next(self) -> Any:
        return self._line.ask("GET", f"/api/projects/{self._project}/get_record")["result"]["record_id"]

    def save(self, item: Any, again: bool = False) -> None:
        form = {"record_id": item, "label": 0, "retrain_model": "" if again else "1"}
        method = "PUT" if again else "POST"
        self._line.ask(method, f"/api/projects/{self._project}/record/{item}", form=form)


# -- what everybody does ----------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """Milliseconds of each request, items in the order they came."""

    next: list[float] = field(default_factory=list)
    save: list[float] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)


def work(person: Person, turns: int, seen: Seen) -> None:
    """Ask and answer, without a thought in between."""
    for _ in range(turns):
        began = time.perf_counter()
        item = person.next()
        asked = time.perf_counter()
        person.save(item)
        seen.next.append(1000 * (asked - began))
        seen.save.append(1000 * (time.perf_counter() - asked))
        seen.items.append(item)


def together(people: Sequence[Person], turns: int) -> list[Seen]:
    """Everybody at once, each in a thread."""
    seen = [Seen() for _ in people]
    threads = [
        threading.Thread(target=work, args=(one, turns, into)) for one, into in zip(people, seen, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def measure(rival: Rival, people: int, turns: int) -> str:
    """One line of the table."""
    everybody = [rival.person(number) for number in range(1 if rival.name == "asreview" else people)]
    together(everybody[:1], 3)  # warm
    seen = together(everybody, turns)
    items = [item for one in seen for item in one.items]
    last = everybody[0].next()
    everybody[0].save(last)
    everybody[0].save(last, again=True)
    figures = [
        f"{np.median(ms):7.1f} / {np.quantile(ms, 0.95):7.1f}"
        for ms in ([t for one in seen for t in one.next], [t for one in seen for t in one.save])
    ]
    done = f"{len(items)} of {len(everybody) * turns}"
    return (
        f"{rival.name:<14}{len(everybody):>7}  {figures[0]:>18}  {figures[1]:>18}{done:>13}"
        f"{len(items) - len(set(items)):>15}{rival.annotations(last):>15}"
    )


HEAD = (
    f"{'server':<14}{'people':>7}  {'next p50 / p95 ms':>18}  {'save p50 / p95 ms':>18}{'answered':>13}"
    f"{'given twice':>15}{'kept of 2 sent':>15}"
)


@contextmanager
def _running(command: Sequence[Any], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=os.environ | environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=log.parent,  # one of them leaves a cache where it was started
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(there: Any) -> None:
    """Wait until this is answered."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            there()
            return
        except (OSError, http.client.HTTPException, TypeError, KeyError):
            if time.monotonic() > end:
                raise
            time.sleep(1.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install() -> None:
    """Each rival into its own environment."""
    for name, wanted in WANTED.items():
        if not (PLACE / name / "bin" / name).exists():
            venv.create(PLACE / name, with_pip=True)
            subprocess.run(
                [PLACE / name / "bin" / "python", "-m", "pip", "install", "-q", wanted], check=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=["asklearn", "label-studio", "asreview"])
    parser.add_argument("--install", action="store_true")
    given = parser.parse_args()
    if given.install:
        install()
    print(HEAD, flush=True)
    for kind in (Ours, LabelStudio, ASReview):
        if kind.name not in given.only:
            continue
        if kind.name in WANTED and not (PLACE / kind.name / "bin" / kind.name).exists():
            print(f"{kind.name:<14}  is not installed (--install fetches it)")
            continue
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            print(measure(kind(Path(folder), given.items, stack), given.people, given.turns), flush=True)


if __name__ == "__main__":
    main()
