"""What comes first, what an item costs: a column of the pool, read once."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np

from asklearn.errors import DataError, SettingError
from asklearn.pool import Pool

BLOCK = 4096


class Priority:
    """The numbers in a column of the pool; rows that come later are read when they are asked for.

    `what` the numbers are is said in errors.
    """

    def __init__(self, pool: Pool, column: str, what: str = "priority") -> None:
        self._pool, self.column, self._what = pool, column, what
        self._known = np.empty(0)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """(rows,) float, finite; an empty cell counts as 0. Raises what `read` raises."""
        self.read()
        found: np.ndarray = self._known[rows]
        return found

    def read(self) -> None:
        """Read what is new of the column.

        Raises `SettingError` where the pool has none of this name, `DataError` naming the item whose cell is no number.
        """
        if len(self._known) < len(self._pool.ids):
            new = self._pool.ids[len(self._known) :]
            self._known = np.concatenate([self._known, list(self._numbers(new))])

    def _numbers(self, ids: Any) -> Iterator[float]:
        for start in range(0, len(ids), BLOCK):
            part = ids[start : start + BLOCK]
            for item, cells in zip(part, self._pool.metadata(part), strict=True):
                if self.column not in cells:
                    known = ", ".join(cells) or "none"
                    raise SettingError(
                        f"{self._what} is a column of the pool; there is no {self.column!r} (there are: {known})"
                    )
                yield _number(cells[self.column], item, self.column, self._what)


def _number(cell: Any, item: str, column: str, what: str) -> float:
    try:
        number = float(0 if cell is None or cell == "" else cell)
    except (TypeError, ValueError):
        number = np.nan
    if not isfinite(number):
        raise DataError(f"item {item!r} has the {what} {cell!r} in column {column!r}; it must be a number")
    return number


def tiers(priority: np.ndarray, n: int) -> Iterator[tuple[np.ndarray, int]]:
    """(positions, how many of them) so that the n highest are taken, and who is taken among equals is left open.

    >>> [(rows.tolist(), k) for rows, k in tiers(np.array([1.0, 3, 1, 2, 1]), 3)]
    [([1, 3], 2), ([0, 2, 4], 1)]
    """
    n = min(n, len(priority))
    if n == 0:
        return
    last = np.partition(priority, len(priority) - n)[len(priority) - n]
    above, equal = np.flatnonzero(priority > last), np.flatnonzero(priority == last)
    if len(above):
        yield above, len(above)
    yield equal, n - len(above)
