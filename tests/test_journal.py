"""The record: the contract that every journal keeps, and what SQLite on a real disk adds to it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import pytest

import asklearn.journal.sqlite
from asklearn.errors import Conflict, JournalError, SettingError
from asklearn.events import Answered
from asklearn.journal.lock import lock
from asklearn.journal.memory import MemoryJournal
from asklearn.journal.sqlite import Connection, SqliteJournal
from asklearn.testing import DurableJournalContract, JournalContract


def answer(key, label="ham"):
    return Answered(key=str(key), item="a", by="ann", label=label)


def keys(journal, after=0):
    return [event.key for _, event in journal.read(after)]


class TestMemoryJournal(JournalContract):
    def journal(self, folder):
        return MemoryJournal()


class TestSqliteJournal(DurableJournalContract):
    def journal(self, folder):
        return SqliteJournal(folder / "journal.sqlite")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path):
    with closing(SqliteJournal(path)) as journal:
        yield journal


@pytest.mark.parametrize("make", [lambda path: MemoryJournal(), SqliteJournal])
def test_the_last_number_is_cheap_to_know(path, make):
    with closing(make(path)) as journal:
        assert journal.last() == 0
        journal.append([answer(1), answer(2)])
        assert journal.last() == 2


# The file


def test_the_file_is_what_the_design_says(path, journal):
    journal.append([answer(1)])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma journal_mode").fetchone() == ("wal",)
        assert db.execute("select sql from sqlite_master").fetchall() == [
            ("CREATE TABLE event(seq integer primary key, body text)",)
        ]
        [(seq, body)] = db.execute("select seq, body from event")
    assert seq == 1
    assert body.startswith('{"event":"Answered","at":')
    journal.close()
    assert [file.name for file in path.parent.iterdir()] == ["journal.sqlite"]  # the log is folded in


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_the_writer_syncs_as_it_was_told(path, synchronous, level):
    seen = []

    class Watched(Connection):
        def execute(self, sql, *values):
            if sql == "commit":
                seen.extend(super().execute("pragma synchronous"))
            return super().execute(sql, *values)

    with closing(SqliteJournal(path, connect=Watched, synchronous=synchronous)) as journal:
        journal.append([answer(1)])
    assert seen == [(level,)]


def test_a_way_to_sync_that_sqlite_would_not_know_is_refused(path):
    with pytest.raises(SettingError, match="no synchronous='full'; there are 'FULL' and 'NORMAL'"):
        SqliteJournal(path, synchronous="full")
    assert not path.exists()


def test_reading_only_leaves_the_file_alone(path):
    with pytest.raises(JournalError, match="there is no journal at"):
        SqliteJournal(path, writing=False)
    assert not path.exists()
    before = set(threading.enumerate())
    with closing(SqliteJournal(path)) as writer, closing(SqliteJournal(path, writing=False)) as reader:
        writer.append([answer(1)])
        assert keys(reader) == ["1"]
        with pytest.raises(JournalError, match="for reading only: nothing was saved"):
            reader.append([answer(2)])
        writer.append([answer(3)])
        assert keys(reader, after=1) == ["3"]
    assert set(threading.enumerate()) <= before


def test_a_reader_who_went_away_holds_nothing_back(path, journal):
    journal.append([answer(i) for i in range(3000)])
    begun = journal.read()
    next(begun)
    with closing(sqlite3.connect(path)) as db:
        [(busy, left, _)] = db.execute("pragma wal_checkpoint(truncate)")
    assert (busy, left) == (0, 0)


def test_several_threads_read_while_one_writes(journal):
    def read(_):
        seen = 0
        while seen < 500:
            for seq, event in journal.read(seen):
                assert (seq, event.key) == (seen + 1, str(seen))
                seen = seq

    with ThreadPoolExecutor(4) as people:
        reading = [people.submit(read, i) for i in range(4)]
        for i in range(0, 500, 5):
            journal.append([answer(i + j) for j in range(5)])
        for each in reading:
            each.result()


# Group commit


def test_those_who_wait_share_a_transaction_and_one_who_is_refused_is_refused_alone(path):
    gate, commits = threading.Event(), []

    class Gated(Connection):
        """Begins when the gate is open; counts what it commits."""

        def execute(self, sql, *values):
            if sql == "begin immediate":
                assert gate.wait(timeout=60)
            commits.extend([sql] * (sql == "commit"))
            return super().execute(sql, *values)

    with closing(SqliteJournal(path, connect=Gated)) as journal, ThreadPoolExecutor(64) as people:
        first = people.submit(journal.append, [answer("first")])
        while first.running() is False or journal._writer._queue.qsize():
            time.sleep(0.001)  # until the writer has it in hand
        plain = [people.submit(journal.append, [answer(i)]) for i in range(40)]
        bad = [people.submit(journal.append, [answer("bad", float("nan"))]) for _ in range(8)]
        late = [people.submit(journal.append, [answer("late")], 0) for _ in range(8)]
        while journal._writer._queue.qsize() < 40 + 8:  # the bad do not get so far
            time.sleep(0.001)
        gate.set()
        assert first.result() == 1
        assert sorted(each.result() for each in plain) == list(range(2, 42))
        assert [type(each.exception()) for each in bad] == [JournalError] * 8
        assert [type(each.exception()) for each in late] == [Conflict] * 8
        assert sorted(keys(journal)) == sorted(["first", *map(str, range(40))])
    assert len(commits) == 2


# Trouble


def test_another_process_that_writes_is_waited_for(path, journal):
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        timer = threading.Timer(0.3, other.execute, ["commit"])
        timer.start()
        assert journal.append([answer(1)]) == 1
        timer.join()


def test_another_process_that_writes_for_too_long_is_told_of(path, monkeypatch):
    monkeypatch.setattr(asklearn.journal.sqlite, "PATIENCE", 0.1)
    with (
        closing(SqliteJournal(path)) as journal,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("begin immediate")
        with pytest.raises(JournalError, match=r"nothing was saved.*another process is writing") as raised:
            journal.append([answer(1)])
        assert raised.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_BUSY
        assert keys(journal) == []
        other.execute("rollback")
        assert journal.append([answer(2)]) == 1


class Small(Connection):
    """A disk with so many pages of 4 kB."""

    pages = 30

    def __init__(self, path):
        super().__init__(path)
        self.execute(f"pragma max_page_count={self.pages}")


def test_a_full_disk_loses_nothing_and_takes_up_work_when_there_is_room(path, monkeypatch):
    saved = []
    with closing(SqliteJournal(path, connect=Small)) as journal:

        def fill():
            for i in range(100):
                journal.append([answer(f"{i}.{part}", "x" * 1000) for part in range(3)])
                saved.extend(f"{i}.{part}" for part in range(3))

        with pytest.raises(JournalError, match=r"nothing was saved.*disk is full.*make room") as raised:
            fill()
        assert raised.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_FULL
        assert saved == keys(journal)
        with pytest.raises(JournalError, match="nothing was saved"):
            journal.append([answer("still", "x" * 10_000)])
        monkeypatch.setattr(Small, "pages", 1000)
        with pytest.raises(JournalError):  # the connection in use still has its limit
            journal.append([answer("once more", "x" * 10_000)])
        assert journal.append([answer("room", "x" * 10_000)]) == len(saved) + 1
        assert keys(journal) == [*saved, "room"]
        assert journal.check() == []


FILL = """
import pathlib, resource, sys
from asklearn.errors import JournalError
from asklearn.events import Answered
from asklearn.journal.sqlite import SqliteJournal

