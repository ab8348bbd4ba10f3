"""Whose answers count for how much, what is in doubt, how people answer: worked out while nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from asklearn.background import Background
from asklearn.errors import NotReady
from asklearn.estimate import FOLDS
from asklearn.events import Answered, Label
from asklearn.journal import Journal
from asklearn.journal.sqlite import SqliteJournal
from asklearn.learning import Learner, learner_there
from asklearn.people import portrait, sweeps
from asklearn.people.accord import accord
from asklearn.people.cases import Case, cases, doubted
from asklearn.people.hearing import heard, truths
from asklearn.people.posterior import Crowd, crowd, posterior
from asklearn.people.quality import quality
from asklearn.people.verdicts import agreed, verdict, weighs
from asklearn.people.votes import Votes
from asklearn.record import Record
from asklearn.state import State, fold
from asklearn.tasks import Task

COUNT, INTERVAL = 12, 13  # purposes of generators
REST = 9.0  # times as long as it took, before the same is worked out anew: a tenth of a processor at most
PATIENCE = 25.0  # seconds that somebody waits for news before being shown what is old; a page waits for 30
AFFORD = (
    20.0  # seconds for models that did not learn from an item; where it takes longer, the serving one speaks
)

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Docket:
    """What counts and what is in doubt, of so many `facts`.

    verdicts: item -> label, how sure. method: by what, "majority" where all answers weigh the same. crowd: what an
    answer of each person is worth as evidence, and `right` their share of right answers with its interval; neither
    where answers are no names.
    """

    facts: int
    verdicts: Mapping[str, tuple[Label, float]]
    method: str
    cases: tuple[Case, ...]
    crowd: Crowd | None = None
    right: Mapping[str, Mapping[str, float]] | None = None


@dataclass(frozen=True, eq=False)
class Portrait:
    """How people answer and how far they agree, of so many `facts`, as JSON can hold it."""

    facts: int
    document: Row


def facts(state: State) -> int:
    """What tells whether anything that matters here has happened: answers, decisions, models, gold."""
    return len(state.keys) + len(state.models) + state.gilt


# -- the work -------------------------------------------------------------------------------------------------------


class Chambers:
    """Where it is worked out, in this process or another."""

    def __init__(self, learner: Learner, journal: Journal, method: str, seed: int) -> None:
        self._learner, self._journal, self._method, self._seed = learner, journal, method, seed
        self._apart: tuple[str, dict[str, int], np.ndarray] | None = None

    def use(self, learner: Learner) -> None:
        """Go on with another learner of the same project."""
        self._learner = learner

    def docket(self, state: State) -> Docket:
        """What counts and what is in doubt."""
        told, task = heard(state), self._learner.task
        said = state.labelled()
        merged = {item: verdict(state, item, labels, task.merge) for item, labels in said.items()}
        if task.kind != "classes":
            doubt = {item: _doubt(task, said[item]) for item in said}
            return Docket(facts(state), merged, "majority", tuple(doubted(told, doubt)))
        known = told.votes(task.labels)
        if not len(known):
            return Docket(facts(state), merged, "majority", tuple(doubted(told, {})), crowd(known), {})
        model, method = self._voice(state, known), "majority"
        if weighs(state, task.kind, self._method):
            found = agreed(known, self._method, [self._seed, 0, COUNT], model)
            method = found.method
            for i, item in enumerate(known.items):
                if item in merged and item not in state.settled:
                    merged[item] = known.labels[found.label[i]], float(found.sure[i])
        place = {(type(label), label): k for k, label in enumerate(known.labels)}
        codes = [merged.get(item, (None, 0.0))[0] for item in known.items]
        label = np.array([place.get((type(code), code), 0) for code in codes], dtype=np.intp)
        people = crowd(known, truths(known, told.truth))
        doubts = cases(told, known, people, label, model)
        worth = portrait.records(quality(known))
        right = {by: portrait.triple(row, "right", "low", "high") for by, row in worth.items()}
        return Docket(facts(state), merged, method, tuple(doubts), people, right)

    def portrait(self, state: State) -> Portrait:
        """How people answer and how far they agree."""
        told, task = heard(state), self._learner.task
        if task.kind != "classes":
            rng = np.random.default_rng(self._seed)
            agreement = accord(dict(state.together), task.parse, task.together, rng)
            return Portrait(facts(state), portrait.plain(told, agreement))
        known = told.votes(task.labels)
        return Portrait(facts(state), portrait.portrait(told, known, self._voice(state, known), self._seed))

    def _voice(self, state: State, known: Votes) -> np.ndarray | None:
        """(items, labels) what a model says of these items that did not learn from them; None before the first.

        Where five fits take too long, what the serving model says, which has learned from some of them.
        """
        serving = self._learner.serving
        if serving is None and state.models:
            serving = self._learner.kept(state.models[-1])
        if serving is None or not len(known):
            return None
        rows = self._learner.rows_of(known.items)
        proba = np.full((len(rows), len(known.labels)), 1 / len(known.labels))
        there = rows < serving.rows
        proba[there] = serving.proba[rows[there]]
        if self._apart is None or self._apart[0] != serving.version:
            self._apart = serving.version, *self._crossed(state)
        _, place, crossed = self._apart
        for i, item in enumerate(known.items):
            if item in place:
                proba[i] = crossed[place[item]]
        return proba

    def _crossed(self, state: State) -> tuple[dict[str, int], np.ndarray]:
        """item -> place in chances by models that left it out, of all that the last model learned from."""
        last = state.models[-1]
        if last.seconds * FOLDS > AFFORD:
            return {}, np.empty(0)
        training = self._learner.learned_from(self._journal, last)
        try:
            proba = self._learner.cross_fitted(training)
        except NotReady:  # too few labels of a class to be left out in turn
            return {}, np.empty(0)
        return {item: i for i, item in enumerate(training.items)}, proba


def _doubt(task: Task, said: Mapping[str, Label]) -> float:
    """How unsure the common answer is, 0 where all say the same."""
    first = next(iter(said.values()))
    if all(label == first for label in said.values()):
        return 0.0
    return min(1.0, max(1 - task.merge(said)[1], 1e-6))


@dataclass
class _There:
    """In the other process: a project's record as far as it has been read, and the work on it."""

    chambers: Chambers
    journal: SqliteJournal
    state: State


