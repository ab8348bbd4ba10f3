"""Scores that are a quantity as it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def certainty(proba: Array) -> Array:
    """p(last class | x): the probably relevant first, to find them all soon rather than to learn most. Lewis & Gale
    1994; Cormack & Grossman 2014.

    >>> certainty(np.array([[0.9, 0.1], [0.2, 0.8]])).tolist()
    [0.1, 0.8]
    """
    return np.asarray(proba[..., -1])


def deviation(std: Array) -> Array:
    """The standard deviation of the predicted number: where the members of a committee differ. Burbidge et al. 2007."""
    return std
