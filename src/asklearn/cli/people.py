"""`asklearn people`: who may open a project's page, links for them, tokens for scripts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from asklearn.cli.terminal import document, plain, remark, say, table
from asklearn.errors import SettingError
from asklearn.server.accounts import DAY, HERE, INVITED, Accounts, Register
from asklearn.server.rights import ROLES
from asklearn.server.run import public_url
from asklearn.server.sessions import secret_of

OWNER = ROLES["owner"]  # whoever can write the folder


def show_people(folder: Path, *, json: bool) -> None:
    """Everybody, open invitations, tokens."""
    register = _accounts(folder).register
    if json:
        document(listed(register))
        return
    here = [(name, p.role, _day(p.since)) for name, p in register.people.items() if p.active]
    if here:
        table(["name", "role", "since"], here)
    else:
        say("Nobody came in yet.")
    if register.invites:
        table(
            ["invited", "role", "until"],
            [(name, i.role, _day(i.until)) for name, i in register.invites.items()],
        )
    if register.tokens:
        rows = [
            (name, ", ".join(t.rights), "for good" if t.until is None else _day(t.until))
            for name, t in register.tokens.items()
        ]
        table(["token", "rights", "until"], rows)


def listed(register: Register) -> dict[str, Any]:
    """Everybody as JSON can hold it, without the hashes."""
    return {
        "people": [
            {"name": name, "role": person.role, "since": person.since}
            for name, person in register.people.items()
            if person.active
        ],
        "invites": [_named(name, asdict(invite)) for name, invite in register.invites.items()],
        "tokens": [_named(name, asdict(token)) for name, token in register.tokens.items()],
    }


def invite(
    folder: Path, who: str, *, role: str | None, days: float | None, at: str | None, json: bool
) -> None:
    """Print a link that lets somebody in once."""
    seconds = INVITED if days is None else days * DAY
    code = _accounts(folder).invite(who, role, HERE, OWNER, seconds)
    address = (at or public_url(folder) or "").rstrip("/")
    link = f"{address}/join#{code}"
    if json:
        document({"name": who, "link": link})
        return
    say(f"{plain(who)}: {link}")
    say(
        f"It lets one person in, once, within {seconds / DAY:g} days. Who holds it comes in: send it to nobody else."
    )
    if not address:
        remark(
            "Put the address in front at which the page is served, or give it by --at https://label.example.org"
        )


def change_role(folder: Path, who: str, *, role: str | None) -> None:
    """Say what somebody is from now on."""
    if role is None:
        raise SettingError(f"say what {who!r} is from now on: {', '.join(ROLES)}")
    _accounts(folder).change_role(who, role, OWNER)
    say(f"{plain(who)} is {role} from now on.")


def remove(folder: Path, who: str) -> None:
    """Let somebody in no more."""
    _accounts(folder).remove(who, OWNER)
    say(f"{plain(who)} comes in no more, from the next request on. Answers stay.")


def make_token(folder: Path, who: str, *, rights: list[str] | None, days: float | None, json: bool) -> None:
    """Print a token for a script."""
    seconds = None if days is None else days * DAY
    text = _accounts(folder).make_token(who, tuple(rights or ()), HERE, seconds)
    if json:
        document({"name": who, "token": text})
        return
    say(text)
    remark("It is shown this once. A script sends it as: Authorization: Bearer TOKEN")


def withdraw(folder: Path, who: str) -> None:
    """Make an open invitation, or a token, good for nothing."""
    accounts = _accounts(folder)
    if who in accounts.register.tokens:
        accounts.withdraw_token(who)
    else:
        accounts.withdraw_invite(who, OWNER)
    say(f"What was given to {plain(who)} opens nothing any more.")


def _accounts(folder: Path) -> Accounts:
    from asklearn import settings

    settings.read(folder)  # says what is wrong with the folder before anything is written
    return Accounts(secret_of(folder), folder)


def _named(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name} | {key: value for key, value in said.items() if key != "hash"}


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
