"""Rows as points, dense or sparse alike: squared lengths, inner products, squared distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Positions = NDArray[np.intp]


def rows(points: Any, index: Any = slice(None)) -> Array:
    """The points at index as a dense array of float32 or float64."""
    found = points[index]
    found = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
    return found if found.dtype in (np.float32, np.float64) else found.astype(np.float64)


def squares(points: Any) -> Array:
    """|x|^2 of each point."""
    if hasattr(points, "toarray"):
        return np.asarray(points.multiply(points).sum(axis=1), dtype=np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", points, points))


def distances(points: Any, lengths: Array, others: Array, other_lengths: Array) -> Array:
    """|x - y|^2 (points, others), from |x|^2 (`lengths`) and |y|^2; what rounding alone could have made is 0.

    >>> x = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> distances(x, squares(x), x, squares(x)).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    product = np.asarray(points @ others.T)
    scale = np.add.outer(lengths, other_lengths)
    product *= -2
    product += scale
    scale *= 16 * np.finfo(product.dtype).eps
    product[product < scale] = 0
    return product


def join(above: Any, below: Any) -> Any:
    """One array of points after the other; sparse when the first is."""
    if hasattr(above, "toarray"):
        from scipy.sparse import vstack

        return vstack([above, below], format="csr")
    return np.concatenate([above, rows(below)])


def sketch(parts: list[Any], rng: np.random.Generator, at_most: int = 256) -> list[Array]:
    """The same points in at most so many dimensions, dense: random signs keep inner products on average.

    Johnson & Lindenstrauss 1984; Achlioptas 2003.
    """
    d = parts[0].shape[1]
    if d <= at_most:
        return [rows(part) for part in parts]
    signs = rng.choice(np.array([-1.0, 1.0], dtype=np.float32), size=(d, at_most)) / np.float32(
        np.sqrt(at_most)
    )
    return [np.asarray(part @ signs) for part in parts]
