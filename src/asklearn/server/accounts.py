"""Who there is: people with a role, invitations, tokens. Nobody has a password: people come in by links.

All of it is one small file in the project's folder. Codes and tokens have 256 random bits and are kept as
HMAC-SHA-256 under the project's secret only: the file lets nobody in, and a copy of the project, which has a secret of
its own, honours none of them.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

from asklearn.errors import SettingError
from asklearn.server.refusals import Refused
from asklearn.server.rights import RIGHTS, ROLES

FILE = "people.json"
HERE = "me"  # who opens the page at the project's own machine, by the folder's secret: its owner
DAY = 24 * 3600.0
INVITED = 7 * DAY  # seconds for which a link is good, unless told
LONGEST = 3650 * DAY
TOKEN = "asklearn_"  # by which a token that leaked is known for what it is
GIVEN = tuple(right for right in RIGHTS if right != "own")  # to tokens; who owns the project is a person


@dataclass(frozen=True)
class Person:
    """Somebody who came in. `since`: seconds since 1970; `mark`: random, borne by the cookies of this stay."""

    role: str
    since: float
    mark: str
    active: bool = True


@dataclass(frozen=True)
class Invite:
    """A link that lets somebody in once, until a time."""

    role: str
    by: str
    until: float
    hash: str


@dataclass(frozen=True)
class Token:
    """What a script bears; `until` None is for good."""

    rights: tuple[str, ...]
    by: str
    since: float
    until: float | None
    hash: str


@dataclass(frozen=True)
class Register:
    """Everybody at one moment, by name: one open invitation each, and no token with the name of a person."""

    people: dict[str, Person] = field(default_factory=dict)
    invites: dict[str, Invite] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

    def person(self, name: str) -> Person | None:
        """Who is here by this name."""
        found = self.people.get(name)
        return found if found is not None and found.active else None

    @property
    def owners(self) -> list[str]:
        """Who owns the project."""
        return [name for name, person in self.people.items() if person.active and person.role == "owner"]

    @property
    def shared(self) -> bool:
        """Whether anybody but the owner at the machine may come in."""
        return bool(self.invites or self.tokens) or any(
            person.active for name, person in self.people.items() if name != HERE
        )

    @cached_property
    def borne(self) -> dict[str, str]:
        """The names of the tokens by their hashes."""
        return {token.hash: name for name, token in self.tokens.items()}


def annotator(name: str) -> str:
    """The name, when it can be one.

    >>> annotator("Zoë")
    'Zoë'
    """
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise SettingError(f"an annotator's name is 1 to 64 printable signs; {name!r} is not")
    return name


class Accounts:
    """The register, kept in a folder, or in memory without one. Another process may change it at any time.

    What is asked of it by name is as it stands now, whoever wrote it last. Methods that change it take the `rights` of
    who asks, and hold them against what is there at that moment.

    >>> accounts = Accounts("a secret of thirty-two signs or more")
    >>> code = accounts.invite("zoe", "reviewer", by="me", rights=ROLES["owner"])
    >>> accounts.accept(code), accounts.accept(code)
    ('zoe', None)
    >>> accounts.register.person("zoe").role
    'reviewer'
    """

    def __init__(
        self, secret: str, folder: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._secret = secret.encode()
        self._folder = folder
        self._clock = clock
        # The file's stamp and what it says, put in place together: several threads ask.
        self._seen: tuple[tuple[int, ...] | None, Register] = (None, Register())
        self._mutex = threading.Lock()

    @property
    def register(self) -> Register:
        """Everybody, now. Raises `SettingError` when the file cannot be read."""
        stamp, register = self._seen
        if self._folder is not None:
            now = _stamp(self._folder / FILE)  # a few microseconds; every request asks
            if now != stamp:
                register = read(self._folder)
                self._seen = now, register
        return register

    def stays(self, name: str, mark: str) -> Person | None:
        """The person whose cookie says this, while they are here."""
        person = self.register.person(name)
        return person if person is not None and hmac.compare_digest(person.mark, mark) else None

    def bears(self, token: str) -> tuple[str, Token] | None:
        """Name and rights of a token, while it is good."""
        name = self.register.borne.get(self._hash("token", token))
        if name is None:
            return None
        found = self.register.tokens[name]
        return (name, found) if found.until is None or found.until > self._clock() else None

    def admit(self, name: str) -> Person:
        """Let somebody in by word of the folder's holder: as who they are, else as annotator; `HERE` as owner."""
        annotator(name)
        role = "owner" if name == HERE else "annotator"

        def there(register: Register) -> Person | None:
            person = register.person(name)
            return person if person is not None and (name != HERE or person.role == role) else None

        known = there(self.register)
        if known is not None:
            return known
        with self._changing() as change:
            _free_of_tokens(change.register, name)
            return there(change.register) or change.enter(name, role, self._clock())

    def invite(
        self, name: str, role: str | None, by: str, rights: frozenset[str], seconds: float = INVITED
    ) -> str:
        """The code of a link that lets `name` in once, in place of an earlier one.

        Somebody who is here gets another way in and stays what they are; everybody else comes as `role` (None:
        annotator).
        """
        annotator(name)
        if name == HERE:
            raise SettingError(
                f"{HERE!r} is who opens the page at the project's own machine; choose another name"
            )
        with self._changing() as change:
            person = change.register.person(name)
            _free_of_tokens(change.register, name)
            if person is not None and role not in (None, person.role):
                raise SettingError(f"{name!r} is here already, as {person.role}; change the role instead")
            role = person.role if person is not None else _role(role or "annotator")
            before = change.invites.get(name)
            _may_name(rights, role, *([before.role] if before else []))
            code = secrets.token_urlsafe(32)
            until = self._clock() + _lasting(seconds)
            change.invites[name] = Invite(role, by, until, self._hash("invite", code))
            return code

    def accept(self, code: str) -> str | None:
        """Who comes in by this code; None when it is unknown, used, withdrawn or too old."""
        hashed = self._hash("invite", code)
        if not any(invite.hash == hashed for invite in self.register.invites.values()):
            return None
        with self._changing() as change:
            for name, invite in change.invites.items():
                if invite.hash == hashed:
                    del change.invites[name]
                    if change.register.person(name) is None:
                        change.enter(name, invite.role, self._clock())
                    return name
        return None

    def withdraw_invite(self, name: str, rights: frozenset[str]) -> None:
        """The link is good for nothing from now on."""
        with self._changing() as change:
            if name not in change.invites:
                raise SettingError(f"no invitation for {name!r} is open")
            _may_name(rights, change.invites.pop(name).role)

    def change_role(self, name: str, role: str, rights: frozenset[str]) -> None:
        """What somebody is from their next request on. Links for them are void, and links and tokens they may no
        longer make."""
        _role(role)
        with self._changing() as change:
            person = _here(change.register, name)
            _may_name(rights, person.role, role)
            if name == HERE and role != "owner":
                raise SettingError(
                    f"{HERE!r} opens the page by the folder's secret, so it is an owner always"
                )
            change.people[name] = replace(person, role=role)
            _owned(change.people, person)
            change.forget(name, ROLES[role])

    def remove(self, name: str, rights: frozenset[str]) -> None:
        """Nobody by this name from their next request on; what they answered stays. Their links and tokens go too."""
        with self._changing() as change:
            person = _here(change.register, name)
            _may_name(rights, person.role)
            change.people[name] = replace(person, active=False, mark="")
            _owned(change.people, person)
            change.forget(name, frozenset())

    def make_token(self, name: str, rights: tuple[str, ...], by: str, seconds: float | None = None) -> str:
        """A token with these rights, which speaks as `name`; it is told now and never again."""
        annotator(name)
        if not rights or set(rights) - set(GIVEN):
            raise SettingError(
                f"a token has rights of {', '.join(GIVEN)}; given: {', '.join(rights) or 'none'}"
            )
        with self._changing() as change:
            there = change.register
            if name == HERE or name in there.people or name in there.invites or name in there.tokens:
                raise SettingError(f"{name!r} is somebody already; a token has a name of its own")
            text = TOKEN + secrets.token_urlsafe(32)
            now = self._clock()
            until = None if seconds is None else now + _lasting(seconds)
            granted = tuple(right for right in GIVEN if right in rights)
            change.tokens[name] = Token(granted, by, now, until, self._hash("token", text))
            return text

    def withdraw_token(self, name: str) -> None:
        """The token is good for nothing from now on."""
        with self._changing() as change:
            if change.tokens.pop(name, None) is None:
                raise SettingError(f"no token is called {name!r}")
            change.forget(name, frozenset())

    def _hash(self, kind: str, text: str) -> str:
        said = f"{kind}:{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()

    @contextmanager
    def _changing(self) -> Iterator[_Change]:
        """A copy to change; it takes effect at the end of the block, all of it or, after an error, nothing."""
        with self._mutex, _alone(self._folder):
            before = self.register
            change = _Change(before, self._clock())
            yield change
            after = Register(change.people, change.invites, change.tokens)
            if self._folder is None:
                self._seen = None, after
            elif after != before:
                _write(self._folder / FILE, after)


