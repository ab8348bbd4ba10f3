"""The door: every request passes here, before anything else sees it, and every answer leaves here.

A page on loopback is reachable by every web site its owner visits (their browser will send what a
stranger's script asks for) and, by a name that resolves to 127.0.0.1, readable too. Hence: known Host names
only, same-origin writes only, JSON only, a session for all but the ways in.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asklearn.errors import SettingError
from asklearn.server.accounts import annotator
from asklearn.server.log import Logger
from asklearn.server.refusals import Refused
from asklearn.server.rights import API, ROLES
from asklearn.server.sessions import Sessions

# The paths that need no session: how it is, and the ways in with what they look like.
OPEN = {
    "/healthz",
    "/enter",
    "/join",
    "/api/v1/join",
    "/page/join.js",
    "/page/style.css",
    "/page/favicon.svg",
}
BODY_BYTES = 1_000_000
BODY_SECONDS = 30.0
READING = {"GET", "HEAD", "OPTIONS"}
ONCE = {b"host", b"origin", b"authorization", b"x-annotator", b"content-length", b"content-type"}

CSP = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'none'",
        "manifest-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
NO_STORE = (b"cache-control", b"no-store")

HOW_TO_ENTER = (
    "This page opens by a link that works once. Ask who runs the project for a new one; "
    "at its own machine, asklearn label NAME prints one that is good for five minutes."
)
NO_SESSION = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>asklearn: no session</title>
<p>{HOW_TO_ENTER}</p>
<p><a href="/">I have been here before: try again</a></p>
</html>
"""


LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def names(port: int) -> frozenset[str]:
    """The Host headers by which this machine may call itself."""
    return frozenset(f"{host}:{port}" for host in LOOPBACK) | (
        frozenset(LOOPBACK) if port == 80 else frozenset()
    )


def is_local(host: str) -> bool:
    """Whether a Host header is one of this machine's names for itself, at whatever port.

    >>> is_local("127.0.0.1:8000"), is_local("label.example.org")
    (True, False)
    """
    return host.rpartition(":")[0] in LOOPBACK or host in LOOPBACK


class Guard:
    """ASGI middleware around everything; it also keeps the request log and catches what nobody foresaw."""

    def __init__(
        self, app: ASGIApp, sessions: Sessions, hosts: Iterable[str], tls: bool, log: Logger
    ) -> None:
        self.app, self.sessions, self.log = app, sessions, log
        # Host header -> whether people reach it by https: what is in front of us takes the TLS off.
        self.hosts = {host.lower().encode(): tls and not is_local(host) for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        reply = _Reply(send)
        try:
            await self.app(scope, await self._admit(scope, receive), reply)
        except _Gone:
            pass
        except Refused as no:
            await _answer(no, scope, receive, reply)
        except Exception as error:
            id = secrets.token_hex(6)
            self.log.error("failed", id=id, route=_route(scope), exc_info=error)
            if reply.status:
                raise  # half an answer is out: the server has to cut the connection
            what = f"the server failed; its log says why under {id}"
            await Refused(HTTPStatus.INTERNAL_SERVER_ERROR, what, id=id).response()(scope, receive, reply)
        finally:
            self.log.info(
                "request",
                method=scope["method"],
                route=_route(scope),
                status=reply.status,
                ms=round(1000 * (time.perf_counter() - began), 1),
                by=scope.get("asklearn.by"),
            )

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        """What the application may read of the request. Raises `Refused`."""
        headers = _headers(scope)
        host = headers.get(b"host", b"").lower()
        if host not in self.hosts:
            raise Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server answers to 127.0.0.1 and localhost, with its own port, and names it was told, only",
            )
        tls = scope["asklearn.tls"] = self.hosts[host]
        writing = scope["method"] not in READING
        if writing:
            _check_origin(headers, (b"https://" if tls else b"http://") + host)
        if scope["path"] not in OPEN:
            self._identify(scope, headers, writing)
        if not writing:
            return receive
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, as application/json")
        return _replay(await _body(receive, headers), receive)

    def _identify(self, scope: Scope, headers: dict[bytes, bytes], writing: bool) -> None:
        """Write into the scope who asks, as what, and what they may do: looked up for every request."""
        authorization = headers.get(b"authorization")
        if authorization is not None:
            by, role, rights = self._bearer(scope, authorization.decode("latin-1"), headers)
        else:
            found = self.sessions.read_cookie(headers.get(b"cookie", b"").decode("latin-1"))
            if found is None:
                raise _unknown(HOW_TO_ENTER)
            if writing and not headers.keys() & {b"origin", b"sec-fetch-site"}:
                raise Refused(
                    HTTPStatus.FORBIDDEN, "a request with a cookie must say from which page it comes"
                )
            by, role = found[0], found[1].role
            rights = ROLES[role]
            self.sessions.seen[by] = time.time()
        scope["asklearn.by"], scope["asklearn.role"], scope["asklearn.rights"] = by, role, rights

    def _bearer(
        self, scope: Scope, authorization: str, headers: dict[bytes, bytes]
    ) -> tuple[str, str, frozenset[str]]:
        """Name, role and rights of a script. The folder's secret speaks for anybody, a token for itself only."""
        scheme, _, said = authorization.partition(" ")
        said = said.strip() if scheme.lower() == "bearer" else ""
        if self.sessions.is_owner(said):
            return _named(headers), "owner", ROLES["owner"]
        found = self.sessions.accounts.bears(said)
        if found is None:
            raise stranger(
                self.sessions,
                scope,
                "the token is unknown, withdrawn or too old; it is not the project's secret either",
            )
        name, token = found
        if b"x-annotator" in headers and _named(headers) != name:
            raise Refused(HTTPStatus.FORBIDDEN, f"this token speaks as {name!r} only; leave X-Annotator out")
        return name, API, frozenset(token.rights)


