"""Pictures of how it goes: honest quality against labels given with its interval, and answers by the hour and day.

They are drawn by matplotlib in a process of its own: importing it takes a second in which nobody should wait for an
answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from asklearn.background import Background
from asklearn.measures import higher
from asklearn.report import charts

SIZE = (4.8, 2.6)  # inches


class Chart:
    """The newest picture of each kind, kept until it would show something else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn: dict[str, tuple[Hashable, bytes]] = {}
        self._process = Background()

    def svg(self, curve: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> bytes:
        """The picture of this curve."""
        return self._picture("curve", len(curve), draw, list(curve), metric)

    def pace(self, hours: Sequence[int], days: Sequence[int]) -> bytes:
        """The picture of answers by the hour where all were given in the last day, else by the day."""
        counts, unit = (hours, "hour") if sum(hours) == sum(days) else (days, "day")
        return self._picture("pace", (unit, *counts), draw_pace, list(counts), unit)

    def close(self) -> None:
        """End the process that draws, if there is one."""
        self._process.close()

    def _picture(self, name: str, key: Hashable, work: Callable[..., bytes], *args: Any) -> bytes:
        with self._lock:
            if name not in self._drawn or self._drawn[name][0] != key:
                self._drawn[name] = key, self._process.submit(work, *args).result()
            return self._drawn[name][1]


def draw(curve: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> bytes:
    """An SVG with title and description."""
    ax = charts.canvas(SIZE, clear=True)
    value, low, high = (np.array([point[name] for point in curve]) for name in ("value", "low", "high"))
    charts.measured(ax, [point["labels"] for point in curve], (value, low, high), metric)
    title = f"Learning curve: {metric} by labels given"
    return charts.svg(ax, title, words(curve, metric)).encode()


def draw_pace(counts: Sequence[int], unit: str) -> bytes:
    """An SVG of answers in each of the last hours or days, the newest on the right."""
    ax = charts.canvas(SIZE, clear=True)
    ago = {len(counts) - 1: "now"} | {len(counts) - 1 - k: f"-{k}" for k in range(6, len(counts), 6)}
    charts.bars(ax, counts, ago, f"answers each {unit}")
    said = f"{sum(counts)} answers in the last {len(counts)} {unit}s, {counts[-1]} of them in the newest."
    return charts.svg(ax, f"Answers each {unit}", said).encode()


def words(curve: Sequence[Mapping[str, Any]], metric: str) -> str:
    """The curve for those who do not see it.

    >>> words([{"labels": 20, "value": 0.5, "low": 0.4, "high": 0.6, "n": 9}], "accuracy")
    'After 20 labels the accuracy is 0.50 (95 % interval 0.40 to 0.60, measured on 9 items).'
    """
    if not curve:
        return (
            f"The {metric} was not measured yet: it takes a model and an answer to an item drawn at random."
        )
    last = curve[-1]
    digits = ".2f" if higher(metric) else ".4g"  # an error comes in whatever unit its numbers have
    value, low, high = (format(last[name], digits) for name in ("value", "low", "high"))
    return (
        f"After {last['labels']} labels the {metric} is {value} "
        f"(95 % interval {low} to {high}, measured on {last['n']} items)."
    )
