"""Decisions become events: all or nothing, once, whoever else is writing."""

from __future__ import annotations

import threading

import pytest

from asklearn.errors import AnswerError, JournalError
from asklearn.events import Added, Answered
from asklearn.journal.memory import MemoryJournal
from asklearn.record import Record


def fact(key, item="a"):
    return Answered(key=key, item=item, by="ann", label="x")


def record(journal=None):
    return Record(journal or MemoryJournal(), {"a": 0, "b": 1}, redundancy=1)


def test_a_decision_sees_the_state_and_its_events_are_applied():
    desk = record()
    assert desk.transact(lambda: ([fact("k")], desk.state.seq)) == 0
    assert desk.transact(lambda: ([], desk.state.seq)) == 1
    assert list(desk.state.keys) == ["k"]


def test_what_another_process_wrote_is_seen_before_deciding():
    journal = MemoryJournal()
    one, other = record(journal), record(journal)
    one.transact(lambda: ([fact("k1")], None))
    other.transact(lambda: ([fact("k2")], None))
    assert one.transact(lambda: ([], list(one.state.keys))) == ["k1", "k2"]


class Interrupted(MemoryJournal):
    """A journal to which somebody else writes in the moment before each of the first appends."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def append(self, events, after=None):
        if self.times:
            self.times -= 1
            super().append([Added(first=0, count=self.times + 1)])
        return super().append(events, after)


def test_when_somebody_was_faster_the_decision_is_made_again():
    desk = record(Interrupted(3))
    seen = []

    def decide():
        seen.append(desk.state.seq)
        return [fact("k")], desk.state.seq

    assert desk.transact(decide) == 3
    assert seen == [0, 1, 2, 3]
    assert [type(e).__name__ for _, e in desk.journal.read()] == ["Added"] * 3 + ["Answered"]


def test_one_refused_decision_does_not_hurt_its_neighbours():
    desk = record()

    def refuse():
        raise AnswerError("no")

    def shout():
        raise ZeroDivisionError

    with pytest.raises(AnswerError):
        desk.transact(refuse)
    with pytest.raises(ZeroDivisionError):
        desk.transact(shout)
    desk.transact(lambda: ([fact("k")], None))
    assert len(list(desk.journal.read())) == 1


class Full(MemoryJournal):
    """A journal on a disk that is full for a while."""

    full = False

    def append(self, events, after=None):
        if self.full:
            raise JournalError("the disk is full: nothing was saved")
        return super().append(events, after)


def test_a_failed_write_is_heard_by_its_caller_and_forgotten_by_the_state():
    desk = record(Full())
    desk.transact(lambda: ([fact("k1")], None))
    desk.journal.full = True
    with pytest.raises(JournalError, match="disk is full"):
        desk.transact(lambda: ([fact("k2", "b")], None))
    assert list(desk.state.keys) == ["k1"]
    assert desk.transact(lambda: ([], "reading goes on")) == "reading goes on"
    desk.journal.full = False
    desk.transact(lambda: ([fact("k2", "b")], None))
    assert list(desk.state.keys) == ["k1", "k2"]


def test_many_threads_share_transactions_and_nothing_is_lost():
    class Counting(MemoryJournal):
        appends = 0

        def append(self, events, after=None):
            self.appends += 1
            return super().append(events, after)

    desk = record(Counting())
    hold = desk.turn
    hold.acquire()  # while one is busy the others queue up
    threads = [
        threading.Thread(target=lambda i=i: desk.transact(lambda: ([fact(f"k{i}")], None))) for i in range(30)
    ]
    for thread in threads:
        thread.start()
    while len(desk._waiting) < 30:
        pass
    hold.release()
    for thread in threads:
        thread.join()
    assert len(desk.state.keys) == 30
    assert desk.journal.appends == 1
