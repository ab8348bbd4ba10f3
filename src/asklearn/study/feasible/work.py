"""What a study computes: the work that can be spread over processes, and how much of it there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn import models
from asklearn.study.compare import grid, on_grid
from asklearn.study.feasible import signs, subsets
from asklearn.study.known import Known
from asklearn.study.simulate import Curve, Setup, full, run

ROWS = 10_000  # labelled rows that are looked at; of more a random part, class by class
POOL, TEST = 3000, 0.4  # rows to be asked about at most; at least 40 % are held out to measure
ROUNDS = 20
LABELS = (200, 500)  # simulated: so many at least and at most, and half of the pool
RAREST = 20  # labels of the rarest class that random should find
SUBSET_ROWS, SUBSET_SEEDS, NOISE_SEEDS = 1000, 8, 4
NOISE = 7  # purpose of the generator that deals rows into folds

# ("run", strategy) | ("full", "") | ("subset", "") | ("noise", ""), and the seed
Task = tuple[str, str, int]


@dataclass(frozen=True)
class Plan:
    """How much is tried: simulated labels and rounds, rows of the random subsets."""

    budget: int
    batch: int
    subset: int


def held_out(rows: int) -> float:
    """The share of rows to measure on: intervals are as narrow as these allow, and asking costs time by row.

    >>> held_out(5000), held_out(10_000)
    (0.4, 0.7)
    """
    return max(TEST, 1 - POOL / rows)


def plan(pool: int, rarest: float, budget: int | None = None) -> Plan:
    """For a pool of so many rows and the share of the rarest class, of which random should find twenty.

    At least 200 labels, at most 500, never more than half of the pool.

    >>> plan(3000, 0.5)
    Plan(budget=200, batch=10, subset=1000)
    >>> plan(150, 0.5).budget, plan(3000, 0.05).budget, plan(3000, 0.01).budget
    (75, 400, 500)
    """
    least, most = LABELS
    wanted = min(max(round(RAREST / rarest), least), most) if budget is None else budget
    labels = max(min(wanted, pool // 2), 1)
    return Plan(labels, max(round(labels / ROUNDS), 1), min(pool, SUBSET_ROWS))


def one(known: Known, chosen: Mapping[str, Any], setup: Setup, plan: Plan, task: Task) -> Any:
    """The result of one task."""
    kind, name, seed = task
    if kind == "run":
        return run(known, chosen[name], setup, seed)
    if kind == "full":
        return full(known, setup, seed)
    if kind == "subset":
        return subsets.measured(known, setup, plan.subset, seed)
    return noise(known, setup, plan.subset, seed)


def noise(known: Known, setup: Setup, rows: int, seed: int) -> float:
    """The share of labels that models which never saw them confidently deny, on at most `rows` rows of the pool."""
    from threadpoolctl import threadpool_limits

    sides = known.sides(seed)
    rng = np.random.default_rng([seed, NOISE])
    at = np.sort(rng.permutation(len(sides.codes))[:rows])
    X, _ = subsets.seen(sides, setup)
    y = known.task.encode([sides.answers[sides.pool.ids[i]] for i in at])

    def ask(learn: np.ndarray, asked: np.ndarray) -> np.ndarray:
        model = models.fit(models.make(setup.model), X(at[learn]), y[learn])
        return models.proba(model, X(at[asked]), known.task.labels)

    with threadpool_limits(1):
        proba = signs.held_out(sides.codes[at], ask, rng)
    return float(signs.doubtful(proba, sides.codes[at]).mean())


def results(
    known: Known, chosen: Mapping[str, Any], setup: Setup, plan: Plan, tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[Task, Any]]:
    """The result of each task, in whatever order they are done."""
    if jobs == 1 or len(tasks) == 1:
        yield from ((task, one(known, chosen, setup, plan, task)) for task in tasks)
        return
    from asklearn.study.spread import spread

    yield from spread(one, (known, chosen, setup, plan), tasks, jobs)


def curves(
    found: Mapping[Task, Any], names: Sequence[str], seeds: Sequence[int], metric: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels (rounds,), and name -> (seeds, rounds) scores, of the rounds that all runs came to."""
    runs: dict[str, list[Curve]] = {name: [found["run", name, seed] for seed in seeds] for name in names}
    several = [curve for each in runs.values() for curve in each]
    labels = grid([curve.labels for curve in several])
    labels = labels[labels <= min(curve.labels[-1] for curve in several)]
    return labels, {
        name: np.array([on_grid(labels, c.labels, c.scores[metric]) for c in each])
        for name, each in runs.items()
    }


def drawn(found: Mapping[Task, Any]) -> dict[str, np.ndarray]:
    """name -> (seeds, shares) of the random parts; empty when none were tried."""
    parts = [
        result for (kind, _, _), result in sorted(found.items(), key=lambda each: each[0]) if kind == "subset"
    ]
    return {name: np.array([part[name] for part in parts]) for name in parts[0]} if parts else {}
