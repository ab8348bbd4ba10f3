"""The door without a project: arrays in, positions out."""

from __future__ import annotations

from typing import Any

import numpy as np

from asklearn.errors import DataError, ModelError
from asklearn.loops.blocks import blocks
from asklearn.strategies.choice import Strategy, pick
from asklearn.strategies.registry import get
from asklearn.view import Labelled, Positions, View


def choose(
    strategy: str | Strategy = "auto",
    n: int = 1,
    *,
    proba: Any = None,
    draws: Any = None,
    mean: Any = None,
    std: Any = None,
    embedding: Any = None,
    labelled: Labelled | None = None,
    cost: Any = None,
    priority: Any = None,
    size: int | None = None,
    seed: int = 0,
) -> Positions:
    """Positions of the n items to ask about, best first; the same seed gives the same answer.

    proba (items, classes), draws (items, draws, classes), mean, std, cost and priority (items,), embedding
    (items, d), dense or sparse; `size`, how many items there are, is read from these when left out. Raises
    `ModelError` naming the row that is no probability, `SettingError` when the strategy needs what is not
    given.

    >>> choose("margin", n=1, proba=[[0.9, 0.1], [0.5, 0.5], [1.0, 0.0]]).tolist()
    [1]
    """
    given: dict[str, Any] = {
        "proba": None if proba is None else probabilities(proba, "proba", 2),
        "draws": None if draws is None else probabilities(draws, "draws", 3),
        "embedding": None if embedding is None else _points(embedding),
    }
    for key, numbers in {"mean": mean, "std": std, "cost": cost, "priority": priority}.items():
        given[key] = None if numbers is None else _numbers(numbers, key)
    sizes = {key: x.shape[0] for key, x in given.items() if x is not None} | (
        {"size": size} if size is not None else {}
    )
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{key} {many}" for key, many in sizes.items())
        raise DataError(f"every quantity has one entry an item, but these differ: {told}")
    rng = np.random.default_rng(seed)
    return pick(get(strategy), View(n=n, rng=rng, size=size, labelled=labelled, **given))


def probabilities(p: Any, what: str, axes: int) -> Any:
    """p as it is (float32 or float64), after a look at every row: finite, not negative, adding up to 1."""
    p = np.asarray(p)
    p = p if p.dtype in (np.float32, np.float64) else p.astype(np.float64)
    if p.ndim != axes:
        shape = ("items", "draws", "classes") if axes == 3 else ("items", "classes")
        raise ModelError(f"{what} has shape {p.shape}; ({', '.join(shape)}) is wanted")
    for part in blocks(len(p), int(np.prod(p.shape[1:], dtype=np.int64))):
        block = p[part]
        sums = block.sum(axis=-1)
        # Written so that NaN fails it: every comparison with NaN is false.
        fine = (np.abs(sums - 1) <= 1e-3) & (block.min(axis=-1, initial=0) >= 0)
        if not fine.all():
            at = tuple(int(i) for i in np.argwhere(~fine)[0])
            row = ", ".join(f"{x:.4g}" for x in block[at][:8]) + (", ..." if p.shape[-1] > 8 else "")
            place = part.start + at[0]
            raise ModelError(
                f"{what} of item {place} is no probability: [{row}] adds up to {sums[at]:.4g}; "
                "finite numbers >= 0 that add up to 1 are wanted"
            )
    return p


def _points(embedding: Any) -> Any:
    points = embedding.tocsr() if hasattr(embedding, "tocsr") else np.asarray(embedding)
    if points.ndim != 2:
        raise DataError(f"embedding has shape {points.shape}; (items, features) is wanted")
    if points.dtype not in (np.float32, np.float64):
        points = points.astype(np.float64)
    numbers: Any = points.data if hasattr(points, "tocsr") else points
    if numbers.size and not np.isfinite(numbers.sum()) and not np.isfinite(numbers).all():
        raise DataError("embedding holds NaN or infinity; finite numbers are wanted")
    return points


def _numbers(numbers: Any, what: str) -> Any:
    found = np.asarray(numbers, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise DataError(f"{what} is one finite number an item; it has shape {found.shape}")
    return found
