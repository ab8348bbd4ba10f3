"""How far people agree, kept at hand while they answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from asklearn.estimate import Estimate
from asklearn.people.agreement import RESAMPLES, of_kinds
from asklearn.state import State

MEASURE = "krippendorff"
GROWTH = 0.05  # a figure is old when this share of what people said together is new
LEAST = 10  # or so many changes, whichever is more


class Accord:
    """Krippendorff's alpha of what people said of the same items; nobody waits for its interval.

    labels: all there are, in their order.
    """

    def __init__(self, labels: Sequence[object], seed: int) -> None:
        self._labels, self._seed = [str(label) for label in labels], seed
        self._found: Estimate | None = None
        self._at = 0  # `State.shared` of what was found
        self._busy = threading.Lock()

    def now(self, state: State, *, wait: bool) -> Estimate | None:
        """The newest figure; None while fewer than two people share an item, or all of them say the same one label.

        wait: it takes in every answer. Otherwise it may be behind by a twentieth of them, or by ten, and a newer one
        is worked out in a thread. The state may not change meanwhile.
        """
        new = abs(state.shared - self._at)
        due = 1 if wait or self._found is None else max(LEAST, int(GROWTH * self._at))
        if new >= due and self._busy.acquire(blocking=wait):
            work = dict(state.together), state.shared
            if wait:
                self._work(*work)
            else:
                threading.Thread(target=self._work, args=work, daemon=True, name="asklearn-accord").start()
        return self._found

    def _work(self, together: Mapping[tuple[str, ...], int], at: int) -> None:
        try:
            self._found = alpha(together, self._labels, np.random.default_rng(self._seed))
            self._at = at
        finally:
            self._busy.release()


def alpha(
    together: Mapping[tuple[str, ...], int], labels: Sequence[str], rng: np.random.Generator
) -> Estimate | None:
    """Krippendorff's alpha for names with its interval, None where there is nothing to tell it from.

    together: what several people said of one item -> how many items were told so.

    >>> alpha({("x", "x"): 1, ("y", "y"): 1, ("x", "y"): 1}, "xy", np.random.default_rng(0)).value.__round__(3)
    0.444
    """
    place = {label: k for k, label in enumerate(labels)}
    counts = np.zeros((len(together), len(labels)))
    for row, said in zip(counts, together, strict=True):
        for label in said:
            row[place[label]] += 1
    if (counts.any(axis=0)).sum() < 2:
        return None
    order = np.lexsort(counts.T[::-1])  # the interval must not hang on the order in which answers came
    times = np.array([*together.values()])
    return of_kinds(counts[order], times[order], MEASURE, RESAMPLES, rng)
