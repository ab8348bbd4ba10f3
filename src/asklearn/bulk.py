"""Many items at once: a map to choose them on, and one weak label for all of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from asklearn import mapping
from asklearn.errors import AnswerError
from asklearn.events import Event, Label
from asklearn.learning import Learner
from asklearn.people import sweeps
from asklearn.record import Record


class Bulk:
    """`project.bulk`: look at the pool as a whole, and label a region of it."""

    def __init__(self, record: Record, learner: Learner, seed: int) -> None:
        self._record, self._learner, self._seed = record, learner, seed
        self._atlas = mapping.Atlas(learner, seed)

    def sweep(
        self,
        items: Iterable[str],
        label: Label,
        by: str = "me",
        *,
        seconds: float | None = None,
        key: str | None = None,
    ) -> list[str]:
        """Label many items at once, weakly; those that were, without what others hold or answered.

        A bulk label teaches a model half as much as a single answer, until there is one, and measures none: a few of
        the items are asked singly all the same. `tell(Answer(undo=key))` takes all of it back; the same key again is
        no news. Raises `AnswerError` for what nobody may answer, `KeyReused` for a known key with another body.
        """
        task = self._learner.task
        if not sweeps.suits(task.kind):
            raise AnswerError(f"many items cannot be given one answer at once in the task {task.kind!r}")
        wanted, value = list(items), task.check(label)
        act = str(uuid.uuid4()) if key is None else key

        def sweeping() -> tuple[list[Event], list[str]]:
            state, leases = self._record.state, self._record.leases
            fact = sweeps.swept(state, leases, act, wanted, value, by, seconds, self._seed)
            fresh: list[Event] = [] if fact is None or act in state.keys else [fact]
            return fresh, [] if fact is None else list(fact.items)

        done = self._record.transact(sweeping)
        self._learner.nudge()
        return done

    def map(self, by: str = "me") -> dict[str, Any]:
        """The pool in a plane, neighbours beside each other: up to 5,000 items, drawn at random from a larger one.

        stage ("waiting": features are still computed; "rough": a projection; "final"), error (why it failed, or None)
        and columns, one entry a point: item; x and y (0..1); behind (rows that it stands for, itself among them);
        doubt (0..1, by the model that serves; None before one); state for `by` ("free", "yours" or "taken"); label
        (what `by` said of it, else None).
        """
        return mapping.drawn(self._atlas, self._record, self._learner, by)

    def within(
        self,
        by: str = "me",
        n: int = 20,
        *,
        polygon: Sequence[tuple[float, float]] | None = None,
        points: Sequence[int] | None = None,
        doubtful: bool = False,
    ) -> tuple[list[int], int, list[str]]:
        """Points of the map inside a polygon and among `points`; how many items behind them `by` may sweep; n of these.

        They are drawn at random, or the most doubtful ones. With neither polygon nor points: of the whole pool.
        """
        corners = None if polygon is None else np.asarray(polygon, dtype=float).reshape(-1, 2)
        return mapping.within(self._atlas, self._record, self._learner, by, n, corners, points, doubtful)

    def acts(self, by: str = "me", n: int = 10) -> list[dict[str, Any]]:
        """The last n bulk acts of `by` that stand, newest first: key, label, items (how many), at."""
        with self._record.now() as state:
            return [
                {"key": act.key, "label": act.label, "items": len(act.items), "at": act.at}
                for act in sweeps.acts(state, by, n)
            ]

    def close(self) -> None:
        """End the process that makes the map, if there is one."""
        self._atlas.close()
