"""What every journal promises, as tests to inherit:

class TestMyJournal(DurableJournalContract):
    def journal(self, folder):
        return MyJournal(folder / "record")
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from asklearn.errors import AskLearnError, Conflict, JournalError
from asklearn.events import (
    Added,
    Answered,
    Asked,
    Assigned,
    Audited,
    Event,
    Gilded,
    Learned,
    Measured,
    Released,
    Renewed,
    Retracted,
    Settled,
    Stopped,
    Swept,
)
from asklearn.journal import Journal

THREADS = 16

# One of each kind, with what tends to get lost: no value at all, other scripts, long floats, nesting.
EXAMPLES: tuple[Event, ...] = (
    Added(first=0, count=3, source="файл.csv", fingerprint="0a1b"),
    Asked(
        items=("a", "b"),
        by="Ann-Kathrin",
        strategy="mix(spread(margin), share=0.1)",
        lease=120.0,
        batch="7",
        scores=(0.1 + 0.2, None),
        chances=(None, 1e-300),
        model="v1",
        seed=(2**62, 0, 17),
    ),
    Audited(item="b", chance=1 / 3),
    Renewed(items=("a",), by="Ann-Kathrin", lease=0.5),
    Released(items=(), by="Ann-Kathrin", broken_by="نور"),
    Answered(key="k1", item="a", by="Ann-Kathrin", label='"spam"\n\u2028 and \x00', seconds=1.25, seen="v1"),
    Answered(key="k2", item="b", by="نور", label=["x", {"from": 3, "to": [1.5, None, True]}], note="😀"),
    Answered(key="k3", item="c", by="", kind="skip"),
    Retracted(key="k4", of="k1", by="Ann-Kathrin"),
    Swept(key="k5", items=("a", "b"), label=["x", 0.5], by="نور", seconds=0.5, checks=("b",)),
    Settled(key="k6", item="b", label=["x", {"from": 3}], by="نور", note="😀"),
    Learned(version="v2", watermark=7, labels=2, artifact="ab12", kappa=-0.0, metrics={"log_loss": 0.69}),
    Measured(version="v2", labels=2, metric="accuracy", value=0.5, low=0.01, high=0.99, n=2),
    Stopped(rule="budget", reason="200 of 200 labels are given", labels=200),
    Gilded(items=("a", "b"), labels=(["x", 1.5], None), by="نور"),
    Assigned(items=("a",), to=("Ann-Kathrin", "نور"), by="نور"),
)  # fmt: skip


def answer(key: object) -> Answered:
    return Answered(key=str(key), item="a", by="ann", label="ham")


class JournalContract:
    """Inherit, and define `journal`; each test gets an empty folder from pytest (`tmp_path`)."""

    def journal(self, folder: Path) -> Journal:
        """A journal, empty where the folder is; called again with the same folder, it opens it again."""
        raise NotImplementedError(f"{type(self).__name__} must define journal(self, folder)")

    def test_it_has_the_methods_of_a_journal(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            assert isinstance(journal, Journal)

    def test_events_are_numbered_from_one_without_a_gap(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            assert list(journal.read()) == []
            ends = [journal.append([answer(f"{size}.{i}") for i in range(size)]) for size in (1, 3, 0, 2)]
            assert ends == [1, 4, 4, 6]
            assert [seq for seq, _ in journal.read()] == [1, 2, 3, 4, 5, 6]
            assert keys(journal.read()) == ["1.0", "3.0", "3.1", "3.2", "2.0", "2.1"]

    def test_reading_begins_after_the_number_given(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            journal.append([answer(i) for i in range(1, 6)])
            for after in range(7):
                assert keys(journal.read(after)) == [str(i) for i in range(after + 1, 6)]

    def test_every_kind_of_event_comes_back_as_it_was(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            journal.append(EXAMPLES)
            assert tuple(event for _, event in journal.read()) == EXAMPLES

    def test_what_was_written_can_no_longer_be_changed(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            label = ["x"]
            journal.append([Answered(key="k", item="a", by="ann", label=label)])
            label.append("y")
            [(_, read)] = journal.read()
            assert isinstance(read, Answered)
            assert read.label == ["x"]
            read.label.append("z")
            [(_, again)] = journal.read()
            assert isinstance(again, Answered)
            assert again.label == ["x"]

    def test_an_append_that_came_too_late_writes_nothing(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            assert journal.append([answer(1), answer(2)], after=0) == 2
            for after in (0, 1, 3):
                refused(Conflict, journal.append, [answer("late"), answer("too")], after)
                refused(Conflict, journal.append, [], after)
            assert journal.append([answer(3)], after=2) == 3
            assert journal.append([], after=3) == 3
            assert keys(journal.read()) == ["1", "2", "3"]

    def test_an_event_that_cannot_be_stored_takes_its_whole_append_along(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            for label in (float("nan"), {"a", "set"}, "half a pair: \ud800", object()):
                bad = Answered(key="bad", item="a", by="ann", label=label)
                refused(
                    JournalError, lambda bad=bad: journal.append([answer("before"), bad, answer("behind")])
                )
            assert journal.append([answer("good")]) == 1
            assert keys(journal.read()) == ["good"]

    def test_a_reader_does_not_stop_the_writer_nor_lose_its_place(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            journal.append([answer(i) for i in range(2500)])
            slow, left = journal.read(), journal.read(100)
            begun = keys(islice(slow, 1200))
            assert next(left)[0] == 101
            journal.append([answer(2500)])
            assert (begun + keys(slow))[:2500] == [str(i) for i in range(2500)]

    def test_threads_write_side_by_side(self, tmp_path: Path) -> None:
        """An append lies in one piece and ends at the number it returned; each thread's keep their order."""
        with closing(self.journal(tmp_path)) as journal:
            ends: list[list[int]] = [[] for _ in range(THREADS)]

            def write(who: int) -> None:
                for turn in range(20):
                    ends[who].append(
                        journal.append([answer(f"{who}.{turn}.{part}") for part in range(turn % 3 + 1)])
                    )

            together(write)
            found = list(journal.read())
            assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
            assert len(found) == THREADS * sum(turn % 3 + 1 for turn in range(20))
            at = dict(zip(keys(found), range(1, len(found) + 1), strict=True))
            for who in range(THREADS):
                for turn, end in enumerate(ends[who]):
                    size = turn % 3 + 1
                    assert [at[f"{who}.{turn}.{part}"] for part in range(size)] == list(
                        range(end - size + 1, end + 1)
                    )
                assert all(earlier < later for earlier, later in pairwise(ends[who]))

    def test_of_those_who_race_for_a_number_one_wins(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as journal:
            won: list[list[int]] = [[] for _ in range(THREADS)]
            lost: list[int] = []
            line = threading.Barrier(THREADS)

            def race(who: int) -> None:
                for number in range(15):
                    line.wait(timeout=60)
                    try:
                        won[who].append(journal.append([answer(f"{who}.{number}")], after=number))
                    except Conflict:
                        lost.append(number)

            together(race)
            assert sorted(number for numbers in won for number in numbers) == list(range(1, 16))
            assert Counter(lost) == dict.fromkeys(range(15), THREADS - 1)
            winners = {number: f"{who}.{number - 1}" for who, numbers in enumerate(won) for number in numbers}
            assert keys(journal.read()) == [winners[number] for number in range(1, 16)]

    def test_who_reads_on_and_tries_again_gets_through(self, tmp_path: Path) -> None:
        """Reading, deciding and appending `after` what was read: no two decide on the same ground."""
        with closing(self.journal(tmp_path)) as journal:

            def count(who: int) -> None:
                for _ in range(5):
                    while True:
                        seen = keys(journal.read())
                        try:
                            journal.append([answer(len(seen))], after=len(seen))
                            break
                        except Conflict:
                            continue

            together(count)
            assert keys(journal.read()) == [str(i) for i in range(5 * THREADS)]

    def test_a_closed_journal_says_so(self, tmp_path: Path) -> None:
        journal = self.journal(tmp_path)
        journal.append([answer(1), answer(2)])
        reading = journal.read()
        next(reading)
        journal.close()
        journal.close()
        refused(JournalError, journal.append, [answer(3)])
        refused(JournalError, keys, journal.read())


class DurableJournalContract(JournalContract):
    """For a journal that is still there when it is opened again."""

    def test_it_is_still_there_when_opened_again(self, tmp_path: Path) -> None:
        for turn in range(3):
            with closing(self.journal(tmp_path)) as journal:
                assert tuple(event for _, event in journal.read()) == EXAMPLES * turn
                refused(Conflict, journal.append, [], 10**6)
                assert journal.append(EXAMPLES, after=turn * len(EXAMPLES)) == (turn + 1) * len(EXAMPLES)

    def test_two_that_are_open_at_once_see_and_respect_each_other(self, tmp_path: Path) -> None:
        with closing(self.journal(tmp_path)) as one, closing(self.journal(tmp_path)) as other:
            assert one.append([answer(1)], after=0) == 1
            assert keys(other.read()) == ["1"]
            refused(Conflict, other.append, [answer("late")], 0)
            assert other.append([answer(2)], after=1) == 2
            together(lambda who: (one if who % 2 else other).append([answer(f"{who}.")]))
            assert keys(one.read()) == keys(other.read())
            assert [seq for seq, _ in one.read()] == list(range(1, THREADS + 3))

    def test_closing_lets_those_who_wait_be_served(self, tmp_path: Path) -> None:
        """An append that races with `close` is either saved, and says so, or refused, and not there."""
        journal = self.journal(tmp_path)
        saved: list[str] = []
        line = threading.Barrier(THREADS)

        def write(who: int) -> None:
            line.wait(timeout=60)
            for turn in range(50):
                try:
                    journal.append([answer(f"{who}.{turn}")])
                except JournalError:
                    return
                saved.append(f"{who}.{turn}")
                if who == 0 and turn == 5:
                    journal.close()

        together(write)
        with closing(self.journal(tmp_path)) as again:
            assert sorted(keys(again.read())) == sorted(saved)


def keys(events: Iterable[tuple[int, Event]]) -> list[str]:
    return [event.key for _, event in events if isinstance(event, Answered)]


def refused(kind: type[AskLearnError], deed: Callable[..., Any], *given: Any) -> None:
    """Fails unless `deed(*given)` is refused with just this error and a sentence."""
    refusal = None
    try:
        deed(*given)
    except AskLearnError as error:
        refusal = error
    assert type(refusal) is kind, f"{kind.__name__} was due, not {refusal!r}"
    assert len(str(refusal)) > 10, f"{refusal!r} says too little"


def together(deed: Callable[[int], Any]) -> None:
    """Run `deed(0)`, `deed(1)` ... each in its thread, and raise what any of them raised."""
    errors: list[BaseException] = []

    def run(who: int) -> None:
        try:
            deed(who)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(who,)) for who in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns all the time: what is not guarded shows
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]