class _Gone(Exception):
    """The client hung up before it had said everything."""


class _Reply:
    """`send`, with the headers every answer carries; remembers the status."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append(NO_STORE)
            message = {**message, "headers": headers + RAW_HEADERS}
        await self.send(message)


async def _answer(no: Refused, scope: Scope, receive: Receive, reply: _Reply) -> None:
    """The refusal, as a page where a person opened one."""
    headers = dict(scope["headers"])
    person = scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b"")
    if no.status != HTTPStatus.UNAUTHORIZED or not person:
        await no.response()(scope, receive, reply)
        return
    page = HTMLResponse(NO_SESSION, no.status, no.headers)
    if headers.get(b"sec-fetch-site") == b"cross-site":
        # A link followed from elsewhere comes without the SameSite=Strict cookie even if there is one;
        # a reload from our own page brings it.
        page.headers["Refresh"] = "0; url=/"
    await page(scope, receive, reply)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in ONCE and name in found:
            raise Refused(HTTPStatus.BAD_REQUEST, f"the header {name.decode('latin-1')} may come once only")
        found[name] = value
    return found


def _check_origin(headers: dict[bytes, bytes], ours: bytes) -> None:
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if (origin is not None and origin != ours) or (site is not None and site != b"same-origin"):
        raise Refused(HTTPStatus.FORBIDDEN, "only the page itself may ask for this, not another site")


def _named(headers: dict[bytes, bytes]) -> str:
    try:
        return annotator(headers.get(b"x-annotator", b"").decode("utf-8"))
    except (SettingError, UnicodeDecodeError):
        raise Refused(
            HTTPStatus.BAD_REQUEST, "say who asks: the header X-Annotator, 1 to 64 printable signs in UTF-8"
        ) from None


def stranger(sessions: Sessions, scope: Scope, message: str) -> Refused:
    """The refusal of a ticket, code or token that is none: 401, or 429 for an address that tries too many."""
    wait = sessions.failures.wait((scope.get("client") or ("",))[0])
    if wait:
        what = f"{message}; there were too many of them, wait {wait} s"
        return Refused(HTTPStatus.TOO_MANY_REQUESTS, what, {"Retry-After": str(wait)})
    return _unknown(message)


def _unknown(message: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, message, {"WWW-Authenticate": "Bearer"})


async def _body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """All of the body, as long as it is small and comes soon."""
    said = headers.get(b"content-length", b"0")
    if not said.isdigit() or int(said[:20]) > BODY_BYTES:
        raise _too_large()
    parts, size, more = [], 0, True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > BODY_BYTES:
                    raise _too_large()
                more = message.get("more_body", False)
    except TimeoutError:
        late = f"the body did not come within {BODY_SECONDS:.0f} s"
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, late) from None
    return b"".join(parts)


def _too_large() -> Refused:
    what = f"a request may have {BODY_BYTES:,} bytes; send it in smaller parts"
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body, then whatever the connection says."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


def _route(scope: Scope) -> str:
    """The pattern that was matched: never the path itself, which may hold an id or a stranger's text."""
    route: Any = scope.get("route")
    return getattr(route, "path", "-")
