"""The loop: `add`, `ask`, `tell`, `learn`, on top of a journal of facts."""

from __future__ import annotations

import math
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from asklearn import (
    home,
    learning,
    measuring,
    models,
    results,
    settings,
    standing,
    stopping,
    strategies,
    telling,
)
from asklearn import pool as pools
from asklearn.bulk import Bulk
from asklearn.canary import Verdict
from asklearn.errors import AnswerError, SettingError
from asklearn.estimate import Estimate
from asklearn.events import (
    Added,
    Answered,
    Event,
    Label,
    Measured,
    Released,
    Renewed,
)
from asklearn.journal import Journal
from asklearn.journal.memory import MemoryJournal
from asklearn.learning import Learner, Serving, TrainingSet
from asklearn.models.align import rows_of
from asklearn.people import agreement as agreements
from asklearn.people import examples
from asklearn.people.accord import Accord
from asklearn.people.answers import Answer, Question
from asklearn.people.settling import heading, settlement
from asklearn.planning import Planner
from asklearn.pool import Pool
from asklearn.pool.store import StoredPool
from asklearn.questions import Questions
from asklearn.record import Record
from asklearn.reviewing import Reviewing
from asklearn.settings import CUSTOM, Settings
from asklearn.state import State
from asklearn.stopping import Advice, Progress, Rule
from asklearn.strategies.declared import declared
from asklearn.tasks import Task
from asklearn.team import Team
from asklearn.view import require

Table = dict[str, list[Any]]
SERVES = frozenset({"embedding", "labelled", "cost", "n", "rng", "view"})  # quantities any project can give


