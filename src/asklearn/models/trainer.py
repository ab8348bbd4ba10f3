"""A process of its own that learns, so that people never wait for a fit and the server never loads scikit-learn.

One child for each `Trainer`, started when first needed and kept with its features loaded. Jobs go in by its standard
input and results come out by its standard output, so that whoever of the two dies, the other notices at once.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from asklearn.errors import ModelError

if TYPE_CHECKING:
    from asklearn.features import Features

NICENESS = 10  # people come first
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
WATCH = 0.5  # seconds between two looks whether the parent still lives


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """Fit a model to rows `positions` with labels `y`, and predict every row.

    `X`: what the model sees, one row an item; None for the project's own pool: a model named by a word then sees
    its features (computed if they are not there), an estimator sees the pool's rows as they are.
    `stop_set`, `before`: positions, and the columns predicted for them by the model before, for `Trained.kappa`.
    `audit`: positions whose probabilities come back with the result.
    """

    version: str
    positions: np.ndarray
    y: np.ndarray
    classes: Sequence[Any]
    model: Any = "auto"
    X: Any = None
    sample_weight: np.ndarray | None = None
    stop_set: np.ndarray | None = None
    before: np.ndarray | None = None
    audit: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Compute and keep the features of the project's pool, unless they are there."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Trained:
    """What became of a job. `proba_path`: float64 (items, classes), to be mapped; None after `Compute`.

    `artifact`: the stored model, None where it must be fitted again. `agreed`: the columns predicted for the stop
    set, which is `before` of the next job. `audit`: (items, classes) probabilities of the audit positions.
    """

    version: str = ""
    artifact: str | None = None
    proba_path: str | None = None
    seconds: float = 0.0
    rows: int = 0
    kappa: float | None = None
    agreed: np.ndarray | None = None
    audit: np.ndarray | None = None


class Trainer:
    """Learns for the project in `folder`, one job after the other.

    A child that is killed fails its jobs with `ModelError`; the next job starts another. Errors come back as they
    were raised, with the child's traceback as a note.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._closed = False

    def submit(self, job: Fit | Compute) -> Future[Trained]:
        """The result to come; returns at once. Raises `ModelError` once closed, and pickle's errors for the model."""
        body = _pickled(job)
        with self._lock:
            if self._closed:
                raise ModelError("the trainer is closed; open the project again to learn")
            if self._child is None or not self._child.alive():
                self._child = _Child(self.folder)
            return self._child.submit(body)

    @property
    def pid(self) -> int | None:
        """The process number of the child, None while there is none."""
        child = self._child
        return child.process.pid if child is not None and child.alive() else None

    def close(self) -> None:
        """End the child at once; results still to come are cancelled. Closing twice is fine."""
        with self._lock:
            self._closed = True
            child, self._child = self._child, None
        if child is not None:
            child.close()


class _Child:
    """One process and the results it owes."""

    def __init__(self, folder: Path) -> None:
        own_group = {"process_group": 0} if os.name == "posix" else {}  # Ctrl+C is for the parent
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from asklearn.models.trainer import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | dict.fromkeys(THREADS, "1")
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **own_group,  # type: ignore[call-overload]
        )
        self._owed: list[Future[Trained]] = []
        self._lock = threading.Lock()
        # A child that is busy reads late: a job larger than the pipe must not hold up whoever submits it.
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._outbox.put(pickle.dumps((str(folder.absolute()), os.getpid())))
        self._ended = self._closing = False
        _living.add(self)
        for talk in (self._send, self._listen):
            threading.Thread(target=talk, daemon=True, name="asklearn-trainer").start()

    def alive(self) -> bool:
        return not self._ended and self.process.poll() is None

    def submit(self, body: bytes) -> Future[Trained]:
        future: Future[Trained] = Future()
        with self._lock:
            if self._ended:
                future.set_exception(self._gone())
                return future
            self._owed.append(future)
            self._outbox.put(body)  # under the lock, so that replies come in the order of `_owed`
        return future

    def close(self) -> None:
        self._closing = True
        self.process.kill()
        self.process.wait()

    def _send(self) -> None:
        stream = self.process.stdin
        assert stream is not None
        while (body := self._outbox.get()) is not None:
            try:
                stream.write(body)
                stream.flush()
            except (OSError, ValueError):  # it is gone; `_listen` tells those who wait
                return

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while (reply := _received(stream)) is not None:
            with self._lock:
                future = self._owed.pop(0)
            if future.set_running_or_notify_cancel():
                _settle(future, reply)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended = True
            owed, self._owed = self._owed, []
        self._outbox.put(None)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            try:
                stream.close()
            except OSError:  # what was still to be sent reaches nobody
                continue
        for future in owed:
            if self._closing:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                future.set_exception(self._gone())

    def _gone(self) -> ModelError:
        code = self.process.wait()
        why = f"it was killed by signal {-code}" if code < 0 else f"exit code {code}"
        return ModelError(f"the background process ended before the model was ready ({why}); learn again")


_living: weakref.WeakSet[_Child] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for child in list(_living):
        child.close()


@dataclass(frozen=True)
class _Failed:
    """An error on its way back: pickled, or in parts where its class cannot be pickled whole."""

    kind: type[BaseException]
    args: tuple[Any, ...]
    state: dict[str, Any]
    whole: bytes | None
    trace: str

    def error(self) -> BaseException:
        """The error as it was raised, with the child's traceback as a note."""
        if self.whole is not None:
            error: BaseException = pickle.loads(self.whole)
        else:
            error = self.kind.__new__(self.kind, *self.args)
            error.args = self.args
            error.__dict__.update(self.state)
        error.add_note(f"In the background process:\n{self.trace}")
        return error


