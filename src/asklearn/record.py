"""The record at work: the journal, the state folded from it, and decisions that become events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from asklearn.errors import Conflict, JournalError
from asklearn.events import Event
from asklearn.journal import Journal
from asklearn.people.leases import Leases
from asklearn.state import State

T = TypeVar("T")
Decision = Callable[[], tuple[Sequence[Event], T]]  # looks at the state; the events to write, and its result


@dataclass(eq=False)
class _Ticket:
    """One decision that waits for its turn."""

    decide: Decision[Any]
    settled: bool = False
    wrote: bool = False
    result: Any = None
    error: Exception | None = None


class Record:
    """What happened and what is true now, safe for many threads and many processes.

    A decision is a function of the newest state. Whoever gets the turn decides for everybody waiting and writes all
    their events in one transaction, so fifty people share one fsync. The append demands that the journal still
    ends where the state was read; if another process was faster, the decisions are made again.
    """

    def __init__(
        self,
        journal: Journal,
        positions: Mapping[str, int],
        redundancy: int,
        *,
        overlap: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.journal = journal
        self._new_leases = partial(
            Leases, positions=positions, redundancy=redundancy, overlap=overlap, seed=seed
        )
        self.leases = self._new_leases(State())
        self.turn = threading.RLock()
        self._gate = threading.Lock()
        self._waiting: list[_Ticket] = []
        self.reload()

    def reload(self) -> None:
        """Fold the journal from its beginning."""
        with self.turn:
            before, self.state = self.leases, State()
            self.leases = self._new_leases(self.state)
            self.refresh()
            self.leases.keep(before)

    def refresh(self) -> None:
        """Take in what others wrote."""
        with self.turn:
            for seq, event in self.journal.read(self.state.seq):
                self._apply(seq, event)

    @contextmanager
    def now(self) -> Iterator[State]:
        """The newest state, while nobody else decides."""
        with self.turn:
            self.refresh()
            yield self.state

    def transact(self, decide: Decision[T]) -> T:
        """The decision's result, once its events are durable. Its error comes through, nothing written."""
        ticket = _Ticket(decide)
        with self._gate:
            self._waiting.append(ticket)
        with self.turn:
            if not ticket.settled:
                with self._gate:
                    batch, self._waiting = self._waiting, []
                self._settle(batch)
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def _settle(self, batch: list[_Ticket]) -> None:
        try:
            while not self._decide_and_write(batch):
                self.reload()
        except Exception as error:  # nothing of this batch was written: whoever waits must hear of it
            for ticket in batch:
                if ticket.error is None and (ticket.wrote or not isinstance(error, JournalError)):
                    ticket.error = error
            self.reload()
        finally:
            for ticket in batch:
                ticket.settled = True

    def _decide_and_write(self, batch: list[_Ticket]) -> bool:
        self.refresh()
        start, events = self.state.seq, list[Event]()
        for ticket in batch:
            ticket.error, ticket.wrote = None, False
            try:
                decided, ticket.result = ticket.decide()
            except Exception as error:  # it is its caller's, who gets it in their own thread
                ticket.error = error
                continue
            for event in decided:
                self._apply(self.state.seq + 1, event)
            events += decided
            ticket.wrote = bool(decided)
        if not events:
            return True
        try:
            self.journal.append(events, after=start)
        except Conflict:
            return False
        return True

    def _apply(self, seq: int, event: Event) -> None:
        self.state.apply(seq, event)
        self.leases.apply(event)
