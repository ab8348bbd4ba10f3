"""What a project hands over: every row of the pool with its label and what the model says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from asklearn.events import Label
from asklearn.learning import Serving
from asklearn.pool import Pool
from asklearn.tasks import Task

BLOCK = 1000  # rows read from the pool at once
OWN = frozenset(
    {"id", "label", "confidence", "answers", "prediction", "probability"}
)  # and, of numbers, low, high


def rows(
    pool: Pool, task: Task, agreed: Mapping[str, tuple[Label, float, int]], serving: Serving | None
) -> Iterator[dict[str, Any]]:
    """Every row: id, its own columns, label, confidence, answers, and what `serving` foretells if there is one.

    agreed: item -> (label, confidence, answers) of those that have one.
    """
    unknown: tuple[Label, float | None, int] = (None, None, 0)
    for start in range(0, len(pool.ids), BLOCK):
        ids = pool.ids[start : start + BLOCK]
        told = {} if serving is None else _foretold(task, serving, range(start, start + len(ids)))
        for i, (item, columns) in enumerate(zip(ids, pool.metadata(ids), strict=True)):
            # A column of the file's own with one of our names keeps its cells under a name with a line after it.
            own = {f"{name}_" if name in OWN else name: cell for name, cell in columns.items()}
            label, sure, answers = agreed.get(item, unknown)
            row = {"id": item, **own, "label": label, "confidence": sure, "answers": answers}
            yield row | {name: column[i] for name, column in told.items() if i < len(column)}


def _foretold(task: Task, serving: Serving, rows: range) -> dict[str, list[Any]]:
    """What is foretold of these rows, as an export names it; shorter where rows came after the model."""
    told = task.told(serving.said, np.arange(rows.start, min(rows.stop, serving.rows)))
    return {"prediction" if name == "label" else name: column for name, column in told.items()}
