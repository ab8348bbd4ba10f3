"""The pool of a project folder: rows in one SQLite file, big arrays beside it, images where they lie."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import numpy as np

from asklearn.errors import DataError
from asklearn.pool import Imported, Kind, images
from asklearn.pool.cells import number, word
from asklearn.pool.columns import Column, Roles, kept
from asklearn.pool.ids import digest_of_file
from asklearn.pool.intake import SCHEMA, VERSION, Intake, info
from asklearn.pool.parts import Parts
from asklearn.pool.rows import Columns, Frame, hold
from asklearn.pool.source import Source

NAME = "pool.sqlite"
CHUNK = 1000  # rows fetched under one lock: other threads get their turn within milliseconds


def create(
    folder: str | os.PathLike[str],
    data: Any,
    *,
    ids: Iterable[Any] | None = None,
    truth: Iterable[Any] | None = None,
    kind: Kind | None = None,
) -> Imported:
    """Make the pool of a folder; what was imported and what was left out.

    `data`: what `readers.read` gave, or rows in memory, with `ids` and known labels (`truth`) beside them.
    All or nothing: until the last row is read and on disk there is no pool. Raises `DataError` for rows that
    cannot be read (the first ten, each with its place), for a folder that has a pool, and when the disk is
    full.
    """
    folder = Path(folder)
    final, part = folder / NAME, folder / (NAME + ".part")
    if final.exists():
        raise DataError(f"{folder} has a pool already; give another folder, or add rows to it")
    source = _source(data, ids, truth, kind)
    made = _make(folder)
    _remove(part)
    intake = None
    try:
        with _written(folder), closing(_connect(part)) as db:
            # Nobody sees this file before it is whole: it needs no journal and no waiting for the disk.
            db.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;" + SCHEMA
            )
            db.execute("BEGIN")
            intake = Intake(db, folder, source)
            imported = intake.run()
            db.execute("COMMIT")
            db.execute("PRAGMA journal_mode=WAL")
        with _written(folder):
            _sync(part)
    except BaseException:
        _remove(part)
        if intake is not None:
            intake.undo()
        for path in made:
            with suppress(OSError):  # somebody else put something there
                path.rmdir()
        raise
    with _written(folder):
        part.rename(final)
        _sync(folder)
    return imported


class StoredPool:
    """Rows of a folder, by id; safe for many threads.

    `rows` are: for texts a list of str; for tables a dict of columns, each a list, numbers as float (missing:
    nan) and words as str (missing: None); for images a list of paths and bytes, each something
    `images.open_image` takes, or a uint8 array when they came as one; for arrays an array or CSR matrix.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = db
        self._lock = threading.Lock()  # for the connection and what is known in memory
        self._adding = threading.Lock()
        self._ids: list[str] | None = None
        self._places: dict[str, int] = {}
        self._learn()

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """The pool of this folder. Raises `DataError` when there is none, or none this version can read."""
        folder = Path(folder)
        path = folder / NAME
        if not path.exists():
            raise DataError(f"there is no pool in {folder} (no {NAME})")
        db = _connect(path)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                raise DataError(f"{path} has format {version}, this asklearn reads format {VERSION}")
            return cls(folder, db)
        except sqlite3.DatabaseError as error:
            db.close()
            raise DataError(f"{path} cannot be read: {error}") from error
        except BaseException:
            db.close()
            raise

    def close(self) -> None:
        """Let go of the files; closing twice is fine."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, id: object) -> bool:
        return id in self._known()

    # -- what it holds --------------------------------------------------------------------------------------------

    @property
    def kind(self) -> Kind:
        return self._kind

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def ids(self) -> list[str]:
        """The ids in the order of the rows; rows added later appear at its end."""
        self._known()
        assert self._ids is not None
        return self._ids

    @property
    def columns(self) -> dict[str, str]:
        """Column -> id, label, text, image, number, word or other."""
        return {c.name: c.meaning for c in self._columns}

    @property
    def roles(self) -> dict[str, Any]:
        """The column names it was read with, as `readers.read` takes them."""
        return dict(self._roles)

    def positions(self, ids: Iterable[str]) -> np.ndarray:
        """Which rows these ids are, (ids,) int64. Raises `DataError` naming an id that is not there."""
        places = self._known()
        try:
            return np.fromiter((places[id] for id in ids), dtype=np.int64)
        except KeyError as error:
            raise DataError(f"there is no item {error.args[0]!r} in the pool") from error

    def rows(self, ids: Iterable[str]) -> Any:
        """The rows of these ids, in this order."""
        return self._rows(self.positions(ids))

    def blocks(self, size: int) -> Iterator[tuple[list[str], Any]]:
        """All rows, `size` at a time, each block with its ids."""
        for first in range(0, self._count, size):
            end = min(first + size, self._count)
            found = self._ask(
                "SELECT id FROM item WHERE position BETWEEN ? AND ? ORDER BY position", first, end - 1
            )
            yield [id for (id,) in found], self._rows(np.arange(first, end))

    def show(self, id: str) -> dict[str, Any]:
        """The row as the page shows it, and nothing but it: another column may give its label away."""
        position, content, found = self._one(id)
        if self._kind == "image":
            return {"kind": "image"}
        if self._kind == "text":
            return {"kind": "text", "text": content}
        if self._parts:
            return hold(self._parts.rows(np.array([position]))).show(0)
        cells = zip(self._kept, self._values(found), strict=True)
        return {"kind": "table", "fields": [[c.name, value] for c, value in cells if c.role == "feature"]}

    def image_bytes(self, id: str) -> tuple[bytes, str]:
        """(bytes, media type) of the item's image, made anew for a browser; `DataError` if there is none."""
        position, content, _ = self._one(id)
        if self._kind != "image":
            raise DataError(f"item {id!r} is no image; this pool holds {self._kind}")
        source = self._parts.rows(np.array([position]))[0] if self._parts else content
        name = content if isinstance(content, str) else f"the image of item {id!r}"
        return images.encode(images.open_image(source, name))

    def metadata(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The columns of these rows as they were imported, without id and label."""
        positions = self.positions(ids)
        if not any(c.role not in ("id", "label") for c in self._columns):
            return [{} for _ in positions]
        return [self._original(content, cells) for content, cells in self._bodies(positions)]

    def truth(self, ids: Iterable[str]) -> list[str | None]:
        """The labels kept aside for simulation, None where there was none."""
        found = self._at(self.positions(ids), "SELECT position, label FROM truth WHERE position")
        return [row[0] if row else None for row in found]

    def labels(self) -> list[str]:
        """The distinct labels kept aside, sorted."""
        return [label for (label,) in self._ask("SELECT DISTINCT label FROM truth ORDER BY label")]

    # -- growing and checking -------------------------------------------------------------------------------------

    def add(
        self, data: Any, ids: Iterable[Any] | None = None, truth: Iterable[Any] | None = None
    ) -> Imported:
        """Append rows of the same kind; all of them or none.

        `data`: what `readers.read` gave, a path (read with the same roles), or rows in memory. Raises
        `DataError` for another kind, other columns or width, and ids that are there already.
        """
        source = self._like_this(data, ids, truth)
        with self._adding, _written(self.folder), closing(_connect(self.folder / NAME)) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("BEGIN IMMEDIATE")
            intake = Intake(db, self.folder, source)
            try:
                imported = intake.run()
                _sync(self.folder)
            except BaseException:  # closing rolls the transaction back
                intake.undo()
                raise
            db.execute("COMMIT")
            with self._lock:
                self._learn()
        return imported

    def check(self) -> None:
        """Nothing when all is as it was imported; `DataError` naming what is not. Reads everything."""
        (found,) = self._ask("PRAGMA quick_check(1)")[0]
        if found != "ok":
            raise DataError(f"{self.folder / NAME} is damaged: {found}")
        for file, digest in self._ask(
            "SELECT content, digest FROM body WHERE digest IS NOT NULL AND typeof(content) = 'text'"
        ):
            if digest_of_file(Path(file)) != digest:
                raise DataError(f"{file} has changed since it was imported")
        self._parts.check()

    def _like_this(self, data: Any, ids: Iterable[Any] | None, truth: Iterable[Any] | None) -> Source:
        from asklearn.pool import readers

        if isinstance(data, Source):
            return data
        if isinstance(data, str | os.PathLike):
            return readers.read(data, **self._roles)
        roles = None
        kind = "image" if self._kind == "image" else None  # or a list of paths would be texts
        held = hold(data, kind)
        if isinstance(held, Columns | Frame):
            there = {k: v for k, v in self._roles.items() if k not in ("id", "label") or v in held.names}
            roles = Roles(**{**there, "features": tuple(there.get("features", ()))})
        return readers.given(data, ids, truth, kind, roles)

    # -- reading --------------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        said = info(self._db)
        self._kind: Kind = said["kind"]
        self._fingerprint = said["fingerprint"]
        self._roles: dict[str, Any] = json.loads(said["roles"])
        self._columns = [Column(**c) for c in json.loads(said["columns"])]
        self._kept = kept(self._columns)
        self._parts = Parts.of(self.folder, self._db)
        self._count = int(said["rows"])
        if self._ids is not None:
            self._read_ids(self._ids)

    def _known(self) -> dict[str, int]:
        if self._ids is None:
            with self._lock:
                if self._ids is None:
                    found: list[str] = []
                    self._read_ids(found)
                    self._ids = found
        return self._places

    def _read_ids(self, into: list[str]) -> None:
        first = len(into)
        more = self._db.execute("SELECT id FROM item WHERE position >= ? ORDER BY position", (first,))
        found = [id for (id,) in more]
        self._places.update(zip(found, range(first, first + len(found)), strict=True))
        into += found

    def _ask(self, query: str, *values: Any) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise DataError(f"{self.folder / NAME} cannot be read: {error}") from error

    def _one(self, id: str) -> tuple[int, Any, str | None]:
        found = self._ask(
            "SELECT item.position, content, cells FROM item LEFT JOIN body USING (position) WHERE id = ?", id
        )
        if not found:
            raise DataError(f"there is no item {id!r} in the pool")
        return found[0]  # type: ignore[no-any-return]

    def _at(self, positions: np.ndarray, query: str) -> Iterator[tuple[Any, ...] | None]:
        """What `query` finds at these positions, in their order, None where nothing is."""
        for first in range(0, len(positions), CHUNK):
            some = positions[first : first + CHUNK].tolist()
            found = self._ask(f"{query} IN (SELECT value FROM json_each(?))", json.dumps(some))
            by_position = {position: rest for position, *rest in found}
            for position in some:
                yield by_position.get(position)

    def _bodies(self, positions: np.ndarray) -> Iterator[Any]:
        return self._at(positions, "SELECT position, content, cells FROM body WHERE position")

    def _rows(self, positions: np.ndarray) -> Any:
        if self._parts:
            return self._parts.rows(positions)
        if self._kind == "table":
            return self._table(positions)
        found: Iterator[Any] = self._at(positions, "SELECT position, content FROM body WHERE position")
        if self._kind == "text":
            return [content for (content,) in found]
        return [Path(content) if isinstance(content, str) else content for (content,) in found]

    def _table(self, positions: np.ndarray) -> dict[str, list[Any]]:
        rows = [json.loads(cells) if cells else [] for _, cells in self._bodies(positions)]
        table: dict[str, list[Any]] = {}
        for i, column in enumerate(self._kept):
            if column.role == "feature":
                read = number if column.number else word
                table[column.name] = [read(cells[i]) if i < len(cells) else read(None) for cells in rows]
        return table

    def _values(self, cells: str | None) -> list[Any]:
        """A value for each kept column; rows of JSON may lack the columns that later rows brought."""
        values = json.loads(cells) if cells else []
        return [*values, *[None] * (len(self._kept) - len(values))]

    def _original(self, content: Any, cells: str | None) -> dict[str, Any]:
        values = iter(self._values(cells))
        shown = (c for c in self._columns if c.role not in ("id", "label"))
        return {c.name: content if c.role == "text" else next(values) for c in shown}


def _source(data: Any, ids: Iterable[Any] | None, truth: Iterable[Any] | None, kind: Kind | None) -> Source:
    if isinstance(data, Source):
        return data
    from asklearn.pool import readers

    return readers.given(data, ids, truth, kind)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rwc", uri=True, timeout=30, check_same_thread=False
    )
    db.isolation_level = None  # transactions begin where this code says so
    return db


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """What the disk refuses, as a sentence."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"the pool cannot be written to {folder} ({reason}); nothing was imported") from error


def _make(folder: Path) -> list[Path]:
    """Make the folder; which folders were made, the innermost first."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    with _written(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return new


def _remove(part: Path) -> None:
    for path in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