_THERE: dict[str, _There] = {}


def _there(folder: str, task: Task, model: Any, seed: int, method: str) -> _There:
    if folder not in _THERE:
        learner = learner_there(folder, task, model, seed)
        journal = SqliteJournal(Path(folder) / "journal.sqlite", writing=False)
        _THERE[folder] = _There(Chambers(learner, journal, method, seed), journal, State())
    found = _THERE[folder]
    found.chambers.use(learner_there(folder, task, model, seed))  # a pool that has grown is read anew
    fold(found.journal.read(found.state.seq), found.state)
    return found


def docket_there(*project: Any) -> Docket:
    """In the other process: `Chambers.docket` of what the journal says by now."""
    found = _there(*project)
    return found.chambers.docket(found.state)


def portrait_there(*project: Any) -> Portrait:
    """In the other process: `Chambers.portrait` of what the journal says by now."""
    found = _there(*project)
    return found.chambers.portrait(found.state)


# -- at hand --------------------------------------------------------------------------------------------------------


class Stamped(Protocol):
    """Something that was true of so many facts."""

    @property
    def facts(self) -> int: ...


T = TypeVar("T", bound=Stamped)


class Kept(Generic[T]):
    """The newest result of long work, done again when asked for after something happened, but not all the time.

    apart(): whether the work is done in another process, beside which the old result may be shown.
    """

    def __init__(self, work: Callable[[], T], apart: Callable[[], bool]) -> None:
        self._work, self._apart = work, apart
        self._gate = threading.Lock()
        self._found: T | None = None
        self._running: Future[T] | None = None
        self._ended = self._took = 0.0

    def get(self, facts: int, *, exact: bool) -> T:
        """A result of so many facts or more; unless `exact`, an older one where a newer takes too long.

        Raises `NotReady` where there is none yet after 25 s, and what the work raises.
        """
        if not self._apart():
            if self._found is None or self._found.facts != facts:
                self._found = self._work()
            return self._found
        end = time.monotonic() + PATIENCE
        while True:
            with self._gate:
                found = self._found
                if found is not None and (found.facts >= facts or not (exact or self._due())):
                    return found
                running = self._running or self._start()
            try:
                running.result(None if exact else max(0.0, end - time.monotonic()))
            except TimeoutError:
                if found is not None:
                    return found
                raise NotReady(
                    "what people's answers say together is still being worked out; ask again in a moment"
                ) from None

    def _due(self) -> bool:
        return self._running is not None or time.monotonic() - self._ended >= REST * self._took

    def _start(self) -> Future[T]:
        future: Future[T] = Future()
        self._running = future
        threading.Thread(target=self._do, args=(future,), daemon=True, name="asklearn-review").start()
        return future

    def _do(self, future: Future[T]) -> None:
        began = time.monotonic()
        try:
            found = self._work()
        except BaseException as error:  # it is everybody's who waits for it
            with self._gate:
                self._running = None
            future.set_exception(error)
            return
        with self._gate:
            self._found, self._running = found, None
            self._ended = time.monotonic()
            self._took = self._ended - began
        future.set_result(found)


