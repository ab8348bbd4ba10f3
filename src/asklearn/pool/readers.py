"""From what people have (a file, a folder of images, an array, a data frame) to rows, one at a time."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from asklearn.errors import DataError, MissingExtra, SettingError
from asklearn.pool import Bad, Kind, Progress, arrayfiles, images
from asklearn.pool.columns import Column, Roles, assign, column, features_of
from asklearn.pool.ids import digest_of_array
from asklearn.pool.records import Line, csv_records, json_lines, json_list, lines
from asklearn.pool.rows import Columns, Dense, Frame, Rows, Sparse, hold, is_frame
from asklearn.pool.source import Conversion, Record, Source, array_rows, converted

BLOCK = 2048  # rows in memory at a time
PEEK = 100  # JSON objects looked at to know the columns
KNOWN = ".csv, .tsv, .jsonl, .json, .parquet, .npy, .npz, or a folder of images"


def read(
    data: Any,
    *,
    text: str | None = None,
    image: str | None = None,
    features: str | Iterable[str] | None = None,
    id: str | None = None,
    label: str | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Source:
    """The rows of a CSV, TSV, JSON, JSON Lines, Parquet, .npy or .npz file, a folder of images, or rows in memory.

    `text`, `image` or `features` name the columns an item is made of: a text, an image (a path, relative to
    the file, or the bytes in Parquet), or the cells of a table; without them it is a table of all columns but
    `id` and `label`. Without `id` an item is known by a hash of its content. `label` names known labels,
    which are kept aside for simulation; for a folder of images it is "folder": the name of the sub-folder. In
    an .npz file the names are those of its arrays: rows are X, x, x_train or the only one, unless `features`
    or `image` names them.

    Only the beginning is read here: raises `DataError` for a file that is not there, empty or without such a
    column. `skip_bad` is for whoever takes the rows in: leave out those that cannot be read.
    """
    roles = Roles(text, image, features_of(features), id, label)
    if isinstance(data, str | os.PathLike):
        source = _of_path(Path(data), roles, progress)
    elif isinstance(data, dict) or is_frame(data):
        source = _of_frame(hold(data), roles)
    elif roles != Roles():
        raise SettingError(
            f"columns can be named in a file or a data frame; a {type(data).__name__} has none"
        )
    else:
        source = given(data)
    return replace(source, skip_bad=skip_bad, roles=_written(roles))


def given(
    X: Any,
    ids: Iterable[Any] | None = None,
    truth: Iterable[Any] | None = None,
    kind: Kind | None = None,
    roles: Roles | None = None,
) -> Source:
    """The rows of something in memory: texts, images, an array, a sparse matrix, a data frame.

    `ids`, `truth`: one entry a row; in `truth` None where there is none. `kind` "image" makes paths of a list
    of str.
    """
    held = hold(X, kind)
    ids, truth = _one_each(ids, held, "ids"), _one_each(truth, held, "labels")
    if isinstance(held, Sparse) or (isinstance(held, Dense) and held.kind != "text"):
        return _of_array(held, "the array", ids, truth)
    if isinstance(held, Frame | Columns):
        return _of_table(held, roles or Roles(), ids, truth)
    rows = _with_aside(([item] for item in held.X), [Column(held.kind, held.kind)], held.kind, ids, truth)
    return replace(rows, name="the list")


def _with_aside(
    records: Iterable[Sequence[Any]],
    columns: list[Column],
    kind: Kind,
    ids: Sequence[Any] | None,
    truth: Sequence[Any] | None,
) -> Source:
    """The source of these records, with ids and labels that came beside them."""
    conversion = Conversion(columns, kind)
    if ids is not None:
        conversion.id_at = len(columns)
        records, columns = _beside(records, ids), [*columns, Column("id", "id")]
    if truth is not None:
        conversion.label_at = len(columns)
        records, columns = _beside(records, truth), [*columns, Column("label", "label")]
    conversion.columns = columns
    rows = converted(((number, list(cells)) for number, cells in enumerate(records, 1)), conversion)
    return Source("the table", kind, columns, rows)


def _beside(records: Iterable[Sequence[Any]], values: Iterable[Any]) -> Iterator[list[Any]]:
    return ([*cells, value] for cells, value in zip(records, values, strict=True))


def _one_each(values: Iterable[Any] | None, rows: Rows, what: str) -> list[Any] | None:
    if values is None:
        return None
    found = list(values)
    if len(found) != len(rows):
        raise DataError(f"there are {len(rows):,} rows and {len(found):,} {what}; give one a row")
    return found


def _written(roles: Roles) -> dict[str, Any]:
    """The roles as `read` takes them, those that were given."""
    given = {name: getattr(roles, name) for name in ("text", "image", "id", "label")}
    given["features"] = list(roles.features) or None
    return {name: value for name, value in given.items() if value is not None}


def _of_path(path: Path, roles: Roles, progress: Progress | None) -> Source:
    if path.is_dir():
        return _of_folder(path, roles, progress)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not size:
        raise DataError(f"{path} is empty")
    match path.suffix.lower():
        case ".csv":
            return _of_csv(path, ",", roles, size, progress)
        case ".tsv" | ".tab":
            return _of_csv(path, "\t", roles, size, progress)
        case ".jsonl" | ".ndjson" | ".json":
            return _of_json(path, roles, size, progress)
        case ".parquet" | ".pq":
            return _of_parquet(path, roles, progress)
        case ".npy" | ".npz":
            return _of_array_file(path, roles, progress)
    raise DataError(
        f"{path} is of a kind that is not known ({path.suffix or 'no suffix'}); known are {KNOWN}"
    )


def _tabular(
    name: str,
    columns: list[Column],
    records: Iterable[Record | Bad],
    roles: Roles,
    *,
    unit: str = "row",
    typed: bool = True,
    base: Path = Path(),
) -> Source:
    names = [c.name for c in columns]
    conversion = Conversion(
        columns,
        roles.kind,
        None if roles.id is None else names.index(roles.id),
        None if roles.label is None else names.index(roles.label),
        typed,
        base,
    )
    return Source(name, roles.kind, columns, converted(records, conversion), unit)


# -- text files ------------------------------------------------------------------------


def _of_csv(path: Path, delimiter: str, roles: Roles, size: int, progress: Progress | None) -> Source:
    """A header, then records of as many fields. A .csv without comma in its header is split at ; or tabs."""
    read = _lines_of(path, size, progress)
    first = next(read)  # the file is not empty
    if delimiter == "," and "," not in first.text:
        delimiter = next((sign for sign in ";\t" if sign in first.text), ",")
    found = csv_records(chain([first], read), delimiter)
    header = next(found, None)
    if header is None:
        raise DataError(f"{path.name} holds blank lines only")
    if isinstance(header, Bad):
        raise DataError(f"{path.name}: line {header.line}, the header: {header.reason}")
    if "\r" in "".join(header[1]):
        raise DataError(f"{path.name} ends its lines with CR alone; convert them to LF")
    names = [field.strip() or f"column {i}" for i, field in enumerate(header[1], 1)]
    columns = assign(names, roles, path.name)
    return _tabular(
        path.name, columns, _as_wide(found, len(names)), roles, unit="line", typed=False, base=path.parent
    )


def _lines_of(path: Path, size: int, progress: Progress | None) -> Iterator[Line]:
    with _opened(path) as file:
        yield from lines(file, path.name, size, progress)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=2**20)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _as_wide(found: Iterable[tuple[int, list[str]] | Bad], width: int) -> Iterator[Record | Bad]:
    for record in found:
        if type(record) is Bad or len(record[1]) == width:
            yield record
        else:
            given = len(record[1])
            yield Bad(record[0], f"{given} field{'s' * (given != 1)} where the header has {width}")


def _of_json(path: Path, roles: Roles, size: int, progress: Progress | None) -> Source:
    """One object a line, or one list of objects: the first sign tells.

    The columns are the names in the first hundred objects; a name that comes later becomes a column when it
    comes.
    """
    objects = _objects(path, size, progress)
    first = list(islice(objects, PEEK))
    names = list(dict.fromkeys(name for record in first if not isinstance(record, Bad) for name in record[1]))
    if not names:
        wrong = next((record for record in first if isinstance(record, Bad)), None)
        raise DataError(
            f"{path.name} has no rows" if wrong is None else f"{path.name}: line {wrong.line}: {wrong.reason}"
        )
    columns = assign(names, roles, path.name)
    records = _flat(chain(first, objects), columns, roles)
    return _tabular(path.name, columns, records, roles, unit="line", base=path.parent)


def _objects(path: Path, size: int, progress: Progress | None) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    with _opened(path) as file:
        sign = file.read(1024).removeprefix(BOM_UTF8).lstrip()[:1]
        file.seek(0)
        if sign == b"[":
            yield from json_list(file, path.name, size, progress)
        else:
            yield from json_lines(lines(file, path.name, size, progress))


def _flat(
    objects: Iterable[tuple[int, dict[str, Any]] | Bad], columns: list[Column], roles: Roles
) -> Iterator[Record | Bad]:
    names = dict.fromkeys(c.name for c in columns)
    for record in objects:
        if isinstance(record, Bad):
            yield record
            continue
        line, found = record
        if not found.keys() <= names.keys():
            new = [name for name in found if name not in names]
            names |= dict.fromkeys(new)
            columns += [column(name, roles) for name in new]
        yield line, [found.get(name) for name in names]


# -- tables ------------------------------------------------------------------------


def _of_table(
    held: Frame | Columns, roles: Roles, ids: Sequence[Any] | None = None, truth: Sequence[Any] | None = None
) -> Source:
    if roles == Roles():
        return _with_aside(_cells(held), [column(name, roles) for name in held.names], "table", ids, truth)
    columns = assign(held.names, roles, "the table")
    if ids is None and truth is None:
        records = ((number, list(cells)) for number, cells in enumerate(_cells(held), 1))
        return _tabular("the table", columns, records, roles)
    if roles.id or roles.label:
        raise SettingError("ids and labels come as columns or beside the table, not both")
    return _with_aside(_cells(held), columns, roles.kind, ids, truth)


def _of_frame(held: Rows, roles: Roles) -> Source:
    if not isinstance(held, Frame | Columns):
        raise SettingError("a single column has no columns to name; give a data frame, or a list of texts")
    return _of_table(held, roles)


def _cells(held: Frame | Columns) -> Iterator[Sequence[Any]]:
    for first in range(0, len(held), BLOCK):
        yield from held.cells(first, first + BLOCK)


def _of_parquet(path: Path, roles: Roles, progress: Progress | None) -> Source:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise MissingExtra("reading Parquet", "parquet") from error
    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise DataError(f"{path.name} cannot be read as Parquet: {error}") from error
    names = file.schema_arrow.names
    columns = assign(names, roles, path.name)
    return _tabular(path.name, columns, _batches(file, path, progress), roles, base=path.parent)


def _batches(file: Any, path: Path, progress: Progress | None) -> Iterator[Record]:
    from pyarrow import ArrowException

    total, row = file.metadata.num_rows, 0
    with file:
        try:
            for batch in file.iter_batches(BLOCK):
                for cells in zip(*(part.to_pylist() for part in batch.columns), strict=True):
                    row += 1
                    yield row, list(cells)
                if progress is not None:
                    progress(row, total)
        except (ArrowException, OSError) as error:
            raise DataError(f"{path.name} cannot be read after row {row}: {error}") from error


# -- images and arrays ------------------------------------------------------------------------


def _of_folder(path: Path, roles: Roles, progress: Progress | None) -> Source:
    """Columns image (the path inside the folder) and folder (the name of the sub-folder it lies in)."""
    named = set(roles.named())
    if roles.text or roles.features or not named <= {"image", "folder"} or roles.label == "image":
        raise SettingError(
            f"{path} is a folder of images; its columns are 'image', the path, and 'folder', the sub-folder "
            "(label='folder' takes it as the known label)"
        )
    files = _images_in(path)
    if not files:
        raise DataError(f"{path} holds no images ({', '.join(images.SUFFIXES)})")
    roles = replace(roles, image="image")
    columns = assign(["image", "folder"], roles, str(path))
    return _tabular(path.name, columns, _files(path, files, progress), roles, unit="", base=path)


def _images_in(path: Path) -> list[Path]:
    """Paths inside the folder, sorted; hidden files and folders are left alone."""
    found = []
    for folder, inner, files in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith(".")]
        fitting = (n for n in files if n.lower().endswith(images.SUFFIXES) and not n.startswith("."))
        found += [(Path(folder) / name).relative_to(path) for name in fitting]
    return sorted(found)


def _files(folder: Path, files: Sequence[Path], progress: Progress | None) -> Iterator[Record]:
    for number, file in enumerate(files, 1):
        if progress is not None:
            progress(number, len(files))
        yield number, [file.as_posix(), file.parent.name or None]


def _of_array_file(path: Path, roles: Roles, progress: Progress | None) -> Source:
    keys = arrayfiles.names(path)
    if roles.text:
        raise SettingError(f"{path.name} holds arrays; texts are read from CSV, JSON Lines or Parquet")
    if arrayfiles.is_sparse(keys):
        if roles != Roles():
            raise SettingError(f"{path.name} holds one sparse matrix; it has no names to give")
        return _of_array(hold(arrayfiles.sparse(path)), path.name, None, None)
    key = _items_key(path, keys, roles)
    truth = None if roles.label is None else _aside(path, keys, roles.label)
    ids = None if roles.id is None else _aside(path, keys, roles.id)
    dtype, shape = arrayfiles.header(path, key)
    rows = _counted(arrayfiles.rows(path, key), shape[0] if shape else 0, progress)
    return _of_rows(path.name, dtype, shape, rows, ids, truth)


def _items_key(path: Path, keys: Sequence[str], roles: Roles) -> str:
    wanted = roles.image or (roles.features[0] if roles.features else None)
    if len(roles.features) > 1:
        raise SettingError(f"the rows of {path.name} are one array; features names {len(roles.features)}")
    if wanted is not None:
        return _known(path, keys, wanted)
    usual = [key for key in arrayfiles.ITEMS if key in keys]
    rest = [key for key in keys if not key or len(arrayfiles.header(path, key)[1]) > 1]
    if usual or len(rest) == 1:
        return usual[0] if usual else rest[0]
    raise DataError(
        f"{path.name} holds the arrays {', '.join(keys)}; name the one with the rows: features={rest[0]!r}"
        if rest
        else f"{path.name} holds no array of rows"
    )


def _known(path: Path, keys: Sequence[str], wanted: str) -> str:
    if wanted not in keys or not wanted:
        there = (
            f"its arrays are: {', '.join(keys)}"
            if keys != [""]
            else "a .npy file is one array without a name"
        )
        raise DataError(f"{path.name} has no array {wanted!r}; {there}")
    return wanted


def _aside(path: Path, keys: Sequence[str], wanted: str) -> np.ndarray:
    return arrayfiles.whole(path, _known(path, keys, wanted))


def _counted(rows: Iterable[np.ndarray], total: int, progress: Progress | None) -> Iterator[np.ndarray]:
    for done, row in enumerate(rows, 1):
        if progress is not None and done % BLOCK == 0:
            progress(done, total)
        yield row


def _of_array(held: Rows, name: str, ids: Any, truth: Any) -> Source:
    if isinstance(held, Sparse):
        found = enumerate(held.digests())
        return Source(name, "array", [], array_rows(found, ids, truth), sparse=held.X)
    return _of_rows(name, held.X.dtype, held.X.shape, held.X, ids, truth)


def _of_rows(
    name: str, dtype: np.dtype[Any], shape: tuple[int, ...], rows: Iterable[np.ndarray], ids: Any, truth: Any
) -> Source:
    kind = _array_kind(name, dtype, shape)
    for what, values in (("ids", ids), ("labels", truth)):
        if values is not None and np.shape(values) != shape[:1]:
            raise DataError(
                f"{name} has {shape[0]:,} rows and {what} of shape {np.shape(values)}; give one a row"
            )
    found = array_rows(((row, digest_of_array(row)) for row in rows), ids, truth)
    return Source(name, kind, [], found, array=(dtype, shape[1:], shape[0]))


def _array_kind(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Kind:
    if len(shape) == 2 and dtype.kind in "biuf":
        return "array"
    if dtype == np.uint8 and (len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3, 4))):
        images.check_size(shape[2], shape[1], name)
        return "image"
    raise DataError(
        f"{name} has type {dtype} and shape {shape}; rows are numbers (items, features) or uint8 images "
        "(items, height, width[, 1, 3 or 4])"
    )
