"""What a strategy would have done: the whole loop with the known labels as the person who answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from asklearn import models, strategies
from asklearn.asking import Pick, choose
from asklearn.errors import NotReady, SettingError
from asklearn.events import Added, Answered, Asked, Event, Learned, Measured
from asklearn.journal import Journal
from asklearn.learning import Learner, Serving, TrainingSet
from asklearn.planning import ASK
from asklearn.project import SERVES
from asklearn.state import State
from asklearn.strategies.mixing import random
from asklearn.strategies.nesting import expression
from asklearn.study import metrics as measures
from asklearn.study.known import Known, Sides, Test
from asklearn.tasks import Task, number
from asklearn.view import require

SPLIT = 3  # purpose of the generator that puts the rows in a random order
PERSON = "oracle"
FOREVER = 1e9  # seconds: nobody else is there to take an item back

Metric = str | Callable[..., float]


@dataclass(frozen=True)
class Curve:
    """A simulated run, one entry a round: `labels` given so far and the `score` on the test set.

    `items`: ids in the order asked (row numbers of X as text). `seconds`: where the time went
    ("learn", "view", "choose"); on resuming, the time since then. `scores`: every metric by name; `score` is
    the first of them.
    """

    labels: np.ndarray
    score: np.ndarray
    items: list[str]
    seconds: dict[str, float] = field(default_factory=dict)
    metric: str = "accuracy"
    strategy: str = "auto"
    seed: int = 0
    scores: dict[str, np.ndarray] = field(default_factory=dict)

    def at(self, labels: int) -> float:
        """The score after so many labels (the last round at or before); NaN before the first model."""
        known = np.flatnonzero(self.labels <= labels)
        return float(self.score[known[-1]]) if len(known) else float("nan")


def simulate(
    X: Any,
    y: Any,
    strategy: Any = "auto",
    model: Any = None,
    start: int = 0,
    batch: int = 10,
    budget: int = 200,
    test: Test = 0.3,
    metric: Metric | Sequence[Metric] = "accuracy",
    seed: int = 0,
    *,
    groups: Any = None,
    task: Task | None = None,
    journal: Journal | None = None,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """The learning curve that `strategy` would have had on data whose labels are known.

    X: rows of any kind a pool takes; y: (items,) labels: classes, or numbers, or several labels an item, as a table
    (items, labels) of 0 and 1 or as lists. `task` says which, where y does not (whole numbers are classes, unless the
    metric is of numbers). `start`: so many random labels first, the same for
    every strategy; 0 for none ("random" draws its first ones too, others begin as a project does).
    `batch` questions a round up to `budget` labels. `test`: a share of the rows (stratified), or
    (X_test, y_test). `groups`: (items,) rows of one group stay on one side of the split.
    `metric`: accuracy, balanced_accuracy, macro_f1, average_precision, log_loss, any scikit-learn scorer's name or
    callable, or several of them; of numbers mae, rmse or r2, of several labels accuracy (all of an item's right),
    f1_micro or f1_macro, of spans f1 or accuracy. `journal`: where the run is kept, so that it can be
    killed and taken up again. The same seed gives the same items.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> curve = simulate(X, y, "margin", budget=30)
    >>> curve.labels.tolist(), bool(curve.score[-1] > 0.9)
    ([10, 20, 30], True)
    """
    setup = Setup(model, start, batch, budget, several(metric))
    return run(Known(X, y, test, groups, meant(setup, task)), strategy, setup, seed, journal, progress)


@dataclass(frozen=True)
class Setup:
    """How every run of a comparison is made; `simulate` says what each of them means.

    Raises `SettingError` for what makes no sense.
    """

    model: Any = None
    start: int = 0
    batch: int = 10
    budget: int = 200
    metrics: tuple[Metric, ...] = ("accuracy",)

    def __post_init__(self) -> None:
        for name, least in (("batch", 1), ("budget", 1), ("start", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingError(f"{name} is a whole number of labels, {least} or more; {value!r} is not")
        measures.known(self.metrics)
        if self.model is None:
            object.__setattr__(self, "model", "auto")
        words = {name for kind in models.KINDS for name in models.names(kind)}
        if not (isinstance(self.model, str) and self.model in words):
            models.known(self.model)


def meant(setup: Setup, task: Task | None) -> Task | None:
    """The task, numbers where a metric is of numbers alone, None where the labels have to tell."""
    return number() if task is None and measures.of_numbers(setup.metrics) else task


def several(metric: Metric | Sequence[Metric]) -> tuple[Metric, ...]:
    """One metric or several, as several."""
    return (metric,) if isinstance(metric, str) or callable(metric) else tuple(metric)


def run(
    known: Known,
    strategy: Any,
    setup: Setup,
    seed: int,
    journal: Journal | None = None,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """`simulate` on data that is ready: what does not depend on the seed was done once.

    On one thread of BLAS: fits to some hundred labels take several times as long on two.
    """
    from threadpoolctl import threadpool_limits

    going = _Run(known, strategy, setup, seed, journal)
    with threadpool_limits(1):
        while going.turn():
            if progress is not None:
                progress(len(going.asked))
    return going.curve()


def full(known: Known, setup: Setup, seed: int) -> dict[str, float]:
    """What the model reaches, by metric, when every row that may be asked about is labelled."""
    from threadpoolctl import threadpool_limits

    sides = known.sides(seed)
    y = known.task.encode(list(sides.answers.values()))
    named = isinstance(setup.model, str) and not known.task.sees_rows
    with threadpool_limits(1):
        seen = sides.features.X if named else sides.pool.rows(sides.pool.ids)
        model = models.fit(models.make(setup.model, known.task.kind), seen, y)
        return scores(model, sides.X_test if named else sides.rows_test, sides, known.task, setup)


def scores(model: Any, seen: Any, sides: Sides, task: Task, setup: Setup) -> dict[str, float]:
    """The metrics of a fitted model; `seen`: the test rows as it sees them."""
    classes, truth = task.kind == "classes", list(sides.y_test)
    own: Mapping[str, Any] = measures.METRICS if classes else measures.OF_LABELS[task.kind]
    ours = any(isinstance(m, str) and m in own for m in setup.metrics)
    proba = models.proba(model, seen, task.labels) if ours and classes else None
    foretold = (
        task.told(task.says(model, seen), np.arange(len(truth)))["label"] if ours and not classes else []
    )
    found = {}
    for metric in setup.metrics:
        name = measures.name_of(metric)
        if proba is not None and isinstance(metric, str) and metric in own:
            found[name] = own[metric](proba, sides.truth)
        elif isinstance(metric, str) and metric in own:
            found[name] = own[metric](foretold, truth)
        else:
            found[name] = _scored(metric, model, seen, sides.y_test if classes else task.encode(truth))
        if not np.isfinite(found[name]):
            raise SettingError(f"the metric {name} gave {found[name]} on the test set; choose another")
    return found


def _scored(metric: Metric, model: Any, X: Any, y: np.ndarray) -> float:
    from sklearn.metrics import get_scorer

    return float((get_scorer(metric) if isinstance(metric, str) else metric)(model, X, y))


class _Run:
    """One run, decided and fitted as a project does it, without what a project keeps for people.

    A round is one transaction in the journal, if there is one: all of it is there, or nothing.
    """

    def __init__(
        self, known: Known, strategy: Any, setup: Setup, seed: int, journal: Journal | None = None
    ) -> None:
        self.known, self.setup, self.seed, self.journal = known, setup, seed, journal
        self.sides = known.sides(seed)
        self.name = strategy if isinstance(strategy, str) else expression(strategy)
        self.strategy = strategies.get(strategy)
        measures.suit(setup.metrics, known.task.kind)
        models.known(setup.model, known.task.kind)
        self.named = isinstance(setup.model, str) and not known.task.sees_rows  # it sees features, not rows
        pool = self.sides.pool
        self.learner = Learner(pool, known.task, setup.model, folder=None, seed=seed)
        self.learner.features = self.sides.features  # the same for every seed: computed once
        require(self.strategy, SERVES | known.task.gives, self.learner.name)
        self.budget = min(setup.budget, len(pool.ids))
        self.free = np.ones(len(pool.ids), dtype=bool)
        self.asked: list[int] = []  # positions in the pool, in the order asked
        self.labels: list[int] = []
        self.scores: dict[str, list[float]] = {measures.name_of(metric): [] for metric in setup.metrics}
        self.choosing = 0.0
        self.state = State()
        if journal is not None:
            self._resume(journal)

    def turn(self) -> bool:
        """One round; False when there is nothing more to ask."""
        left = min(self.setup.batch, self.budget - len(self.asked))
        if left <= 0:
            return False
        picks = self._choose(left)
        if not picks:
            return False
        asked = self._asked(picks) if self.journal is not None else None
        self._take([pick.position for pick in picks])
        before = self.learner.serving
        began = time.perf_counter()
        with suppress(NotReady):  # one class so far: it is all that can be predicted
            self.learner.serving = self._fit(str(len(self.labels) + 1))
        seconds = time.perf_counter() - began
        found = self._scores()
        self._measured(len(self.asked), found)
        if self.journal is not None and asked is not None:
            self._record(self.journal, asked, before, seconds, found)
        return True

    def curve(self) -> Curve:
        """What came of it."""
        scores = {name: np.array(values) for name, values in self.scores.items()}
        metric = next(iter(scores))
        return Curve(
            labels=np.array(self.labels, dtype=np.intp),
            score=scores[metric],
            items=[self.learner.ids[row] for row in self.asked],
            seconds={**self.learner.spent, "choose": self.choosing},
            metric=metric,
            strategy=self.name,
            seed=self.seed,
            scores=scores,
        )

    def _choose(self, n: int) -> list[Pick]:
        began = time.perf_counter()
        if self.setup.start and not self.asked:
            rng = np.random.default_rng([self.seed, SPLIT])  # the same items for every strategy of this seed
            first = rng.permutation(len(self.free))[: min(self.setup.start, self.budget)]
            return [Pick(int(row), None, len(first) / len(self.free), "random") for row in first]
        rng = np.random.default_rng([self.seed, len(self.asked), ASK])
        picks = choose(self.learner, self.strategy, self.free, n, rng, self._busy)
        self.choosing += time.perf_counter() - began
        return picks

    def _busy(self) -> tuple[np.ndarray, np.ndarray]:
        rows = np.array(self.asked, dtype=np.intp)
        return rows, self.sides.codes[rows]

    def _take(self, rows: Sequence[int]) -> None:
        self.asked += rows
        self.free[list(rows)] = False

    def _measured(self, labels: int, found: Mapping[str, float]) -> None:
        self.labels.append(labels)
        for name, value in found.items():
            self.scores[name].append(value)

    def _fit(self, version: str) -> Serving:
        items = tuple(self.learner.ids[row] for row in self.asked)
        training = TrainingSet(items, tuple(self.sides.answers[item] for item in items), self.state.seq)
        if self.strategy is not random or self.journal is not None:
            return self.learner.fit(training, version)
        # Who draws at random asks no model about the pool: of a forest that is most of the work.
        began = time.perf_counter()
        seen = self.sides.features.X[self.asked] if self.named else self.sides.pool.rows(items)
        model = models.fit(
            models.make(self.setup.model, self.known.task.kind), seen, self.known.task.encode(training.labels)
        )
        self.learner.spent["learn"] += time.perf_counter() - began
        return Serving(version, training.watermark, {"proba": np.empty((len(self.free), 0))}, model)

    def _scores(self) -> dict[str, float]:
        task = self.known.task
        if self.learner.serving is not None:
            seen = self.sides.X_test if self.named else self.sides.rows_test
            return scores(self.learner.serving.model, seen, self.sides, task, self.setup)
        labels = [self.sides.answers[self.learner.ids[row]] for row in self.asked]
        if task.kind != "classes":  # all that is known is one and the same answer
            truth, own = list(self.sides.y_test), measures.OF_LABELS[task.kind]
            named = [metric for metric in self.setup.metrics if isinstance(metric, str) and metric in own]
            if len(named) < len(self.setup.metrics):
                raise SettingError(
                    "a scorer needs a model; two different answers are needed for one: ask for more"
                )
            return {metric: own[metric]([labels[0]] * len(truth), truth) for metric in named}
        from sklearn.dummy import DummyClassifier

        y = task.encode(labels)
        blind = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y), 1)), y)
        return scores(blind, np.zeros((len(self.sides.y_test), 1)), self.sides, task, self.setup)

    # -- the record ---------------------------------------------------------------------------------------------

    def _resume(self, journal: Journal) -> None:
        """Take up what the journal holds. Raises `SettingError` when that is another run."""
        pool = self.sides.pool
        first = None
        for seq, event in journal.read():
            self.state.apply(seq, event)
            if isinstance(event, Asked) and first is None:
                first = event
        added = self.state.first_added
        if first is not None and (first.strategy, first.seed[0]) != (self.name, self.seed):
            raise SettingError(
                f"the journal holds a run of {first.strategy!r} with seed {first.seed[0]}; "
                f"this one is {self.name!r} with seed {self.seed}: name another journal"
            )
        if added is not None and added.fingerprint != pool.fingerprint:
            raise SettingError(
                f"this journal was made over another pool ({added.count} rows, {added.fingerprint[:12]}); "
                f"this one has {len(pool.ids)} rows, {pool.fingerprint[:12]}: name another journal"
            )
        if added is None:
            self._append(journal, [Added(first=0, count=len(pool.ids), fingerprint=pool.fingerprint)])
        self._take([self.learner.positions[item] for item in self.state.answers])
        for labels in sorted({m.labels for m in self.state.measured}):
            there = {m.metric: m.value for m in self.state.measured if m.labels == labels}
            missing = [name for name in self.scores if name not in there]
            if missing:
                raise SettingError(
                    f"the journal holds a run without the metric {missing[0]!r}: name another journal"
                )
            self._measured(labels, {name: there[name] for name in self.scores})
        if self.state.models and len(self.asked) < self.budget:
            self.learner.serving = self._fit(self.state.models[-1].version)

    def _asked(self, picks: Sequence[Pick]) -> Asked:
        serving = self.learner.serving
        return Asked(
            items=tuple(self.learner.ids[pick.position] for pick in picks),
            by=PERSON,
            strategy=self.name,
            lease=FOREVER,
            batch=f"b{self.state.seq + 1}",
            scores=tuple(pick.score for pick in picks),
            chances=tuple(pick.chance for pick in picks),
            arms=tuple(pick.arm for pick in picks),
            model=None if serving is None else serving.version,
            seed=(self.seed, len(self.asked), ASK),
        )

    def _record(
        self,
        journal: Journal,
        asked: Asked,
        before: Serving | None,
        seconds: float,
        found: Mapping[str, float],
    ) -> None:
        answers = self.sides.answers
        events: list[Event] = [
            asked,
            *(Answered(key=f"answer {i}", item=i, by=PERSON, label=answers[i]) for i in asked.items),
        ]
        serving, rows = self.learner.serving, np.array(self.asked)
        if serving is not None:
            signs = self.known.task.signs(None if before is None else before.said, serving.said, rows)
            events.append(
                Learned(
                    version=serving.version,
                    watermark=self.state.seq + len(events),
                    labels=len(rows),
                    seconds=seconds,
                    kappa=self.learner.kappa(before, serving),
                    changed=signs.get("changed"),
                    uncertainty=signs.get("uncertainty"),
                    expected_error=signs.get("expected_error"),
                )
            )
        events += [
            Measured(
                version="" if serving is None else serving.version,
                labels=len(rows),
                metric=name,
                value=value,
                low=value,
                high=value,
                n=len(self.sides.y_test),
                source="test",
            )
            for name, value in found.items()
        ]
        self._append(journal, events)

    def _append(self, journal: Journal, events: Sequence[Event]) -> None:
        journal.append(events, after=self.state.seq)
        for event in events:
            self.state.apply(self.state.seq + 1, event)
