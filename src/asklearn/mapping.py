"""The pool's map, made once and kept; where people wait, in a process of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.background import Background
from asklearn.events import Label
from asklearn.features.plane import Plane, final, inside, rough
from asklearn.features.store import content
from asklearn.learning import Learner, Serving, learner_there
from asklearn.people import sweeps
from asklearn.record import Record
from asklearn.tasks import Task

MAP = 9  # the purpose of a generator
AT_ONCE = 500  # items looked up in one turn
TIE = 1e-9  # the most by which equally doubtful items are told apart, at random


class Atlas:
    """The map of a learner's pool: a mere projection at first, then with neighbours beside each other."""

    def __init__(self, learner: Learner, seed: int) -> None:
        self._learner, self.seed = learner, seed
        self._plane: Plane | None = None
        self._of = ""  # the fingerprint of the pool that it is the map of
        self._working = threading.Lock()
        self._process: Background | None = None
        self.error: str | None = None

    def now(self) -> Plane | None:
        """The best map there is, at once; what is missing is begun. None before the pool's features are there.

        Where nothing is done behind people's backs, it is made here and now. After a failure (`error` says which) the
        next call tries again.
        """
        learner, fingerprint = self._learner, self._learner.pool.fingerprint
        cache = None if learner.folder is None else learner.folder / "cache"
        if self._of != fingerprint:
            self._plane, self._of = None, fingerprint
        if self._plane is None and cache is not None:
            self._plane = kept(cache, fingerprint)
        if self._plane is not None and self._plane.final:
            return self._plane
        if not learner.apart:
            begun = self._plane or better(learner, None, self.seed)
            self._plane = better(learner, begun, self.seed)
            if cache is not None:
                keep(self._plane, cache, fingerprint)
        elif learner.features is not None and self._working.acquire(blocking=False):
            work = (learner.request(), fingerprint)
            threading.Thread(target=self._work, args=work, daemon=True, name="asklearn-map").start()
        return self._plane

    def close(self) -> None:
        """End the other process, if it runs."""
        if self._process is not None:
            self._process.close()

    def _work(self, request: tuple[str, Task, Any, int], fingerprint: str) -> None:
        self._process = Background()
        try:
            for _ in range(1 if self._plane is not None else 2):
                self._process.submit(better_there, *request).result()
                if self._of == fingerprint:  # else the pool has grown meanwhile: that is another map
                    self._plane = kept(Path(request[0]) / "cache", fingerprint)
            self.error = None
        except Exception as error:  # shown to people
            self.error = f"{type(error).__name__}: {error}"
        finally:
            self._process.close()
            self._working.release()


def drawn(atlas: Atlas, record: Record, learner: Learner, by: str) -> dict[str, Any]:
    """What `by` may know of every point of the map, as JSON can hold it: see `Bulk.map`."""
    plane, proba = atlas.now(), _proba(learner.serving)
    rows = np.zeros(0, dtype=np.intp) if plane is None else plane.rows
    xy = np.zeros((0, 2)) if plane is None else plane.xy
    items = [learner.ids[row] for row in rows.tolist()]
    known = proba is not None and len(rows) > 0 and rows[-1] < len(proba)
    states, labels = list[str](), list[Label]()
    for first in range(0, len(items), AT_ONCE):
        with record.now() as state:  # in short turns: people answer meanwhile
            for item in items[first : first + AT_ONCE]:
                states.append(sweeps.standing(state, record.leases, item, by))
                labels.append(sweeps.label_by(state, item, by) if states[-1] == sweeps.YOURS else None)
    return {
        "stage": "waiting" if plane is None else "final" if plane.final else "rough",
        "error": atlas.error,
        "item": items,
        "x": xy[:, 0].round(4).tolist(),
        "y": xy[:, 1].round(4).tolist(),
        "behind": [] if plane is None else _counts(plane).tolist(),
        "doubt": doubt(proba[rows], learner.task).round(3).tolist() if proba is not None and known else None,
        "state": states,
        "label": labels,
    }


