"""The power goes: nothing acknowledged is lost, whatever the disk did with writes it was not told to sync.

A disk in memory stands between SQLite and the file system. It remembers what was written to each file since
that file was last synced; at the cut, each such write survives or not, as a real disk may have it.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from asklearn.errors import JournalError
from asklearn.events import Answered
from asklearn.journal.sqlite import SqliteJournal

SECTOR = 512  # bytes that a disk writes whole or not at all
WRITERS = 4

Change = tuple[int, bytes | None]  # bytes written at an offset, or (with None) cut off there


def changed(content: bytearray, changes: list[Change]) -> bytearray:
    for offset, data in changes:
        if data is None:
            del content[offset:]
        else:
            content.extend(bytes(max(0, offset + len(data) - len(content))))
            content[offset : offset + len(data)] = data
    return content


# What a disk may have done with the writes it was not told to sync, from nothing to half of everything.


def none_of(changes: list[Change], rng: random.Random) -> list[Change]:
    return []


def first_of(changes: list[Change], rng: random.Random) -> list[Change]:
    return changes[: rng.randint(0, len(changes))]


def some_of(changes: list[Change], rng: random.Random) -> list[Change]:
    return [change for change in changes if rng.random() < 0.5]


def sectors_of(changes: list[Change], rng: random.Random) -> list[Change]:
    """Some of the sectors that each write touches."""
    torn = []
    for offset, data in changes:
        if data is None:
            torn += some_of([(offset, None)], rng)
            continue
        end = offset + len(data)
        starts = [offset, *range(offset - offset % SECTOR + SECTOR, end, SECTOR)]
        pieces = zip(starts, [*starts[1:], end], strict=True)
        torn += some_of([(start, data[start - offset : stop - offset]) for start, stop in pieces], rng)
    return torn


@dataclass
class Disk:
    """Loses power at its `fuse`-th write or sync; what is then on it is for `survivors` to say."""

    fuse: int
    synced: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Change]] = field(default_factory=dict)
    busy: threading.Lock = field(default_factory=threading.Lock)

    def write(self, path: str, change: Change) -> None:
        with self.busy:
            self.need_power()
            self.pending.setdefault(path, []).append(change)
            self.burn()

    def sync(self, path: str) -> None:
        with self.busy:
            self.need_power()
            self.burn()  # a cut in here comes before the data is safe
            changed(self.synced.setdefault(path, bytearray()), self.pending.pop(path, []))

    def delete(self, path: str) -> None:
        with self.busy:
            self.need_power()
            self.synced.pop(path, None)
            self.pending.pop(path, None)

    def need_power(self) -> None:
        if self.fuse == 0:
            raise apsw.IOError("the power is off")

    def burn(self) -> None:
        self.fuse -= 1
        self.need_power()

    def survivors(self, keep, rng: random.Random) -> dict[str, bytes]:
        names = sorted(self.synced.keys() | self.pending.keys())
        return {
            name: bytes(changed(bytearray(self.synced.get(name, b"")), keep(self.pending.get(name, []), rng)))
            for name in names
        }


class Driver(apsw.VFS):
    """Files of the ordinary kind, every change to which the disk hears of first."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        self.name = name
        super().__init__(name, "")

    def xOpen(self, name, flags):
        return File(name, flags, self.disk)

    def xDelete(self, name, syncdir):
        self.disk.delete(name)
        super().xDelete(name, syncdir)


class File(apsw.VFSFile):
    def __init__(self, name, flags, disk: Disk) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xWrite(self, data, offset):
        self.disk.write(self.path, (offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):
        self.disk.write(self.path, (size, None))
        super().xTruncate(size)

    def xSync(self, flags):
        self.disk.sync(self.path)  # and not the real one, which would take its time

    def xRead(self, amount, offset):
        self.disk.need_power()
        return super().xRead(amount, offset)


@dataclass
class Outcome:
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list)


def cut(folder: Path, seed: int, synchronous: str) -> Outcome:
    """Several people write until the power goes; then the file is opened by ordinary means."""
    rng = random.Random(seed)
    disk = Disk(fuse=rng.choice([rng.randint(1, 40), *(rng.randint(40, 400) for _ in range(3))]))
    keep = rng.choice([none_of, first_of, some_of, sectors_of])
    pages = rng.choice([4, 10, 100, 1000])  # written back to the database when the log is this long
    turns = 4 if seed % 4 == 0 else 10_000  # with few, the cut comes while closing, or when all is done

    before = folder / f"before-{seed}"
    before.mkdir()
    acknowledged: list[str] = []

    def write(who: int) -> None:
        with suppress(JournalError):
            for turn in range(turns):
                journal.append([answer(f"{who}.{turn}", turn)])
                acknowledged.append(f"{who}.{turn}")

    with connecting(disk, pages) as connect, suppress(JournalError):  # the power may go before it is open
        journal = SqliteJournal(before / "journal.sqlite", connect=connect, synchronous=synchronous)
        with closing(journal):
            together(write)
    return inspect(restored(folder / f"after-{seed}", disk.survivors(keep, rng)), acknowledged)


