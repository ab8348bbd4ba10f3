"""Who a row is: an id of its content when nobody gave it one, and a fingerprint of the whole pool."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import DataError
from asklearn.pool.cells import word

DIGITS = 16  # 64 bits: among a million rows two different contents meet with a chance of 3 in 100 million

to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def digest_of_text(text: str) -> bytes:
    """SHA-256 of the text in UTF-8.

    >>> content_id(digest_of_text("good"))
    '770e607624d68926'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def digest_of_bytes(content: bytes) -> bytes:
    """SHA-256 of the bytes."""
    return hashlib.sha256(content).digest()


def digest_of_cells(names: Sequence[str], cells: Sequence[Any]) -> bytes:
    """SHA-256 of the cells that are there with their names; names come in sorted order.

    A cell counts as it is written, so the same table as CSV, JSON and data frame has the same ids when all
    write their numbers alike.

    >>> digest_of_cells(["age", "job"], ["31", None]) == digest_of_cells(["age"], [31])
    True
    """
    present: list[str] = []
    for name, cell in zip(names, cells, strict=True):
        if cell is not None:
            present += (name, cell if isinstance(cell, str) else str(cell))
    return hashlib.sha256(to_json(present).encode("utf-8", "surrogatepass")).digest()


def digest_of_file(path: Path) -> bytes:
    """SHA-256 of what the file holds. Raises `DataError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def digest_of_array(row: np.ndarray) -> bytes:
    """SHA-256 of shape, type and values, in C order."""
    if row.dtype == object:
        return hashlib.sha256(to_json([word(cell) for cell in row.ravel()]).encode()).digest()
    known = hashlib.sha256(f"{row.dtype.str}{row.shape}".encode())
    known.update(np.ascontiguousarray(row).data)
    return known.digest()


def content_id(digest: bytes) -> str:
    """The id a content gives: the first 16 hexadecimal digits of its SHA-256."""
    return digest.hex()[:DIGITS]


def unused(base: str, taken: Container[str], repeats: dict[str, int]) -> str:
    """`base`, or what its next repeat is called; `repeats` remembers how far the counting got.

    >>> counts = {}
    >>> unused("a", {}, counts), unused("a", {"a"}, counts), unused("a", {"a", "a~2"}, counts)
    ('a', 'a~2', 'a~3')
    """
    if base not in taken:
        return base
    k = repeats.get(base, 1) + 1
    while (id := f"{base}~{k}") in taken:
        k += 1
    repeats[base] = k
    return id


def as_id(value: Any) -> str | None:
    """An id that somebody gave, as text; None when there is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value) or None


def first_fingerprint(kind: str) -> bytes:
    """The fingerprint of an empty pool."""
    return hashlib.sha256(f"asklearn pool 1 {kind}".encode()).digest()


def next_fingerprint(fingerprint: bytes, id: str, digest: bytes) -> bytes:
    """The fingerprint with one more row: a chain, so that a pool that grew equals one made at once."""
    return hashlib.sha256(fingerprint + digest + id.encode("utf-8", "surrogatepass")).digest()


def given_ids(ids: Iterable[Any], count: int, taken: Container[str] = ()) -> list[str]:
    """The ids as text, one a row. Raises `DataError` naming rows without an id or with a repeated one."""
    found: dict[str, int] = {}
    for row, value in enumerate(ids, 1):
        id = as_id(value)
        if id is None:
            raise DataError(f"row {row} has no id")
        if id in found:
            raise DataError(f"rows {found[id]} and {row} have the same id {id!r}; ids must differ")
        if id in taken:
            raise DataError(f"row {row} has the id {id!r}, which the pool has already")
        found[id] = row
    if len(found) != count:
        raise DataError(f"there are {count:,} rows and {len(found):,} ids; give one id a row")
    return list(found)
