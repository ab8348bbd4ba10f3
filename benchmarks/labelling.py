"""Fifty people at one server: how many labels a second, how long an answer takes, and whether a fit is felt.

    python benchmarks/labelling.py [--items 100000] [--people 50] [--seconds 10]

A made pool (ten classes in 32 dimensions) is served by a real process; the people are another process, one
kept connection each, over plain sockets, so that they cost little. Three parts:

1. full speed: lease five, answer five, without a thought; counted are answers that the server acknowledged;
2. at ease: every person answers once a second and keeps five questions ahead, as the page does, while every
   20 s another fit of some 10 s (gradient boosting on 1,200 labels and more) begins in the background; answers
   given while one runs are set beside the others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = [f"class {i}" for i in range(10)]
AHEAD = 5
SLOW_MODEL = "sklearn.ensemble:GradientBoostingClassifier"

RUN = """
import json, sys
from asklearn.server import serve

def ready(serving):
    print(serving.url, flush=True)

serve(sys.argv[1], open_browser=False, ready=ready, model=sys.argv[2])
"""


def make_project(folder: Path, items: int, batch: int = 10, labels: int = 0) -> np.ndarray:
    """A project over `items` rows, the first `labels` of them labelled; the true class of each row."""
    from asklearn.people.answers import Answer
    from asklearn.project import Project
    from asklearn.tasks.classes import classes

    rng = np.random.default_rng(0)
    truth = rng.integers(len(CLASSES), size=items)
    centres = rng.normal(size=(len(CLASSES), 32))
    X = (centres[truth] + rng.normal(size=(items, 32))).astype(np.float32)
    with Project(X, classes(CLASSES), path=folder, batch=batch, overlap=0) as project:
        project.tell(
            Answer(item=project.pool.ids[i], label=CLASSES[truth[i]], by="import") for i in range(labels)
        )
    return truth


class Server:
    """The server process; `with` it runs."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), model], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        self.secret = (folder / "secret").read_text().strip()
        status, _ = asyncio.run(self._once("GET", "/healthz"))
        assert status == 200
        self.ready_after = time.perf_counter() - began

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def status(self) -> dict[str, Any]:
        return asyncio.run(self._once("GET", "/api/v1/status"))[1]

    def cpu_seconds(self) -> float:
        """What the server process itself has used so far, its trainer aside."""
        with open(f"/proc/{self.process.pid}/stat") as file:  # noqa: PTH123
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def _once(self, method: str, path: str) -> tuple[int, Any]:
        line = Line(self.port, self.secret, "bench")
        try:
            return await line.ask(method, path)
        finally:
            line.close()


