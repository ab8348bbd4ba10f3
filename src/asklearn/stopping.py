"""When to stop: rules over what has happened so far, each one small, and one piece of advice from all of them.

A rule is called with a `Progress` and returns the reason to stop, or None. Any function of that shape is a rule.
No rule wins everywhere (Pullar-Strecker et al. 2022); what each one lost and saved is measured by
`python -m benchmarks stopping`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

import numpy as np

from asklearn.errors import SettingError
from asklearn.events import Learned, Measured
from asklearn.measures import higher
from asklearn.scores.uncertainty import entropy, least_confidence

USUAL = "accuracy"  # the metric of forecasts unless a rule names another


@dataclass(frozen=True)
class Progress:
    """What a rule may look at: labels given, people's seconds, items still open, models and measurements so far.

    `labels` counts items, `answers` every label that somebody gave; None when nobody counted: one an item.
    """

    labels: int
    seconds: float
    open: int
    models: Sequence[Learned] = ()
    measured: Sequence[Measured] = ()
    answers: int | None = None

    def cost(self, per_label: float, per_hour: float) -> float:
        """The money spent: so much for every label given and for every hour of people's time."""
        return (
            per_label * (self.labels if self.answers is None else self.answers)
            + per_hour * self.seconds / 3600
        )


Rule = Callable[[Progress], str | None]
Look = tuple[bool | None, str]  # stop, go on or None (it cannot tell yet), and how things stand in words


class Watch:
    """A rule that can also say how things stand: `look` gives (stop, words), stop None while it cannot tell."""

    def look(self, progress: Progress) -> Look:
        """Whether to stop, and how things stand in words."""
        raise NotImplementedError

    def __call__(self, progress: Progress) -> str | None:
        stop, words = self.look(progress)
        return words if stop else None


@dataclass(frozen=True)
class budget(Watch):
    """So many labels, so many minutes of people's time, or so much money, and no more.

    Money is what labels cost one by one (`per_label`, for every label given) and people by the hour (`per_hour`).
    """

    labels: int | None = None
    minutes: float | None = None
    money: float | None = None
    per_label: float = 0.0
    per_hour: float = 0.0

    def __post_init__(self) -> None:
        if self.labels is self.minutes is self.money is None:
            raise SettingError(
                "a budget needs a limit: budget(200), budget(minutes=60) or budget(money=100, ...)"
            )
        if self.money is not None and not _priced(self.per_label, self.per_hour):
            raise SettingError(
                "a budget in money needs a price: budget(money=100, per_label=0.2) or budget(money=100, per_hour=30)"
            )

    def look(self, progress: Progress) -> Look:
        """The first limit that is reached, or how far each one is."""
        spent = progress.cost(self.per_label, self.per_hour)
        limits = {
            "labels": (self.labels, progress.labels),
            "minutes": (self.minutes, progress.seconds / 60),
            "money": (self.money, spent),
        }
        given = [(limit, used, unit) for unit, (limit, used) in limits.items() if limit is not None]
        for limit, used, unit in given:
            if used >= limit:
                return True, f"the budget of {limit:g} {unit} is used up"
        return False, ", ".join(f"{used:.6g} of {limit:g} {unit} used" for limit, used, unit in given)


@dataclass(frozen=True)
class target(Watch):
    """The quality wanted is reached: the worse end of the 95 % interval is at it, or better.

    That is the lower end, of errors such as "mae" the upper one.
    """

    value: float
    metric: str = USUAL

    def look(self, progress: Progress) -> Look:
        """The worse end of the last measurement beside the target."""
        last = next((m for m in reversed(progress.measured) if m.metric == self.metric), None)
        if last is None:
            return None, f"{self.metric} was not measured yet"
        if not higher(self.metric):
            words = f"{self.metric} is at most {last.high:.4g}, the target was {self.value:g}"
            return last.high <= self.value, words
        words = f"{self.metric} is at least {last.low:.3f}, the target was {self.value:g}"
        return last.low >= self.value, words


@dataclass(frozen=True)
class stable(Watch):
    """Predictions have settled: kappa between successive models, averaged over the last `window`, is high.

    On a fixed set of items, after at least `labels` labels (Bloodgood and Vijay-Shanker 2009: 0.99 over 3).
    """

    kappa: float = 0.99
    window: int = 3
    labels: int = 50

    def look(self, progress: Progress) -> Look:
        """Mean agreement of the last models."""
        last = _recent(progress, self.window, self.labels, "kappa")
        if last is None:
            return None, _wait(self.window + 1, self.labels)
        agreement = float(np.mean(last))
        if agreement >= self.kappa:
            return True, f"the last {self.window} models predict the same (kappa {agreement:.3f})"
        return False, f"kappa between the last models is {agreement:.3f}, settled from {self.kappa:g} on"


