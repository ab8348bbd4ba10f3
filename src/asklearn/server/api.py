"""The API, version 1: questions out, answers in, and what else there is to read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Container, Iterator
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse, Response, StreamingResponse

from asklearn import events
from asklearn.errors import AnswerError, DataError
from asklearn.events import Label
from asklearn.people.answers import Answer, Question
from asklearn.people.examples import Example
from asklearn.people.tables import written
from asklearn.project import Project
from asklearn.server.desk import Desk, caller
from asklearn.server.images import Picture
from asklearn.server.refusals import Refused
from asklearn.server.roles import allow, rights_of
from asklearn.stopping import used_up

AHEAD = 50  # questions chosen at once, so that most requests find theirs ready
LINES = 500  # of an export, in one piece
EVENTS = 1000
BRIEF = 240  # characters of a text that is an example only
LEFT = repr(used_up())
ENOUGH = 20  # items that several people labelled before everybody sees how far they agree

routes = APIRouter(prefix="/api/v1")

Item = Annotated[str, Field(max_length=4096)]
Key = Annotated[str, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Wanted(_Body):
    """How many questions, and the items that the page holds already or has not sent yet."""

    n: int = Field(1, ge=0, le=100)
    have: list[Item] = Field([], max_length=2000)


class Said(_Body):
    """One answer; without `kind` it is a label."""

    key: Key
    item: Item = ""
    kind: Literal["label", "skip", "unsure", "flag", "note", "undo"] = "label"
    label: JsonValue = None
    of: str = Field("", max_length=200)
    note: str = Field("", max_length=10_000)
    seconds: float | None = Field(None, ge=0)
    seen: str | None = Field(None, max_length=200)


class Leases(_Body):
    """Items to keep for longer, items to give back."""

    renew: list[Item] = Field([], max_length=2000)
    release: list[Item] = Field([], max_length=2000)


class Guest(_Body):
    """For whom a link is."""

    annotator: str


@routes.post("/questions")
async def questions(request: Request, wanted: Wanted) -> Response:
    """Lease up to n questions; those leased before and not in `have` come first: a reload loses nothing."""
    desk = allow(request, "answer")
    return JSONResponse(await desk.run(_lease, desk, request, wanted))


@routes.post("/answers")
async def answers(request: Request, said: Annotated[list[Said], Field(max_length=500)]) -> Response:
    """Save answers, all or none; they are durable when this answers 200. The same key again counts once."""
    desk = allow(request, "answer")
    return JSONResponse(await desk.run(_tell, desk, request, said))


@routes.post("/leases")
async def leases(request: Request, wanted: Leases) -> Response:
    """Keep questions for longer, or give them back."""
    desk, by = allow(request, "answer"), caller(request)
    await desk.run(_hold, desk.project, by, wanted, desk.lease)
    return JSONResponse({})


@routes.get("/status")
async def status(request: Request) -> Response:
    """Counts, the model and its age, the honest estimate, advice; how much others answered for reviewers only."""
    desk = allow(request, "read")
    return JSONResponse(await desk.run(_status, desk, request))


@routes.get("/history")
async def history(request: Request, n: Annotated[int, Query(ge=1, le=100)] = 10) -> Response:
    """What the caller answered last, newest first, with the items as they were shown."""
    desk, by = allow(request, "answer"), caller(request)
    return JSONResponse(await desk.run(_history, desk.project, by, n))


@routes.get("/examples")
async def examples(request: Request, label: Annotated[str, Query(max_length=4096)]) -> Response:
    """Items that show what a label means: good ones and confusing ones, of those whose label the caller may know."""
    desk, by = allow(request, "answer"), caller(request)
    return JSONResponse(await desk.run(_examples, desk.project, by, label))


@routes.get("/curve.svg")
async def curve(request: Request) -> Response:
    """The learning curve with its interval, as a picture."""
    desk = allow(request, "read")
    project = desk.project
    drawn = await desk.run(lambda: desk.chart.svg(project.curve(), project.task.usual))
    return Response(drawn, media_type="image/svg+xml")


@routes.get("/items/{item:path}/image")
async def image(request: Request, item: str) -> Response:
    """The item's picture, made anew from what the pool holds."""
    desk = allow(request, "answer")
    body, kind = await desk.run(_picture, desk, item)
    return Response(body, media_type=kind)


