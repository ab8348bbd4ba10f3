"""By the gradients that answers would cause in a linear head on the embedding.

The gradient of the loss for answer c is (p - e_c) (x) z: an outer product that is never written out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.loops.blocks import blocks
from asklearn.loops.plusplus import Outer, far_draws
from asklearn.loops.points import rows
from asklearn.strategies.choice import some
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


def badge(
    view: View,
    proba: Array,
    embedding: Any,
    n: int,
    rng: np.random.Generator,
    labelled: Labelled | None = None,
) -> Positions:
    """Large and diverse gradients: k-means++ on g = (p - e_top) (x) z, the largest first.

    Ash et al. 2020. |g - g'|^2 = |q|^2|z|^2 + |q'|^2|z'|^2 - 2 <q, q'> <z, z'> with q = p - e_top. What is on its way
    (labelled.y below 0) counts as chosen before.
    """
    gradients = Outer(embedding, _towards_top(proba))
    norms = np.sqrt(gradients.lengths)
    asked = _on_their_way(labelled, embedding)
    if asked is None:
        start = best(norms, 1, rng)
        bound = (
            norms + norms[start]
        ) ** 2  # |g - g'| <= |g| + |g'|: no distance is computed before it is needed
        bound[start] = 0
    else:
        start = np.empty(0, dtype=np.intp)
        bound = np.full(view.size, np.inf)
        for part in blocks(view.size, len(asked), entries=1 << 20):
            bound[part] = gradients.take(part).away(asked).min(axis=1)
    found = far_draws(gradients, n, bound, start, rng)
    view.tell(found, scores=norms[found])
    return found


def _towards_top(proba: Array) -> Array:
    q = proba.copy()
    q[np.arange(len(q)), q.argmax(axis=1)] -= 1
    return q


def _on_their_way(labelled: Labelled | None, embedding: Any) -> Outer | None:
    if labelled is None or labelled.y is None or labelled.proba is None or labelled.embedding is None:
        return None
    asked = np.flatnonzero(labelled.y < 0)
    if not len(asked):
        return None
    return Outer(rows(labelled.embedding, asked), _towards_top(labelled.proba[asked]))


@value
class bait:
    """The batch S that leaves least expected error: min trace((ridge I + sum over labelled and S of V)^-1 mean V).

    Ash et al. 2021. V_x = sum_c p_c g_c g_c' is the Fisher information of item x for a linear head, g_c = (p - e_c)
    (x) z. Greedily forward to 2 n items, then backward to n. Of each V the `classes` most probable classes; gradients
    longer than `sketch` in a random projection of that length, (A q) * (B z) with random signs, which keeps <q, q'>
    <z, z'> on average; at most `candidates` items, drawn at random, are looked at and stand for the pool.
    """

    classes: int = 2
    sketch: int = 256
    candidates: int = 4096
    ridge: float = 1.0

    def __post_init__(self) -> None:
        if min(self.classes, self.sketch, self.candidates) < 1 or not self.ridge > 0:
            raise SettingError(
                f"bait needs classes, sketch and candidates of at least 1 and ridge > 0; it is {self}"
            )

    def __call__(
        self,
        view: View,
        proba: Array,
        embedding: Any,
        n: int,
        rng: np.random.Generator,
        labelled: Labelled | None = None,
    ) -> Positions:
        able = some(view.size, max(n, self.candidates), rng)
        signs = self._signs(proba.shape[1], embedding.shape[1], rng)
        u = self._factors(proba[able], embedding[able], signs)
        k = u.shape[0]
        fisher = np.einsum("kir,lir->kl", u, u, optimize=True) / len(able)
        information = self.ridge * np.eye(k)
        known = known_points(labelled, embedding)
        if known.shape[0] and labelled is not None and labelled.proba is not None:
            v = self._factors(labelled.proba, known, signs)
            information += np.einsum("kir,lir->kl", v, v, optimize=True)
        t = np.linalg.solve(information, u.reshape(k, -1)).reshape(u.shape)
        chosen = _forward_backward(u, t, np.tensordot(fisher, t, axes=1), n)
        return able[chosen]

    def _signs(self, classes: int, d: int, rng: np.random.Generator) -> tuple[Array, Array] | None:
        if classes * d <= self.sketch:
            return None
        a, b = (rng.choice(np.array([-1.0, 1.0]), size=(self.sketch, m)) for m in (classes, d))
        return a, b / np.sqrt(self.sketch)

    def _factors(self, proba: Array, embedding: Any, signs: tuple[Array, Array] | None) -> Array:
        """u (length of a gradient, items, classes) with V = sum_c u_c u_c'."""
        order = np.argsort(-proba, axis=1, kind="stable")[:, : self.classes]
        p = np.take_along_axis(proba, order, axis=1).astype(np.float64)
        q = proba[:, None, :] - (order[:, :, None] == np.arange(proba.shape[1]))
        q = q * np.sqrt(p)[:, :, None]  # (items, top classes, classes)
        if signs is None:
            z = rows(embedding)
            return np.asarray(np.einsum("irc,id->cdir", q, z).reshape(-1, *order.shape))
        a, b = signs
        return np.asarray(
            np.einsum("kc,irc->kir", a, q, optimize=True) * np.asarray(embedding @ b.T).T[:, :, None]
        )


def _forward_backward(u: Array, t: Array, g: Array, n: int) -> Positions:
    """n of the items, with t = M u and g = F M u kept up to date as M changes (Woodbury).

    Taking x changes M by - t (I + u't)^-1 t', and trace(M F) by - trace((I + u't)^-1 t'g); giving it back, with the
    signs turned.
    """
    size, one = u.shape[1], np.eye(u.shape[2])
    chosen: list[int] = []
    free = np.ones(size, dtype=bool)
    for _ in range(min(2 * n, size)):
        at = int(np.argmax(np.where(free, _traces(u, t, g, 1.0), -np.inf)))
        inner = np.linalg.inv(one + u[:, at].T @ t[:, at])
        _move(u, t, g, at, -inner)
        chosen.append(at)
        free[at] = False
    u, t, g = (x[:, chosen].copy() for x in (u, t, g))
    left = np.ones(len(chosen), dtype=bool)
    for _ in range(len(chosen) - n):
        at = int(np.argmin(np.where(left, _traces(u, t, g, -1.0), np.inf)))
        inner = np.linalg.inv(one - u[:, at].T @ t[:, at])
        _move(u, t, g, at, inner)
        left[at] = False
    return np.array(chosen, dtype=np.intp)[left]


def _traces(u: Array, t: Array, g: Array, sign: float) -> Array:
    """trace((I + sign u't)^-1 t'g) of each item."""
    inner = np.eye(u.shape[2]) + sign * np.einsum("kir,kis->irs", u, t)
    return np.asarray(np.trace(np.linalg.solve(inner, np.einsum("kir,kis->irs", t, g)), axis1=1, axis2=2))


def _move(u: Array, t: Array, g: Array, at: int, inner: Array) -> None:
    """M += t_at inner t_at', so t += t_at inner (t_at' u) and g likewise."""
    shape = t.shape
    across = inner @ (t[:, at].T @ u.reshape(shape[0], -1))
    step, change = t[:, at].copy(), g[:, at].copy()
    t += (step @ across).reshape(shape)
    g += (change @ across).reshape(shape)