@dataclass(frozen=True)
class unchanged(Watch):
    """No class changes: in each of the last `window` models at most this share of the items not learned from got
    another prediction than before (Zhu et al. 2008, who ask for a share of 0: later, and no better).
    """

    share: float = 0.005
    window: int = 2
    labels: int = 50

    def look(self, progress: Progress) -> Look:
        """The largest change among the last models."""
        last = _recent(progress, self.window, self.labels, "changed")
        if last is None:
            return None, _wait(self.window + 1, self.labels)
        words = f"the last {self.window} models changed at most {max(last):.1%} of the predictions"
        return max(last) <= self.share, f"{words}, settled up to {self.share:.1%}"


@dataclass(frozen=True)
class certain(Watch):
    """The model is sure of what is left: its mean entropy there, 1 being complete doubt, is small.

    "Overall uncertainty", Zhu et al. 2008. A weak hint: it believes the model's own probabilities.
    """

    entropy: float = 0.1
    labels: int = 50

    def look(self, progress: Progress) -> Look:
        """The mean entropy of what the last model has not learned from."""
        last = _recent(progress, 1, self.labels, "uncertainty")
        if last is None:
            return None, _wait(1, self.labels)
        return last[
            0
        ] <= self.entropy, f"mean entropy of what is left is {last[0]:.3f}, sure up to {self.entropy:g}"


@dataclass(frozen=True)
class expected_error(Watch):
    """The model expects few errors: the mean of 1 - p(likeliest) over what is left is small.

    The plug-in estimate of the error, Zhu et al. 2008. A weak hint: it believes the model's own probabilities.
    """

    at_most: float = 0.05
    labels: int = 50

    def look(self, progress: Progress) -> Look:
        """The errors that the last model expects in what it has not learned from."""
        last = _recent(progress, 1, self.labels, "expected_error")
        if last is None:
            return None, _wait(1, self.labels)
        words = f"the model expects to be wrong on {last[0]:.1%} of what is left"
        return last[0] <= self.at_most, f"{words}, few enough from {self.at_most:.1%} down"


@dataclass(frozen=True)
class worth(Watch):
    """The next `labels` labels promise less than `gain` of quality, by the curve's forecast.

    Of errors such as "mae" `gain` is a share of what the error is now.
    """

    gain: float = 0.01
    labels: int = 100
    metric: str = USUAL

    def look(self, progress: Progress) -> Look:
        """What the next labels promise."""
        gain = _promised(progress, self.labels, self.metric)
        if gain is None:
            return None, _TOO_FEW
        words = f"the next {self.labels} labels promise {gain:.4f} of {self.metric}"
        if not higher(self.metric):
            now = _now(progress, self.metric)
            gain = gain / now if now > 0 else 0.0
            words = f"the next {self.labels} labels promise {gain:.1%} less {self.metric}"
        return gain < self.gain, words + (f", less than {self.gain:g}" if gain < self.gain else "")


@dataclass(frozen=True)
class pays(Watch):
    """The next `labels` labels cost more than they bring: `point` is what 0.01 of the metric is worth in money.

    Cost per improvement: the price of labels and hours (at the pace so far) against the curve's forecast.
    """

    point: float
    per_label: float = 0.0
    per_hour: float = 0.0
    labels: int = 100
    metric: str = USUAL

    def __post_init__(self) -> None:
        if not _priced(self.per_label, self.per_hour) or not self.point > 0:
            raise SettingError(
                "pays needs what a point is worth and a price: pays(point=50, per_label=0.2) or pays(50, per_hour=30)"
            )

    def look(self, progress: Progress) -> Look:
        """The price of the next labels beside the worth of what they promise."""
        gain = _promised(progress, self.labels, self.metric)
        if gain is None or not progress.labels:
            return None, _TOO_FEW
        price = progress.cost(self.per_label, self.per_hour) / progress.labels * self.labels
        value = 100 * gain * self.point
        return price > value, f"the next {self.labels} labels cost {price:.2f} and bring {value:.2f}"


