"""A server for one project folder: from the socket to the last answer saved."""

from __future__ import annotations

import gc
import http.client
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from asklearn.errors import JournalError, SettingError
from asklearn.journal.lock import lock
from asklearn.project import Project
from asklearn.server.app import create_app
from asklearn.server.guard import names
from asklearn.server.log import logger
from asklearn.server.sessions import Sessions, annotator, secret_of

KEEP_ALIVE = 75  # seconds: people think longer than the usual five
LAST_WORDS = 10  # seconds for requests that are under way when the server is told to stop
# Seconds after which Python lets another thread run. By default (0.005) the event loop, which has little to do but
# does it often, waits that long again and again behind a thread that computes: p99 of an answer was 2 to 4 x longer.
SWITCH = 0.0005


@dataclass(frozen=True)
class Serving:
    """Where the page is, and a link for each annotator that opens it once."""

    url: str
    links: Mapping[str, str]


def serve(
    folder: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 0,
    annotators: Sequence[str] = ("me",),
    open_browser: bool = True,
    ready: Callable[[Serving], None] | None = None,
    *,
    model: Any = None,
    strategy: Any = None,
    lease: float = 120.0,
    log_level: str = "warning",
) -> None:
    """Serve the labelling page of a project until SIGINT or SIGTERM; what was answered by then is saved.

    `port` 0 is any free one. `ready` is called once, when the page can be opened; without it the links are
    printed. `open_browser` opens the first annotator's. Raises `SettingError` for an address it may not or
    cannot listen at, `JournalError` when another process holds the project: then `fresh_link` may get you in.
    """
    people = [annotator(name) for name in annotators]
    with (
        closing(_listen(host, port)) as listener,
        Project.open(folder, model=model, strategy=strategy) as project,
    ):
        own = Path(folder)
        address = f"{_spelt(host)}:{listener.getsockname()[1]}"
        sessions = Sessions(secret_of(own))
        app = create_app(
            project,
            sessions,
            names(listener.getsockname()[1]) | {address},
            lease=lease,
            logger=logger(log_level),
        )
        url = f"http://{address}"

        def announce() -> None:
            links = {name: f"{url}/enter?ticket={sessions.ticket(name)}" for name in people}
            (ready or _print)(Serving(url, links))
            if open_browser and links:
                first = next(iter(links.values()))
                threading.Thread(target=webbrowser.open, args=(first,), daemon=True).start()

        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",  # its warnings are about what strangers send
            access_log=False,  # uvicorn's would hold tickets
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LAST_WORDS,
        )
        project.keep_learning()
        sys.setswitchinterval(SWITCH)
        # The pool's ids and the record are here to stay; looking at each of them again and again for garbage
        # stops everybody for a tenth of a second (100,000 rows).
        gc.collect()
        gc.freeze()
        with _known(own, address), _quiet_end():
            _Server(config, announce).run(sockets=[listener])
            app.state.desk.threads.shutdown()


def fresh_link(folder: str | os.PathLike[str], name: str = "me") -> str | None:
    """A new link into the server that runs on this folder; None when none does."""
    own = Path(folder)
    note = json.loads(_note(own).read_text("ascii")) if _note(own).is_file() else {}
    if not _is_held(own) or (own / "lock").read_text("ascii") != str(note.get("pid")):
        return None  # a killed server's note may lead to a stranger, who must not get the secret
    address, secret = note["address"], secret_of(own)
    with closing(http.client.HTTPConnection(address, timeout=5)) as connection:
        owner = {"Authorization": f"Bearer {secret}", "X-Annotator": "owner"}
        body = json.dumps({"annotator": annotator(name)})
        try:
            connection.request("POST", "/api/v1/tickets", body, owner | {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
    return f"http://{address}{said['enter']}" if answer.status == 200 else None


class _Server(uvicorn.Server):
    """uvicorn, and a word when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def _listen(host: str, port: int) -> socket.socket:
    plain = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        loopback = ipaddress.ip_address(plain).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingError(
            f"the page is served to this machine only, at 127.0.0.1, not at {host!r}: others would need "
            "accounts, which do not exist yet. From elsewhere use a tunnel: ssh -L 8000:127.0.0.1:8000 HERE"
        )
    # The protocol is named because asyncio sends small packets at once only on sockets that say TCP; left out,
    # every answer waits 40 ms for the client's delayed acknowledgement.
    family = socket.AF_INET6 if ":" in plain else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((plain, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingError(
            f"cannot listen at port {port} of {host}: {error}; choose another port, or 0 for any free one"
        ) from error
    return listener


def _spelt(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@contextmanager
def _quiet_end() -> Iterator[None]:
    """SIGTERM and SIGINT end the server, not the process: uvicorn raises them once more when it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _known(folder: Path, address: str) -> Iterator[None]:
    """The address is written down for `fresh_link` as long as the server runs."""
    note = _note(folder)
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps({"address": address, "pid": os.getpid()}), "ascii")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _is_held(folder: Path) -> bool:
    try:
        lock(folder).close()
    except JournalError:
        return True
    return False


def _note(folder: Path) -> Path:
    return folder / "cache" / "server.json"


def _print(serving: Serving) -> None:
    for name, link in serving.links.items():
        print(f"{name}: {link}", file=sys.stdout, flush=True)
