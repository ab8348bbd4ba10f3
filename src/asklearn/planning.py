"""What to ask next, decided at once: plans are made ahead of need, on large pools in a process of their own."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from asklearn import strategies
from asklearn.asking import Busy, Pick, audit_draws, choose, choose_there
from asklearn.background import Background
from asklearn.beside import NONE, Offer, beside, in_doubt, in_turn
from asklearn.canary import HARM
from asklearn.estimate import doubt_in_choosing
from asklearn.events import Audited, Event, Label
from asklearn.learning import Learner, Serving, codes, wanted_anew
from asklearn.people.cost import Effort, pace
from asklearn.people.readers import share
from asklearn.record import Record
from asklearn.strategies.mixing import mix
from asklearn.view import needs, takes
from asklearn.witness import Witness

ASK, AUDIT, AHEAD, BESIDE = 1, 2, 4, 10  # purposes of generators: one for each kind of decision
LARGE = 5_000  # free rows from which choosing ahead is done aside, while people go on answering
PLANNED = 4  # times `ahead` that such a plan holds
REST = (
    4  # times as long as the last plan took until the next: planning never takes more than a fifth of a core
)
CHECKS = 0.25  # the share of questions that go over bulk labels, while there are some to check
STOPGAP = "mix(margin, share=0.1)"  # takes no time: serves on large pools until the plan is there


class Planner:
    """Decides what to ask. What was chosen ahead of need is kept until a new model makes it stale."""

    def __init__(
        self,
        record: Record,
        learner: Learner,
        strategy: Callable[..., Any],
        *,
        seed: int,
        audit: float,
        batch: int = 10,
        cost: str | None = None,
        guarded: bool = False,
        overlap: float = 0.0,
        gold: float = 0.0,
    ) -> None:
        self._record, self._learner = record, learner
        self._wanted, self._stopgap_strategy = strategy, strategies.get(STOPGAP)
        self._witness, self._stopgap_witness = (
            Witness(learner, strategy),
            Witness(learner, self._stopgap_strategy),
        )
        self._guarded = guarded
        self._again, self._gold = share(record.leases.redundancy, overlap), gold
        self._seed, self._share, self._batch = seed, audit, batch
        self._costly, self._cost, self._priced_at = "cost" in needs(strategy), cost, -1
        self._plan: list[Pick] = []
        self._stopgap: list[Pick] = []
        self._plan_of: Serving | None = None
        self._planning = False
        self._rest_until = 0.0
        self._fault: Exception | None = None
        self._process = Background()

    def decide(
        self, n: int, by: str, among: np.ndarray | None, ahead: int
    ) -> tuple[list[Event], list[Pick], tuple[int, ...]]:
        """Audit draws to be recorded, what to ask `by` now (n at most), and what the generator was made from.

        To be called while nobody else decides. `among`: the only rows that may be asked, None for all.
        """
        seed = (self._seed, self._record.state.seq, ASK)
        rng = np.random.default_rng(seed)
        free = self._record.leases.fresh_for(by)
        if among is not None:
            allowed = np.zeros_like(free)
            allowed[among] = True
            free &= allowed
        events, audits = self._audits(n, free) if among is None else ([], [])
        for pick in audits:
            free[pick.position] = False
        self._weigh_costs()
        picks = self._chosen(n - len(audits), free.copy(), rng, ahead)
        picks = self._witness.see(picks, free, (*self._plan, *self._stopgap))
        picks = self._beside(picks, n - len(audits), by, among, ahead)
        picks = [check(pick.position) if self._checks(pick.position) else pick for pick in picks]
        # Anywhere in the batch: nobody should see from its place which one is the audit item.
        for pick in audits:
            picks.insert(int(rng.integers(len(picks) + 1)), pick)
        return events, picks, seed

    def _beside(
        self, chosen: list[Pick], n: int, by: str, among: np.ndarray | None, ahead: int
    ) -> list[Pick]:
        """The chosen with further readings and gold items among them; what gives way is asked next."""
        leases, serving, state = self._record.leases, self._learner.serving, self._record.state
        if n == 0:
            return chosen
        rng = np.random.default_rng((self._seed, state.seq, BESIDE))
        doubts = None if serving is None else serving.doubts
        waiting = np.flatnonzero(leases.open_for(by))
        if among is not None:
            waiting = waiting[np.isin(waiting, among)]
        due, later = in_turn(waiting, n, doubts, by, rng)
        doubtful = in_doubt(doubts, by, leases, self._learner.ids) if among is None else NONE
        worth = np.empty(0) if doubts is None or doubts.worth is None else doubts.worth
        gold = leases.gold_for(by) if among is None else NONE
        rows = (*due.tolist(), *doubtful.tolist())
        audited = {
            row: state.audited[item] for row in rows if (item := self._learner.ids[row]) in state.audited
        }
        swept = (
            {row for row in gold.tolist() if state.weak_of(self._learner.ids[row])} if state.acts else set()
        )
        offer = Offer(due, later, self._again, doubtful, worth, gold, self._gold, audited, swept)
        if not offer:
            return chosen
        picks, back = beside(chosen, n, offer, rng)
        if ahead:
            self._plan = [
                *self._stamped(back),
                *self._plan,
            ]  # a choice of its own: it comes late, and rightly so
        return picks

    @property
    def _strategy(self) -> Callable[..., Any]:
        """What chooses now: half of it by lot where chosen labels taught less than drawn ones."""
        state = self._record.state
        if self._guarded and doubt_in_choosing(state.wins, state.losses) >= HARM:
            return mix(self._wanted, share=0.5)
        return self._wanted

    @property
    def ahead(self) -> int:
        """How many items are chosen already and wait to be asked."""
        return len(self._plan) + len(self._stopgap)

    def _weigh_costs(self) -> None:
        """Once a model, where the strategy asks what items cost: learn it anew from the answers."""
        state, known = self._record.state, self._learner.effort
        if not self._costly or self._priced_at == len(state.models):
            return
        self._priced_at = len(state.models)
        if self._cost is None:
            positions = self._learner.positions
            timed = [answer for answer in state.timed if answer.item in positions]
            lengths = self._learner.costs.lengths()[[positions[answer.item] for answer in timed]]
            self._learner.effort = Effort(None, pace(timed, lengths) or known.pace)
        else:
            self._learner.effort = Effort(self._cost)

    def close(self) -> None:
        """End the process that plans, if there is one."""
        self._process.close()

    def _audits(self, n: int, free: np.ndarray) -> tuple[list[Event], list[Pick]]:
        state, ids = self._record.state, self._learner.ids
        # An audit item whose lease ran out comes first: leaving it out would favour the quickly answered.
        waiting = [self._learner.positions[item] for item in state.audited if item in self._learner.positions]
        picks = [Pick(row, None, state.audited[ids[row]], "audit", True) for row in waiting if free[row]][:n]
        rng = np.random.default_rng((self._seed, state.seq, AUDIT))
        # Beside those that measure the model, some of what was labelled in bulk: nobody can tell which is which.
        swept = [
            row for item in state.checks if free[row := self._learner.positions[item]] and self._checks(row)
        ]
        if swept:
            picks += map(check, swept[: int(rng.binomial(n - len(picks), CHECKS))])
        draws = int(rng.binomial(n - len(picks), self._share))  # each question is a draw with this chance
        if draws == 0:
            return [], picks
        drawn = np.zeros(len(ids), dtype=bool)
        drawn[waiting] = True
        drawn[[self._learner.positions[item] for item in (*state.flagged, *state.aside)]] = True
        events: list[Event] = []
        for row, chance in audit_draws(draws, np.flatnonzero(~drawn), rng):
            events.append(Audited(item=ids[row], chance=chance))
            if free[row]:
                picks.append(Pick(row, None, chance, "audit", True))
        return events, picks

    def _checks(self, row: int) -> bool:
        """Whether an answer to this row is to check a bulk label."""
        state, item = self._record.state, self._learner.ids[row]
        return item in state.checks and item in state.bulk and item not in state.audited

    def _chosen(self, n: int, free: np.ndarray, rng: np.random.Generator, ahead: int) -> list[Pick]:
        if not ahead:
            return self._stamped(choose(self._learner, self._strategy, free, n, rng, self._busy))
        if self._plan_of is not self._learner.serving:
            self._plan, self._stopgap, self._plan_of = [], [], self._learner.serving
        picks, self._plan = _taken(self._plan, free, n)
        # What waits in a plan may be for others (this person answered it): it is not chosen twice.
        free[[pick.position for pick in (*picks, *self._plan)]] = False
        missing = n - len(picks)
        large = np.count_nonzero(free) > LARGE
        if large and len(self._plan) < ahead:
            self._plan_aside(PLANNED * ahead)
        if missing and large:
            return picks + self._at_once(missing, free, rng, ahead)
        if missing:
            ahead = min(ahead, wanted_anew(self._record.state, self._batch))
            more = choose(self._learner, self._strategy, free, missing + ahead, rng, self._busy)
            more = self._stamped(self._ordered(more, rng))
            self._plan += more[missing:]
            picks += more[:missing]
        return picks

    def _at_once(self, n: int, free: np.ndarray, rng: np.random.Generator, ahead: int) -> list[Pick]:
        """What takes no time, while the plan is on its way: nobody waits for it."""
        if self._fault is not None:
            raise self._fault
        picks, self._stopgap = _taken(self._stopgap, free, n)
        if len(picks) < n:
            free[[pick.position for pick in (*picks, *self._stopgap)]] = False
            missing = n - len(picks)
            serving = self._learner.serving
            unknown = serving is None or "proba" not in serving.said or serving.rows < len(self._learner.ids)
            quick = strategies.get("random") if unknown else self._stopgap_strategy
            more = choose(self._learner, quick, free, missing + ahead, rng, self._busy)
            more = self._stamped(self._ordered(more, rng))
            self._stopgap += more[missing:]
            picks += more[:missing]
        return self._stopgap_witness.see(picks, free, self._stopgap)

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
                free = self._record.leases.fresh()
                free[[pick.position for pick in self._plan]] = False
                seed, said = (self._seed, state.seq, AHEAD), self._said()
            busy = self._told(said)  # this takes a second where much is labelled, and nobody waits for it
            picks = self._planned(serving, free, n, seed, busy)
            picks = self._ordered(picks, np.random.default_rng((*seed, len(picks))))
            with self._record.now():
                if serving is self._learner.serving is self._plan_of:
                    self._plan += self._stamped(picks)
        except Exception as error:  # whoever asks next gets it: a plan must not fail in silence
            self._fault = error
        finally:
            ended = time.monotonic()
            self._rest_until = ended + REST * (ended - began)
            self._planning = False

    def _planned(
        self, serving: Serving | None, free: np.ndarray, n: int, seed: tuple[int, ...], busy: Busy
    ) -> list[Pick]:
        """In the process for it, where long work is done apart and the strategy can travel; else here."""
        last = next(
            (m for m in reversed(self._record.state.models) if serving and m.version == serving.version), None
        )
        if self._learner.apart and (serving is None) == (last is None) and _travels(self._strategy):
            work = self._process.submit(
                choose_there,
                self._learner.request(),
                last,
                self._strategy,
                free,
                n,
                seed,
                busy,
                self._learner.effort,
                None if self._learner.priority is None else self._learner.priority.column,
            )
            picks = work.result()
            if picks is not None:
                return picks
        return choose(self._learner, self._strategy, free, n, np.random.default_rng(seed), lambda: busy)

    def _ordered(self, picks: Sequence[Pick], rng: np.random.Generator) -> list[Pick]:
        """`scattered`, but what has a higher priority still comes first."""
        mixed, priority = scattered(picks, rng), self._learner.priority
        if priority is None or takes(self._wanted, "priority") or not mixed:
            return mixed
        order = np.argsort(-priority.of(np.array([pick.position for pick in mixed])), kind="stable")
        return [mixed[i] for i in order]

    def _stamped(self, picks: Sequence[Pick]) -> list[Pick]:
        seq = self._record.state.seq
        return [replace(pick, plan=seq) for pick in picks]

    def _busy(self) -> Busy:
        """Positions answered or held by anybody, and the column of each one's consensus (-1: none)."""
        return self._told(self._said())

    def _said(self) -> list[tuple[int, dict[str, Label]]]:
        """Position and labels of all that is answered or held by anybody, as of now."""
        state = self._record.state
        items = dict.fromkeys((*state.answers, *state.bulk, *self._record.leases.held()))
        return [(self._learner.positions[item], state.votes_of(item)) for item in items]

    def _told(self, said: Sequence[tuple[int, dict[str, Label]]]) -> Busy:
        task = self._learner.task
        merged = [task.merge(labels)[0] if labels else None for _, labels in said]
        return np.array([row for row, _ in said], dtype=np.intp), codes(merged, task)


