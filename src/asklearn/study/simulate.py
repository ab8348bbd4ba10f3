"""What a strategy would have done: the whole loop with the known labels as the person who answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from asklearn import models
from asklearn.errors import NotReady, SettingError
from asklearn.events import Asked
from asklearn.journal import Journal
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.strategies.mixing import random
from asklearn.study import metrics as measures
from asklearn.study.known import Known, Sides, Test

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
    journal: Journal | None = None,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """The learning curve that `strategy` would have had on data whose labels are known.

    X: rows of any kind a pool takes; y: (items,) labels. `start`: so many random labels first, the same for
    every strategy; 0 for none ("random" draws its first ones too, others begin as a project does).
    `batch` questions a round up to `budget` labels. `test`: a share of the rows (stratified), or
    (X_test, y_test). `groups`: (items,) rows of one group stay on one side of the split.
    `metric`: accuracy, balanced_accuracy, macro_f1, average_precision, log_loss, any scikit-learn scorer's name or
    callable, or several of them. `journal`: where the run is kept, so that it can be
    killed and taken up again. The same seed gives the same items.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> curve = simulate(X, y, "margin", budget=30)
    >>> curve.labels.tolist(), bool(curve.score[-1] > 0.9)
    ([10, 20, 30], True)
    """
    setup = Setup(model, start, batch, budget, several(metric))
    return run(Known(X, y, test, groups), strategy, setup, seed, journal, progress)


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
        models.known(self.model)


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

    sides = known.sides(seed)
    budget = min(setup.budget, len(sides.pool.ids))
    project = Project(
        sides.pool,
        known.task,
        setup.model,
        strategy,
        seed=seed,
        audit=0,
        batch=1,
        budget=budget,
        journal=journal,
    )
    with project, threadpool_limits(1):
        project._learner.features = sides.features  # the same for every seed: computed once
        _check_same_run(project)
        going = _Run(project, sides, setup, budget)
        if setup.start:
            going.begin()
        while going.turn():
            if progress is not None:
                progress(project.state.items_labelled)
        return going.curve()


def full(known: Known, setup: Setup, seed: int) -> dict[str, float]:
    """What the model reaches, by metric, when every row that may be asked about is labelled."""
    from threadpoolctl import threadpool_limits

    sides = known.sides(seed)
    y = known.task.encode(list(sides.answers.values()))
    named = isinstance(setup.model, str)
    with threadpool_limits(1):
        seen = sides.features.X if named else sides.pool.rows(sides.pool.ids)
        model = models.fit(models.make(setup.model), seen, y)
        return scores(model, sides.X_test if named else sides.rows_test, sides, known.task.labels, setup)


def scores(model: Any, seen: Any, sides: Sides, labels: Sequence[Any], setup: Setup) -> dict[str, float]:
    """The metrics of a fitted model; `seen`: the test rows as it sees them."""
    ours = any(isinstance(m, str) and m in measures.METRICS for m in setup.metrics)
    proba = models.proba(model, seen, labels) if ours else None
    found = {}
    for metric in setup.metrics:
        name = measures.name_of(metric)
        if proba is not None and isinstance(metric, str) and metric in measures.METRICS:
            found[name] = measures.METRICS[metric](proba, sides.truth)
        else:
            found[name] = _scored(metric, model, seen, sides.y_test)
        if not np.isfinite(found[name]):
            raise SettingError(f"the metric {name} gave {found[name]} on the test set; choose another")
    return found


def _scored(metric: Metric, model: Any, X: Any, y: np.ndarray) -> float:
    from sklearn.metrics import get_scorer

    return float((get_scorer(metric) if isinstance(metric, str) else metric)(model, X, y))


@dataclass
class _Run:
    """One run; everything it must remember is in the project's journal."""

    project: Project
    sides: Sides
    setup: Setup
    budget: int
    choosing: float = 0.0

    def __post_init__(self) -> None:
        seed, strategy = self.project.settings.seed, self.project.strategy
        self.plain = strategy is random
        order = np.random.default_rng([seed, SPLIT]).permutation(len(self.sides.pool.ids))
        self.order = [self.sides.pool.ids[i] for i in order]  # the same for every strategy of this seed

    def begin(self) -> None:
        """Answer the first random items, unless this run has begun already."""
        if not self.project.state.answers:
            self._answer(self.order[: self.setup.start])
            self._learn_and_measure()

    def turn(self) -> bool:
        """One round, or the rest of one that was cut off; False when there is nothing more to ask."""
        state = self.project.state
        held = [question.item for question in self.project.holding(PERSON)]
        if not held and state.items_labelled == self._measured():
            left = min(self.setup.batch, self.budget - state.items_labelled)
            if left <= 0:
                return False
            began = time.perf_counter()
            held = [q.item for q in self.project.ask(left, PERSON, among=self._among(left), lease=FOREVER)]
            self.choosing += time.perf_counter() - began
            if not held:
                return False
        if held:
            self._answer(held)
        self._learn_and_measure()
        return True

    def _among(self, n: int) -> list[str] | None:
        """The next n items in random order when that is the strategy, from the first on: seeds are no baseline."""
        if not self.plain:
            return None
        asked = len(self.project.state.answers)
        return self.order[asked : asked + n]

    def curve(self) -> Curve:
        """What came of it."""
        names = [measures.name_of(metric) for metric in self.setup.metrics]
        measured = [m for m in self.project.state.measured if m.source == "test"]
        found = {name: np.array([m.value for m in measured if m.metric == name]) for name in names}
        setup = self.project.settings
        return Curve(
            labels=np.array([m.labels for m in measured if m.metric == names[0]], dtype=np.intp),
            score=found[names[0]],
            items=list(self.project.state.answers),
            seconds={**self.project.spent, "choose": self.choosing},
            metric=names[0],
            strategy=setup.strategy,
            seed=setup.seed,
            scores=found,
        )

    def _measured(self) -> int:
        """Labels at the last measurement that is complete."""
        last = measures.name_of(self.setup.metrics[-1])
        return next((m.labels for m in reversed(self.project.state.measured) if m.metric == last), 0)

    def _answer(self, items: Iterable[str]) -> None:
        # Keys from the items: the same run gives the same record, also when it is cut off and taken up again.
        known = self.sides.answers
        self.project.tell([Answer(item=i, label=known[i], by=PERSON, key=f"answer {i}") for i in items])

    def _learn_and_measure(self) -> None:
        state = self.project.state
        if not state.models or state.changed_since(state.models[-1].watermark):
            with suppress(NotReady):  # one class so far: it is all that can be predicted
                self.project.learn()
        there = {m.metric for m in state.measured if m.labels == state.items_labelled}
        for name, value in self._scores().items():
            if name not in there:  # cut off between two metrics
                self.project.measure(value, name, len(self.sides.y_test), source="test")

    def _scores(self) -> dict[str, float]:
        labels = self.project.task.labels
        if self.project.state.models:
            seen = self.sides.X_test if isinstance(self.setup.model, str) else self.sides.rows_test
            return scores(self.project.model(), seen, self.sides, labels, self.setup)
        from sklearn.dummy import DummyClassifier

        known = [self.sides.answers[item] for item in self.project.state.answers]
        y = self.project.task.encode(known)
        blind = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y), 1)), y)
        return scores(blind, np.zeros((len(self.sides.y_test), 1)), self.sides, labels, self.setup)


def _check_same_run(project: Project) -> None:
    """Nothing, or a sentence when the journal holds a run of another seed or strategy."""
    first = next((event for _, event in project.events() if isinstance(event, Asked)), None)
    mine = (project.settings.strategy, project.settings.seed)
    if first is not None and (first.strategy, first.seed[0]) != mine:
        raise SettingError(
            f"the journal holds a run of {first.strategy!r} with seed {first.seed[0]}; "
            f"this one is {mine[0]!r} with seed {mine[1]}: name another journal"
        )
