"""When to stop: rules over what has happened so far, each one small, and one piece of advice from all of them.

A rule is called with a `Progress` and returns the reason to stop, or None. Any function of that shape is a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from asklearn.errors import SettingError
from asklearn.events import Learned, Measured


@dataclass(frozen=True)
class Progress:
    """What a rule may look at: labels given, people's seconds, items still open, models and measurements so far."""

    labels: int
    seconds: float
    open: int
    models: Sequence[Learned] = ()
    measured: Sequence[Measured] = ()


Rule = Callable[[Progress], str | None]


@dataclass(frozen=True)
class budget:
    """So many labels, or so many minutes of people's time, and no more."""

    labels: int | None = None
    minutes: float | None = None

    def __call__(self, progress: Progress) -> str | None:
        if self.labels is not None and progress.labels >= self.labels:
            return f"the budget of {self.labels} labels is used up"
        if self.minutes is not None and progress.seconds >= 60 * self.minutes:
            return f"the budget of {self.minutes:g} minutes is used up"
        return None


@dataclass(frozen=True)
class target:
    """The quality wanted is surely reached: the lower end of the 95 % interval is at or above it."""

    value: float
    metric: str = "accuracy"

    def __call__(self, progress: Progress) -> str | None:
        last = _last(progress.measured, self.metric)
        if last is not None and last.low >= self.value:
            return f"{self.metric} is at least {last.low:.3f}, the target was {self.value:g}"
        return None


@dataclass(frozen=True)
class stable:
    """Predictions have settled: kappa between successive models, averaged over the last `window`, is high.

    On a fixed set of items, after at least `labels` labels (Bloodgood and Vijay-Shanker 2009: 0.99 over 3).
    """

    kappa: float = 0.99
    window: int = 3
    labels: int = 50

    def __call__(self, progress: Progress) -> str | None:
        last = [m.kappa for m in progress.models[-self.window :] if m.kappa is not None]
        if progress.labels < self.labels or len(last) < self.window or float(np.mean(last)) < self.kappa:
            return None
        return f"the last {self.window} models predict the same (kappa {np.mean(last):.3f})"


@dataclass(frozen=True)
class worth:
    """The next `labels` labels promise less than `gain` points of quality, by the curve's forecast."""

    gain: float = 0.01
    labels: int = 100
    metric: str = "accuracy"

    def __call__(self, progress: Progress) -> str | None:
        curve = fit_curve(tuple(m for m in progress.measured if m.metric == self.metric))
        if curve is None:
            return None
        gain = curve.at(progress.labels + self.labels) - curve.at(progress.labels)
        if gain >= self.gain:
            return None
        promise = f"the next {self.labels} labels promise {max(gain, 0):.4f} of {self.metric}"
        return f"{promise}, less than {self.gain:g}"


@dataclass(frozen=True)
class used_up:
    """Nothing is left to ask."""

    def __call__(self, progress: Progress) -> str | None:
        return "every item has its answers" if progress.open == 0 else None


@dataclass(frozen=True)
class Curve:
    """Quality after l labels: ceiling - drop * l^-slope (power law of learning)."""

    ceiling: float
    drop: float
    slope: float

    def at(self, labels: float) -> float:
        """Forecast quality after so many labels."""
        return float(self.ceiling - self.drop * max(labels, 1.0) ** -self.slope)

    def labels_for(self, value: float) -> float | None:
        """Labels at which the forecast reaches `value`, None when it never does."""
        if value >= self.ceiling or self.drop <= 0:
            return None
        return float((self.drop / (self.ceiling - value)) ** (1 / self.slope))


# Fewer measurements than this, or on fewer items, and a forecast would be fiction.
MIN_POINTS, MIN_ITEMS = 4, 30


