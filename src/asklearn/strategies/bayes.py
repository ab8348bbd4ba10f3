"""By what a whole batch of answers tells about the model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.blocks import blocks
from asklearn.scores.bayes import bald
from asklearn.scores.uncertainty import entropy
from asklearn.strategies.nesting import value
from asklearn.view import Positions, View

Array = NDArray[Any]
ANEW = 16  # so many gains are brought up to date at once


@value
class batch_bald:
    """The batch whose answers together tell most about the model: max I(y_1, ..., y_b; w), greedily. Kirsch et al.
    2019.

    I gained by x after the batch so far = E over its answers of H(y_x | answers) - E_w H(y_x | w). All combinations of
    answers are gone through while they are at most `configurations`, then so many of them are drawn by their
    probabilities (evenly spaced, which seeds agree on). At most `most` items: beyond, k draws know no more to tell
    (I <= log k), and power(bald) does as well. At most about `looks` items are looked at for each place, those that
    had most to tell before.
    """

    most: int = 10
    configurations: int = 10_000
    looks: int = 1024

    def __post_init__(self) -> None:
        if min(self.most, self.configurations, self.looks) < 1:
            raise SettingError(f"batch_bald needs most, configurations and looks of at least 1; it is {self}")

    def __call__(self, view: View, draws: Array, n: int, rng: np.random.Generator) -> Positions:
        size, k, _ = draws.shape
        order = rng.permutation(size)  # the first among equals is so a random one
        bound = bald(draws)[order].astype(np.float64)
        weights = np.full((1, k), 1 / k, dtype=draws.dtype)  # p(w | answers so far)
        chance = np.ones(1)  # p(answers so far)
        found, gained = [], []
        for turn in range(min(n, self.most)):
            at = self._best(bound, draws, order, weights, chance) if turn else int(np.argmax(bound))
            found.append(int(order[at]))
            gained.append(float(bound[at]))
            bound[at] = -1
            weights, chance = _answered(draws[order[at]], weights, chance, self.configurations, rng)
        positions = np.array(found, dtype=np.intp)
        view.tell(positions, scores=np.array(gained))
        return positions

    def _best(self, bound: Array, draws: Array, order: Positions, weights: Array, chance: Array) -> int:
        """Where most is gained. What an answer tells only falls with what is known already, so old gains are upper
        bounds: from the highest on they are brought up to date, until none above is left.
        """
        short = np.argpartition(-bound, min(self.looks, len(bound)) - 1)[: self.looks]
        short = short[np.lexsort((short, -bound[short]))]
        at, most = int(short[0]), -1.0
        for part in blocks(len(short), 1, entries=ANEW):
            ahead = short[part]
            if bound[ahead[0]] <= most:
                break
            ahead = ahead[bound[ahead] >= 0]
            bound[ahead] = np.minimum(bound[ahead], _gain(draws[order[ahead]], weights, chance))
            if bound[ahead].max(initial=-1) > most:
                at = int(ahead[np.argmax(bound[ahead])])
                most = float(bound[at])
        return at


def _gain(p: Array, weights: Array, chance: Array) -> Array:
    """E over answers so far of H(y | them) - E_w H(y | w), for items p (items, draws, classes)."""
    items, k, classes = p.shape
    told = np.zeros(items)
    by_class = p.transpose(2, 0, 1).reshape(-1, k)
    for part in blocks(len(weights), items * classes):
        mixed = (by_class @ weights[part].T).reshape(classes, items, -1)
        surprise = np.log(np.maximum(mixed, np.finfo(p.dtype).tiny))
        told -= np.einsum("cim,cim->im", mixed, surprise) @ chance[part]
    return np.asarray(np.maximum(told - entropy(p).mean(axis=1), 0))


def _answered(
    p: Array, weights: Array, chance: Array, most: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The weights of draws and the chances of combinations of answers once one more item, p (draws, classes), is in."""
    chance = (chance[:, None] * (weights @ p)).ravel()  # a combination and an answer, pairs in one row
    kept, chance = _thinned(chance, most, rng)
    before, answer = np.divmod(kept, p.shape[1])
    weights = weights[before] * p[:, answer].T
    return weights / weights.sum(axis=1, keepdims=True), chance


def _thinned(chance: Array, most: int, rng: np.random.Generator) -> tuple[Positions, Array]:
    """At most so many combinations and their chances, on average as before, with the least possible variance.

    Those above a threshold stay as they are, the others are drawn in equal steps and count the threshold each.
    Fearnhead & Clifford 2003.
    """
    found = np.flatnonzero(chance)
    chance = chance[found] / chance.sum()
    if len(found) <= most:
        return found, chance
    falling = np.sort(chance)[::-1]
    rest = 1 - np.cumsum(falling) + falling  # what is left from each on
    # the first from which on equal steps are longer than the chances
    large = int(np.argmax(falling * (most - np.arange(len(falling))) <= rest))
    step = rest[large] / (most - large)
    sure = chance > step
    small = np.flatnonzero(~sure)
    ladder = (np.arange(most - np.count_nonzero(sure)) + rng.random()) * step
    drawn = small[np.unique(np.searchsorted(np.cumsum(chance[small]), ladder).clip(max=len(small) - 1))]
    kept = np.sort(np.concatenate([np.flatnonzero(sure), drawn]))
    chances = np.where(sure[kept], chance[kept], step)
    return found[kept], chances / chances.sum()
