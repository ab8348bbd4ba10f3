"""The API of review: items to decide, answered blind first; then who said what; and how people answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse, Response

from asklearn.errors import AnswerError
from asklearn.events import Answered, Label
from asklearn.people import tables
from asklearn.people.answers import Answer
from asklearn.people.cases import words
from asklearn.people.settling import LONGEST
from asklearn.project import Project
from asklearn.server.api import Item, Key, content_of
from asklearn.server.desk import caller
from asklearn.server.refusals import Refused
from asklearn.server.roles import allow

routes = APIRouter(prefix="/api/v1")

SHOWN = 50  # suspicious answers with their items
BRIEF = 240  # characters of a text in a list
BY_OTHERS = "Right: as far as what everybody else says of the same items tells."

Line = Annotated[str, Field(max_length=LONGEST)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Look(_Body):
    """What the reviewer answered blind; no label of an item that they answered before."""

    key: Key
    item: Item
    label: JsonValue = None
    seconds: float | None = Field(None, ge=0)


class Decision(_Body):
    """What the item is, and perhaps a line for the guideline."""

    key: Key
    item: Item
    label: JsonValue
    note: Line = ""
    guideline: Line = ""


@routes.get("/review")
async def review(
    request: Request,
    n: Annotated[int, Query(ge=0, le=50)] = 5,
    item: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Items to be decided, most doubtful first, and nothing of what others said of them; `item`: this one first."""
    desk, by = allow(request, "review"), caller(request)
    return JSONResponse(await desk.run(_blind, desk.project, by, n, item))


@routes.post("/review/look")
async def look(request: Request, wanted: Look) -> Response:
    """Keep the reviewer's own answer, then show everybody's. The same key again counts once."""
    desk, by = allow(request, "review"), caller(request)
    return JSONResponse(await desk.run(_seen, desk.project, by, wanted))


@routes.post("/review/settle")
async def settle(request: Request, decision: Decision) -> Response:
    """Decide; it counts instead of the votes. The same key again counts once; POST /answers takes it back by undo."""
    desk, by = allow(request, "review"), caller(request)

    def settling() -> dict[str, Any]:
        project = desk.project
        key = project.settle(
            decision.item,
            _label(project, decision.item, decision.label),
            by,
            note=decision.note,
            guideline=decision.guideline,
            key=decision.key,
        )
        return {"settled": key, "guideline": project.settings.guideline}

    return JSONResponse(await desk.run(settling))


@routes.get("/quality")
async def quality(request: Request) -> Response:
    """How each person answers, how far they agree, answers that are probably wrong; and the first two in words."""
    desk = allow(request, "review")
    return JSONResponse(await desk.run(_told, desk.project))


def _blind(project: Project, by: str, n: int, item: str) -> dict[str, Any]:
    found = project.review(by, n, item or None)
    items = [
        case | {"words": words(case["why"])} | content_of(project, case["item"]) for case in found["items"]
    ]
    return found | {"items": items}


def _seen(project: Project, by: str, wanted: Look) -> dict[str, Any]:
    item, own = wanted.item, project.state.labels_of(wanted.item).get(by)
    again = isinstance(project.state.keys.get(wanted.key), Answered)
    if wanted.label is None:
        if own is None:
            raise Refused(
                HTTPStatus.CONFLICT,
                f"say first what item {item!r} is: others' answers are shown then",
                item=item,
            )
    elif own is not None and not again:
        raise Refused(
            HTTPStatus.CONFLICT,
            f"you said what item {item!r} is before; look without a label, then decide",
            item=item,
            key=wanted.key,
        )
    else:
        label = _label(project, item, wanted.label)
        project.tell(Answer(key=wanted.key, item=item, by=by, label=label, seconds=wanted.seconds))
    found = project.said_of(item, by)
    text = content_of(project, item)["content"].get("text", "")
    return found | {"given": tables.given(found, text), "cards": tables.case(found, text)}


def _told(project: Project) -> dict[str, Any]:
    found = project.quality()
    suspects = [one | _brief(content_of(project, one["item"])) for one in found["suspects"][:SHOWN]]
    together = found["agreement"]
    cards: dict[str, list[dict[str, Any]]] = {
        "people": [
            {"title": "Who answers how", "words": BY_OTHERS, "table": tables.everybody(found["people"])},
            {"title": "By label", "table": tables.labels_of(found["people"])},
        ],
        "agreement": [
            {"title": "All together", "table": tables.overall(together)},
            {"title": "By label", "table": tables.by_label(together)},
            {"title": "By pair", "table": tables.by_pair(together)},
            {"title": "Over time", "table": tables.by_time(together)},
        ],
    }
    shown = {name: [card for card in some if card["table"]["rows"]] for name, some in cards.items()}
    return found | {"suspects": [*suspects, *found["suspects"][SHOWN:]], "cards": shown}


def _brief(shown: dict[str, Any]) -> dict[str, Any]:
    content = shown["content"]
    if content["kind"] == "text":
        return {"content": content | {"text": content["text"][:BRIEF]}}
    return shown


def _label(project: Project, item: str, raw: Any) -> Label:
    """A label as the page knows it, written out, as the task has it."""
    if not isinstance(raw, str):
        return raw
    try:
        return project.task.parse(raw)
    except AnswerError as error:
        raise AnswerError(f"item {item!r}: {error}", item=item) from None
