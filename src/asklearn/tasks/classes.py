"""One of several classes: binary or multiclass, labels of any kind that JSON can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np

from asklearn.errors import AnswerError, SettingError
from asklearn.events import Label


@dataclass(frozen=True)
class classes:
    """Exactly one of `labels` an item.

    >>> task = classes(["ham", "spam"])
    >>> task.check("spam"), task.merge({"ann": "ham", "bob": "spam", "eve": "ham"})
    ('spam', ('ham', 0.6666666666666666))
    """

    labels: tuple[Label, ...]
    kind: ClassVar[str] = "classes"

    def __post_init__(self) -> None:
        labels = tuple(_plain(label) for label in self.labels)
        if len(labels) < 2:
            raise SettingError(f"a choice needs two labels or more; there are {len(labels)}: {list(labels)}")
        for label in labels:
            if not isinstance(label, str | int | float | bool) or label == "":
                raise SettingError(f"a label is a text, a number or true/false; {label!r} is none of them")
        spelt = Counter(str(label) for label in labels)
        twice = [text for text, count in spelt.items() if count > 1]
        if twice:
            raise SettingError(
                f"labels must differ when written out; {twice[0]!r} comes {spelt[twice[0]]} times"
            )
        object.__setattr__(self, "labels", labels)

    def check(self, raw: Any) -> Label:
        """The label that `raw` is; the types must agree (True is not 1, "3" is not 3)."""
        value = _plain(raw)
        for label in self.labels:
            if type(value) is type(label) and value == label:
                return label
        raise AnswerError(f"{raw!r} is not a label of this task; {self._known(str(raw))}")

    def parse(self, text: str) -> Label:
        """The label written as `text`."""
        for label in self.labels:
            if str(label) == text:
                return label
        raise AnswerError(f"{text!r} is not a label of this task; {self._known(text)}")

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """The majority and its share; a tie goes to the label that stands first in the task."""
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

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """One score an item already."""
        return scores

    def _known(self, text: str) -> str:
        known = [str(label) for label in self.labels]
        near = get_close_matches(text, known, 1)
        shown = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
        return f"did you mean {near[0]!r}? There are {shown}" if near else f"there are {shown}"


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's, so that JSON can hold them."""
    return value.item() if isinstance(value, np.generic) else value
