"""What every request needs at hand, and the threads in which the project is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from fastapi import Request

from asklearn.project import Project
from asklearn.server.curve import Chart
from asklearn.server.files import File
from asklearn.server.images import Pictures
from asklearn.server.sessions import Sessions

THREADS = 64  # each waits for a commit most of the time; as many answers share one commit

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """The project, who may ask it, and what was prepared once."""

    project: Project
    sessions: Sessions
    lease: float
    page: dict[str, File]
    public: str = ""  # the address that invitations name
    pictures: Pictures = field(default_factory=Pictures)
    chart: Chart = field(default_factory=Chart)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "asklearn-http"))

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns, done in a thread, so that nobody else waits for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: work(*args, **kwargs))


def desk_of(request: Request) -> Desk:
    """The desk of the application that the request came to."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


def caller(request: Request) -> str:
    """Who asks: the guard has seen to it."""
    return str(request.scope["asklearn.by"])
