"""Who works on a project: what they hold, what is theirs alone, and how right they are where the answer is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from asklearn import steering
from asklearn.events import Event, Label
from asklearn.learning import Learner
from asklearn.record import Record

Table = dict[str, list[Any]]


class Team:
    """`project.team`: what a manager says of who is asked what."""

    def __init__(self, record: Record, learner: Learner, seed: int) -> None:
        self._record, self._learner, self._seed = record, learner, seed

    def break_leases(
        self, by: str | None = None, items: Iterable[str] | None = None, broken_by: str = "me"
    ) -> None:
        """Take back what `by` holds, or what anybody holds of these items, for others to be asked.

        Raises `SettingError` when neither is said.
        """
        wanted = None if items is None else list(items)
        self._record.transact(lambda: (steering.broken(self._record.leases, by, wanted, broken_by), None))

    def leases(self) -> list[dict[str, Any]]:
        """Who holds what: item, by, and seconds left, of every lease that runs now."""
        with self._record.now():
            return steering.running(self._record.leases)

    def gild(self, answers: Mapping[str, Label], by: str = "me") -> None:
        """Say what the answers to these items are. Everybody is asked each of them once, unseen among others.

        None: the item is gold no longer. How right people are on them: `gold`. What nobody had labelled before does
        not train or measure a model, and is not in `labels`. Raises `DataError` or `AnswerError` naming the item; then
        nothing is changed.
        """
        fact = steering.gilded(dict(answers), by, self._learner.positions, self._learner.task)
        self._record.transact(lambda: (fact, None))

    def gold(self) -> Table:
        """How right each annotator is on gold items: columns annotator, gold, right, value, low, high (95 %)."""
        with self._record.now() as state:
            return steering.scores(state)

    def assign(self, items: Iterable[str], to: Sequence[str], by: str = "me") -> None:
        """Ask these items of nobody but `to` from here on; of everybody again, where `to` is empty.

        What somebody holds already stays theirs. Raises `DataError` for an item that is not there.
        """
        fact = steering.assigned(items, to, by, self._learner.positions)
        self._record.transact(lambda: (fact, None))

    def share(self, among: Sequence[str], by: str = "me") -> None:
        """Deal out by lot, evenly, the items that nobody has answered or holds: each is asked of one person alone."""

        def sharing() -> tuple[list[Event], None]:
            rows = np.flatnonzero(self._record.leases.fresh()).tolist()
            rng = np.random.default_rng([self._seed, self._record.state.seq, steering.SHARED])
            open_items = [self._learner.ids[row] for row in rows]
            return steering.shared(open_items, among, by, self._learner.positions, rng), None

        self._record.transact(sharing)