@lru_cache(maxsize=64)
def fit_curve(measured: tuple[Measured, ...]) -> Curve | None:
    """The power law that fits the measurements best (weighted by n), None while there are too few.

    Slopes are tried on a grid; ceiling and drop follow by weighted least squares, drop >= 0 and ceiling <= 1.
    """
    points = [m for m in measured if m.n >= MIN_ITEMS]
    if len({m.labels for m in points}) < MIN_POINTS:
        return None
    labels = np.array([max(m.labels, 1) for m in points], dtype=float)
    value = np.array([m.value for m in points])
    weight = np.array([m.n for m in points], dtype=float)
    best: tuple[float, Curve] | None = None
    for slope in np.linspace(0.1, 2.0, 39):
        x = labels**-slope
        centre_x, centre_y = np.average(x, weights=weight), np.average(value, weights=weight)
        spread = np.sum(weight * (x - centre_x) ** 2)
        drop = max(0.0, -np.sum(weight * (x - centre_x) * (value - centre_y)) / spread) if spread > 0 else 0.0
        ceiling = min(1.0, centre_y + drop * centre_x)
        loss = float(np.sum(weight * (value - ceiling + drop * x) ** 2))
        if best is None or loss < best[0]:
            best = loss, Curve(float(ceiling), float(drop), float(slope))
    return best[1] if best else None


@dataclass(frozen=True)
class Advice:
    """Whether to stop, why (one reason a rule that fires, or why to go on), and what more labels would bring.

    `forecast`: {"labels": l, "value": v} pairs for the near future, empty while nothing can be said.
    `fired`: rule -> its reason, for every rule that says stop.
    """

    stop: bool
    why: tuple[str, ...]
    forecast: tuple[dict[str, float], ...] = ()
    fired: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ("Stop: " if self.stop else "Go on: ") + "; ".join(self.why)


def advise(rules: Iterable[Rule], progress: Progress) -> Advice:
    """One piece of advice from all rules: stop as soon as one of them says so."""
    every: tuple[Rule, ...] = (*rules, used_up())
    fired = {repr(rule): reason for rule in every if (reason := rule(progress))}
    return Advice(bool(fired), tuple(fired.values()) or (_why_go_on(progress),), _forecast(progress), fired)


def _why_go_on(progress: Progress) -> str:
    if not progress.models:
        return "no model has been trained yet"
    curve = fit_curve(tuple(progress.measured))
    if curve is None:
        return "too few random items have an answer to forecast; no rule says stop"
    gain = curve.at(progress.labels + 100) - curve.at(progress.labels)
    return f"100 more labels promise {gain:+.3f} of {progress.measured[-1].metric}"


def _forecast(progress: Progress) -> tuple[dict[str, float], ...]:
    curve = fit_curve(tuple(progress.measured))
    if curve is None:
        return ()
    steps = (progress.labels + more for more in (50, 100, 200, 500))
    return tuple({"labels": float(labels), "value": curve.at(labels)} for labels in steps)


def _last(measured: Sequence[Measured], metric: str) -> Measured | None:
    return next((m for m in reversed(measured) if m.metric == metric), None)


RULES: dict[str, Callable[..., Rule]] = {
    "budget": budget,
    "stable": stable,
    "target": target,
    "used_up": used_up,
    "worth": worth,
}


def parse(text: str) -> Rule:
    """The rule that `text` spells, as its repr does.

    >>> parse("target(0.9)")
    target(value=0.9, metric='accuracy')
    """
    wrong = SettingError(
        f"{text!r} is not a stop rule; write one of {', '.join(RULES)} with its values: target(0.9)"
    )
    try:
        tree = ast.parse(text, mode="eval").body
        if isinstance(tree, ast.Name):
            tree = ast.Call(func=tree, args=[], keywords=[])
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in RULES):
            raise wrong
        values = [ast.literal_eval(value) for value in tree.args]
        named = {word.arg: ast.literal_eval(word.value) for word in tree.keywords if word.arg}
        return RULES[tree.func.id](*values, **named)
    except (SyntaxError, ValueError, TypeError) as error:
        raise wrong from error
