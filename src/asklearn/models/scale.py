"""How `auto` models see dense rows: columns brought to one unit where theirs differ, and weights as scikit-learn's."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

UNITS = 30.0  # ratio of the widest column to the middle one from which units are taken to differ
FAR = 5.0  # there columns so scaled are cut off: one outlier must not decide all distances


def units(X: np.ndarray) -> np.ndarray:
    """(columns,) what columns are divided by: their spread where units differ, else 1."""
    spread = X.std(axis=0, dtype=np.float64)
    moving = spread[spread > 0]
    if not len(moving) or moving.max() <= UNITS * np.median(moving):
        return np.ones(X.shape[1], dtype=X.dtype)
    # A column that is the same in all labelled rows has taught nothing: it is divided by the widest spread.
    found: np.ndarray = np.where(spread > 0, spread, moving.max()).astype(X.dtype)
    return found


def placed(X: Any, middle: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Rows, dense or sparse, from their middle and in these units; cut off where units differ."""
    rows: np.ndarray = ((X.toarray() if sparse.issparse(X) else X) - middle) / units
    return rows if (units == 1).all() else rows.clip(-FAR, FAR)


def weights(given: Any, rows: int) -> np.ndarray:
    """(rows,) float64: 1 each where none are given. ValueError for another shape, NaN, negative ones, zeros alone."""
    if given is None:
        return np.ones(rows)
    if isinstance(given, Number):
        given = np.full(rows, given)
    found: np.ndarray = check_array(
        given, ensure_2d=False, dtype=np.float64, copy=True, input_name="sample_weight"
    )
    if found.shape != (rows,):
        raise ValueError(f"sample_weight has the shape {found.shape}; there are {rows} rows")
    if (found < 0).any():
        raise ValueError("Negative values in data passed to sample_weight")
    if not found.any():
        raise ValueError("sample_weight must contain at least one non-zero number")
    return found