class Line:
    """One kept connection and the little HTTP that a client of ours needs."""

    def __init__(self, port: int, secret: str, by: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\nX-Annotator: {by}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        sent = b"" if body is None else json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if sent else ""
        writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{kind}\r\n".encode() + sent)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split(" ", 2)[1]), json.loads(await reader.readexactly(length))

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass
class Seen:
    """What one person saw: how long requests took, items in the order leased, what went wrong."""

    answers: list[tuple[float, float]] = field(default_factory=list)  # when asked (wall clock), how long
    leases: list[float] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Person:
    """Somebody who labels, rightly nine times of ten."""

    def __init__(self, number: int, port: int, secret: str, truth: np.ndarray, run: str) -> None:
        self.line = Line(port, secret, f"{run}-{number}")
        self.truth, self.rng = truth, random.Random(f"{run}-{number}")
        self.seen = Seen()
        self.waiting: list[dict[str, Any]] = []

    async def lease(self, n: int) -> None:
        have = [question["item"] for question in self.waiting]
        began = time.perf_counter()
        status, said = await self.line.ask("POST", "/api/v1/questions", {"n": n, "have": have})
        self.seen.leases.append(1000 * (time.perf_counter() - began))
        if status != 200:
            self.seen.wrong.append(str(said))
            return
        self.waiting += said["questions"]
        self.seen.items += [question["item"] for question in said["questions"]]

    async def answer(self) -> None:
        question = self.waiting.pop(0)
        right = self.rng.random() < 0.9
        label = CLASSES[self.truth[question["row"]] if right else self.rng.randrange(len(CLASSES))]
        body = {
            "key": str(uuid.UUID(int=self.rng.getrandbits(128))),
            "item": question["item"],
            "label": label,
        }
        wall, began = time.time(), time.perf_counter()
        status, said = await self.line.ask("POST", "/api/v1/answers", [body | {"seconds": 1.0}])
        self.seen.answers.append((wall, 1000 * (time.perf_counter() - began)))
        if status != 200 or said["saved"] != [body["key"]]:
            self.seen.wrong.append(str(said))

    async def hurry(self, end: float) -> None:
        while time.monotonic() < end:
            if not self.waiting:
                await self.lease(AHEAD)
            if self.waiting:
                await self.answer()

    async def at_ease(self, end: float) -> None:
        await asyncio.sleep(self.rng.random())
        await self.lease(AHEAD)
        while time.monotonic() < end:
            due = time.monotonic() + 1.0
            if self.waiting:
                await self.answer()
            await self.lease(AHEAD - len(self.waiting))
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def crowd(
    pace: Callable[[Person, float], Any],
    server: Server,
    truth: np.ndarray,
    people: int,
    seconds: float,
    run: str,
) -> list[Seen]:
    """So many people for so long, in a process of their own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_crowd, (pace, server.port, server.secret, truth, people, seconds, run))


def _crowd(
    pace: Any, port: int, secret: str, truth: np.ndarray, people: int, seconds: float, run: str
) -> list[Seen]:
    async def everybody() -> list[Seen]:
        persons = [Person(number, port, secret, truth, run) for number in range(people)]
        end = time.monotonic() + seconds
        await asyncio.gather(*(pace(person, end) for person in persons))
        for person in persons:
            person.line.close()
        return [person.seen for person in persons]

    return asyncio.run(everybody())


def quantiles(values: list[float]) -> str:
    if not values:
        return "nothing was measured"
    p50, p90, p99 = np.percentile(values, [50, 90, 99])
    return f"p50 {p50:6.1f}  p90 {p90:6.1f}  p99 {p99:6.1f}  max {max(values):6.1f} ms  (n = {len(values)})"


def twice(seen: list[Seen]) -> int:
    items = [item for one in seen for item in one.items]
    return len(items) - len(set(items))


def wrong(seen: list[Seen]) -> list[str]:
    return [why for one in seen for why in one.wrong]


def full_speed(server: Server, truth: np.ndarray, people: int, seconds: float) -> list[Seen]:
    crowd(Person.hurry, server, truth, people, 2.0, "warm")
    while server.status()["model"] is None:
        time.sleep(0.5)
    before = server.cpu_seconds()
    seen = crowd(Person.hurry, server, truth, people, seconds, "fast")
    answers = [ms for one in seen for _, ms in one.answers]
    used = server.cpu_seconds() - before
    print(f"full speed, {people} people, {seconds:g} s")
    print(f"  labels/s           {len(answers) / seconds:.0f}")
    print(f"  server CPU a label {1000 * used / max(1, len(answers)):.2f} ms")
    print(f"  answer             {quantiles(answers)}")
    print(f"  lease of five      {quantiles([ms for one in seen for ms in one.leases])}")
    _check(seen)
    return seen


def at_ease(server: Server, truth: np.ndarray, people: int, seconds: float) -> None:
    """Answers given while the server says that a fit runs, and the others."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        job = pool.apply_async(
            _crowd, (Person.at_ease, server.port, server.secret, truth, people, seconds, "ease")
        )
        fits = list(_fits(server, job.ready))
        seen = job.get()
    during: list[float] = []
    between: list[float] = []
    for one in seen:
        for when, ms in one.answers[2:]:  # everybody comes at once, which is another question
            (during if any(start <= when <= end for start, end in fits) else between).append(ms)
    print(f"one answer a second each, {people} people, {seconds:g} s")
    print(f"  answer, no fit     {quantiles(between)}")
    print(f"  answer, fit runs   {quantiles(during)}")
    if during and between:
        print(f"  p99 with / without {np.percentile(during, 99) / np.percentile(between, 99):.2f}")
    print(f"  fits               {', '.join(f'{end - start:.1f} s' for start, end in fits)}")
    print(f"  lease              {quantiles([ms for one in seen for ms in one.leases])}")
    _check(seen)


def _fits(server: Server, over: Callable[[], bool]) -> Iterator[tuple[float, float]]:
    """When fits began and ended, by the wall clock, until `over`."""
    since: float | None = None
    while not over():
        now, running = time.time(), server.status()["learning"]["running"]
        if running and since is None:
            since = now
        if since is not None and not running:
            yield since, now
            since = None
        time.sleep(0.1)
    if since is not None:
        yield since, time.time()


def _check(seen: list[Seen]) -> None:
    print(f"  handed out twice   {twice(seen)}")
    print(f"  errors             {len(wrong(seen))} {wrong(seen)[:1] or ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "fast"
        truth = make_project(folder, given.items)
        with Server(folder, "auto") as server:
            print(f"{given.items:,} items; ready {server.ready_after:.2f} s after the process started")
            full_speed(server, truth, given.people, given.seconds)
        folder = Path(parent) / "slow"
        truth = make_project(folder, given.items, batch=20 * given.people, labels=1200)
        with Server(folder, SLOW_MODEL) as server:
            while server.status()["model"] is None:
                time.sleep(0.5)
            at_ease(server, truth, given.people, 6 * given.seconds)


if __name__ == "__main__":
    main()