class _Change:
    """A register being changed: its three parts, as dictionaries of their own."""

    def __init__(self, before: Register, now: float) -> None:
        self.people = dict(before.people)
        self.invites = {name: invite for name, invite in before.invites.items() if invite.until > now}
        self.tokens = dict(before.tokens)

    @property
    def register(self) -> Register:
        return Register(self.people, self.invites, self.tokens)

    def enter(self, name: str, role: str, now: float) -> Person:
        """A new stay: a cookie of an earlier one does not open it."""
        self.people[name] = Person(role, now, secrets.token_urlsafe(16))
        return self.people[name]

    def forget(self, name: str, rights: frozenset[str]) -> None:
        """Drop what `name`, with these rights left, might still come in by, or has others come in by."""
        for other, invite in list(self.invites.items()):
            if other == name or (invite.by == name and "manage" not in rights):
                del self.invites[other]
        for other, token in list(self.tokens.items()):
            if token.by == name and "own" not in rights:
                del self.tokens[other]


def read(folder: Path) -> Register:
    """The register in this folder, empty where there is none. Raises `SettingError` naming what is wrong."""
    file = folder / FILE
    try:
        said = json.loads(file.read_text("utf-8"))
        register = Register(
            {name: Person(**person) for name, person in said["people"].items()},
            {name: Invite(**invite) for name, invite in said["invites"].items()},
            {
                name: Token(**token | {"rights": tuple(token["rights"])})
                for name, token in said["tokens"].items()
            },
        )
    except FileNotFoundError:
        return Register()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingError(
            f"{file} cannot be read: {error}; without it everybody needs a new link"
        ) from error
    for role in [who.role for part in (register.people, register.invites) for who in part.values()]:
        _role(role)
    return register


