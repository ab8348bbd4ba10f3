"""What a strategy would have done: the whole loop with the known labels as the person who answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from asklearn import pool as pools
from asklearn.errors import NotReady, SettingError
from asklearn.events import Asked
from asklearn.journal import Journal
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks import classes

SPLIT = 3  # purpose of the generator that draws the first items
PERSON = "oracle"
FOREVER = 1e9  # seconds: nobody else is there to take an item back


@dataclass(frozen=True)
class Curve:
    """A simulated run, one entry a round: `labels` given so far and the `score` on the test set.

    `items`: ids in the order asked (row numbers of X as text). `seconds`: where the time went
    ("learn", "view", "choose"); on resuming, the time since then.
    """

    labels: np.ndarray
    score: np.ndarray
    items: list[str]
    seconds: dict[str, float] = field(default_factory=dict)
    metric: str = "accuracy"
    strategy: str = "auto"
    seed: int = 0

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
    test: float | tuple[Any, Any] = 0.3,
    metric: str | Callable[..., float] = "accuracy",
    seed: int = 0,
    *,
    journal: Journal | None = None,
    progress: Callable[[int], None] | None = None,
) -> Curve:
    """The learning curve that `strategy` would have had on data whose labels are known.

    X: rows of any kind a pool takes; y: (items,) labels. `start`: so many random labels first, 0 for none.
    `batch` questions a round up to `budget` labels. `test`: a share of the rows (stratified), or
    (X_test, y_test).
    `metric`: any scikit-learn scorer's name or callable. `journal`: where the run is kept, so that it can be
    killed and taken up again. The same seed gives the same items.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> curve = simulate(X, y, "margin", budget=30)
    >>> curve.labels.tolist(), bool(curve.score[-1] > 0.9)
    ([10, 20, 30], True)
    """
    for name, value in (("batch", batch), ("budget", budget)):
        if value < 1:
            raise SettingError(f"{name} is a whole number of labels, 1 or more; {value!r} is not")
    y = np.asarray(y)
    rows, (X_test, y_test) = _split(X, y, test, seed)
    truth = dict(zip(map(str, rows), y[rows].tolist(), strict=True))
    task = classes(tuple(np.unique(np.concatenate([y, y_test])).tolist()))
    chosen = "auto" if model is None else model
    pool = pools.of(_take(X, rows), ids=list(truth))
    with Project(pool, task, chosen, strategy, seed=seed, audit=0, batch=1, journal=journal) as project:
        _check_same_run(project)
        run = _Run(project, truth, X_test, y_test, metric, batch, min(budget, len(rows)))
        if start:
            run.begin_with(start)
        while run.turn():
            if progress is not None:
                progress(project.state.items_labelled)
        return run.curve()


@dataclass
class _Run:
    """One run; everything it must remember is in the project's journal."""

    project: Project
    truth: dict[str, Any]
    X_test: Any
    y_test: np.ndarray
    metric: str | Callable[..., float]
    batch: int
    budget: int
    choosing: float = 0.0

    def begin_with(self, n: int) -> None:
        """Answer n random items, unless this run has begun already."""
        if self.project.state.answers:
            return
        rng = np.random.default_rng([self.project.settings.seed, SPLIT, n])
        items = list(self.truth)
        self._answer(items[i] for i in rng.permutation(len(items))[:n])
        self._learn_and_measure()

    def turn(self) -> bool:
        """One round, or the rest of one that was cut off; False when there is nothing more to ask."""
        state = self.project.state
        held = [question.item for question in self.project.holding(PERSON)]
        if not held and state.items_labelled == self._measured():
            left = self.budget - state.items_labelled
            if left <= 0:
                return False
            began = time.perf_counter()
            held = [q.item for q in self.project.ask(min(self.batch, left), PERSON, lease=FOREVER)]
            self.choosing += time.perf_counter() - began
            if not held:
                return False
        if held:
            self._answer(held)
        self._learn_and_measure()
        return True

    def curve(self) -> Curve:
        """What came of it."""
        measured = [m for m in self.project.state.measured if m.source == "test"]
        setup = self.project.settings
        return Curve(
            labels=np.array([m.labels for m in measured], dtype=np.intp),
            score=np.array([m.value for m in measured]),
            items=list(self.project.state.answers),
            seconds={**self.project.spent, "choose": self.choosing},
            metric=self._metric_name(),
            strategy=setup.strategy,
            seed=setup.seed,
        )

    def _measured(self) -> int:
        """Labels at the last measurement."""
        measured = self.project.state.measured
        return measured[-1].labels if measured else 0

    def _answer(self, items: Iterable[str]) -> None:
        # Keys from the items: the same run gives the same record, also when it is cut off and taken up again.
        self.project.tell([Answer(item=i, label=self.truth[i], by=PERSON, key=f"answer {i}") for i in items])

    def _learn_and_measure(self) -> None:
        state = self.project.state
        if not state.models or state.changed_since(state.models[-1].watermark):
            with suppress(NotReady):  # one class so far: it is all that can be predicted
                self.project.learn()
        self.project.measure(self._score(), self._metric_name(), len(self.y_test), source="test")

    def _score(self) -> float:
        from sklearn.dummy import DummyClassifier
        from sklearn.metrics import get_scorer

        scorer = get_scorer(self.metric) if isinstance(self.metric, str) else self.metric
        if self.project.state.models:
            model, seen = self.project.model(), self.project.encode(self.X_test)
        else:
            known = [self.truth[item] for item in self.project.state.answers]
            model = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(known), 1)), np.array(known))
            seen = np.zeros((len(self.y_test), 1))
        score = float(scorer(model, seen, self.y_test))
        if not np.isfinite(score):
            raise SettingError(
                f"the metric {self._metric_name()} gave {score} on the test set; choose another"
            )
        return score

    def _metric_name(self) -> str:
        return (
            self.metric
            if isinstance(self.metric, str)
            else getattr(self.metric, "__name__", repr(self.metric))
        )


def _check_same_run(project: Project) -> None:
    """Nothing, or a sentence when the journal holds a run of another seed or strategy."""
    first = next((event for _, event in project.events() if isinstance(event, Asked)), None)
    mine = (project.settings.strategy, project.settings.seed)
    if first is not None and (first.strategy, first.seed[0]) != mine:
        raise SettingError(
            f"the journal holds a run of {first.strategy!r} with seed {first.seed[0]}; "
            f"this one is {mine[0]!r} with seed {mine[1]}: name another journal"
        )


def _split(
    X: Any, y: np.ndarray, test: float | tuple[Any, Any], seed: int
) -> tuple[np.ndarray, tuple[Any, np.ndarray]]:
    """Rows of X for the pool, and (X_test, y_test)."""
    if len(y) != _rows(X):
        raise SettingError(f"X has {_rows(X)} rows and y has {len(y)}; they must be as many")
    if isinstance(test, tuple):
        return np.arange(len(y)), (test[0], np.asarray(test[1]))
    from sklearn.model_selection import train_test_split

    counts = np.unique(y, return_counts=True)[1]
    stratify = y if counts.min() > 1 else None  # a class of one cannot be on both sides
    rows, held_out = train_test_split(np.arange(len(y)), test_size=test, random_state=seed, stratify=stratify)
    return rows, (_take(X, held_out), y[held_out])


def _rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _take(X: Any, rows: np.ndarray) -> Any:
    """These rows of X, in X's own type."""
    if isinstance(X, Sequence):
        return [X[i] for i in rows]
    if hasattr(X, "dtype") or hasattr(X, "tocsr"):
        return X[rows]
    import narwhals as nw

    return nw.from_native(X)[rows.tolist()].to_native()
