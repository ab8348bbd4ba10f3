"""What is true now: a fold over events, nothing else. The same events give the same state, on any machine."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from asklearn.events import (
    Added,
    Answered,
    Asked,
    Audited,
    Event,
    Label,
    Learned,
    Measured,
    Released,
    Renewed,
    Retracted,
    Stopped,
)

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Lease:
    """Who holds an item, since when (event time, seconds since 1970) and for how long (seconds)."""

    by: str
    at: float
    seconds: float


@dataclass
class State:
    """The project as of event number `seq`."""

    seq: int = 0
    rows: int = 0
    first_added: Added | None = None
    # item -> annotator -> the newest answer that decides (label, skip, unsure or flag)
    answers: dict[str, dict[str, Answered]] = field(default_factory=dict)
    history: dict[str, list[Answered]] = field(
        default_factory=dict
    )  # item -> every deciding answer, in order
    # item -> annotator -> lease; whether it has run out is for the clock of the reader to say
    leases: dict[str, dict[str, Lease]] = field(default_factory=dict)
    keys: dict[str, Answered | Retracted] = field(default_factory=dict)
    retracted: set[str] = field(default_factory=set)
    audited: dict[str, float] = field(default_factory=dict)  # item -> its chance when it was drawn
    audited_late: dict[str, int] = field(default_factory=dict)  # item drawn when it had a label -> when (seq)
    said: dict[str, list[Answered]] = field(default_factory=dict)  # annotator -> deciding answers, in order
    flagged: set[str] = field(default_factory=set)
    models: list[Learned] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)  # items drawn at random among what was asked
    judged: set[str] = field(default_factory=set)  # audit items by which choosing was held against drawing
    wins: int = 0  # of them where only the model of chosen labels was right
    losses: int = 0  # and where only that of drawn ones was
    measured: list[Measured] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    asked: int = 0
    asked_last: dict[tuple[str, str], Asked] = field(
        default_factory=dict
    )  # (item, annotator) held -> the asking
    kinds: Counter[str] = field(default_factory=Counter)  # standing answers by kind
    items_labelled: int = 0
    people: Counter[str] = field(default_factory=Counter)  # annotator -> standing answers
    # What the items are told that several people labelled (`spoken`), and how many items are told so; agreement
    # needs no more, and this stays small.
    together: Counter[tuple[str, ...]] = field(default_factory=Counter)
    shared: int = 0  # how often that changed
    seconds: float = 0.0  # people's time, as their answers report it
    # sequence numbers at which a label came, changed or went: how old a model is
    changes: list[int] = field(default_factory=list)

    def apply(self, seq: int, event: Event) -> None:
        """Take in one more event."""
        self.seq = seq
        match event:
            case Added():
                self.first_added = self.first_added or event
                self.rows = max(self.rows, event.first + event.count)
            case Asked():
                self.asked += len(event.items)
                for item in event.items:
                    self.leases.setdefault(item, {})[event.by] = Lease(event.by, event.at, event.lease)
                    self.asked_last[item, event.by] = event
                self.drawn.update(
                    item for item, arm in zip(event.items, event.arms, strict=False) if arm == "random"
                )
            case Renewed():
                for item in event.items:
                    if event.by in self.leases.get(item, {}):
                        self.leases[item][event.by] = Lease(event.by, event.at, event.lease)
            case Released():
                for item in event.items:
                    self._free(item, event.by)
            case Audited() if event.item not in self.audited:
                self.audited[event.item] = event.chance
                if self.labels_of(event.item):
                    self.audited_late[event.item] = seq
                    self.changes.append(seq)  # a label just left the training set
            case Answered():
                self._answered(event)
            case Retracted():
                self._retracted(event)
            case Learned():
                self.models.append(event)
                self.judged.update(event.judged)
                self.wins += event.wins
                self.losses += event.losses
            case Measured():
                self.measured.append(event)
            case Stopped():
                self.stopped.append(event)

    def _free(self, item: str, by: str) -> None:
        held = self.leases.get(item)
        self.asked_last.pop((item, by), None)
        if held is not None and held.pop(by, None) is not None and not held:
            del self.leases[item]

    def _answered(self, event: Answered) -> None:
        self.keys[event.key] = event
        self.seconds += event.seconds or 0.0
        if event.kind == "note":
            return  # a note alone decides nothing
        self.history.setdefault(event.item, []).append(event)
        self.said.setdefault(event.by, []).append(event)
        self._put(event.item, event.by, event)
        self._free(event.item, event.by)

    def _retracted(self, event: Retracted) -> None:
        self.keys[event.key] = event
        self.retracted.add(event.of)
        gone = self.keys.get(event.of)
        if not isinstance(gone, Answered) or self.answers.get(gone.item, {}).get(gone.by) is not gone:
            return
        # What this person said before of the same item counts again.
        before = [a for a in self.history[gone.item] if a.by == gone.by and a.key not in self.retracted]
        self._put(gone.item, gone.by, before[-1] if before else None)

    def _put(self, item: str, by: str, answer: Answered | None) -> None:
        said = self.answers.setdefault(item, {})
        before = self.labels_of(item)
        old = said.pop(by, None)
        if old is not None:
            self.kinds[old.kind] -= 1
            add(self.people, by, -1)
        if answer is not None:
            said[by] = answer
            self.kinds[answer.kind] += 1
            add(self.people, by, 1)
        after = self.labels_of(item)
        self.items_labelled += bool(after) - bool(before)
        self._meet(spoken(before), spoken(after))
        if not said:
            del self.answers[item]
        was = old.label if old is not None and old.kind == "label" else None
        now = answer.label if answer is not None and answer.kind == "label" else None
        if was != now and item not in self.audited:  # what measures a model does not age it
            self.changes.append(self.seq)
        if any(a.kind == "flag" for a in said.values()):
            self.flagged.add(item)
        else:
            self.flagged.discard(item)

    def _meet(self, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        if before != after:
            self.shared += 1
            if before:
                add(self.together, before, -1)
            if after:
                add(self.together, after, 1)

    def labels_of(self, item: str) -> dict[str, Label]:
        """annotator -> label, for those who gave one."""
        return {by: a.label for by, a in self.answers.get(item, {}).items() if a.kind == "label"}

    def labelled(self) -> dict[str, dict[str, Label]]:
        """item -> annotator -> label, in the order in which the items were first answered."""
        return {item: found for item in self.answers if (found := self.labels_of(item))}

    def changed_since(self, seq: int) -> int:
        """How many labels came, changed or went after event number `seq`."""
        return len(self.changes) - bisect_right(self.changes, seq)


def spoken(labels: Mapping[str, Label]) -> tuple[str, ...]:
    """What several people said of one item, written out and sorted; nothing where fewer than two labelled it.

    >>> spoken({"ann": "ham", "bob": "eggs"}), spoken({"ann": "ham"})
    (('eggs', 'ham'), ())
    """
    return tuple(sorted(map(str, labels.values()))) if len(labels) > 1 else ()


def add(counts: Counter[K], name: K, number: int) -> None:
    """Count so many more; what comes to nothing goes."""
    counts[name] += number
    if not counts[name]:
        del counts[name]


def fold(events: Iterable[tuple[int, Event]], state: State | None = None) -> State:
    """The state after these events.

    >>> from asklearn.events import Added, Answered
    >>> said = Answered(key="k", item="a", by="ann", label="ham")
    >>> fold([(1, Added(first=0, count=2)), (2, said)]).labelled()
    {'a': {'ann': 'ham'}}
    """
    state = State() if state is None else state
    for seq, event in events:
        state.apply(seq, event)
    return state