@dataclass(frozen=True)
class used_up(Watch):
    """Nothing is left to ask."""

    def look(self, progress: Progress) -> Look:
        """How many items are open."""
        if progress.open == 0:
            return True, "every item has its answers"
        return False, f"{progress.open} items are open"


def pool_signs(before: np.ndarray | None, now: np.ndarray, learned_from: np.ndarray) -> dict[str, float]:
    """What a new model says of the rows it has not learned from, as `Learned` records it; {} when there are none.

    before, now: (rows, classes) probabilities of the model before (None: there is none) and of this one.
    learned_from: positions of its labels. `uncertainty`: mean entropy / log classes. `expected_error`: mean
    1 - p(likeliest). `changed`: share of these rows, among those both models saw, with another likeliest class.

    >>> before, now = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> pool_signs(before, now, np.array([2]))
    {'uncertainty': 0.0, 'expected_error': 0.0, 'changed': 0.5}
    """
    rest = np.ones(len(now), dtype=bool)
    rest[learned_from] = False
    if not rest.any():
        return {}
    found = {
        "uncertainty": float(entropy(now)[rest].mean() / np.log(now.shape[1])),
        "expected_error": float(least_confidence(now)[rest].mean()),
    }
    both = rest[: 0 if before is None else len(before)]
    if before is not None and both.any():
        moved = before[: len(both)].argmax(axis=1) != now[: len(both)].argmax(axis=1)
        found["changed"] = float(moved[both].mean())
    return found


_TOO_FEW = "too few random items have an answer to forecast"


def _priced(per_label: float, per_hour: float) -> bool:
    return min(per_label, per_hour) >= 0 and max(per_label, per_hour) > 0


def _wait(models: int, labels: int) -> str:
    return f"needs {models} models and {labels} labels"


def _recent(progress: Progress, window: int, labels: int, name: str) -> list[float] | None:
    """What the last `window` models recorded under this name; None when any did not, or with too few labels."""
    last = [getattr(model, name) for model in progress.models[-window:]]
    known = progress.labels >= labels and len(last) == window and None not in last
    return last if known else None


def _promised(progress: Progress, labels: int, metric: str) -> float | None:
    curve = fit_curve(tuple(m for m in progress.measured if m.metric == metric))
    if curve is None:
        return None
    more = curve.at(progress.labels + labels) - curve.at(progress.labels)
    return max(0.0, more if higher(metric) else -more)


def _now(progress: Progress, metric: str) -> float:
    """What the curve says of now; to be called where there is one."""
    curve = fit_curve(tuple(m for m in progress.measured if m.metric == metric))
    return 0.0 if curve is None else curve.at(progress.labels)


@dataclass(frozen=True)
class Curve:
    """Quality after l labels: ceiling - drop * l^-slope (power law of learning); of errors `drop` is below 0."""

    ceiling: float
    drop: float
    slope: float

    def at(self, labels: float) -> float:
        """Forecast quality after so many labels."""
        return float(self.ceiling - self.drop * max(labels, 1.0) ** -self.slope)

    def labels_for(self, value: float) -> float | None:
        """Labels at which the forecast reaches `value`, None when it never does."""
        if (self.ceiling - value) * self.drop <= 0:
            return None
        return float((self.drop / (self.ceiling - value)) ** (1 / self.slope))


# Fewer measurements than this, or on fewer items, and a forecast would be fiction.
MIN_POINTS, MIN_ITEMS = 4, 30


@lru_cache(maxsize=64)
def fit_curve(measured: tuple[Measured, ...]) -> Curve | None:
    """The power law that fits the measurements best (weighted by n), None while there are too few.

    Slopes are tried on a grid; ceiling and drop follow by weighted least squares, drop >= 0 and ceiling <= 1; of
    errors, which fall, the same of their negatives with ceiling <= 0.
    """
    points = [m for m in measured if m.n >= MIN_ITEMS]
    if len({m.labels for m in points}) < MIN_POINTS:
        return None
    labels = np.array([max(m.labels, 1) for m in points], dtype=float)
    sign, most = (1, 1.0) if higher(points[0].metric) else (-1, 0.0)
    value = sign * np.array([m.value for m in points])
    weight = np.array([m.n for m in points], dtype=float)
    best: tuple[float, Curve] | None = None
    for slope in np.linspace(0.1, 2.0, 39):
        x = labels**-slope
        centre_x, centre_y = np.average(x, weights=weight), np.average(value, weights=weight)
        spread = np.sum(weight * (x - centre_x) ** 2)
        drop = max(0.0, -np.sum(weight * (x - centre_x) * (value - centre_y)) / spread) if spread > 0 else 0.0
        ceiling = min(most, centre_y + drop * centre_x)
        loss = float(np.sum(weight * (value - ceiling + drop * x) ** 2))
        if best is None or loss < best[0]:
            best = loss, Curve(float(sign * ceiling), float(sign * drop), float(slope))
    return best[1] if best else None


