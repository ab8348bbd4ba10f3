"""Who is there: tickets that open the page once, cookies that keep it open, and the secret behind both."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from asklearn.errors import SettingError

TICKET_SECONDS = 5 * 60
COOKIE_SECONDS = 30 * 24 * 3600


def secret_of(folder: Path) -> str:
    """The project's secret, 256 random bits made on first use, in a file for its owner's eyes only."""
    file = folder / "secret"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = file.read_text("ascii").strip()
        if len(secret) < 32:
            raise SettingError(
                f"{file} holds no secret of 32 signs or more; delete it and a new one is made"
            ) from None
        return secret
    secret = secrets.token_urlsafe(32)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(secret + "\n")
    return secret


def annotator(name: str) -> str:
    """The name, when it can be one.

    >>> annotator("Zoë")
    'Zoë'
    """
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise SettingError(f"an annotator's name is 1 to 64 printable signs; {name!r} is not")
    return name


class Sessions:
    """Lets people in. Tickets live in memory, hashed; cookies are signed, so a restart keeps everybody in.

    >>> sessions = Sessions("a secret of thirty-two signs or more")
    >>> ticket = sessions.ticket("ann")
    >>> sessions.redeem(ticket), sessions.redeem(ticket)
    ('ann', None)
    >>> sessions.read_cookie(f"{sessions.cookie_name}={sessions.cookie('ann')}")
    'ann'
    """

    def __init__(self, secret: str, steady: Callable[[], float] = time.monotonic) -> None:
        self._secret = secret.encode()
        self._steady = steady
        self._tickets: dict[bytes, tuple[float, str]] = {}  # hash of the ticket -> runs out at, for whom
        self._signer = URLSafeTimedSerializer(
            secret,
            salt="asklearn.session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        # Browsers send a cookie to every port of a host: two projects open at once need two names.
        self.cookie_name = "asklearn-" + hashlib.sha256(b"name:" + self._secret).hexdigest()[:12]

    def ticket(self, by: str) -> str:
        """256 random bits that let `by` in once, within five minutes."""
        now = self._steady()
        self._tickets = {key: value for key, value in self._tickets.items() if value[0] > now}
        ticket = secrets.token_urlsafe(32)
        self._tickets[_digest(ticket)] = (now + TICKET_SECONDS, annotator(by))
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Whom the ticket lets in; None when it is unknown, used or too old."""
        until, by = self._tickets.pop(_digest(ticket), (0.0, None))
        return by if until > self._steady() else None

    def cookie(self, by: str) -> str:
        """A cookie's value that says `by` and cannot be forged without the secret."""
        return str(self._signer.dumps(by))

    def set_cookie(self, by: str) -> str:
        """The header that gives `by` a session. No `Secure`: loopback has no TLS."""
        kept = f"Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict"
        return f"{self.cookie_name}={self.cookie(by)}; {kept}"

    def read_cookie(self, header: str) -> str | None:
        """Whom this Cookie header names; None when nobody, or forged, or too old."""
        try:
            morsel = SimpleCookie(header).get(self.cookie_name)
        except CookieError:
            return None
        if morsel is None:
            return None
        try:
            return annotator(self._signer.loads(morsel.value, max_age=COOKIE_SECONDS))
        except BadSignature:
            return None

    def role_of(self, by: str) -> str:
        """What `by` is in this project: who opened the page at this machine is its owner."""
        return "owner" if by == "me" else "annotator"

    def is_owner(self, authorization: str) -> bool:
        """Whether this Authorization header bears the project's secret."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._secret)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
