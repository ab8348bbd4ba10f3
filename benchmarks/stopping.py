"""What each stop rule loses and saves against the best stop in hindsight.

    python -m benchmarks stopping [FOLDER] [--seeds 2] [--budget 400] [--point 40] [--only digits,spambase] [--each]

FOLDER (or ASKLEARN_DATA, or ../shared/data) holds tabular/*.parquet and text/*.minilm.npz; without it only
scikit-learn's own sets are used. Every run is a whole project, asked in batches of 10 up to the budget, a tenth of the
questions drawn at random to measure the model; beside it stands the true accuracy on rows that were kept back. Each
rule then looks at the record as it grew, and stops where it first says so, or at the end.

One point of accuracy is worth `--point` labels: the best stop is the model with the least of labels + point * errors
in points, known only in hindsight. The columns, over all runs:

    fired    runs in which the rule said stop before the end
    labels   labels given in all, and beside the best stop (x 1: as many)
    lost     points of accuracy below the best stop on average, and the most; below 0: better than there
    regret   what the stop cost above the best one, in labels
    saved    labels not given, of those in the budget

Below, for each target: how often it was announced, and how often in vain (the model was not that good).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from asklearn import Answer, Project, classes
from asklearn.errors import NotReady
from asklearn.events import Learned, Measured
from asklearn.stopping import (
    Progress,
    Rule,
    certain,
    expected_error,
    pays,
    stable,
    target,
    unchanged,
    worth,
)

BATCH, AUDIT, SECONDS, ROWS = 10, 0.1, 6.0, 3000
TABLES = ("spambase", "pendigits", "diabetes", "mammography")
TEXTS = ("trec6", "ag_news_7600", "sst2")
TARGETS = (0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Run:
    """One simulated project: its models and measurements as recorded, and how good each model truly was."""

    problem: str
    labels: np.ndarray
    truth: np.ndarray
    models: list[Learned]
    measured: list[list[Measured]]  # all of them, as of each model
    open: np.ndarray

    def progress(self, step: int) -> Progress:
        """What a rule could see when this model was made."""
        labels = int(self.labels[step])
        return Progress(
            labels, SECONDS * labels, int(self.open[step]), self.models[: step + 1], self.measured[step]
        )


def problems(folder: Path | None) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, rows as numbers, labels."""
    for name, load in (("digits", datasets.load_digits), ("breast_cancer", datasets.load_breast_cancer)):
        X, y = load(return_X_y=True)
        yield name, X, y
    X, y = datasets.make_classification(3000, 10, n_informative=6, n_classes=3, flip_y=0.15, random_state=0)
    yield "noisy labels", X, y
    X, y = datasets.make_moons(3000, noise=0.25, random_state=0)
    yield "moons", X, y
    if folder is None:
        return
    import pandas as pd

    for name in TABLES:
        frame = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
        X = frame.drop(columns=["target", "split"], errors="ignore").to_numpy(dtype=float)
        yield name, X, frame["target"].to_numpy()
    for name in TEXTS:
        frame = pd.read_parquet(folder / "text" / f"{name}.parquet")
        stored = np.load(folder / "text" / f"{name}.minilm.npz")
        yield name, stored["emb"].astype(np.float32), frame["label"].to_numpy()[stored["row"]]


