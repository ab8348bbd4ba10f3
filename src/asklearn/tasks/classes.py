"""One of several classes: binary or multiclass, labels of any kind that JSON can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np

from asklearn import estimate, models, stopping
from asklearn.errors import AnswerError, SettingError
from asklearn.events import Label
from asklearn.people.answers import Prediction
from asklearn.tasks.shared import Said

HESITATES = 0.5  # the lead of the first class over the second below which a model is said to hesitate


@dataclass(frozen=True)
class classes:
    """Exactly one of `labels` an item.

    >>> task = classes(["ham", "spam"])
    >>> task.check("spam"), task.merge({"ann": "ham", "bob": "spam", "eve": "ham"})
    ('spam', ('ham', 0.6666666666666666))
    """

    labels: tuple[Label, ...]
    kind: ClassVar[str] = "classes"
    gives: ClassVar[frozenset[str]] = frozenset({"proba"})
    usual: ClassVar[str] = "accuracy"
    sees_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", distinct(self.labels, least=2))

    def check(self, raw: Any, row: Callable[[], Any] | None = None) -> Label:
        """The label that `raw` is; the types must agree (True is not 1, "3" is not 3)."""
        return checked(raw, self.labels)

    def parse(self, text: str) -> Label:
        """The label written as `text`."""
        return spelt(text, self.labels)

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """The majority and its share; a tie goes to the label that stands first in the task."""
        if len(answers) == 1:  # as most items have, and there are many
            return next(iter(answers.values())), 1.0
        votes = Counter(answers.values())
        most = max(votes.values())
        label = next(label for label in self.labels if votes.get(label) == most)
        return label, most / votes.total()

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """The labels themselves, so that a model's `classes_` and `predict` speak them too."""
        target = np.array(labels)
        if target.dtype.kind in "US" and not all(isinstance(label, str) for label in labels):
            return np.array(labels, dtype=object)  # NumPy would turn mixed labels into text
        return target

    def together(self, said: Sequence[Sequence[Label]]) -> tuple[str, np.ndarray]:
        """Krippendorff's alpha for names, by counts (items, labels)."""
        place = {(type(label), label): k for k, label in enumerate(self.labels)}
        counts = np.zeros((len(said), len(self.labels)))
        for row, labels in zip(counts, said, strict=True):
            for label in labels:
                row[place[type(label), label]] += 1
        return "krippendorff", counts

    def says(self, model: Any, X: Any) -> Said:
        """proba (rows, classes)."""
        return {"proba": models.proba(model, X, self.labels)}

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """One row an item already."""
        return scores

    def told(self, said: Said, rows: np.ndarray) -> dict[str, list[Any]]:
        """The likeliest class and its probability."""
        proba = said["proba"][rows]
        best = proba.argmax(axis=1)
        return {
            "label": [self.labels[i] for i in best],
            "probability": [float(p) for p in proba[np.arange(len(proba)), best]],
        }

    def prediction(self, said: Said, row: int) -> Prediction:
        """The classes with their probabilities, likeliest first."""
        chances = said["proba"][row]
        order = np.argsort(-chances, kind="stable")
        best = int(order[0])
        return Prediction(
            self.labels[best], float(chances[best]), {self.labels[i]: float(chances[i]) for i in order}
        )

    def words(self, seen: Prediction) -> tuple[str, bool]:
        """The two likeliest classes where the model hesitates, else the likeliest."""
        (first, p), (second, q) = list(seen.probabilities.items())[:2]
        if p - q < HESITATES:
            return f"the model hesitates between {first} ({p:.2f}) and {second} ({q:.2f})", True
        return f"the model leans to {first} ({p:.2f})", False

    def columns(self, labels: Sequence[Label | None]) -> np.ndarray:
        """(items,) int, the column of each label, -1 for None."""
        column = {(type(label), label): i for i, label in enumerate(self.labels)}
        return np.array(
            [-1 if label is None else column[type(label), label] for label in labels], dtype=np.intp
        )

    def miss(self, foretold: Label, truth: Label) -> float:
        """0 where they are the same, else 1."""
        return float(foretold != truth)

    def kappa(self, one: Said, other: Said, rows: np.ndarray) -> float:
        """Cohen's, of the likeliest classes."""
        return estimate.kappa(one["proba"][rows].argmax(axis=1), other["proba"][rows].argmax(axis=1))

    def signs(self, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
        """Changed predictions, doubt and expected error: `stopping.pool_signs`."""
        return stopping.pool_signs(None if before is None else before["proba"], now["proba"], learned_from)

    def metric(self, name: str) -> estimate.Measure:
        """`estimate.metric` for these labels."""
        return estimate.metric(name, self.labels)

    def measures(self, name: str) -> bool:
        """Whether `estimate.metric` knows it."""
        return estimate.known(name, self.labels)


def distinct(labels: Sequence[Label], least: int) -> tuple[Label, ...]:
    """The labels, if so many texts, numbers or true/false, no two written alike. Raises `SettingError`."""
    found = tuple(_plain(label) for label in labels)
    if len(found) < least:
        wanted = "two labels or more" if least == 2 else "at least one label"
        raise SettingError(f"a choice needs {wanted}; there are {len(found)}: {list(found)}")
    for label in found:
        if not isinstance(label, str | int | float | bool) or label == "":
            raise SettingError(f"a label is a text, a number or true/false; {label!r} is none of them")
    written = Counter(str(label) for label in found)
    twice = [text for text, count in written.items() if count > 1]
    if twice:
        raise SettingError(
            f"labels must differ when written out; {twice[0]!r} comes {written[twice[0]]} times"
        )
    return found


def checked(raw: Any, labels: Sequence[Label]) -> Label:
    """The one of the labels that `raw` is, of the same type. Raises `AnswerError`."""
    value = _plain(raw)
    for label in labels:
        if type(value) is type(label) and value == label:
            return label
    raise AnswerError(f"{raw!r} is not a label of this task; {_known(str(raw), labels)}")


def spelt(text: str, labels: Sequence[Label]) -> Label:
    """The one of the labels that is written so. Raises `AnswerError`."""
    for label in labels:
        if str(label) == text:
            return label
    raise AnswerError(f"{text!r} is not a label of this task; {_known(text, labels)}")


def _known(text: str, labels: Sequence[Label]) -> str:
    known = [str(label) for label in labels]
    near = get_close_matches(text, known, 1)
    shown = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
    return f"did you mean {near[0]!r}? There are {shown}" if near else f"there are {shown}"


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's, so that JSON can hold them."""
    return value.item() if isinstance(value, np.generic) else value