@routes.get("/labels")
async def labels(request: Request) -> Response:
    """What people agreed on: columns item, label, confidence, answers."""
    desk = allow(request, "labels")
    return JSONResponse(await desk.run(desk.project.labels))


@routes.get("/export")
async def export(request: Request, predict: bool = False) -> Response:
    """Every item as a line of JSON: id, its columns, label, and with predict=1 prediction and probability."""
    desk = allow(request, "labels")
    lines: Iterator[str] = await desk.run(_lines, desk.project, predict)

    def piece() -> str:
        return "".join(islice(lines, LINES))

    first = await desk.run(piece)  # what cannot be exported fails here, while it can still be said

    async def pieces() -> AsyncIterator[str]:
        part = first
        while part:
            yield part
            part = await desk.run(piece)

    named = {"Content-Disposition": 'attachment; filename="labels.jsonl"'}
    return StreamingResponse(pieces(), media_type="application/x-ndjson", headers=named)


@routes.get("/events")
async def record(request: Request, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Up to 1,000 events after number `after`, for who manages the project: they say which items are audited."""
    desk = allow(request, "manage")

    def read() -> list[dict[str, Any]]:
        found: Iterator[tuple[int, events.Event]] = islice(desk.project.events(after), EVENTS)
        return [{"seq": seq} | json.loads(events.encode(event)) for seq, event in found]

    return JSONResponse(await desk.run(read))


@routes.post("/tickets")
async def tickets(request: Request, guest: Guest) -> Response:
    """A link's last part that lets somebody in once, within five minutes; for the owner."""
    desk = allow(request, "own")
    ticket = await desk.run(desk.sessions.ticket, guest.annotator)
    return JSONResponse({"enter": f"/enter?ticket={ticket}"})


def _lines(project: Project, predict: bool) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in project.export(predict))


def _picture(desk: Desk, item: str) -> Picture:
    pool = desk.project.pool
    try:
        content = pool.show(item)
    except DataError:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no item {item!r}", item=item) from None
    if content["kind"] != "image":
        raise Refused(HTTPStatus.NOT_FOUND, f"item {item!r} is no picture", item=item)
    return desk.pictures.get(pool, item)


def _lease(desk: Desk, request: Request, wanted: Wanted) -> dict[str, Any]:
    project, by, lease = desk.project, caller(request), desk.lease
    have = set(wanted.have)
    again = [question.item for question in project.holding(by) if question.item not in have][: wanted.n]
    if again:
        project.renew(again, by, lease)
    found = [question for question in project.holding(by) if question.item in again] if again else []
    if len(found) < wanted.n:
        found += project.ask(wanted.n - len(found), by, lease=lease, ahead=AHEAD)
    return {
        "questions": [_shown(project, question) for question in found],
        "status": _status(desk, request),
    }


def _shown(project: Project, question: Question) -> dict[str, Any]:
    """The question as the page gets it."""
    proposal = None if question.blind else question.proposal
    return {
        "item": question.item,
        "row": question.row,
        "batch": question.batch,
        **content_of(project, question.item),
        "reason": {
            "strategy": "random" if question.drawn else question.reason.strategy,
            "score": None if question.blind else question.reason.score,
            "words": question.reason.words,
        },
        "model": question.model,
        "proposal": proposal and proposal.document(),
        "until": question.until.isoformat(),
    }


def content_of(project: Project, item: str) -> dict[str, Any]:
    content = project.pool.show(item)
    if content["kind"] != "image":
        return {"content": content}
    return {"content": content, "image": f"/api/v1/items/{quote(item, safe='')}/image"}


def _tell(desk: Desk, request: Request, said: list[Said]) -> dict[str, Any]:
    project, by = desk.project, caller(request)
    if any(isinstance(project.state.keys.get(one.of), events.Settled) for one in said):
        allow(request, "review")  # who takes a decision back decides
    project.tell([_answer(project, by, one) for one in said])
    return {"saved": [one.key for one in said], "status": _status(desk, request)}


