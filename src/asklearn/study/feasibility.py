"""Will active learning work for these data? A study on rows whose labels are known: a verdict and its reasons."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import SettingError
from asklearn.pool.rows import hold
from asklearn.study import metrics as measures
from asklearn.study.compare import BASE, named
from asklearn.study.feasible import signs, subsets, words, work
from asklearn.study.feasible.forecast import Forecast, forecast
from asklearn.study.feasible.gains import Gain, Interval
from asklearn.study.feasible.trials import SEEDS, Doing, Trials, table, tried, unsteady
from asklearn.study.feasible.verdict import NO, UNCLEAR, bar, sure
from asklearn.study.feasible.work import Task
from asklearn.study.known import Known, split
from asklearn.study.simulate import Metric, Setup

TRIED = ("auto", "margin")
BALANCING = "class_balanced"  # tried too where the rarest class has less than half of an even share
COVERING = "uherding"  # tried too where it has not
LEAST = 200  # labelled rows from which on strategies are tried
SOME, EACH = 50, 5  # rows, and rows of each of two classes, from which on a model is fitted at all
MORE = 4.0  # times as many labels: where more would be needed to tell, labels would not tell
SAMPLE = 11  # purpose of the generator that draws the rows to look at

Table = dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Feasibility:
    """What a study found.

    verdict: "yes", "no" or "unclear"; `reasons`: why, in sentences. `strategy`: the one to use. `table`: a row for each
    strategy tried: by how much it is better than random, and the labels it needs for what random reaches with `budget`.
    `saved`: labels saved by `strategy`, `money`: the same at the price given; None where nothing was tried. `needed`:
    how many more labels it takes to tell; None where more would not tell. `subsets`: models of random parts of the
    labels. `forecast`: what more random labels bring, or None. `signs`: what rows and labels show, by name. `labels`:
    (rounds,), `scores`: strategy -> (seeds, rounds) of `metric`, `full`: the same with all labels. `rows`: looked at.
    """

    verdict: str
    reasons: list[str]
    strategy: str
    metric: str
    rows: int
    table: Table = field(default_factory=dict)
    budget: int = 0
    saved: Interval | None = None
    money: Interval | None = None
    needed: int | None = 0
    subsets: Table = field(default_factory=dict)
    forecast: Forecast | None = None
    signs: dict[str, float] = field(default_factory=dict)
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.intp), repr=False)
    scores: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    full: float | None = None

    def __str__(self) -> str:
        return "\n".join([f"Is active learning worth it here? {self.verdict}.", *self.reasons])

    def chart(self) -> Any:
        """A matplotlib `Figure`: curves, labels needed, luck of the draw, forecast. Needs the extra "app"."""
        from asklearn.study.feasible.chart import draw

        return draw(self)

    def html(self) -> str:
        """One page that loads nothing else: verdict, reasons, pictures, tables. Needs the extra "app"."""
        from asklearn.study.feasible.page import page

        return page(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file."""
        Path(path).write_text(self.html(), encoding="utf-8")


