"""The overview: figures for whoever may read them, the canary in /healthz and doctor, the lines of a status."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from starlette.testclient import TestClient

from asklearn import standing
from asklearn.cli import doctor, overview
from asklearn.estimate import paired
from asklearn.events import Answered
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.server.cards import cards
from asklearn.server.guard import names
from asklearn.state import fold
from asklearn.tasks.classes import classes

HOME = "http://127.0.0.1:8000"
SECRET = "s" * 43


@pytest.fixture
def project():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    with Project(
        X, classes(["neg", "pos"]), LogisticRegression(), "margin", audit=0.2, price=20.0, minutes=60
    ) as found:
        for _ in range(8):
            for who in ("ann", "bob"):
                for question in found.ask(5, who):
                    label = "pos" if X[question.row, 0] > 0 else "neg"
                    found.tell(Answer(item=question.item, label=label, by=who, seconds=3.0))
            found.learn()
        yield found


def client(project: Project, owner: bool = True) -> TestClient:
    sessions = Sessions(SECRET)
    made = TestClient(create_app(project, sessions, names(8000)), HOME, headers={"Origin": HOME})
    if owner:
        made.headers.update({"Authorization": f"Bearer {SECRET}", "X-Annotator": "ann"})
    else:
        made.get("/enter", params={"ticket": sessions.ticket("ann")})
    return made


def facts(told: dict[str, Any], title: str) -> dict[str, str]:
    return dict(next(card for card in told["cards"] if card["title"].startswith(title))["facts"])


def test_the_overview_in_words_and_figures(project):
    at = client(project)
    told = at.get("/api/v1/overview").json()
    assert sum(told["hours"]) == sum(told["days"]) == told["answers"] == 80
    assert [one["by"] for one in told["people"]] == ["ann", "bob"]
    assert 220 <= told["free"] <= 300
    assert told["choosing"] is None
    assert facts(told, "Quality")["accuracy"].startswith(f"{project.estimate().value:.3f} (")
    assert facts(told, "Cost")["money"] == f"{20 * 240 / 3600:.2f} EUR"
    assert facts(told, "Cost")["budget of minutes"] == "4.0 of 60 minutes"
    assert facts(told, "Queue")["labelled"] == f"{project.state.items_labelled} of 300"
    canary = next(card for card in told["cards"] if "follow the score" in card["title"])
    assert "✓ well" in canary["title"]
    assert canary["signs"]
    picture = at.get("/api/v1/overview/pace.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert (
        b"80 answers in the last 24 hours, 80 of them in the newest." in picture.content
        or time.time() % 3600 < 60
    )
    assert b"style" not in picture.content


def test_an_annotator_learns_nothing_of_others_from_it(project):
    told = client(project, owner=False).get("/api/v1/overview").json()
    assert "people" not in told
    assert "bob" not in json.dumps(told)
    assert facts(told, "Pace")["agreement"] == "not known yet"  # it rests on too few items to be told


def test_a_project_without_answers_has_an_overview_too():
    with Project(["a", "b"], classes(["x", "y"])) as project:
        told = client(project).get("/api/v1/overview").json()
    assert told["answers"] == 0
    assert "people" in told
    assert facts(told, "Quality")["accuracy"] == "not known yet"


def test_healthz_fails_with_the_sentence_when_the_order_is_lost(project):
    at = client(project)
    assert at.get("/healthz").status_code == 200
    project.state.canary.above.extend([0.5] * 100)
    failed = at.get("/healthz")
    assert failed.status_code == 503
    assert "the model gives every item the same margin" in failed.json()["error"]["message"]
    assert project.status()["canary"]["status"] == "broken" or project.canary().status == "broken"


def test_the_lines_of_a_status(project):
    lines = "\n".join(overview.sentences(project.status()))
    assert "people's time: 4 min, 3.0 s an answer, 1.33 EUR" in lines
    assert "budget: 4.0 of 60 minutes used" in lines
    assert "what is asked, " not in lines  # well: nothing to say
    project.state.canary.above.extend([0.6] * 100)
    status = project.status() | {"canary": {"status": "broken", "words": str(project.canary())}}
    assert "what is asked, broken: of what was left aside 60% had a higher margin" in "\n".join(
        overview.sentences(status)
    )
    told = {
        "shown": 0.9,
        "hidden": 0.7,
        "n_shown": 90,
        "n_hidden": 30,
        "difference": 0.2,
        "low": 0.05,
        "high": 0.4,
    }
    assert "a difference of +20.0% (95 %: +5.0% to +40.0%)" in "\n".join(
        overview.sentences(status | {"anchoring": told})
    )


def test_the_price_of_a_point_in_every_place(project):
    point = {
        "seconds": 90.0,
        "low": 60.0,
        "high": 120.0,
        "metric": "accuracy",
        "n": 40,
        "money": [0.5, 0.33, 0.67],
    }
    status = project.status()
    status = status | {"cost": status["cost"] | {"point": point}}
    assert "a point of accuracy took 90 s (95 %: 60 s to 2 min), 0.50 EUR (0.33 to 0.67)" in "\n".join(
        overview.sentences(status)
    )
    told = {"cards": cards(status, project.overview())}
    assert facts(told, "Cost")["that is"] == "0.50 (0.33 to 0.67) EUR"


def test_doctor_reads_the_canary_from_the_record(tmp_path: Path, capsys):
    rng = np.random.default_rng(0)
    X = [f"{'sun' if x > 0 else 'rain'} {i}" for i, x in enumerate(rng.normal(size=80))]
    folder = tmp_path / "weather"
    with Project(X, classes(["dry", "wet"]), "logistic", "margin", path=folder) as project:
        for question in project.ask(30):
            project.tell(Answer(item=question.item, label="dry" if "sun" in X[question.row] else "wet"))
    assert doctor.examine(folder, json=True)
    said = json.loads(capsys.readouterr().out)["findings"]
    assert any(f["part"] == "canary" and f["words"].startswith("audit share") for f in said)


def test_throughput_counts_hours_and_days():
    now = 1_700_000_000.0
    said = [(now, "ann"), (now - 3600, "bob"), (now - 23 * 3600, "ann"), (now - 3 * 86_400, "ann")]
    events = [Answered(key=str(i), item=str(i), by=by, label="x", at=at) for i, (at, by) in enumerate(said)]
    told = standing.throughput(fold(enumerate(events, 1)), now, people=True)
    assert (told["hours"][-1], told["hours"][-2], sum(told["hours"])) == (1, 1, 3)
    assert (len(told["hours"]), len(told["days"]), sum(told["days"])) == (24, 30, 4)
    assert [(one["by"], one["answers"]) for one in told["people"]] == [("ann", 3), ("bob", 1)]
    assert "people" not in standing.throughput(fold([]), now, people=False)


def test_the_interval_of_a_paired_difference_holds_the_truth():
    """Agresti and Min 2005; the oracle is drawing many times."""
    rng = np.random.default_rng(0)
    for wins, losses in ((0.15, 0.05), (0.3, 0.3), (0.02, 0.0)):
        held = 0
        for _ in range(1500):
            w, lost, _ = rng.multinomial(80, [wins, losses, 1 - wins - losses])
            _, low, high = paired(int(w), int(lost), 80)
            held += low <= wins - losses <= high
        assert held / 1500 > 0.93
