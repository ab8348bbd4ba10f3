"""Who may do what: rights are words, a role is a set of them, and every route names the right it wants."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request

from asklearn.server.desk import Desk, desk_of
from asklearn.server.refusals import Refused
from asklearn.server.rights import RIGHTS


def rights_of(request: Request) -> frozenset[str]:
    """What the caller may do; the guard has looked it up for this very request."""
    rights: frozenset[str] = request.scope["asklearn.rights"]
    return rights


def allow(request: Request, right: str) -> Desk:
    """The desk, for a caller who has the right. Raises `Refused` (403) naming what is not allowed."""
    if right not in rights_of(request):
        role = request.scope["asklearn.role"]
        raise Refused(HTTPStatus.FORBIDDEN, f"as {role} you may not {RIGHTS[right]}; ask the project's owner")
    return desk_of(request)