def fill(journal, name):
    for i in range(10_000):
        try:
            journal.append([Answered(key=f"{name}{i}", item="a", by="ann", label="x" * 5000)])
        except JournalError as error:
            return print(f"error {error}", flush=True)
        print(f"saved {name}{i}", flush=True)
"""

FILE_LIMIT = """
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limit))
journal = SqliteJournal(sys.argv[1])
fill(journal, "a")
fill(journal, "b")
resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, limit))
fill(journal, "c")
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
journal.close()
"""

FULL_DISK = """
folder = pathlib.Path(sys.argv[1]).parent
ballast = folder / "ballast"
ballast.write_bytes(bytes(400_000))
journal = SqliteJournal(folder / "journal.sqlite")
fill(journal, "a")
fill(journal, "b")
ballast.unlink()
fill(journal, "c")
ballast.touch()
journal.close()
for file in folder.glob("journal.sqlite*"):  # with the log: there was no room to fold it in
    pathlib.Path(sys.argv[2], file.name).write_bytes(file.read_bytes())
"""


def filled(command, path):
    """What the child says it saved, its errors; and that the file agrees."""
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    saved = [line.removeprefix("saved ") for line in said if line.startswith("saved ")]
    errors = [line for line in said if line.startswith("error ")]
    with closing(SqliteJournal(path)) as journal:
        assert keys(journal) == saved
        assert journal.check() == []
    assert {key[0] for key in saved} == {"a", "c"}  # b came when there was no room, c when there was again
    return errors


def test_a_write_that_fails_half_way_leaves_nothing_behind(path):
    errors = filled([sys.executable, "-c", FILL + FILE_LIMIT, path], path)
    assert len(errors) == 3
    assert all("nothing was saved" in error and "disk I/O error" in error for error in errors)


def test_a_disk_that_is_really_full(tmp_path, path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=1m none "$0" && exec "$@"', small]
    if shutil.which("unshare") is None or subprocess.run([*mount, "true"], capture_output=True).returncode:
        pytest.skip("a file system of one's own needs unshare(1) and a kernel that lets users have it")
    inside = small / "journal.sqlite"
    errors = filled([*mount, sys.executable, "-c", FILL + FULL_DISK, inside, tmp_path], path)
    assert len(errors) == 3
    assert all("nothing was saved" in error and "make room on the disk" in error for error in errors)


def test_a_folder_that_is_not_there_and_one_that_may_not_be_written(tmp_path):
    with pytest.raises(JournalError, match=r"cannot open .*nowhere.* its folder exists"):
        SqliteJournal(tmp_path / "nowhere" / "journal.sqlite")
    with pytest.raises(JournalError, match=r"cannot open .* its folder exists"):
        SqliteJournal(tmp_path)
    if os.geteuid() != 0:  # root may write everywhere
        tmp_path.chmod(0o500)
        with pytest.raises(JournalError, match="may be written to"):
            SqliteJournal(tmp_path / "journal.sqlite")


@pytest.mark.parametrize("writing", [True, False])
def test_a_file_that_is_something_else(tmp_path, writing):
    text = tmp_path / "letter.txt"
    text.write_text("Dear Ann, " * 1000)
    with pytest.raises(JournalError, match=r"cannot open .*letter\.txt .*this is no journal"):
        SqliteJournal(text, writing=writing)
    assert text.read_text() == "Dear Ann, " * 1000

    other = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(other)) as db:
        db.execute("create table places(name text)")
    with pytest.raises(JournalError, match=r"places\.sqlite is a database without a journal"):
        SqliteJournal(other, writing=writing)


# Looking after it


def test_a_sound_journal_is_found_sound(journal):
    assert journal.check() == []
    journal.append([answer(i) for i in range(100)])
    assert journal.check() == []


def test_what_is_missing_or_unreadable_is_named(path):
    with closing(SqliteJournal(path)) as journal:
        journal.append([answer(i) for i in range(1, 10)])
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("delete from event where seq in (1, 4, 5)")
            db.execute('update event set body = \'{"event":"Ans\' where seq = 7')
            db.execute('update event set body = \'{"event":"Rewritten"}\' where seq = 9')
        first, second, third, fourth = journal.check()
        assert first == "events 1 to 1 are missing"
        assert second == "events 4 to 5 are missing"
        assert third.startswith('event 7: the journal holds \'{"event":"Ans\', which is no event')
        assert fourth.startswith("event 9: the journal holds an event 'Rewritten', which this version")
        with pytest.raises(JournalError, match="which is no event"):
            keys(journal)


def damage(path, *places):
    """Write over these places: (offset, bytes)."""
    with path.open("r+b") as file:
        for offset, data in places:
            file.seek(offset)
            file.write(data)


def test_a_damaged_file_is_found_damaged(path):
    with closing(SqliteJournal(path)) as journal:
        journal.append([answer(i, "x" * 500) for i in range(1000)])
    damage(path, (36, bytes([0, 0, 0, 9])))  # the header now speaks of nine free pages
    with closing(SqliteJournal(path)) as journal:
        [sentence] = journal.check()
        assert sentence.startswith("SQLite says: ")
        assert "reelist" in sentence
        assert len(keys(journal)) == 1000
    damage(path, *((page * 4096, os.urandom(4096)) for page in range(10, 60)))
    with closing(SqliteJournal(path)) as journal:
        assert any("cannot read the whole of" in sentence for sentence in journal.check())
        with pytest.raises(JournalError, match=r"cannot read .*the file is damaged; restore a backup"):
            keys(journal)


def test_a_backup_is_what_was_there_at_one_moment(tmp_path, journal):
    stop = threading.Event()

    def write():
        for i in range(100_000):
            if stop.is_set():
                return
            journal.append([answer(f"{i}.{part}") for part in range(3)])

    with ThreadPoolExecutor(1) as people:
        writing = people.submit(write)
        for n in range(5):
            known = journal.last()
            journal.backup(tmp_path / f"backup-{n}.sqlite")
            with closing(SqliteJournal(tmp_path / f"backup-{n}.sqlite")) as copy:
                there = keys(copy)
                assert len(there) >= known
                assert len(there) % 3 == 0
                assert there == keys(journal)[: len(there)]
                assert copy.check() == []
        stop.set()
        writing.result()


def test_a_backup_never_takes_the_place_of_another_file(tmp_path, journal):
    precious = tmp_path / "thesis.tex"
    precious.write_text("draft")
    with pytest.raises(JournalError, match=r"thesis\.tex exists already"):
        journal.backup(precious)
    assert precious.read_text() == "draft"
    with pytest.raises(JournalError, match=r"no backup was made at .*nowhere"):
        journal.backup(tmp_path / "nowhere" / "copy.sqlite")


# Several processes, and how they end


def child(code, *given, **more):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, given)], stdout=subprocess.PIPE, text=True, **more
    )


def outcome(process, timeout=60):
    said, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0
    return said


COUNT = """
import sys
from contextlib import closing
from asklearn.errors import Conflict
from asklearn.events import Answered
from asklearn.journal.sqlite import SqliteJournal

