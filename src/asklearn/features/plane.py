"""A pool as a map: points in a plane, neighbours beside each other, and for every row the point that stands for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asklearn.features.reduce import principal

POINTS = 5000  # drawn on a map; the rows of a larger pool stand behind the drawn one that is most like them
DIRECTIONS = 30  # widest directions in which neighbours are looked for
NEIGHBOURS = 30.0  # t-SNE's perplexity
LEAST = 12  # points from which neighbours can be told from strangers
ROUNDS = 500
BLOCK = 4_000_000  # distances at a time


@dataclass(frozen=True, eq=False)
class Plane:
    """`rows` (points,) intp: the drawn rows. `xy` (points, 2) float32 in 0..1: where each lies.

    `behind` (rows,) int32: for every row of the pool the number of the point that stands for it, -1 while nobody
    knows. `final`: whether neighbours lie beside each other; before, it is a mere projection.
    """

    rows: np.ndarray
    xy: np.ndarray
    behind: np.ndarray
    final: bool


def rough(embedding: np.ndarray, rng: np.random.Generator, most: int = POINTS) -> Plane:
    """At most `most` rows of the embedding (rows, d), drawn at random, along their two widest directions."""
    count = len(embedding)
    rows = np.sort(rng.permutation(count)[:most])
    drawn = np.asarray(embedding[rows], dtype=np.float32)
    flat = np.zeros((len(rows), 2), dtype=np.float32)
    along = principal(drawn, 2)(drawn)
    flat[:, : along.shape[1]] = along
    behind = np.full(count, -1, dtype=np.int32)
    behind[rows] = np.arange(len(rows))
    return Plane(rows, _fitted(flat), behind, final=False)


def final(embedding: np.ndarray, start: Plane, seed: int) -> Plane:
    """The same points with neighbours beside each other, by t-SNE (van der Maaten and Hinton 2008; in O(n log n), van
    der Maaten 2014), begun at their projection so that the whole keeps its shape (Kobak and Berens 2019)."""
    drawn = np.asarray(embedding[start.rows], dtype=np.float32)
    return Plane(start.rows, _fitted(_near(drawn, start.xy, seed)), _behind(embedding, start), final=True)


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """(points,) bool: which of the points (points, 2) lie inside of the polygon (corners, 2), by the even-odd rule.

    >>> inside(np.array([[0.5, 0.5], [1.5, 0.5]]), np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])).tolist()
    [True, False]
    """
    x, y = points[:, 0], points[:, 1]
    found = np.zeros(len(points), dtype=bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (ay > y) != (by > y)  # so by != ay where it matters
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return found


def _near(drawn: np.ndarray, start: np.ndarray, seed: int) -> np.ndarray:
    if len(drawn) < LEAST:
        return start
    from sklearn.manifold import TSNE

    spread = max(float(start[:, 0].std()), 1e-9)
    layout = TSNE(
        perplexity=min(NEIGHBOURS, (len(drawn) - 1) / 3),
        init=(start - start.mean(axis=0)) / spread * 1e-4,
        max_iter=ROUNDS,
        random_state=seed % 2**32,
    )
    found: np.ndarray = layout.fit_transform(principal(drawn, DIRECTIONS)(drawn))
    return found


def _behind(embedding: np.ndarray, start: Plane) -> np.ndarray:
    """For every row the number of the nearest drawn one, in the widest directions."""
    drawn = np.asarray(embedding[start.rows], dtype=np.float32)
    project = principal(drawn, DIRECTIONS)
    points = project(drawn)
    half = (points**2).sum(axis=1) / 2
    behind = start.behind.copy()
    others = np.flatnonzero(behind < 0)
    size = max(1, BLOCK // len(points))
    for first in range(0, len(others), size):
        rows = others[first : first + size]
        along = project(np.asarray(embedding[rows], dtype=np.float32))
        behind[rows] = (along @ points.T - half).argmax(axis=1)
    return behind


def _fitted(xy: np.ndarray) -> np.ndarray:
    """Moved and scaled into 0..1, both directions alike; the middle of the shorter one is 0.5."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    side = max(float((high - low).max()), 1e-12)
    fitted: np.ndarray = ((xy - (low + high) / 2) / side + 0.5).astype(np.float32)
    return fitted