def feasibility(
    X: Any,
    y: Any,
    strategies: Sequence[Any] | Mapping[str, Any] | None = None,
    model: Any = "logistic",
    metric: Metric = "balanced_accuracy",
    budget: int | None = None,
    price: float = 0.0,
    seed: int = 0,
    *,
    groups: Any = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Feasibility:
    """Whether choosing what to label beats labelling at random on data like these, and by how much.

    X: labelled rows of any kind a pool takes; y: (rows,) their classes; 10,000 of them are looked at. `strategies` are
    tried beside random in simulated projects of `budget` labels (by default 200 to 500, more where a class is rare;
    never more than half of the rows to be asked about), on ten splits of the rows, or up to thirty while it is unclear.
    By default they are "auto", "margin", and one that balances classes or covers the rows. `model`: as for `simulate`;
    the linear one is quick enough for the hundreds of fits. `price`: of one label. `groups`: (rows,) rows of one group
    are never on both sides of a split. `jobs`: processes. `progress` is told (done, in all).

    "yes": a strategy surely needs a fifth fewer labels than random and surely makes a twentieth fewer errors, and more
    than the share of doubtful labels; and asking for what the model is least sure of does not surely lose. "no": surely
    none saves so many errors, or labels. Intervals of 95 % over splits, all strategies together. With fewer than 200
    rows nothing is simulated: "unclear", with how many more it takes.

    Raises `SettingError` for rows without a label, for measured numbers and for senseless options.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> found = feasibility(X, y)
    >>> found.verdict, found.needed
    ('unclear', 140)
    """
    y = np.asarray(y)
    _check(y, budget, price, jobs)
    name = measures.name_of(metric)
    if y.ndim != 1 or (y.dtype.kind == "f" and not (y == np.round(y)).all()):
        raise SettingError("feasibility looks at classes; y holds measured numbers, or several labels a row")
    measures.suit((metric,), "classes")
    Setup(model, metrics=(metric,))  # refuses what makes no sense before anything is computed
    X, y, groups = sample(X, y, groups, seed)
    counts = np.unique(y, return_counts=True)[1]
    chosen = named(usual(counts) if strategies is None else strategies)
    candidates = [each for each in chosen if each != BASE]
    if not candidates:
        raise SettingError(f"random beside random tells nothing: name another strategy, such as {TRIED[0]!r}")
    if len(counts) < 2:
        return too_few(len(y), counts, name, {}, {})
    known = Known(X, y, work.held_out(len(y)), groups)
    seeds = [seed * 1000 + i for i in range(SEEDS[-1])]
    plan = work.plan(len(known.sides(seeds[0]).pool.ids), float(counts.min() / len(y)), budget)
    setup = Setup(model, 0, plan.batch, plan.budget, (metric,))
    doing = Doing(known, chosen, setup, plan, jobs, progress)
    looked = look(known)
    two = (counts >= EACH).sum() > 1
    if len(y) >= SOME and two:
        parts = [("subset", "", each) for each in seeds[: work.SUBSET_SEEDS]]
        denied: list[Task] = [("noise", "", each) for each in seeds[: work.NOISE_SEEDS]]
        doing.do([*denied, ("full", "", seeds[0]), *parts])
        looked["doubtful"] = float(np.mean([doing.found[task] for task in denied]))
    drawn = work.drawn(doing.found)
    if len(y) < LEAST or not two:
        return too_few(len(y), counts, name, looked, drawn)
    trials = tried(doing, candidates, seeds, name, looked.get("doubtful", 0.0), seed)
    return concluded(trials, name, price, len(y), looked, drawn)


def concluded(
    trials: Trials,
    metric: str,
    price: float,
    rows: int,
    looked: dict[str, float],
    drawn: dict[str, np.ndarray],
) -> Feasibility:
    """The study of trials: verdict, reasons, and what is shown of them."""
    found = trials.best
    saved = found.needs.below(trials.budget)
    signs_ = looked | unsteady(trials)
    forecast_ = expected(trials, drawn, metric, rows)
    sure_ = sure(found, trials.budget, trials.doubtful)
    needed = more(found, rows, trials.doubtful) if trials.said == UNCLEAR and not sure_ else 0
    reasons = words.outcome(trials.said, found, trials.plainest, trials.budget, metric, trials.doubtful)
    if price > 0:
        reasons.append(words.money(saved.times(price), price))
    reasons += words.needed(needed)
    reasons += words.room(float(trials.scores[BASE][:, -1].mean()), trials.full, trials.budget, metric)
    reasons += words.signs(signs_)
    reasons += words.luck(subsets.table(drawn))
    reasons += words.future(forecast_, metric)
    return Feasibility(
        verdict=trials.said,
        reasons=reasons,
        strategy=BASE if trials.said == NO or found.gain.value <= 0 else found.strategy,
        metric=metric,
        rows=rows,
        table=table(trials),
        budget=trials.budget,
        saved=saved,
        money=saved.times(price),
        needed=needed,
        subsets=subsets.table(drawn),
        forecast=forecast_,
        signs=signs_,
        labels=trials.labels,
        scores=trials.scores,
        full=trials.full,
    )


def too_few(
    rows: int, counts: np.ndarray, metric: str, looked: dict[str, float], drawn: dict[str, np.ndarray]
) -> Feasibility:
    """The study of labels too few to try anything with."""
    needed = lacking(rows, counts)
    forecast_ = forecast(*points(drawn, metric), rows, metric) if drawn else None
    reasons = words.too_few(rows, counts, needed, LEAST, EACH)
    reasons += words.signs(looked)
    reasons += words.luck(subsets.table(drawn))
    reasons += words.future(forecast_, metric)
    return Feasibility(
        verdict=UNCLEAR,
        reasons=reasons,
        strategy=TRIED[0],
        metric=metric,
        rows=rows,
        needed=needed,
        subsets=subsets.table(drawn),
        forecast=forecast_,
        signs=looked,
    )


def lacking(rows: int, counts: np.ndarray) -> int:
    """How many more labels it takes for 200, and for five of a second class if it goes on coming as it came.

    >>> lacking(60, np.array([30, 30])), lacking(400, np.array([398, 2])), lacking(300, np.array([300]))
    (140, 600, 200)
    """
    if len(counts) < 2:
        return LEAST
    second = int(np.sort(counts)[-2])
    return max(LEAST - rows, -(-rows * EACH // second) - rows)


def sample(X: Any, y: np.ndarray, groups: Any, seed: int) -> tuple[Any, np.ndarray, Any]:
    """Rows, labels and groups of at most 10,000 rows, class by class; those given where they are no more."""
    held = hold(X)
    if len(held) != len(y):
        raise SettingError(f"X has {len(held)} rows and y has {len(y)}; they must be as many")
    if len(y) <= work.ROWS:
        return X, y, groups
    codes = np.unique(y, return_inverse=True)[1]
    rng = np.random.default_rng([seed, SAMPLE])
    _, at = split(codes, work.ROWS / len(y), int(rng.integers(2**31)))
    at = np.sort(at)
    return held.take(at), y[at], None if groups is None else np.asarray(groups)[at]


def usual(counts: np.ndarray) -> list[str]:
    """What is tried by default: one that balances where the rarest class has less than half of an even share."""
    rare = counts.min() < counts.mean() / 2
    return [*TRIED, BALANCING if rare else COVERING]


def look(known: Known) -> dict[str, float]:
    """The signs that need no model."""
    codes = np.unique(known.y, return_inverse=True)[1]
    counts = np.bincount(codes)
    distances, at = signs.neighbours(known.embedding)
    return {
        "classes": float(len(counts)),
        "rarest": float(counts.min() / counts.sum()),
        "copies": signs.copies(known.embedding, distances[:, 0]),
        "purity": signs.purity(codes, at),
    }


def expected(trials: Trials, drawn: dict[str, np.ndarray], metric: str, rows: int) -> Forecast | None:
    """The power law through the simulated random labels and the random parts.

    Not through the first quarter of the labels, where a model that has hardly seen all classes follows no law.
    """
    labels, values = points(drawn, metric) if drawn else ([], [])
    settled = trials.labels * 4 >= trials.labels[-1]
    mean = trials.scores[BASE].mean(axis=0)[settled].tolist()
    return forecast([*map(float, trials.labels[settled]), *labels], [*mean, *values], rows, metric)


def points(drawn: dict[str, np.ndarray], metric: str) -> tuple[list[float], list[float]]:
    """Labels and mean quality of the random parts."""
    return drawn["labels"].mean(axis=0).tolist(), drawn[metric].mean(axis=0).tolist()


def more(found: Gain, rows: int, doubtful: float) -> int | None:
    """How many more labels it takes until what is seen is sure; None where even four times as many would not do.

    An interval of half width h around v narrows with the square root of the rows: to end at the bar b that a yes
    must pass, it takes (h / (v - b))^2 times as many.
    """
    over, half = found.cut.value - bar(doubtful), (found.cut.high - found.cut.low) / 2
    if over <= 0 or not over < half <= over * MORE**0.5:
        return None
    return int(np.ceil(rows * ((half / over) ** 2 - 1) / 100) * 100)


def _check(y: np.ndarray, budget: int | None, price: float, jobs: int) -> None:
    gone = [i for i, label in enumerate(y.tolist()) if label is None or label != label]
    if gone:
        raise SettingError(
            f"row {gone[0]} has no label, and {len(gone) - 1} more; a study is made of labelled rows: "
            "leave out the others"
        )
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 2):
        raise SettingError(f"budget is a whole number of labels, 2 or more; {budget!r} is not")
    if not (np.isfinite(price) and price >= 0):
        raise SettingError(f"price is what one label costs, 0 or more; {price!r} is not")
    if jobs < 1:
        raise SettingError(f"jobs is a number of processes, 1 or more; {jobs!r} is not")
