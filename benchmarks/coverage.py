"""How often each interval holds the truth, over simulated projects.

    python -m benchmarks coverage [--projects 1000] [--audits 1000] [--seed 0]
    python -m benchmarks coverage --projects 0        numbers alone, some minutes

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

Then numbers: of each law that errors may follow and each number of audit items, 1,000 audits are drawn; how many of the
intervals of mae, rmse and r2 hold the truth, and their median width as a share of it (of r2, as it is; three quarters
of the spread of answers are explained, which are normal, or lognormal 0.5). Beside them Student's interval:
mean +- t sd / sqrt(n) of the errors, of the squares, and for r2 the delta method. Last, as many projects: a pool of 600
rows, ridge regression, a share drawn at random; answers are a sum of the columns with normal noise, or its exponential,
as prices are, whose errors are the larger the dearer.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, pi, sqrt

import numpy as np
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from asklearn import Answer, Estimate, Project, classes, number
from asklearn.errors import NotReady
from asklearn.estimate import Z95, lure
from asklearn.measures import mae, r2, rmse
from asklearn.tails import student

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


# -- numbers --------------------------------------------------------------------------------------------------------

AUDITS = (10, 15, 20, 30, 50, 100, 300)  # items
UNEXPLAINED = 0.25  # of the spread of answers, where r2 is measured


@dataclass(frozen=True)
class Law:
    """How large errors are: drawn (n,), with their mean and the mean of their squares."""

    draw: Callable[[np.random.Generator, int], np.ndarray]
    mean: float
    square: float


def lognormal(sigma: float) -> Law:
    return Law(lambda rng, n: rng.lognormal(0, sigma, n), exp(sigma**2 / 2), exp(2 * sigma**2))


def among_zeros(share: float) -> Law:
    """A share of exponential errors, all else exact."""
    return Law(lambda rng, n: rng.exponential(size=n) * (rng.random(n) < share), share, 2 * share)


LAWS = {
    "normal": Law(lambda rng, n: abs(rng.normal(size=n)), sqrt(2 / pi), 1.0),
    "uniform": Law(lambda rng, n: rng.random(n), 1 / 2, 1 / 3),
    "exponential": Law(lambda rng, n: rng.exponential(size=n), 1.0, 2.0),
    "lognormal 0.5": lognormal(0.5),
    "lognormal 1": lognormal(1.0),
    "Student's t, 3": Law(lambda rng, n: abs(rng.standard_t(3, n)), 2 * sqrt(3) / pi, 3.0),
    "half are 0": among_zeros(0.5),
    "4 in 5 are 0": among_zeros(0.2),
    "1 in 20 is 5 x": Law(
        lambda rng, n: abs(rng.normal(size=n)) * np.where(rng.random(n) < 0.05, 5, 1),
        1.2 * sqrt(2 / pi),
        0.95 + 0.05 * 25,
    ),
    "0, 1 or 2": Law(lambda rng, n: rng.choice(3, n, p=[0.6, 0.3, 0.1]).astype(float), 0.5, 0.7),
}


def audited(law: Law, n: int, rng: np.random.Generator) -> dict[str, tuple[Estimate, float]]:
    """name -> (estimate, truth) of one audit; what is not told yet is left out."""
    e = law.draw(rng, n)
    signed = sqrt(UNEXPLAINED / law.square) * e * rng.choice([-1, 1], n)
    z = rng.normal(size=n)
    skewed = np.exp(z / 2) / sqrt(exp(1 / 4) * (exp(1 / 4) - 1))  # of variance 1
    told: dict[str, tuple[Estimate, float]] = {}
    for name, measure, errors, truth, value in (
        ("mae", mae, e, np.zeros(n), law.mean),
        ("rmse", rmse, e, np.zeros(n), sqrt(law.square)),
        ("r2", r2, signed, z, 1 - UNEXPLAINED),
        ("r2, skewed answers", r2, signed, skewed, 1 - UNEXPLAINED),
    ):
        try:
            one = measure(truth + errors, truth)
        except NotReady:
            continue
        told[name] = one, value
        told[f"{name}, Student"] = textbook(one, errors, truth), value
    return told


def textbook(found: Estimate, errors: np.ndarray, y: np.ndarray) -> Estimate:
    """Student's interval of the same items."""
    n, e = len(errors), abs(errors) if found.metric == "mae" else errors**2
    middle, moves = float(e.mean()), e
    if found.metric == "r2":
        c = (y - y.mean()) ** 2
        middle = 1 - found.value
        moves = (e - middle * c) / c.mean()
    half = student(n) * float(moves.std(ddof=1)) / sqrt(n)
    low, high = middle - half, middle + half
    if found.metric == "rmse":
        low, high = sqrt(max(low, 0.0)), sqrt(high)
    if found.metric == "r2":
        low, high = 1 - high, 1 - low
    return Estimate(found.value, low, high, n, found.metric)


