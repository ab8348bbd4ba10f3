"""How each task is answered at a terminal: a room of its own for each, behind one door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asklearn.cli.answers.amount import Amount
from asklearn.cli.answers.one import One
from asklearn.cli.answers.passages import Passages
from asklearn.cli.answers.several import Several
from asklearn.cli.answers.way import Place, Way
from asklearn.tasks import Task

# A way of answering, by the kind of the task.
WAYS: dict[str, Callable[[Any, Place], Way]] = {
    "classes": One,
    "multilabel": Several,
    "number": Amount,
    "spans": Passages,
}


def way_of(task: Task, place: Place) -> Way:
    """The way in which this task is answered, at this place."""
    return WAYS[task.kind](task, place)