def simulate(name: str, X: np.ndarray, y: np.ndarray, seed: int, budget: int, setup: dict[str, str]) -> Run:
    """A project from nothing to the budget; a third of the rows is kept back."""
    order = np.random.default_rng(seed).permutation(len(y))[:ROWS]
    test, rows = order[: len(order) // 3], order[len(order) // 3 :]
    y = y.astype(str)
    task = classes(tuple(np.unique(y[order]).tolist()))
    labels, truth, measured, left = [], [], [], []
    with Project(X[rows], task, audit=AUDIT, batch=BATCH, seed=seed, **setup) as project:
        while project.state.items_labelled < min(budget, len(rows)):
            questions = project.ask(BATCH)
            project.tell([Answer(item=q.item, label=str(y[rows[q.row]])) for q in questions])
            try:
                project.learn()
            except NotReady:  # one class so far
                continue
            labels.append(project.state.items_labelled)
            truth.append(np.mean(np.array(project.predict(X[test])["label"]) == y[test]))
            measured.append(list(project.state.measured))
            left.append(len(rows) - labels[-1])
        return Run(name, np.array(labels), np.array(truth), project.state.models, measured, np.array(left))


def both(*rules: Rule) -> Rule:
    """Stop when all of them say so."""

    def rule(progress: Progress) -> str | None:
        said = [one(progress) for one in rules]
        return "; ".join(map(str, said)) if all(said) else None

    return rule


def either(*rules: Rule) -> Rule:
    """Stop when one of them says so."""
    return lambda progress: next((said for rule in rules if (said := rule(progress))), None)


def rules(point: float) -> dict[str, Rule]:
    """What is compared."""
    named: list[Rule] = [
        stable(),
        stable(0.98),
        unchanged(),
        unchanged(0.0),
        certain(),
        certain(0.05),
        expected_error(),
        expected_error(0.02),
        worth(),
        pays(point=point, per_label=1.0),
    ]
    return {
        **{repr(rule).replace(", metric='accuracy'", ""): rule for rule in named},
        "stable() or worth()": either(stable(), worth()),
        "stable() and worth()": both(stable(), worth()),
        "200 labels": lambda progress: "enough" if progress.labels >= 200 else None,
        "never": lambda progress: None,
    }


def smooth(score: np.ndarray) -> np.ndarray:
    """The median of three neighbours: one lucky model is not the best stop."""
    wide = np.concatenate([score[:1], score, score[-1:]])
    return np.median([wide[:-2], wide[1:-1], wide[2:]], axis=0)


def stop(rule: Callable[[Progress], Any], run: Run) -> int | None:
    """The first model at which the rule says so."""
    return next((step for step in range(len(run.labels)) if rule(run.progress(step))), None)


def judge(rule: Rule, runs: list[Run], point: float) -> str:
    """A row of the table."""
    fired, rows = 0, []
    for run in runs:
        score = smooth(run.truth)
        cost = run.labels + point * 100 * (1 - score)
        best, at = int(cost.argmin()), stop(rule, run)
        fired += at is not None
        at = len(score) - 1 if at is None else at
        lost = 100 * (score[best] - score[at])
        rows.append((run.labels[at], run.labels[at] / run.labels[best], lost, cost[at] - cost[best]))
    labels, ratio, lost, regret = np.array(rows).T
    end = np.array([run.labels[-1] for run in runs])
    return (
        f"{fired:3d}/{len(runs):<3d} {labels.mean():6.0f} x{np.exp(np.log(ratio).mean()):4.2f}"
        f" {lost.mean():7.2f} {lost.max():6.1f} {regret.mean():8.1f} {1 - labels.sum() / end.sum():7.0%}"
    )


def judge_target(value: float, runs: list[Run]) -> str:
    """How often a target was announced, and in vain."""
    stops = [(run, at) for run in runs if (at := stop(target(value), run)) is not None]
    vain = [value - smooth(run.truth)[at] for run, at in stops if smooth(run.truth)[at] < value]
    reached = sum(smooth(run.truth).max() >= value for run in runs)
    worst = f", short by {100 * max(vain):.1f} points at most" if vain else ""
    announced = f"target({value:g}): announced in {len(stops)} of {len(runs)} runs ({reached} got there)"
    return f"{announced}, {len(vain)} in vain{worst}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=os.environ.get("ASKLEARN_DATA", "../shared/data"))
    parser.add_argument("--only", default="", help="names of data sets, with commas")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--budget", type=int, default=400)
    parser.add_argument("--point", type=float, default=40.0, help="labels that a point of accuracy is worth")
    parser.add_argument("--strategy", default="margin")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--each", action="store_true", help="a table for each data set as well")
    asked = parser.parse_args()
    folder = Path(asked.folder)
    runs: list[Run] = []
    for name, X, y in problems(folder if folder.is_dir() else None):
        if not asked.only or name in asked.only.split(","):
            setup = {"strategy": asked.strategy, "model": asked.model}
            runs += [simulate(name, X, y, seed, asked.budget, setup) for seed in range(asked.seeds)]
            ends = ", ".join(f"{run.truth[-1]:.3f}" for run in runs[-asked.seeds :])
            print(f"{name}: accuracy after {runs[-1].labels[-1]} labels {ends}", flush=True)
    groups = {"all": runs}
    if asked.each:
        groups |= {
            name: [run for run in runs if run.problem == name] for name in {r.problem: 0 for r in runs}
        }
    for name, group in groups.items():
        print(f"\n{name}\n{'':58s} fired   labels      lost points  regret   saved")
        for spelt, rule in rules(asked.point).items():
            print(f"{spelt:58s} {judge(rule, group, asked.point)}")
        for value in TARGETS:
            print(judge_target(value, group))


if __name__ == "__main__":
    main()
