"""Which strategy is best here: the same splits and first items for all of them, over many seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from asklearn import strategies as registry
from asklearn.errors import SettingError
from asklearn.strategies.nesting import expression
from asklearn.study import metrics as measures
from asklearn.study.known import Known, Test
from asklearn.study.simulate import Curve, Metric, Setup, full, run, several

BASE = "random"
FULL = None  # stands for a strategy where the task is to learn from all rows

Task = tuple[str | None, int]  # (strategy, seed)
Result = Curve | dict[str, float]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of it: `strategies` by `seeds`, on one grid of `labels`.

    `scores`: metric -> (strategies, seeds, rounds); `full`: metric -> (seeds,) of the model that learned from all
    rows. `curves[strategy]`: the runs themselves, one a seed. `metric`: the first one, which is meant where
    none is named.
    """

    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    labels: np.ndarray
    scores: dict[str, np.ndarray]
    full: dict[str, np.ndarray]
    curves: dict[str, list[Curve]] = field(repr=False)
    metric: str = "accuracy"

    def of(self, strategy: str, metric: str | None = None) -> np.ndarray:
        """(seeds, rounds) scores of one strategy."""
        found: np.ndarray = self._scores(metric)[self.strategies.index(strategy)]
        return found

    def table(self, metric: str | None = None) -> dict[str, list[Any]]:
        """One row a strategy: mean score at the end and on the way, its standard deviation over seeds."""
        scores = self._scores(metric)
        heights = scores.mean(axis=2)
        spread = heights.std(axis=1, ddof=1) if len(self.seeds) > 1 else np.zeros(len(heights))
        return {
            "strategy": list(self.strategies),
            "final": scores[:, :, -1].mean(axis=1).tolist(),
            "mean": heights.mean(axis=1).tolist(),
            "std": spread.tolist(),
        }

    def _scores(self, metric: str | None) -> np.ndarray:
        name = self.metric if metric is None else metric
        if name not in self.scores:
            raise SettingError(f"{name!r} was not measured; there are {', '.join(self.scores)}")
        return self.scores[name]


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
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """The learning curves of several strategies, seed by seed on the same split with the same first items.

    `strategies`: names, expressions, objects, or a mapping from names of your own to them; "random" always runs
    beside them. `seeds`: how many, or which. `jobs`: processes; the result is the same for any number of them. A
    script that asks for several needs `if __name__ == "__main__":` around what it runs. The rest is as for
    `simulate`; `progress` is told (runs done, runs in all).

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(120, 2)); y = np.where(X[:, 0] > 0, "right", "left")
    >>> found = compare(X, y, ["margin"], seeds=2, budget=20, model="logistic")
    >>> found.strategies, found.labels.tolist(), found.scores["accuracy"].shape
    (('margin', 'random'), [10, 20], (2, 2, 2))
    """
    setup = Setup(model, start, batch, budget, several(metric))
    return compared(Known(X, y, test, groups), strategies, setup, seeds, jobs=jobs, progress=progress)


def compared(
    known: Known,
    strategies: Sequence[Any] | Mapping[str, Any],
    setup: Setup,
    seeds: int | Sequence[int],
    *,
    jobs: int = 1,
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
    found: dict[Task, Result] = {}
    for task, result in results(known, chosen, setup, tasks, jobs):
        found[task] = result
        if progress is not None:
            progress(len(found), len(tasks))
    return gathered(tuple(chosen), numbers, setup, found)


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
        chosen[name] = strategy
        registry.get(strategy)
    chosen.setdefault(BASE, BASE)
    return chosen


def one(known: Known, chosen: Mapping[str, Any], setup: Setup, task: Task) -> Result:
    """The result of one task."""
    name, seed = task
    return full(known, setup, seed) if name is FULL else run(known, chosen[name], setup, seed)


def results(
    known: Known, chosen: Mapping[str, Any], setup: Setup, tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[Task, Result]]:
    """The result of each task, in whatever order they are done."""
    if jobs == 1 or len(tasks) == 1:
        yield from ((task, one(known, chosen, setup, task)) for task in tasks)
        return
    from asklearn.study.spread import spread

    yield from spread(one, (known, chosen, setup), tasks, jobs)


def gathered(
    names: tuple[str, ...], seeds: tuple[int, ...], setup: Setup, found: Mapping[Task, Result]
) -> Comparison:
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
    metrics = [measures.name_of(metric) for metric in setup.metrics]
    return Comparison(
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
