"""Who holds what, and what is free: leases on a clock that nobody can turn back."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from asklearn.events import (
    Answered,
    Asked,
    Assigned,
    Audited,
    Event,
    Gilded,
    Released,
    Renewed,
    Retracted,
    Settled,
    Swept,
)
from asklearn.people.readers import readers
from asklearn.state import State

# What becomes of an item: nobody has it yet, somebody has and more are to read it, as many as should have it.
FRESH, OPEN, FULL = 0, 1, 2


class Leases:
    """What may be asked of whom, kept up to date event by event.

    A lease is written with the wall clock but runs out by the monotonic one: an event read now gives
    at most its own length from now on, so a clock set back or forward a day neither keeps an item nor
    frees one under somebody's hands.

    `overlap` and `seed`: as for `readers`. It acts once two people have been asked: one alone never waits for another.
    """

    def __init__(
        self,
        state: State,
        positions: Mapping[str, int],
        redundancy: int,
        *,
        overlap: float = 0.0,
        seed: int = 0,
        wall: Callable[[], float] | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self.positions = positions
        self.redundancy = redundancy
        self._overlap, self._seed = overlap, seed
        self._wall, self._steady = wall or (lambda: time.time()), steady
        self._until: dict[tuple[str, str], float] = {}
        self._held: dict[str, set[str]] = {}  # item -> who
        self._mine: dict[str, dict[str, None]] = {}  # who -> items, in the order leased
        self._queue: list[tuple[float, str, str]] = []
        self._several = False  # whether a second person has been asked
        self._stage = np.zeros(0, dtype=np.uint8)
        self._wanted = np.zeros(0, dtype=np.int64)
        self._group = np.zeros(0, dtype=np.int32)  # 0: anybody; else who alone is asked, a place in `_groups`
        self._groups: list[tuple[str, ...]] = [()]
        self._gold = np.zeros(0, dtype=np.intp)
        self._seen: dict[str, np.ndarray] = {}  # who -> (rows,) bool, answered by them
        self.grow(len(positions))

    def grow(self, rows: int) -> None:
        """The pool has `rows` rows now."""
        self._stage = _grown(self._stage, rows)
        self._group = _grown(self._group, rows)
        self._seen = {by: _grown(seen, rows) for by, seen in self._seen.items()}
        self._wanted = readers(rows, self.redundancy, self._overlap, self._seed)

    def keep(self, before: Leases) -> None:
        """Go on with the leases that ran in `before`, of the same process.

        What the record says of their beginning is by the wall clock, which may have been set since.
        """
        for (item, by), until in before._until.items():
            if by in self.state.leases.get(item, {}):
                self._take(item, by, max(until, self._until.get((item, by), 0.0)))
                self._touch([item])

    def apply(self, event: Event) -> None:
        """Take in an event that `state` has taken in already."""
        match event:
            case Asked() | Renewed():
                if len(self.state.asked_at) > 1 and not self._several:
                    self._several = True
                    self._touch([*self.state.answers, *self.state.swept, *self._held])
                # Who renewed held the item then, however long ago a reader of the record finds that it was asked.
                held = [item for item in event.items if event.by in self.state.leases.get(item, {})]
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
                self._see([event.item], event.by)
            case Retracted():
                gone = self.state.keys.get(event.of)
                if isinstance(gone, Answered):
                    self._see([gone.item], gone.by)
                elif isinstance(gone, Swept):
                    self._see(gone.items, gone.by)
                elif isinstance(gone, Settled):
                    self._touch([gone.item])
            case Settled():
                self._touch([event.item])
            case Gilded():
                known = [self.positions[item] for item in self.state.gold if item in self.positions]
                self._gold = np.array(known, dtype=np.intp)
                self._see(event.items)
            case Assigned():
                if event.to not in self._groups:
                    self._groups.append(event.to)
                rows = [self.positions[item] for item in event.items if item in self.positions]
                self._group[rows] = self._groups.index(event.to)
                self._touch(event.items)
            case Swept():
                for item in event.items:
                    self._drop(item, event.by)
                self._see(event.items, event.by)
            case Audited() if event.item in self.state.swept:
                self._see([event.item])

    def _see(self, items: Iterable[str], *by: str) -> None:
        """What `by`, or anybody who labelled them in bulk, said of these has changed, or counts no longer or again."""
        there = [item for item in items if item in self.positions]
        for item in there:
            said, swept = self.state.answers.get(item, {}), self._swept_by(item)
            for one in {*by, *(act.by for act in self.state.swept.get(item, ()))}:
                if one not in self._seen:
                    self._seen[one] = np.zeros(len(self._stage), dtype=bool)
                self._seen[one][self.positions[item]] = one in said or one in swept
        self._touch(there)

    def _swept_by(self, item: str) -> set[str]:
        """Who need not be asked, having labelled it in bulk: nobody, where it measures a model or somebody."""
        state = self.state
        apart = item in state.audited or item in state.checks or item in state.gold
        return set() if apart or item not in state.swept else set(state.weak_of(item))

    def holds(self, item: str, by: str) -> bool:
        """Whether `by` holds the item now."""
        self._expire()
        return (item, by) in self._until

    def holders(self, item: str) -> set[str]:
        """Who holds the item now."""
        self._expire()
        return self._held.get(item, set())

    def enough(self, item: str) -> int:
        """How many are to read the item."""
        return self._enough(item, self.positions[item])

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
        """(rows,) bool: the item still wants an answer that nobody is about to give."""
        self._expire()
        found: np.ndarray = self._stage != FULL
        return found

    def fresh(self) -> np.ndarray:
        """(rows,) bool: nobody has answered the item or holds it."""
        self._expire()
        found: np.ndarray = self._stage == FRESH
        return found

    def free_for(self, by: str) -> np.ndarray:
        """(rows,) bool: free, and `by` may be asked."""
        found: np.ndarray = self.free() & self._may(by)
        return found

    def fresh_for(self, by: str) -> np.ndarray:
        """(rows,) bool: fresh, and `by` may be asked."""
        found: np.ndarray = self.fresh() & self._may(by)
        return found

    def open_for(self, by: str) -> np.ndarray:
        """(rows,) bool: somebody else has answered the item or holds it, more are to read it, and `by` may."""
        self._expire()
        found: np.ndarray = (self._stage == OPEN) & self._may(by)
        return found

    def gold_for(self, by: str) -> np.ndarray:
        """(n,) positions of the gold items that `by` has not been asked yet."""
        if not len(self._gold):
            return self._gold
        self._expire()
        may = self._may(by)
        flagged = self.state.gold.keys() & self.state.flagged
        may[[self.positions[item] for item in flagged if item in self.positions]] = False
        found: np.ndarray = self._gold[may[self._gold]]
        return found

    def again_for(self, by: str, rows: np.ndarray) -> np.ndarray:
        """(n,) those of these rows that `by` may be asked whoever has read them, unless somebody does just now."""
        self._expire()
        may = self._may(by)
        for item in (*self._held, *self.state.flagged):
            if item in self.positions:
                may[self.positions[item]] = False
        found: np.ndarray = rows[may[rows]]
        return found

    def _may(self, by: str) -> np.ndarray:
        """(rows,) bool: `by` has neither answered the item nor holds it, and it is not for others alone."""
        seen = self._seen.get(by)
        may = np.ones(len(self._stage), dtype=bool) if seen is None else ~seen
        for item in self._mine.get(by, ()):
            may[self.positions[item]] = False
        if len(self._groups) > 1:
            may &= np.array([not to or by in to for to in self._groups])[self._group]
        return may

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
            number = len({*self.state.labels_of(item), *self._swept_by(item), *self._held.get(item, ())})
            settled = number and item in self.state.settled
            done = settled or item in self.state.flagged or item in self.state.aside
            full = done or number >= self._enough(item, position)
            self._stage[position] = FULL if full else OPEN if number else FRESH

    def _enough(self, item: str, position: int) -> int:
        """How many are to read the item; no more than may."""
        wanted = int(self._wanted[position]) if self._several else self.redundancy
        to = self.state.assigned.get(item)
        return min(wanted, len(to)) if to else wanted


def _grown(array: np.ndarray, rows: int) -> np.ndarray:
    return np.concatenate([array, np.zeros(rows - len(array), dtype=array.dtype)])
