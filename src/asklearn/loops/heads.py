"""Many linear heads on the same points at once: each step is one matrix product for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def heads(points: Array, codes: Array, weight: Array, anchor: Array, variance: float) -> Array:
    """(members, d, classes): for each member k the linear head W with the least

        sum_i weight_ki * -log softmax(x_i W)[code_i]  +  |W - anchor_k|^2 / (2 variance)

    for points x (points, d), codes (points,) of their classes, weight (members, points) and anchor (members, d,
    classes). By L-BFGS.
    """
    if not len(points):
        return anchor
    from scipy.optimize import minimize

    size, (members, d, classes) = len(points), anchor.shape
    middle = anchor.transpose(1, 0, 2).reshape(d, -1)
    right = (np.arange(size), slice(None), codes)
    shares = weight.T

    def loss(flat: Array) -> tuple[float, Array]:
        away = flat.reshape(d, -1)
        logits = (points @ (middle + away)).reshape(size, members, classes)
        logits -= logits.max(axis=-1, keepdims=True)
        told = logits[right].copy()
        p = np.exp(logits, out=logits)
        total = p.sum(axis=-1)
        p /= total[:, :, None]
        p[right] -= 1
        p *= shares[:, :, None]
        slope = points.T @ p.reshape(size, -1) + away / variance
        return float(
            (shares * (np.log(total) - told)).sum() + (away**2).sum() / (2 * variance)
        ), slope.ravel()

    found = minimize(loss, np.zeros(middle.size), jac=True, method="L-BFGS-B", options={"ftol": 1e-7})
    moved = middle + found.x.reshape(d, -1)
    return np.asarray(moved.reshape(d, members, classes).transpose(1, 0, 2))
