"""How much an answer would change the model: gradients, steps and what they do to its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.loops.best import best
from asklearn.loops.blocks import blocks, over_columns
from asklearn.loops.points import sketch, squares
from asklearn.scores.uncertainty import margin

Array = NDArray[Any]


def expected_gradient_length(proba: Array, embedding: Any) -> Array:
    """sum_c p_c |grad of the loss for answer c| = |z| sum_c p_c |p - e_c|, for a linear head on z. Settles et al. 2008.

    With |p - e_c|^2 = |p|^2 - 2 p_c + 1.

    >>> z = np.array([[3.0, 4.0], [3.0, 4.0]])
    >>> expected_gradient_length(np.array([[0.5, 0.5], [1.0, 0.0]]), z).round(3).tolist()
    [3.536, 0.0]
    """

    def formula(p: Array, out: Array) -> None:
        rest = np.einsum("cn,cn->n", p, p) + 1
        out[:] = 0
        for x in p:
            out += x * np.sqrt(np.maximum(rest - 2 * x, 0))

    return np.asarray(over_columns(formula, proba) * np.sqrt(squares(embedding)))


def expected_model_change(std: Array, embedding: Any) -> Array:
    """E|f - mean| |z|: the gradient's expected length for a linear head that predicts a number. Cai et al. 2013.

    E|f - mean| = sqrt(2/pi) std where members of a committee are normally spread.
    """
    return np.asarray(np.sqrt(2 / np.pi) * std * np.sqrt(squares(embedding)))


@dataclass(frozen=True)
class expected_error_reduction:
    """1 - the errors expected on other items u after the answer: sum_y p(y|x) mean_u max_c p(c|u; x, y).

    Roy & McCallum 2001, without refitting: one Newton step of a linear head on z = (embedding, 1). With the curvature
    w = sum_c p_c p_c (1 - p_c) of an item and A = ridge + sum of w z z' over labelled items, answer y of x moves the
    logits of u by (e_y - p_x) s, s = z_u' A^-1 z_x / (1 + w_x z_x' A^-1 z_x). Looked at: the `candidates` with the
    highest margin score (all others score 0), against `references` items drawn at random.
    """

    candidates: int = 1000
    references: int = 500
    ridge: float = 1.0

    def __call__(self, proba: Array, embedding: Any, rng: np.random.Generator, labelled: Any = None) -> Array:
        found = np.zeros(len(proba), dtype=proba.dtype)
        able = best(margin(proba), self.candidates, rng)
        ground = rng.permutation(len(proba))[: self.references]
        known = getattr(labelled, "embedding", None)
        known = embedding[:0] if known is None else known
        x, u, z = (_with_one(part) for part in sketch([embedding[able], embedding[ground], known], rng))
        said = getattr(labelled, "proba", None)
        curved = np.full(len(z), 0.25) if said is None else _curvature(said)  # 1/4: the most there is
        precision = self.ridge * np.eye(x.shape[1]) + (z * curved[:, None]).T @ z
        precision[-1, -1] += 0.01 - self.ridge  # an intercept is hardly held back
        seen = np.linalg.solve(precision, x.T)  # A^-1 z_x, (d + 1, candidates)
        step = (u @ seen) / (1 + _curvature(proba[able]) * np.einsum("nd,dn->n", x, seen))
        logits = np.log(np.maximum(proba[ground], np.finfo(proba.dtype).tiny)).T[
            :, :, None
        ]  # (classes, refs, 1)
        for part in blocks(len(able), logits.size, entries=1 << 20):
            found[able[part]] = _after(proba[able[part]], logits, step[:, part])
        return found


def _with_one(z: Array) -> Array:
    return np.concatenate([z, np.ones((len(z), 1), dtype=z.dtype)], axis=1)


def _curvature(p: Array) -> Array:
    return np.asarray((p * p * (1 - p)).sum(axis=-1))


def _after(p: Array, logits: Array, step: Array) -> Array:
    """sum_y p(y|x) mean_u max_c softmax(logits_u + (e_y - p_x) step_ux)_c; p (b, classes), step (refs, b)."""
    total = np.zeros(len(p))
    base = logits - p.T[:, None, :] * step  # (classes, refs, b)
    for y in range(p.shape[1]):
        moved = base.copy()
        moved[y] += step
        top = moved.max(axis=0)
        moved -= top
        # the most probable class has exp(0) = 1 of this sum
        total += p[:, y] * (1 / np.exp(moved, out=moved).sum(axis=0)).mean(axis=0)
    return total
