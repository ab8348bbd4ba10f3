"""What is true now: a fold over events, nothing else. The same events give the same state, on any machine."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from asklearn.canary import Canary
from asklearn.events import (
    Added,
    Answered,
    Asked,
    Assigned,
    Audited,
    Event,
    Gilded,
    Label,
    Learned,
    Measured,
    Released,
    Renewed,
    Retracted,
    Settled,
    Stopped,
    Swept,
)

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Lease:
    """Who holds an item, since when (event time, seconds since 1970) and for how long (seconds)."""

    by: str
    at: float
    seconds: float


@dataclass(frozen=True)
class Timed:
    """How long an answer took, seconds as told."""

    item: str
    by: str
    seconds: float


@dataclass
class Agreed:
    """How many labels were given with the proposal shown and with it hidden by lot, and how many agreed with it."""

    shown: int = 0
    shown_right: int = 0
    hidden: int = 0
    hidden_right: int = 0

    def add(self, answer: Answered, number: int) -> None:
        """One more such label (1), or one that was taken back (-1)."""
        if answer.kind != "label" or answer.proposed is None:
            return
        right = number * (answer.label == answer.proposed)
        if answer.hidden:
            self.hidden += number
            self.hidden_right += right
        elif answer.seen is not None:
            self.shown += number
            self.shown_right += right


TIMED = 2000  # answers whose seconds are remembered one by one


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
    keys: dict[str, Answered | Retracted | Settled | Swept] = field(default_factory=dict)
    retracted: set[str] = field(default_factory=set)
    audited: dict[str, float] = field(default_factory=dict)  # item -> its chance when it was drawn
    examined: int = 0  # how often what audit items tell may have changed
    audited_late: dict[str, int] = field(default_factory=dict)  # item drawn when it had a label -> when (seq)
    said: dict[str, list[Answered]] = field(default_factory=dict)  # annotator -> deciding answers, in order
    flagged: set[str] = field(default_factory=set)  # somebody says that something is wrong with it
    notes: dict[str, list[Answered]] = field(default_factory=dict)  # item -> answers with a note, in order
    settled: dict[str, Settled] = field(default_factory=dict)  # item -> what a reviewer decided last
    settlings: dict[str, list[Settled]] = field(default_factory=dict)  # item -> every such decision, in order
    gold: dict[str, Label] = field(default_factory=dict)  # item -> its known answer
    gilt: int = 0  # how often an answer was said to be known, or not to be
    aside: set[str] = field(default_factory=set)  # gold and nothing else: neither trains nor measures
    assigned: dict[str, tuple[str, ...]] = field(default_factory=dict)  # item -> who alone is asked
    asked_at: dict[str, int] = field(default_factory=dict)  # annotator -> when they were asked last (seq)
    models: list[Learned] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)  # items drawn at random among what was asked
    judged: set[str] = field(default_factory=set)  # audit items by which choosing was held against drawing
    wins: int = 0  # of them where only the model of chosen labels was right
    losses: int = 0  # and where only that of drawn ones was
    measured: list[Measured] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    asked: int = 0
    askings: int = 0  # how often anybody was asked, whatever was asked at once
    asked_last: dict[tuple[str, str], Asked] = field(
        default_factory=dict
    )  # (item, annotator) held -> the asking
    kinds: Counter[str] = field(default_factory=Counter)  # standing answers by kind
    items_labelled: int = 0
    people: Counter[str] = field(default_factory=Counter)  # annotator -> standing answers
    # item -> every bulk label put on it, in order, also those taken back
    swept: dict[str, list[Swept]] = field(default_factory=dict)
    acts: dict[str, list[Swept]] = field(default_factory=dict)  # annotator -> bulk acts, in order
    bulk: dict[str, None] = field(default_factory=dict)  # items with bulk labels and no other, in order
    checks: dict[str, None] = field(default_factory=dict)  # swept items that are still to be asked singly
    # What the items are told that several people labelled (`spoken`), and how many items are told so; agreement
    # needs no more, and this stays small.
    together: Counter[tuple[str, ...]] = field(default_factory=Counter)
    shared: int = 0  # how often that changed
    seconds: float = 0.0  # people's time, as their answers report it
    # sequence numbers at which a label came, changed or went: how old a model is
    changes: list[int] = field(default_factory=list)
    timed: deque[Timed] = field(default_factory=lambda: deque(maxlen=TIMED))  # the newest
    # (hour since 1970, annotator) -> answers given then, also those taken back since
    hours: Counter[tuple[int, str]] = field(default_factory=Counter)
    seconds_of: dict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # annotator -> their time
    spent: list[float] = field(default_factory=list)  # seconds up to each of `measured`
    agreed: Agreed = field(default_factory=Agreed)  # with proposals, seen and unseen
    canary: Canary = field(default_factory=Canary)  # whether what is asked follows the score

    def apply(self, seq: int, event: Event) -> None:
        """Take in one more event."""
        self.seq = seq
        match event:
            case Added():
                self.first_added = self.first_added or event
                self.rows = max(self.rows, event.first + event.count)
            case Asked():
                self.asked += len(event.items)
                self.askings += 1
                self.asked_at[event.by] = seq
                self.canary.asked(event, self.answers, self.leases)
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
                self.canary.pending += 1
                self.audited[event.item] = event.chance
                self.examined += 1
                if self.votes_of(event.item):
                    self.audited_late[event.item] = seq
                    self.changes.append(seq)  # a label just left the training set
            case Gilded():
                for item, label in zip(event.items, event.labels, strict=True):
                    self._gild(item, label)
            case Assigned():
                for item in event.items:
                    if event.to:
                        self.assigned[item] = event.to
                    else:
                        self.assigned.pop(item, None)
            case Answered():
                self._answered(event)
            case Retracted():
                self._retracted(event)
            case Swept():
                self._swept(event)
            case Settled():
                self.keys[event.key] = event
                self.settlings.setdefault(event.item, []).append(event)
                self._settle(event.item)
            case Learned():
                self.models.append(event)
                self.canary.learned(event)
                self.judged.update(event.judged)
                self.wins += event.wins
                self.losses += event.losses
            case Measured():
                self.measured.append(event)
                self.spent.append(self.seconds)
            case Stopped():
                self.stopped.append(event)

    def _free(self, item: str, by: str) -> None:
        held = self.leases.get(item)
        self.asked_last.pop((item, by), None)
        if held is not None and held.pop(by, None) is not None and not held:
            del self.leases[item]

    def _gild(self, item: str, label: Label) -> None:
        said = self.labels_of(item)
        self.gilt += 1
        if label is not None:
            if item not in self.gold and item not in self.audited and not said:
                self.aside.add(item)
            self.gold[item] = label
        elif self.gold.pop(item, None) is not None and item in self.aside:
            self.aside.discard(item)
            self._meet((), spoken(said))
            if said:
                self.changes.append(self.seq)  # they train from here on

    def _answered(self, event: Answered) -> None:
        self.keys[event.key] = event
        self.seconds += event.seconds or 0.0
        if event.note:
            self.notes.setdefault(event.item, []).append(event)
        if event.kind == "note":
            return  # a note alone decides nothing
        self.agreed.add(event, 1)
        self.hours[int(event.at // 3600), event.by] += 1
        self.seconds_of[event.by] += event.seconds or 0.0
        if event.seconds:
            self.timed.append(Timed(event.item, event.by, event.seconds))
        self.history.setdefault(event.item, []).append(event)
        self.said.setdefault(event.by, []).append(event)
        self._put(event.item, event.by, event)
        self._free(event.item, event.by)
        self.checks.pop(event.item, None)

    def _swept(self, event: Swept) -> None:
        self.keys[event.key] = event
        self.seconds += event.seconds or 0.0
        self.checks.update(dict.fromkeys(event.checks))
        self.acts.setdefault(event.by, []).append(event)
        for item in event.items:
            self.swept.setdefault(item, []).append(event)
            self._free(item, event.by)
        self._weigh(event)

    def _weigh(self, event: Swept) -> None:
        """A bulk label came or went: which of its items have no other now."""
        for item in event.items:
            self._sort(item)
            if item not in self.audited and item not in self.aside and not self.labels_of(item):
                self.changes.append(self.seq)

    def _sort(self, item: str) -> None:
        if self.weak_of(item) and not self.labels_of(item):
            self.bulk[item] = None
        else:
            self.bulk.pop(item, None)

    def _retracted(self, event: Retracted) -> None:
        self.keys[event.key] = event
        gone = self.keys.get(event.of)
        if isinstance(gone, Answered) and event.of not in self.retracted:
            self.agreed.add(gone, -1)
        self.retracted.add(event.of)
        if isinstance(gone, Swept):
            self._weigh(gone)
            return
        if isinstance(gone, Settled):
            self._settle(gone.item)
            return
        if not isinstance(gone, Answered) or self.answers.get(gone.item, {}).get(gone.by) is not gone:
            return
        # What this person said before of the same item counts again.
        before = [a for a in self.history[gone.item] if a.by == gone.by and a.key not in self.retracted]
        self._put(gone.item, gone.by, before[-1] if before else None)

    def _put(self, item: str, by: str, answer: Answered | None) -> None:
        said = self.answers.setdefault(item, {})
        self.examined += item in self.audited
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
        self.items_labelled += bool(after) - bool(
            before
        )  # of gold ones too: a count must not tell which they are
        if item not in self.aside:
            self._meet(spoken(before), spoken(after))
        if item in self.swept:
            self._sort(item)
        if not said:
            del self.answers[item]
        was = old.label if old is not None and old.kind == "label" else None
        now = answer.label if answer is not None and answer.kind == "label" else None
        # What measures a model, or people, does not age it.
        if was != now and item not in self.audited and item not in self.aside:
            self.changes.append(self.seq)
        self._flag(item)

    def _flag(self, item: str) -> None:
        flags = any(a.kind == "flag" for a in self.answers.get(item, {}).values())
        if flags and item not in self.settled:
            self.flagged.add(item)
        else:
            self.flagged.discard(item)

    def _settle(self, item: str) -> None:
        """A reviewer's decision came or went: the last that stands counts."""
        before = self.settled.pop(item, None)
        self.examined += item in self.audited
        standing = [s for s in self.settlings[item] if s.key not in self.retracted]
        if standing:
            self.settled[item] = standing[-1]
        if self.settled.get(item) is not before and item not in self.audited and item not in self.aside:
            self.changes.append(self.seq)
        self._flag(item)

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

    def weak_of(self, item: str) -> dict[str, Label]:
        """annotator -> label, for those whose bulk label on it stands."""
        return {s.by: s.label for s in self.swept.get(item, ()) if s.key not in self.retracted}

    def votes_of(self, item: str) -> dict[str, Label]:
        """annotator -> label: of those who answered it singly, or where nobody did, in bulk."""
        return self.labels_of(item) or self.weak_of(item)

    def labelled(self) -> dict[str, dict[str, Label]]:
        """item -> annotator -> label, in the order in which the items were first answered; none that are only gold."""
        return {
            item: found for item in self.answers if item not in self.aside and (found := self.labels_of(item))
        }

    def changed_since(self, seq: int) -> int:
        """How many labels came, changed or went after event number `seq`."""
        return len(self.changes) - bisect_right(self.changes, seq)


def spoken(labels: Mapping[str, Label]) -> tuple[str, ...]:
    """What several people said of one item, written out and sorted; nothing where fewer than two labelled it.

    >>> spoken({"ann": "ham", "bob": "eggs"}), spoken({"ann": "ham"})
    (('eggs', 'ham'), ())
    """
    return tuple(sorted(map(written, labels.values()))) if len(labels) > 1 else ()


def written(label: Label) -> str:
    """A label as a task's `parse` reads it.

    >>> written("ham"), written(["a", "b"])
    ('ham', '["a", "b"]')
    """
    return json.dumps(label, ensure_ascii=False) if isinstance(label, list | dict) else str(label)


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
