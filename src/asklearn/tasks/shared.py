"""What several tasks need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from asklearn.errors import SettingError
from asklearn.estimate import Measure
from asklearn.scores.uncertainty import entropy

Said = Mapping[
    str, np.ndarray
]  # what a model says of some rows: arrays by name, as the task's `says` makes them
Told = Callable[[Said, np.ndarray], dict[str, list[Any]]]


def signs(told: Told, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
    """What `stopping.pool_signs` says of classes, for a task with `proba`: {} where no row is left.

    `uncertainty`: mean entropy of proba / log of its columns. `expected_error`: mean 1 - probability of the label
    foretold. `changed`: the share of the rows both models saw of which another label is foretold.
    """
    proba = now["proba"]
    rest = np.ones(len(proba), dtype=bool)
    rest[learned_from] = False
    rows = np.flatnonzero(rest)
    if not len(rows):
        return {}
    foretold = told(now, rows)
    found = {
        "uncertainty": float(entropy(proba[rows]).mean() / np.log(proba.shape[1])),
        "expected_error": float(1 - np.mean(foretold["probability"])),
    }
    both = rows[rows < (0 if before is None else len(before["proba"]))]
    if before is not None and len(both):
        pairs = zip(told(before, both)["label"], foretold["label"], strict=False)
        found["changed"] = float(np.mean([one != other for one, other in pairs]))
    return found


def metric(name: str, found: Mapping[str, Measure], kind: str) -> Measure:
    """The one of this name. Raises `SettingError` naming all there are."""
    if name not in found:
        raise SettingError(
            f"there is no honest estimate of {name!r} for the task {kind}; there is one of {', '.join(found)}"
        )
    return found[name]
