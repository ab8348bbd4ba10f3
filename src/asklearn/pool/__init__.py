"""What can be asked: rows, each with a stable id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

__all__ = ["Bad", "Imported", "Kind", "Pool", "Progress", "of"]

Kind = str  # "text", "image", "table" or "array": what a row is, so that features and page know what to do
Progress = Callable[[int, int], object]  # called now and then with (done, total), in bytes or rows


@runtime_checkable
class Pool(Protocol):
    """Rows by id. Ids are stable and unique and never positions; the order of `ids` is the order of rows.

    Rows come back in the user's own type (list of str, array, sparse matrix, data frame), never converted.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def fingerprint(self) -> str:
        """A hash of what the pool holds: the same ids and content in the same order, the same fingerprint."""
        ...

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

    def metadata(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """The columns of these rows as an export writes them; JSON can hold them."""
        ...

    def add(self, X: Any) -> Imported:
        """Append rows of the same type; all of them or none. Raises `DataError`."""
        ...


class Bad(NamedTuple):
    """A row that cannot be read: its line in a text file (its number elsewhere, from 1) and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    """What an import did. `skipped`: the first rows left out, `skipped_count`: how many there were in all.

    `columns`: name -> what became of it: id, label, text, image, number, word or other.
    """

    added: int
    skipped: tuple[Bad, ...]
    skipped_count: int
    columns: Mapping[str, str]
    fingerprint: str


def of(X: Any, ids: Sequence[Any] | None = None, kind: Kind | None = None) -> Pool:
    """A pool of anything: texts, an array, a sparse matrix, a data frame, images; a pool passes through.

    >>> of(["good", "bad"], ids=["a", "b"]).rows(["b"])
    ['bad']
    """
    from asklearn.pool.arrays import ArrayPool

    if ids is None and (isinstance(X, ArrayPool | Pool)):
        return X  # asking for the protocol computes the fingerprint, so our own class comes first
    return ArrayPool(X, ids, kind)
