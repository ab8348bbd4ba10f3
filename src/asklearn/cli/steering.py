"""`asklearn gold` and `asklearn assign`: items whose answer is known, and who is asked what, from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from asklearn.cli.importing import listed, read
from asklearn.cli.terminal import document, plain, progress, say, table
from asklearn.errors import AnswerError, SettingError
from asklearn.pool import Bad


def gild_file(
    folder: Path, file: Path | None, *, id: str, label: str, drop: bool, skip_bad: bool, json: bool
) -> None:
    """Gild the items of a file, or with `drop` make them ordinary again; without a file, say how people do on them."""
    from asklearn.project import Project

    if file is None:
        with Project.open(folder, writing=False) as project:
            _say_gold(project.team.gold(), len(project.state.gold), folder, json)
        return
    with Project.open(folder) as project:
        ids, task = set(project.pool.ids), project.task
        known: dict[str, Any] = {}

        def put(item: str, cells: dict[str, Any]) -> None:
            value = None if drop else _meant(task, cells.get(label), label)
            if item in known and known[item] != value:
                raise AnswerError(f"item {item!r} has two answers: {known[item]!r} and {value!r}")
            known[item] = value

        wrong = _each(file, id, id if drop else label, ids, put, skip_bad)
        project.team.gild(known)
        count = len(project.state.gold)
    told = (
        "are ordinary items again" if drop else "are gold now: everybody is asked each of them once, unseen"
    )
    if json:
        document({"items": len(known), "gold": count, "left_out": [bad._asdict() for bad in wrong]})
    else:
        say(f"{len(known):,} items of {folder} {told}", *([f"left out: {listed(wrong)}"] if wrong else []))


def assign_file(
    folder: Path, file: Path | None, *, id: str, to: str, among: Sequence[str], skip_bad: bool, json: bool
) -> None:
    """Assign the items of a file to the people in its column `to`, or deal out what is open evenly among people."""
    from asklearn.project import Project

    if (file is None) == (not among):
        raise SettingError("give a file that says who is asked what, or --share with names, not both")
    wrong: list[Bad] = []
    with Project.open(folder) as project:
        if file is None:
            project.team.share(list(among))
        else:
            ids = set(project.pool.ids)
            groups: dict[tuple[str, ...], list[str]] = {}

            def put(item: str, cells: dict[str, Any]) -> None:
                names = [name.strip() for name in str(cells.get(to) or "").split(",")]
                groups.setdefault(tuple(sorted({name for name in names if name})), []).append(item)

            wrong = _each(file, id, to, ids, put, skip_bad)
            for people, items in groups.items():
                project.team.assign(items, people)
        counts: dict[str, int] = {}
        for people in project.state.assigned.values():
            for name in people:
                counts[name] = counts.get(name, 0) + 1
    if json:
        document({"assigned": counts, "left_out": [bad._asdict() for bad in wrong]})
        return
    if counts:
        table(["annotator", "items that few are asked"], sorted(counts.items()))
    else:
        say("everybody is asked everything")
    if wrong:
        say(f"left out: {listed(wrong)}")


def _say_gold(scores: dict[str, list[Any]], count: int, folder: Path, json: bool) -> None:
    if json:
        document({"gold": count, "annotators": scores})
    elif not count:
        say(f"{folder} has no gold items; make some: asklearn gold {folder} FILE")
    else:
        say(f"{count:,} gold items")
        columns = (scores[name] for name in ("annotator", "gold", "right", "value", "low", "high"))
        rows = [
            (plain(str(who)), n, right, f"{value:.3f}", f"{low:.3f} to {high:.3f}")
            for who, n, right, value, low, high in zip(*columns, strict=True)
        ]
        if rows:
            table(["annotator", "asked", "right", "share", "95 % interval"], rows)


def _each(
    file: Path, id: str, other: str, ids: set[str], put: Callable[[str, dict[str, Any]], None], skip_bad: bool
) -> list[Bad]:
    """Put every row of the file, by its item; the rows that cannot be used, or `AnswerError` naming them."""
    wrong: list[Bad] = []
    with progress("reading") as seen:
        for record in read(file, id, other, False, seen):
            if isinstance(record, Bad):
                wrong.append(record)
                continue
            line, cells = record
            item = "" if cells.get(id) is None else str(cells[id])
            try:
                if item not in ids:
                    raise AnswerError(f"there is no item {item!r} in the project")
                put(item, cells)
            except AnswerError as error:
                wrong.append(Bad(line, str(error)))
    if wrong and not skip_bad:
        raise AnswerError(f"{file}: {listed(wrong)}; nothing was changed (--skip-bad leaves such rows out)")
    return wrong


def _meant(task: Any, value: Any, column: str) -> Any:
    if value is None or value == "":
        raise AnswerError(f"column {column!r} is empty")
    return task.parse(value) if isinstance(value, str) else task.check(value)
