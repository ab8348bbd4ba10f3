"""Answers as arrays: who said what of which item, numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from asklearn.errors import DataError

COLUMNS = ("item", "annotator", "label")


@dataclass(frozen=True, eq=False)
class Votes:
    """Answers, one an entry of `item`, `annotator` and `label` (n,) int64: places in the three lists of names.

    `items` and `annotators` stand in the order in which they came, `labels` in their own: numbers by size, texts by
    the alphabet. Nobody answers an item twice; items without an answer are legal.
    """

    items: list[Any]
    annotators: list[Any]
    labels: list[Any]
    item: np.ndarray
    annotator: np.ndarray
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.item)

    def take(self, which: np.ndarray) -> Votes:
        """Some of the answers, by positions or a mask; the names stay all."""
        return replace(self, item=self.item[which], annotator=self.annotator[which], label=self.label[which])

    def counts(self) -> np.ndarray:
        """(items, labels) float64: how many gave the item this label."""
        size = (len(self.items), len(self.labels))
        return np.bincount(self.item * size[1] + self.label, minlength=size[0] * size[1]).reshape(size) * 1.0


def votes(answers: Any, labels: Sequence[Any] | None = None) -> Votes:
    """The answers of a table with the columns item, annotator, label: a data frame of any library, or a mapping.

    labels: all there are, in their order; without them those that were given, sorted. Raises `DataError` for a
    column that is not there, a cell that is missing, columns of different lengths, an annotator who answers an item
    twice, and a label that is none of `labels`.

    >>> votes({"item": [7, 7], "annotator": ["ann", "bob"], "label": ["no", "yes"]}).counts()
    array([[1., 1.]])
    """
    if isinstance(answers, Votes):
        return answers
    columns = read(answers, COLUMNS)
    items, item = numbered("item", columns["item"])
    annotators, annotator = numbered("annotator", columns["annotator"])
    found, label = numbered("label", columns["label"], typed=True)
    order = in_order(found) if labels is None else list(labels)
    place = {(type(name), name): k for k, name in enumerate(order)}
    unknown = next((name for name in found if (type(name), name) not in place), None)
    if unknown is not None:
        raise DataError(f"the label {unknown!r} is none of {', '.join(map(repr, order))}")
    label = np.array([place[type(name), name] for name in found], dtype=np.int64)[label]
    key = np.sort(item * len(annotators) + annotator)
    twice = key[1:][key[1:] == key[:-1]]
    if len(twice):
        which, who = divmod(int(twice[0]), len(annotators))
        raise DataError(
            f"annotator {annotators[who]!r} answers item {items[which]!r} more than once; keep one answer of each"
        )
    return Votes(items, annotators, order, item, annotator, label)


def read(table: Any, names: Sequence[str]) -> dict[str, Any]:
    """These columns of a data frame or of a mapping, each a list or an array, all equally long."""
    if isinstance(table, Mapping):
        given, column = [str(name) for name in table], table.__getitem__
    else:
        import narwhals as nw

        try:
            frame = nw.from_native(table, eager_only=True)
        except TypeError as error:
            raise DataError(
                f"a {type(table).__name__} is no table of answers; give a data frame or a mapping with the columns "
                + ", ".join(names)
            ) from error
        given, column = [str(name) for name in frame.columns], lambda name: _cells(name, frame[name])
    for name in names:
        if name not in given:
            raise DataError(f"the answers have no column {name!r}; there are: {', '.join(given)}")
    columns = {name: column(name) for name in names}
    sizes = {name: len(cells) for name, cells in columns.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(f"the columns differ in length: {sizes}")
    return columns


def _cells(name: str, column: Any) -> Any:
    missing = column.is_null().to_numpy()
    if missing.any():
        raise DataError(_missing(name, int(np.argmax(missing))))
    return column.to_numpy() if column.dtype.is_integer() else column.to_list()


def _missing(name: str, row: int) -> str:
    return f"the answer in row {row + 1} has no {name}; every answer says item, annotator and label"


def numbered(name: str, cells: Any, typed: bool = False) -> tuple[list[Any], np.ndarray]:
    """(names in the order in which they come, place of each cell's name (n,) int64); `typed`: True is not 1.

    >>> numbered("item", ["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0]))
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "iu":
        found, first, place = np.unique(cells, return_index=True, return_inverse=True)
        came = np.argsort(first)
        rank = np.empty(len(came), dtype=np.int64)
        rank[came] = np.arange(len(came))
        return found[came].tolist(), rank[place]
    plain = cells.tolist() if isinstance(cells, np.ndarray) else cells
    if typed and {bool, int} <= set(map(type, plain)):
        numbered(name, plain)  # that none is missing
        kinds, places = numbered(name, [(type(cell) is bool, cell) for cell in plain])
        return [cell for _, cell in kinds], places
    seen: dict[Any, int] = {}
    try:
        places = np.fromiter((seen.setdefault(cell, len(seen)) for cell in plain), np.int64, len(plain))
    except TypeError as error:
        raise DataError(f"column {name!r} holds cells that are no names: {error}") from error
    for cell, at in seen.items():
        if cell is None or (isinstance(cell, float) and cell != cell):
            raise DataError(_missing(name, int(np.argmax(places == at))))
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in seen], places


def in_order(labels: Sequence[Any]) -> list[Any]:
    """The labels sorted, whatever order they came in: numbers by size, then texts, then anything else as written.

    >>> in_order(["b", 10, 2, "a"])
    [2, 10, 'a', 'b']
    """

    def key(label: Any) -> tuple[int, Any, str]:
        if isinstance(label, int | float):
            return 0, label, ""
        return (1, 0, label) if isinstance(label, str) else (2, 0, str(label))

    return sorted(labels, key=key)
