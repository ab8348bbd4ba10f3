"""What an answer is: what may be said, what it means together, what a model is fitted to and says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from asklearn.errors import SettingError
from asklearn.estimate import Measure
from asklearn.events import Label
from asklearn.people.answers import Prediction
from asklearn.tasks.classes import classes
from asklearn.tasks.multilabel import multilabel
from asklearn.tasks.number import number
from asklearn.tasks.shared import Said
from asklearn.tasks.spans import spans

__all__ = ["Said", "Task", "classes", "multilabel", "named", "number", "spans"]


@runtime_checkable
class Task(Protocol):
    """The meaning of answers, and of what a model says of an item.

    It is the one place that decides what strategies see: the entries of what a model says that are named as
    quantities (`proba`, or `mean` and `std`; one row an item) are passed to them as they stand.
    """

    @property
    def kind(self) -> str: ...

    @property
    def labels(self) -> tuple[Label, ...]:
        """The names that answers consist of, in the order shown; none where answers are numbers."""
        ...

    @property
    def gives(self) -> frozenset[str]:
        """The quantities that strategies may look at."""
        ...

    @property
    def usual(self) -> str:
        """The metric that speaks for a model where nobody names one."""
        ...

    @property
    def sees_rows(self) -> bool:
        """Whether models named by a word see the pool's rows themselves, not features of them."""
        ...

    # -- what people say ----------------------------------------------------------------------------------------

    def check(self, raw: Any, row: Callable[[], Any] | None = None) -> Label:
        """The label that `raw` is; `row()` gives the item's row. Raises `AnswerError` for what nobody may answer."""
        ...

    def parse(self, text: str) -> Label:
        """The label that a file or a command line means by `text`. Raises `AnswerError`."""
        ...

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """What several people said together, and how sure that is (0..1)."""
        ...

    def together(self, said: Sequence[Sequence[Label]]) -> tuple[str, np.ndarray]:
        """How agreement is measured, and (items, columns) what that looks at: several labels an item."""
        ...

    # -- what models learn and say ------------------------------------------------------------------------------

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """What a model is fitted to, one entry an item."""
        ...

    def says(self, model: Any, X: Any) -> Said:
        """What a fitted model says of these rows, checked. Raises `ModelError` for what makes no sense."""
        ...

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities of an item's parts (labels, tokens) as the one row that strategies see."""
        ...

    def told(self, said: Said, rows: np.ndarray) -> dict[str, list[Any]]:
        """Of these rows a table of what is foretold: label, and how sure that is."""
        ...

    def prediction(self, said: Said, row: int) -> Prediction:
        """What a model says of one row, as people read it."""
        ...

    def words(self, seen: Prediction) -> tuple[str, bool]:
        """A prediction in a few words, and whether the model hesitates."""
        ...

    def columns(self, labels: Sequence[Label | None]) -> np.ndarray:
        """(items,) each label as strategies see it (`Labelled.y`); None is one that is not known yet."""
        ...

    # -- how good, how stable -----------------------------------------------------------------------------------

    def miss(self, foretold: Label, truth: Label) -> float:
        """How far a prediction is off: 0 where it is right."""
        ...

    def kappa(self, one: Said, other: Said, rows: np.ndarray) -> float:
        """How far two models say the same of these rows, beyond chance: 1 where they do throughout."""
        ...

    def signs(self, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
        """What a new model says of the rows it did not learn from, as `Learned` records it."""
        ...

    def metric(self, name: str) -> Measure:
        """The estimator of this metric. Raises `SettingError` for one without an honest interval."""
        ...

    def measures(self, name: str) -> bool:
        """Whether there is an estimate of this metric. Raises `SettingError` for a label that is not there."""
        ...


KINDS: dict[str, Callable[..., Task]] = {
    "classes": classes,
    "multilabel": multilabel,
    "number": number,
    "spans": spans,
}


def named(
    kind: str,
    labels: Iterable[Label] = (),
    *,
    range: Sequence[float] | None = None,
    unit: str | None = None,
) -> Task:
    """The task of this kind over these labels; of numbers between the ends of `range`, in this unit.

    >>> named("classes", ["ham", "spam"]).labels
    ('ham', 'spam')
    """
    if kind not in KINDS:
        raise SettingError(f"there is no task {kind!r}; there are {', '.join(sorted(KINDS))}")
    names = tuple(labels)
    if kind == "number":
        if names:
            raise SettingError(f"numbers have no labels; leave out {', '.join(map(str, names))}")
        return number(None if range is None else (range[0], range[-1]), unit or "")
    if range is not None or unit:
        raise SettingError(f"a range and a unit are of numbers; the task is {kind}")
    return KINDS[kind](names)
