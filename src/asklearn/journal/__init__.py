"""Where the record is kept: two methods, whoever keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from asklearn.events import Event

__all__ = ["Journal"]


@runtime_checkable
class Journal(Protocol):
    """An append-only list of events, numbered 1, 2, 3 ... without a gap.

    `asklearn.testing.JournalContract` is the test every journal inherits.
    """

    def read(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The events with a number above `after`, in order, each with its number."""
        ...

    def append(self, events: Sequence[Event], after: int | None = None) -> int:
        """Write all of them or none; the number of the last event then.

        Returns only once they are durable. With `after`, raises `Conflict` (and writes nothing) unless the
        journal ends at exactly that number. Raises `JournalError` when they cannot be written.
        """
        ...

    def close(self) -> None:
        """Let go of files and threads; closing twice is fine."""
        ...