@dataclass(frozen=True)
class Sign:
    """What one rule says: stop, go on, or None (it cannot tell yet); `decides`: the project goes by it."""

    rule: str
    stop: bool | None
    words: str
    decides: bool


@dataclass(frozen=True)
class Advice:
    """Whether to stop, why (one reason a rule that fires, or why to go on), and what more labels would bring.

    `forecast`: {"labels": l, "value": v} pairs for the near future, empty while nothing can be said.
    `fired`: rule -> its reason, for every rule of the project that says stop.
    `signs`: how things stand by every rule, also those the project does not go by.
    """

    stop: bool
    why: tuple[str, ...]
    forecast: tuple[dict[str, float], ...] = ()
    fired: dict[str, str] = field(default_factory=dict)
    signs: tuple[Sign, ...] = ()

    def __str__(self) -> str:
        return ("Stop: " if self.stop else "Go on: ") + "; ".join(self.why)


def usual(metric: str) -> tuple[Rule, ...]:
    """The rules of a project that was given none, where models are judged by this metric."""
    return stable(), worth(metric=metric)


def hints(metric: str) -> tuple[Watch, ...]:
    """Shown beside the project's own rules: they need nothing but what every project records.

    Changed, sure and wrong answers are of names; of numbers, which errors measure, nothing of the kind is recorded.
    """
    of_names: tuple[Watch, ...] = (unchanged(), certain(), expected_error()) if higher(metric) else ()
    return stable(), *of_names, worth(metric=metric)


def advise(rules: Iterable[Rule], progress: Progress, metric: str = USUAL) -> Advice:
    """One piece of advice from all rules: stop as soon as one of the project's own says so.

    `metric`: what models are judged by where no rule names another.
    """
    own: tuple[Rule, ...] = (*rules, used_up())
    shown = hints(metric)
    metric = next(chain(metrics(own), (metric,)))
    signs = [_sign(rule, progress, True) for rule in own]
    signs += [_sign(hint, progress, False) for hint in shown if type(hint) not in map(type, own)]
    fired = {sign.rule: sign.words for sign in signs if sign.decides and sign.stop}
    why = tuple(fired.values()) or (_why_go_on(progress, metric),)
    return Advice(bool(fired), why, _forecast(progress, metric), fired, tuple(signs))


def metrics(rules: Iterable[Rule]) -> Iterator[str]:
    """The metrics that these rules go by, each once."""
    named = (getattr(rule, "metric", None) for rule in rules)
    return iter(dict.fromkeys(name for name in named if isinstance(name, str)))


def _sign(rule: Rule, progress: Progress, decides: bool) -> Sign:
    if isinstance(rule, Watch):
        stop, words = rule.look(progress)
        return Sign(repr(rule), stop, words, decides)
    reason = rule(progress)
    return Sign(repr(rule), reason is not None, reason or "does not say stop", decides)


def _why_go_on(progress: Progress, metric: str) -> str:
    if not progress.models:
        return "no model has been trained yet"
    gain = _promised(progress, 100, metric)
    if gain is None:
        return f"{_TOO_FEW}; no rule says stop"
    if not higher(metric):
        return f"100 more labels promise {gain:.3g} less {metric}"
    return f"100 more labels promise {gain:+.3f} of {metric}"


def _forecast(progress: Progress, metric: str) -> tuple[dict[str, float], ...]:
    curve = fit_curve(tuple(m for m in progress.measured if m.metric == metric))
    if curve is None:
        return ()
    steps = (progress.labels + more for more in (50, 100, 200, 500))
    return tuple({"labels": float(labels), "value": curve.at(labels)} for labels in steps)


RULES: dict[str, Callable[..., Rule]] = {
    "budget": budget,
    "certain": certain,
    "expected_error": expected_error,
    "pays": pays,
    "stable": stable,
    "target": target,
    "unchanged": unchanged,
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
