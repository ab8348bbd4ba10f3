"""Fewer dimensions: principal components, fitted on a sample, with a fixed seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Projection:
    """x -> (x - mean) @ components; components (d, k), orthonormal, the widest direction first."""

    mean: np.ndarray
    components: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        projected: np.ndarray = (X - self.mean) @ self.components
        return projected


def principal(X: np.ndarray, most: int) -> Projection:
    """The principal components of X (items, d), at most `most` of them; directions without spread are left out.

    Randomised for wide data (Halko, Martinsson and Tropp 2011).
    """
    from sklearn.decomposition import PCA

    k = min(most, X.shape[1], max(1, len(X) - 1))
    if len(X) < 2 or not (X[0] != X).any():
        return Projection(X.mean(axis=0), np.eye(X.shape[1], 1, dtype=X.dtype))
    pca = PCA(k, random_state=0).fit(X)
    kept = max(1, int((pca.explained_variance_ > 1e-10 * pca.explained_variance_[0]).sum()))
    return Projection(
        pca.mean_.astype(X.dtype), np.ascontiguousarray(pca.components_[:kept].T.astype(X.dtype))
    )


def unit_rows(X: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros stays one."""
    length = np.linalg.norm(X, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(X, length, out=np.zeros_like(X), where=length > 0)
    return unit
