"""Which strategy is best here: the same splits and first items for all of them, over many seeds."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from asklearn import strategies as registry
from asklearn.errors import DataError, SettingError
from asklearn.strategies.nesting import expression
from asklearn.study import judge, kept
from asklearn.study import metrics as measures
from asklearn.study.judge import TIE, Ranks
from asklearn.study.known import Known, Test
from asklearn.study.simulate import Curve, Metric, Setup, full, meant, run, several
from asklearn.tasks import Task as Meaning

BASE = "random"
FULL = None  # stands for a strategy where the task is to learn from all rows

Table = dict[str, list[Any]]
Task = tuple[str | None, int]  # (strategy, seed)
Result = Curve | dict[str, float]
Kind = TypeVar("Kind", bound="Comparison")


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of it: `strategies` by `seeds`, on one grid of `labels`.

    `scores`: metric -> (strategies, seeds, rounds); `full`: metric -> (seeds,) of the model that learned from all
    rows. `curves[strategy]`: the runs themselves, one a seed. Where no `metric` is named, the first one is meant.
    Every interval is one of 95 % over seeds; it speaks of other splits of these data, not of other data.
    """

    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    labels: np.ndarray
    scores: dict[str, np.ndarray]
    full: dict[str, np.ndarray]
    curves: dict[str, list[Curve]] = field(repr=False)
    metric: str = "accuracy"

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """The comparison that `compare` kept in this folder. Raises `DataError` when a run is missing."""
        there = kept.Folder(Path(folder))
        config = there.config
        names, seeds = tuple(config["strategies"]), tuple(config["seeds"])
        found: dict[Task, Result] = {}
        for seed in seeds:
            for name in (FULL, *names):
                result = there.find(name, seed)
                if result is None:
                    raise DataError(
                        f"{folder} lacks the run of {name or 'all rows'} with seed {seed}: compare again"
                    )
                found[name, seed] = result
        return gathered(cls, names, seeds, config["metrics"], found)

    def of(self, strategy: str, metric: str | None = None) -> np.ndarray:
        """(seeds, rounds) scores of one strategy. Raises `SettingError` for one that is not here."""
        if strategy not in self.strategies:
            raise SettingError(f"{strategy!r} is not among {', '.join(self.strategies)}")
        found: np.ndarray = self._scores(metric)[self.strategies.index(strategy)]
        return found

    def heights(self, metric: str | None = None) -> np.ndarray:
        """(strategies, seeds) mean height of each curve: the area under it over the labels it spans."""
        return judge.area(self.labels, self._scores(metric))

    def table(self, metric: str | None = None, tie: float = TIE) -> Table:
        """One row a strategy, best first.

        score, low, high: the mean score on the way from the first label to the last. final: the score at the end.
        area, area_low, area_high: the share of the way from random (0) to full data (1), None where there is none.
        wins, ties, losses against random, seed by seed; scores that differ by `tie` or less are a tie. p: Wilcoxon's.
        """
        name, higher = self._metric(metric)
        heights, scores = self.heights(name), self._scores(name)
        base = heights[self.strategies.index(BASE)]
        columns: Table = {"strategy": []}
        for i in self._order(heights, higher):
            mean, low, high = judge.interval(heights[i])
            share = judge.normalised(heights[i], base, self.full[name], higher)
            wins, ties, losses = judge.duel(heights[i], base, tie, higher)
            row = {
                "strategy": self.strategies[i],
                "score": float(mean),
                "low": finite(low),
                "high": finite(high),
                "final": float(scores[i, :, -1].mean()),
                "area": share and share.value,
                "area_low": share and finite(share.low),
                "area_high": share and finite(share.high),
                "wins": wins,
                "ties": ties,
                "losses": losses,
                "p": judge.wilcoxon(heights[i], base),
            }
            for key, cell in row.items():
                columns.setdefault(key, []).append(cell)
        return columns

    def ranks(self, metric: str | None = None) -> Table:
        """Mean rank over seeds, best first (1); `alike`: not told from the best by Nemenyi's critical difference."""
        found = self.friedman(metric)
        order = np.argsort(found.ranks, kind="stable")
        best = found.ranks[order[0]]
        return {
            "strategy": [found.names[i] for i in order],
            "rank": [float(found.ranks[i]) for i in order],
            "alike": [bool(found.ranks[i] - best < found.difference) for i in order],
        }

    def friedman(self, metric: str | None = None) -> Ranks:
        """Friedman's test of the mean heights with the seeds as blocks, and Nemenyi's critical difference."""
        name, higher = self._metric(metric)
        return judge.ranks(self.strategies, self.heights(name).T, higher)

    def labels_to(self, share: float = 0.95, metric: str | None = None) -> Table:
        """After how many labels the mean curve is as good as `share` of what full data reach, quickest first.

        labels, low, high: None where it never is, within the budget; fewer than five seeds give no bounds. seeds:
        the share of seeds whose own curve gets there. saving, saving_low, saving_high: how many times fewer than
        random; `bound` says "at least" where random never got there, "at most" where the strategy did not; None where
        neither did. Of a loss, `share` of the quality is a loss 1 / share times as large.
        """
        if not 0 < share <= 1:
            raise SettingError(f"share is a part of the full quality, above 0 and up to 1; {share!r} is not")
        name, higher = self._metric(metric)
        scores, whole = self._scores(name), self.full[name]
        base, weights = scores[self.strategies.index(BASE)], self._weights
        found = [judge.reach(self.labels, own, whole, share, weights, higher) for own in scores]
        columns: Table = {"strategy": []}
        for i in np.argsort([each.labels for each in found], kind="stable"):
            less = judge.saving(self.labels, scores[i], base, whole, share, weights, higher)
            row = {
                "strategy": self.strategies[i],
                "labels": finite(found[i].labels),
                "low": finite(found[i].low),
                "high": finite(found[i].high),
                "seeds": found[i].seeds,
                "saving": less and less.factor,
                "saving_low": less and finite(less.low),
                "saving_high": less and finite(less.high),
                "bound": less.bound if less else "",
            }
            for key, cell in row.items():
                columns.setdefault(key, []).append(cell)
        return columns

    def chart(self, ax: Any = None, metric: str | None = None) -> Any:
        """The mean curves with their intervals, and full data as a line; the matplotlib axes they are drawn on."""
        from asklearn.report import charts

        name, _ = self._metric(metric)
        bands = {each: judge.interval(self.of(each, name)) for each in self.strategies}
        return charts.curves(self.labels, bands, float(self.full[name].mean()), name, ax)

    def chart_ranks(self, ax: Any = None, metric: str | None = None) -> Any:
        """The critical-difference diagram of `friedman` (Demšar 2006); the matplotlib axes it is drawn on."""
        from asklearn.report import charts

        found = self.friedman(metric)
        return charts.ranks(found.names, found.ranks, found.difference, found.groups, ax)

    def report(self, title: str = "Which strategy is best here?", facts: Sequence[str] = ()) -> str:
        """One page of HTML that holds everything: sentences, charts and tables; at its end `facts` of your own."""
        from asklearn.study.told import report

        return report(self, title, facts)

    def _metric(self, metric: str | None) -> tuple[str, bool]:
        name = self.metric if metric is None else metric
        if name not in self.scores:
            raise SettingError(f"{name!r} was not measured; there are {', '.join(self.scores)}")
        return name, measures.higher(name)

    def _scores(self, metric: str | None) -> np.ndarray:
        return self.scores[self._metric(metric)[0]]

    def _order(self, heights: np.ndarray, higher: bool) -> np.ndarray:
        order: np.ndarray = np.argsort(heights.mean(axis=1) * (-1 if higher else 1), kind="stable")
        return order

    @cached_property
    def _weights(self) -> np.ndarray:
        return judge.resamples(len(self.seeds), np.random.default_rng(0))  # the same intervals every time


