"""The tour: handwritten digits as images, the page, and a teammate who answers over HTTP as the page does."""

from __future__ import annotations

import csv
import http.client
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from asklearn.cli.create import Wish, create
from asklearn.cli.page import label_page
from asklearn.cli.terminal import Progress, document, progress, say
from asklearn.errors import AskLearnError, NotReady, SettingError

SIDE = 64  # the digits have 8 x 8 pixels: too small for a person to see
AUDIT = 0.15  # of few hundred labels, enough for an interval that says something
AHEAD = 5  # questions held at once, as on the page
STALE = 20  # newer labels than the model's; then the teammate takes a breath
BREATH = 3.0  # seconds, at most


def tour(
    folder: Path, *, auto: int | None, port: int, open_browser: bool, errors: float, seed: int, json: bool
) -> None:
    """Make the demo project, or go on with it; label it on the page or by a simulated teammate."""
    project = folder / "project"
    if not project.exists():
        create(project, write_digits(folder), wish(seed))
    if auto is None:
        say(f"The demo lives in {folder}; delete it to begin anew.")
        label_page(project, port=port, open_browser=open_browser, annotators=["me"])
        return
    began = time.perf_counter()
    given = answered(project, auto, port=port, open_browser=open_browser, errors=errors, seed=seed)
    result = outcome(project, given, time.perf_counter() - began)
    if json:
        document(asdict(result))
    else:
        say(*result.sentences())


def wish(seed: int) -> Wish:
    """How the demo's project is set up."""
    return Wish(columns={"image": "image", "id": "id", "label": "digit"}, labels=None, audit=AUDIT, seed=seed)


def write_digits(folder: Path) -> Path:
    """scikit-learn's 1,797 digits as PNG files, and a table that says what they are; the table's path."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    pictures = folder / "digits"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = []
    with progress("writing images") as seen:
        for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
            path = pictures / f"{number:04}.png"
            image = Image.fromarray(np.round(pixels * (255 / 16)).astype(np.uint8))
            image.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
            rows.append((path.stem, f"digits/{path.name}", int(digit)))
            seen(number + 1, len(digits.target))
    table = folder / "digits.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "image", "digit"), *rows])
    return table


@dataclass(frozen=True)
class Teammate:
    """Somebody who knows the truth and answers over HTTP; in a share `errors` of cases they err."""

    address: str  # host:port
    secret: str
    truth: Mapping[str, str]
    labels: Sequence[str]
    rng: np.random.Generator
    errors: float = 0.0
    name: str = "teammate"

    def answer(self, n: int, seen: Progress) -> int:
        """Give n answers, fewer when there are no more questions; how many it were."""
        given = 0
        with closing(http.client.HTTPConnection(self.address, timeout=60)) as server:
            while given < n:
                asked = self._post(server, "questions", {"n": min(AHEAD, n - given), "have": []})["questions"]
                if not asked:
                    break
                for question in asked:
                    status = self._post(server, "answers", [self._said(question)])["status"]
                    given += 1
                    seen(given, n)
                self._breathe(server, status)
        return given

    def _said(self, question: Mapping[str, Any]) -> dict[str, Any]:
        label = self.truth[question["item"]]
        if self.rng.random() < self.errors:
            label = str(self.rng.choice([other for other in self.labels if other != label]))
        return {"key": str(uuid.uuid4()), "item": question["item"], "label": label, "seen": question["model"]}

    def _breathe(self, server: http.client.HTTPConnection, status: Mapping[str, Any]) -> None:
        # A person takes a second or more for an answer, time enough for a fit; who answers in
        # milliseconds would be asked by a model that knows nothing yet.
        end = time.monotonic() + BREATH
        while self._stale(status) and time.monotonic() < end:
            time.sleep(0.05)
            status = self._request(server, "GET", "status")

    @staticmethod
    def _stale(status: Mapping[str, Any]) -> bool:
        behind = status["model"]["age_labels"] if status["model"] else status["labelled"]
        return bool(behind >= STALE and not status["learning"]["error"])

    def _post(self, server: http.client.HTTPConnection, what: str, body: Any) -> Any:
        return self._request(server, "POST", what, json.dumps(body))

    def _request(
        self, server: http.client.HTTPConnection, method: str, what: str, body: str | None = None
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}", "X-Annotator": self.name}
        if body is not None:
            headers["Content-Type"] = "application/json"
        server.request(method, f"/api/v1/{what}", body, headers)
        response = server.getresponse()
        said = json.loads(response.read())
        if response.status != http.HTTPStatus.OK:
            raise AskLearnError(f"the server refused {what}: {said['error']['message']}")
        return said


def answered(folder: Path, n: int, *, port: int, open_browser: bool, errors: float, seed: int) -> int:
    """Serve the project while a teammate gives n answers; how many it gave."""
    from asklearn.server.sessions import secret_of

    truth, labels = known(folder)
    with served(folder, port, open_browser) as address, progress("a teammate answers") as seen:
        rng = np.random.default_rng([seed, n])
        return Teammate(address, secret_of(folder), truth, labels, rng, errors).answer(n, seen)


@contextmanager
def served(folder: Path, port: int, open_browser: bool) -> Iterator[str]:
    """The project's page, served by a program of its own as long as this lasts; its host:port."""
    command = [sys.executable, "-m", "asklearn", "label", str(folder), "--port", str(port)]
    command.append("--open" if open_browser else "--no-open")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdout is not None
            link = page.stdout.readline()
            if not link.startswith("http://"):  # what went wrong stands on stderr already
                raise SettingError(f"{folder} cannot be served now. {link.strip()}")
            yield urlsplit(link).netloc
        finally:
            page.terminate()  # as Ctrl+C would: it ends when all is saved
            page.communicate()  # to its last word


