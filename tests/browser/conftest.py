"""A real Chromium on the labelling page of a real server, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from serving import Server, serving, until

from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks.classes import classes
from benchmarks.page import FLAGS

TEXTS = [f"{'cheap pills for everybody' if i % 2 else 'see you at noon'}, letter {i}" for i in range(2000)]

# Kept before the page's own script runs: what the page did against its content security policy.
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no `chromium` on this machine: the page is tested in a real browser only")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at the page."""

    server: Server
    name: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    # Messages that a test provokes: a browser also writes refused requests to its console.
    expected: tuple[str, ...] = ()

    def enter(self, page: Page | None = None) -> Person:
        status, said = self.server.ask("POST", "/api/v1/tickets", {"annotator": self.name}, by="owner")
        assert status == 200, said
        page = page or self.page
        page.goto(self.server.url + said["enter"])
        ready = page.locator("#item > *").or_(page.locator("#end-title", has_not_text="One moment"))
        expect(ready.first).to_be_visible()
        return self

    def press(self, *keys: str) -> None:
        """Keys at a person's pace: each is let go for longer than a worn switch takes."""
        for key in keys:
            self.page.keyboard.press(key, delay=10)
            self.page.wait_for_timeout(60)

    def decide(self, *keys: str) -> None:
        """Keys that each bring another item."""
        for key in keys:
            before = self.item
            self.page.keyboard.press(key)
            expect(self.page.locator("#item")).not_to_have_text(before)
            self.page.wait_for_timeout(45)

    @property
    def item(self) -> str:
        return self.page.locator("#item").inner_text()

    def shows(self, text: str) -> None:
        expect(self.page.locator("#item")).to_have_text(text)

    def saved(self, n: int, of: int | None = None) -> None:
        expect(self.page.locator("#saved")).to_have_text(f"saved {n} of {n if of is None else of}")

    def recorded(self) -> list[dict[str, Any]]:
        """Everything this person's answers left in the record, in order."""
        return [
            event
            for event in self.events()
            if event["event"] in ("Answered", "Retracted") and event["by"] == self.name
        ]

    def said(self) -> list[tuple[str, Any]]:
        """(item, label or kind) of the answers that count, in the order they were given."""
        counting: dict[str, list[dict[str, Any]]] = {}
        for event in self.recorded():
            if event["event"] == "Retracted":
                counting = {k: [a for a in v if a["key"] != event["of"]] for k, v in counting.items()}
            else:
                counting.setdefault(event["item"], []).append(event)
        last = sorted((answers[-1] for answers in counting.values() if answers), key=lambda a: a["seq"])
        return [(a["item"], a["label"] if a["kind"] == "label" else a["kind"]) for a in last]

    def events(self) -> list[dict[str, Any]]:
        """The whole record."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            status, more = self.server.ask("GET", f"/api/v1/events?after={after}", by="owner")
            assert status == 200, more
            if not more:
                return found
            found += more

    def holds(self) -> int:
        """How many questions this person has leased and not answered."""
        held: set[str] = set()
        for event in self.events():
            if event.get("by") != self.name:
                continue
            if event["event"] == "Asked":
                held |= set(event["items"])
            elif event["event"] == "Released":
                held -= set(event["items"])
            elif event["event"] == "Answered":
                held.discard(event["item"])
        return len(held)


@pytest.fixture
def enter(chromium: Browser) -> Iterator[Callable[..., Person]]:
    """`enter(server, "ann")`: a new browser profile, signed in; at the end nobody may have complained."""
    people: list[Person] = []

    def enter(server: Server, name: str = "ann", **options: Any) -> Person:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.add_init_script(WATCH)
        person = Person(server, name, context, context.new_page())
        context.on("console", lambda said: _complain(person, said))
        context.on("weberror", lambda error: person.complaints.append(str(error.error)))
        people.append(person)
        return person.enter()

    yield enter
    found = []
    for person in people:
        for page in person.context.pages:
            if page.url.startswith(person.server.url):
                found += page.evaluate("window.violations")
        found += [text for text in person.complaints if not any(known in text for known in person.expected)]
        person.context.close()
    assert found == []


def _complain(person: Person, said: Any) -> None:
    if said.type in ("error", "warning"):
        person.complaints.append(said.text)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """`project(rows, labels or task, **options)`: a server on a new project, until the tests end."""
    with ExitStack() as running:

        def project(rows: Any, task: Any, prepare: Any = None, **options: Any) -> Server:
            folder = tmp_path_factory.mktemp("page") / "project"
            lease = options.pop("lease", 120.0)
            task = classes(task) if isinstance(task, list) else task
            with Project(rows, task, path=folder, **({"audit": 0.0, "hide": 0.0} | options)) as made:
                if prepare is not None:
                    prepare(made)
            return running.enter_context(serving(Path(folder), lease=lease))

        yield project


@pytest.fixture(scope="session")
def letters(project: Callable[..., Server]) -> Server:
    """Texts with a model: labels ham, spam and else, room for many people who do not meet."""
    server = project(TEXTS, ["ham", "spam", "else"], taught, guideline="Say what it is.\n\nOr say else.")
    until(lambda: proposes(server))
    return server


def taught(project: Project) -> None:
    """Twenty answers and a model that learned from them."""
    labels = ["spam" if i % 2 else "ham" for i in range(20)]
    project.tell(
        Answer(item=item, label=label, by="teacher")
        for item, label in zip(project.pool.ids[:20], labels, strict=True)
    )
    project.learn()


def proposes(server: Server) -> str | None:
    """The model that is at hand when questions are asked, if it is already."""
    _, said = server.ask("POST", "/api/v1/questions", {"n": 1}, by="somebody")
    return said["questions"][0]["model"]
