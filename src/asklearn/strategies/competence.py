"""From coverage to uncertainty, as the model comes to know the pool."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.loops.points import rows
from asklearn.scores.uncertainty import margin
from asklearn.strategies.choice import some
from asklearn.strategies.herding import Ground, pure
from asklearn.strategies.imbalance import known_classes
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View, known_points

Array = NDArray[Any]


@value
class dcom:
    """share x margin + (1 - share) x how many uncovered items lie near; the share grows with what is covered.

    Mishal & Weinshall 2024 (DCoM). Each labelled item covers the largest ball in which at least 0.4 + 0.2 coverage of
    the predictions are its class; a candidate's ball is as large as these are on average.
    share = (1 + exp(-steep (1 - turn))) / (1 + exp(-steep (covered - turn))). `references` items stand for the pool,
    at most `candidates` are looked at, both drawn at random.
    """

    turn: float = 0.9
    steep: float = 30.0
    references: int = 2048
    candidates: int = 8192

    def __post_init__(self) -> None:
        if not 0 <= self.turn <= 1 or not self.steep > 0 or min(self.references, self.candidates) < 1:
            raise SettingError(
                f"dcom needs a turn from 0 to 1, steep > 0, references and candidates; it is {self}"
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
        index = some(view.size, self.references, rng)
        ground = Ground(rows(embedding, index), known_points(labelled, embedding))
        covered, h2 = self._covered(ground, proba[index].argmax(axis=1), view, labelled)
        able = some(view.size, max(n, self.candidates), rng)
        near = np.zeros((len(able), len(ground)), dtype=bool)
        for part in blocks(len(able), len(ground), entries=1 << 21):
            near[part] = ground.away(rows(embedding, able[part])) < h2
        unsure = _spanned(margin(proba[able]))
        found, gained = np.empty(n, dtype=np.intp), np.empty(n)
        free = np.ones(len(able), dtype=bool)
        for i in range(n):
            share = self._share(float(covered.mean()))
            score = share * unsure + (1 - share) * _spanned(near @ (~covered).astype(np.float32))
            found[i] = at = int(np.argmax(np.where(free, score, -1)))
            gained[i], free[at] = score[at], False
            covered |= near[at]
        view.tell(able[found], scores=gained)
        return able[found]

    def _share(self, covered: float) -> float:
        return float(
            (1 + np.exp(-self.steep * (1 - self.turn))) / (1 + np.exp(-self.steep * (covered - self.turn)))
        )

    def _covered(
        self, ground: Ground, predicted: Array, view: View, labelled: Labelled | None
    ) -> tuple[Array, float]:
        """Which references are covered, and the squared radius of a candidate's ball."""
        h2 = pure().squared(ground, view)
        _, y = known_classes(labelled)
        if len(y) != ground.known.shape[0] or not len(y):
            return np.zeros(len(ground), dtype=bool), h2
        aim = 0.4 + 0.2 * float(
            np.mean(np.min([apart.min(axis=0) for apart in ground.of_known()], axis=0) < h2)
        )
        covered, radii, first = np.zeros(len(ground), dtype=bool), [], 0
        for apart in ground.of_known():
            mine = y[first : first + len(apart), None]
            first += len(apart)
            order = np.argsort(apart, axis=1, kind="stable")
            purity = np.cumsum(predicted[order] == mine, axis=1) / np.arange(1, len(ground) + 1)
            last = len(ground) - 1 - np.argmax(purity[:, ::-1] >= aim, axis=1)
            reach = np.take_along_axis(apart, order, axis=1)[np.arange(len(apart)), last]
            reach[~(purity >= aim).any(axis=1)] = 0
            covered |= (apart <= reach[:, None]).any(axis=0)
            radii.append(np.sqrt(reach))
        return covered, float(np.concatenate(radii).mean()) ** 2 or h2


def _spanned(found: Array) -> Array:
    """From 0 to 1."""
    low, high = found.min(), found.max()
    return (found - low) / (high - low) if high > low else np.zeros(len(found))
