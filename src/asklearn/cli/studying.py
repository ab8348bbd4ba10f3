"""`asklearn study`: will active learning work for these data?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asklearn.cli.comparing import apart, grouped
from asklearn.cli.rehearse import labelled, pool_of, task_in
from asklearn.cli.terminal import document, number, plain, progress, remark, say, table
from asklearn.errors import SettingError

if TYPE_CHECKING:
    from asklearn.study.feasibility import Feasibility


def study(
    data: Path,
    *,
    columns: Mapping[str, Any],
    group: str | None,
    strategies: str | None,
    model: str,
    metric: str,
    budget: int | None,
    price: float,
    seed: int,
    jobs: int | None,
    out: Path | None,
    skip_bad: bool,
    json: bool,
) -> None:
    """Study the rows with a label, say what came of it, write the page."""
    from asklearn.study.feasibility import feasibility

    with pool_of(data, columns, skip_bad) as pool:
        X, y = labelled(pool, data)
        if (task := task_in(data)) is not None:
            raise SettingError(
                f"study looks at classes; the task of {data} is {task.kind}: use compare instead"
            )
        groups = None if group is None else grouped(pool, group)
    with progress("studying") as seen:
        found = feasibility(
            X,
            y,
            None if strategies is None else apart(strategies),
            model,
            metric,
            budget,
            price,
            seed,
            groups=groups,
            jobs=jobs or os.cpu_count() or 1,
            progress=seen,
        )
    if out is not None:
        found.save(out)
        remark(f"report: {out}")
    if json:
        document(told(found))
    else:
        show(found)


def told(found: Feasibility) -> dict[str, Any]:
    """The study as JSON can hold it."""
    curve = found.forecast
    return {
        "verdict": found.verdict,
        "reasons": found.reasons,
        "strategy": found.strategy,
        "metric": found.metric,
        "rows": found.rows,
        "budget": found.budget,
        "saved": None if found.saved is None else asdict(found.saved),
        "money": None if found.money is None else asdict(found.money),
        "needed": found.needed,
        "table": found.table,
        "subsets": found.subsets,
        "forecast": None if curve is None else {**asdict(curve.curve), "nearly": curve.nearly},
        "signs": found.signs,
        "labels": found.labels.tolist(),
        "mean": {name: scores.mean(axis=0).tolist() for name, scores in found.scores.items()},
        "full": found.full,
    }


def show(found: Feasibility) -> None:
    """The verdict, its reasons, and the strategies as a table."""
    say(*(plain(line) for line in str(found).splitlines()))
    if found.table:
        say("")
        heads = ["gain", "errors", "from", "to", "labels", "from ", "to "]
        keys = ["gain", "errors", "errors_low", "errors_high", "labels", "labels_low", "labels_high"]
        rows = [
            [
                plain(name),
                number(gain),
                *(f"{share:.0%}" for share in cells[:3]),
                *(number(n, 0) for n in cells[3:]),
            ]
            for name, gain, *cells in zip(*(found.table[key] for key in ["strategy", *keys]), strict=True)
        ]
        table(["strategy", *heads], rows, right=heads)
