"""Coming in: tickets that open the page once, cookies that keep it open, and the secret behind both."""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from asklearn.errors import SettingError
from asklearn.server.accounts import Accounts, Person

TICKET_SECONDS = 5 * 60
COOKIE_SECONDS = 30 * 24 * 3600
BURST = 20  # failures of an address at once
REFILL = 6.0  # seconds for one more
ADDRESSES = 10_000  # remembered; the one that failed least recently is forgotten first


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


class Sessions:
    """Lets people in. Tickets live in memory, hashed; cookies are signed, so a restart keeps everybody in.

    A cookie says who somebody is, never what they may do: that is looked up in `accounts` for every request.

    >>> sessions = Sessions("a secret of thirty-two signs or more")
    >>> ticket = sessions.ticket("ann")
    >>> sessions.redeem(ticket), sessions.redeem(ticket)
    ('ann', None)
    >>> name, person = sessions.read_cookie(sessions.set_cookie("ann"))
    >>> name, person.role
    ('ann', 'annotator')
    """

    def __init__(
        self,
        secret: str,
        steady: Callable[[], float] = time.monotonic,
        accounts: Accounts | None = None,
    ) -> None:
        self._secret = secret.encode()
        self._steady = steady
        self.accounts = Accounts(secret) if accounts is None else accounts
        self.failures = Failures(steady)
        self.seen: dict[str, float] = {}  # name -> time of their last request
        # hash of the ticket -> runs out at, for whom, of which stay
        self._tickets: dict[bytes, tuple[float, str, str]] = {}
        self._desk = threading.Lock()  # a ticket that is being used must not come back while another is made
        self._signer = URLSafeTimedSerializer(
            secret,
            salt="asklearn.session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        # Browsers send a cookie to every port of a host: two projects open at once need two names.
        self.cookie_name = "asklearn-" + hashlib.sha256(b"name:" + self._secret).hexdigest()[:12]

    def ticket(self, by: str) -> str:
        """256 random bits that let `by` in once, within five minutes; an account is made where there is none.

        For the holder of the folder's secret: raises `SettingError` for a name that cannot be one or is a token's.
        """
        person = self.accounts.admit(by)
        now, ticket = self._steady(), secrets.token_urlsafe(32)
        with self._desk:
            self._tickets = {key: value for key, value in self._tickets.items() if value[0] > now}
            self._tickets[_digest(ticket)] = (now + TICKET_SECONDS, by, person.mark)
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Whom the ticket lets in; None when it is unknown, used or too old, or they were removed since."""
        with self._desk:
            until, by, mark = self._tickets.pop(_digest(ticket), (0.0, "", ""))
        return by if until > self._steady() and self.accounts.stays(by, mark) else None

    def cookie(self, by: str) -> str:
        """A cookie's value that says `by`, who is here, and cannot be forged without the secret."""
        person = self.accounts.register.person(by)
        if person is None:
            raise SettingError(f"nobody here is called {by!r}")
        return str(self._signer.dumps([by, person.mark]))

    def set_cookie(self, by: str, tls: bool = False) -> str:
        """The header that gives `by` a session; `Secure` where TLS is, which loopback does without."""
        kept = f"Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{'; Secure' if tls else ''}"
        return f"{self.cookie_name}={self.cookie(by)}; {kept}"

    def read_cookie(self, header: str) -> tuple[str, Person] | None:
        """Who this Cookie header names; None when nobody, forged, too old, or not here any more."""
        try:
            morsel = SimpleCookie(header).get(self.cookie_name)
        except CookieError:
            return None
        if morsel is None:
            return None
        try:
            by, mark = self._signer.loads(morsel.value, max_age=COOKIE_SECONDS)
        except (BadSignature, ValueError):  # what is signed may be of an earlier version
            return None
        person = self.accounts.stays(by, mark)
        return None if person is None else (by, person)

    def is_owner(self, token: str) -> bool:
        """Whether this is the project's secret."""
        return hmac.compare_digest(token.encode(), self._secret)


class Failures:
    """How often each address came with a ticket, code or token that is none: a few are a mistake.

    Each address may fail `BURST` times at once and once more every `REFILL` seconds. What is good is always taken:
    256 bits are not guessed, and nobody behind the same address is shut out by a script that knocks.

    >>> failures = Failures(lambda: 0.0)
    >>> [failures.wait("there") for _ in range(BURST + 1)][-2:]
    [0, 6]
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._until: OrderedDict[str, float] = OrderedDict()  # address -> when it has all its failures again

    def wait(self, address: str) -> int:
        """Count one failure; for how many seconds the address should be quiet now, 0 while it need not."""
        now = self._steady()
        until = max(self._until.pop(address, now), now)
        over = until + REFILL - now - BURST * REFILL
        self._until[address] = until if over > 0 else until + REFILL
        if len(self._until) > ADDRESSES:
            self._until.popitem(last=False)
        return max(math.ceil(over), 0)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