def _pickled(job: Fit | Compute) -> bytes:
    """The job, its model named by where it is defined: the child imports it from there."""
    model = getattr(job, "model", None)
    if type(model).__module__ == "__main__":
        name = type(model).__name__
        raise ModelError(
            f"{name} is defined in the script that runs; "
            "put it in a module of its own, so that the background process can import it"
        )
    # Pickled twice: the outer part always reads, so that an error inside belongs to this job and no other.
    return pickle.dumps(pickle.dumps(job))


def _received(stream: BinaryIO) -> Any:
    """The next reply, None when there will be none: a reply is cut short only where the child is killed."""
    try:
        return pickle.load(stream)
    except (EOFError, pickle.UnpicklingError, OSError, ValueError):
        return None


def _settle(future: Future[Trained], reply: bytes) -> None:
    try:
        result = pickle.loads(reply)
    except Exception as error:  # an error that can be read there, but not here
        future.set_exception(ModelError(f"the background process sent what cannot be read: {error}"))
        return
    if isinstance(result, _Failed):
        future.set_exception(result.error())
    else:
        future.set_result(result)


# -- in the child ---------------------------------------------------------------------------------------------------


def serve() -> None:
    """The life of the child: read a job, do it, say what became of it, until the parent is gone."""
    jobs, replies = sys.stdin.buffer, _replies()
    folder, parent = pickle.load(jobs)
    if os.name == "posix":
        os.nice(NICENESS)
    there = _There(Path(folder))
    queue: list[bytes] = []
    news = threading.Condition()
    threading.Thread(target=_read, args=(jobs, queue, news), daemon=True).start()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    while True:
        with news:
            news.wait_for(lambda: bool(queue))
            body = queue.pop(0)
        replies.write(pickle.dumps(_answer(there, body)))
        replies.flush()


def _replies() -> BinaryIO:
    """Where replies go; whatever models print goes to standard error instead."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _read(jobs: BinaryIO, queue: list[bytes], news: threading.Condition) -> None:
    while True:
        try:
            body = pickle.load(jobs)
        except (EOFError, pickle.UnpicklingError):
            os._exit(0)  # the parent is gone: in the middle of a fit too, there is nobody to fit for
        with news:
            queue.append(body)
            news.notify()


def _watch(parent: int) -> None:
    """Ends the child with its parent, also where a copy of the parent still holds the pipe open."""
    while os.name == "posix":
        if os.getppid() != parent:
            os._exit(0)
        time.sleep(WATCH)


def _answer(there: _There, body: bytes) -> bytes:
    """The pickled result, or the error as it was raised."""
    try:
        return pickle.dumps(there.do(pickle.loads(body)))
    except Exception as error:  # whatever it is, it is told to whoever asked
        return _told(error)


def _told(error: Exception) -> bytes:
    """The pickled `_Failed`; an error that cannot be sent becomes a `ModelError` that says the same."""
    trace = traceback.format_exc()
    kind = type(error)
    for whole in (True, False):
        try:
            body = pickle.dumps(error) if whole else None
            failed = _Failed(kind, error.args, dict(error.__dict__), body, trace)
            sent = pickle.dumps(failed)
            same = pickle.loads(sent).error()
        except Exception:  # anybody's class may refuse in its own way
            continue
        if type(same) is kind and str(same) == str(error):
            return sent
    return pickle.dumps(_Failed(ModelError, (f"{kind.__name__}: {error}",), {}, None, trace))


class _There:
    """What the child keeps between jobs: the features of the pool, by its fingerprint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._features: tuple[str, Features] | None = None

    def do(self, job: Fit | Compute) -> Trained:
        began = time.perf_counter()
        if isinstance(job, Compute):
            rows = len(self._featured().embedding)
            return Trained(rows=rows, seconds=time.perf_counter() - began)
        from asklearn import models
        from asklearn.estimate import kappa

        learn, whole = self._seen(job)
        model = models.fit(models.make(job.model), learn, job.y, job.sample_weight)
        p = models.proba(model, whole, job.classes)
        agreed = None if job.stop_set is None else p[job.stop_set].argmax(axis=1)
        return Trained(
            version=job.version,
            artifact=models.save(model, self.folder / "models"),
            proba_path=str(self._kept(job.version, p)),
            seconds=time.perf_counter() - began,
            rows=len(p),
            kappa=None if agreed is None or job.before is None else kappa(job.before, agreed),
            agreed=agreed,
            audit=None if job.audit is None else p[job.audit],
        )

    def _seen(self, job: Fit) -> tuple[Any, Any]:
        """What the model sees of the labelled rows, and of all."""
        if job.X is None and not isinstance(job.model, str):
            from asklearn.pool.store import StoredPool

            with StoredPool.open(self.folder) as pool:
                ids = pool.ids
                return pool.rows([ids[position] for position in job.positions]), pool.rows(ids)
        X = self._featured().X if job.X is None else job.X
        if isinstance(X, np.ndarray) or type(X).__module__.startswith("scipy.sparse"):
            return X[job.positions], X
        from asklearn.pool.rows import hold

        return hold(X).take(job.positions), X

    def _featured(self) -> Features:
        from asklearn import features
        from asklearn.pool.store import StoredPool

        with StoredPool.open(self.folder) as pool:
            fingerprint = pool.fingerprint
            if self._features is not None and self._features[0] == fingerprint:
                return self._features[1]
            cache = self.folder / "cache"
            found = features.load(cache, fingerprint)
            if found is None:
                found = features.compute(pool)
                features.save(found, cache, fingerprint)
        self._features = fingerprint, found
        return found

    def _kept(self, version: str, p: np.ndarray) -> Path:
        from asklearn.features.store import written

        cache = self.folder / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        file = cache / f"proba-{version}.npy"
        with written(file) as out:
            np.lib.format.write_array(out, p, allow_pickle=False)
        return file
