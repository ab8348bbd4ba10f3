"""Rows in the user's own type: what a list, an array, a sparse matrix or a data frame must be able to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from asklearn.errors import DataError
from asklearn.pool import Kind
from asklearn.pool.cells import plain
from asklearn.pool.ids import (
    digest_of_array,
    digest_of_bytes,
    digest_of_cells,
    digest_of_file,
    digest_of_text,
)

BLOCK = 2048  # rows looked at together
SHOWN = 100  # numbers of a row that a page shows


class Rows(Protocol):
    """Some rows, kept as they came."""

    @property
    def X(self) -> Any: ...

    @property
    def kind(self) -> Kind: ...

    def __len__(self) -> int: ...

    def take(self, positions: np.ndarray) -> Any:
        """The rows at these positions, in the user's own type."""
        ...

    def digests(self) -> Iterator[bytes]:
        """A hash of each row's content."""
        ...

    def joined(self, more: Any) -> Rows:
        """These rows and then more of the same type. Raises `DataError` for other ones."""
        ...

    def show(self, position: int) -> dict[str, Any]:
        """One row as the page shows it."""
        ...


def hold(X: Any, kind: Kind | None = None) -> Rows:
    """The rows of X. Raises `DataError` when it is nothing that has rows.

    `kind` decides what a list of str is: texts, unless it says "image" (paths).
    """
    if isinstance(X, np.ndarray):
        return _array(X, kind)
    if isinstance(X, list | tuple):
        return Listed(list(X), kind or _kind_of(X[0] if X else ""))
    if isinstance(X, dict):
        return Columns(X)
    if _is_sparse(X):
        return Sparse(X, X.tocsr())
    if is_frame(X):
        return _frame(X)
    raise DataError(
        f"a {type(X).__name__} has no rows; give a list of texts or images, an array (rows first), "
        "a sparse matrix, or a data frame"
    )


def is_frame(X: Any) -> bool:
    """Whether X is a data frame or a column of one, of any library that narwhals knows."""
    # Whoever holds a frame has imported its library; asking narwhals would import narwhals for every list.
    library = type(X).__module__.partition(".")[0]
    if library in ("builtins", "numpy", "scipy", "asklearn", "PIL"):
        return False
    from narwhals import dependencies

    return dependencies.is_into_dataframe(X) or dependencies.is_into_series(X) or _is_lazy(X)


def _is_lazy(X: Any) -> bool:
    from narwhals import dependencies

    return bool(dependencies.is_into_lazyframe(X))


