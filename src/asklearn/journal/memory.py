"""The record in memory: for tests, simulations and notebooks. It is gone when the process ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import count

from asklearn.errors import Conflict, JournalError
from asklearn.events import Event, decode, encode


class MemoryJournal:
    """A journal that lasts as long as the process; any thread may use it.

    Events are kept as `encode` writes them, so what cannot be stored is refused here too, and what is read
    is what a file would give back.

    >>> from asklearn.events import Added
    >>> journal = MemoryJournal()
    >>> journal.append([Added(first=0, count=3, at=0.0)])
    1
    >>> list(journal.read())
    [(1, Added(at=0.0, first=0, count=3, source='pool', fingerprint=''))]
    """

    def __init__(self) -> None:
        self._bodies: list[str] = []
        self._appending = threading.Lock()
        self._closed = False

    def read(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The events with a number above `after`, in order, each with its number."""
        for seq in count(after + 1):
            if self._closed:
                raise JournalError("the journal is closed")
            if seq > len(self._bodies):
                return
            yield seq, decode(self._bodies[seq - 1])

    def append(self, events: Sequence[Event], after: int | None = None) -> int:
        """Take in all of them or none; the number of the last event then. `Conflict`, `JournalError`."""
        bodies = [encode(event) for event in events]
        with self._appending:
            if self._closed:
                raise JournalError("the journal is closed: nothing was saved")
            if after not in (None, len(self._bodies)):
                raise Conflict(
                    f"the journal ends at {len(self._bodies)}, not at {after}: read on, then decide again"
                )
            self._bodies += bodies
            return len(self._bodies)

    def last(self) -> int:
        """The number of the last event, 0 before the first."""
        return len(self._bodies)

    def close(self) -> None:
        """Refuse what comes from now on; closing twice is fine."""
        self._closed = True
