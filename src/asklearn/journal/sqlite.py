"""The record in one SQLite file: durable when `append` returns, readable with any SQLite tool."""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from asklearn.errors import Conflict, JournalError, SettingError
from asklearn.events import Event, decode, encode

GROUP = 512  # requests in one transaction, at most
PAGE = 1000  # events fetched at once when reading
FAR = 2**63 - 1  # the largest number that SQLite knows
PATIENCE = 5.0  # seconds to wait for another process that is writing

LAST = "select coalesce(max(seq), 0) from event"


class Connection(sqlite3.Connection):
    """SQLite as the journal uses it: no transaction but the ones spelled out, one thread at a time."""

    Error = sqlite3.Error

    def __init__(self, path: str) -> None:
        super().__init__(path, isolation_level=None, check_same_thread=False)


class SqliteJournal:
    """A journal in a file, with one table `event(seq integer primary key, body text)`.

    Any number of threads and processes may read and write at a time; `writing=False` only reads.
    `synchronous="NORMAL"` is for tests: a power cut then takes what was acknowledged. `connect(path)` makes
    the connections: a class used like `sqlite3.Connection`, its errors at `Error` (PEP 249). Nobody may open
    the file without SQLite in the same process: closing it again would drop SQLite's locks.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        connect: Any = Connection,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        writing: bool = True,
    ) -> None:
        self.path = Path(path)
        self._connect = connect
        if synchronous not in ("FULL", "NORMAL"):  # SQLite would take any other word for OFF
            raise SettingError(f"there is no synchronous={synchronous!r}; there are 'FULL' and 'NORMAL'")
        if not writing and not self.path.is_file():
            raise JournalError(f"there is no journal at {self.path}")
        # Stays open as long as the journal does: while any connection is open, SQLite remembers how far the
        # log was committed, so that a transaction that failed on the disk cannot come back from the log.
        try:
            self._reader = _open(connect, self.path, synchronous if writing else None)
        except connect.Error as error:
            raise _failure("cannot open", self.path, error) from error
        self._reading = threading.Lock()
        self._closed = False
        self._writer = _Writer(connect, self.path, synchronous) if writing else None

    def read(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The events with a number above `after`, in order, each with its number."""
        page = "select seq, body from event where seq > ? order by seq limit ?"
        while rows := self._fetch(page, min(after, FAR), PAGE):
            for seq, body in rows:
                yield seq, decode(body)
            after = rows[-1][0]

    def append(self, events: Sequence[Event], after: int | None = None) -> int:
        """Write all of them or none, durably; the number of the last event then.

        Raises `Conflict` unless the journal ends at `after`, `JournalError` when it cannot be written.
        """
        if self._writer is None:
            raise JournalError(f"{self.path} was opened for reading only: nothing was saved")
        return self._writer.write([encode(event) for event in events], after)

    def last(self) -> int:
        """The number of the last event, 0 before the first; cheap."""
        [(last,)] = self._fetch(LAST)
        return int(last)

    def backup(self, path: str | Path) -> None:
        """Copy the journal as it is at this moment to `path`, a new file; others go on writing."""
        target, part = Path(path), Path(f"{path}.part")
        if target.exists():
            raise JournalError(f"{target} exists already: name a new file for the backup")
        part.unlink(missing_ok=True)
        try:
            with closing(self._connect(str(self.path))) as source, closing(self._connect(str(part))) as copy:
                source.backup(copy)
            _sync(part)
            part.rename(target)
            _sync(target.parent)
        except (self._connect.Error, OSError) as error:
            raise _failure("no backup was made at", target, error) from error
        finally:
            part.unlink(missing_ok=True)

    def check(self) -> list[str]:
        """What is wrong with the file, a sentence each; empty when it is sound."""
        wrong: list[str] = []
        try:
            with closing(_open(self._connect, self.path, None)) as db:
                wrong += (f"SQLite says: {line}" for (line,) in db.execute("pragma integrity_check"))
                wrong += _wrong(db.execute("select seq, body from event order by seq"))
        except self._connect.Error as error:
            wrong.append(str(_failure("cannot read the whole of", self.path, error)))
        return [sentence for sentence in wrong if sentence != "SQLite says: ok"]

    def close(self) -> None:
        """Save what waits, then let go of the file; closing twice is fine."""
        if self._writer is not None:
            self._writer.close()
        with self._reading:
            self._closed = True
            self._reader.close()

    def _fetch(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        # All rows at once: a statement left half-way would keep the log from being cleared.
        with self._reading:
            if self._closed:
                raise JournalError(f"{self.path} is closed")
            try:
                return list(self._reader.execute(query, values))
            except self._connect.Error as error:
                raise _failure("cannot read", self.path, error) from error


@dataclass(frozen=True)
class _Request:
    bodies: list[str]
    after: int | None
    number: Future[int] = field(default_factory=Future)  # of the last event, once it is safe


class _Writer:
    """A thread that saves all that waits as one transaction, again and again: many people share one fsync."""

    def __init__(self, connect: Any, path: Path, synchronous: str) -> None:
        self._connect, self._path, self._synchronous = connect, path, synchronous
        self._db: Any = None  # the thread's own; opened when first needed, and anew after a failure
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._door = threading.Lock()  # nobody gets in behind the None that ends the queue
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=f"writes {path}", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, bodies: list[str], after: int | None) -> int:
        request = _Request(bodies, after)
        with self._door:
            # A forked child has the queue but no thread: it would wait for ever.
            if self._closed or not self._thread.is_alive():
                raise JournalError(f"{self._path} is closed: nothing was saved")
            self._queue.put(request)
        return request.number.result()

    def close(self) -> None:
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        atexit.unregister(self.close)

    def _serve(self) -> None:
        group: list[_Request | None] = []
        while None not in group:
            group = [self._queue.get()]
            group += [self._queue.get() for _ in range(min(self._queue.qsize(), GROUP - 1))]
            if requests := [request for request in group if request is not None]:
                self._settle(requests)
        self._drop()

    def _settle(self, group: list[_Request]) -> None:
        """Save the group in one transaction and tell everyone in it how it went."""
        results: Sequence[int | BaseException]
        last = None
        try:
            last = self._begin()
            rows, results = _number(group, last)
            self._db.executemany("insert into event(seq, body) values (?, ?)", rows)
            self._db.execute("commit")
        except self._connect.Error as error:
            fate = self._fate(last)
            results = [_failure(fate, self._path, error) for _ in group]
        except BaseException as error:  # whatever it is, it belongs to those who wait
            self._drop()
            results = [error] * len(group)
        for request, result in zip(group, results, strict=True):
            if isinstance(result, BaseException):
                request.number.set_exception(result)
            else:
                request.number.set_result(result)

    def _begin(self) -> int:
        """Start a transaction; the number of the last event."""
        if self._db is None:
            self._db = _open(self._connect, self._path, self._synchronous)
        self._db.execute("begin immediate")
        [(last,)] = self._db.execute(LAST)
        return int(last)

    def _fate(self, before: int | None) -> str:
        """What became of a transaction that failed: looked up in the file, through a new connection.

        The old one is never asked to sync again: after a failed fsync a second one may succeed without the
        data being on the disk.
        """
        self._drop()
        if before is None:
            return "nothing was saved in"
        try:
            self._db = _open(self._connect, self._path, self._synchronous)
            [(last,)] = self._db.execute(LAST)
        except (self._connect.Error, JournalError):
            last = None
        return "nothing was saved in" if last == before else "it is uncertain whether this was saved in"

    def _drop(self) -> None:
        if self._db is not None:
            with suppress(self._connect.Error):  # often SQLite has rolled back by itself
                self._db.execute("rollback")
            self._db.close()
            self._db = None


