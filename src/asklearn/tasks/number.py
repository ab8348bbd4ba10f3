"""A number: a price, an age, a grade."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, ClassVar

import numpy as np

from asklearn import estimate, measures, models
from asklearn.errors import AnswerError, SettingError
from asklearn.events import Label
from asklearn.people.agreement import moments
from asklearn.people.answers import Prediction
from asklearn.tasks import shared
from asklearn.tasks.shared import Said


@dataclass(frozen=True)
class number:
    """A number an item; `range` = (low, high) bounds it, both ends included, `unit` says what it counts.

    >>> task = number((0, 10), "kg")
    >>> task.check(3), task.parse("2.5"), task.merge({"ann": 1, "bob": 9, "eve": 2})
    (3, 2.5, (2, 0.7333333333333334))
    """

    range: tuple[float, float] | None = None
    unit: str = ""
    kind: ClassVar[str] = "number"
    labels: ClassVar[tuple[Label, ...]] = ()
    gives: ClassVar[frozenset[str]] = frozenset({"mean", "std"})
    usual: ClassVar[str] = "mae"
    sees_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.range is None:
            return
        ends = tuple(self.range)
        if len(ends) != 2 or not all(map(_is_number, ends)) or not ends[0] < ends[1]:
            raise SettingError(f"a range is two numbers, the smaller first, such as 0,10; {ends!r} is not")
        object.__setattr__(self, "range", ends)

    # -- what people say ----------------------------------------------------------------------------------------

    def check(self, raw: Any, row: Callable[[], Any] | None = None) -> Label:
        """The number, if it is one, finite, not beyond all measure, and within the range. Raises `AnswerError`."""
        value = raw.item() if isinstance(raw, np.generic) else raw
        if not _is_number(value):
            raise AnswerError(f"{raw!r} is no number; give one such as 3 or 2.5")
        if self.range is not None and not self.range[0] <= value <= self.range[1]:
            raise AnswerError(f"{value!r} is not within {self.range[0]:g} to {self.range[1]:g}{self._unit}")
        return value

    def parse(self, text: str) -> Label:
        """The number written so: a whole one without a point stays whole. Raises `AnswerError`."""
        if WHOLE.fullmatch(text.strip()):
            return self.check(int(text))
        try:
            value = float("" if "_" in text else text)  # 1_000 is a number for Python alone
        except ValueError:
            raise AnswerError(f"{text!r} is no number; write one such as 3 or 2.5") from None
        return self.check(value)

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """The median, of two the mean; sure is 1 - the mean distance from it, as a share of the range.

        Without a range nothing says what is far: it is 1.
        """
        values = sorted(answers.values())
        half, odd = divmod(len(values), 2)
        middle = values[half] if odd else _mean(values[half - 1], values[half])
        if self.range is None:
            return middle, 1.0
        away = sum(abs(value - middle) for value in values) / len(values)
        return middle, 1 - away / (self.range[1] - self.range[0])

    def together(self, said: Sequence[Sequence[Label]]) -> tuple[str, np.ndarray]:
        """Krippendorff's alpha for numbers: the squared difference is the distance."""
        item = np.repeat(np.arange(len(said)), [len(numbers) for numbers in said])
        flat = np.array([value for numbers in said for value in numbers], dtype=float)
        return "krippendorff:interval", moments(item, flat, len(said))

    # -- what models learn and say ------------------------------------------------------------------------------

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """(items,) float."""
        return np.array(labels, dtype=float)

    def says(self, model: Any, X: Any) -> Said:
        """mean (rows,); std (rows,) of an answer, where the model tells one row from another by it; else spread."""
        mean, std, varies = models.numbers(model, X)
        if self.range is not None:
            mean = mean.clip(*self.range)
        return {"mean": mean, "std" if varies else "spread": std}

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """One number an item already."""
        return scores

    def told(self, said: Said, rows: np.ndarray) -> dict[str, list[Any]]:
        """The mean, and the 80 % interval of an answer around it, within the range."""
        mean, std = said["mean"][rows], (said["std"] if "std" in said else said["spread"])[rows]
        ends = np.column_stack([mean - Z80 * std, mean + Z80 * std])
        if self.range is not None:
            ends = ends.clip(*self.range)
        return {"label": mean.tolist(), "low": ends[:, 0].tolist(), "high": ends[:, 1].tolist()}

    def prediction(self, said: Said, row: int) -> Prediction:
        """The number in as many digits as the interval is worth."""
        value, low, high = (column[0] for column in self.told(said, np.array([row])).values())
        digits = worth(high - low)
        return Prediction(round(value, digits), low=round(low, digits), high=round(high, digits))

    def words(self, seen: Prediction) -> tuple[str, bool]:
        """The interval."""
        return f"the model expects {seen.low:g} to {seen.high:g}{self._unit}", False

    def columns(self, labels: Sequence[Label | None]) -> np.ndarray:
        """(items,) float, the numbers; NaN for None."""
        return np.array([np.nan if label is None else label for label in labels], dtype=float)

    # -- how good, how stable -----------------------------------------------------------------------------------

    def miss(self, foretold: Label, truth: Label) -> float:
        """The distance."""
        return float(abs(foretold - truth))

    def kappa(self, one: Said, other: Said, rows: np.ndarray) -> float:
        """Cohen's weighted kappa (1968), a disagreement weighing as much as its distance.

        1 - mean |a_i - b_i| / mean |a_i - b_j|, the latter over all pairs of rows. Squared distances (Lin's
        concordance) would call models the same that still differ by a tenth of the spread.
        """
        a, b = one["mean"][rows], other["mean"][rows]
        apart = float(abs(a[:, None] - b).mean()) if len(a) else 0.0
        return 1 - float(abs(a - b).mean()) / apart if apart > 0 else 1.0

    def signs(self, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
        """{}: shares of wrong or changed answers are of names."""
        return {}

    def metric(self, name: str) -> estimate.Measure:
        """ "mae", "rmse" or "r2". Raises `SettingError` for others."""
        return shared.metric(name, METRICS, self.kind)

    def measures(self, name: str) -> bool:
        """Whether `metric` knows it."""
        return name in METRICS

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


LARGEST = 1e100  # beyond it, sums of squares are no numbers any more
WHOLE = re.compile(r"[+-]?\d{1,15}")
METRICS: dict[str, Any] = {"mae": measures.mae, "rmse": measures.rmse, "r2": measures.r2}
Z80 = 1.2815515655446004  # the normal quantile of 0.9: 80 % lie within so many deviations


def worth(width: float) -> int:
    """Digits after the point (before it, if negative) that tell a hundredth of the width.

    >>> worth(0.5), worth(30), worth(4e5), worth(0)
    (3, 1, -3, 6)
    """
    return 2 - floor(log10(width)) if width > 0 else 6


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _mean(one: float, other: float) -> float:
    """A whole number where it is one."""
    middle = (one + other) / 2
    return (
        int(middle) if isinstance(one, int) and isinstance(other, int) and middle == int(middle) else middle
    )