def finite(value: Any) -> float | None:
    """A bound as tables hold it: None where there is none.

    >>> finite(np.inf), finite(np.float64(0.5))
    (None, 0.5)
    """
    return float(value) if np.isfinite(value) else None


def compare(
    X: Any,
    y: Any,
    strategies: Sequence[Any] | Mapping[str, Any] = ("auto",),
    seeds: int | Sequence[int] = 20,
    model: Any = None,
    start: int = 0,
    batch: int = 10,
    budget: int = 200,
    test: Test = 0.3,
    metric: Metric | Sequence[Metric] = "accuracy",
    *,
    groups: Any = None,
    task: Meaning | None = None,
    jobs: int = 1,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """The learning curves of several strategies, seed by seed on the same split with the same first items.

    `strategies`: names, expressions, objects, or a mapping from names of your own to them; "random" always runs
    beside them. `seeds`: how many, or which. `jobs`: processes; the result is the same for any number of them. A
    script that asks for several needs `if __name__ == "__main__":` around what it runs. `folder`: each run is kept
    there as it ends, and what is there is not run again. `progress` is told (runs done, runs in all). The rest is as
    for `simulate`.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(120, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> found = compare(X, y, ["margin"], seeds=2, budget=20, model="logistic")
    >>> found.strategies, found.labels.tolist(), found.scores["accuracy"].shape
    (('margin', 'random'), [10, 20], (2, 2, 2))
    """
    setup = Setup(model, start, batch, budget, several(metric))
    known = Known(X, y, test, groups, meant(setup, task))
    measures.suit(setup.metrics, known.task.kind)
    return compared(known, strategies, setup, seeds, jobs=jobs, folder=folder, progress=progress)


def compared(
    known: Known,
    strategies: Sequence[Any] | Mapping[str, Any],
    setup: Setup,
    seeds: int | Sequence[int],
    *,
    jobs: int = 1,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """`compare` on data that is ready."""
    chosen = named(strategies)
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not numbers or len(set(numbers)) < len(numbers):
        raise SettingError(f"seeds are one or more different whole numbers, or how many; {seeds!r} are not")
    if jobs < 1:
        raise SettingError(f"jobs is a number of processes, 1 or more; {jobs!r} is not")
    # Seed by seed: a split is made once for all that meet it.
    tasks: list[Task] = [(name, seed) for seed in numbers for name in (FULL, *chosen)]
    there = None if folder is None else kept.Folder(Path(folder))
    found: dict[Task, Result] = {}
    if there is not None:
        there.begin(kept.config(known, setup, chosen, numbers))
        found = {task: result for task in tasks if (result := there.find(*task)) is not None}
    missing = [task for task in tasks if task not in found]
    with closing(
        results(known, chosen, setup, missing, jobs)
    ) as done:  # an interrupted one ends its processes
        for task, result in done:
            found[task] = result
            if there is not None:
                there.keep(*task, result)
            if progress is not None:
                progress(len(found), len(tasks))
    metrics = [measures.name_of(metric) for metric in setup.metrics]
    return gathered(Comparison, tuple(chosen), numbers, metrics, found)


def named(strategies: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """name -> strategy, random among them. Raises `SettingError` for unknown ones and for one name twice."""
    if isinstance(strategies, str):
        raise SettingError(f"strategies is a list: [{strategies!r}]")
    pairs = (
        list(strategies.items())
        if isinstance(strategies, Mapping)
        else [(s if isinstance(s, str) else expression(s), s) for s in strategies]
    )
    chosen: dict[str, Any] = {}
    for name, strategy in pairs:
        if name in chosen:
            raise SettingError(f"the strategy {name!r} is named twice")
        registry.get(strategy)
        chosen[name] = strategy
    chosen.setdefault(BASE, BASE)
    return chosen


def one(known: Known, chosen: Mapping[str, Any], setup: Setup, task: Task) -> Result:
    """The result of one task."""
    name, seed = task
    return full(known, setup, seed) if name is FULL else run(known, chosen[name], setup, seed)


def results(
    known: Known, chosen: Mapping[str, Any], setup: Setup, tasks: Sequence[Task], jobs: int
) -> Generator[tuple[Task, Result], None, None]:
    """The result of each task, in whatever order they are done."""
    if jobs == 1 or len(tasks) < 2:
        yield from ((task, one(known, chosen, setup, task)) for task in tasks)
        return
    from asklearn.study.spread import spread

    yield from spread(one, (known, chosen, setup), tasks, jobs)


def gathered(
    kind: type[Kind],
    names: tuple[str, ...],
    seeds: tuple[int, ...],
    metrics: Sequence[str],
    found: Mapping[Task, Result],
) -> Kind:
    """The runs on one grid of labels."""
    curves: dict[str, list[Curve]] = {name: [] for name in names}
    whole: list[dict[str, float]] = []
    for seed in seeds:
        for name in (FULL, *names):
            result = found[name, seed]
            if isinstance(result, Curve):
                curves[str(name)].append(result)
            else:
                whole.append(result)
    labels = grid([curve.labels for several in curves.values() for curve in several])
    return kind(
        strategies=names,
        seeds=seeds,
        labels=labels,
        scores={
            metric: np.array(
                [[on_grid(labels, c.labels, c.scores[metric]) for c in curves[name]] for name in names]
            )
            for metric in metrics
        },
        full={metric: np.array([each[metric] for each in whole]) for metric in metrics},
        curves=curves,
        metric=metrics[0],
    )


def grid(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Every number of labels at which a run measured, from the first that all have reached to the last.

    >>> grid([np.array([10, 20]), np.array([8, 16, 20])]).tolist()
    [10, 16, 20]
    """
    every = np.unique(np.concatenate(labels))
    found: np.ndarray = every[every >= max(each[0] for each in labels)]
    return found


def on_grid(grid: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The score at each point of the grid: that of the last measurement at or before it."""
    found: np.ndarray = scores[np.searchsorted(labels, grid, side="right") - 1]
    return found
