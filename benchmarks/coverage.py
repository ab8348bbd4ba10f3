"""How often each interval holds the truth, over simulated projects.

    python -m benchmarks coverage [--projects 1000] [--seed 0]

Every project is played out: normally distributed classes (2, 3 or 6 of them, more or less apart, some rare), a pool of
1,200 rows, a logistic regression, questions chosen by margin or at random in batches of 20, a fifth to two thirds of
them drawn at random to measure the model. The truth is the serving model's quality on 20,000 fresh rows. Of each
interval: how many projects had one, how many of these hold the truth, the mean width.

    audit      Project.estimate(): the mended Wilson interval of the audit items
    exact      of the same items, Clopper and Pearson 1934
    normal     p +- 1.96 sqrt(p (1 - p) / n), the textbook's
    assisted   Project.estimate(method="assisted"): with the predictions of the pool

and of other metrics; then the same by how many audit items there were. Last, LURE: items drawn from a pool by chances
that follow how unsure a fixed model is, mixed with a uniform share, 1,000 pools; beside it their plain mean.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from asklearn import Answer, Estimate, Project, classes
from asklearn.errors import NotReady
from asklearn.estimate import Z95, lure

POOL, FRESH, BATCH, COLUMNS = 1200, 20_000, 20, 6
NAMES = "abcdef"
SIZES = ((0, 50), (50, 100), (100, 150), (150, 1000))  # audit items


@dataclass(frozen=True)
class Setup:
    """What differs from project to project."""

    classes: int
    apart: float
    rare: float
    strategy: str
    audit: float
    labels: int


def setup(rng: np.random.Generator) -> Setup:
    """Drawn at random."""
    return Setup(
        classes=int(rng.choice([2, 3, 6])),
        apart=float(rng.uniform(0.5, 1.8)),
        rare=float(rng.choice([1.0, 0.4])),
        strategy=str(rng.choice(["margin", "margin", "random"])),
        audit=float(rng.choice([0.2, 0.4, 0.65])),
        labels=int(rng.choice([80, 160, 320])),
    )


def rows(how: Setup, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The pool and, after it, the fresh rows."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(how.classes, COLUMNS)) * how.apart
    share = np.r_[how.rare, np.ones(how.classes - 1)]
    y = rng.choice(how.classes, POOL + FRESH, p=share / share.sum())
    return middles[y] + rng.normal(size=(len(y), COLUMNS)), np.array(list(NAMES))[y]


def play(how: Setup, seed: int) -> dict[str, tuple[Estimate, float]] | None:
    """name -> (estimate, truth) of one project, None where no model could be made."""
    X, y = rows(how, seed)
    names = tuple(NAMES[: how.classes])
    with Project(
        X[:POOL], classes(names), LogisticRegression(max_iter=1000), how.strategy, audit=how.audit, seed=seed
    ) as it:
        while it.state.items_labelled < how.labels:
            it.tell([Answer(item=q.item, label=str(y[q.row])) for q in it.ask(BATCH)])
            try:
                it.learn()
            except NotReady:
                continue
        try:
            guess, truth = np.array(it.predict(X[POOL:])["label"]), y[POOL:]
            found = {"audit": it.estimate(), "assisted": it.estimate(method="assisted")}
        except NotReady:
            return None
        right = float(np.mean(guess == truth))
        told = {name: (one, right) for name, one in found.items()}
        for metric, value in (
            ("balanced_accuracy", balanced_accuracy_score(truth, guess)),
            ("f1_macro", f1_score(truth, guess, average="macro")),
            ("recall:a", recall_score(truth, guess, labels=["a"], average="micro")),
        ):
            try:
                told[metric] = it.estimate(metric), float(value)
            except NotReady:
                continue
    alone = found["audit"]
    x, n, p = round(alone.value * alone.n), alone.n, alone.value
    exact = binomtest(x, n).proportion_ci(method="exact")
    half = Z95 * sqrt(p * (1 - p) / n)
    told["exact"] = Estimate(p, exact.low, exact.high, n), right
    told["normal"] = Estimate(p, p - half, p + half, n), right
    return told


def row(name: str, found: list[tuple[Estimate, float]]) -> str:
    """A line of the first table."""
    return f"{name:20s} {len(found):8d} {holds(found):8.1%} {width(found):8.4f}"


def cell(found: list[tuple[Estimate, float]]) -> str:
    """A cell of the second: share that holds, mean width."""
    return f"{holds(found):12.1%} {width(found):7.4f}" if found else f"{'-':>20s}"


def holds(found: list[tuple[Estimate, float]]) -> float:
    return float(np.mean([one.low <= truth <= one.high for one, truth in found]))


def width(found: list[tuple[Estimate, float]]) -> float:
    return float(np.mean([one.high - one.low for one, _ in found]))


def drawn(seed: int, size: int = 1500, draws: int = 200) -> tuple[float, float, float, float]:
    """LURE's estimate and error, the plain mean, the truth: one pool, one sample by chance."""
    rng = np.random.default_rng(seed)
    sure = 0.5 + 0.5 * rng.beta(1, 0.4, size)
    right = rng.random(size) < sure
    appeal = 0.5 * (1 - sure) / (1 - sure).sum() + 0.5 / size
    order = np.argsort(-(np.log(appeal) + rng.gumbel(size=size)))[:draws]
    left = appeal.sum() - np.cumsum(appeal[order]) + appeal[order]
    return *lure(right[order], appeal[order] / left, size), float(right[order].mean()), float(right.mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.process_time()
    every: dict[str, list[tuple[Estimate, float]]] = defaultdict(list)
    by_size: dict[tuple[str, tuple[int, int]], list[tuple[Estimate, float]]] = defaultdict(list)
    for project in range(asked.projects):
        rng = np.random.default_rng([asked.seed, project])
        told = play(setup(rng), int(rng.integers(2**31))) or {}
        for name, one in told.items():
            every[name].append(one)
            size = next(size for size in SIZES if size[0] <= told["audit"][0].n < size[1])
            by_size[name, size].append(one)
    print(f"{'':20s} projects    holds    width")
    for name, found in sorted(every.items()):
        print(row(name, found))
    print(
        "\n" + " " * 20 + "".join(f"{f'{low} to {high - 1}':>20s}" for low, high in SIZES) + "  audit items"
    )
    for name in sorted(every):
        print(f"{name:20s}" + "".join(cell(by_size[name, size]) for size in SIZES))
    value, error, plain, truth = np.array([drawn(seed) for seed in range(1000)]).T
    held = np.mean(np.abs(value - truth) <= Z95 * error)
    print(
        f"\nLURE: {held:.1%} hold, width {2 * Z95 * error.mean():.4f}, off by {value.mean() - truth.mean():+.4f} on "
        f"average (the plain mean of the same items: {plain.mean() - truth.mean():+.4f})"
    )
    print(f"{time.process_time() - began:.0f} s of the processor")


if __name__ == "__main__":
    main()
