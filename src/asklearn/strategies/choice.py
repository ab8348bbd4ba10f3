"""One decision: a strategy meets a view, and what comes out is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError
from asklearn.loops.best import best
from asklearn.strategies.nesting import expression, value
from asklearn.view import Positions, View, is_strategy

Array = NDArray[Any]
Score = Callable[..., Any]
Strategy = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Choice:
    """What to ask, in this order, and why: one entry a position in each of the others.

    scores: what the strategy thought the answer worth, None where it told none. chances: the probability with
    which the draw took the item, None where the choice was not a draw. arms: what chose it, in a word.
    """

    positions: Positions
    scores: list[float | None]
    chances: list[float | None]
    arms: list[str]

    def __len__(self) -> int:
        return len(self.positions)


def choose(strategy: Strategy, view: View) -> Choice:
    """At most view.n positions as the strategy wants them, checked, with its reasons."""
    positions = pick(strategy, view)
    notes = [view.told(p) for p in positions]
    return Choice(positions, [m.score for m in notes], [m.chance for m in notes], [m.arm for m in notes])


def pick(strategy: Strategy, view: View, n: int | None = None) -> Positions:
    """At most n (view.n when left out) positions as the strategy wants them, checked.

    A strategy is never asked for nothing or for more than there is; a score in its place takes the best by
    it.
    """
    n = min(view.n if n is None else n, view.size)
    if n <= 0:
        return np.empty(0, dtype=np.intp)
    chooser = strategy if is_strategy(strategy) else top(strategy)
    found = np.asarray(view.change(n=n).call(chooser))
    fault = _fault(found, n, view.size)
    if fault:
        raise SettingError(f"the strategy {expression(strategy)} returned {fault}")
    found = found.astype(np.intp, copy=False)
    view.tell(np.array([p for p in found if not view.told(p).arm], dtype=np.intp), arm=expression(strategy))
    return found


def _fault(found: Array, n: int, size: int) -> str:
    if found.ndim != 1 or (found.dtype.kind not in "iu" and found.size):
        return f"an array of {found.dtype} with shape {found.shape}; positions are whole numbers in one row"
    if len(found) > n:
        return f"{len(found)} positions where {n} were wanted"
    if found.size and (found.min() < 0 or found.max() >= size):
        worst = found.min() if found.min() < 0 else found.max()
        return f"position {worst}; there are {size} candidates, 0 to {size - 1}"
    kinds, counts = np.unique(found, return_counts=True)
    if len(kinds) < len(found):
        return f"position {kinds[counts.argmax()]} twice"
    return ""


def scored(score: Score, view: View) -> Array:
    """The score of every candidate, checked: one finite number >= 0 an item, or a sentence naming the
    item.
    """
    found = np.asarray(view.call(score))
    if found.shape != (view.size,):
        raise SettingError(f"the score {expression(score)} has shape {found.shape}; ({view.size},) is wanted")
    # Two passes without a temporary; only a failed check looks for the culprit.
    if found.size and not (found.min() >= 0 and np.isfinite(found.max())):
        at = int(np.flatnonzero(~(np.isfinite(found) & (found >= 0)))[0])
        raise SettingError(
            f"the score {expression(score)} of item {at} is {found[at]}; finite and >= 0 is wanted"
        )
    return found


@value
class top:
    """The n best by score, ties at random."""

    score: Score

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        scores = scored(self.score, view)
        found = best(scores, n, rng)
        view.tell(found, scores=scores[found], arm=expression(self.score))
        return found


def some(size: int, at_most: int, rng: np.random.Generator) -> Positions:
    """At most so many of 0..size-1, drawn uniformly, in random order."""
    return rng.permutation(size)[:at_most].astype(np.intp, copy=False)
