"""A committee for strategies that look at disagreement, whatever the model is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.loops.heads import heads
from asklearn.loops.points import sketch
from asklearn.strategies.choice import Strategy, pick, some
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


@value
class committee:
    """What a strategy that wants draws chooses by those of a committee: linear heads on the embedding, each with random
    weights for the answers.

    W_k = argmin_W sum_i w_ki -log p(y_i|x_i, W) + |W - A_k|^2 / (2 variance), with w_ki ~ Exponential(1), the Bayesian
    bootstrap (Rubin 1981; Newton & Raftery 1994), and A_k ~ Normal(0, variance), an anchor that lets members differ
    where nothing was answered yet (Pearce et al. 2020). As query by bagging (Abe & Mamitsuka 1998), but no class is
    lost, however few its answers. x: the embedding about its mean, of mean squared length 1 and with a 1 for the
    intercept; more than 256 features are projected at random.
    """

    strategy: Strategy
    members: int = 10
    variance: float = 16.0
    gives = frozenset({"draws"})

    def __post_init__(self) -> None:
        if self.members < 2 or not self.variance > 0:
            raise SettingError(f"committee needs at least 2 members and a variance > 0; it is {self}")

    def __call__(
        self,
        view: View,
        proba: Array,
        embedding: Any,
        n: int,
        rng: np.random.Generator,
        labelled: Labelled | None = None,
    ) -> Positions:
        known, y = known_points(labelled, embedding), getattr(labelled, "y", None)
        told = np.empty(0, dtype=np.intp) if y is None or not known.shape[0] else np.flatnonzero(y >= 0)
        codes = told if y is None else y[told].astype(np.intp)
        draws = self._draws(embedding, known[told], codes, proba.shape[1], rng)
        return pick(self.strategy, view.change(draws=draws), n)

    def _draws(
        self, embedding: Any, known: Any, codes: Array, classes: int, rng: np.random.Generator
    ) -> Array:
        """(items, members, classes) probabilities, by heads fitted to the known points."""
        from scipy.sparse import eye_array

        features = eye_array(embedding.shape[1], format="csr", dtype=np.float32)
        ground, known, across = sketch([embedding[some(embedding.shape[0], 1000, rng)], known, features], rng)
        middle = ground.mean(axis=0)
        scale = 1 / (np.sqrt(((ground - middle) ** 2).sum(axis=1).mean()) or 1.0)
        x = np.concatenate([(known - middle) * scale, np.ones((len(known), 1))], axis=1, dtype=np.float64)
        weight = rng.exponential(size=(self.members, len(x)))
        anchor = rng.normal(scale=np.sqrt(self.variance), size=(self.members, x.shape[1], classes))
        w = heads(x, codes, weight, anchor, self.variance)
        # The same heads for the embedding as it is, so that nobody has to project the pool.
        slope, start = w[:, :-1] * scale, w[:, -1]
        start = (start - middle @ slope).astype(np.float32)
        slope = (across @ slope).transpose(1, 0, 2).reshape(embedding.shape[1], -1).astype(np.float32)
        found = np.empty((embedding.shape[0], self.members, classes), dtype=np.float32)
        for part in blocks(len(found), start.size, entries=1 << 20):
            logits = np.asarray(embedding[part] @ slope).reshape(-1, *start.shape) + start
            logits -= logits.max(axis=-1, keepdims=True)
            p = np.exp(logits, out=logits)
            found[part] = p / p.sum(axis=-1, keepdims=True)
        return found
