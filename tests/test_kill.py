"""kill -9 at any moment: what was acknowledged is there, once, and no item stays with who is gone."""

from __future__ import annotations

import http.client
import random
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest
from serving import Line, Server, serving, until

from asklearn.events import Answered, Asked, Event, Released
from asklearn.project import Project
from asklearn.tasks.classes import classes

LABELS = ("ham", "spam", "egg")
CLIENTS = 20
LEASE = 3.0


class Annotator(threading.Thread):
    """Leases, answers, and sends every answer again until it is acknowledged."""

    def __init__(self, number: int, server: Server, over: threading.Event) -> None:
        super().__init__(name=f"annotator-{number}")
        self.server, self.over = server, over
        self.rng = random.Random(number)
        self.line = Line(server.port, server.secret, self.name)
        self.acknowledged: dict[str, tuple[str, str]] = {}  # key -> item, label
        self.resent = 0
        self.refused: list[str] = []

    def run(self) -> None:
        try:
            while not self.over.is_set():
                asked = self.insist("/api/v1/questions", {"n": 3})
                for question in asked["questions"]:
                    self.answer(question["item"])
        finally:
            self.line.close()

    def answer(self, item: str) -> None:
        key, label = str(uuid.uuid4()), self.rng.choice(LABELS)
        said = self.insist("/api/v1/answers", [{"key": key, "item": item, "label": label, "seconds": 0.1}])
        if said["saved"] == [key]:
            self.acknowledged[key] = (item, label)

    def insist(self, path: str, body: object) -> dict:
        while True:
            try:
                status, said = self.line.ask("POST", path, body)
            except (OSError, http.client.HTTPException):
                self.resent += 1
                time.sleep(0.05)
                continue
            if status == 200:
                return said
            self.refused.append(f"{status} {said}")
            return {"questions": [], "saved": []}


def labelled_under_fire(folder: Path, kills: int, rng: random.Random) -> list[Annotator]:
    """Twenty people label while the server is killed and started again and again; who they were."""
    with Project(
        [f"text {i}" for i in range(2000 + 300 * kills)], classes(LABELS), path=folder, audit=0.1, overlap=0
    ):
        pass
    over = threading.Event()
    with serving(folder, lease=LEASE) as server:
        people = [Annotator(number, server, over) for number in range(CLIENTS)]
        for person in people:
            person.start()
        try:
            for _ in range(kills):
                time.sleep(rng.uniform(0.05, 0.8))
                server.kill()
                server.start()
            before = sum(len(person.acknowledged) for person in people)
            until(lambda: sum(len(person.acknowledged) for person in people) >= before + CLIENTS)
        finally:
            over.set()
            for person in people:
                person.join(30)
        assert not any(person.is_alive() for person in people)
        code, said = server.stop()
        assert (code, said) == (0, "")
    return people


def handed_out_twice(record: list[tuple[int, Event]]) -> list[str]:
    """Items given to somebody when they had an answer, or while another person's lease ran."""
    until_when: dict[str, tuple[str, float]] = {}
    answered: set[str] = set()
    twice = []
    for _, event in record:
        match event:
            case Asked():
                for item in event.items:
                    by, when = until_when.get(item, (event.by, 0.0))
                    if (by != event.by and event.at < when - 0.05) or item in answered:
                        twice.append(item)
                    until_when[item] = (event.by, event.at + event.lease)
            case Answered():
                answered.add(event.item)
            case Released():
                for item in event.items:
                    until_when.pop(item, None)
    return twice


def check_the_record(folder: Path, people: list[Annotator]) -> None:
    with Project.open(folder, writing=False) as project:
        record = list(project.events())
        rows = len(project.pool.ids)
    written = [event for _, event in record if isinstance(event, Answered)]
    found = {event.key: (event.item, event.label, event.by) for event in written}
    acknowledged = {
        key: (*said, person.name) for person in people for key, said in person.acknowledged.items()
    }
    assert len(acknowledged) >= CLIENTS
    lost = acknowledged.items() - found.items()
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged answers are not in the record"
    doubled = [key for key, times in Counter(event.key for event in written).items() if times > 1]
    assert not doubled
    assert not handed_out_twice(record)
    assert [seq for seq, _ in record] == list(range(1, len(record) + 1))
    # What was held when the server died, and never answered, can be had again.
    answered = {event.item for event in written}
    asked = {item for _, event in record if isinstance(event, Asked) for item in event.items}
    with Project.open(folder) as project:
        until(lambda: project.status()["held"] == 0, LEASE + 5)
        free = {question.item for question in project.ask(rows, by="a new one", among=asked - answered)}
        assert free == asked - answered


def killed(tmp_path: Path, kills: int) -> None:
    people = labelled_under_fire(tmp_path / "project", kills, random.Random(kills))
    check_the_record(tmp_path / "project", people)
    refused = [why for person in people for why in person.refused]
    assert not refused, refused[:3]
    assert sum(person.resent for person in people) > 0, "no client ever noticed that the server was gone"


def test_a_few_kills_lose_nothing(tmp_path):
    killed(tmp_path, 4)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path):
    killed(tmp_path, 100)
