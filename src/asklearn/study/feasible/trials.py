"""Simulated projects: strategies beside random, split by split, until they tell or the splits are used up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.study import metrics as measures
from asklearn.study.compare import BASE
from asklearn.study.feasible import work
from asklearn.study.feasible.gains import Gain, beside, errors, falls, late
from asklearn.study.feasible.verdict import best, level, settled, verdict
from asklearn.study.feasible.work import Plan, Task
from asklearn.study.known import Known
from asklearn.study.simulate import Setup

PLAINEST = "least_confidence"  # always run: where it loses, what the model is unsure of misleads it
SEEDS = (10, 20, 30)  # splits; more of them where fewer leave it unclear
DRAWS = 13  # purpose of the generator that resamples seeds

Table = dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Trials:
    """What simulated projects gave: `gains` of all that ran, `said` of the candidates; `scores` as measured."""

    labels: np.ndarray
    scores: dict[str, np.ndarray]
    gains: dict[str, Gain]
    candidates: list[str]
    plainest: Gain
    said: str
    budget: int
    doubtful: float
    full: float

    @property
    def best(self) -> Gain:
        """The candidate that surely gains most."""
        return best([self.gains[name] for name in self.candidates], self.budget, self.doubtful)


class Doing:
    """Tasks and their results so far."""

    def __init__(
        self,
        known: Known,
        chosen: dict[str, Any],
        setup: Setup,
        plan: Plan,
        jobs: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.known, self.chosen, self.setup, self.plan, self.jobs = known, chosen, setup, plan, jobs
        self.progress = progress
        self.found: dict[Task, Any] = {}

    def do(self, tasks: Sequence[Task]) -> None:
        """Those of them that are not done yet."""
        missing = [task for task in tasks if task not in self.found]
        total = len(self.found) + len(missing)
        for task, result in work.results(self.known, self.chosen, self.setup, self.plan, missing, self.jobs):
            self.found[task] = result
            if self.progress is not None:
                self.progress(len(self.found), total)


def tried(
    doing: Doing, candidates: list[str], seeds: Sequence[int], metric: str, doubtful: float, seed: int
) -> Trials:
    """The candidates beside random on ten splits, or on more where ten leave it unclear."""
    chosen = doing.chosen
    # Of two classes margin asks the same as least confidence.
    plainest = "margin" if "margin" in chosen and len(doing.known.task.labels) == 2 else PLAINEST
    chosen.setdefault(plainest, plainest)
    names = [BASE, *(name for name in chosen if name != BASE)]
    for n in SEEDS:
        doing.do([("run", name, each) for each in seeds[:n] for name in names])
        labels, scores = work.curves(doing.found, names, seeds[:n], metric)
        rng = np.random.default_rng([seed, DRAWS])
        sureness = level(len(candidates))
        wrong = {name: errors(several, measures.higher(metric)) for name, several in scores.items()}
        gains = {
            name: beside(name, labels, wrong[name], wrong[BASE], sureness, rng)
            for name in names
            if name != BASE
        }
        judged, asked = [gains[name] for name in candidates], int(labels[-1])
        if settled(judged, gains[plainest], asked, doubtful):
            break
    said = verdict(judged, gains[plainest], asked, doubtful)
    whole = doing.found["full", "", seeds[0]][metric]
    return Trials(labels, scores, gains, candidates, gains[plainest], said, asked, doubtful, whole)


def unsteady(trials: Trials) -> dict[str, float]:
    """How much the plainest strategy falls from round to round and differs by split, in parts of random's."""
    mine, base = (trials.scores[name] for name in (trials.plainest.strategy, BASE))
    fall, spread = falls(base), float(late(trials.labels, base).std())
    own = float(late(trials.labels, mine).std())
    return {
        "falls": falls(mine) / fall if fall > 0 else 1.0,
        "spread": own / spread if spread > 0 else 1.0,
    }


def table(trials: Trials) -> Table:
    """One row a strategy, best first."""
    columns: Table = {}
    for found in sorted(trials.gains.values(), key=lambda each: -each.gain.value):
        saved = found.needs.below(trials.budget)
        row = {
            "strategy": found.strategy,
            "gain": found.gain.value,
            "low": found.gain.low,
            "high": found.gain.high,
            "wins": found.wins,
            "errors": found.cut.value,
            "errors_low": found.cut.low,
            "errors_high": found.cut.high,
            "labels": found.needs.value,
            "labels_low": found.needs.low,
            "labels_high": found.needs.high,
            "saved": saved.value,
            "saved_low": saved.low,
            "saved_high": saved.high,
        }
        for key, cell in row.items():
            columns.setdefault(key, []).append(cell)
    return columns