def known(folder: Path) -> tuple[dict[str, str], list[str]]:
    """item -> true label, kept aside in the pool, and all labels."""
    from asklearn.pool.store import StoredPool

    with closing(StoredPool.open(folder)) as pool:
        found = dict(zip(pool.ids, pool.truth(pool.ids), strict=True))
        return {item: label for item, label in found.items() if label is not None}, pool.labels()


@dataclass(frozen=True)
class Outcome:
    """What a demo can say at its end; without a model or an audit answer there is nothing to compare."""

    given: int
    labelled: int
    seconds: float
    estimate: dict[str, Any] | None
    true_accuracy: float | None
    unlabelled: int
    held: bool | None

    def sentences(self) -> list[str]:
        """For people."""
        lines = [f"{self.given} labels given, {self.labelled} in all, in {self.seconds:.1f} s"]
        if self.true_accuracy is None:
            return [*lines, "too few labels to train a model: give more"]
        if self.estimate is None:
            lines.append("honest estimate: none, no random item was among those answered")
        else:
            e = self.estimate
            lines.append(
                f"honest estimate: {e['value']:.3f} (95 % interval {e['low']:.3f} to {e['high']:.3f}), "
                f"from {e['n']} random items no model learned from"
            )
        lines.append(
            f"true accuracy:   {self.true_accuracy:.3f} on the {self.unlabelled:,} images nobody labelled"
        )
        if self.held is not None:
            lines.append("the interval holds it" if self.held else "the interval misses it, as 1 in 20 may")
        return lines


def outcome(folder: Path, given: int, seconds: float) -> Outcome:
    """Train on everything said, and compare what an honest project knows with what only a demo can know."""
    from asklearn.project import Project

    truth, _ = known(folder)
    with Project.open(folder) as project:
        done = set(project.labels()["item"])
        rest = [item for item in project.pool.ids if item not in done]
        try:
            project.learn()
        except NotReady:
            return Outcome(given, len(done), seconds, None, None, len(rest), None)
        predicted = project.predict(rest)["label"]
        true = float(np.mean([label == truth[item] for item, label in zip(rest, predicted, strict=True)]))
        try:
            estimate = project.estimate()
        except NotReady:
            return Outcome(given, len(done), seconds, None, true, len(rest), None)
    held = estimate.low <= true <= estimate.high
    return Outcome(given, len(done), seconds, asdict(estimate), true, len(rest), held)
