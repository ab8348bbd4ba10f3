"""The API of the overview: what is not in the status, since not every answer needs it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from asklearn.server.api import is_measured, shown_to
from asklearn.server.cards import cards
from asklearn.server.desk import caller
from asklearn.server.roles import allow, rights_of

routes = APIRouter(prefix="/api/v1/overview")


@routes.get("")
async def overview(request: Request) -> Response:
    """Throughput, what waits to be asked, what choosing has brought, and all of it in words; how much each person
    does for reviewers only."""
    desk, rights = allow(request, "read"), rights_of(request)

    def told() -> dict[str, Any]:
        found = desk.project.overview("review" in rights)
        # What was chosen ahead gives way to some questions, and some are not free to be asked: either would tell.
        if is_measured(rights):
            found |= {"free": None, "planned": None}
        status = shown_to(caller(request), rights, desk.project)
        return found | {"cards": cards(status, found)}

    return JSONResponse(await desk.run(told))


@routes.get("/pace.svg")
async def pace(request: Request) -> Response:
    """Answers by the hour or by the day, as a picture."""
    desk = allow(request, "read")

    def picture() -> bytes:
        told = desk.project.overview()
        return desk.chart.pace(told["hours"], told["days"])

    return Response(await desk.run(picture), media_type="image/svg+xml")
