"""Every row with its label, as a file."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from asklearn.cli.terminal import progress, remark
from asklearn.errors import DataError, MissingExtra, NotReady, SettingError

Row = Mapping[str, Any]
Rows = Callable[[], Iterator[Row]]  # all rows from the beginning, whenever called

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
BLOCK = 1000  # rows written at once

# A spreadsheet runs these as formulas; a plain number such as -3.5 is none.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def export_file(folder: Path, out: Path, *, format: str | None, predict: bool, raw: bool) -> None:
    """Write the project's rows to `out`; a file that is there is replaced once the new one is complete."""
    from asklearn.project import Project

    format = format_of(out, format)
    if predict:
        taught(folder)
    with Project.open(folder, writing=False) as project:
        total = len(project.pool.ids)

        def rows() -> Iterator[Row]:
            return project.export(predict=predict)

        if str(out) == "-":
            stream(format, rows, sys.stdout, raw)
            return
        with written(out), progress("writing") as seen:
            if is_special(out):
                with out.open("w", encoding="utf-8", newline="") as file:
                    stream(format, rows, file, raw)
            else:
                with replacing(out.resolve()) as scratch:
                    save(format, lambda: counted(rows(), seen, total), scratch, raw)
    remark(f"{total:,} rows written to {out}")


def taught(folder: Path) -> None:
    """Train a model where there is none: who labelled a little and left at once was ahead of the first one."""
    from asklearn.project import Project

    with Project.open(folder, writing=False) as project:
        if project.state.models:
            return
    with Project.open(folder) as project:
        try:
            project.learn()
        except NotReady as error:
            raise NotReady(f"no model yet: {error}") from error


def format_of(out: Path, wanted: str | None) -> str:
    """The format asked for, or the one the file's name says.

    >>> format_of(Path("labels.csv"), None), format_of(Path("-"), None), format_of(Path("a.txt"), "jsonl")
    ('csv', 'jsonl', 'jsonl')
    """
    known = sorted(set(SUFFIXES.values()))
    if wanted is not None:
        if wanted not in known:
            raise SettingError(f"there is no format {wanted!r}; there are {', '.join(known)}")
        return wanted
    if str(out) == "-":
        return "jsonl"
    if out.suffix.lower() not in SUFFIXES:
        raise SettingError(
            f"{str(out)!r} does not say which format: end it with {', '.join(SUFFIXES)}, or say --format"
        )
    return SUFFIXES[out.suffix.lower()]


@contextmanager
def written(out: Path) -> Iterator[None]:
    """Turns what the system says about writing to `out` into a sentence."""
    if out.is_dir():
        raise DataError(f"{out} is a folder; name a file to write")
    try:
        yield
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from error


def is_special(out: Path) -> bool:
    """Whether it is a pipe or a device: written to as it stands, never replaced by a file."""
    return out.exists() and not out.is_file()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A scratch file that takes the place of `out` at the end; on any error `out` stays as it was."""
    scratch = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        yield scratch
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)


def counted(rows: Iterable[Row], seen: Callable[..., None], total: int) -> Iterator[Row]:
    """The same rows; `seen` hears how many there were."""
    for done, row in enumerate(rows, start=1):
        yield row
        if done % BLOCK == 0 or done == total:
            seen(done, total)


def stream(format: str, rows: Rows, file: TextIO, raw: bool) -> None:
    if format not in TEXT:
        raise SettingError(f"{format} is not text and cannot be streamed; name a file to write it to")
    TEXT[format](rows, file, raw)


def save(format: str, rows: Rows, path: Path, raw: bool) -> None:
    if format == "parquet":
        write_parquet(rows, path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        stream(format, rows, file, raw)


def write_jsonl(rows: Rows, file: TextIO, _raw: bool = False) -> None:
    """One JSON object a line."""
    for row in rows():
        file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(rows: Rows, file: TextIO, raw: bool = False) -> None:
    """A header and a line a row; texts that a spreadsheet would run are guarded unless `raw`."""
    writer = None
    for row in rows():
        if writer is None:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            writer.writerow({name: name if raw else guard(name) for name in row})
        writer.writerow({name: cell(value) if raw else guard(cell(value)) for name, value in row.items()})


TEXT: dict[str, Callable[[Rows, TextIO, bool], None]] = {"jsonl": write_jsonl, "csv": write_csv}


def cell(value: Any) -> Any:
    """A value as one cell: nothing for None, JSON for lists and the like."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict, bool)) else value


def guard(value: Any) -> Any:
    """A text with a ' in front if a spreadsheet would take it for a formula; `unguard` gives it back.

    >>> guard("=1+1"), guard("-3.5"), guard("'=x"), guard("plain"), guard(-2)
    ("'=1+1", '-3.5', "''=x", 'plain', -2)
    """
    dangerous = isinstance(value, str) and FORMULA.match(value) and not NUMBER.fullmatch(value)
    return f"'{value}" if dangerous else value


def unguard(text: str) -> str:
    """What `guard` made of it, undone.

    >>> [unguard(guard(text)) for text in ("=1+1", "-3.5", "'=x", "'-3", "plain", "'")]
    ['=1+1', '-3.5', "'=x", "'-3", 'plain', "'"]
    """
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def write_parquet(rows: Rows, path: Path) -> None:
    """A Parquet file; goes through the rows twice, so that a column's type fits all of them."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtra("writing Parquet", "parquet") from error
    schema = None
    for block in blocks(rows()):
        found = pa.Table.from_pylist(block).schema
        schema = found if schema is None else pa.unify_schemas([schema, found], promote_options="permissive")
    if schema is None:
        raise DataError("there is no row to write")
    # Nobody labelled yet: the column is there all the same, as text.
    schema = pa.schema(
        [field.with_type(pa.string()) if field.type == pa.null() else field for field in schema]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for block in blocks(rows()):
            writer.write_table(pa.Table.from_pylist(block, schema=schema))


def blocks(rows: Iterable[Row]) -> Iterator[list[dict[str, Any]]]:
    block = []
    for row in rows:
        block.append(dict(row))
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block
