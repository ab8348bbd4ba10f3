"""The application: what is at which address, behind the guard."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from asklearn.errors import AskLearnError
from asklearn.project import Project
from asklearn.server import api, log, map, overview, people, review, steering
from asklearn.server.desk import Desk, desk_of
from asklearn.server.files import packaged
from asklearn.server.guard import HOW_TO_ENTER, Guard, names, stranger
from asklearn.server.refusals import Refused, malformed, refused
from asklearn.server.sessions import Sessions

FAR = 2**62  # a number no journal reaches


def create_app(
    project: Project,
    sessions: Sessions,
    hosts: Iterable[str] = names(8000),
    *,
    lease: float = 120.0,
    https: bool = False,
    public: str = "",
    logger: log.Logger | None = None,
) -> FastAPI:
    """The labelling page and its API over an open project, which whoever opened it closes.

    `hosts`: the Host headers it answers to; `lease`: for how many seconds a question is somebody's; `https`: what is in
    front of it speaks TLS, but for this machine's own names; `public`: the address that invitations name, by default
    the one at which they are made.
    """
    app = FastAPI(
        title="asklearn",
        # The pages that show it load scripts from elsewhere, which our content security policy forbids.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,
    )
    app.state.desk = Desk(project, sessions, lease, packaged(), public)
    app.include_router(api.routes)
    app.include_router(map.routes)
    app.include_router(overview.routes)
    app.include_router(people.routes)
    app.include_router(steering.routes)
    app.include_router(review.routes)
    app.add_api_route("/", page, include_in_schema=False)
    app.add_api_route("/page/{name:path}", page, include_in_schema=False)
    app.add_api_route("/enter", enter, include_in_schema=False)
    app.add_api_route("/join", join, include_in_schema=False)
    app.add_api_route("/healthz", healthz)
    for kind in (AskLearnError, Refused, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refusal)
    app.add_middleware(Guard, sessions=sessions, hosts=hosts, tls=https, log=logger or log.logger())
    return app


async def page(request: Request, name: str = "index.html") -> Response:
    """A file of the page, by its name in a fixed list."""
    file = desk_of(request).page.get(name)
    if file is None:
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")
    fresh = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=fresh)
    return Response(file.body, media_type=file.type, headers=fresh)


async def join(request: Request) -> Response:
    """Where an invitation leads; its code stands behind the #, which no server, proxy or preview is sent."""
    return await page(request, "join.html")


async def enter(request: Request, ticket: str = "") -> Response:
    """Exchange a ticket for a cookie; the address with the ticket is left at once."""
    sessions = desk_of(request).sessions
    by = sessions.redeem(ticket)
    if by is None:
        raise stranger(sessions, request.scope, HOW_TO_ENTER)
    cookie = sessions.set_cookie(by, request.scope["asklearn.tls"])
    return RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Set-Cookie": cookie})


async def healthz(request: Request) -> Response:
    """200 while the journal can be read, the last fit did not fail and what is asked follows the score; else 503."""
    desk = desk_of(request)
    learning = desk.project.learning()
    await desk.run(lambda: next(iter(desk.project.events(FAR)), None))
    if learning["error"] is not None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the last fit failed; the page says why")
    verdict = await desk.run(desk.project.canary)
    if verdict.status == "broken":
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"the canary: {verdict}")
    return JSONResponse({"healthy": True})


async def _refusal(request: Request, error: Exception) -> Response:
    match error:
        case RequestValidationError():
            no = malformed(error.errors())
        case AskLearnError():
            no = refused(error)
        case HTTPException():
            no = Refused(HTTPStatus(error.status_code), _sentence(error), error.headers)
        case Refused():
            no = error
        case _:
            raise error
    return no.response()


def _sentence(error: HTTPException) -> str:
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return "there is nothing at this address"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"this address takes {(error.headers or {}).get('Allow', 'another method')} only"
        case _:
            return str(error.detail)