class Reviewing:
    """A project's docket and portrait: worked out here, or beside a server in a process of their own."""

    def __init__(self, record: Record, learner: Learner, method: str, seed: int) -> None:
        self._record, self._learner, self._method, self._seed = record, learner, method, seed
        self._here = Chambers(learner, record.journal, method, seed)
        self._process: Background | None = None
        self._docket = Kept(lambda: self._work(docket_there, self._here.docket), self._is_apart)
        self._portrait = Kept(lambda: self._work(portrait_there, self._here.portrait), self._is_apart)
        self._gate = threading.Lock()

    def docket(self, *, exact: bool = True) -> Docket:
        """What counts and what is in doubt; as of now, or nearly."""
        with self._record.now() as state:
            now = facts(state)
        return self._docket.get(now, exact=exact)

    def portrait(self, *, exact: bool = False) -> Portrait:
        """How people answer and how far they agree; as of now, or nearly."""
        with self._record.now() as state:
            now = facts(state)
        return self._portrait.get(now, exact=exact)

    def verdicts(self) -> dict[str, tuple[Label, float, int]]:
        """item -> label, how sure, of how many answers; in the order in which the items were first answered.

        Then those that were labelled in bulk only.
        """
        task = self._learner.task
        with self._record.now() as state:
            by_person = weighs(state, task.kind, self._method)
        docket = self.docket() if by_person else None
        with self._record.now() as state:
            found = {}
            for item, said in state.labelled().items():
                told = docket.verdicts.get(item) if docket is not None and item not in state.settled else None
                label, sure = told or verdict(state, item, said, task.merge)
                found[item] = label, sure, len(said)
            bulk = sweeps.weak(state, task.merge).items()
            return found | {item: (label, sure, 0) for item, (label, sure) in bulk}

    def cases(self, by: str, n: int, item: str | None = None) -> Row:
        """The first n items to be decided, without what anybody said of them but `by`; `item` first, if wanted.

        `left`: how many there are in all. A case that was settled since the docket was made is left out.
        """
        docket = self.docket(exact=False)
        with self._record.now() as state:
            open_ = [case for case in docket.cases if case.item not in state.settled]
            if item is not None:
                there = next((case for case in docket.cases if case.item == item), Case(item, 0.0, ("sent",)))
                open_ = [there, *(case for case in open_ if case.item != item)]
            return {
                "items": [
                    {"item": case.item, "why": list(case.why), "yours": state.labels_of(case.item).get(by)}
                    for case in open_[:n]
                ],
                "left": len(open_),
                "method": docket.method,
            }

    def said_of(self, item: str, by: str) -> Row:
        """What everybody said of the item, with what their answers are worth, and what all of it comes to."""
        docket = self.docket(exact=False)
        with self._record.now() as state:
            said = list(state.answers.get(item, {}).values())
            notes = [note for note in state.notes.get(item, []) if note.key not in state.retracted]
            settled = state.settled.get(item)
        right = docket.right or {}
        return {
            "item": item,
            "votes": [
                {
                    "by": one.by,
                    "you": one.by == by,
                    "kind": one.kind,
                    "label": one.label,
                    "at": one.at,
                    "right": right.get(one.by),
                }
                for one in said
            ],
            "notes": [{"by": note.by, "note": note.note, "at": note.at} for note in notes],
            "posterior": self._posterior(docket, said),
            "together": self._together(said),
            "settled": settled
            and {"key": settled.key, "label": settled.label, "by": settled.by, "note": settled.note},
        }

    def _posterior(self, docket: Docket, said: Sequence[Answered]) -> list[Row]:
        labels = self._learner.task.labels
        given = [one for one in said if one.kind == "label"]
        if docket.crowd is None or not given:
            return []
        place = {(type(label), label): k for k, label in enumerate(labels)}
        codes = [place[type(one.label), one.label] for one in given]
        rng = np.random.default_rng([self._seed, 0, INTERVAL])
        value, low, high = posterior(docket.crowd, [one.by for one in given], codes, rng)
        order = np.argsort(-value, kind="stable")
        return [
            {"label": labels[k], "value": float(value[k]), "low": float(low[k]), "high": float(high[k])}
            for k in order
        ]

    def _together(self, said: Sequence[Answered]) -> Row | None:
        """What the task makes of these answers, where they are no names: of names the chances tell it."""
        task = self._learner.task
        given = {one.by: one.label for one in said if one.kind == "label"}
        if task.kind == "classes" or not given:
            return None
        label, sure = task.merge(given)
        return {"label": label, "confidence": sure}

    def _is_apart(self) -> bool:
        return self._learner.apart

    def close(self) -> None:
        """End the other process."""
        if self._process is not None:
            self._process.close()

    def _work(self, there: Callable[..., T], here: Callable[[State], T]) -> T:
        if not self._learner.apart:
            with self._record.now() as state:
                return here(state)
        with self._gate:
            self._process = self._process or Background()
        return self._process.submit(there, *self._learner.request(), self._method).result()