def scattered(picks: Sequence[Pick], rng: np.random.Generator) -> list[Pick]:
    """The same, those drawn at random anywhere among the others, which keep their order.

    A plan is dropped when a model comes, often after its first few items: what strategies put last, their random
    share, would never be asked.
    """
    lots = [pick for pick in picks if pick.arm == "random"]
    rest = iter([pick for pick in picks if pick.arm != "random"])
    places = set(rng.choice(len(picks), len(lots), replace=False).tolist()) if lots else set()
    drawn = iter(lots)
    return [next(drawn) if i in places else next(rest) for i in range(len(picks))]


def check(row: int) -> Pick:
    """The row, to check a bulk label: asked like those that measure a model, whatever chose it."""
    return Pick(row, None, None, "check")


def _taken(plan: list[Pick], free: np.ndarray, n: int) -> tuple[list[Pick], list[Pick]]:
    """The first n of the plan that are free, and what is left of it: rows free for somebody else stay."""
    picks = [pick for pick in plan if free[pick.position]][:n]
    gone = set(map(id, picks))
    return picks, [pick for pick in plan if id(pick) not in gone]


def _travels(strategy: Callable[..., Any]) -> bool:
    """Whether another process can be given this strategy: one made of functions that modules name can."""
    try:
        pickle.dumps(strategy)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
