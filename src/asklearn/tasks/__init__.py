"""What an answer is: what may be said, what it means together, what a model is fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from asklearn.errors import SettingError
from asklearn.events import Label
from asklearn.tasks.classes import classes

__all__ = ["Task", "classes", "named"]


@runtime_checkable
class Task(Protocol):
    """The meaning of answers; `asklearn.tasks.classes` is the first of them."""

    @property
    def kind(self) -> str: ...

    @property
    def labels(self) -> tuple[Label, ...]:
        """What may be answered, in the order shown; the columns of every probability table."""
        ...

    def check(self, raw: Any) -> Label:
        """The label that `raw` is. Raises `AnswerError` for what nobody may answer."""
        ...

    def parse(self, text: str) -> Label:
        """The label that a file or a command line means by `text`. Raises `AnswerError`."""
        ...

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """What several people said together, and how sure that is (0..1)."""
        ...

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """What a model is fitted to."""
        ...

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """Scores of parts (tokens, boxes) as one score an item."""
        ...


KINDS = {"classes": classes}


def named(kind: str, labels: Iterable[Label]) -> Task:
    """The task of this kind over these labels.

    >>> named("classes", ["ham", "spam"]).labels
    ('ham', 'spam')
    """
    if kind not in KINDS:
        raise SettingError(f"there is no task {kind!r}; there are {', '.join(sorted(KINDS))}")
    return KINDS[kind](tuple(labels))
