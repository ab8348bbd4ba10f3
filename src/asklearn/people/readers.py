"""How many people read an item: as many as `redundancy` says, and of a share of items two at least."""

from __future__ import annotations

import numpy as np

OVERLAP = 8  # the purpose of a generator


def readers(rows: int, redundancy: int, overlap: float, seed: int) -> np.ndarray:
    """(rows,) int64: how many are to read each item, once there are several people.

    A share `overlap` of the items is read by two at least, each drawn by itself and for good: what people say of
    these tells how far they agree on all of them. Rows that come later change nothing for those before.

    >>> readers(6, 1, 0.5, seed=0).tolist(), readers(2, 3, 0.5, seed=0).tolist()
    ([1, 1, 2, 2, 2, 1], [3, 3])
    """
    drawn = np.random.default_rng([seed, OVERLAP]).random(rows) < overlap
    return np.where(drawn, max(redundancy, 2), redundancy)


def share(redundancy: int, overlap: float) -> float:
    """The share of questions that are further readings while some are due.

    With w readers an item on average, w - 1 further readings fall due for each first one. Twice as many may be asked,
    so that none waits for long, and new items never run dry: 2 (w - 1) / (1 + 2 (w - 1)).

    >>> round(share(1, 0.1), 3), round(share(2, 0.1), 3), share(1, 0)
    (0.167, 0.667, 0.0)
    """
    further = redundancy - 1 + overlap * (redundancy == 1)
    return 2 * further / (1 + 2 * further)
