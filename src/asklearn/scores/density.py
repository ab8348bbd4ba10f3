"""How many items an answer would speak for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.blocks import blocks
from asklearn.loops.points import distances, rows, squares
from asklearn.scores.uncertainty import entropy

Array = NDArray[Any]


@dataclass(frozen=True)
class density:
    """mean_r exp(-|x - r|^2 / h^2) over items r drawn from the pool, h^2 being their mean squared distance."""

    references: int = 1000

    def __call__(self, embedding: Any, rng: np.random.Generator) -> Array:
        size = embedding.shape[0]
        ground = rows(embedding, rng.permutation(size)[: self.references])
        lengths = squares(ground)
        centre = ground.mean(axis=0, keepdims=True)
        # mean |r - r'|^2 = 2 mean |r - mean|^2
        h2 = 2 * float(distances(ground, lengths, centre, squares(centre)).mean()) if size else 1.0
        found = np.empty(size, dtype=ground.dtype)
        for part in blocks(size, len(ground), entries=1 << 21):
            some = rows(embedding, part)
            apart = distances(some, squares(some), ground, lengths)
            apart /= -(h2 or 1.0)
            found[part] = np.exp(apart, out=apart).mean(axis=1)
        return found


@dataclass(frozen=True)
class information_density:
    """entropy(x) density(x)^beta: unsure, but of something common. Settles & Craven 2008."""

    beta: float = 1.0
    references: int = 1000

    def __call__(self, proba: Array, embedding: Any, rng: np.random.Generator) -> Array:
        return np.asarray(entropy(proba) * density(self.references)(embedding, rng) ** self.beta)
