"""Data whose labels are known, made ready once for many simulated runs: features, splits, sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from asklearn import features as encoders
from asklearn.errors import AnswerError, DataError, SettingError
from asklearn.features import Features
from asklearn.pool.rows import Rows, hold
from asklearn.study.metrics import Truth
from asklearn.tasks import Task, classes, multilabel, number, spans

Test = float | tuple[Any, Any]


class Part:
    """Some rows of a larger whole as a pool; an item's id is the number of its row there."""

    def __init__(self, held: Rows, at: np.ndarray, fingerprint: str) -> None:
        self._held, self._at, self.fingerprint = held, at, fingerprint
        self.kind = held.kind
        self.ids = [str(row) for row in at.tolist()]

    def rows(self, ids: Sequence[str]) -> Any:
        """The rows of these ids; all of them are taken once and kept, for a model is asked about them every round."""
        return self._whole if ids is self.ids else self._held.take(np.array([int(id) for id in ids], np.intp))

    @cached_property
    def _whole(self) -> Any:
        return self._held.take(self._at)

    def blocks(self, size: int) -> Iterator[tuple[Sequence[str], Any]]:
        """All rows, `size` at a time."""
        for first in range(0, len(self.ids), size):
            part = slice(first, first + size)
            yield self.ids[part], self._held.take(self._at[part])

    def show(self, id: str) -> dict[str, Any]:
        """One row as a page would show it."""
        return self._held.show(int(id))

    def metadata(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Nothing: a simulated run exports nothing."""
        return [{} for _ in ids]

    def add(self, X: Any) -> NoReturn:
        """Refused."""
        raise DataError("the rows of a simulated run are those it began with")


@dataclass(frozen=True, eq=False)
class Sides:
    """One split: what may be asked, with its answers, and what measures the model."""

    pool: Part
    answers: dict[str, Any]  # id -> its label
    codes: np.ndarray  # (rows,) each row's label as strategies see it; of classes its column
    features: Features  # of the pool
    rows_test: Any  # as they came
    X_test: Any  # as models named by a word see them
    y_test: np.ndarray
    truth: Truth  # of the test rows


class Known:
    """Rows and their labels, looked at once, without labels, for as many simulated runs as one likes.

    X: rows of any kind a pool takes; y: (rows,) labels. `test`: the share of rows held out by each seed, so that
    every class is on both sides where it has two rows, or (X_test, y_test), the same for all seeds. `groups`:
    (rows,) rows of one group (a patient, a day) are never on both sides. `task`: what the labels are; without it
    classes, numbers where some are measured (2.5), several labels a row where y is (rows, labels) of 0 and 1 or holds
    lists of names. Raises `SettingError` for lengths that differ, for a senseless share and for what is no label.
    """

    def __init__(
        self, X: Any, y: Any, test: Test = 0.3, groups: Any = None, task: Task | None = None
    ) -> None:
        self._held, self.y, given = hold(X), _column(y), _column(test[1] if isinstance(test, tuple) else [])
        self.test, self.groups = test, None if groups is None else np.asarray(groups)
        _check(len(self._held), self.y, test, self.groups)
        self.task = _meant(self.y, given) if task is None else task
        self._positive = None
        if self.task.kind == "classes":
            labels = np.array(self.task.labels) if task is None else np.unique(self.y)
            self._codes, self._given = np.searchsorted(labels, self.y), np.searchsorted(labels, given)
            counts = np.bincount(self._codes, minlength=len(labels))
            self._positive = int(counts.argmin()) if len(labels) == 2 else None
        else:
            self.y, given = (_checked(self.task, labels) for labels in (self.y, given))
            self._codes, self._given = (np.zeros(len(labels), dtype=np.intp) for labels in (self.y, given))
        self._labels_given = given
        everything = Part(self._held, np.arange(len(self.y)), "")
        found = encoders.compute(everything)
        self.X, self.embedding, self.how, self._encoder = found.X, found.embedding, found.how, found.encoder
        self._X_test = None
        if isinstance(test, tuple):
            self._X_test = self._encoder.transform(hold(test[0]).take(np.arange(len(given))))
        self._sides: tuple[int, Sides] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_sides": None}  # another process makes its own splits

    @cached_property
    def fingerprint(self) -> str:
        """A hash of rows, labels and test set: the same data, the same fingerprint."""
        found = hashlib.sha256()
        held = [self._held] + ([hold(self.test[0])] if isinstance(self.test, tuple) else [])
        for rows in held:
            for digest in rows.digests():
                found.update(digest)
        told = [self.task.labels, self._codes.tolist(), self._given.tolist()]
        if self.task.kind != "classes":
            told = [self.task.kind, self.task.labels, self.y.tolist(), self._labels_given.tolist()]
        told.append(None if self.groups is None else self.groups.tolist())
        found.update(repr(told).encode())
        return found.hexdigest()

    def sides(self, seed: int) -> Sides:
        """The split of this seed; the last one is kept, for several strategies meet it in turn."""
        if self._sides is None or self._sides[0] != seed:
            self._sides = seed, self._split(seed)
        return self._sides[1]

    def _split(self, seed: int) -> Sides:
        if isinstance(self.test, tuple):
            rows = np.arange(len(self.y))
            rows_test, X_test, y_test, codes = (
                self.test[0],
                self._X_test,
                self._labels_given,
                self._given,
            )
        else:
            rows, out = split(self._codes, self.test, seed, self.groups)
            rows_test, X_test, y_test, codes = (
                self._held.take(out),
                self.X[out],
                self.y[out],
                self._codes[out],
            )
        embedding = self.embedding[rows]
        X = embedding if self.X is self.embedding else self.X[rows]
        fingerprint = hashlib.sha256(f"{self.fingerprint}{rows.tolist()}".encode()).hexdigest()
        pool = Part(self._held, rows, fingerprint)
        return Sides(
            pool=pool,
            answers=dict(zip(pool.ids, self.y[rows].tolist(), strict=True)),
            codes=self._codes[rows]
            if self.task.kind == "classes"
            else self.task.columns(self.y[rows].tolist()),
            features=Features(X, embedding, self.how, lambda: self._encoder),
            rows_test=rows_test,
            X_test=X_test,
            y_test=y_test,
            truth=Truth(codes, len(self.task.labels), self._positive),
        )


def split(
    codes: np.ndarray, test: float, seed: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows to be asked about and of those held out: `test` of them, class by class.

    With `groups` whole groups are held out, about `test` of them. The same seed gives the same split.
    """
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    everything = np.arange(len(codes))
    if groups is not None:
        rows, held_out = next(
            GroupShuffleSplit(1, test_size=test, random_state=seed).split(codes, groups=groups)
        )
        return rows, held_out
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    share = min(max(round(test * len(codes)), 1), len(codes) - 1)
    # A class of one row cannot be on both sides, nor more classes than the smaller side has rows.
    stratified = counts.min() > 1 and len(counts) <= min(share, len(codes) - share)
    rows, held_out = train_test_split(
        everything, test_size=share, random_state=seed, stratify=codes if stratified else None
    )
    return rows, held_out


def _column(y: Any) -> np.ndarray:
    """(rows,) labels; of several a row an object array of lists, 0 and 1 by columns become the columns' numbers."""
    try:
        found = np.asarray(y)
    except ValueError:  # lists of differing lengths
        found = np.empty(0)
    plural = len(y) > 0 and any(isinstance(label, list | tuple | set | frozenset) for label in y)
    if found.ndim == 1 and not plural and len(found) == len(y):
        return found
    column = np.empty(len(y), dtype=object)
    if plural:
        column[:] = [list(label) for label in y]
    else:
        if found.ndim != 2 or not np.isin(found, (0, 1)).all():
            raise SettingError(
                f"y is a label a row, or (rows, labels) of 0 and 1; it has the shape {found.shape}"
            )
        column[:] = [np.flatnonzero(row).tolist() for row in found]
    return column


def _meant(y: np.ndarray, given: np.ndarray) -> Task:
    """The task whose labels these are."""
    if y.dtype == object and any(isinstance(label, list) for label in y):
        parts = [part for labels in (*y, *given) for part in labels]
        if any(isinstance(part, dict) for part in parts):
            return spans(tuple(sorted({part["label"] for part in parts}, key=str)))
        return multilabel(tuple(sorted(set(parts), key=lambda part: (str(type(part)), part))))
    both = np.concatenate([y, given]) if len(given) else y
    if both.dtype.kind == "f" and not (both == np.round(both)).all():
        return number()
    return classes(tuple(_distinct(both).tolist()))


def _checked(task: Task, labels: np.ndarray) -> np.ndarray:
    """(rows,) labels of the task. Raises `SettingError` for one that is none."""
    found = np.empty(len(labels), dtype=object)
    for row, label in enumerate(labels.tolist()):
        try:
            found[row] = task.parse(label) if isinstance(label, str) else task.check(label)
        except AnswerError as error:
            raise SettingError(f"y of row {row}: {error}") from None
    return found


def _distinct(y: np.ndarray) -> np.ndarray:
    """The labels that occur, in order."""
    try:
        return np.unique(y)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in y.tolist()})
        raise SettingError(
            f"y holds labels of different kinds ({', '.join(kinds)}); give one kind, and leave out rows without a label"
        ) from error


def _check(rows: int, y: np.ndarray, test: Test, groups: np.ndarray | None) -> None:
    if len(y) != rows:
        raise SettingError(f"X has {rows} rows and y has {len(y)}; they must be as many")
    if groups is not None and len(groups) != rows:
        raise SettingError(f"X has {rows} rows and groups has {len(groups)}; they must be as many")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise SettingError(f"y of row {row} is {y[row]}; leave out rows without a label")
    if isinstance(test, tuple):
        if groups is not None:
            raise SettingError("groups are for splitting; with (X_test, y_test) there is nothing to split")
        if len(hold(test[0])) != len(test[1]):
            raise SettingError(
                f"X_test has {len(hold(test[0]))} rows and y_test has {len(test[1])}; they must be as many"
            )
    elif rows < 2:
        raise SettingError(f"X has {rows} rows; one side to ask about and one to measure on need two or more")
    elif not 0 < test < 1:
        raise SettingError(f"test is a share between 0 and 1, or (X_test, y_test); {test!r} is not")
