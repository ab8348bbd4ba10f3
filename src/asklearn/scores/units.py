"""One score an item from many: labels of a multilabel item, tokens of a text, pixels of an image.

Scores act on the last axis, so for proba (items, units, classes) they give (items, units); these make (items,) of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class average:
    """The mean over units: long items count no more than short ones.

    >>> from asklearn.scores.uncertainty import margin
    >>> average(margin)(np.array([[[0.5, 0.5], [1.0, 0.0]]])).tolist()
    [0.5]
    """

    score: Callable[[Array], Array]

    def __call__(self, proba: Array) -> Array:
        found = self.score(proba)
        return np.asarray(found.reshape(len(found), -1).mean(axis=1))


@dataclass(frozen=True)
class highest:
    """The score of the unit that scores highest: one doubtful unit is enough. With binary(margin): Brinker 2006.

    >>> from asklearn.scores.uncertainty import margin
    >>> highest(binary(margin))(np.array([[0.5, 0.9], [0.0, 1.0]])).tolist()
    [1.0, 0.0]
    """

    score: Callable[[Array], Array]

    def __call__(self, proba: Array) -> Array:
        found = self.score(proba)
        return np.asarray(found.reshape(len(found), -1).max(axis=1, initial=0))


@dataclass(frozen=True)
class binary:
    """A score of each label by itself, from proba (items, labels): the probability with which each label applies.

    >>> from asklearn.scores.uncertainty import entropy
    >>> average(binary(entropy))(np.array([[0.5, 0.5], [0.0, 1.0]])).round(3).tolist()
    [0.693, 0.0]
    """

    score: Callable[[Array], Array]

    def __call__(self, proba: Array) -> Array:
        return self.score(np.stack([1 - proba, proba], axis=-1))
