"""Rows going into a pool's file: ids made unique, bad rows named, all in one transaction of the caller's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from asklearn.errors import DataError
from asklearn.pool import Bad, Imported
from asklearn.pool.columns import Column, kept
from asklearn.pool.ids import content_id, first_fingerprint, next_fingerprint
from asklearn.pool.parts import PartWriter
from asklearn.pool.source import Row, Source, is_number

VERSION = 1
BATCH = 2048
NAMED = 10  # bad rows an error lists
KEPT = 1000  # bad rows a report keeps

# As ASCII, so that it can hold what no file can: half a character, in a list from memory.
_to_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

SCHEMA = f"""
PRAGMA user_version={VERSION};
CREATE TABLE info (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, line INTEGER NOT NULL);
CREATE TABLE body (position INTEGER PRIMARY KEY, content, cells TEXT, digest BLOB);
CREATE TABLE truth (position INTEGER PRIMARY KEY, label TEXT NOT NULL);
CREATE TABLE repeat (base TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE part (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, file TEXT NOT NULL, form TEXT NOT NULL,
                   width INTEGER NOT NULL, sha256 TEXT NOT NULL);
"""
# item: ids alone, so that a million of them are read at once; line: where the row was read.
# body: content is a text, or an image's path (text) or bytes (blob) with its SHA-256; cells: the other columns.
# truth: known labels, kept apart from all that is shown. repeat: how often a content came.


def info(db: sqlite3.Connection) -> dict[str, str]:
    """What the file says of itself."""
    return dict(db.execute("SELECT key, value FROM info"))


class Intake:
    """One import, from its source into an open transaction."""

    def __init__(self, db: sqlite3.Connection, folder: Path, source: Source) -> None:
        known = info(db)
        self._db, self._source = db, source
        self._kind = known.get("kind", source.kind)
        if source.kind != self._kind:
            raise DataError(
                f"the pool's rows are of kind {self._kind}, those of {source.name} are {source.kind}"
            )
        self._fresh = not known
        self._columns = source.columns if self._fresh else [Column(**c) for c in json.loads(known["columns"])]
        self._roles = known.get("roles", json.dumps(source.roles))
        self._chain = bytes.fromhex(known["fingerprint"]) if known else first_fingerprint(self._kind)
        self._first = self._next = int(known.get("rows", 0))
        self._part = PartWriter(db, folder, self._first, source)
        self._bad: list[Bad] = []
        self._bad_count = 0

    def run(self) -> Imported:
        """Take in all rows. Raises `DataError` for bad ones, unless the source says to leave them out."""
        rows = self._source.rows if self._fresh else fitted(self._source, self._columns)
        for batch in _batches(rows):
            self._take(batch)
        if self._bad and not self._source.skip_bad:
            raise DataError(_refusal(self._source, self._bad, self._bad_count))
        if self._next == self._first:
            raise DataError(_nothing(self._source, self._bad))
        self._part.finish()
        self._describe()
        return Imported(
            added=self._next - self._first,
            skipped=tuple(self._bad),
            skipped_count=self._bad_count,
            columns={c.name: c.meaning for c in self._columns},
            fingerprint=self._chain.hex(),
        )

    def undo(self) -> None:
        """Remove the files that were written beside the pool's file."""
        self._part.undo()

    def _describe(self) -> None:
        said = {
            "kind": self._kind,
            "fingerprint": self._chain.hex(),
            "rows": str(self._next),
            "columns": json.dumps([asdict(c) for c in self._columns]),
            "roles": self._roles,
        }
        self._db.executemany("INSERT OR REPLACE INTO info VALUES (?, ?)", said.items())

    def _take(self, batch: list[Row | Bad]) -> None:
        bases = [
            content_id(row.digest) if row.id is None else row.id for row in batch if isinstance(row, Row)
        ]
        taken = self._taken(bases)
        coming = iter(bases)
        items, bodies, truths, contents = [], [], [], []
        for row in batch:
            if isinstance(row, Bad):
                self._leave_out(row)
                continue
            id = base = next(coming)
            if base in taken:
                if row.id is not None:
                    self._leave_out(Bad(row.line, self._came_before(base, taken[base])))
                    continue
                id = self._repeat(base, taken)
            place = self._next
            taken[id] = (place, row.line)
            items.append((place, id, row.line))
            if row.truth is not None:
                truths.append((place, row.truth))
            if self._part:
                contents.append(row.content)
            else:
                bodies.append(self._body(place, row))
            self._chain = next_fingerprint(self._chain, id, row.digest)
            self._next += 1
        self._db.executemany("INSERT INTO item VALUES (?, ?, ?)", items)
        self._db.executemany("INSERT INTO body VALUES (?, ?, ?, ?)", bodies)
        self._db.executemany("INSERT INTO truth VALUES (?, ?)", truths)
        self._part.write(contents)

    def _body(self, place: int, row: Row) -> tuple[int, Any, str | None, bytes | None]:
        content = str(row.content) if isinstance(row.content, Path) else row.content
        digest = row.digest if self._kind == "image" else None
        return place, content, _to_json(row.cells) if row.cells else None, digest

    def _leave_out(self, bad: Bad) -> None:
        self._bad_count += 1
        if len(self._bad) < KEPT:
            self._bad.append(bad)

    def _taken(self, ids: list[str]) -> dict[str, tuple[int, int]]:
        """Which of these ids the pool has: id -> (position, line)."""
        found = self._db.execute(
            "SELECT id, position, line FROM item WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
        return {id: (position, line) for id, position, line in found}

    def _came_before(self, id: str, where: tuple[int, int]) -> str:
        position, line = where
        if position < self._first:
            return f"the id {id!r} is in the pool already"
        return f"the id {id!r} came before, in {self._source.unit or 'row'} {line}"

    def _repeat(self, base: str, taken: dict[str, tuple[int, int]]) -> str:
        """The id of a content that came before: "~2", "~3" ..."""
        known = self._db.execute("SELECT count FROM repeat WHERE base = ?", (base,)).fetchone()
        k = (known[0] if known else 1) + 1
        while (id := f"{base}~{k}") in taken or self._taken([id]):
            k += 1
        self._db.execute("INSERT OR REPLACE INTO repeat VALUES (?, ?)", (base, k))
        return id


def fitted(source: Source, own: list[Column]) -> Iterator[Row | Bad]:
    """The rows with their cells in the order of the pool's columns, which get those that are new.

    Raises `DataError` for columns a table of the pool does not have or needs; a word in a column of numbers
    is a bad row.
    """
    order: list[int | None] = []
    width = -1
    for row in source.rows:
        if isinstance(row, Bad):
            yield row
            continue
        if len(source.columns) != width:
            width = len(source.columns)
            order = _order(source, own)
            numbers = [(i, c.name) for i, c in enumerate(kept(own)) if c.number]
        cells = [row.cells[i] if i is not None and i < len(row.cells) else None for i in order]
        wrong = next((name for i, name in numbers if not is_number(cells[i], typed=False)), None)
        if wrong is None:
            yield row._replace(cells=cells)
        else:
            yield Bad(row.line, f"{wrong!r} holds numbers in this pool")


def _order(source: Source, own: list[Column]) -> list[int | None]:
    """For each of the pool's kept columns its place among the source's; new ones are appended to `own`."""
    given = kept(source.columns)
    here = {c.name for c in own if c.role == "feature"}
    there = {c.name for c in given if c.role == "feature"}
    if here != there:
        extra, missing = sorted(there - here), sorted(here - there)
        raise DataError(
            f"{source.name} has the columns {', '.join(extra)}, which the pool does not have"
            if extra
            else f"{source.name} lacks the columns {', '.join(missing)}, which the pool's rows have"
        )
    names = {c.name for c in kept(own)}
    own += [Column(c.name, c.role) for c in given if c.name not in names and c.role == "other"]
    places = {(c.name if c.role != "image" else ""): i for i, c in enumerate(given)}
    return [places.get(c.name if c.role != "image" else "") for c in kept(own)]


def _batches(rows: Iterable[Row | Bad]) -> Iterator[list[Row | Bad]]:
    coming = iter(rows)
    while batch := list(islice(coming, BATCH)):
        yield batch


def _refusal(source: Source, bad: list[Bad], count: int) -> str:
    named = "".join(f"\n  {_place(source, b)}" for b in bad[:NAMED])
    more = f"\n  and {count - NAMED:,} more" if count > NAMED else ""
    rows = "1 row cannot be read" if count == 1 else f"{count:,} rows cannot be read"
    return (
        f"{source.name}: {rows}, nothing was imported:{named}{more}\n"
        "skip_bad=True (command line: --skip-bad) imports the others."
    )


def _nothing(source: Source, bad: list[Bad]) -> str:
    if bad:
        return f"{source.name}: no row can be read; the first: {_place(source, bad[0])}"
    return f"{source.name} has {'a header but ' if source.unit == 'line' else ''}no rows"


def _place(source: Source, bad: Bad) -> str:
    return f"{source.unit} {bad.line}: {bad.reason}" if source.unit else bad.reason
