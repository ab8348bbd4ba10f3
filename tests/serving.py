"""A real server process for tests: started, killed, asked over plain HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUN = """
import json, sys
from asklearn.server import serve

def ready(serving):
    print(json.dumps({"url": serving.url, "links": dict(serving.links)}), flush=True)

serve(sys.argv[1], open_browser=False, ready=ready, **json.loads(sys.argv[2]))
"""


@dataclass
class Server:
    """A process that serves a project folder."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    links: dict[str, str] = field(default_factory=dict)

    def start(self) -> Server:
        command = [sys.executable, "-c", RUN, str(self.folder), json.dumps(self.options)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, said = self.process.communicate(timeout=10)
            raise AssertionError(f"the server did not start: {said}")
        said = json.loads(line)
        self.url, self.links = said["url"], said["links"]
        self.options["port"] = self.port  # a restart comes back at the same address
        return self

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def secret(self) -> str:
        return (self.folder / "secret").read_text().strip()

    def kill(self) -> None:
        """kill -9: no last words."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what it wrote to stderr."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def ask(
        self, method: str, path: str, body: Any = None, by: str = "ann", **headers: str
    ) -> tuple[int, Any]:
        """Status and JSON of one request with the owner's token."""
        with closing(Line(self.port, self.secret, by)) as line:
            return line.ask(method, path, body, **headers)


class Line:
    """One kept connection; whoever it is answers as `by`."""

    def __init__(self, port: int, secret: str, by: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Authorization": f"Bearer {secret}", "X-Annotator": by}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            if self.connection.sock is None:
                self.connection.connect()
                # The request's two packets would wait for each other.
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = self.connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        kind = answer.headers.get_content_type()
        return answer.status, json.loads(said) if kind == "application/json" else said

    def close(self) -> None:
        self.connection.close()


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Server]:
    """A server that runs until the block ends."""
    server = Server(folder, options)
    try:
        yield server.start()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def until(true: Any, seconds: float = 30.0) -> Any:
    """What `true()` says once it says something true."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.05)
    return found


def proposing(server: Server) -> Server:
    """The server, once its questions come with what the model proposes."""

    def asked() -> Any:
        _, said = server.ask("POST", "/api/v1/questions", {"n": 1}, by="somebody")
        return said["questions"] and said["questions"][0]["proposal"]

    until(asked)
    return server
