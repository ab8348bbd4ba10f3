"""Rows on their way into a pool: read, checked, hashed, one at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from asklearn.errors import DataError
from asklearn.pool import Bad, Kind, images
from asklearn.pool.cells import MISSING, is_flat, number, plain
from asklearn.pool.columns import KEPT, Column
from asklearn.pool.ids import (
    as_id,
    digest_of_array,
    digest_of_bytes,
    digest_of_cells,
    digest_of_file,
    digest_of_text,
)

AHEAD = 64  # images checked at a time, by all cores

A = TypeVar("A")
B = TypeVar("B")
Record = tuple[int, list[Any]]  # a row's number and its cells


class Row(NamedTuple):
    """A row that can be read; `id` and `truth` are None where the source has none.

    `content`: a text, an image's absolute path or its bytes, an array's row; None for a table, whose features
    are among `cells`. `cells`: what is kept of the columns that are no text, id or label, in the order of the
    columns; shorter where JSON brought further columns later.
    """

    line: int
    id: str | None
    digest: bytes
    content: Any
    cells: list[Any]
    truth: str | None


@dataclass(frozen=True)
class Source:
    """Rows that wait to be read, once.

    `columns` is final when the rows were read to their end. `unit`: what a row's number counts, "line" or
    "row", "" where the reasons themselves name a file. `array`: type,
    shape of a row and count of dense rows; `sparse`: the SciPy matrix; the contents are the numbers of its
    rows, from 0.
    """

    name: str
    kind: Kind
    columns: list[Column]
    rows: Iterable[Row | Bad]
    unit: str = "row"
    skip_bad: bool = False
    array: tuple[np.dtype[Any], tuple[int, ...], int] | None = None
    sparse: Any = None
    roles: dict[str, Any] = field(default_factory=dict)


class Unfit(Exception):
    """Why a record is no row."""


@dataclass
class Conversion:
    """From a record to a `Row`, or to `Bad` with the reason.

    `columns` may grow between two records. `id_at`, `label_at`: where in the cells these are, None for
    nowhere. `typed`: the source tells numbers from words; otherwise every cell is text, and a column of
    numbers is one where all are. `base`: what the paths of images are relative to.
    """

    columns: list[Column]
    kind: Kind
    id_at: int | None = None
    label_at: int | None = None
    typed: bool = True
    base: Path = Path()

    def __post_init__(self) -> None:
        self._width = -1

    def _arrange(self) -> None:
        columns = list(enumerate(self.columns))
        self._kept = [i for i, c in columns if c.role in KEPT]
        self._all_kept = len(self._kept) == len(columns)
        self._item = next((i for i, c in columns if c.role in ("text", "image")), 0)
        self._features = sorted((c.name, i) for i, c in columns if c.role == "feature")
        self._names = [name for name, _ in self._features]
        self._numbers = [(i, c) for i, c in columns if c.number]
        self._width = len(columns)  # last: images are converted by several threads

    def __call__(self, record: Record | Bad) -> Row | Bad:
        if type(record) is Bad:
            return record
        line, cells = record
        if len(self.columns) != self._width:
            self._arrange()
        try:
            return self._row(line, cells)  # type: ignore[arg-type]
        except Unfit as reason:
            return Bad(line, str(reason))

    def _row(self, line: int, cells: list[Any]) -> Row:
        id = None
        if self.id_at is not None and (id := as_id(cells[self.id_at])) is None:
            raise Unfit("the id is missing")
        truth = None if self.label_at is None else as_id(cells[self.label_at])
        if self.kind == "text":
            digest, content = _text(cells[self._item], self.columns[self._item].name)
        elif self.kind == "image":
            digest, content, cells = self._image(cells)
        else:
            content, cells = None, self._plain(cells) if self.typed else cells
            digest = self._table(cells)
        if self.typed:
            _check_letters(id, truth, content)
        kept = cells if self._all_kept else [cells[i] for i in self._kept if i < len(cells)]
        if self.typed and self.kind != "table":
            kept = [plain(cell) for cell in kept]
        return Row(line, id, digest, content, kept, truth)

    def _image(self, cells: list[Any]) -> tuple[bytes, Any, list[Any]]:
        cell = cells[self._item]
        try:
            digest, content = _picture(cell, self.base)
        except DataError as error:
            raise Unfit(str(error)) from error
        cells = list(cells)
        cells[self._item] = str(cell) if isinstance(cell, str | Path) else None
        return digest, content, cells

    def _plain(self, cells: list[Any]) -> list[Any]:
        made = [plain(cell) for cell in cells]
        for name, i in self._features:
            if not is_flat(made[i]):
                raise Unfit(f"{name!r} holds {_named(cells[i])}; a table holds numbers and words")
            if isinstance(cells[i], float | np.floating) and np.isinf(cells[i]):
                raise Unfit(f"{name!r} is {cells[i]}; a number has to be finite")
        return made

    def _table(self, cells: list[Any]) -> bytes:
        if not self.typed:
            for _, i in self._features:
                if cells[i] in MISSING:
                    cells[i] = None
        for i, column in self._numbers:
            if not is_number(cells[i], self.typed):
                column.number = False
                self._numbers = [(j, c) for j, c in self._numbers if c.number]
        return digest_of_cells(self._names, [cells[i] for _, i in self._features])


def _text(cell: Any, name: str) -> tuple[bytes, str]:
    if cell is None:
        raise Unfit(f"there is no {name!r}")
    if not isinstance(cell, str):
        raise Unfit(f"{name!r} is {plain(cell)!r:.60}, not a text")
    if not cell or cell.isspace():
        raise Unfit("the text is empty")
    return digest_of_text(cell), str(cell)


def _named(cell: Any) -> str:
    return "bytes" if isinstance(cell, bytes) else f"a {type(cell).__name__}"


def _check_letters(*values: Any) -> None:
    for value in values:
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                half = value[error.start : error.end]
                raise Unfit(
                    f"{half.encode('unicode_escape').decode()} is half a character; no file can hold it"
                ) from error


def is_number(cell: Any, typed: bool) -> bool:
    """Whether a column of numbers may hold the cell; where `typed`, digits in a text are a word."""
    if cell is None:
        return True
    if typed and isinstance(cell, str):
        return False
    try:
        number(cell)
    except ValueError:
        return False
    return True


def _picture(cell: Any, base: Path) -> tuple[bytes, Any]:
    """The hash of an image and what is kept of it: an absolute path, or bytes; `DataError` for a bad one."""
    if isinstance(cell, dict):  # how Hugging Face's image columns come
        cell = cell.get("bytes") or cell.get("path")
    if cell is None or (isinstance(cell, str | bytes) and not cell):
        raise DataError("there is no image")
    if isinstance(cell, str | Path):
        path = Path(os.path.abspath(base / cell))  # noqa: PTH100  (resolve() would follow links)
        images.check(path)
        return digest_of_file(path), path
    if isinstance(cell, bytes):
        images.check(cell)
        return digest_of_bytes(cell), cell
    image = images.open_image(cell)
    return digest_of_array(np.asarray(cell)), images.to_png(image)


def array_rows(
    contents: Iterable[tuple[Any, bytes]], ids: Iterable[Any] | None, truth: Iterable[Any] | None
) -> Iterator[Row | Bad]:
    """The rows of an array, given with their digests; nothing can be wrong with them but their ids."""
    names, labels = iter(ids if ids is not None else ()), iter(truth if truth is not None else ())
    for line, (content, digest) in enumerate(contents, 1):
        id = None if ids is None else as_id(next(names))
        label = None if truth is None else as_id(next(labels))
        if ids is not None and id is None:
            yield Bad(line, "the id is missing")
        else:
            yield Row(line, id, digest, content, [], label)


def converted(records: Iterable[Record | Bad], conversion: Conversion) -> Iterator[Row | Bad]:
    """The rows of the records, in their order; images are looked at by all cores."""
    if conversion.kind != "image":
        return map(conversion, records)
    return _map_ahead(conversion, records)


def _map_ahead(function: Callable[[A], B], values: Iterable[A]) -> Iterator[B]:
    waiting: deque[Future[B]] = deque()
    coming = iter(values)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            waiting.extend(threads.submit(function, value) for value in islice(coming, AHEAD))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(threads.submit(function, value) for value in islice(coming, 1))
        finally:
            for future in waiting:
                future.cancel()
