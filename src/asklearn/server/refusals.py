"""No, over HTTP: every refusal is JSON with a sentence, and says nothing of the server's inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from asklearn.errors import AskLearnError, Conflict, JournalError, KeyReused, NotReady

BUSY = {"Retry-After": "1"}


class Refused(Exception):
    """A request that is not carried out: status, sentence, and what else the answer says."""

    def __init__(
        self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers, self.more = status, message, headers, more

    def response(self) -> Response:
        body = {"error": {"message": self.message} | {k: v for k, v in self.more.items() if v is not None}}
        return JSONResponse(body, self.status, self.headers)


def refused(error: AskLearnError) -> Refused:
    """The refusal that an error of the project amounts to."""
    more = {name: getattr(error, name, None) for name in ("item", "key")}
    match error:
        case JournalError() if _sqlite(error, sqlite3.SQLITE_FULL):
            return Refused(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        case JournalError() | Conflict():
            return Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error), BUSY)
        case KeyReused() | NotReady():
            return Refused(HTTPStatus.CONFLICT, str(error), **more)
        case _:
            return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), **more)


def malformed(errors: Sequence[Mapping[str, Any]]) -> Refused:
    """What pydantic found wrong with a body, as one sentence about the first of it.

    >>> malformed([{"type": "missing", "loc": ("body", 0, "key"), "msg": "Field required"}]).message
    "'0.key' in the body: field required"
    """
    first = errors[0]
    if first["type"] == "json_invalid":
        return Refused(HTTPStatus.BAD_REQUEST, "the body is not JSON")
    where, *path = (str(part) for part in first["loc"])
    field = ".".join(path)
    said = first["msg"][:1].lower() + first["msg"][1:]
    return Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{field!r} in the {where}: {said}" if field else f"the {where}: {said}",
        field=field or where,
    )


def _sqlite(error: BaseException, code: int) -> bool:
    """Whether SQLite's `code` is among the causes."""
    return any(getattr(cause, "sqlite_errorcode", None) == code for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