class Project:
    """A pool, a task, a model and a strategy, and the record of everything asked and answered.

    >>> import numpy as np
    >>> from asklearn.tasks import named
    >>> X = np.array([[0.0], [0.1], [0.9], [1.0]])
    >>> project = Project(X, named("classes", ["low", "high"]), audit=0)
    >>> for question in project.ask(4):
    ...     value = X[question.row, 0]
    ...     project.tell(Answer(item=question.item, label="high" if value > 0.5 else "low"))
    >>> model = project.learn()
    >>> project.predict(np.array([[0.95]]))["label"]
    ['high']

    `model`: "auto", a name, "package.module:Class" (these see asklearn's features), or any scikit-learn estimator
    (it sees the pool's rows as they are). `strategy`: a name, an expression or a strategy object. `audit`: the
    share of questions drawn at random from the whole pool; their answers measure the model and never train it.
    `redundancy`: answers an item; one on which people differ counts in a fit by how sure their consensus is.
    `consensus`: whose answers count for how much, "majority", "dawid_skene", "glad", "mace", or "auto": a majority at
    first, and once 50 items have several answers what best foretells answers kept from it.
    `overlap`: the share of items that two people read at least, once a second person has been asked. `gold`: the share
    of everybody's questions that go to items whose answer is known (`gild`). `relabel`: a doubtful label is asked again
    where that tells more than a new item, and models learn from what answers and model together make likeliest.
    `priority`: a column of the pool; what is highest in it is asked first.
    `budget`, `minutes`, `money`: how many labels, minutes of people's time and how much money (at `price` an hour) may
    be spent; advice says when they are, and with `hard` nothing is asked any more. `cost`: the column that says what
    each item costs, for strategies that ask (`per_cost`); without it that is the time it takes, learned from answers.
    `hide`: the share of the questions chosen by the model whose proposal is hidden, to see whether people follow it.
    `stop`: rules of `asklearn.stopping`. Safe to use from many threads.

    Raises `SettingError` for what cannot be set up, `DataError` for rows that cannot be read.
    """

    def __init__(
        self,
        pool: Any,
        task: Task,
        model: Any = "auto",
        strategy: Any = "auto",
        *,
        path: str | os.PathLike[str] | None = None,
        seed: int = 0,
        audit: float = 0.05,
        redundancy: int = 1,
        overlap: float = 0.1,
        gold: float = 0.05,
        relabel: bool = False,
        priority: str | None = None,
        consensus: str = "auto",
        budget: int | None = None,
        minutes: float | None = None,
        money: float | None = None,
        hard: bool = False,
        price: float | None = None,
        currency: str = "EUR",
        cost: str | None = None,
        hide: float = 0.1,
        stop: Rule | Sequence[Rule] | None = None,
        batch: int = 10,
        guideline: str = "",
        name: str = "",
        journal: Journal | None = None,
    ) -> None:
        rules = tuple(stop) if isinstance(stop, Sequence) else (stop,) if stop is not None else ()
        setup = Settings(
            name=name or (Path(path).name if path is not None else "project"),
            task=task.kind,
            labels=task.labels,
            range=getattr(task, "range", None),
            unit=getattr(task, "unit", "") or None,
            guideline=guideline,
            model=model if isinstance(model, str) else CUSTOM,
            strategy=strategy if isinstance(strategy, str) else repr(strategy),
            batch=batch,
            seed=seed,
            audit=audit,
            redundancy=redundancy,
            overlap=overlap,
            gold=gold,
            relabel=relabel,
            priority=priority,
            consensus=consensus,
            budget=budget,
            minutes=minutes,
            money=money,
            hard=hard,
            price=price,
            currency=currency,
            cost=cost,
            hide=hide,
            stop=tuple(repr(rule) for rule in rules),
        )
        chosen = strategies.get(strategy) if isinstance(strategy, str) else strategy
        models.known(model, task.kind)
        measuring.metrics(rules, task)
        given = SERVES | task.gives | ({"priority"} if priority is not None else set())
        require(chosen, given, model if isinstance(model, str) else type(model).__name__)
        if path is None:
            rows = pools.of(pool)
            self._open(setup, rows, task, model, chosen, rules, journal=journal)
        else:
            folder = Path(path)
            self._open(setup, home.made(folder, setup, pool), task, model, chosen, rules, path=folder)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: Any = None,
        strategy: Any = None,
        writing: bool = True,
    ) -> Self:
        """The project that lives in this folder, as it was left.

        `writing=False` looks without locking, also while a server runs. A model or strategy that was given as an
        object has to be given again. Raises `SettingError` when the folder is none, `JournalError` when another
        process holds it.
        """
        folder = Path(path)
        setup = settings.read(folder)
        if model is None and setup.model == CUSTOM:
            raise SettingError(
                f"the model of {folder} is an object of your own; give it again: Project.open(path, model=...)"
            )
        chosen = setup.strategy if strategy is None else strategy
        project = cls.__new__(cls)
        project._open(
            setup,
            StoredPool.open(folder),
            settings.task_of(setup),
            setup.model if model is None else model,
            strategies.get(chosen) if isinstance(chosen, str) else chosen,
            tuple(stopping.parse(text) for text in setup.stop),
            path=folder,
            writing=writing,
        )
        return project

    def _open(
        self,
        setup: Settings,
        rows: Pool,
        task: Task,
        model: Any,
        strategy: Any,
        rules: Sequence[Rule],
        *,
        path: Path | None = None,
        writing: bool = True,
        journal: Journal | None = None,
    ) -> None:
        self.settings, self.pool, self.task, self.path, self.strategy = setup, rows, task, path, strategy
        budget = standing.budget(setup)
        own: tuple[Rule, ...] = tuple(rules) if budget is None else (budget, *rules)
        self._rules = own or stopping.usual(task.usual)
        self._promised = declared(strategy)
        self._metrics = measuring.metrics(self._rules, task)
        self._model = model
        if task.sees_rows and rows.kind != "text":
            raise SettingError(f"{task.kind} are of texts; this pool holds rows of kind {rows.kind!r}")
        self._learner = Learner(
            rows,
            task,
            model,
            folder=path,
            seed=setup.seed,
            redundancy=setup.redundancy,
            relabel=setup.relabel,
            priority=setup.priority,
            consensus=setup.consensus,
        )
        self._accord = Accord(task.parse, task.together, setup.seed)
        self._lock: Any = None
        self._described: tuple[Any, dict[str, Any]] | None = None
        self._examined: tuple[Any, Estimate | None] | None = None
        self._questions = Questions(self._learner, setup)
        self._owns_journal = journal is None
        if journal is None:
            if path is None:
                journal = MemoryJournal()
            else:
                self._lock, journal = home.opened(path, writing)
        self._record = Record(
            journal, self._learner.positions, setup.redundancy, overlap=setup.overlap, seed=setup.seed
        )
        self._planner = Planner(
            self._record,
            self._learner,
            strategy,
            seed=setup.seed,
            audit=setup.audit,
            batch=setup.batch,
            cost=setup.cost,
            guarded=setup.strategy == "auto",
            overlap=setup.overlap,
            gold=setup.gold,
        )
        self.team = Team(self._record, self._learner, setup.seed)
        self.bulk = Bulk(self._record, self._learner, setup.seed)
        self._reviewing = Reviewing(self._record, self._learner, setup.consensus, setup.seed)
        if writing:
            self._check_pool()

    @property
    def state(self) -> State:
        """What is true now, as far as this process has read."""
        return self._record.state

    # -- the four verbs -----------------------------------------------------------------------------------------

    def add(self, items: Any, source: str = "pool") -> list[str]:
        """Make more rows askable; their ids.

        They are of the pool's own type. Raises `DataError` for other types and for ids that are there already.
        """
        with self._record.now() as state:
            before = state.rows
            self._learner.add(items)
            self._record.leases.grow(len(self.pool.ids))
            self._record.transact(lambda: ([self._added(before, source)], None))
            return list(self.pool.ids[before:])

    def ask(
        self,
        n: int = 1,
        by: str = "me",
        among: Iterable[str] | None = None,
        lease: float = 120,
        ahead: int = 0,
    ) -> list[Question]:
        """Up to n questions for `by`, reserved for `lease` seconds; fewer when fewer items are left for them.

        `among`: only these items. `ahead`: choose so many more at once, so that the next calls answer quickly.
        Nobody gets an item that somebody holds, or that they answered themselves.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise SettingError(f"n is how many questions to ask, a whole number from 0 on; {n!r} is not")
        if not lease > 0:
            raise SettingError(f"a lease is a number of seconds above 0; {lease!r} is not")
        if not by:
            raise SettingError("ask for whom? `by` is empty")
        rows = None if among is None else self._learner.rows_of(list(among))
        self._learner.prepare(self._record)

        def asking() -> tuple[list[Event], list[Question]]:
            room = n
            if self.settings.hard:
                held = self._record.leases.count()
                room = standing.room(self.settings, self._progress(), held, n)
            if not room:
                return [], []
            events, picks, seed = self._planner.decide(room, by, rows, ahead)
            if not picks:
                return events, []
            batch = (
                f"q{self.state.askings + 1}"  # no event number: an audit draw just before would show in it
            )
            events.append(self._questions.asked(picks, by, batch, float(lease), seed))
            until = datetime.now(UTC) + timedelta(seconds=lease)
            return events, [self._questions.question(pick, by, batch, until) for pick in picks]

        return self._record.transact(asking)

    def tell(self, answers: Answer | Iterable[Answer]) -> None:
        """Take in answers: any order, any time, also of items nobody asked; all of them or none.

        Returns when they are durable. The same key with the same body again is no news. Raises `AnswerError`
        naming the item for what nobody may answer, `KeyReused` for a known key with another body.
        """
        told = [answers] if isinstance(answers, Answer) else list(answers)
        proposed = self._questions.proposed
        self._record.transact(lambda: (telling.facts(told, self.state, self._learner, proposed), None))
        self._learner.nudge()

    def learn(self) -> Any:
        """The model fitted to all labels so far (audit items aside), which serves from now on.

        Raises `NotReady` before two classes are known; the estimator's own errors come through unchanged.
        """
        with self._learner.fitting:
            with self._record.now() as state:
                training = learning.ready(self._learner.training(state), self.task)
                version = str(len(state.models) + 1)
            began = time.perf_counter()
            serving = self._learner.fit(training, version)
            self._adopt(serving, training, time.perf_counter() - began)
            return serving.model

    # -- around them --------------------------------------------------------------------------------------------

    def holding(self, by: str) -> list[Question]:
        """The questions `by` still holds, oldest first: what a page that was reloaded shows again."""
        with self._record.now() as state:
            questions = []
            for item in self._record.leases.held_by(by):
                asked = state.asked_last[item, by]
                until = datetime.now(UTC) + timedelta(seconds=self._record.leases.seconds_left(item, by))
                questions.append(self._questions.again(asked, item, until))
            return questions

    def renew(self, items: Iterable[str], by: str, lease: float = 120) -> None:
        """Hold these items for another `lease` seconds; those `by` no longer holds are left alone."""
        wanted = list(items)

        def renewing() -> tuple[list[Event], None]:
            held = tuple(item for item in wanted if self._record.leases.holds(item, by))
            return ([Renewed(items=held, by=by, lease=float(lease))] if held else []), None

        self._record.transact(renewing)

    def release(self, items: Iterable[str], by: str) -> None:
        """Give these items back unanswered."""
        wanted = list(items)

        def releasing() -> tuple[list[Event], None]:
            held = tuple(item for item in wanted if self._record.leases.holds(item, by))
            return ([Released(items=held, by=by)] if held else []), None

        self._record.transact(releasing)

    def keep_learning(self) -> None:
        """Fit in the background from now on, whenever enough labels are new; people never wait for it.

        Raises `SettingError` for a project without a folder.
        """
        if self.path is None:
            raise SettingError("learning in the background needs a project on disk: give it a path")
        with self._record.now() as state:
            self._accord.now(state, wait=True)  # from here on it is kept up to date behind people's backs
        self._learner.start(self._record, self.settings.batch, self._adopt)

    def learning(self) -> dict[str, Any]:
        """Whether a fit runs now, why the last one failed, and whether features are there."""
        return self._learner.describe()

    def labels(self) -> Table:
        """What counts as each item's label: columns item, label, confidence (0..1), answers (how many).

        It is what a reviewer settled, else what people said together, by the project's `consensus`; never a label
        that nobody gave the item. Items that were labelled in bulk only come last, with half the confidence and 0
        answers.
        """
        rows = [(item, *told) for item, told in self._reviewing.verdicts().items()]
        return {
            name: [row[i] for row in rows]
            for i, name in enumerate(("item", "label", "confidence", "answers"))
        }

    def answers(self) -> Table:
        """Every label that counts, in the order given: columns item, annotator, label.

        It is what `asklearn.agreement` and `asklearn.consensus` take, and all of `asklearn.people` that judges
        answers: quality, confusions, drift, suspects.
        """
        with self._record.now() as state:
            standing = [
                said
                for said in state.keys.values()
                if isinstance(said, Answered)
                and said.kind == "label"
                and state.answers.get(said.item, {}).get(said.by) is said
            ]
        return {
            "item": [said.item for said in standing],
            "annotator": [said.by for said in standing],
            "label": [said.label for said in standing],
        }

    def agreement(self, measure: str | None = None) -> Estimate:
        """How far people agree on the items that several of them labelled, with a 95 % interval.

        `measure`: of classes as for `asklearn.agreement`; ranks are those in which the labels stand. Other tasks have
        one measure each: alpha by the number of labels that differ, alpha of numbers, F1 of passages. Raises
        `NotReady` without such an item, and where every answer is the same.
        """
        seed = self.settings.seed
        if self.task.kind != "classes":
            with self._record.now() as state:
                heard = state.labelled().items()
                said = [list(by.values()) for item, by in heard if len(by) > 1 and item not in state.aside]
            return agreements.of_task(said, self.task.together, measure, seed)
        measure, table, aside = measure or "krippendorff", self.answers(), self.state.aside
        kept = [
            i for i, item in enumerate(table["item"]) if item not in aside
        ]  # gold is chosen, and often easy
        table = {name: [cells[i] for i in kept] for name, cells in table.items()}
        return agreements.agreement(table, measure, labels=self.task.labels, seed=seed)

    def review(self, by: str = "me", n: int = 10, item: str | None = None) -> dict[str, Any]:
        """Items to be looked at once more and decided, most doubtful first, without what others said of them.

        items: each with item, why (of "differ", "flagged", "unsure", "model") and yours (what `by` said of it, else
        None); left: how many there are; method: the consensus. `item`: this one first. Raises `DataError` for an item
        that is not there.
        """
        self._learner.rows_of([] if item is None else [item])
        return self._reviewing.cases(by, n, item)

    def said_of(self, item: str, by: str = "me") -> dict[str, Any]:
        """What everybody said of an item: votes, notes, the chance of each label with its interval, what is settled.

        Of several labels, numbers and passages in place of the chances what they come to (together); and what the
        serving model says (proposal). Raises `DataError` for an item that is not there.
        """
        self._learner.rows_of([item])
        seen = self._questions.opinion(item)
        return self._reviewing.said_of(item, by) | {"proposal": seen and seen.document()}

    def settle(
        self,
        item: str,
        label: Label,
        by: str = "me",
        *,
        note: str = "",
        guideline: str = "",
        key: str | None = None,
    ) -> str:
        """Decide what the item is, whatever people said of it; the decision's key, by which `tell` can take it back.

        `guideline`: a line for the guideline, written under the heading of the label that it is about: the class; of
        several labels or passages the only one on which people differ, or that was given; else before all headings.
        The same key again is no news.
        Raises `AnswerError` for what nobody may decide, `KeyReused` for a known key with another body.
        """
        act = str(uuid.uuid4()) if key is None else key
        try:
            value = telling.checked(Answer(item=item, label=label), self._learner)
        except AnswerError as error:
            raise AnswerError(f"item {item!r}: {error}", item=item, key=act) from None

        def settling() -> tuple[list[Event], None]:
            fact = settlement(self.state, self._learner.positions, act, item, value, by, note)
            if guideline:
                said = self.state.labels_of(item).values()
                name = heading(value, said) if self.task.labels else None
                self.settings = settings.guide(self.settings, name, guideline, self.path)
            return [] if fact is None else [fact], None

        self._record.transact(settling)
        self._learner.nudge()
        return act

    def quality(self) -> dict[str, Any]:
        """How people answer (people), how far they agree (agreement), answers that are probably wrong (suspects).

        As JSON can hold it; see `asklearn.people.portrait`.
        """
        return self._reviewing.portrait().document

    def predict(self, X: Any) -> Table:
        """Columns label and probability of rows in the pool's type; of a list of the pool's ids, with item first.

        Raises `NotReady` before the first model.
        """
        if _are_ids(X, self._learner.positions):
            said = self._learner.served(self._record).said
            return {"item": list(X), **self.task.told(said, self._learner.rows_of(X))}
        said = self._learner.said_of(X, self._record)
        return self.task.told(said, np.arange(rows_of(X)))

    def estimate(self, metric: str | None = None, method: str = "audit") -> Estimate:
        """How good the serving model is, with a 95 % interval, from audit items it never learned from.

        `metric`: "accuracy", "balanced_accuracy", "f1_macro", "precision:LABEL" or "recall:LABEL". `method`: "audit",
        or "assisted" (accuracy only), which also uses predictions of the whole pool: a narrower interval for the
        price of five more fits.

        Raises `NotReady` without a model or enough audit answers, `SettingError` for a metric that has no estimate.
        """
        metric = self.task.usual if metric is None else metric
        way = measuring.method(method, metric, self.task)
        serving = self._learner.served(self._record)
        if way == "audit":
            with self._record.now() as state:
                return measuring.measured(self._learner, serving, state, metric)
        with self._record.now() as state:
            training, rows, truth = measuring.basis(self._learner, serving, state)
        return measuring.assisted(self._learner, serving, training, rows, truth)

    def model(self) -> Any:
        """The fitted estimator that serves now. Raises `NotReady` before the first."""
        return self._learner.model_of(self._learner.served(self._record), self._record)

    def encode(self, X: Any) -> Any:
        """Rows of the pool's type as the model sees them: features for a model given by name, else as they are."""
        return self._learner.encode(X)

    def measure(self, value: float, metric: str, n: int, source: str) -> None:
        """Record a quality that was measured elsewhere (on a test set of n items, say)."""

        def measuring() -> tuple[list[Event], None]:
            version = self.state.models[-1].version if self.state.models else ""
            labels = self.state.items_labelled
            return [
                Measured(
                    version=version,
                    labels=labels,
                    metric=metric,
                    value=value,
                    low=value,
                    high=value,
                    n=n,
                    source=source,
                )
            ], None

        self._record.transact(measuring)

    @property
    def spent(self) -> dict[str, float]:
        """Seconds spent since opening: "learn" (fits) and "view" (predicting the pool)."""
        return dict(self._learner.spent)

    def advice(self) -> Advice:
        """Whether to stop, why, and what more labels would bring."""
        with self._record.now():
            return stopping.advise(self._rules, self._progress(), self.task.usual)

    def overview(self, people: bool = False) -> dict[str, Any]:
        """What a status leaves out: throughput (with `people` of each of them), what waits, what choosing brought."""
        with self._record.now() as state:
            return {
                **standing.throughput(state, time.time(), people),
                "choosing": standing.choosing(state),
                "free": int(np.count_nonzero(self._record.leases.free())),
                "planned": self._planner.ahead,
            }

    def canary(self) -> Verdict:
        """Whether what is asked follows the score, as far as the record tells."""
        with self._record.now() as state:
            return standing.verdict(state, self._promised, self.settings)

    def curve(self, metric: str | None = None) -> list[dict[str, Any]]:
        """The honest learning curve: labels, value, low, high, n, version of each measured model.

        `metric`: by default the task's usual one, as for `estimate`.
        """
        metric = self.task.usual if metric is None else metric
        with self._record.now() as state:
            return [
                {
                    "labels": m.labels,
                    "value": m.value,
                    "low": m.low,
                    "high": m.high,
                    "n": m.n,
                    "version": m.version,
                }
                for m in state.measured
                if m.metric == metric and m.source == "audit"
            ]

    def history(self, by: str, n: int = 10) -> list[dict[str, Any]]:
        """The last n answers of `by` that still count, newest first."""
        with self._record.now() as state:
            said = reversed(state.said.get(by, []))
            standing = (a for a in said if state.answers.get(a.item, {}).get(by) is a)
            return [
                {"key": a.key, "item": a.item, "kind": a.kind, "label": a.label, "note": a.note, "at": a.at}
                for a in islice(standing, n)
            ]

    def examples(self, label: Label, by: str = "me") -> tuple[list[examples.Example], list[examples.Example]]:
        """(good, confusing) items of a label, of those whose label `by` may know; see `asklearn.people.examples`."""
        with self._record.now() as state:
            # What is in doubt may be asked of anybody, whatever others agree on.
            enough = math.inf if self.settings.relabel else self.settings.redundancy
            known = examples.known(state, by, enough)
        return examples.examples(label, known, self._questions.opinion)

    def status(self) -> dict[str, Any]:
        """Where the project stands, as JSON can hold it."""
        with self._record.now() as state:
            fit, agreed = self.learning(), self._accord.now(state, wait=not self._learner.apart)
            stamp = (state.seq, self._record.leases.count(), self._learner.serving, agreed, *fit.values())
            if self._described is None or self._described[0] != stamp:
                advice = stopping.advise(self._rules, self._progress(), self.task.usual)
                exam = state.examined, self._learner.serving, len(state.measured)
                if self._examined is None or self._examined[0] != exam:
                    self._examined = exam, standing.found(state, self._learner)
                found = self._examined[1]
                self._described = (
                    stamp,
                    standing.status(
                        state, self.settings, self.task, self._promised, fit, agreed, found, advice
                    )
                    | {"held": self._record.leases.count()},
                )
            return dict(self._described[1])

    def blinded(self, by: str) -> dict[str, Any]:
        """The parts of the status that `by` may not know as they are, whom questions measure: in their place."""
        with self._record.now() as state:
            return standing.blinded(state, self.settings, self._progress(), self._rules, self.task.usual, by)

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The record itself, each event with its number."""
        return self._record.journal.read(after)

    def export(self, predict: bool = False) -> Iterator[dict[str, Any]]:
        """Every row: id, its own columns, label, confidence and answers as in `labels` (None, None and 0 without one).

        With `predict` the model's prediction and probability.

        Raises `NotReady` when predictions are wanted before the first model.
        """
        serving = self._learner.served(self._record) if predict else None
        return results.rows(self.pool, self.task, self._reviewing.verdicts(), serving)

    def close(self) -> None:
        """Let go of the trainer, the journal and the lock; closing twice is fine."""
        self._learner.close()
        self._reviewing.close()
        self._planner.close()
        self.bulk.close()
        if self._owns_journal:
            self._record.journal.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- how ----------------------------------------------------------------------------------------------------

    def _check_pool(self) -> None:
        """Make the pool's rows askable, once; refuse a journal that was made over other rows."""
        rows = len(self.pool.ids)

        def adding() -> tuple[list[Event], None]:
            first = self.state.first_added
            if first is not None and self.path is None and first.fingerprint != self.pool.fingerprint:
                raise SettingError(
                    f"this journal was made over another pool ({first.count} rows, {first.fingerprint[:12]}); "
                    f"this one has {rows} rows, {self.pool.fingerprint[:12]}"
                )
            return ([self._added(self.state.rows, "pool")] if self.state.rows < rows else []), None

        self._record.transact(adding)

    def _added(self, first: int, source: str) -> Added:
        return Added(
            first=first, count=len(self.pool.ids) - first, source=source, fingerprint=self.pool.fingerprint
        )

    def _adopt(self, serving: Serving, training: TrainingSet, seconds: float) -> None:
        """Record the new model and how good it is, then let it serve, all at once."""
        before = self._learner.serving

        def adopting() -> tuple[list[Event], None]:
            events = measuring.adopted(
                self._learner, serving, before, training, self.state, seconds, self._metrics
            )
            progress = self._progress(events)
            advice = stopping.advise(self._rules, progress, self.task.usual)
            told = {stopped.rule for stopped in self.state.stopped}
            return [*events, *standing.stopped(advice, told, progress.labels)], None

        self._record.transact(adopting)
        self._learner.serving = serving

    def _progress(self, new: Sequence[Event] = ()) -> Progress:
        return standing.progress(self.state, self._record.leases, new)


def _are_ids(X: Any, positions: Mapping[str, int]) -> bool:
    """Whether X is a list of ids of this pool, rather than rows (which may be texts too)."""
    return (
        isinstance(X, Sequence)
        and not isinstance(X, str)
        and all(isinstance(x, str) and x in positions for x in X)
    )
