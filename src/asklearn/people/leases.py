"""Who holds what, and what is free: leases on a clock that nobody can turn back."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from asklearn.events import Answered, Asked, Event, Released, Renewed, Retracted
from asklearn.state import State


class Leases:
    """What may be asked of whom, kept up to date event by event.

    A lease is written with the wall clock but runs out by the monotonic one: an event read now gives
    at most its own length from now on, so a clock set back or forward a day neither keeps an item nor
    frees one under somebody's hands.
    """

    def __init__(
        self,
        state: State,
        positions: Mapping[str, int],
        redundancy: int,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self.positions = positions
        self.redundancy = redundancy
        self._wall, self._steady = wall, steady
        self._until: dict[tuple[str, str], float] = {}
        self._held: dict[str, set[str]] = {}  # item -> who
        self._mine: dict[str, dict[str, None]] = {}  # who -> items, in the order leased
        self._queue: list[tuple[float, str, str]] = []
        self._full = np.zeros(len(positions), dtype=bool)
        self._seen: dict[str, set[int]] = {}  # who -> positions answered by them

    def grow(self, rows: int) -> None:
        """The pool has `rows` rows now."""
        more = np.zeros(rows - len(self._full), dtype=bool)
        self._full = np.concatenate([self._full, more])

    def apply(self, event: Event) -> None:
        """Take in an event that `state` has taken in already."""
        match event:
            case Asked() | Renewed():
                held = (
                    event.items
                    if isinstance(event, Asked)
                    else [i for i in event.items if self.holds(i, event.by)]
                )
                left = min(max(event.at + event.lease - self._wall(), 0.0), event.lease)
                for item in held:
                    self._take(item, event.by, self._steady() + left)
                self._touch(held)
            case Released():
                for item in event.items:
                    self._drop(item, event.by)
                self._touch(event.items)
            case Answered() if event.kind != "note":
                self._drop(event.item, event.by)
                if event.item in self.positions:
                    self._seen.setdefault(event.by, set()).add(self.positions[event.item])
                self._touch([event.item])
            case Retracted():
                gone = self.state.keys.get(event.of)
                if isinstance(gone, Answered):
                    if gone.by not in self.state.answers.get(gone.item, {}):
                        self._seen.get(gone.by, set()).discard(self.positions.get(gone.item, -1))
                    self._touch([gone.item])

    def holds(self, item: str, by: str) -> bool:
        """Whether `by` holds the item now."""
        self._expire()
        return (item, by) in self._until

    def held(self) -> list[str]:
        """The items somebody holds now."""
        self._expire()
        return list(self._held)

    def held_by(self, by: str) -> list[str]:
        """The items `by` holds now, oldest first."""
        self._expire()
        return list(self._mine.get(by, {}))

    def seconds_left(self, item: str, by: str) -> float:
        """Seconds until the lease runs out; 0 when there is none."""
        return max(0.0, self._until.get((item, by), 0.0) - self._steady())

    def count(self) -> int:
        """How many leases run now."""
        self._expire()
        return len(self._until)

    def free(self) -> np.ndarray:
        """(rows,) bool: the item still wants an answer and nobody holds it."""
        self._expire()
        return ~self._full

    def free_for(self, by: str) -> np.ndarray:
        """(rows,) bool: free, and `by` has neither answered it nor holds it."""
        free = self.free()
        for position in self._seen.get(by, ()):
            free[position] = False
        for item in self._mine.get(by, ()):
            free[self.positions[item]] = False
        return free

    def is_free_for(self, position: int, item: str, by: str) -> bool:
        """`free_for` of one item."""
        return (
            not self._full[position]
            and position not in self._seen.get(by, ())
            and item not in self._mine.get(by, ())
        )

    def _take(self, item: str, by: str, until: float) -> None:
        if item not in self.positions:
            return
        self._until[item, by] = until
        self._held.setdefault(item, set()).add(by)
        self._mine.setdefault(by, {})[item] = None
        heapq.heappush(self._queue, (until, item, by))

    def _drop(self, item: str, by: str) -> None:
        if self._until.pop((item, by), None) is None:
            return
        self._held[item].discard(by)
        if not self._held[item]:
            del self._held[item]
        self._mine[by].pop(item, None)

    def _expire(self) -> None:
        now = self._steady()
        while self._queue and self._queue[0][0] <= now:
            until, item, by = heapq.heappop(self._queue)
            if self._until.get((item, by)) == until:  # else renewed or gone since
                self._drop(item, by)
                self._touch([item])

    def _touch(self, items: Iterable[str]) -> None:
        for item in items:
            position = self.positions.get(item)
            if position is None:
                continue
            labelled = self.state.labels_of(item)
            waiting = self._held.get(item, set()) - labelled.keys()
            full = len(labelled) + len(waiting) >= self.redundancy
            self._full[position] = full or item in self.state.flagged