def _answer(project: Project, by: str, said: Said) -> Answer:
    label = said.label
    if isinstance(label, str):
        try:
            label = project.task.parse(label)  # a page knows labels as they are written out
        except AnswerError as error:
            raise AnswerError(f"item {said.item!r}: {error}", item=said.item, key=said.key) from None
    return Answer(
        key=said.key,
        item=said.item,
        by=by,
        label=label,
        skip=said.kind == "skip",
        unsure=said.kind == "unsure",
        flag=said.kind == "flag",
        undo=said.of,
        note=said.note,
        seconds=said.seconds,
        seen=said.seen,
    )


def _history(project: Project, by: str, n: int) -> list[dict[str, Any]]:
    return [said | content_of(project, said["item"]) for said in project.history(by, n)]


def _examples(project: Project, by: str, label: str) -> dict[str, Any]:
    known = {str(one): one for one in project.task.labels}
    if label not in known:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no label {label!r}")
    found = zip(("good", "confusing"), project.examples(known[label], by), strict=True)
    return {what: [_example(project, known[label], one) for one in some] for what, some in found}


def _example(project: Project, label: Label, example: Example) -> dict[str, Any]:
    """The item as it is listed, and what is remarkable: the passages of this label first, where there are such."""
    shown = content_of(project, example.item)
    parts = example.label if project.task.kind == "spans" else []
    passages = [part for part in parts if part["label"] == label]
    said = [written(passages, shown["content"].get("text", ""))] if passages else []
    return {
        "item": example.item,
        "words": "; ".join([*said, *filter(None, [example.words])]),
        **_brief(shown),
    }


def _brief(shown: dict[str, Any]) -> dict[str, Any]:
    content = shown["content"]
    if content["kind"] != "text" or len(content["text"]) <= BRIEF:
        return shown
    return shown | {"content": content | {"text": content["text"][:BRIEF] + " …"}}


def _hold(project: Project, by: str, wanted: Leases, lease: float) -> None:
    if wanted.renew:
        project.renew(wanted.renew, by, lease)
    if wanted.release:
        project.release(wanted.release, by)


def _status(desk: Desk, request: Request) -> dict[str, Any]:
    project, by, rights = desk.project, caller(request), rights_of(request)
    return shown_to(by, rights, project) | {
        "you": by,
        "role": request.scope["asklearn.role"],
        "rights": sorted(rights),
        "shown_labels": [str(label) for label in project.task.labels],
    }


def is_measured(rights: Container[str]) -> bool:
    """Whether questions measure the caller, and the model by the caller, who must not learn which: who answers and
    does not review."""
    return "answer" in rights and "review" not in rights


def shown_to(by: str, rights: Container[str], project: Project) -> dict[str, Any]:
    """The status as somebody with these rights may know it.

    Who answers and does not review must not learn which items are audited, or gold: a number of them, an estimate, a
    count of what is left or of events, that changed with some questions and not with others would tell. They see the
    estimate as it was when the model came to serve. How often others agree with the model is not theirs to know.
    """
    status = project.status()
    if "review" in rights:
        return status
    shown = status | {"people": seen_by(by, status["people"])}
    if not is_measured(rights):
        return shown
    canary = status["canary"]
    words = "nothing is amiss" if canary["status"] == "well" else "something is amiss; who reviews sees what"
    canary = canary | {"signs": [], "words": words}
    # Answers to audit and gold items do not age a model.
    model = status["model"] and status["model"] | {"age_labels": None}
    untold = {"audited": None, "seq": None, "anchoring": None}
    blinded = project.blinded(by)
    advice = blinded["advice"] | {"signs": [_uncounted(sign) for sign in blinded["advice"]["signs"]]}
    known = {"estimate": status["measured"], "canary": canary, "model": model, "advice": advice}
    return shown | untold | blinded | known


def _uncounted(sign: dict[str, Any]) -> dict[str, Any]:
    """What a stop rule says, without the number of items that are open: gold ones were never among them."""
    return sign | {"words": "some items are open"} if sign["rule"] == LEFT and not sign["stop"] else sign


def seen_by(by: str, people: dict[str, Any]) -> dict[str, Any]:
    """What one of them may know: their own number of answers, and agreement once it rests on enough items.

    A figure that rests on few items would tell how others answered the last one.
    """
    agreed = people["agreement"]
    return people | {
        "answers": {by: people["answers"].get(by, 0)},
        "agreement": agreed if agreed and agreed["n"] >= ENOUGH else None,
    }