with closing(SqliteJournal(sys.argv[1])) as journal:
    won = 0
    while won < 40:
        last = journal.last()
        try:
            journal.append([Answered(key=str(last + 1), item="a", by=sys.argv[2], label="ham")], after=last)
            won += 1
        except Conflict:
            continue
"""


def test_processes_open_a_new_file_at_once_and_no_two_win_a_number(path):
    for process in [child(COUNT, path, who) for who in range(4)]:
        outcome(process)
    with closing(SqliteJournal(path)) as journal:
        assert keys(journal) == [str(i) for i in range(1, 161)]
        assert Counter(event.by for _, event in journal.read()) == dict.fromkeys("0123", 40)


WRITE_ON = """
import itertools, os, sys, threading
from asklearn.errors import JournalError
from asklearn.events import Answered
from asklearn.journal.sqlite import SqliteJournal

journal = SqliteJournal(sys.argv[1])

def write(who):
    for turn in itertools.count():
        key = f"{sys.argv[2]}.{who}.{turn}"
        try:
            journal.append([Answered(key=key, item="a", by="ann", label="ham")])
        except JournalError:
            return  # the program ends
        os.write(1, f"{key}\\n".encode())

threads = [threading.Thread(target=write, args=(who,), daemon=True) for who in range(8)]
for thread in threads:
    thread.start()
