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
from asklearn.errors import SettingError
from asklearn.pool import Imported

if TYPE_CHECKING:
    from asklearn.pool.store import StoredPool

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
    model: str = "auto"
    strategy: str = "auto"
    audit: float = 0.05
    seed: int = 0
    redundancy: int = 1
    budget: int | None = None
    target: float | None = None
    skip_bad: bool = False


def create(folder: Path, data: Path, wish: Wish) -> list[str]:
    """Make the project; what became of the file, in sentences."""
    from asklearn import stopping
    from asklearn.project import Project
    from asklearn.tasks import named

    if not wish.columns.get("label") and not wish.labels:
        raise SettingError(
            "say what may be answered with --labels, or which column holds known labels with --label"
        )
    with new_folder(folder) as scratch:
        pool, imported, unit = filled(scratch, data, wish.columns, wish.skip_bad)
        with closing(pool):
            labels = labels_of(pool, wish)
            with Project(
                pool,
                named(wish.task, labels),
                wish.model,
                wish.strategy,
                path=scratch,
                seed=wish.seed,
                audit=wish.audit,
                redundancy=wish.redundancy,
                budget=wish.budget,
                stop=None if wish.target is None else stopping.target(wish.target),
                name=folder.absolute().name,
            ):
                pass
            prepare(pool, scratch)
    return list(sentences(data, imported, unit, labels))


def filled(
    folder: Path, data: Path, columns: Mapping[str, Any], skip_bad: bool
) -> tuple[StoredPool, Imported, str]:
    """The rows of the file as a pool in this folder, what became of them, and what their numbers count."""
    from asklearn.pool import readers, store

    with progress("reading") as seen:
        source = readers.read(data, **columns, skip_bad=skip_bad, progress=seen)
        imported = store.create(folder, source)
    return store.StoredPool.open(folder), imported, source.unit


def labels_of(pool: StoredPool, wish: Wish) -> list[str]:
    """What may be answered: as given, or every label that was kept aside."""
    kept = in_order(pool.labels())
    if wish.labels is None:
        return kept
    strange = [label for label in kept if label not in wish.labels]
    if strange:
        raise SettingError(
            f"column {wish.columns['label']!r} holds {strange[0]!r}, --labels only {', '.join(wish.labels)}"
        )
    return list(wish.labels)


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


def sentences(data: Path, imported: Imported, unit: str, labels: Sequence[str]) -> Iterator[str]:
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
    more = f" and {len(labels) - NAMED:,} more" if len(labels) > NAMED else ""
    yield f"  answers: {', '.join(plain(label) for label in labels[:NAMED])}{more}"


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
