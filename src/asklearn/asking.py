"""Which items to ask next: audit draws from the whole pool, the strategy's choice among the free."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from asklearn import strategies
from asklearn.events import Audited, Event, Label
from asklearn.learning import Learner, Serving, codes
from asklearn.people.answers import Prediction
from asklearn.record import Record
from asklearn.view import Labelled, View, needs

HESITATES = 0.5  # the lead of the first class over the second below which a model is said to hesitate
ASK, AUDIT, AHEAD = 1, 2, 4  # purposes of generators: one for each kind of decision
LARGE = 5_000  # candidates from which choosing ahead is done aside, while people go on answering
PLANNED = 4  # times `ahead` that such a plan holds
REST = (
    4  # times as long as the last plan took until the next: planning never takes more than a fifth of a core
)


@dataclass(frozen=True)
class Pick:
    """A row of the pool to be asked: its score, the chance of its draw, which arm of the strategy took it."""

    position: int
    score: float | None
    chance: float | None
    arm: str
    audit: bool = False


def audit_draws(draws: int, population: np.ndarray, rng: np.random.Generator) -> list[tuple[int, float]]:
    """(position, chance) of the rows drawn to measure the model: uniform, one after the other, none twice.

    `population` holds every row not drawn before, answered or not: drawing only from what is left over would
    measure the model on what the strategy did not want.
    """
    drawn = rng.choice(population, size=min(draws, len(population)), replace=False)
    return [(int(position), 1.0 / (len(population) - i)) for i, position in enumerate(drawn)]


def choose_from(
    strategy: Callable[..., Any],
    candidates: np.ndarray,
    n: int,
    rng: np.random.Generator,
    *,
    proba: np.ndarray | None,
    embedding: Any,
    busy: Callable[[], tuple[np.ndarray, np.ndarray]],
    model: str = "",
) -> list[Pick]:
    """At most n of the candidates (positions in the pool), as the strategy wants them, best first.

    `busy()`: positions answered or held by somebody, and their columns of proba (-1 where unknown).
    """

    def part(table: Any, rows: np.ndarray) -> Any:
        return None if table is None else (lambda: table[rows])

    def labelled() -> Labelled:
        rows, y = busy()
        return Labelled(
            embedding=None if embedding is None else embedding[rows],
            y=y,
            proba=None if proba is None else proba[rows],
        )

    view = View(
        n=min(n, len(candidates)),
        rng=rng,
        size=len(candidates),
        model=model,
        proba=part(proba, candidates),
        embedding=part(embedding, candidates),
        labelled=labelled,
    )
    choice = strategies.choose(strategy, view)
    return [
        Pick(int(candidates[position]), score, chance, arm)
        for position, score, chance, arm in zip(
            choice.positions, choice.scores, choice.chances, choice.arms, strict=True
        )
    ]


def prediction(row: np.ndarray, labels: Sequence[Label]) -> Prediction:
    """A row of probabilities as people read it, likeliest first."""
    order = np.argsort(-row, kind="stable")
    best = int(order[0])
    return Prediction(labels[best], float(row[best]), {labels[i]: float(row[i]) for i in order})


def words(pick: Pick, strategy: str, seen: Prediction | None) -> str:
    """Why this item, in words for the person who answers it.

    An audit item and any other random one read alike: nobody should answer them with more care.
    """
    if pick.audit or pick.arm == "random":
        return "drawn at random, so that the model is tested on what it did not choose"
    if pick.arm == "seeds":
        return "one of the first items, chosen to cover the whole pool"
    if seen is None or pick.score is None:
        return f"chosen by {strategy}: unlike what was labelled so far"
    (first, p), (second, q) = list(seen.probabilities.items())[:2]
    if p - q < HESITATES:
        return f"the model hesitates between {first} ({p:.2f}) and {second} ({q:.2f})"
    return f"the model leans to {first} ({p:.2f}); chosen by {strategy}"


class Planner:
    """Decides what to ask. What was chosen ahead of need is kept until a new model makes it stale."""

    def __init__(
        self, record: Record, learner: Learner, strategy: Callable[..., Any], *, seed: int, audit: float
    ) -> None:
        self._record, self._learner = record, learner
        self._strategy = strategy
        self._seed, self._share = seed, audit
        self._plan: list[Pick] = []
        self._plan_of: Serving | None = None
        self._planning = False
        self._rest_until = 0.0
        self._fault: Exception | None = None

    def decide(
        self, n: int, by: str, among: np.ndarray | None, ahead: int
    ) -> tuple[list[Event], list[Pick], tuple[int, ...]]:
        """Audit draws to be recorded, what to ask `by` now (n at most), and what the generator was made from.

        To be called while nobody else decides. `among`: the only rows that may be asked, None for all.
        """
        seed = (self._seed, self._record.state.seq, ASK)
        rng = np.random.default_rng(seed)
        free = self._record.leases.free_for(by)
        if among is not None:
            allowed = np.zeros_like(free)
            allowed[among] = True
            free &= allowed
        events, audits = self._audits(n, free) if among is None else ([], [])
        for pick in audits:
            free[pick.position] = False
        picks = self._chosen(n - len(audits), free, rng, ahead)
        # Anywhere in the batch: nobody should see from its place which one is the audit item.
        for pick in audits:
            picks.insert(int(rng.integers(len(picks) + 1)), pick)
        return events, picks, seed

    def _audits(self, n: int, free: np.ndarray) -> tuple[list[Event], list[Pick]]:
        state, ids = self._record.state, self._learner.ids
        # An audit item whose lease ran out comes first: leaving it out would favour the quickly answered.
        waiting = [self._learner.positions[item] for item in state.audited if item in self._learner.positions]
        picks = [Pick(row, None, state.audited[ids[row]], "audit", True) for row in waiting if free[row]][:n]
        rng = np.random.default_rng((self._seed, state.seq, AUDIT))
        draws = int(rng.binomial(n - len(picks), self._share))  # each question is a draw with this chance
        if draws == 0:
            return [], picks
        drawn = np.zeros(len(ids), dtype=bool)
        drawn[waiting] = True
        drawn[[self._learner.positions[item] for item in state.flagged]] = True
        events: list[Event] = []
        for row, chance in audit_draws(draws, np.flatnonzero(~drawn), rng):
            events.append(Audited(item=ids[row], chance=chance))
            if free[row]:
                picks.append(Pick(row, None, chance, "audit", True))
        return events, picks

    def _chosen(self, n: int, free: np.ndarray, rng: np.random.Generator, ahead: int) -> list[Pick]:
        if not ahead:
            return self._choose(np.flatnonzero(free), n, rng)
        if self._plan_of is not self._learner.serving:
            self._plan, self._plan_of = [], self._learner.serving
        picks = [pick for pick in self._plan if free[pick.position]][:n]
        taken = set(map(id, picks))
        self._plan = [pick for pick in self._plan if id(pick) not in taken]
        if len(picks) < n:
            # What waits in the plan may be for others (this person answered it): it is not chosen twice.
            free[[pick.position for pick in (*picks, *self._plan)]] = False
            candidates, missing = np.flatnonzero(free), n - len(picks)
            if len(candidates) > LARGE:
                picks += self._at_once(candidates, missing, rng)
            else:
                more = self._choose(candidates, missing + ahead, rng)
                self._plan += more[missing:]
                picks += more[:missing]
        if len(self._plan) < ahead and np.count_nonzero(free) > LARGE:
            self._plan_aside(PLANNED * ahead)
        return picks

    def _at_once(self, candidates: np.ndarray, n: int, rng: np.random.Generator) -> list[Pick]:
        """What takes no time: nobody waits for a plan, which is on its way."""
        if self._fault is not None:
            raise self._fault
        known = self._learner.serving is not None and len(self._learner.serving.proba) == len(
            self._learner.ids
        )
        return self._choose(candidates, n, rng, strategy=strategies.get("margin" if known else "random"))

    def _plan_aside(self, n: int) -> None:
        """Choose n more without keeping anybody waiting: on a large pool that takes a second or so."""
        if not self._planning and time.monotonic() >= self._rest_until:
            self._planning = True
            threading.Thread(target=self._plan_now, args=(n,), daemon=True, name="asklearn-plan").start()

    def _plan_now(self, n: int) -> None:
        began = time.monotonic()
        try:
            with self._record.now() as state:
                serving = self._learner.serving
                free = self._record.leases.free()
                free[[pick.position for pick in self._plan]] = False
                rng = np.random.default_rng((self._seed, state.seq, AHEAD))
                busy = self._busy(len(self._learner.ids))
            picks = self._choose(np.flatnonzero(free), n, rng, busy=busy)
            with self._record.now():
                if serving is self._learner.serving is self._plan_of:
                    self._plan += picks
        except Exception as error:  # whoever asks next gets it: a plan must not fail in silence
            self._fault = error
        finally:
            ended = time.monotonic()
            self._rest_until = ended + REST * (ended - began)
            self._planning = False

    def _choose(
        self,
        candidates: np.ndarray,
        n: int,
        rng: np.random.Generator,
        *,
        strategy: Callable[..., Any] | None = None,
        busy: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> list[Pick]:
        """n of the candidates by `strategy` (the project's own when left out); `busy` as `_busy` gave it before."""
        if n == 0 or not len(candidates):
            return []
        serving, features = self._learner.serving, self._learner.features
        embedding = None if features is None else features.embedding
        proba = None if serving is None else serving.proba
        known = min([len(self._learner.ids), *(len(t) for t in (embedding, proba) if t is not None)])
        if known < len(self._learner.ids):  # rows added since: they join with the next model
            candidates = candidates[candidates < known] if (candidates < known).any() else candidates
            if candidates[-1] >= known:
                embedding = proba = None
        strategy = strategy or (self._strategy if proba is not None else strategies.seeds)
        if embedding is None and "embedding" in needs(strategy):
            strategy = strategies.get("random")  # features are still being computed
        picks = choose_from(
            strategy,
            candidates,
            n,
            rng,
            proba=proba,
            embedding=embedding,
            busy=lambda: _known(busy, known) if busy is not None else self._busy(known),
            model=self._learner.name,
        )
        if strategy is strategies.seeds:
            return [replace(pick, arm="random" if pick.arm == "random" else "seeds") for pick in picks]
        return picks

    def _busy(self, known: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions answered or held by anybody, and the column of each one's consensus (-1: none)."""
        state, task = self._record.state, self._learner.task
        items = dict.fromkeys((*state.answers, *self._record.leases.held()))
        said = [(self._learner.positions[item], state.labels_of(item)) for item in items]
        said = [(row, labels) for row, labels in said if row < known]
        merged = [task.merge(labels)[0] if labels else None for _, labels in said]
        return np.array([row for row, _ in said], dtype=np.intp), codes(merged, task)


def _known(busy: tuple[np.ndarray, np.ndarray], known: int) -> tuple[np.ndarray, np.ndarray]:
    rows, y = busy
    return rows[rows < known], y[rows < known]
