"""Probabilities made safe: finite, not negative, adding up to 1, in the order of the task's classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from asklearn.errors import ModelError

BLOCK = 10_000  # rows asked about at a time
ROUNDING = 1e-2  # by how much the probabilities of a row may miss 1


def proba(model: Any, X: Any, classes: Sequence[Any]) -> np.ndarray:
    """(rows, classes) float64: the model's probabilities in the order of `classes`; asked in blocks.

    A class the model has not seen gets 0. Raises `ModelError` for a model that cannot give probabilities, for a
    class that `classes` does not have, and for rows that are not finite, negative or do not add up to 1.
    """
    if not hasattr(model, "predict_proba"):
        raise ModelError(_without_proba(model))
    result = np.empty((rows_of(X), len(classes)))
    first = 0
    for block in row_blocks(X):
        given = _checked(model, model.predict_proba(block), rows_of(block), first)
        # Looked up after asking: an unfitted model has just said so in its own words.
        result[first : first + len(given)] = _aligned(given, columns(model, classes), len(classes))
        first += len(given)
    return result


def columns(model: Any, classes: Sequence[Any]) -> list[int]:
    """For each class of the model, its place in `classes`; a missing one raises `ModelError`."""
    seen = getattr(model, "classes_", None)
    if seen is None:
        raise ModelError(
            f"{type(model).__name__} does not say which classes its probabilities are of; set classes_ in fit"
        )
    place = {plain(label): i for i, label in enumerate(classes)}
    strange = [label for label in map(plain, seen) if label not in place]
    if strange:
        listed = ", ".join(repr(label) for label in place)
        raise ModelError(
            f"{type(model).__name__} predicts {strange[0]!r}, which is none of the classes {listed:.200}"
        )
    return [place[plain(label)] for label in seen]


def plain(label: Any) -> Any:
    """A label as Python knows it, not as NumPy does.

    >>> plain(np.int64(3)), plain(np.str_("ham")), plain(True)
    (3, 'ham', True)
    """
    return label.item() if isinstance(label, np.generic) else label


def _without_proba(model: Any) -> str:
    name = type(model).__name__
    if hasattr(model, "decision_function"):
        return (
            f"{name} gives scores, not probabilities; "
            f"use sklearn.calibration.CalibratedClassifierCV({name}(), ensemble=False) in its place"
        )
    return f"{name} cannot give probabilities: it has no predict_proba; use a classifier that has"


def rows_of(X: Any) -> int:
    """How many rows there are, in whatever type."""
    if isinstance(X, Mapping):  # columns by name
        return len(next(iter(X.values()), ()))
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def row_blocks(X: Any) -> Iterator[Any]:
    """The rows, 10,000 at a time where they can be cut."""
    rows = rows_of(X)
    if rows == 0:
        return  # estimators refuse to be asked about nothing
    # A data frame of whatever library is asked about whole.
    sliced = isinstance(X, np.ndarray | list) or type(X).__module__.startswith("scipy.sparse")
    if not sliced or rows <= BLOCK:
        yield X
        return
    for first in range(0, rows, BLOCK):
        yield X[first : first + BLOCK]


def _checked(model: Any, given: Any, rows: int, first: int) -> np.ndarray:
    name = type(model).__name__
    if isinstance(given, list):
        raise ModelError(
            f"{name} gives {len(given)} arrays of probabilities, one each target; one array is needed"
        )
    p = np.asarray(given, dtype=np.float64)
    if p.ndim != 2 or len(p) != rows:
        raise ModelError(
            f"{name} gave probabilities of shape {p.shape} for {rows} rows; (rows, classes) is needed"
        )
    finite = np.isfinite(p).all(axis=1)
    _refuse(
        name, ~finite, p, first, "that are not finite; give rows without missing values or repair the model"
    )
    _refuse(name, (p < 0).any(axis=1), p, first, "of which one is below 0")
    sums = p.sum(axis=1)
    _refuse(name, abs(sums - 1) > ROUNDING, p, first, "that do not add up to 1; these are no probabilities")
    safe: np.ndarray = p / sums[:, None]
    return safe


def _refuse(name: str, bad: Any, p: np.ndarray, first: int, why: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        shown = ", ".join(f"{x:.3g}" for x in p[row, :5]) + (", ..." if p.shape[1] > 5 else "")
        raise ModelError(f"{name} gave row {first + row + 1} the probabilities [{shown}] {why}")


def _aligned(given: np.ndarray, places: list[int], classes: int) -> np.ndarray:
    if given.shape[1] != len(places):
        raise ModelError(
            f"the model gave {given.shape[1]} probabilities a row, but names {len(places)} classes"
        )
    aligned = np.zeros((len(given), classes))
    aligned[:, places] = given
    return aligned
