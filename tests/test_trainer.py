"""The process that learns: quick to take a job, honest about errors, gone when anybody is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from asklearn import models
from asklearn.errors import MissingExtra, ModelError, NotReady
from asklearn.models.trainer import Compute, Fit, Trainer
from asklearn.pool import store

posix = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")


class Slow(ClassifierMixin, BaseEstimator):
    """A model whose fit takes a minute, and says so on standard output."""

    def fit(self, X, y):
        print("sleeping", flush=True)
        time.sleep(60)


class Broken(ClassifierMixin, BaseEstimator):
    """A model that fails in a way of one's choice."""

    def __init__(self, how="value"):
        self.how = how

    def fit(self, X, y):
        if self.how == "value":
            raise ValueError("what a pity")
        if self.how == "extra":
            raise MissingExtra("reading Parquet", "parquet")
        if self.how == "local":

            class Odd(Exception):
                pass

            raise Odd("never seen")
        raise NotFittedError("not yet")


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def two_clouds(n=40):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return rng.normal(size=(n, 3)) + 4 * y[:, None], y


def job(**more):
    X, y = two_clouds()
    given = {"version": "1", "positions": np.arange(20), "y": y[:20], "classes": [0, 1], "X": X} | more
    return Fit(**given)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A trainer for the tests that leave it as it was: starting one takes seconds."""
    trainer = Trainer(tmp_path_factory.mktemp("project"))
    yield trainer
    trainer.close()


@pytest.fixture
def trainer(tmp_path):
    made = Trainer(tmp_path)
    yield made
    made.close()


def test_a_fit_predicts_all_rows_and_keeps_the_model(kept):
    X, y = two_clouds()
    trained = kept.submit(job()).result(60)
    p = np.load(trained.proba_path, mmap_mode="r")
    assert p.shape == (40, 2)
    assert (p.argmax(axis=1) == y).all()
    assert (trained.version, trained.rows, trained.kappa, trained.audit) == ("1", 40, None, None)
    model = models.load(kept.folder / "models", trained.artifact)
    np.testing.assert_allclose(models.proba(model, X, [0, 1]), p)


def test_the_model_before_is_compared_on_the_stop_set_and_audit_items_come_back(kept):
    stop_set = np.array([30, 31, 32, 33])
    first = kept.submit(job(version="2", stop_set=stop_set, audit=np.array([39]))).result(60)
    assert first.agreed.tolist() == [0, 1, 0, 1]
    assert first.audit.shape == (1, 2)
    second = kept.submit(job(version="3", stop_set=stop_set, before=1 - first.agreed)).result(60)
    assert second.kappa == pytest.approx(-1)


def test_an_estimator_object_of_the_users_is_fitted_there(kept):
    trained = kept.submit(job(version="4", model=LogisticRegression(C=0.5), classes=[0, 1, 2])).result(60)
    model = models.load(kept.folder / "models", trained.artifact)
    assert model.C == 0.5
    assert (np.load(trained.proba_path)[:, 2] == 0).all()


def test_jobs_are_done_in_order_and_submitting_does_not_wait(kept):
    kept.submit(job()).result(60)
    large = np.zeros((200_000, 4))  # far more than a pipe holds
    large[:20] = two_clouds()[0][:20].repeat(2, axis=1)[:, :4]
    began = time.perf_counter()
    futures = [kept.submit(job(version=f"n{i}", X=large)) for i in range(3)]
    assert time.perf_counter() - began < 1
    assert [future.result(60).version for future in futures] == ["n0", "n1", "n2"]


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("value", ValueError, "what a pity"),
        ("extra", MissingExtra, 'reading Parquet needs the extra .*"asklearn\\[parquet\\]"'),
        ("sklearn", NotFittedError, "not yet"),
        ("local", ModelError, "Odd: never seen"),
    ],
)
def test_an_error_comes_back_as_it_was_raised(kept, how, kind, text):
    with pytest.raises(kind, match=text) as caught:
        kept.submit(job(model=Broken(how))).result(60)
    assert caught.type is kind
    assert "in fit" in "".join(caught.value.__notes__)
    assert kept.submit(job(version="after")).result(60).version == "after"


def test_one_class_is_not_enough(kept):
    with pytest.raises(NotReady, match="two classes are needed"):
        kept.submit(job(y=np.zeros(20, dtype=int))).result(60)


def test_features_of_a_stored_pool_are_computed_once_and_used(kept):
    texts = [f"{'good fine nice' if i % 2 else 'bad awful poor'} number {i}" for i in range(60)]
    store.create(kept.folder, texts)
    computed = kept.submit(Compute()).result(60)
    assert computed.rows == 60
    assert list((kept.folder / "cache").glob("features-*.json"))
    y = np.array(["no", "yes"] * 10)
    fit = Fit(version="1", positions=np.arange(20), y=y, classes=["no", "yes"])
    p = np.load(kept.submit(fit).result(60).proba_path)
    assert p.shape == (60, 2)
    assert (p.argmax(axis=1) == np.arange(60) % 2).all()


@posix
def test_a_killed_child_fails_its_job_and_the_next_job_starts_another(trainer):
    future = trainer.submit(job(model=Slow()))
    first = trainer.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ModelError, match="killed by signal 9"):
        future.result(10)
    assert trainer.submit(job()).result(60).rows == 40
    assert trainer.pid != first


@posix
def test_closing_ends_the_child_at_once_and_cancels_what_is_owed(tmp_path):
    trainer = Trainer(tmp_path)
    future = trainer.submit(job(model=Slow()))
    pid = trainer.pid
    began = time.monotonic()
    trainer.close()
    trainer.close()
    with pytest.raises(CancelledError):
        future.result(10)
    assert time.monotonic() - began < 2
    assert not Path(f"/proc/{pid}").exists() or not alive(pid)
    with pytest.raises(ModelError, match="closed"):
        trainer.submit(job())


@posix
def test_the_child_runs_gently(kept):
    kept.submit(job()).result(60)
    assert os.getpriority(os.PRIO_PROCESS, kept.pid) >= 10


PARENT = """
    import sys, time
    import numpy as np
    from asklearn.models.trainer import Fit, Trainer

    trainer = Trainer(sys.argv[1])
    X = np.repeat([[0.0], [9.0]], 10, axis=0)
    fit = Fit(version="1", positions=np.arange(20), y=np.repeat([0, 1], 10), classes=[0, 1], model=sys.argv[2], X=X)
    future = trainer.submit(fit)
    print(trainer.pid, flush=True)
