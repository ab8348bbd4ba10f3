"""How far people agree, kept at hand while they answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from asklearn.estimate import Estimate
from asklearn.people.agreement import RESAMPLES, of_kinds
from asklearn.state import State

GROWTH = 0.05  # a figure is old when this share of what people said together is new
LEAST = 10  # or so many changes, whichever is more


Parse = Callable[[str], Any]
Together = Callable[[Sequence[Sequence[Any]]], tuple[str, np.ndarray]]


class Accord:
    """How far people agree who labelled the same items, as their task measures it; nobody waits for its interval.

    parse, together: those of the task, which make labels of what is written and say what the measure looks at.
    """

    def __init__(self, parse: Parse, together: Together, seed: int) -> None:
        self._parse, self._together, self._seed = parse, together, seed
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
            rng = np.random.default_rng(self._seed)
            self._found = accord(together, self._parse, self._together, rng)
            self._at = at
        finally:
            self._busy.release()


def accord(
    together: Mapping[tuple[str, ...], int], parse: Parse, rows_of: Together, rng: np.random.Generator
) -> Estimate | None:
    """The task's measure of agreement with its interval, None where there is nothing to tell it from.

    together: what several people said of one item, written out -> how many items were told so.

    >>> counts = lambda said: ("krippendorff", np.array([[row.count(k) for k in "xy"] for row in said], dtype=float))
    >>> told = {("x", "x"): 1, ("y", "y"): 1, ("x", "y"): 1}
    >>> accord(told, str, counts, np.random.default_rng(0)).value.__round__(3)
    0.444
    """
    if len({written for said in together for written in said}) < 2:
        return None
    measure, rows = rows_of([[parse(written) for written in said] for said in together])
    order = np.lexsort(rows.T[::-1])  # the interval must not hang on the order in which answers came
    times = np.array([*together.values()])
    return of_kinds(rows[order], times[order], measure, RESAMPLES, rng)