def valued(prices: bool, seed: int) -> dict[str, tuple[Estimate, float]]:
    """metric -> (estimate, truth) of one project; what is not told yet is left out."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(600 + FRESH, 4))
    y = X @ rng.normal(0, 0.4, 4) + 0.4 * rng.normal(size=len(X))
    y = np.exp(y) if prices else y
    told: dict[str, tuple[Estimate, float]] = {}
    with Project(X[:600], number(), Ridge(), "random", audit=0.4, seed=seed) as it:
        while it.state.items_labelled < 80:
            it.tell([Answer(item=q.item, label=float(y[q.row])) for q in it.ask(BATCH)])
        it.learn()
        errors = np.array(it.predict(X[600:])["label"]) - y[600:]
        square = float(np.mean(errors**2))
        truths = {
            "mae": float(abs(errors).mean()),
            "rmse": sqrt(square),
            "r2": 1 - square / float(y[600:].var()),
        }
        for metric, truth in truths.items():
            try:
                told[metric] = it.estimate(metric), truth
            except NotReady:
                continue
    return told


def numbers(audits: int, seed: int) -> None:
    """Prints a table for each metric, laws by numbers of items, and one of projects."""
    every: dict[tuple[str, str, int], list[tuple[Estimate, float]]] = defaultdict(list)
    for at, (name, law) in enumerate(LAWS.items()):
        for n in AUDITS:
            rng = np.random.default_rng([seed, at, n])
            for _ in range(audits):
                for metric, one in audited(law, n, rng).items():
                    every[metric, name, n].append(one)
    for metric in ("mae", "rmse", "r2", "r2, skewed answers"):
        print(f"\n{metric:22s}" + "".join(f"{n:>13d}" for n in AUDITS) + "  audit items")
        for name in LAWS:
            for kind, title in ((metric, name), (f"{metric}, Student", "    Student")):
                cells = (every[kind, name, n] for n in AUDITS)
                print(f"{title:22s}" + "".join(narrow(found) for found in cells))
    print(f"\n{'projects':22s}" + "".join(f"{metric:>13s}" for metric in ("mae", "rmse", "r2")))
    for prices, name in ((False, "normal noise"), (True, "prices")):
        played = [
            valued(prices, int(np.random.default_rng([seed, at]).integers(2**31))) for at in range(audits)
        ]
        cells = ([one[metric] for one in played if metric in one] for metric in ("mae", "rmse", "r2"))
        print(f"{name:22s}" + "".join(narrow(found) for found in cells))


def narrow(found: list[tuple[Estimate, float]]) -> str:
    """Share that holds, median width: of errors as a share of the truth."""
    if not found:
        return f"{'-':>13s}"
    middle = np.median([(one.high - one.low) / (1 if one.metric == "r2" else truth) for one, truth in found])
    return f"{holds(found):7.1%} {middle:5.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--audits", type=int, default=1000, help="of numbers, by law and size")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.process_time()
    if asked.projects:
        classified(asked.projects, asked.seed)
    if asked.audits:
        numbers(asked.audits, asked.seed)
    print(f"{time.process_time() - began:.0f} s of the processor")


def classified(projects: int, seed: int) -> None:
    """Prints the tables of classes, and LURE."""
    every: dict[str, list[tuple[Estimate, float]]] = defaultdict(list)
    by_size: dict[tuple[str, tuple[int, int]], list[tuple[Estimate, float]]] = defaultdict(list)
    for project in range(projects):
        rng = np.random.default_rng([seed, project])
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


if __name__ == "__main__":
    main()
