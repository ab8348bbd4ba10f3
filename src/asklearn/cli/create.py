"""`asklearn init`: from a file to a project folder, all of it or nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asklearn.cli.terminal import plain, progress
from asklearn.errors import AnswerError, SettingError
from asklearn.pool import Imported

if TYPE_CHECKING:
    from asklearn.pool.store import StoredPool
    from asklearn.tasks import Task

NAMED = 10  # rows left out, or labels, that are named one by one
MEANINGS = {
    "id": "names each row",
    "label": "known labels, kept aside for simulation",
    "text": "the text",
    "image": "the image",
    "number": "a number, seen by models",
    "word": "a word, seen by models",
    "other": "kept for the export",
}


@dataclass(frozen=True)
class Wish:
    """What somebody asked `init` for; the names are those of the options."""

    columns: Mapping[str, Any]
    labels: Sequence[str] | None
    task: str = "classes"
    range: Sequence[str] | None = None
    unit: str | None = None
    model: str = "auto"
    strategy: str = "auto"
    audit: float = 0.05
    seed: int = 0
    redundancy: int = 1
    overlap: float = 0.1
    gold: float = 0.05
    relabel: bool = False
    priority: str | None = None
    minutes: float | None = None
    money: float | None = None
    hard: bool = False
    price: float | None = None
    cost: str | None = None
    budget: int | None = None
    target: float | None = None
    skip_bad: bool = False


def create(folder: Path, data: Path, wish: Wish) -> list[str]:
    """Make the project; what became of the file, in sentences."""
    import numpy as np

    from asklearn import stopping
    from asklearn.people.cost import Costs, Effort
    from asklearn.people.priority import Priority
    from asklearn.project import Project

    if wish.task != "number" and not wish.columns.get("label") and not wish.labels:
        raise SettingError(
            "say what may be answered with --labels, or which column holds known labels with --label"
        )
    with new_folder(folder) as scratch:
        pool, imported, unit = filled(scratch, data, wish.columns, wish.skip_bad)
        with closing(pool):
            task = task_of(pool, wish)
            if wish.cost is not None:
                Costs(pool).of(Effort(wish.cost), np.empty(0, dtype=np.intp))
            if wish.priority is not None:
                Priority(pool, wish.priority).read()
            with Project(
                pool,
                task,
                wish.model,
                wish.strategy,
                path=scratch,
                seed=wish.seed,
                audit=wish.audit,
                redundancy=wish.redundancy,
                overlap=wish.overlap,
                gold=wish.gold,
                relabel=wish.relabel,
                priority=wish.priority,
                budget=wish.budget,
                minutes=wish.minutes,
                money=wish.money,
                hard=wish.hard,
                price=wish.price,
                cost=wish.cost,
                stop=None if wish.target is None else stopping.target(wish.target, task.usual),
                name=folder.absolute().name,
            ):
                pass
            prepare(pool, scratch)
    return list(sentences(data, imported, unit, task))


def filled(
    folder: Path, data: Path, columns: Mapping[str, Any], skip_bad: bool
) -> tuple[StoredPool, Imported, str]:
    """The rows of the file as a pool in this folder, what became of them, and what their numbers count."""
    from asklearn.pool import readers, store

    with progress("reading") as seen:
        source = readers.read(data, **columns, skip_bad=skip_bad, progress=seen)
        imported = store.create(folder, source)
    return store.StoredPool.open(folder), imported, source.unit


def task_of(pool: StoredPool, wish: Wish) -> Task:
    """What an answer is: with the labels given, or every one that was kept aside. Kept labels must be answers of it."""
    from asklearn.tasks import named

    kept = pool.labels()
    if wish.task == "classes":
        labels = in_order(kept) if wish.labels is None else wish.labels
    elif wish.task == "number":
        labels = wish.labels or ()
    else:
        labels = names_in(kept, wish.task) if wish.labels is None else wish.labels
    task = named(wish.task, labels, range=ends(wish.range), unit=wish.unit)
    for text in kept:
        try:
            task.parse(text)
        except AnswerError as error:
            known = f", --labels only {', '.join(wish.labels)}" if wish.labels else f": {error}"
            raise SettingError(f"column {wish.columns['label']!r} holds {text!r}{known}") from None
    return task


def names_in(kept: Sequence[str], kind: str) -> list[str]:
    """The names that kept answers of several parts consist of, in order.

    >>> names_in(["b|a", "[]", '["c"]'], "multilabel")
    ['a', 'b', 'c']
    """
    import json

    found: set[str] = set()
    for text in kept:
        try:
            parts = json.loads(text) if text.lstrip().startswith("[") else text.split("|")
            found.update(str(part["label"] if isinstance(part, dict) else part).strip() for part in parts)
        except (ValueError, KeyError) as error:
            raise SettingError(f"{text!r} is no answer of the task {kind}: {error}") from error
    return in_order(list(found))


def ends(given: Sequence[str] | None) -> tuple[float, ...] | None:
    """The ends of a range. Raises `SettingError` for what is no number.

    >>> ends(["0", "2.5"])
    (0, 2.5)
    """
    if given is None:
        return None
    try:
        found = tuple(float(text) for text in given)
    except ValueError as error:
        raise SettingError(
            f"a range is two numbers, such as --range 0,10; {','.join(given)!r} is not"
        ) from error
    if len(found) != 2:
        raise SettingError(f"a range is two numbers, such as --range 0,10; {','.join(given)!r} is not")
    return tuple(int(end) if end == int(end) else end for end in found)


def in_order(labels: Sequence[str]) -> list[str]:
    """Numbers by their size, other labels as text.

    >>> in_order(["10", "9"]), in_order(["b", "10", "a"])
    (['9', '10'], ['10', 'a', 'b'])
    """
    numbers = all(re.fullmatch(r"-?\d+", label) for label in labels)
    return sorted(labels, key=int) if numbers else sorted(labels)


def prepare(pool: StoredPool, folder: Path) -> None:
    """Compute once what models see of each row."""
    from asklearn import features

    with progress("looking at every row") as seen:
        features.save(features.compute(pool, progress=seen), folder / "cache", pool.fingerprint)


def sentences(data: Path, imported: Imported, unit: str, task: Task) -> Iterator[str]:
    """What became of the file, a line each."""
    yield f"{imported.added:,} rows of {data}"
    for name, role in imported.columns.items():
        yield f"  {plain(name)}: {MEANINGS[role]}"
    if imported.skipped_count:
        yield f"  left out: {imported.skipped_count:,} rows"
        for line, reason in imported.skipped[:NAMED]:
            yield f"    {unit} {line}: {plain(reason)}" if unit else f"    {plain(reason)}"
        if imported.skipped_count > NAMED:
            yield f"    and {imported.skipped_count - NAMED:,} more"
    yield f"  answers: {answers(task)}"


def answers(task: Task) -> str:
    """What may be answered, in words."""
    if task.kind == "number":
        span, unit = getattr(task, "range", None), getattr(task, "unit", "")
        within = "" if span is None else f" from {span[0]:g} to {span[1]:g}"
        return f"a number{within}{f' {plain(unit)}' if unit else ''}"
    several = {"multilabel": "any of ", "spans": "passages that are "}.get(task.kind, "")
    more = f" and {len(task.labels) - NAMED:,} more" if len(task.labels) > NAMED else ""
    return f"{several}{', '.join(plain(str(label)) for label in task.labels[:NAMED])}{more}"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder that becomes `folder` at the end; on any error nothing is left of it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingError(
            f"{folder} exists already; choose another name, or go on with it: asklearn label {folder}"
            if (folder / "project.toml").is_file()
            else f"{folder} exists already and is not empty; choose another name"
        )
    scratch = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}.new")
    try:
        scratch.mkdir(parents=True)
        yield scratch
        scratch.rename(folder.absolute())
    except OSError as error:
        raise SettingError(
            f"the project folder {folder} cannot be made: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
