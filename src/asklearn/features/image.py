"""Images in numbers: histograms of edge directions and a small thumbnail, reduced to principal components.

Edge directions: Dalal and Triggs (2005), with the direction of the edge (which side is lighter) kept. On digits,
clothes, X-rays and traffic signs they beat pixels at every number of labels; see benchmarks/heads.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.features.reduce import Projection, principal
from asklearn.features.sample import sample
from asklearn.pool import Pool
from asklearn.pool.images import open_image

CELLS = 8  # the image is 8 x 8 cells, whatever its size
DIRECTIONS = 12
THUMBNAIL = 8  # pixels
SMALL, LARGE = 32, 64  # pixels to which images are scaled before edges are looked for
COLOURS = 0.3  # weight of the thumbnail beside the edges
SEEN = 8_000  # images from which components are computed
COMPONENTS, DISTANCES = 256, 128  # dimensions a model sees, and of the embedding
QUIET = 0.1  # length of a block's histogram below which it is noise


@dataclass(frozen=True, eq=False)
class Images:
    """Fitted on a pool of images; `scale` makes the mean squared distance from the middle 1."""

    side: int
    colour: bool
    weight: float  # of the thumbnail
    project: Projection
    scale: float

    @property
    def how(self) -> str:
        components = self.project.components.shape[1]
        return f"images scaled to {self.side} x {self.side}: edge directions and colours, {components} components"

    def encode(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        X = self.project(described(pixels(rows, self.side, self.colour), self.weight)) * np.float32(
            self.scale
        )
        return X, np.ascontiguousarray(X[:, :DISTANCES])


def fit(pool: Pool) -> Images:
    """Principal components of the descriptions of at most 8,000 images of the pool."""
    side, colour = _look(next(sample(pool, 200)))
    seen = np.concatenate([pixels(rows, side, colour) for rows in sample(pool, SEEN, size=500)])
    edges, thumbnails = directions(seen), _thumbnails(seen)
    # Where no image has an edge, colours are all there is.
    weight = COLOURS * float(np.sqrt((_variance(edges) or 1.0) / max(_variance(thumbnails), 1e-12)))
    both = np.hstack([edges, np.float32(weight) * thumbnails])
    project = principal(both, COMPONENTS)
    return Images(side, colour, weight, project, 1 / max(float(np.sqrt(_variance(project(both)))), 1e-12))


def pixels(rows: Iterable[Any], side: int, colour: bool) -> np.ndarray:
    """(images, side, side, 3 or 1) float32 in 0..1"""
    from PIL import Image

    out = []
    for row in rows:
        image = eight_bits(open_image(row)).convert("RGB" if colour else "L")
        out.append(np.asarray(image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)))
    stacked = np.stack(out).astype(np.float32) / 255
    return stacked if colour else stacked[..., None]


def eight_bits(image: Any) -> Any:
    """The same image, measured values (12-bit X-rays, floats) spread from the darkest to the brightest."""
    if not image.mode.startswith(("I", "F")):
        return image
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    return Image.fromarray(((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))


def described(images: np.ndarray, weight: float) -> np.ndarray:
    """(images, numbers): edge directions, then the weighted thumbnail"""
    return np.hstack([directions(images), np.float32(weight) * _thumbnails(images)])


def directions(images: np.ndarray) -> np.ndarray:
    """Histograms of edge directions in 8 x 8 cells, each 2 x 2 cells together made of length 1; (images, 7*7*48).

    `images` (images, side, side, channels) in 0..1. An edge counts by its strength, shared out between the two
    nearest directions and the nearest cells; of several channels the one with the strongest edge decides.
    """
    strength, angle = _edges(np.sqrt(images))  # the square root evens out light and shadow
    place = angle * (DIRECTIONS / (2 * np.pi))
    low = np.floor(place)
    share = place - low
    low = low.astype(np.int8) % DIRECTIONS
    cells = _cells(images.shape[1])
    histogram = np.empty((len(images), CELLS, CELLS, DIRECTIONS), dtype=np.float32)
    for k in range(DIRECTIONS):
        part = strength * np.where(low == k, 1 - share, np.where((low + 1) % DIRECTIONS == k, share, 0))
        histogram[..., k] = cells.T @ part @ cells
    return _blocks(histogram)


def _edges(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strength and direction (0 .. 2 pi) of the edge at each pixel, (images, side, side)."""
    across, down = np.zeros_like(images), np.zeros_like(images)
    across[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    down[:, 1:-1] = images[:, 2:] - images[:, :-2]
    strength = np.hypot(across, down)
    strongest = strength.argmax(axis=-1)[..., None]
    across, down, strength = (np.take_along_axis(a, strongest, -1)[..., 0] for a in (across, down, strength))
    return strength, np.arctan2(down, across) % (2 * np.pi)


def _cells(side: int) -> np.ndarray:
    """(side, cells): how much of a pixel belongs to each cell, by distance from the cell's middle."""
    middle = np.clip((np.arange(side) + 0.5) / side * CELLS - 0.5, 0, CELLS - 1)
    shares: np.ndarray = np.maximum(0, 1 - np.abs(middle[:, None] - np.arange(CELLS))).astype(np.float32)
    return shares


def _blocks(histogram: np.ndarray) -> np.ndarray:
    n, k = len(histogram), CELLS - 1
    corners = [histogram[:, i : i + k, j : j + k] for i in (0, 1) for j in (0, 1)]
    block = np.concatenate(corners, axis=-1)
    length = np.sqrt((block**2).sum(axis=-1, keepdims=True) + QUIET**2)
    even: np.ndarray = np.minimum(block / length, 0.3)  # no single edge outshouts the others
    return even.reshape(n, -1)


def _thumbnails(images: np.ndarray) -> np.ndarray:
    n, side, _, channels = images.shape
    step = side // THUMBNAIL
    small = images.reshape(n, THUMBNAIL, step, THUMBNAIL, step, channels).mean(axis=(2, 4))
    flat: np.ndarray = small.reshape(n, -1)
    return flat


def _look(rows: Iterable[Any]) -> tuple[int, bool]:
    """The side to scale to, and whether any image has colours."""
    seen = [open_image(row) for row in rows]
    large = np.median([max(image.size) for image in seen]) > 1.5 * SMALL
    return LARGE if large else SMALL, any(not _grey(image) for image in seen)


def _grey(image: Any) -> bool:
    return image.mode in ("1", "L", "LA", "La") or image.mode.startswith(("I", "F"))


def _variance(X: np.ndarray) -> float:
    """Mean squared distance from the middle."""
    return float(X.var(axis=0, dtype=np.float64).sum())
