"""What a model learns from and when: the training set, the growth schedule, the model that serves now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asklearn import features as encoders
from asklearn import models
from asklearn.errors import NotReady
from asklearn.events import Label
from asklearn.features import Features
from asklearn.pool import Pool
from asklearn.state import State
from asklearn.tasks import Task

GROWTH = 0.05  # a fit is due when labels grew by this share (or by a batch, whichever is more)
STOP_SET = 2000  # items on which successive models are compared (Bloodgood and Vijay-Shanker 2009)


@dataclass(frozen=True)
class TrainingSet:
    """Items with their consensus, in the order first labelled, as of event number `watermark`."""

    items: tuple[str, ...]
    labels: tuple[Label, ...]
    watermark: int


@dataclass(frozen=True)
class Serving:
    """The model that serves now: its probabilities for the first rows of the pool, (rows, classes) float.

    `model` is the fitted estimator, or None where only its probabilities are at hand (it was fitted elsewhere).
    """

    version: str
    watermark: int
    proba: np.ndarray
    model: Any = None
    artifact: str | None = None


def training_set(state: State, task: Task) -> TrainingSet:
    """Every item with a label, except the audited: what measures a model must never train it."""
    known = {
        item: task.merge(said)[0]
        for item, said in state.labelled().items()
        if item not in state.audited and item not in state.flagged
    }
    return TrainingSet(tuple(known), tuple(known.values()), state.seq)


def ready(training: TrainingSet) -> TrainingSet:
    """The same, or `NotReady` while fewer than two classes are known."""
    seen = sorted({str(label) for label in training.labels})
    if len(seen) >= 2:
        return training
    if not seen:
        raise NotReady("there is no label to learn from yet; two classes are needed")
    raise NotReady(
        f"two classes are needed to learn; all {len(training.labels)} labels to learn from so far are {seen[0]!r}"
    )


def due(state: State, batch: int) -> bool:
    """Whether enough labels are new for another model: max(batch, 5 %) of them, or any while there is none."""
    if not state.models:
        return bool(state.changes)
    last = state.models[-1]
    return state.changed_since(last.watermark) >= max(batch, int(GROWTH * last.labels))


def stop_set(rows: int, seed: int) -> np.ndarray:
    """Positions of the fixed items on which successive models are compared."""
    rng = np.random.default_rng([seed, 0, STOP_SET])
    return np.sort(rng.permutation(rows)[:STOP_SET])


def audit_pairs(state: State, task: Task, watermark: int) -> list[tuple[str, Label]]:
    """(item, consensus) of every audited item with a label that the model of this watermark cannot have seen."""
    return [
        (item, task.merge(said)[0])
        for item in state.audited
        if state.audited_late.get(item, 0) <= watermark
        and item not in state.flagged
        and (said := state.labels_of(item))
    ]


def codes(labels: Sequence[Label | None], task: Task) -> np.ndarray:
    """(items,) the column of each label, -1 for None."""
    column = {(type(label), label): i for i, label in enumerate(task.labels)}
    return np.array([-1 if label is None else column[type(label), label] for label in labels], dtype=np.intp)


class Learner:
    """The model of a project: its features, the fit, what serves now, and the process that learns behind it."""

    def __init__(self, pool: Pool, task: Task, model: Any, *, folder: Path | None, seed: int) -> None:
        self.pool, self.task, self.folder = pool, task, folder
        self.name = model if isinstance(model, str) else type(model).__name__
        self.features: Features | None = None
        self.serving: Serving | None = None
        self.fitting = threading.Lock()
        self.spent = {"learn": 0.0, "view": 0.0}
        self._model, self._seed = model, seed
        self.grow()

    def grow(self) -> None:
        """The pool has other rows than before."""
        self.ids = self.pool.ids
        self.positions = {item: row for row, item in enumerate(self.ids)}
        self.features = None
        self._stop_set = stop_set(len(self.ids), self._seed)
