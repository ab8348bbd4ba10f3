"""Logistic regression of several classes, quick for many strengths in a row."""

from __future__ import annotations

import numpy as np


def solve(
    Z: np.ndarray,
    codes: np.ndarray,
    classes: int,
    weight: np.ndarray,
    C: float,
    start: np.ndarray | None = None,
    precise: bool = False,
) -> np.ndarray:
    """(d + 1, classes) weights, the intercepts in the last row, with the least

        sum_i weight_i * -log softmax(z_i W)[code_i]  +  |W|^2 / (2 C),

    for Z (rows, d), by L-BFGS from `start`. The intercepts are not held back. Each weight is searched on the scale of
    its curvature (Böhning 1992): where columns of Z are orthogonal, as here, that takes a third of the steps.
    """
    from scipy.optimize import minimize

    rows, d = Z.shape
    curvature = np.append((Z**2).sum(axis=0) / 4 + 1 / C, rows / 4)
    step = 1 / np.sqrt(curvature)
    A = np.column_stack([Z, np.ones(rows)]) * step
    held = np.append(np.full(d, 1 / C), 0.0) * step**2
    at = (np.arange(rows), codes)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = flat.reshape(d + 1, classes)
        scores = A @ W
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[at]
        p = np.exp(scores)
        total = p.sum(axis=1)
        p /= total[:, None]
        p[at] -= 1
        slope = A.T @ (p * weight[:, None]) + held[:, None] * W
        return float(weight @ (np.log(total) - right) + (held @ (W**2)).sum() / 2), slope.ravel()

    first = np.zeros((d + 1) * classes) if start is None else (start / step[:, None]).ravel()
    options = {
        "ftol": 1e-6 if precise else 1e-4,
        "gtol": 1e-3 if precise else 1e-2,
        "maxiter": 1000,
        "maxcor": 20,
    }
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    weights: np.ndarray = found.x.reshape(d + 1, classes) * step[:, None]
    return weights


def score(Z: np.ndarray, W: np.ndarray) -> np.ndarray:
    """(rows, classes) logits"""
    scores: np.ndarray = Z @ W[:-1] + W[-1]
    return scores