def within(
    atlas: Atlas,
    record: Record,
    learner: Learner,
    by: str,
    n: int,
    polygon: np.ndarray | None,
    points: Sequence[int] | None,
    doubtful: bool,
) -> tuple[list[int], int, list[str]]:
    """Points, how many items behind them `by` may label in bulk, and at most n of these: see `Bulk.within`."""
    plane, proba = atlas.now(), _proba(learner.serving)
    chosen = np.zeros(0 if plane is None else len(plane.rows), dtype=bool)
    wanted = np.full(len(learner.ids), polygon is None and points is None)
    if plane is not None and not wanted.any():
        chosen[[point for point in points or () if 0 <= point < len(chosen)]] = True
        if polygon is not None:
            chosen |= inside(plane.xy, polygon)
        wanted[: len(plane.behind)] = chosen[plane.behind] & (plane.behind >= 0)
    rows = np.flatnonzero(_open(record, learner, by, wanted))
    rng, most = np.random.default_rng([atlas.seed, len(rows), MAP]), min(n, len(rows))
    if doubtful and proba is not None and most:
        unsure = np.ones(len(rows))  # what the model has not seen comes first
        seen = rows < len(proba)
        unsure[seen] = doubt(proba[rows[seen]], learner.task)
        unsure += TIE * rng.random(len(rows))
        first = np.argpartition(-unsure, most - 1)[:most]
        picked = rows[first[np.argsort(-unsure[first])]]
    else:
        picked = rows[rng.choice(len(rows), most, replace=False)]
    return np.flatnonzero(chosen).tolist(), len(rows), [learner.ids[row] for row in picked.tolist()]


def _open(record: Record, learner: Learner, by: str, wanted: np.ndarray) -> np.ndarray:
    """(rows,) bool: those of the wanted rows that `by` may label in bulk."""
    found: np.ndarray
    with record.now() as state:
        found = wanted & record.leases.free_for(by)
        special = sweeps.apart(state, record.leases, by)
    rows = learner.positions
    special = [item for item in special if item in rows and wanted[rows[item]]]
    for first in range(0, len(special), AT_ONCE):
        with record.now() as state:  # in short turns: people answer meanwhile
            for item in special[first : first + AT_ONCE]:
                found[rows[item]] = sweeps.may_sweep(state, record.leases, item, by)
    return found


def doubt(proba: np.ndarray, task: Task) -> np.ndarray:
    """(rows,) 0..1: how far from certain the model is, 1 where it knows nothing.

    Of classes (1 - p of the likeliest) * K / (K - 1) with K of them; of several labels at once, the most doubtful's
    1 - |2 p - 1|.
    """
    if task.kind == "multilabel":
        return np.asarray((1 - np.abs(2 * proba - 1)).max(axis=1))
    classes = proba.shape[1]
    return np.asarray((1 - proba.max(axis=1)) * classes / (classes - 1))


def _proba(serving: Serving | None) -> np.ndarray | None:
    return None if serving is None or "proba" not in serving.said else serving.proba


def _counts(plane: Plane) -> np.ndarray:
    """(points,) how many rows lie behind each, itself among them."""
    return np.bincount(plane.behind[plane.behind >= 0], minlength=len(plane.rows))


def better(learner: Learner, start: Plane | None, seed: int) -> Plane:
    """The rough map of the learner's pool, or from a rough one the final."""
    embedding = learner.features_now().embedding
    if start is None:
        return rough(embedding, np.random.default_rng([seed, 0, MAP]))
    return final(embedding, start, seed)


def better_there(folder: str, task: Task, model: Any, seed: int) -> None:
    """In another process: make and keep what is better than what is kept."""
    learner = learner_there(folder, task, model, seed)
    cache, fingerprint = Path(folder) / "cache", learner.pool.fingerprint
    keep(better(learner, kept(cache, fingerprint), seed), cache, fingerprint)


def keep(plane: Plane, cache: Path, fingerprint: str) -> None:
    """Whole or not at all; the file's name tells what it must hold. Older maps go."""
    cache.mkdir(exist_ok=True)
    scratch = cache / f"map-{os.getpid()}.new.npz"
    np.savez(scratch, rows=plane.rows, xy=plane.xy, behind=plane.behind, final=plane.final)
    last = cache / f"map-{fingerprint[:32]}-{content(scratch)}.npz"
    scratch.replace(last)
    for old in cache.glob("map-*-*.npz"):
        if old != last:
            old.unlink(missing_ok=True)


def kept(cache: Path, fingerprint: str) -> Plane | None:
    """The map kept for the pool with this fingerprint; None when there is none, or it is damaged."""
    for file in sorted(cache.glob(f"map-{fingerprint[:32]}-*.npz")):
        if file.stem.rpartition("-")[2] == content(file):
            with np.load(file) as found:
                return Plane(found["rows"], found["xy"], found["behind"], bool(found["final"]))
    return None
