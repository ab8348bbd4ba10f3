"""Rows of a table in numbers: numbers standardised, categories one column each, missing values marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.features.reduce import Projection, principal
from asklearn.features.sample import sample
from asklearn.pool import Pool

SEEN = 100_000  # rows from which medians and categories are taken
CATEGORIES = 30  # per column; the rarer ones share a column
RARE = 3  # occurrences below which a category has no column of its own, in pools of a hundred rows and more
FAR = 5.0  # standard deviations at which a number is cut off: one outlier must not decide all distances
WIDE = 256  # columns up to which the embedding is not reduced


@dataclass(frozen=True, eq=False)
class Number:
    """(x - middle) / spread, cut off at 5; a missing value is the median, and marked where some are missing."""

    name: str
    median: float
    middle: float
    spread: float
    missing: bool

    def encode(self, cells: Sequence[Any]) -> np.ndarray:
        values = numbers(self.name, cells)
        gone = np.isnan(values)
        scaled = (np.where(gone, self.median, values) - self.middle) / self.spread
        columns = [scaled.clip(-FAR, FAR), gone] if self.missing else [scaled.clip(-FAR, FAR)]
        return np.column_stack(columns).astype(np.float32)

    @property
    def exclusive(self) -> list[bool]:
        """For each column, whether it is one of several of which exactly one is 1."""
        return [False, True] if self.missing else [False]


@dataclass(frozen=True, eq=False)
class Category:
    """One column for each frequent word, one for missing, one for all others; exactly one of them is 1."""

    name: str
    words: tuple[str, ...]

    def encode(self, cells: Sequence[Any]) -> np.ndarray:
        place = {word: i for i, word in enumerate(self.words)}
        gone, other = len(self.words), len(self.words) + 1
        at = [gone if missing(cell) else place.get(str(cell), other) for cell in cells]
        columns = np.zeros((len(at), len(self.words) + 2), dtype=np.float32)
        columns[np.arange(len(at)), at] = 1
        return columns

    @property
    def exclusive(self) -> list[bool]:
        return [True] * (len(self.words) + 2)


@dataclass(frozen=True, eq=False)
class Tables:
    """Fitted on a pool of table rows; `kept`: which of the encoded columns are not the same everywhere."""

    columns: tuple[Number | Category, ...]
    kept: np.ndarray
    project: Projection | None

    @property
    def how(self) -> str:
        numeric = sum(isinstance(column, Number) for column in self.columns)
        return f"tables as {numeric} numbers and {len(self.columns) - numeric} categories, {len(self.kept)} columns"

    def encode(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        X = encoded(self.columns, columns_of(rows))[:, self.kept]
        # Two different categories differ in two columns: together they lie as far apart as one unit of a number.
        alone = np.array([one for column in self.columns for one in column.exclusive])[self.kept]
        embedding = X * np.where(alone, np.float32(np.sqrt(0.5)), np.float32(1))
        return X, embedding if self.project is None else self.project(embedding)


def fit(pool: Pool) -> Tables:
    """Medians, spreads and categories from at most 100,000 rows of the pool."""
    seen: dict[str, list[Any]] = {}
    for rows in sample(pool, SEEN):
        for name, cells in columns_of(rows).items():
            seen.setdefault(name, []).extend(cells)
    columns = tuple(_column(name, cells) for name, cells in seen.items())
    X = encoded(columns, seen)
    moving = np.flatnonzero((X[0] != X).any(axis=0))
    kept = moving if len(moving) else np.array([0])
    plain = Tables(columns, kept, None)
    if len(kept) <= WIDE:
        return plain
    return Tables(columns, kept, principal(plain.encode(seen)[1][:10_000], WIDE))


def columns_of(rows: Any) -> dict[str, list[Any]]:
    """Name -> cells, of a mapping of columns or of a data frame of any library."""
    if isinstance(rows, Mapping):
        return {str(name): _cells(column) for name, column in rows.items()}
    import narwhals as nw

    frame = nw.from_native(rows, eager_only=True)
    return {str(name): _cells(frame[name].to_list()) for name in frame.columns}


def encoded(columns: Sequence[Number | Category], cells: Mapping[str, Sequence[Any]]) -> np.ndarray:
    """(rows, encoded columns) float32. Raises `DataError` when a column is not there."""
    lost = [column.name for column in columns if column.name not in cells]
    if lost:
        raise DataError(
            f"the rows have no column {lost[0]!r}; they have {', '.join(map(repr, cells)) or 'none'}"
        )
    if not columns:
        raise DataError("the table has no column to learn from")
    return np.hstack([column.encode(cells[column.name]) for column in columns])


def numbers(name: str, cells: Sequence[Any]) -> np.ndarray:
    """(rows,) float64, NaN where one is missing. Raises `DataError` for what is no number, and for infinity."""
    values = np.fromiter(
        (_number(name, row, cell) for row, cell in enumerate(cells, 1)), np.float64, len(cells)
    )
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0]) + 1
        raise DataError(
            f"row {row}, column {name!r} is infinite; leave the cell empty if the value is not known"
        )
    return values


def missing(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, a data frame's NA or an empty text.

    >>> [missing(cell) for cell in (None, float("nan"), "", 0, "no")]
    [True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, str) and cell == ""):
        return True
    same = cell == cell
    return same is not True and not bool(same is not None and _true(same))


def _true(same: Any) -> bool:
    # pandas.NA compares to NA, whose truth is an error; numpy's booleans are fine.
    return isinstance(same, np.bool_) and bool(same)


def _cells(column: Any) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _column(name: str, cells: Sequence[Any]) -> Number | Category:
    there = [cell for cell in cells if not missing(cell)]
    if there and all(_is_number(cell) for cell in there):
        return _number_column(name, cells)
    counts = Counter(str(cell) for cell in there)
    least = RARE if len(cells) >= 100 else 1
    common = sorted(counts, key=lambda word: (-counts[word], word))[:CATEGORIES]
    return Category(name, tuple(word for word in common if counts[word] >= least))


def _number_column(name: str, cells: Sequence[Any]) -> Number:
    values = numbers(name, cells)
    median = float(np.nanmedian(values))
    gone = np.isnan(values)
    filled = np.where(gone, median, values)
    return Number(name, median, float(filled.mean()), float(filled.std()) or 1.0, bool(gone.any()))


def _is_number(cell: Any) -> bool:
    return isinstance(cell, bool | int | float | np.number | np.bool_ | Decimal | date | time | timedelta)


def _number(name: str, row: int, cell: Any) -> float:
    if missing(cell):
        return float("nan")
    if not _is_number(cell):
        raise DataError(f"row {row}, column {name!r} is {cell!r:.60}; the column holds numbers")
    if isinstance(cell, datetime):
        # Read as UTC where no zone is given, so that every machine sees the same number.
        moment = cell if cell.tzinfo else cell.replace(tzinfo=_utc())
        return moment.timestamp()
    if isinstance(cell, date):
        return float(cell.toordinal())
    if isinstance(cell, time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return float(cell)


def _utc() -> Any:
    from datetime import UTC

    return UTC
