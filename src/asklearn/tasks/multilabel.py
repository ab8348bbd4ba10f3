"""Any of several labels, none or all of them: each one a question of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from asklearn import estimate, measures, models
from asklearn.errors import AnswerError, SettingError
from asklearn.events import Label
from asklearn.people.answers import Prediction
from asklearn.tasks import shared
from asklearn.tasks.classes import checked, distinct, spelt
from asklearn.tasks.shared import Said

SURE = 0.75  # a label that the model holds true or false with less is one it hesitates about


@dataclass(frozen=True)
class multilabel:
    """The ones of `labels` that apply to an item: a list in the task's order, [] where none does.

    >>> task = multilabel(["red", "round", "ripe"])
    >>> task.check(["ripe", "red"]), task.parse("round|ripe"), task.parse("[]")
    (['red', 'ripe'], ['round', 'ripe'], [])
    """

    labels: tuple[Label, ...]
    kind: ClassVar[str] = "multilabel"
    gives: ClassVar[frozenset[str]] = frozenset({"proba"})
    usual: ClassVar[str] = "accuracy"
    sees_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        labels = distinct(self.labels, least=1)
        barred = next((label for label in labels if "|" in str(label)), None)
        if barred is not None:
            raise SettingError(f"the label {barred!r} has a | in it, which stands between labels in files")
        object.__setattr__(self, "labels", labels)

    # -- what people say ----------------------------------------------------------------------------------------

    def check(self, raw: Any, row: Callable[[], Any] | None = None) -> Label:
        """The labels that the list `raw` names, in the task's order. Raises `AnswerError`."""
        if isinstance(raw, np.ndarray):
            raw = raw.tolist()
        if not isinstance(raw, list | tuple | set | frozenset):
            raise AnswerError(
                f"{raw!r} is no list of labels; give those that apply, such as [{self.labels[0]!r}], or []"
            )
        return self._in_order([checked(one, self.labels) for one in raw])

    def parse(self, text: str) -> Label:
        """The labels written as "a|b" or as a JSON list; none of them is "[]"."""
        if text.lstrip().startswith("["):
            try:
                found = json.loads(text)
            except ValueError as error:
                raise AnswerError(f"{text!r} is no list of labels: {error}") from error
            return self._in_order([spelt(_written(one), self.labels) for one in found])
        return self._in_order([spelt(part.strip(), self.labels) for part in text.split("|")])

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """The labels that more than half of the people gave; as sure as the least agreed one of all labels.

        Of two people who differ on a label neither has more than half: it does not apply.
        """
        counts = self._counts(answers.values())
        share = counts / len(answers)
        label = [name for name, given in zip(self.labels, share > 0.5, strict=True) if given]
        return label, float(np.maximum(share, 1 - share).min())

    def together(self, said: Sequence[Sequence[Label]]) -> tuple[str, np.ndarray]:
        """Krippendorff's alpha with the number of labels that differ as the distance; counts, answers first."""
        rows = [np.append(len(labels), self._counts(labels)) for labels in said]
        return "krippendorff:sets", np.array(rows, dtype=float).reshape(len(said), len(self.labels) + 1)

    # -- what models learn and say ------------------------------------------------------------------------------

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """(items, labels) int, 1 where a label applies: what scikit-learn's multilabel classifiers are fitted to."""
        return np.array([self._counts([label]) for label in labels], dtype=np.intp).reshape(
            len(labels), len(self.labels)
        )

    def says(self, model: Any, X: Any) -> Said:
        """each (rows, labels), the probability of every label on its own; proba (rows, 2), see `reduce`."""
        each = models.marginals(model, X, len(self.labels))
        return {"each": each, "proba": self.reduce(each)}

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """(rows, 2) what is held true of the label least certain, likelier side first.

        An item is as doubtful as its most doubtful label (Brinker 2006, BinMin), so every strategy by probabilities
        works unchanged. The first column is how sure, the second how unsure: they are no classes.

        >>> multilabel(["a", "b"]).reduce(np.array([[0.9, 0.4], [0.0, 1.0]])).tolist()
        [[0.6, 0.4], [1.0, 0.0]]
        """
        sure = np.maximum(scores, 1 - scores).min(axis=1)
        return np.column_stack([sure, 1 - sure])

    def told(self, said: Said, rows: np.ndarray) -> dict[str, list[Any]]:
        """The labels with a probability of half or more, and the chance that all are right, each on its own."""
        each = said["each"][rows]
        labels = [
            [name for name, on in zip(self.labels, row, strict=True) if on] for row in (each >= 0.5).tolist()
        ]
        return {"label": labels, "probability": np.maximum(each, 1 - each).prod(axis=1).tolist()}

    def prediction(self, said: Said, row: int) -> Prediction:
        """Every label with its own probability, likeliest first."""
        told, each = self.told(said, np.array([row])), said["each"][row]
        order = np.argsort(-each, kind="stable")
        return Prediction(
            told["label"][0], told["probability"][0], {self.labels[k]: float(each[k]) for k in order}
        )

    def words(self, seen: Prediction) -> tuple[str, bool]:
        """The label least certain."""
        label, p = min(seen.probabilities.items(), key=lambda pair: abs(pair[1] - 0.5))
        if max(p, 1 - p) < SURE:
            return f"the model hesitates whether it is {label} ({p:.2f})", True
        return f"the model is rather sure of every label, least of {label} ({p:.2f})", False

    def columns(self, labels: Sequence[Label | None]) -> np.ndarray:
        """(items,) -1: no column of what strategies see is an answer."""
        return np.full(len(labels), -1, dtype=np.intp)

    # -- how good, how stable -----------------------------------------------------------------------------------

    def miss(self, foretold: Label, truth: Label) -> float:
        """How many labels are wrong."""
        return float(abs(self._counts([foretold]) - self._counts([truth])).sum())

    def kappa(self, one: Said, other: Said, rows: np.ndarray) -> float:
        """Cohen's, of all decisions on all labels together."""
        return estimate.kappa((one["each"][rows] >= 0.5).ravel(), (other["each"][rows] >= 0.5).ravel())

    def signs(self, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
        """Doubt is that of the label least certain; an item has changed when one of its labels has."""
        return shared.signs(self.told, before, now, learned_from)

    def metric(self, name: str) -> estimate.Measure:
        """ "accuracy" (all labels of the item right), "f1_micro", "f1_macro". Raises `SettingError` for others."""
        found: dict[str, estimate.Measure] = {
            "accuracy": estimate.accuracy,
            "f1_micro": measures.f1_micro,
            "f1_macro": partial(measures.f1_macro, labels=self.labels),
        }
        return shared.metric(name, found, self.kind)

    def measures(self, name: str) -> bool:
        """Whether `metric` knows it."""
        return name in {"accuracy", "f1_micro", "f1_macro"}

    def _counts(self, answers: Any) -> np.ndarray:
        """(labels,) in how many answers each label is."""
        column = {(type(label), label): k for k, label in enumerate(self.labels)}
        counts = np.zeros(len(self.labels))
        for answer in answers:
            for label in answer:
                counts[column[type(label), label]] += 1
        return counts

    def _in_order(self, labels: Sequence[Label]) -> list[Label]:
        given = {(type(label), label) for label in labels}
        return [label for label in self.labels if (type(label), label) in given]


def _written(value: Any) -> str:
    """A part of a JSON list as labels are written out."""
    return value if isinstance(value, str) else str(value)
