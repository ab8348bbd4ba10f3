"""Rows for models that need them dense."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.extmath import randomized_svd

DIRECTIONS = 100


class Dense(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Dense rows pass through; sparse ones become their coordinates along at most 100 singular directions."""

    def fit(self, X: Any, y: Any = None) -> Self:
        self.directions_ = None
        if sparse.issparse(X):
            k = min(DIRECTIONS, *X.shape)
            directions = randomized_svd(X, n_components=k, n_iter=4, random_state=0)[2]
            self.directions_ = np.ascontiguousarray(directions.T)
        return self

    def transform(self, X: Any) -> Any:
        return X @ self.directions_ if sparse.issparse(X) else X