def _number(group: Sequence[_Request], last: int) -> tuple[list[tuple[int, str]], list[int | Conflict]]:
    """The rows to write after number `last`, and what each request hears when they are written."""
    rows: list[tuple[int, str]] = []
    results: list[int | Conflict] = []
    for request in group:
        if request.after not in (None, last):
            results.append(
                Conflict(f"the journal ends at {last}, not at {request.after}: read on, then decide again")
            )
            continue
        rows += enumerate(request.bodies, last + 1)
        last += len(request.bodies)
        results.append(last)
    return rows, results


def _open(connect: Any, path: Path, synchronous: str | None) -> Any:
    """A connection to the journal at `path`, made if need be; `synchronous` None is for reading only."""
    db = connect(str(path))
    try:
        db.execute(f"pragma busy_timeout={PATIENCE * 1000:.0f}")
        db.execute("pragma trusted_schema=off")
        tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
        if "event" not in tables and (tables or synchronous is None):
            raise JournalError(f"{path} is a database without a journal in it: name another file")
        if synchronous is None:
            db.execute("pragma query_only=on")
            return db
        [(mode,)] = db.execute("pragma journal_mode=wal")
        if mode != "wal":
            raise JournalError(
                f"{path} cannot have a write-ahead log: is it on a network drive? use a local one"
            )
        db.execute(f"pragma synchronous={synchronous}")
        db.execute("create table if not exists event(seq integer primary key, body text)")
        return db
    except BaseException:
        db.close()
        raise


def _wrong(rows: Iterable[tuple[int, str]]) -> Iterator[str]:
    """What is wrong with these events."""
    expected = 1
    for seq, body in rows:
        if seq != expected:
            yield f"events {expected} to {seq - 1} are missing"
        expected = seq + 1
        try:
            decode(body)
        except JournalError as error:
            yield f"event {seq}: {error}"


def _sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


ADVICE = {
    sqlite3.SQLITE_FULL: "make room on the disk, then try again",
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again in a moment",
    sqlite3.SQLITE_CANTOPEN: "see that its folder exists and may be written to",
    sqlite3.SQLITE_READONLY: "see that it and its folder may be written to",
    sqlite3.SQLITE_NOTADB: "this is no journal; name another file or restore a backup",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a backup",
}


def _failure(what: str, path: Path, error: Exception) -> JournalError:
    """What did not work, with which file, why, and what to do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest details
    failure = JournalError(f"{what} {path} ({error}): {ADVICE.get(code, 'see to the disk, then try again')}")
    failure.__cause__ = error
    return failure