"""


def parent(tmp_path, model, rest):
    body = textwrap.dedent(PARENT) + textwrap.dedent(rest)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", body, str(tmp_path), model]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@posix
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_the_child_dies_when_its_parent_is_killed(tmp_path):
    with parent(tmp_path, "test_trainer:Slow", "time.sleep(60)") as process:
        child = int(process.stdout.readline())
        # The model prints to standard error, where nothing but it says so, when the fit has begun.
        assert "sleeping" in process.stderr.readline()
        process.kill()
        process.wait()
        assert gone_within(child, 5)


@posix
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_program_that_forgets_to_close_still_ends(tmp_path):
    with parent(tmp_path, "test_trainer:Slow", "") as process:
        child = int(process.stdout.readline())
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert gone_within(child, 5)


def test_the_parent_never_imports_scikit_learn(tmp_path):
    rest = """
    assert future.result(60).rows == 20
    print([name for name in ("sklearn", "scipy", "pandas", "skops") if name in sys.modules])
    trainer.close()
    """
    with parent(tmp_path, "auto", rest) as process:
        out, errors = process.communicate(timeout=90)
    assert out.splitlines()[1:] == ["[]"], errors


def test_a_model_of_the_running_script_is_refused_with_a_sentence(kept, monkeypatch):
    monkeypatch.setattr(Broken, "__module__", "__main__")
    with pytest.raises(ModelError, match="in a module of its own"):
        kept.submit(job(model=Broken()))