def _is_sparse(X: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")  # whoever holds a sparse matrix has imported it
    return sparse is not None and bool(sparse.issparse(X))


def _kind_of(item: Any) -> Kind:
    if isinstance(item, str):
        return "text"
    if isinstance(item, Path | bytes) or _is_pillow(item):
        return "image"
    if isinstance(item, np.ndarray) and item.dtype == np.uint8 and item.ndim in (2, 3):
        return "image"
    raise DataError(
        f"a list of {type(item).__name__} cannot be asked about; lists hold texts or images (paths, bytes, "
        "Pillow images, uint8 arrays); numbers come as an array, records as a data frame"
    )


def _is_pillow(item: Any) -> bool:
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(item, pillow.Image)


def _array(X: np.ndarray, kind: Kind | None) -> Rows:
    if X.ndim == 1 and (
        X.dtype.kind in "UT" or (X.dtype == object and (not len(X) or isinstance(X[0], str)))
    ):
        return Dense(X, kind or "text")
    if kind is None and X.ndim in (3, 4) and X.dtype == np.uint8:
        kind = "image"
    if kind is None and X.ndim != 2:
        raise DataError(
            f"the array has type {X.dtype} and shape {X.shape}; rows are (items, features) numbers, (items,) "
            "texts or (items, height, width[, channels]) uint8 images"
        )
    return Dense(X, kind or "array")


def _frame(X: Any) -> Rows:
    import narwhals as nw

    if _is_lazy(X):
        raise DataError(f"a lazy {type(X).__name__} has no rows yet; collect it first")
    try:
        held = nw.from_native(X, eager_only=True, allow_series=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(
            f"two columns of the table have the same name: {' '.join(str(error).split())}"
        ) from error
    return Texts(held) if isinstance(held, nw.Series) else Frame(held)


def digest_of(item: Any, row: int) -> bytes:
    """The hash of one text or image."""
    if isinstance(item, str):
        return digest_of_text(item)
    if isinstance(item, Path):
        return digest_of_file(item)
    if isinstance(item, bytes):
        return digest_of_bytes(item)
    if isinstance(item, np.ndarray):
        return digest_of_array(item)
    if _is_pillow(item):
        return digest_of_array(np.asarray(item))
    raise DataError(f"row {row} is a {type(item).__name__}, neither a text nor an image")


def _same(a: Rows, b: Rows, what: str, wanted: Any, given: Any) -> None:
    if type(a) is not type(b) or a.kind != b.kind:
        raise DataError(f"the pool's rows are {_name(a)}, these are {_name(b)}; add rows of the same type")
    if wanted != given:
        raise DataError(f"the pool's rows have {what} {wanted}, these have {given}")


def _name(rows: Rows) -> str:
    words = {
        Listed: "a list",
        Dense: "an array",
        Sparse: "a sparse matrix",
        Frame: "a data frame",
        Texts: "a column of a data frame",
        Columns: "a dict of columns",
    }
    return f"{words[type(rows)]} ({rows.kind})"


def _shown(kind: Kind, row: Any) -> dict[str, Any]:
    if kind == "text":
        return {"kind": "text", "text": str(row)}
    if kind == "image":
        return {"kind": "image"}
    values = np.ravel(row)
    return {"kind": "table", "fields": [[str(i), plain(v)] for i, v in enumerate(values[:SHOWN], 1)]}


@dataclass(frozen=True)
class Listed:
    """A list of texts or images."""

    X: list[Any]
    kind: Kind

    def __len__(self) -> int:
        return len(self.X)

    def take(self, positions: np.ndarray) -> list[Any]:
        return [self.X[i] for i in positions]

    def digests(self) -> Iterator[bytes]:
        paths = self.kind == "image"
        for row, item in enumerate(self.X, 1):
            yield digest_of(Path(item) if paths and isinstance(item, str) else item, row)

    def joined(self, more: Any) -> Rows:
        rows = hold(more, "image" if self.kind == "image" else None)
        _same(self, rows, "", None, None)
        return Listed(self.X + rows.X, self.kind)

    def show(self, position: int) -> dict[str, Any]:
        return _shown(self.kind, self.X[position])


@dataclass(frozen=True, eq=False)
class Dense:
    """An array, rows first."""

    X: np.ndarray
    kind: Kind

    def __len__(self) -> int:
        return len(self.X)

    def take(self, positions: np.ndarray) -> np.ndarray:
        taken: np.ndarray = self.X[positions]
        return taken

    def digests(self) -> Iterator[bytes]:
        if self.kind == "text":
            return (digest_of_text(str(text)) for text in self.X)
        return (digest_of_array(row) for row in self.X)

    def joined(self, more: Any) -> Rows:
        rows = hold(more, self.kind)
        _same(self, rows, "shape", self.X.shape[1:], rows.X.shape[1:] if isinstance(rows, Dense) else None)
        assert isinstance(rows, Dense)
        return Dense(np.concatenate([self.X, rows.X]), self.kind)

    def show(self, position: int) -> dict[str, Any]:
        return _shown(self.kind, self.X[position])


@dataclass(frozen=True, eq=False)
class Sparse:
    """A SciPy sparse matrix or array of any format; rows come back in that format."""

    X: Any
    by_row: Any  # as CSR; the same object when it is CSR already
    kind: Kind = "array"

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def take(self, positions: np.ndarray) -> Any:
        return self.by_row[positions].asformat(self.X.format)

    def digests(self) -> Iterator[bytes]:
        for first in range(0, len(self), BLOCK):
            block = self.by_row[first : first + BLOCK].copy()
            block.sum_duplicates()
            for start, end in zip(block.indptr[:-1], block.indptr[1:], strict=True):
                at = np.concatenate([[block.shape[1]], block.indices[start:end]]).astype(np.int64)
                yield digest_of_text(digest_of_array(at).hex() + digest_of_array(block.data[start:end]).hex())

    def joined(self, more: Any) -> Rows:
        from scipy import sparse

        rows = hold(more)
        width = rows.X.shape[1] if isinstance(rows, Sparse) else None
        _same(self, rows, "width", self.X.shape[1], width)
        return hold(sparse.vstack([self.X, more], format=self.X.format))

    def show(self, position: int) -> dict[str, Any]:
        row = self.by_row[[position]].tocoo()
        fields = [[str(i + 1), plain(v)] for i, v in zip(row.col[:SHOWN], row.data[:SHOWN], strict=True)]
        return {"kind": "table", "fields": fields}


@dataclass(frozen=True, eq=False)
class Frame:
    """A data frame of any library, behind narwhals."""

    X: Any
    kind: Kind = "table"

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.X.columns]

    def __len__(self) -> int:
        return len(self.X)

    def take(self, positions: np.ndarray) -> Any:
        return self.X[positions.tolist()].to_native()

    def cells(self, first: int, end: int) -> Iterator[Sequence[Any]]:
        """The cells of these rows, None where one is missing."""
        block = self.X[first:end]
        columns = []
        for column in block.iter_columns():
            missing = column.is_null().to_list()
            columns.append(
                [None if gone else cell for cell, gone in zip(column.to_list(), missing, strict=True)]
            )
        return zip(*columns, strict=True)

    def digests(self) -> Iterator[bytes]:
        names = self.names
        order = sorted(range(len(names)), key=names.__getitem__)
        in_order = [names[i] for i in order]
        for first in range(0, len(self), BLOCK):
            for cells in self.cells(first, first + BLOCK):
                yield digest_of_cells(in_order, [plain(cells[i]) for i in order])

    def joined(self, more: Any) -> Rows:
        import narwhals as nw

        rows = hold(more)
        _same(
            self, rows, "columns", sorted(self.names), sorted(rows.names) if isinstance(rows, Frame) else None
        )
        assert isinstance(rows, Frame)
        own, other = self.X.implementation, rows.X.implementation
        if own is not other:
            raise DataError(f"the pool's rows are a table of {own.value}, these are of {other.value}")
        return Frame(nw.concat([self.X, rows.X.select(*self._as_mine(rows.X))], how="vertical"))

    def _as_mine(self, X: Any) -> Iterator[Any]:
        """The columns of X in this order; whole numbers fit into a column of floats."""
        import narwhals as nw

        for name, dtype in self.X.schema.items():
            given = X.schema[name]
            if dtype.is_float() and given.is_integer():
                yield nw.col(name).cast(dtype)
            elif given == dtype:
                yield nw.col(name)
            else:
                raise DataError(f"column {name!r} is {dtype} in the pool, {given} here")

    def show(self, position: int) -> dict[str, Any]:
        (cells,) = self.cells(position, position + 1)
        return {"kind": "table", "fields": [[n, plain(c)] for n, c in zip(self.names, cells, strict=True)]}


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts of any data frame library, behind narwhals."""

    X: Any
    kind: Kind = "text"

    def __len__(self) -> int:
        return len(self.X)

    def take(self, positions: np.ndarray) -> Any:
        return self.X[positions.tolist()].to_native()

    def digests(self) -> Iterator[bytes]:
        return (digest_of(text, row) for row, text in enumerate(self.X.to_list(), 1))

    def joined(self, more: Any) -> Rows:
        import narwhals as nw

        rows = hold(more)
        _same(self, rows, "", None, None)
        both = [column.X.alias("text").to_frame() for column in (self, rows)]
        return Texts(nw.concat(both)["text"].alias(self.X.name))

    def show(self, position: int) -> dict[str, Any]:
        return _shown("text", self.X[position])


@dataclass(frozen=True, eq=False)
class Columns:
    """A table as a dict of columns, each a list."""

    X: dict[str, Any]
    kind: Kind = "table"

    def __post_init__(self) -> None:
        sizes = {name: len(column) for name, column in self.X.items()}
        if len(set(sizes.values())) > 1:
            raise DataError(f"the columns differ in length: {sizes}")

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.X]

    def __len__(self) -> int:
        return len(next(iter(self.X.values()), ()))

    def take(self, positions: np.ndarray) -> dict[str, Any]:
        return {name: [column[i] for i in positions] for name, column in self.X.items()}

    def cells(self, first: int, end: int) -> Iterator[Sequence[Any]]:
        """The cells of these rows."""
        return zip(*(column[first:end] for column in self.X.values()), strict=True)

    def digests(self) -> Iterator[bytes]:
        order = sorted(self.X)
        return (
            digest_of_cells(order, [plain(cell) for cell in cells])
            for cells in zip(*(self.X[name] for name in order), strict=True)
        )

    def joined(self, more: Any) -> Rows:
        rows = hold(more)
        _same(
            self,
            rows,
            "columns",
            sorted(self.names),
            sorted(rows.names) if isinstance(rows, Columns) else None,
        )
        return Columns({name: [*column, *rows.X[name]] for name, column in self.X.items()})

    def show(self, position: int) -> dict[str, Any]:
        return {
            "kind": "table",
            "fields": [[name, plain(column[position])] for name, column in self.X.items()],
        }
