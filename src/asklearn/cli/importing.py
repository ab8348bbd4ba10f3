"""Labels from a file, into the record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from asklearn.cli.exporting import unguard
from asklearn.cli.terminal import document, plain, progress, say
from asklearn.errors import AnswerError, DataError, MissingExtra, NotReady, SettingError
from asklearn.people.answers import Answer
from asklearn.pool import Bad, Progress, records
from asklearn.pool.columns import unknown
from asklearn.pool.ids import to_json

if TYPE_CHECKING:
    from asklearn.project import Project

NAMED = 10  # rows that are named one by one
BLOCK = 2048

Record = tuple[int, dict[str, Any]]  # line, and column -> value


def import_file(
    folder: Path, file: Path, *, id: str, label: str, by: str, raw: bool, skip_bad: bool, json: bool
) -> None:
    """Take in the labels of a file: all of them or, with `skip_bad`, those that can be used."""
    from asklearn.project import Project

    with Project.open(folder) as project:
        intake = Intake(project, by)
        with progress("reading") as seen:
            for record in read(file, id, label, raw, seen):
                intake.take(record, id, label)
        if intake.wrong and not skip_bad:
            raise AnswerError(
                f"{file}: {listed(intake.wrong)}; nothing was imported (--skip-bad leaves such rows out)"
            )
        project.tell(intake.fresh.values())
        learned = learn(project) if intake.fresh else None
    if json:
        document(intake.counts() | {"left_out": [bad._asdict() for bad in intake.wrong]})
    else:
        say(*intake.sentences(folder), *([learned] if learned else []))


def learn(project: Project) -> str:
    """Train on what was imported, so that predictions can be had at once; what came of it."""
    try:
        project.learn()
    except NotReady as error:
        return f"no model yet: {error}"
    return f"a model was trained on {project.status()['model']['labels']:,} labels"


@dataclass
class Intake:
    """What a file says: labels that are news, how many are known or missing, rows that cannot be used."""

    project: Project
    by: str
    fresh: dict[str, Answer] = field(default_factory=dict)  # item -> its answer
    lines: dict[str, tuple[int, Any]] = field(default_factory=dict)  # item -> where it was, and its label
    wrong: list[Bad] = field(default_factory=list)
    known: int = 0
    empty: int = 0

    def __post_init__(self) -> None:
        self.ids = set(self.project.pool.ids)

    def take(self, record: Record | Bad, id: str, label: str) -> None:
        """One row more."""
        if isinstance(record, Bad):
            self.wrong.append(record)
            return
        line, cells = record
        if cells.get(label) is None or cells[label] == "":
            self.empty += 1
            return
        try:
            self._put(line, self._item(cells.get(id), id), self._meant(cells[label]))
        except AnswerError as error:
            self.wrong.append(Bad(line, str(error)))

    def _item(self, value: Any, id: str) -> str:
        if value is None or value == "":
            raise AnswerError(f"column {id!r} is empty")
        if str(value) not in self.ids:
            raise AnswerError(f"there is no item {str(value)!r} in the project")
        return str(value)

    def _meant(self, value: Any) -> Any:
        task = self.project.task
        return task.parse(value) if isinstance(value, str) else task.check(value)

    def _put(self, line: int, item: str, label: Any) -> None:
        if item in self.lines:
            before, other = self.lines[item]
            if other != label:
                raise AnswerError(f"item {item!r} is {label!r} here and {other!r} in line {before}")
            return
        self.lines[item] = line, label
        state = self.project.state
        standing = state.answers.get(item, {}).get(self.by)
        if standing is not None and standing.label == label:
            self.known += 1
            return
        # The key says what, and how often before: the same import, twice at once, is one import.
        times = sum(answer.by == self.by for answer in state.history.get(item, ()))
        key = uuid.uuid5(uuid.NAMESPACE_OID, to_json(["import", item, label, self.by, times]))
        self.fresh[item] = Answer(item=item, label=label, by=self.by, key=str(key))

    def counts(self) -> dict[str, Any]:
        return {"imported": len(self.fresh), "known": self.known, "without_label": self.empty}

    def sentences(self, folder: Path) -> Iterator[str]:
        """What became of the file."""
        yield f"{len(self.fresh):,} labels imported into {folder}"
        if self.known:
            yield f"{self.known:,} were there already"
        if self.empty:
            yield f"{self.empty:,} rows have no label"
        if self.wrong:
            yield f"left out: {listed(self.wrong)}"


def listed(wrong: Sequence[Bad]) -> str:
    """The first rows that cannot be used, each with its line and reason.

    >>> listed([Bad(3, "there is no item 'x' in the project")])
    "line 3: there is no item 'x' in the project"
    """
    more = f"; and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
    return "; ".join(f"line {line}: {plain(reason)}" for line, reason in wrong[:NAMED]) + more


def read(file: Path, id: str, label: str, raw: bool, progress: Progress) -> Iterator[Record | Bad]:
    """The rows of a file of labels, with at least the columns `id` and `label`."""
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise SettingError(f"labels come from {', '.join(READERS)}; {file.name!r} is none of them")
    try:
        with file.open("rb") as opened:
            for record in reader(opened, file, (id, label), progress):
                if raw or isinstance(record, Bad) or reader not in (_csv, _tsv):
                    yield record
                else:
                    line, cells = record
                    yield line, {name: unguard(cell) for name, cell in cells.items()}
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error


def _csv(
    opened: BinaryIO, file: Path, wanted: Sequence[str], progress: Progress, delimiter: str = ","
) -> Iterator[Record | Bad]:
    found = records.csv_records(records.lines(opened, file.name, file.stat().st_size, progress), delimiter)
    head = next(found, None)
    if head is None:
        raise DataError(f"{file} is empty")
    if isinstance(head, Bad):
        raise DataError(f"{file}: line {head.line}: {head.reason}")
    names = [unguard(name) for name in head[1]]
    _check(wanted, names, file)
    for record in found:
        if isinstance(record, Bad):
            yield record
        elif len(record[1]) != len(names):
            yield Bad(record[0], f"{len(record[1])} cells, but there are {len(names)} columns")
        else:
            yield record[0], dict(zip(names, record[1], strict=True))


def _tsv(opened: BinaryIO, file: Path, wanted: Sequence[str], progress: Progress) -> Iterator[Record | Bad]:
    return _csv(opened, file, wanted, progress, "\t")


def _jsonl(opened: BinaryIO, file: Path, wanted: Sequence[str], progress: Progress) -> Iterator[Record | Bad]:
    names: dict[str, None] = {}
    for record in records.json_lines(records.lines(opened, file.name, file.stat().st_size, progress)):
        if not isinstance(record, Bad):
            names.update(dict.fromkeys(record[1]))
        yield record
    # A row may leave a column out; a file may not.
    _check(wanted, list(names), file)


def _parquet(
    opened: BinaryIO, file: Path, wanted: Sequence[str], progress: Progress
) -> Iterator[Record | Bad]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtra("reading Parquet", "parquet") from error
    try:
        table = pq.ParquetFile(opened)
    except pa.ArrowInvalid as error:
        raise DataError(f"{file} is no Parquet file: {error}") from error
    _check(wanted, table.schema_arrow.names, file)
    line = 0
    for batch in table.iter_batches(BLOCK, columns=list(dict.fromkeys(wanted))):
        for cells in batch.to_pylist():
            line += 1
            yield line, cells
        progress(line, table.metadata.num_rows)


def _check(wanted: Sequence[str], names: Sequence[str], file: Path) -> None:
    if not names:
        raise DataError(f"{file} holds no row")
    for name in wanted:
        if name not in names:
            raise DataError(unknown(name, names, str(file)))


READERS: dict[str, Callable[[BinaryIO, Path, Sequence[str], Progress], Iterator[Record | Bad]]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