"""


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_what_was_acknowledged_before_kill_9_is_there_once(path, kills):
    rng = random.Random(0)
    acknowledged = []
    for turn in range(kills):
        with child(WRITE_ON + "threads[0].join()", path, turn) as process:
            acknowledged += islice(map(str.strip, process.stdout), rng.randint(1, 60))
            time.sleep(rng.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    with closing(SqliteJournal(path)) as journal:
        times = Counter(keys(journal))
        assert journal.check() == []
    assert len(acknowledged) > 5 * kills
    assert [key for key in acknowledged if times[key] != 1] == []
    assert max(times.values()) == 1


def test_a_program_that_ends_without_closing_ends_at_once_and_keeps_its_word(path):
    process = child(WRITE_ON + "while journal.last() < 50: pass", path, 0)
    begun = time.monotonic()
    acknowledged = outcome(process).split()
    assert time.monotonic() - begun < 10
    with closing(SqliteJournal(path)) as journal:
        there = keys(journal)
    assert set(acknowledged) <= set(there)
    assert len(there) == len(set(there))
    assert acknowledged


def test_a_forked_child_is_refused_and_does_not_wait_for_ever(path):
    said = outcome(
        child(
            """
import os, sys
from asklearn.errors import JournalError
from asklearn.journal.sqlite import SqliteJournal
journal = SqliteJournal(sys.argv[1])
if os.fork() == 0:
    try:
        journal.append([])
    except JournalError as error:
        os.write(1, str(error).encode())
    os._exit(0)
os.wait()
""",
            path,
        )
    )
    assert said.endswith("is closed: nothing was saved")


# One server at a time

HOLD = """
import sys, time
from asklearn.journal.lock import lock
held = lock(sys.argv[1])
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_server_is_told_who_was_first(tmp_path):
    with child(HOLD, tmp_path) as process:
        assert process.stdout.readline() == "held\n"
        begun = time.monotonic()
        with pytest.raises(JournalError, match=rf"is in use by another process \(pid {process.pid}\)"):
            lock(tmp_path)
        assert time.monotonic() - begun < 5  # half a second on a quiet machine
        process.kill()
    with lock(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_lock_that_was_let_go_can_be_taken(tmp_path):
    first = lock(tmp_path)
    with pytest.raises(JournalError, match=f"pid {os.getpid()}"):
        lock(tmp_path)
    first.close()
    first.close()
    lock(tmp_path).close()
    with pytest.raises(JournalError, match=r"nowhere.*is .* a project folder"):
        lock(tmp_path / "nowhere")
