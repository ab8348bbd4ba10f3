"""`asklearn compare`: several strategies, many seeds, what can be said of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asklearn.cli.rehearse import labelled, pool_of, task_in
from asklearn.cli.terminal import document, number, plain, progress, remark, say, table
from asklearn.errors import SettingError

if TYPE_CHECKING:
    from asklearn.pool.store import StoredPool
    from asklearn.study.compare import Comparison

SHARES = (0.9, 0.95, 0.99)
REPORT = "report.html"


def contest(
    data: Path,
    *,
    columns: Mapping[str, Any],
    group: str | None,
    strategies: str,
    model: str,
    start: int,
    batch: int,
    budget: int,
    metric: str | None,
    seeds: Sequence[int],
    jobs: int | None,
    out: Path | None,
    skip_bad: bool,
    json: bool,
) -> None:
    """Run what is not there yet, say what came of it, write the page."""
    from asklearn.study.compare import compare

    with pool_of(data, columns, skip_bad) as pool:
        X, y = labelled(pool, data)
        task = task_in(data)
        groups = None if group is None else grouped(pool, group)
    with progress("comparing") as seen:
        found = compare(
            X,
            y,
            apart(strategies),
            list(seeds),
            None if model == "auto" else model,
            start,
            batch,
            budget,
            metric=apart(metric or ("accuracy" if task is None else task.usual)),
            groups=groups,
            task=task,
            jobs=jobs or os.cpu_count() or 1,
            folder=out,
            progress=seen,
        )
    if out is not None:
        made = f"{len(y):,} rows of {data}; model {model}; {batch} labels a round."
        (out / REPORT).write_text(found.report(facts=[plain(made)]), encoding="utf-8")
        remark(f"report: {out / REPORT}")
    if json:
        document(told(found, rows=len(y)))
    else:
        show(found, rows=len(y))


def apart(text: str) -> list[str]:
    """The expressions between commas that stand in no parentheses.

    >>> apart("margin, mix(spread(margin), share=0.1)")
    ['margin', 'mix(spread(margin), share=0.1)']
    """
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    found = [part.strip() for part in parts if part.strip()]
    if not found:
        raise SettingError(f"{text!r} names nothing; give names with commas between, such as auto,margin")
    return found


def grouped(pool: StoredPool, column: str) -> np.ndarray:
    """The cell of this column of every row with a known label."""
    ids = list(pool.ids)
    rows = [row for row, label in zip(pool.metadata(ids), pool.truth(ids), strict=True) if label is not None]
    if column not in rows[0]:
        raise SettingError(
            f"there is no column {column!r} to group by; there are {', '.join(map(plain, rows[0]))}"
        )
    return np.array([str(row[column]) for row in rows])


def told(found: Comparison, rows: int) -> dict[str, Any]:
    """The result as JSON can hold it."""
    from asklearn.study.told import words

    return {
        "rows": rows,
        "strategies": list(found.strategies),
        "seeds": list(found.seeds),
        "labels": found.labels.tolist(),
        "metrics": {
            metric: {
                "words": words(found, metric),
                "table": found.table(metric),
                "labels_to": {str(share): found.labels_to(share, metric) for share in SHARES},
                "ranks": found.ranks(metric),
                "full": found.full[metric].tolist(),
                "mean": {name: found.of(name, metric).mean(axis=0).tolist() for name in found.strategies},
            }
            for metric in found.scores
        },
    }


def show(found: Comparison, rows: int) -> None:
    """Two tables a metric, and what they mean."""
    from asklearn.study.told import words

    for metric in found.scores:
        full = number(float(found.full[metric].mean()))
        say(f"{metric} on held-out rows of {rows:,}, {len(found.seeds)} seeds; with all labels {full}")
        table(*columns(found, metric))
        say(*(plain(sentence) for sentence in words(found, metric)), "")


def columns(found: Comparison, metric: str) -> tuple[list[str], list[list[str]], list[str]]:
    """Heads, rows, and which of the heads hold figures."""
    judged, reached = found.table(metric), found.labels_to(0.95, metric)
    heads = ["mean", "±", "final", "area", "wins", "p", "to 95%"]
    return ["strategy", *heads], list(_rows(judged, reached)), heads


def _rows(judged: Mapping[str, Any], reached: Mapping[str, Any]) -> Iterator[list[str]]:
    for i, name in enumerate(judged["strategy"]):
        labels = reached["labels"][reached["strategy"].index(name)]
        base = name == "random"
        yield [
            plain(name),
            number(judged["score"][i]),
            number(None if judged["high"][i] is None else judged["high"][i] - judged["score"][i]),
            number(judged["final"][i]),
            number(judged["area"][i], 2),
            "-" if base else f"{judged['wins'][i]}-{judged['losses'][i]}",
            "-" if base else number(judged["p"][i]),
            "never" if labels is None else number(labels, 0),
        ]
