"""What can be asked: rows, each with a stable id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

__all__ = ["Pool"]

Kind = str  # "text", "image", "table" or "array": what a row is, so that features and page know what to do


@runtime_checkable
class Pool(Protocol):
    """Rows by id. Ids are stable and unique and never positions; the order of `ids` is the order of rows.

    Rows come back in the user's own type (list of str, array, sparse matrix, data frame), never converted.
    """

    kind: Kind
    fingerprint: str  # a hash of what the pool holds: the same content, the same fingerprint

    @property
    def ids(self) -> Sequence[str]: ...

    def rows(self, ids: Sequence[str]) -> Any:
        """The rows of these ids, in this order. Raises `DataError` naming an id that is not there."""
        ...

    def blocks(self, size: int) -> Iterator[tuple[Sequence[str], Any]]:
        """All rows, `size` at a time, for pools larger than memory."""
        ...

    def show(self, id: str) -> dict[str, Any]:
        """The row as the page shows it: {"kind": "text", "text": ...}, {"kind": "image"} or
        {"kind": "table", "fields": [[name, value], ...]}; JSON can hold it."""
        ...