def answer(key: str, size: int = 0) -> Answered:
    return Answered(key=key, item="a" * (size % 7) * 100, by="ann", label="ham")


def together(write: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=write, args=(who,)) for who in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def connecting(disk: Disk, pages: int) -> Iterator[type[apsw.Connection]]:
    """What opens files on the disk, written back to the database whenever the log has so many pages."""
    driver = Driver(f"disk {id(disk)}", disk)

    class Connection(apsw.Connection):
        Error = apsw.Error

        def __init__(self, path: str) -> None:
            super().__init__(path, vfs=driver.name)
            self.execute(f"pragma wal_autocheckpoint={pages}")

        def close(self) -> None:  # as sqlite3 does, without a word
            with suppress(apsw.Error):
                super().close()

    yield Connection
    driver.unregister()


def restored(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)
    return folder / "journal.sqlite"


def inspect(path: Path, acknowledged: list[str]) -> Outcome:
    with closing(SqliteJournal(path)) as journal:
        found = Counter(event.key for _, event in journal.read())
        lost = sum(key not in found for key in acknowledged)
        doubled = sum(times - 1 for times in found.values())
        wrong = journal.check()
        if journal.append([answer("after")]) != found.total() + 1:
            wrong.append("the journal does not go on where it ended")
    return Outcome(len(acknowledged), lost, doubled, wrong)


def cuts(folder: Path, seeds: range, synchronous: str) -> Outcome:
    total = Outcome()
    for seed in seeds:
        one = cut(folder, seed, synchronous)
        total.acknowledged += one.acknowledged
        total.lost += one.lost
        total.doubled += one.doubled
        total.wrong += [f"cut {seed}: {sentence}" for sentence in one.wrong]
    print(f"{len(seeds)} cuts, {synchronous}: {total}")
    return total


@pytest.mark.parametrize("n", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost_when_the_power_goes(tmp_path, n):
    total = cuts(tmp_path, range(n), "FULL")
    assert total.acknowledged > 5 * n
    assert total == Outcome(total.acknowledged, lost=0, doubled=0, wrong=[])


@pytest.mark.parametrize("n", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_this_test_can_see_a_journal_that_does_not_sync(tmp_path, n):
    total = cuts(tmp_path, range(n), "NORMAL")
    assert total.lost > n
    assert total == Outcome(total.acknowledged, total.lost, doubled=0, wrong=[])


@dataclass
class Failing(Disk):
    """Now and then a write or a sync fails. After a failed sync the system forgets what it did not write:
    a second sync would succeed, and the data still not be there."""

    rate: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def write(self, path: str, change: Change) -> None:
        self.try_its_luck()
        super().write(path, change)

    def sync(self, path: str) -> None:
        try:
            self.try_its_luck()
        except apsw.IOError:
            self.pending.pop(path, None)
            raise
        super().sync(path)

    def try_its_luck(self) -> None:
        if self.rng.random() < self.rate:
            raise apsw.IOError("a bad sector")


@pytest.mark.parametrize("pages", [4, 1000])
def test_on_a_failing_disk_every_answer_is_true(tmp_path, pages):
    """What it called saved is there, what it called not saved is not; now, and after the power went."""
    disk = Failing(fuse=-1)
    saved, refused = [], {}

    def write(who: int) -> None:
        for turn in range(100):
            key = f"{who}.{turn}"
            try:
                journal.append([answer(key, turn)])
                saved.append(key)
            except JournalError as error:
                refused[key] = str(error)

    (tmp_path / "before").mkdir()
    with (
        connecting(disk, pages) as connect,
        closing(SqliteJournal(tmp_path / "before" / "journal.sqlite", connect=connect)) as journal,
    ):
        journal.append([answer("first")])
        disk.rate = 0.03
        together(write)
        disk.rate = 0.0
        there = [event.key for _, event in journal.read()]
        files = disk.survivors(none_of, disk.rng)
    print(f"{len(saved)} saved, {len(refused)} refused")
    unsure = {key for key, sentence in refused.items() if "nothing was saved" not in sentence}
    assert set(saved) <= set(there) <= {"first", *saved, *unsure}
    assert len(there) == len(set(there))
    assert len(unsure) < len(refused) / 2
    assert len(saved) > 100
    assert len(refused) > 10
    after = inspect(restored(tmp_path / "after", files), saved)
    assert after == Outcome(len(saved), lost=0, doubled=0, wrong=[])
