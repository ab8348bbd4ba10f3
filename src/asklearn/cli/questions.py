"""Where a terminal's questions come from and its answers go: the project itself, or the server that holds it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Protocol
from urllib.parse import urlsplit

from asklearn import settings
from asklearn.errors import AskLearnError, JournalError, SettingError
from asklearn.people.answers import Answer, Question, kind_of
from asklearn.pool import Pool
from asklearn.pool.store import StoredPool
from asklearn.project import Project
from asklearn.settings import Settings

LEASE = 120.0  # seconds
AHEAD = 50  # questions chosen at once, so that most come without waiting
PATIENCE = 10.0  # seconds until a server that does not answer is given up


@dataclass(frozen=True)
class Shown:
    """An item on the screen, and what is said of it.

    `proposal`: what the model says, as JSON holds it (`Prediction.document`); None where it proposes nothing.
    """

    item: str
    content: dict[str, Any]
    why: str
    proposal: dict[str, Any] | None = None
    model: str | None = None


class Counter(Protocol):
    """Gives questions to one person and takes their answers."""

    setup: Settings
    remark: str  # what somebody at a terminal should know first

    def ask(self) -> Shown | None:
        """The next question, leased; one that was leased before and is still open comes first."""
        ...

    def tell(self, answer: Answer) -> None:
        """Save it: durable when this returns."""
        ...

    def renew(self, items: Sequence[str]) -> None: ...

    def release(self, items: Sequence[str]) -> None: ...

    def history(self) -> list[dict[str, Any]]:
        """What this person answered last, newest first."""
        ...

    def shown(self, item: str, why: str) -> Shown:
        """The item without a question."""
        ...

    def status(self) -> dict[str, Any]: ...


@contextmanager
def counter(folder: Path, by: str) -> Iterator[Counter]:
    """The project in this folder, opened here; where a server holds it, that server.

    Raises `SettingError` for a project that a terminal cannot ask about, `JournalError` when another program
    that is no server holds it.
    """
    try:
        project = Project.open(folder)
    except JournalError:
        from asklearn.server.run import fresh_link

        link = fresh_link(folder, by)
        if link is None:
            raise
        with closing(Served(folder, urlsplit(link).netloc, by)) as served:
            yield served
        return
    with project:
        here = Here(project, folder, by)
        project.keep_learning()
        yield here


class Contents:
    """What a terminal can show of a pool's items."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        page = f"asklearn label {folder}"
        columns: dict[str, str] = getattr(pool, "columns", {})
        self._file = next((name for name, meaning in columns.items() if meaning == "image"), None)
        self._pool = pool
        self.remark = ""
        if pool.kind == "image":
            if self._file is None:
                raise SettingError(f"the images of {folder} have no file names; they need the page: {page}")
            self.remark = f"A terminal shows no images, only their files' names. The page does: {page}"

    def of(self, item: str) -> dict[str, Any]:
        """The item as the pool shows it; an image with its file's name."""
        content = self._pool.show(item)
        if self._file is None:
            return content
        file = self._pool.metadata([item])[0][self._file]
        return content | {"file": PurePath(str(file)).name}  # its folder may be the class it was sorted into


class Here:
    """A project that this program holds."""

    def __init__(self, project: Project, folder: Path, by: str) -> None:
        self._project, self._by = project, by
        self.setup = project.settings
        self.contents = Contents(project.pool, folder)
        self.remark = self.contents.remark

    def ask(self) -> Shown | None:
        found = self._project.holding(self._by)[:1]
        if found:
            self.renew([found[0].item])
        else:
            found = self._project.ask(1, self._by, lease=LEASE, ahead=AHEAD)
        return self._of(found[0]) if found else None

    def tell(self, answer: Answer) -> None:
        self._project.tell(answer)

    def renew(self, items: Sequence[str]) -> None:
        self._project.renew(items, self._by, LEASE)

    def release(self, items: Sequence[str]) -> None:
        self._project.release(items, self._by)

    def history(self) -> list[dict[str, Any]]:
        return self._project.history(self._by)

    def shown(self, item: str, why: str) -> Shown:
        return Shown(item, self.contents.of(item), why)

    def status(self) -> dict[str, Any]:
        return self._project.status()

    def _of(self, question: Question) -> Shown:
        content, why = self.contents.of(question.item), question.reason.words
        if question.proposal is None or question.blind:
            return Shown(question.item, content, why)
        return Shown(question.item, content, why, question.proposal.document(), question.model)


class Served:
    """A project that a server holds, asked over HTTP as the page asks it; items are read from the folder."""

    def __init__(self, folder: Path, address: str, by: str) -> None:
        from asklearn.server.sessions import secret_of

        self.setup = settings.read(folder)
        self._pool = StoredPool.open(folder)
        self.contents = Contents(self._pool, folder)
        self.remark = self.contents.remark
        self._line = http.client.HTTPConnection(address, timeout=PATIENCE)
        self._headers = {"Authorization": f"Bearer {secret_of(folder)}".encode(), "X-Annotator": by.encode()}
        self._patience = PATIENCE

    def close(self) -> None:
        self._line.close()
        self._pool.close()

    def ask(self) -> Shown | None:
        asked = self._call("POST", "questions", {"n": 1, "have": []})["questions"]
        return self._of(asked[0]) if asked else None

    def tell(self, answer: Answer) -> None:
        said: dict[str, Any] = {"key": answer.key, "kind": kind_of(answer), "item": answer.item}
        said |= {"label": answer.label, "of": answer.undo, "note": answer.note}
        self._call("POST", "answers", [said | {"seconds": answer.seconds, "seen": answer.seen}])

    def renew(self, items: Sequence[str]) -> None:
        self._call("POST", "leases", {"renew": list(items)})

    def release(self, items: Sequence[str]) -> None:
        self._call("POST", "leases", {"release": list(items)})

    def history(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "history?n=10")
        return found

    def shown(self, item: str, why: str) -> Shown:
        return Shown(item, self.contents.of(item), why)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", "status")
        return found

    def _of(self, asked: dict[str, Any]) -> Shown:
        shown, proposal = self.shown(asked["item"], asked["reason"]["words"]), asked["proposal"]
        return replace(shown, proposal=proposal, model=None if proposal is None else asked["model"])

    def _call(self, method: str, what: str, body: Any = None) -> Any:
        """What the server says. A lost connection is tried anew for a while: every answer has a key of its own."""
        end = time.monotonic() + self._patience
        while True:
            try:
                self._line.request(
                    method,
                    f"/api/v1/{what}",
                    None if body is None else json.dumps(body),
                    self._headers | ({} if body is None else {"Content-Type": b"application/json"}),
                )
                answer = self._line.getresponse()
                said = json.loads(answer.read())
                break
            except (OSError, http.client.HTTPException) as error:
                self._line.close()
                if time.monotonic() > end:
                    self._patience = 0  # nobody waits as long again, only to leave
                    raise AskLearnError(
                        "the server that holds this project does not answer; what you said before is saved: "
                        f"start again when it runs ({error})"
                    ) from error
                time.sleep(0.2)
        if answer.status != http.HTTPStatus.OK:
            raise AskLearnError(f"the server refused this: {said['error']['message']}")
        return said
