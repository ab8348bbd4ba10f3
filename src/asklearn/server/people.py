"""The API for people: who there is, links that let them in, what they may do, tokens for scripts."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from asklearn.server.accounts import DAY, GIVEN, INVITED, Accounts
from asklearn.server.desk import Desk, caller, desk_of
from asklearn.server.guard import stranger
from asklearn.server.rights import ROLES
from asklearn.server.roles import allow, rights_of

routes = APIRouter(prefix="/api/v1")

NO_INVITATION = "this link is used, withdrawn or too old; ask whoever sent it for a new one"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Code(_Body):
    """What stands behind the # of an invitation."""

    code: Annotated[str, Field(max_length=200)]


class Named(_Body):
    """Somebody, or a token, by name."""

    name: str


class Invited(Named):
    """For whom a link is, as what they come, and for how many days it is good."""

    role: str | None = None
    days: float = INVITED / DAY


class Appointed(Named):
    """What somebody is from now on."""

    role: str


class Granted(Named):
    """A token: what it is called, what it may do, and for how many days; None for good."""

    rights: list[str]
    days: float | None = None


@routes.post("/join")
async def join(request: Request, code: Code) -> Response:
    """Come in by an invitation, once: the answer brings the cookie."""
    desk = desk_of(request)
    name = await desk.run(desk.sessions.accounts.accept, code.code)
    if name is None:
        raise stranger(desk.sessions, request.scope, NO_INVITATION)
    cookie = desk.sessions.set_cookie(name, request.scope["asklearn.tls"])
    return JSONResponse({"you": name}, headers={"Set-Cookie": cookie})


@routes.get("/people")
async def people(request: Request) -> Response:
    """Who is here, what they are, how much they answered; open invitations; to owners tokens, without what they say."""
    desk = allow(request, "manage")
    return JSONResponse(await desk.run(_people, desk, request))


@routes.post("/people/invite")
async def invite(request: Request, wanted: Invited) -> Response:
    """A link that lets somebody in once; it is told now and never again."""
    desk = allow(request, "manage")
    code = await desk.run(
        desk.sessions.accounts.invite,
        wanted.name,
        wanted.role,
        caller(request),
        rights_of(request),
        wanted.days * DAY,
    )
    scheme = "https" if request.scope["asklearn.tls"] else "http"
    address = desk.public or f"{scheme}://{request.headers['host']}"
    return JSONResponse({"link": f"{address}/join#{code}"})


@routes.post("/people/withdraw")
async def withdraw(request: Request, who: Named) -> Response:
    """Take an invitation back."""
    desk = allow(request, "manage")
    return await _changed(desk, request, Accounts.withdraw_invite, who.name, rights_of(request))


@routes.post("/people/role")
async def role(request: Request, wanted: Appointed) -> Response:
    """Say what somebody is; it counts from their next request on."""
    desk = allow(request, "manage")
    return await _changed(desk, request, Accounts.change_role, wanted.name, wanted.role, rights_of(request))


@routes.post("/people/remove")
async def remove(request: Request, who: Named) -> Response:
    """Let somebody in no more, from their next request on; their answers stay."""
    desk = allow(request, "manage")
    return await _changed(desk, request, Accounts.remove, who.name, rights_of(request))


@routes.post("/tokens")
async def token(request: Request, wanted: Granted) -> Response:
    """A token for a script; it is told now and never again."""
    desk = allow(request, "own")
    seconds = None if wanted.days is None else wanted.days * DAY
    make = desk.sessions.accounts.make_token
    text = await desk.run(make, wanted.name, tuple(wanted.rights), caller(request), seconds)
    return JSONResponse({"token": text})


@routes.post("/tokens/withdraw")
async def withdraw_token(request: Request, which: Named) -> Response:
    """Let a token do nothing more, from its next request on."""
    desk = allow(request, "own")
    return await _changed(desk, request, Accounts.withdraw_token, which.name)


async def _changed(desk: Desk, request: Request, change: Any, *given: Any) -> Response:
    """Everybody, after a change."""
    await desk.run(change, desk.sessions.accounts, *given)
    return JSONResponse(await desk.run(_people, desk, request))


def _people(desk: Desk, request: Request) -> dict[str, Any]:
    register, own = desk.sessions.accounts.register, "own" in rights_of(request)
    answers: dict[str, int] = desk.project.status()["people"]["answers"]
    here = {name: person for name, person in register.people.items() if person.active}
    return {
        "you": caller(request),
        "people": [
            {
                "name": name,
                "role": here[name].role if name in here else None,  # None: only in the record
                "since": here[name].since if name in here else None,
                "answers": answers.get(name, 0),
                "seen": _seen(desk, name),
            }
            for name in [*here, *(name for name in answers if name not in here)]
        ],
        "invites": [
            {"name": name, "role": invite.role, "by": invite.by, "until": invite.until}
            for name, invite in register.invites.items()
            if invite.until > time.time()
        ],
        "tokens": [
            {"name": name, "rights": token.rights, "by": token.by, "until": token.until}
            for name, token in register.tokens.items()
            if own
        ],
        "roles": [role for role, rights in ROLES.items() if own or "manage" not in rights],
        "given": GIVEN if own else [],
    }


def _seen(desk: Desk, name: str) -> float | None:
    """When somebody was last heard of, in seconds since 1970: since the server started, or by an answer."""
    answered = desk.project.history(name, 1)
    known = [desk.sessions.seen.get(name), answered[0]["at"] if answered else None]
    return max((at for at in known if at is not None), default=None)
