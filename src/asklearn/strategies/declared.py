"""What a strategy promises about what it asks, read off its parts: so that somebody else can check that it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asklearn.errors import SettingError
from asklearn.scores.uncertainty import margin
from asklearn.strategies.auto import adaptive
from asklearn.strategies.budget import per_cost
from asklearn.strategies.choice import Score, Strategy, top
from asklearn.strategies.herding import cover
from asklearn.strategies.mixing import mix, random
from asklearn.strategies.narrowing import (
    candidates,
    cluster_margin,
    distinct,
    grouped,
    near_labelled,
    shortlist,
    spread,
)
from asklearn.view import is_strategy, name, needs, parts

WEIGHED = (
    candidates,
    cluster_margin,
    cover,
    distinct,
    grouped,
    near_labelled,
    shortlist,
    spread,
)
LOOKING = 0.75  # what auto draws at most: half of it while a class is missing, half of the rest where choosing harms


@dataclass(frozen=True)
class Declared:
    """What must be true of what a strategy asks.

    `score`: what is asked has more of it than what is left, as seen from the model's probabilities; None where the
    strategy goes by no such score, or draws by it (`power`: that may be as good as at random). `ordered`: the scores
    it tells never rise from one item to the next. `low`, `high`: the share it draws at random lies between them.
    """

    score: Score | None
    ordered: bool
    low: float
    high: float

    @property
    def word(self) -> str:
        """What the score is called."""
        return "" if self.score is None else name(self.score)


def declared(strategy: Strategy) -> Declared:
    """What this strategy promises; nothing where it cannot be read off.

    >>> from asklearn.strategies import get
    >>> told = declared(get("mix(margin, share=0.1)"))
    >>> told.word, told.ordered, told.low, told.high
    ('margin', True, 0.1, 0.1)
    """
    if strategy is random:
        return Declared(None, False, 1.0, 1.0)
    if isinstance(strategy, adaptive):
        return Declared(margin, False, strategy.share, max(strategy.share, LOOKING))
    if isinstance(strategy, mix):
        inner = declared(strategy.strategy)
        low, high = (share + (1 - share) * strategy.share for share in (inner.low, inner.high))
        return Declared(inner.score, inner.ordered, low, high)
    if isinstance(strategy, top):
        return Declared(_of_proba(strategy.score), True, 0.0, 0.0)
    if isinstance(strategy, per_cost):
        return Declared(None, True, 0.0, 0.0)  # the best by score and cost is not the best by score
    if isinstance(strategy, WEIGHED):
        return _weighed(strategy)
    if not is_strategy(strategy):
        return Declared(_of_proba(strategy), True, 0.0, 0.0)
    return Declared(None, False, 0.0, 1.0)


def _weighed(strategy: Any) -> Declared:
    """A strategy that goes by the score in its first part, and by something else beside."""
    first = next(parts(strategy), None)
    if first is None:
        return Declared(None, False, 0.0, 0.0)
    if not is_strategy(first):
        return Declared(_of_proba(first), False, 0.0, 0.0)
    inner = declared(first)
    return Declared(inner.score, False, inner.low, inner.high)


def _of_proba(score: Callable[..., Any]) -> Score | None:
    """The score, where a model's probabilities are all that it wants."""
    try:
        return score if needs(score) == {"proba"} else None
    except SettingError:  # a part with parameters of its own, such as a radius
        return None
