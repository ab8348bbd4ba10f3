"""A pool in memory: rows in the user's own type, never converted and never judged."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.pool import Imported, Kind, images
from asklearn.pool.ids import content_id, first_fingerprint, given_ids, next_fingerprint, unused
from asklearn.pool.rows import Rows, hold


class ArrayPool:
    """Rows by id: a list of texts or images, an array, a sparse matrix, a data frame; safe for many threads.

    Without `ids` a row is known by a hash of its content; repeats of a content end in "~2", "~3" ... `kind`
    "image" says that a list of str holds paths of images.

    >>> pool = ArrayPool(["good", "bad", "good"])
    >>> pool.ids
    ['770e607624d68926', '2f05d4b689d270ca', '770e607624d68926~2']
    """

    def __init__(self, X: Any, ids: Iterable[Any] | None = None, kind: Kind | None = None) -> None:
        self._held = hold(X, kind)
        self._lock = threading.Lock()
        self._repeats: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._ids: list[str] = []
        self._chain: bytes | None = None  # the fingerprint of all rows, once somebody asked
        self._name(self._held, ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: object) -> bool:
        return id in self._places

    @property
    def kind(self) -> Kind:
        return self._held.kind

    @property
    def ids(self) -> list[str]:
        """The ids in the order of the rows; rows added later appear at its end."""
        return self._ids

    @property
    def fingerprint(self) -> str:
        with self._lock:
            if self._chain is None:
                self._chain = _chained(first_fingerprint(self.kind), self._ids, self._held.digests())
            return self._chain.hex()

    def positions(self, ids: Iterable[str]) -> np.ndarray:
        """Which rows these ids are, (ids,) int64. Raises `DataError` naming an id that is not there."""
        try:
            return np.fromiter((self._places[id] for id in ids), dtype=np.int64)
        except KeyError as error:
            raise DataError(f"there is no item {error.args[0]!r} in the pool") from error

    def rows(self, ids: Iterable[str]) -> Any:
        """The rows of these ids, in this order."""
        return self._held.take(self.positions(ids))

    def blocks(self, size: int) -> Iterator[tuple[list[str], Any]]:
        """All rows, `size` at a time, each block with its ids."""
        held = self._held
        for first in range(0, len(held), size):
            end = min(first + size, len(held))
            yield self._ids[first:end], held.take(np.arange(first, end))

    def show(self, id: str) -> dict[str, Any]:
        """The row as the page shows it."""
        return self._held.show(self._at(id))

    def metadata(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The columns of these rows: of a table its cells, of a text the text, else none."""
        shown = [self.show(id) for id in ids]
        if self.kind == "table":
            return [dict(row["fields"]) for row in shown]
        return [{"text": row["text"]} if self.kind == "text" else {} for row in shown]

    def image_bytes(self, id: str) -> tuple[bytes, str]:
        """(bytes, media type) of the item's image, made anew for a browser; `DataError` if there is none."""
        source = self._held.X[self._at(id)] if self.kind == "image" else None
        if source is None:
            raise DataError(f"item {id!r} is no image; this pool holds {self.kind}")
        named = str(source) if isinstance(source, str | Path) else f"the image of item {id!r}"
        return images.encode(images.open_image(source, named))

    def add(self, X: Any, ids: Iterable[Any] | None = None) -> Imported:
        """Append rows of the same type; all of them or none.

        Raises `DataError` for another type, other columns or width, and ids that are there already.
        """
        with self._lock:
            joined = self._held.joined(X)
            more = hold(X, self.kind if self.kind != "table" else None)
            chain = self._chain
            new = self._name(more, ids)
            if chain is not None:
                self._chain = _chained(chain, new, more.digests())
            self._held = joined
        return Imported(len(more), (), 0, {}, self.fingerprint)

    def _at(self, id: str) -> int:
        return int(self.positions([id])[0])

    def _name(self, rows: Rows, ids: Iterable[Any] | None) -> list[str]:
        """Give these further rows their ids."""
        if ids is not None:
            new = given_ids(ids, len(rows), self._places)
            self._places.update(zip(new, range(len(self._ids), len(self._ids) + len(new)), strict=True))
            self._ids += new
            return new
        first = len(self._ids)
        for digest in list(rows.digests()):
            id = unused(content_id(digest), self._places, self._repeats)
            self._places[id] = len(self._ids)
            self._ids.append(id)
        return self._ids[first:]


def _chained(fingerprint: bytes, ids: Iterable[str], digests: Iterable[bytes]) -> bytes:
    for id, digest in zip(ids, digests, strict=True):
        fingerprint = next_fingerprint(fingerprint, id, digest)
    return fingerprint
