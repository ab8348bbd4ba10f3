"""Learning behind people's backs, on a project in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from asklearn import Answer, Project, classes
from asklearn.errors import JournalError, SettingError
from asklearn.events import Learned
from asklearn.learning import due
from asklearn.state import State

TASK = classes(["left", "right"])


def rows(n=300, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3))


@pytest.fixture
def project(tmp_path):
    with Project(rows(), TASK, strategy="margin", path=tmp_path / "p", audit=0.1) as it:
        yield it


def answer(project, n, by="me"):
    X = rows()
    project.tell(
        [
            Answer(item=q.item, label="right" if X[q.row, 0] > 0 else "left", by=by)
            for q in project.ask(n, by, ahead=20)
        ]
    )


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def settled(project):
    return lambda: not project.learning()["running"]


def test_models_come_by_themselves_on_the_growth_schedule(project):
    project.keep_learning()
    for _ in range(6):
        answer(project, 10)
        wait_for(lambda: settled(project)() and not due(project.state, 10))
    learned = [event for _, event in project.events() if isinstance(event, Learned)]
    assert len(learned) >= 3
    assert [m.version for m in learned] == [str(i + 1) for i in range(len(learned))]
    assert project.status()["model"]["version"] == learned[-1].version
    assert project.learning() == {"running": False, "error": None, "features": "ready"}
    assert project.ask(1)[0].model == learned[-1].version


def test_people_do_not_wait_for_a_fit(project):
    answer(project, 20)
    project.keep_learning()
    slowest = 0.0
    while project.state.models == []:
        began = time.perf_counter()
        answer(project, 1, "bob")
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(0.01)
    assert slowest < 5, (
        "a fit with its imports takes longer on a busy machine; an answer must not wait for it"
    )


@pytest.mark.slow
def test_a_killed_trainer_is_told_and_learning_goes_on(project):
    project.keep_learning()
    answer(project, 20)
    wait_for(lambda: project.state.models)
    wait_for(settled(project))
    process = project._learner._behind._process._process
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    for _ in range(3):
        answer(project, 12)
        wait_for(settled(project))
    assert len(project.state.models) >= 2
    assert project.learning()["error"] is None


def test_an_estimator_that_fails_is_reported_and_the_old_order_serves(tmp_path):
    from sklearn.linear_model import LogisticRegression

    with Project(rows(), TASK, LogisticRegression(C=-1.0), "margin", path=tmp_path / "p", audit=0) as it:
        it.keep_learning()
        answer(it, 20)
        wait_for(lambda: it.learning()["error"])
        assert "'C' parameter" in it.learning()["error"]
        assert len(it.ask(5, "bob")) == 5
        assert it.state.models == []


def test_a_closed_project_opens_with_its_model(project):
    answer(project, 40)
    project.learn()
    ids = list(project.pool.ids)
    before, estimate, curve = project.predict(ids), project.estimate(), project.curve()
    project.close()
    with Project.open(project.path) as again:
        assert again.predict(ids) == before
        assert again.estimate() == estimate
        assert again.curve() == curve
        assert again.predict(rows(5, seed=1))["label"] == project.predict(rows(5, seed=1))["label"]


def test_the_cache_is_safe_to_delete(project):
    import shutil

    answer(project, 40)
    project.learn()
    ids = list(project.pool.ids)
    before = project.predict(ids)
    project.close()
    shutil.rmtree(project.path / "cache")
    with Project.open(project.path) as again:
        assert again.predict(ids)["label"] == before["label"]
        assert again.predict(ids)["probability"] == pytest.approx(before["probability"])


def test_damaged_probabilities_are_not_believed(project):
    answer(project, 40)
    project.learn()
    ids = list(project.pool.ids)
    before = project.predict(ids)
    project.close()
    (file,) = (project.path / "cache").glob("said-*.npz")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with Project.open(project.path) as again:
        assert again.predict(ids)["label"] == before["label"]
        assert again.predict(ids)["probability"] == pytest.approx(before["probability"])


def test_a_second_writer_is_refused_and_a_reader_is_not(project):
    with pytest.raises(JournalError, match=str(os.getpid())):
        Project.open(project.path)
    answer(project, 3)
    with Project.open(project.path, writing=False) as reader:
        assert reader.status()["labelled"] == 3
        answer(project, 2)
        assert reader.status()["labelled"] == 5


def test_a_folder_that_is_none_and_one_that_is_taken(tmp_path, project):
    with pytest.raises(SettingError, match=r"no asklearn project.*asklearn init nothing"):
        Project.open(tmp_path / "nothing")
    with pytest.raises(SettingError, match="holds a project already"):
        Project(rows(), TASK, path=project.path)


def test_the_secret_is_for_its_owner_alone(project):
    assert (project.path / "secret").stat().st_mode & 0o777 == 0o600
    assert len((project.path / "secret").read_text()) >= 32


def test_new_rows_join(project):
    answer(project, 30)
    project.learn()
    ids = project.add(rows(10, seed=9))
    assert len(ids) == 10
    assert {q.item for q in project.ask(10, among=ids)} == set(ids)
    assert project.ask(10, "bob", among=ids) == [], "they are held like any other"
    assert project.status()["rows"] == 310
    project.learn()
    assert len(project.predict(ids)["label"]) == 10
    project.close()
    with Project.open(project.path) as again:
        assert list(again.pool.ids[-10:]) == ids


def test_a_model_sees_rows_as_before_when_the_pool_has_grown(tmp_path):
    words = ["sun", "rain", "snow", "wind", "fog", "hail"]
    texts = [f"{a} and {b} on day {i}" for i, (a, b) in enumerate((a, b) for a in words for b in words)]
    with Project(texts, TASK, path=tmp_path / "p", audit=0) as it:
        it.tell([Answer(item=q.item, label="right" if "sun" in texts[q.row] else "left") for q in it.ask(30)])
        it.learn()
        before = it.predict(["sun and thunder", "fog"])["probability"]
        it.add([f"thunder and {w} in town {i}" for i, w in enumerate(words * 3)])
        assert it.predict(["sun and thunder", "fog"])["probability"] == before


def test_a_fit_is_due_when_a_batch_or_five_percent_is_new():
    state = State()
    assert not due(state, 10)
    state.changes = [1]
    assert due(state, 10)
    state.models = [Learned(version="1", watermark=1, labels=400)]
    state.changes = list(range(1, 21))
    assert not due(state, 10), "19 new of 400 is less than 5 %"
    state.changes.append(21)
    assert due(state, 10)


LEAN = """
    import sys, time
    from asklearn import Answer, Project
    if __name__ == "__main__":
        with Project.open(sys.argv[1]) as project:
            project.keep_learning()
            version = project.state.models[-1].version
            project.tell([Answer(item=q.item, label="left") for q in project.ask(15, ahead=10)])
            while project.state.models[-1].version == version:
                time.sleep(0.05)
            project.ask(5), project.status(), project.estimate()
            heavy = {"sklearn", "pandas", "torch", "matplotlib", "pyarrow"} & set(sys.modules)
            print(sorted(heavy))
"""


def test_the_serving_process_never_loads_scikit_learn(project, tmp_path):
    answer(project, 40)
    project.learn()
    project.close()
    script = tmp_path / "lean.py"
    script.write_text(textwrap.dedent(LEAN))
    done = subprocess.run(
        [sys.executable, str(script), str(project.path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
