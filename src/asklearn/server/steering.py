"""What a manager says of who is asked what: leases that are to end, gold items, assignments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse, Response

from asklearn.errors import AnswerError
from asklearn.project import Project
from asklearn.server.api import Item
from asklearn.server.desk import caller
from asklearn.server.roles import allow

AT_ONCE = 10_000  # items in one request

routes = APIRouter(prefix="/api/v1")

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Ended(_Body):
    """Whose leases end, or those of which items; with both, where both hold."""

    by: Name | None = None
    items: Annotated[list[Item], Field(max_length=AT_ONCE)] | None = None


class Known(_Body):
    """An item and its known answer; none: it is gold no longer."""

    item: Item
    label: JsonValue = None


class Gilt(_Body):
    """Items whose answer is known."""

    items: Annotated[list[Known], Field(max_length=AT_ONCE)]


class Task(_Body):
    """Who alone is asked these items; nobody named: everybody is. Without items: what is open, dealt out evenly."""

    items: Annotated[list[Item], Field(max_length=AT_ONCE)] | None = None
    to: Annotated[list[Name], Field(max_length=1000)]


@routes.get("/leases")
async def leases(request: Request) -> Response:
    """Who holds what, and for how many seconds more."""
    desk = allow(request, "manage")
    return JSONResponse(await desk.run(desk.project.team.leases))


@routes.post("/leases/break")
async def broken(request: Request, ended: Ended) -> Response:
    """Take questions back that somebody holds, for others to be asked; what is on a screen may still be answered."""
    desk, by = allow(request, "manage"), caller(request)
    await desk.run(desk.project.team.break_leases, ended.by, ended.items, by)
    return JSONResponse({})


@routes.get("/gold")
async def gold(request: Request) -> Response:
    """How many items are gold, and how right everybody is on them."""
    desk = allow(request, "manage")
    scores = await desk.run(desk.project.team.gold)
    return JSONResponse({"items": len(desk.project.state.gold), "annotators": scores})


@routes.post("/gold")
async def gild(request: Request, gilt: Gilt) -> Response:
    """Say what the answers to these items are: everybody is asked each of them once, unseen among others."""
    desk, by = allow(request, "manage"), caller(request)
    await desk.run(_gild, desk.project, gilt.items, by)
    return JSONResponse({"items": len(desk.project.state.gold)})


@routes.post("/assignments")
async def assign(request: Request, task: Task) -> Response:
    """Say who alone is asked these items, or deal out by lot what nobody has answered."""
    desk, by = allow(request, "manage"), caller(request)
    if task.items is None:
        await desk.run(desk.project.team.share, task.to, by)
    else:
        await desk.run(desk.project.team.assign, task.items, task.to, by)
    return JSONResponse({"assigned": len(desk.project.state.assigned)})


def _gild(project: Project, items: list[Known], by: str) -> None:
    known = {}
    for one in items:
        label = one.label
        if isinstance(label, str):
            try:
                label = project.task.parse(label)
            except AnswerError as error:
                raise AnswerError(f"item {one.item!r}: {error}", item=one.item) from None
        known[one.item] = label
    project.team.gild(known, by)