def lines(register: Register) -> dict[str, Any]:
    """The register as it is written: nothing in it lets anybody in."""
    return asdict(register)


def _write(file: Path, register: Register) -> None:
    """Written aside, then put in place: a reader, or a power cut, meets the old one or the new one."""
    aside = file.with_name(f"{FILE}.new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(lines(register), out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(file)
    handle = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """One writer at a time, of all processes: the secret is a file that is there and is never replaced."""
    if folder is None:
        yield
        return
    handle = os.open(folder / "secret", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _stamp(file: Path) -> tuple[int, ...] | None:
    """Another one for every version of the file: each is a file of its own that was put in its place."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _role(role: str) -> str:
    if role not in ROLES:
        raise SettingError(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    return role


def _here(register: Register, name: str) -> Person:
    person = register.person(name)
    if person is None:
        there = ", ".join(name for name, person in register.people.items() if person.active)
        raise SettingError(f"nobody here is called {name!r}; here are {there or 'none yet'}")
    return person


def _free_of_tokens(register: Register, name: str) -> None:
    if name in register.tokens:
        raise SettingError(f"{name!r} is the name of a token, and a script is no person; choose another name")


def _may_name(rights: frozenset[str], *roles: str) -> None:
    """Who only manages makes, changes and removes those who do not."""
    if "manage" not in rights or ("own" not in rights and any("manage" in ROLES[role] for role in roles)):
        raise Refused(HTTPStatus.FORBIDDEN, "only an owner decides who owns or manages the project")


def _owned(people: dict[str, Person], changed: Person) -> None:
    if changed.role == "owner" and not Register(people).owners:
        raise SettingError("the project would have no owner; make somebody else its owner first")


def _lasting(seconds: float) -> float:
    if not 0 < seconds <= LONGEST:
        raise SettingError(
            f"that is good for {seconds / DAY:g} days; give more than 0 and at most {LONGEST / DAY:g}"
        )
    return seconds
