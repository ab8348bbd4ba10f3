"""A server for one project folder: from the socket to the last answer saved."""

from __future__ import annotations

import gc
import http.client
import ipaddress
import json
import os
import re
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
from asklearn.server.accounts import Accounts, annotator, read
from asklearn.server.app import create_app
from asklearn.server.guard import is_local, names
from asklearn.server.log import logger
from asklearn.server.sessions import Sessions, secret_of

KEEP_ALIVE = 75  # seconds: people think longer than the usual five
LAST_WORDS = 10  # seconds for requests that are under way when the server is told to stop
# Seconds after which Python lets another thread run. By default (0.005) the event loop, which has little to do but
# does it often, waits that long again and again behind a thread that computes: p99 of an answer was 2 to 4 x longer.
SWITCH = 0.0005
UNSAFE = (
    "Without TLS whoever is on the way can read everything, links and tokens too, and act as anybody. Put a server "
    "that speaks https in front, let it pass on the Host header, and say --https."
)


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
    host_names: Sequence[str] = (),
    https: bool = False,
    log_level: str = "warning",
) -> None:
    """Serve the labelling page of a project until SIGINT or SIGTERM; what was answered by then is saved.

    `port` 0 is any free one. `ready` is called once, when the page can be opened; without it the links are
    printed. `open_browser` opens the first annotator's. `host_names`: by which others reach this machine, the first
    one in their links; `https`: what is in front of the server speaks TLS. Raises `SettingError` for an address it may
    not or cannot listen at, or when others could reach the page and nobody else was invited; `JournalError` when
    another process holds the project: then `fresh_link` may get you in.
    """
    people = [annotator(name) for name in annotators]
    own = Path(folder)
    named = [_host_name(name) for name in host_names]
    if _others(host, named, own) and not https:
        print(UNSAFE, file=sys.stderr, flush=True)
    with (
        closing(_listen(host, port)) as listener,
        Project.open(folder, model=model, strategy=strategy) as project,
    ):
        place = _place(host, listener.getsockname()[1], named, https)
        secret = secret_of(own)
        sessions = Sessions(secret, accounts=Accounts(secret, own))
        for name in people:
            sessions.accounts.admit(name)  # what is wrong with a name is said before anybody waits
        app = create_app(
            project,
            sessions,
            place.hosts,
            lease=lease,
            https=https,
            public=place.public,
            logger=logger(log_level),
        )
        url = f"http://{place.local}" if is_local(place.local) else place.public

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
        with _known(own, place), _quiet_end():
            _Server(config, announce).run(sockets=[listener])
            app.state.desk.threads.shutdown()


def fresh_link(folder: str | os.PathLike[str], name: str = "me") -> str | None:
    """A new link into the server that runs on this folder; None when none does."""
    own = Path(folder)
    note = _running(own)
    if note is None:
        return None
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


def public_url(folder: str | os.PathLike[str]) -> str | None:
    """Where others reach the server that runs on this folder; None when none does."""
    note = _running(Path(folder))
    return None if note is None else note.get("public")


def _running(folder: Path) -> dict[str, str] | None:
    """What the server on this folder wrote down of itself; None when none runs.

    A killed server's note may lead to a stranger, who must not get the secret.
    """
    note = json.loads(_note(folder).read_text("ascii")) if _note(folder).is_file() else {}
    if not _is_held(folder) or (folder / "lock").read_text("ascii") != str(note.get("pid")):
        return None
    found: dict[str, str] = note
    return found


class _Server(uvicorn.Server):
    """uvicorn, and a word when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


@dataclass(frozen=True)
class _Place:
    """Where the server is: for this machine, for others, and by which Host headers."""

    local: str
    public: str
    hosts: frozenset[str]


def _place(host: str, port: int, named: Sequence[str], https: bool) -> _Place:
    """
    >>> place = _place("0.0.0.0", 8000, ["label.example.org"], https=True)
    >>> place.local, place.public
    ('127.0.0.1:8000', 'https://label.example.org')
    """
    if ipaddress.ip_address(_plain(host)).is_unspecified:
        local = f"[::1]:{port}" if ":" in host else f"127.0.0.1:{port}"
    else:
        local = f"{_spelt(host)}:{port}"
    given = [name if _has_port(name) else f"{name}:{port}" for name in named]
    hosts = names(port) | {local, *named, *given}
    if not named:
        return _Place(local, f"{'https' if https and not _is_loopback(host) else 'http'}://{local}", hosts)
    return _Place(local, f"https://{named[0]}" if https else f"http://{given[0]}", hosts)


def _others(host: str, named: Sequence[str], folder: Path) -> bool:
    """Whether others can reach the page. Raises `SettingError` where they can and nobody was invited."""
    if _is_loopback(host) and not named:
        return False
    if not named and ipaddress.ip_address(_plain(host)).is_unspecified:
        raise SettingError(
            f"say by which name people reach this machine, as in --host-name label.example.org: {host} is all of its "
            "addresses, and the page answers to names that it knows only"
        )
    if not read(folder).shared:
        raise SettingError(
            f"others could reach the page, and nobody else is invited yet: asklearn people {folder} invite WHO. "
            "To open it from elsewhere yourself, use a tunnel: ssh -L 8000:127.0.0.1:8000 HERE"
        )
    return True


def _host_name(name: str) -> str:
    """The name as it stands in a Host header."""
    if not re.fullmatch(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", name):
        raise SettingError(
            f"a host name is like label.example.org or label.example.org:8443; {name!r} is not"
        )
    return name.lower()


def _has_port(name: str) -> bool:
    return re.search(r":\d+$", name.rpartition("]")[2]) is not None


def _plain(host: str) -> str:
    """The address as a socket takes it. Raises `SettingError` for what is none."""
    plain = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        raise SettingError(
            f"the server listens at an IP address of this machine, such as 127.0.0.1; {host!r} is none. Names that "
            "people reach it by are given with --host-name"
        ) from None
    return plain


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(_plain(host)).is_loopback


def _listen(host: str, port: int) -> socket.socket:
    plain = _plain(host)
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
def _known(folder: Path, place: _Place) -> Iterator[None]:
    """Where it is is written down for `fresh_link` and `public_url` as long as the server runs."""
    note = _note(folder)
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps({"address": place.local, "public": place.public, "pid": os.getpid()}), "ascii")
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
