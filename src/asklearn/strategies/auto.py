"""The default: cover the pool, then what is uncertain in it, with guards against either going wrong.

    no labels                  coverage
    some labels                uncertain coverage: the uncertain that most others like them would learn from
    many labels                the uncertain, of different kinds: clusters of the smallest margins
    one class only, so far     half of the batch at random, half what is farthest from all labels
    a class without a label    half of the batch at random, until it is found or has been looked for long enough
    a class much rarer         a third of the batch the likeliest members of it
    always                     a share drawn at random: it finds what the rest overlooks, and measures without bias
    numbers, not classes       a tenth at random, else what lies farthest from labels in the largest cluster: lcmd

Uncertain coverage (Bae et al. 2025): half of the pool lies within its radius of a label. Distances suit the place: each
point's own neighbourhood is the unit (Zelnik-Manor & Perona 2004), and cover falls the steeper the more alike all
distances are (`cover(falls)`). The one is needed where a class lies in the middle of a wider one (ringnorm, Breiman
1996), the other with very many columns (DNA in one-hot columns): plain coverage passes whole classes over there. The
first questions cover by the same distances; a quarter of them at random, as `seeds` has it, cost more than it found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.scores.uncertainty import margin
from asklearn.strategies.choice import pick, some
from asklearn.strategies.coverage import k_center
from asklearn.strategies.herding import cover, half
from asklearn.strategies.mixing import mix, random, reserve
from asklearn.strategies.narrowing import cluster_margin
from asklearn.strategies.nesting import value
from asklearn.strategies.numbers import lcmd
from asklearn.view import Labelled, Positions, View

Array = NDArray[Any]

MANY = 40  # times the number of classes: so many labels know the pool's shape, and cover gains nothing over margin
LARGE = 16_384  # candidates that are looked at
LOOKED_FOR = 20  # times the number of classes: so many labels may pass before a missing class is given up
OVERDUE = 3  # times the number of classes: so many labels without a new class, and it has to be looked for
RARE = 5  # times as many labels as the rarest class has, where the commonest starts to drown it


@value
class adaptive:
    """What `auto` is: coverage, then uncertain coverage, then the margin, with guards for classes that are rare or not
    seen yet. `share` is what it draws at random, always."""

    share: float = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise SettingError(f"adaptive needs a share from 0 to 1; it is {self.share}")

    def __call__(
        self,
        view: View,
        n: int,
        rng: np.random.Generator,
        proba: Array | None = None,
        embedding: Any = None,
        labelled: Labelled | None = None,
        mean: Array | None = None,
    ) -> Positions:
        if mean is not None or _of_numbers(labelled):
            return pick(NUMBERS if embedding is not None else random, view, n)
        if proba is None:
            if embedding is None:
                return pick(random, view, n)
            if _since_new(labelled) >= 2 * OVERDUE:
                return pick(SEARCH, view, n)
            found = pick(mix(FIRST, self.share), view, n)
            view.tell(found[[view.told(p).arm != "random" for p in found]], arm="coverage")
            return found
        counts = _counts(labelled, proba.shape[1])
        overdue = OVERDUE * len(counts) <= _since_new(labelled) <= LOOKED_FOR * len(counts)
        places = n * (max(self.share, 0.5) if overdue and not counts.all() else self.share)
        lots = int(places) + int(rng.random() < places % 1)
        drawn = rng.choice(view.size, lots, replace=False)
        view.tell(drawn, chance=places / view.size, arm="random")
        rare = _members(proba, counts, drawn, -(-n // 3), rng)[: n - lots]
        view.tell(rare, arm="rare class")
        taken = np.concatenate([rare, drawn])
        rest = reserve(view, taken)
        if embedding is None:
            arm, chosen = "margin", pick(margin, rest)
        elif counts.sum() > MANY * len(counts):
            arm, chosen = "margin", pick(LATE, rest)
        elif view.size <= LARGE:
            arm, chosen = "uncertain coverage", pick(COVERED, rest)
        else:
            able = _promising(proba, rng)
            arm, chosen = "uncertain coverage", able[pick(COVERED, rest.take(able), n)]
        chosen = chosen[~np.isin(chosen, taken)][: n - len(taken)]
        view.tell(chosen, arm=arm)
        return np.concatenate([rare, chosen, drawn])


NUMBERS = mix(lcmd, share=0.1)
SEARCH = mix(k_center, share=0.5)
LATE = cluster_margin()
FIRST = cover(local=1.0, falls=4.0)
COVERED = cover(weight=margin, radius=half(), local=1.0, falls=4.0)


def _of_numbers(labelled: Labelled | None) -> bool:
    """Whether answers are numbers: they come as floats, the columns of classes as whole numbers."""
    return labelled is not None and labelled.y is not None and labelled.y.dtype.kind == "f"


def _counts(labelled: Labelled | None, classes: int) -> Array:
    """(classes,) how often each was answered."""
    y = np.empty(0) if labelled is None or labelled.y is None else labelled.y
    return np.bincount(y[y >= 0].astype(np.intp), minlength=classes)


def _since_new(labelled: Labelled | None) -> int:
    """How many labels have come since one brought a class not seen before; they are in the order answered."""
    y = np.empty(0) if labelled is None or labelled.y is None else labelled.y[labelled.y >= 0]
    return 0 if not len(y) else len(y) - 1 - int(np.unique(y, return_index=True)[1].max())


def _members(proba: Array, counts: Array, drawn: Positions, n: int, rng: np.random.Generator) -> Positions:
    """The n likeliest members of the rarest class that was seen, none where no class is rare."""
    seen = np.where(counts > 0, counts, counts.max() + 1)
    if counts.sum() < OVERDUE * len(counts) or counts.max() <= RARE * seen.min():
        return np.empty(0, dtype=np.intp)
    likely = proba[:, int(seen.argmin())].copy()
    likely[drawn] = -1
    return best(likely, min(n, len(likely) - len(drawn)), rng)


def _promising(proba: Array, rng: np.random.Generator) -> Positions:
    """Of a large pool half of LARGE at random and half with the smallest margin: no more are looked at."""
    share = some(len(proba), LARGE // 2, rng)
    doubt = margin(proba)
    doubt[share] = 0
    return np.concatenate([share, best(doubt, LARGE - len(share), rng)])


auto = adaptive()
