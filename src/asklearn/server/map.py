"""The pool as a map, and many items labelled at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse, Response

from asklearn.people import sweeps
from asklearn.project import Project
from asklearn.server.api import Item, Key, content_of
from asklearn.server.desk import caller
from asklearn.server.roles import allow

CORNERS = 1000  # of a line that somebody draws
SHOWN = 100  # items with what is in them, in one answer
ACTS = 10  # bulk acts that can be taken back by a button

routes = APIRouter(prefix="/api/v1")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Region(_Body):
    """What was drawn on the map (corners x, y from 0 to 1) and points chosen there; with neither, the whole pool."""

    polygon: Annotated[list[tuple[float, float]], Field(min_length=3, max_length=CORNERS)] | None = None
    points: Annotated[list[int], Field(max_length=10_000)] | None = None
    n: int = Field(20, ge=0, le=sweeps.SWEPT_AT_ONCE)
    doubtful: bool = False


class Few(_Body):
    """Items to look at."""

    items: list[Item] = Field(max_length=SHOWN)


class Swept(_Body):
    """A label for many items at once."""

    key: Key
    items: list[Item] = Field(min_length=1, max_length=sweeps.SWEPT_AT_ONCE)
    label: JsonValue
    seconds: float | None = Field(None, ge=0)


@routes.get("/map")
async def drawn(request: Request) -> Response:
    """The points of the map with how doubtful each is and whether the caller may label it; their last bulk acts."""
    desk, by = allow(request, "answer"), caller(request)
    return JSONResponse(await desk.run(_drawn, desk.project, by))


@routes.post("/map/inside")
async def inside(request: Request, region: Region) -> Response:
    """The points of a region, how many items behind them the caller may label, and n of these, drawn at random."""
    desk, by = allow(request, "answer"), caller(request)
    points, count, items = await desk.run(
        desk.project.bulk.within,
        by,
        region.n,
        polygon=region.polygon,
        points=region.points,
        doubtful=region.doubtful,
    )
    return JSONResponse({"points": points, "count": count, "items": items})


@routes.post("/map/items")
async def items(request: Request, few: Few) -> Response:
    """What these items hold, to be looked at before they are labelled; `DataError` for an item that is not there."""
    desk = allow(request, "answer")
    return JSONResponse(await desk.run(_items, desk.project, few.items))


@routes.post("/sweep")
async def sweep(request: Request, swept: Swept) -> Response:
    """Label all of these but what others hold or answered, weakly; durable when this answers 200.

    An answer of kind undo with the same key as `of` takes it back.
    """
    desk, by = allow(request, "answer"), caller(request)
    return JSONResponse(await desk.run(_sweep, desk.project, by, swept))


def _drawn(project: Project, by: str) -> dict[str, Any]:
    if not sweeps.suits(project.task.kind):
        return {"stage": "none", "acts": []}
    found = project.bulk.map(by)
    found["label"] = [None if label is None else _written(label) for label in found["label"]]
    return found | {"acts": _acts(project, by)}


def _items(project: Project, items: list[str]) -> list[dict[str, Any]]:
    return [{"item": item, **content_of(project, item)} for item in items]


def _sweep(project: Project, by: str, swept: Swept) -> dict[str, Any]:
    label = swept.label
    if isinstance(label, str):
        label = project.task.parse(label)  # a page knows labels as they are written out
    done = project.bulk.sweep(swept.items, label, by, seconds=swept.seconds, key=swept.key)
    return {
        "saved": swept.key,
        "labelled": len(done),
        "left": len({*swept.items}) - len(done),
        "acts": _acts(project, by),
    }


def _acts(project: Project, by: str) -> list[dict[str, Any]]:
    return [act | {"label": _written(act["label"])} for act in project.bulk.acts(by, ACTS)]


def _written(label: Any) -> Any:
    """The label as the page knows it; of several at once, each."""
    return [str(one) for one in label] if isinstance(label, list) else str(label)
