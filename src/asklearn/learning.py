"""What a model learns from and when: the training set, the growth schedule, the model that serves now."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from asklearn import features as encoders
from asklearn import models
from asklearn.background import Background
from asklearn.errors import DataError, NotReady, SettingError
from asklearn.estimate import cross_fitted
from asklearn.events import Label, Learned
from asklearn.features import Encoder, Features
from asklearn.journal import Journal
from asklearn.people import sweeps
from asklearn.people.cost import Costs, Effort
from asklearn.people.doubts import Doubts, disagreed, weighed
from asklearn.people.priority import Priority
from asklearn.people.verdicts import counted, verdict, weighs
from asklearn.people.votes import Votes
from asklearn.pool import Pool
from asklearn.record import Record
from asklearn.state import State, fold
from asklearn.tasks import Task
from asklearn.tasks.shared import Said

GROWTH = 0.05  # a fit is due when labels grew by this share (or by a batch, whichever is more)
LEAST_DRAWN = 10  # labels on each side before choosing is held against drawing
FOLD, DUEL, CROSS, COUNT = 5, 7, 9, 12  # purposes of generators
QUANTITIES = ("proba", "mean", "std")  # of what a model says, those that strategies may look at
STOP_SET = 2000  # items on which successive models are compared (Bloodgood and Vijay-Shanker 2009)


@dataclass(frozen=True)
class TrainingSet:
    """Items with their consensus, in the order first labelled, as of event number `watermark`.

    `drawn`: of those answered singly, which come first, whether each was drawn at random. `fresh`: audit items with
    their labels, not yet judged by. `weights`: how sure the consensus on each item is (0..1), by which it counts in
    the fit; none where all of them are sure. `said`: what each person said of those answered singly, where it is
    weighed in the fit (`relabel`: with the model's help; `method`: by people alone, "" for a majority) or tells whom to
    ask, {} of what a reviewer settled; `present`: who was asked since the model before.
    """

    items: tuple[str, ...]
    labels: tuple[Label, ...]
    watermark: int
    drawn: tuple[bool, ...] = ()
    fresh: tuple[tuple[str, Label], ...] = ()
    weights: tuple[float, ...] = ()
    said: tuple[Mapping[str, Label], ...] = ()
    present: tuple[str, ...] = ()
    relabel: bool = False
    method: str = ""


@dataclass(frozen=True)
class Duel:
    """Audit items on which a model of chosen labels met one of as many drawn ones; where the one came nearer."""

    judged: tuple[str, ...] = ()
    wins: int = 0
    losses: int = 0


@dataclass(frozen=True)
class Serving:
    """The model that serves now, and what it says of the first rows of the pool, as the task's `says` makes it.

    `model` is the fitted estimator, or None where only what it says is at hand (it was fitted elsewhere).
    """

    version: str
    watermark: int
    said: Said
    model: Any = None
    artifact: str | None = None
    duel: Duel = Duel()
    doubts: Doubts | None = None  # gone when the project is opened anew, until the next model

    @property
    def rows(self) -> int:
        """Of how many rows something is said."""
        return len(next(self.said[name] for name in ("proba", "mean") if name in self.said))

    @property
    def quantities(self) -> dict[str, np.ndarray]:
        """What strategies may look at, a row an item: proba, or mean and std."""
        return {name: self.said[name] for name in QUANTITIES if name in self.said}

    @property
    def proba(self) -> np.ndarray:
        """(rows, columns) the probabilities that strategies see. Raises `SettingError` for numbers, which have none."""
        if "proba" not in self.said:
            raise SettingError("numbers have no probabilities; what models say of them is mean and std")
        return self.said["proba"]


def training_set(state: State, task: Task) -> TrainingSet:
    """Every item with a label, except the audited: what measures a model must never train it.

    Where there is no other, a bulk label, which weighs half.
    """
    known = {
        item: verdict(state, item, said, task.merge)
        for item, said in state.labelled().items()
        if item not in state.audited and item not in state.flagged
    }
    fresh = [
        (item, verdict(state, item, said, task.merge)[0])
        for item in state.audited
        if item not in state.judged and item not in state.flagged and (said := state.labels_of(item))
    ]
    drawn = tuple(item in state.drawn for item in known)
    bulk = sweeps.weak(state, task.merge).items()  # after the others: neither chosen nor drawn
    known |= {item: said for item, said in bulk if item not in state.audited and item not in state.flagged}
    labels = tuple(label for label, _ in known.values())
    weights = tuple(confidence for _, confidence in known.values())
    weights = weights if min(weights, default=1.0) < 1 else ()
    return TrainingSet(tuple(known), labels, state.seq, drawn, tuple(fresh), weights)


def with_votes(training: TrainingSet, state: State, relabel: bool) -> TrainingSet:
    """The same, with what each person said and who is there; the state is that which it was made of."""
    singly = training.items[: len(training.drawn)]
    before = state.models[-1].watermark if state.models else 0
    return replace(
        training,
        said=tuple({} if item in state.settled else state.labels_of(item) for item in singly),
        present=tuple(by for by, seq in state.asked_at.items() if seq > before),
        relabel=relabel,
    )


def ready(training: TrainingSet, task: Task) -> TrainingSet:
    """The same, or `NotReady` while no two labels differ: of classes, until two are known."""
    if differ(training.labels):
        return training
    wanted = "two classes" if task.kind == "classes" else "two different answers"
    if not training.labels:
        raise NotReady(f"there is no label to learn from yet; {wanted} are needed")
    raise NotReady(
        f"{wanted} are needed to learn; all {len(training.labels)} labels to learn from so far are "
        f"{str(training.labels[0])!r}"
    )


def differ(labels: Sequence[Label]) -> bool:
    """Whether there are two that are not the same."""
    return any(str(label) != str(labels[0]) for label in labels[1:])


def due(state: State, batch: int) -> bool:
    """Whether enough labels are new for another model: max(batch, 5 %) of them, or any while there is none."""
    if not state.models:
        return bool(state.changes)
    return state.changed_since(state.models[-1].watermark) >= wanted_anew(state, batch)


def wanted_anew(state: State, batch: int) -> int:
    """New labels that make another model due. No use in choosing more than that at once where choosing takes no time:
    a strategy that chooses many takes worse ones, and of them only the first few would be asked."""
    return max(batch, int(GROWTH * state.models[-1].labels)) if state.models else batch


def stop_set(rows: int, seed: int) -> np.ndarray:
    """Positions of the fixed items on which successive models are compared."""
    rng = np.random.default_rng([seed, 0, STOP_SET])
    return np.sort(rng.permutation(rows)[:STOP_SET])


def audit_pairs(state: State, task: Task, watermark: int) -> list[tuple[str, Label]]:
    """(item, consensus) of every audited item with a label that the model of this watermark cannot have seen."""
    return [
        (item, verdict(state, item, said, task.merge)[0])
        for item in state.audited
        if state.audited_late.get(item, 0) <= watermark
        and item not in state.flagged
        and (said := state.labels_of(item))
    ]


def codes(labels: Sequence[Label | None], task: Task) -> np.ndarray:
    """(items,) each label as strategies see it; of classes its column, -1 for None."""
    return task.columns(labels)


def votes_of(said: Sequence[Mapping[str, Label]], rows: np.ndarray, size: int, task: Task) -> Votes:
    """The answers to the items at these positions, among all items of a pool of this size."""
    people = list(dict.fromkeys(by for each in said for by in each))
    place = {by: j for j, by in enumerate(people)}
    item = [int(row) for row, each in zip(rows, said, strict=False) for _ in each]
    who = [place[by] for each in said for by in each]
    label = codes([label for each in said for label in each.values()], task)
    return Votes(
        list(range(size)), people, list(task.labels), np.array(item, np.int64), np.array(who, np.int64), label
    )


class Learner:
    """The model of a project: its features, the fit, what serves now, and the process that learns behind it."""

    def __init__(
        self,
        pool: Pool,
        task: Task,
        model: Any,
        *,
        folder: Path | None,
        seed: int,
        redundancy: int = 1,
        relabel: bool = False,
        priority: str | None = None,
        consensus: str = "majority",
    ) -> None:
        self.pool, self.task, self.folder = pool, task, folder
        self.name = model if isinstance(model, str) else type(model).__name__
        self.features: Features | None = None
        self.serving: Serving | None = None
        self.fitting = threading.Lock()
        self.spent = {"learn": 0.0, "view": 0.0}
        self._model, self._seed, self._consensus = model, seed, consensus
        self._relabel, self._routes = relabel, redundancy > 2  # a third reader can settle what two differ on
        self._behind: Behind | None = None
        self.ids = pool.ids
        self.positions = {item: row for row, item in enumerate(self.ids)}
        self.stop_set = stop_set(len(self.ids), seed)
        self.costs, self.effort = Costs(pool), Effort()
        self.priority = None if priority is None else Priority(pool, priority)

    def add(self, X: Any) -> None:
        """More rows for the pool, seen as the rows before: the model that serves knows no other features."""
        self.load_features()
        before, known = self.features, len(self.positions)
        self.pool.add(X)
        self.ids = self.pool.ids
        self.positions.update({self.ids[row]: row for row in range(known, len(self.ids))})
        self.features = None
        if before is not None:
            self._compute(before.encoder)

    def rows_of(self, items: Sequence[str]) -> np.ndarray:
        """Positions of these items. Raises `DataError` naming one that is not there."""
        strange = next((item for item in items if item not in self.positions), None)
        if strange is not None:
            raise DataError(f"there is no item {strange!r} in the pool of {len(self.ids)} rows")
        return np.array([self.positions[item] for item in items], dtype=np.intp)

    def training(self, state: State) -> TrainingSet:
        """What there is to learn from now."""
        found = training_set(state, self.task)
        heard = (self._relabel or self._routes) and self.task.kind == "classes"
        method = self._consensus if weighs(state, self.task.kind, self._consensus) else ""
        return replace(with_votes(found, state, self._relabel), method=method) if heard or method else found

    # -- in this process ----------------------------------------------------------------------------------------

    def prepare(self, record: Record) -> None:
        """Have features and the last model at hand, unless another process is at it: people never wait."""
        if self._behind is not None:
            return
        self.features_now()
        if self.serving is None and record.state.models:
            self.served(record)

    def fit(self, training: TrainingSet, version: str) -> Serving:
        """The model fitted to these labels, with what it says of the pool; kept on disk if there is a folder."""
        began = time.perf_counter()
        training, doubts = self._weighed(training)
        rows = self.rows_of(training.items)
        model = self._fitted(rows, self.task.encode(training.labels), np.array(training.weights))
        fitted = time.perf_counter()
        duel = self._duel(training)
        said = self._predicted(model)
        serving = Serving(version, training.watermark, said, model, self._keep(model), duel, doubts)
        self._keep_said(serving)
        self.spent["learn"] += fitted - began
        self.spent["view"] += time.perf_counter() - fitted
        return serving

    def _weighed(self, training: TrainingSet) -> tuple[TrainingSet, Doubts | None]:
        """The labels that answers and model together make likeliest, weighed by how likely, and what is in doubt."""
        if not any(training.said):
            return training, None
        rows, labels = self.rows_of(training.items), self.task.labels
        known, pool = votes_of(training.said, rows, len(self.ids), self.task), len(self.ids)
        if not training.relabel:
            return self._counted(training), disagreed(known, training.present)
        rng = np.random.default_rng([self._seed, training.watermark, CROSS])
        try:
            target = self.task.encode(training.labels)
            model = cross_fitted(self._model, self._seen, pool, rows, target, labels, rng)
        except NotReady:  # too few labels of a class to be left out in turn
            return training, None
        proba, doubts = weighed(known, model, training.present)
        own = proba[rows[: len(training.said)]]
        best, sure = own.argmax(axis=1), own.max(axis=1)
        for i in (i for i, each in enumerate(training.said) if not each):  # settled, not to be doubted
            best[i], sure[i] = labels.index(training.labels[i]), 1.0
        bulk = training.labels[len(own) :], training.weights[len(own) :]
        found = replace(
            training,
            labels=(*(labels[i] for i in best), *bulk[0]),
            weights=(*sure.tolist(), *(bulk[1] or (1.0,) * len(bulk[0]))),
        )
        return (found if differ(found.labels) else training), doubts

    def cross_fitted(self, training: TrainingSet) -> np.ndarray:
        """(items, classes) what models say of each training item that did not learn from it.

        Raises `NotReady` when leaving out a fifth leaves fewer than two classes to learn from.
        """
        rows, target = self.rows_of(training.items), np.asarray(self.task.encode(training.labels))
        rng = np.random.default_rng([self._seed, training.watermark, CROSS])
        every = np.arange(len(rows))
        return cross_fitted(
            self._model, lambda of: self._seen(rows[of]), len(rows), every, target, self.task.labels, rng
        )

    def cross_fitted_pool(self, size: int, training: TrainingSet) -> np.ndarray:
        """(size, classes) what models that did not learn from a row say of it, for the first `size` rows."""
        rows, target = self.rows_of(training.items), np.asarray(self.task.encode(training.labels))
        kept = rows < size  # rows added since the model was made join with the next one
        rng = np.random.default_rng([self._seed, training.watermark, FOLD])
        return cross_fitted(self._model, self._seen, size, rows[kept], target[kept], self.task.labels, rng)

    def _counted(self, training: TrainingSet) -> TrainingSet:
        """What people said weighed by who said it, where the consensus is no majority."""
        if not training.method:
            return training
        seed = [self._seed, 0, COUNT]
        found = counted(training.said, self.task.labels, training.method, seed)
        before = zip(training.labels, training.weights or (1.0,) * len(training.labels), strict=True)
        labels, weights = zip(*(found.get(i, told) for i, told in enumerate(before)), strict=True)
        return replace(training, labels=labels, weights=weights) if differ(labels) else training

    def _fitted(self, rows: np.ndarray, y: Any, weights: np.ndarray) -> Any:
        """A new model of these rows and targets, by their weights if there are any and the estimator takes them."""
        model = models.make(self._model, self.task.kind)
        weighed = len(weights) > 0 and models.weighs(model)
        return models.fit(model, self._seen(rows), y, weights if weighed else None)

    def _duel(self, training: TrainingSet) -> Duel:
        """Is choosing better than drawing? A model of all drawn labels and one of as many chosen ones, drawn from them
        by lot, foretell audit items that neither has seen, each item once."""
        drawn, fresh = np.array(training.drawn, dtype=bool), training.fresh
        rng = np.random.default_rng([self._seed, training.watermark, DUEL])
        chosen = rng.permutation(np.flatnonzero(~drawn))[: drawn.sum()]
        if not fresh or len(chosen) < max(LEAST_DRAWN, drawn.sum()):
            return Duel()
        rows, sides = self.rows_of(training.items), (chosen, np.flatnonzero(drawn))
        labels = [[training.labels[i] for i in side] for side in sides]
        if not all(map(differ, labels)):
            return Duel()
        met = self._seen(self.rows_of([item for item, _ in fresh]))
        misses, weights = [], np.array(training.weights)
        for side, known in zip(sides, labels, strict=True):
            try:
                y = self.task.encode(known)
                model = self._fitted(rows[side], y, weights[side] if len(weights) else weights)
            except ValueError:  # it fits all labels, but not so few: they are compared once there are more
                return Duel()
            foretold = self.task.told(self.task.says(model, met), np.arange(len(fresh)))["label"]
            misses.append([self.task.miss(p, t) for p, (_, t) in zip(foretold, fresh, strict=True)])
        ours, theirs = np.array(misses)
        judged = tuple(item for item, _ in fresh)
        return Duel(judged, int((ours < theirs).sum()), int((theirs < ours).sum()))

    def served(self, record: Record) -> Serving:
        """What serves now; after opening, the last model: loaded, or fitted again to what it learned from.

        Raises `NotReady` before the first model.
        """
        if self.serving is None:
            if not record.state.models:
                raise NotReady("no model has been trained yet: answer questions of two classes, then learn")
            last = record.state.models[-1]
            self.serving = self._restored(last) or self.fit(
                self.learned_from(record.journal, last), last.version
            )
        return self.serving

    def model_of(self, serving: Serving, record: Record) -> Any:
        """The fitted estimator itself: loaded, or fitted again where none was stored."""
        if serving.model is not None:
            return serving.model
        if self.folder is not None and serving.artifact is not None:
            return models.load(self.folder / "models", serving.artifact)
        learned = next(m for m in reversed(record.state.models) if m.version == serving.version)
        return self.fit(self.learned_from(record.journal, learned), serving.version).model

    def encode(self, X: Any) -> Any:
        """New rows as the model sees them."""
        return self.features_now().encoder.transform(X) if self.sees_features else X

    def said_of(self, X: Any, record: Record) -> Said:
        """What the model says of new rows. Raises `NotReady` before the first model."""
        model = self.model_of(self.served(record), record)
        return self.task.says(model, self.encode(X))

    def kappa(self, one: Serving | None, other: Serving) -> float | None:
        """Agreement of two models on the fixed stop set, None without two."""
        if one is None:
            return None
        rows = self.stop_set[self.stop_set < min(one.rows, other.rows)]
        return self.task.kappa(one.said, other.said, rows)

    def _seen(self, rows: np.ndarray | None) -> Any:
        """What the model sees of these rows, None for the whole pool."""
        if self.sees_features:
            X = self.features_now().X
            return X if rows is None else X[rows]
        return self.pool.rows(self.ids if rows is None else [self.ids[row] for row in rows])

    def _predicted(self, model: Any) -> Said:
        return self.task.says(model, self._seen(None))

    @property
    def sees_features(self) -> bool:
        """Whether the model sees features, rather than the pool's rows as they are."""
        return isinstance(self._model, str) and not self.task.sees_rows

    def features_now(self) -> Features:
        """The features of the pool, computed and kept if they are not there."""
        self.load_features()
        return self.features if self.features is not None else self._compute(None)

    def _compute(self, encoder: Encoder | None) -> Features:
        self.features = encoders.compute(self.pool, encoder=encoder)
        if self.folder is not None:
            encoders.save(self.features, self.folder / "cache", self.pool.fingerprint)
        return self.features

    def _keep(self, model: Any) -> str | None:
        return None if self.folder is None else models.save(model, self.folder / "models")

    def _restored(self, last: Learned) -> Serving | None:
        """The stored model, None when there is none (it is fitted again from the record)."""
        kept = self.kept(last)
        if kept is not None or self.folder is None or last.artifact is None:
            return kept
        model = models.load(self.folder / "models", last.artifact)
        return Serving(last.version, last.watermark, self._predicted(model), model, last.artifact)

    def kept(self, last: Learned) -> Serving | None:
        """The last model by what it said of the pool alone, None when that is gone or damaged."""
        for file in (
            [] if self.folder is None else sorted((self.folder / "cache").glob(f"said-{last.version}-*.npz"))
        ):
            if file.stem.rpartition("-")[2] == _digest(file):
                with np.load(file) as kept:
                    return Serving(last.version, last.watermark, dict(kept), None, last.artifact)
        return None

    def _keep_said(self, serving: Serving) -> None:
        """Whole or not at all; the file's name tells what it must hold. Those of older models go."""
        if self.folder is None:
            return
        cache = self.folder / "cache"
        cache.mkdir(exist_ok=True)
        scratch = cache / f"said-{os.getpid()}.new.npz"
        arrays: dict[str, Any] = dict(serving.said)
        np.savez(scratch, **arrays)
        final = cache / f"said-{serving.version}-{_digest(scratch)}.npz"
        scratch.replace(final)
        for old in (
            *cache.glob("said-*-*.npz"),
            *cache.glob("proba-*-*.npy"),
        ):  # the latter of older versions
            if old != final:
                old.unlink(missing_ok=True)

    def learned_from(self, journal: Journal, last: Learned) -> TrainingSet:
        """What this model was fitted to, as the record tells it."""
        then = fold(takewhile(lambda entry: entry[0] <= last.watermark, journal.read()))
        return self.training(then)

    # -- in another process -------------------------------------------------------------------------------------

    def start(self, record: Record, batch: int, adopt: Adopt) -> None:
        """Fit in a process of its own from now on, whenever enough labels are new."""
        if self._behind is None:
            models = record.state.models
            self.serving = self.serving or (self.kept(models[-1]) if models else None)
            self.load_features()
            self._behind = Behind(self, record, batch, adopt)
            self._behind.nudge()

    def nudge(self) -> None:
        """Labels have come: see whether a fit is due."""
        if self._behind is not None:
            self._behind.warm_up()
            self._behind.nudge()

    def describe(self) -> dict[str, Any]:
        """What runs, what went wrong, whether features are there."""
        return {
            "running": self._behind is not None and self._behind.busy,
            "error": None if self._behind is None else self._behind.error,
            "features": "ready" if self.features is not None else "computing" if self._behind else "not read",
        }

    def close(self) -> None:
        """End the other process."""
        if self._behind is not None:
            self._behind.close()
            self._behind = None

    @property
    def forgets(self) -> bool:
        """Whether what serves was taken up from disk without what is in doubt, which then only a fit can tell."""
        return self._relabel and self.serving is not None and self.serving.doubts is None

    @property
    def apart(self) -> bool:
        """Whether long work is done in processes of their own."""
        return self._behind is not None

    def request(self) -> tuple[str, Task, Any, int]:
        """What another process needs to be the same learner."""
        assert self.folder is not None
        return str(self.folder), self.task, self._model, self._seed

    def load_features(self) -> None:
        """Take up what was computed before, or by another process."""
        if self.features is None and self.folder is not None:
            self.features = encoders.load(self.folder / "cache", self.pool.fingerprint)


class Behind:
    """Learning behind people's backs: one fit at a time, due again as labels come, the old model serving meanwhile."""

    def __init__(self, learner: Learner, record: Record, batch: int, adopt: Adopt) -> None:
        self._learner, self._record, self._batch, self._adopt = learner, record, batch, adopt
        self._process = Background()
        self._news = threading.Event()
        self.busy = False
        self._warm = False
        self.error: str | None = None
        self._anew = learner.forgets
        self._patience = 0  # label changes to wait for after a failure
        self._closed = False
        threading.Thread(target=self._live, daemon=True, name="asklearn-learn").start()

    def warm_up(self) -> None:
        """Once labels come, start the process and load the features there: the first fit need not wait for it."""
        if not self._warm:
            self._warm = True
            self._process.submit(compute_there, *self._learner.request())

    def nudge(self) -> None:
        """Start a fit soon if one is due and none runs. Returns at once: a flag is all that an answer pays."""
        self._news.set()

    def close(self) -> None:
        """End the process; a fit under way is dropped, its labels are not."""
        self._closed = True
        self._news.set()
        self._process.close()

    def _live(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            while not self._closed and self._work():
                pass
            if self._closed:
                return

    def _work(self) -> bool:
        """Do what is due; False when nothing is."""
        try:
            work = self._next()
            if work is None:
                return False
            self.busy = True
            work()
            self.error = None
        except Exception as error:  # shown to people; the old model serves on, the next batch tries again
            if not self._closed:
                self.error = f"{type(error).__name__}: {error}"
                self._patience = len(self._record.state.changes) + self._batch
        finally:
            self.busy = False
        return True

    def _next(self) -> Callable[[], None] | None:
        with self._record.now() as state:
            if len(state.changes) < self._patience:
                return None
            if self._learner.features is None:
                return self._compute
            lost = (self._learner.serving is None or self._anew) and bool(state.models)
            self._anew = False
            if not lost and not due(state, self._batch):
                return None
            training = self._learner.training(state)
        if not differ(training.labels):
            return None
        return lambda: self._fit(training)

    def _compute(self) -> None:
        self._process.submit(compute_there, *self._learner.request()).result()
        self._learner.load_features()

    def _fit(self, training: TrainingSet) -> None:
        with self._learner.fitting:
            version = str(len(self._record.state.models) + 1)
            began = time.perf_counter()
            work = self._process.submit(fit_there, *self._learner.request(), training, version)
            said, artifact, duel, doubts = work.result()
            serving = Serving(version, training.watermark, said, None, artifact, duel, doubts)
            self._adopt(serving, training, time.perf_counter() - began)


Adopt = Callable[[Serving, TrainingSet, float], None]
_THERE: dict[str, Learner] = {}  # in the other process: features stay loaded between fits


def learner_there(folder: str, task: Task, model: Any, seed: int) -> Learner:
    """In another process: the learner of this folder, kept between calls."""
    from asklearn.pool.store import StoredPool

    pool = StoredPool.open(folder)
    known = _THERE.get(folder)
    if known is not None and known.pool.fingerprint == pool.fingerprint:
        pool.close()
        return known
    _THERE[folder] = Learner(pool, task, model, folder=Path(folder), seed=seed)
    return _THERE[folder]


def compute_there(folder: str, task: Task, model: Any, seed: int) -> None:
    """In the other process: compute and keep the features of the project's pool."""
    learner_there(folder, task, model, seed).features_now()


def fit_there(
    folder: str, task: Task, model: Any, seed: int, training: TrainingSet, version: str
) -> tuple[Said, str | None, Duel, Doubts | None]:
    """In the other process: fit, predict the pool; what it says, the stored model's name, duel and doubts."""
    serving = learner_there(folder, task, model, seed).fit(training, version)
    return serving.said, serving.artifact, serving.duel, serving.doubts


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:32]
