"""How good a model is by the audit items it never learned from, and what is recorded when one comes to serve."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from asklearn import estimate as estimates
from asklearn import learning, stopping
from asklearn.errors import NotReady, SettingError
from asklearn.estimate import Estimate
from asklearn.events import Event, Label, Learned, Measured
from asklearn.learning import Learner, Serving, TrainingSet
from asklearn.state import State
from asklearn.stopping import Rule
from asklearn.tasks import Task


def metrics(rules: Sequence[Rule], task: Task) -> list[str]:
    """What the audit measures of each model. A rule may wait for others, which come by `Project.measure`."""
    names = dict.fromkeys((task.usual, *stopping.metrics(rules)))
    return [name for name in names if task.measures(name)]


def measured(learner: Learner, serving: Serving, state: State, metric: str) -> Estimate:
    """The metric of a model with its interval. Raises `NotReady` for too few audit answers."""
    measure = learner.task.metric(metric)
    rows, truth = _audit(learner, serving, state)
    return measure(learner.task.told(serving.said, rows)["label"], truth)


def basis(learner: Learner, serving: Serving, state: State) -> tuple[TrainingSet, np.ndarray, list[Label]]:
    """What `assisted` works from: the training set, audit rows and their labels, as of now."""
    return learning.training_set(state, learner.task), *_audit(learner, serving, state)


def assisted(
    learner: Learner, serving: Serving, training: TrainingSet, rows: np.ndarray, truth: Sequence[Label]
) -> Estimate:
    """Accuracy by audit answers and by predictions of the whole pool: narrower, for the price of five more fits."""
    proba = learner.cross_fitted_pool(len(serving.proba), training)
    best = serving.proba[rows].argmax(axis=1)
    right = [learner.task.labels[i] == label for i, label in zip(best, truth, strict=True)]
    sure = proba.max(axis=1)
    return estimates.assisted(right, sure[rows], sure)


def method(name: str, metric: str, task: Task) -> str:
    """The name of a way to estimate. Raises `SettingError` where there is none, or where it cannot give the metric."""
    if name not in {"audit", "assisted"}:
        raise SettingError(f"there is no method {name!r}; there are audit and assisted")
    if name == "assisted" and task.kind != "classes":
        raise SettingError(f"assisted estimates are of classes; the task is {task.kind}")
    if name == "assisted" and metric != "accuracy":
        raise SettingError(f"assisted estimates are of accuracy; ask for {metric!r} with method='audit'")
    return name


def adopted(
    learner: Learner,
    serving: Serving,
    before: Serving | None,
    training: TrainingSet,
    state: State,
    seconds: float,
    wanted: Sequence[str],
) -> list[Event]:
    """What is recorded of a new model: how it was learned, how it differs from the one before, how good it is."""
    known = None if before is None else before.said
    signs = learner.task.signs(known, serving.said, learner.rows_of(training.items))
    learned = Learned(
        version=serving.version,
        watermark=training.watermark,
        labels=len(training.items),
        seconds=seconds,
        artifact=serving.artifact,
        kappa=learner.kappa(before, serving),
        changed=signs.get("changed"),
        uncertainty=signs.get("uncertainty"),
        expected_error=signs.get("expected_error"),
        judged=serving.duel.judged,
        wins=serving.duel.wins,
        losses=serving.duel.losses,
    )
    found: list[Event] = [learned]
    for metric in wanted:
        with suppress(NotReady):  # too few audit answers: nothing honest can be said
            value = measured(learner, serving, state, metric)
            found.append(
                Measured(
                    version=serving.version,
                    labels=state.items_labelled,
                    metric=value.metric,
                    value=value.value,
                    low=value.low,
                    high=value.high,
                    n=value.n,
                )
            )
    return found


def _audit(learner: Learner, serving: Serving, state: State) -> tuple[np.ndarray, list[Label]]:
    """Rows of the audit items with an answer that this model has not seen, and their consensus."""
    pairs = learning.audit_pairs(state, learner.task, serving.watermark)
    rows = [(learner.positions[item], label) for item, label in pairs]
    rows = [(row, label) for row, label in rows if row < serving.rows]
    return np.array([row for row, _ in rows], dtype=np.intp), [label for _, label in rows]
