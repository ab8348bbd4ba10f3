"""How many labels each strategy needs, on many data sets: ours, and those of other libraries, same model, same splits.

    python -m benchmarks efficiency [FOLDER] [--seeds 20] [--models linear,forest] [--only digits,splice] [--jobs 2]
                                    [--strategies auto,margin] [--peers] [--out docs/efficiency.md]

FOLDER (or ASKLEARN_DATA, or ../shared/data) holds tabular/, text/ and image/; without it scikit-learn's own sets and
made ones are used. At most 3,000 rows of a set, half of them the pool; runs begin with no label and ask 20 times,
up to 40 labels a class and 500 in all. Runs are kept in build/efficiency and never made twice.

The model svm stands for the protocol of Lu et al. (2023): a support vector machine, 20 labels drawn at random, then one
at a time until the pool is empty, four tenths of at most 1,000 rows held out, on its sets that are at hand.

    points   points of the metric above random, mean of the whole curve
    gain     share of the way from random (0) to a model that learned from the whole pool (1), areas under the curve
             over labels; a difference is divided by no less than 0.02
    better   sets on which the gain is above 0;   worse: sets on which it is below 0 by more than one standard error
    rank     mean rank over sets (1 is best)
    fewer    how many times fewer labels than random to 95 % of the full quality, geometric mean over those sets (how
             many) on which one of the two got there within the budget; where only the strategy did, random goes on
             until it does too, and where only random did, the strategy counts as there at the end
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.study import judge
from asklearn.study.compare import on_grid
from asklearn.study.known import Known
from asklearn.study.simulate import Setup, full, run
from benchmarks import _peers

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "efficiency"
ROWS, PER_CLASS, MOST, ROUNDS = 3000, 40, 500, 20
ONE_BY_ONE = (
    "breast_cancer", "ionosphere", "diabetes", "german_credit", "splice", "spambase", "banana", "ring", "twonorm"
)  # fmt: skip
LEAST_ROOM = 0.02
ONWARD = 1.15  # where random goes on past the budget it learns anew at so many times the labels of before
METRICS = ("accuracy", "balanced_accuracy")
OURS = (
    "auto",
    "margin",
    "uherding_local",
    "uherding",
    "uherding_closest",
    "max_herding",
    "typiclust",
    "badge",
    "cluster_margin",
)
PEERS = (
    "scikit-activeml/UncertaintySampling margin",
    "scikit-activeml/Badge",
    "scikit-activeml/TypiClust",
    "scikit-activeml/MaxHerding",
    "scikit-activeml/CoreSet",
    "scikit-activeml/Clue",
    "small-text/BreakingTies",
    "small-text/EmbeddingKMeans",
    "small-text/GreedyCoreset",
)
TABLES = (
    "adult", "spambase", "letter", "splice", "german_credit", "pendigits", "ionosphere", "diabetes", "mammography"
)  # fmt: skip
TEXTS = ("ag_news_7600", "banking77", "hate_offensive", "sst2", "trec6")
IMAGES = {"fashion": "fashion_mnist_13k", "gtsrb": "gtsrb_43", "pneumonia": "pneumonia_mnist"}


# --- data ----------------------------------------------------------------------------------------------------------


def sets(folder: Path | None) -> dict[str, Callable[[], tuple[Any, np.ndarray]]]:
    """Name -> what loads rows and labels."""
    found: dict[str, Callable[[], tuple[Any, np.ndarray]]] = {
        name: (lambda name=name: _bundled(name)) for name in ("digits", "breast_cancer", "wine")
    }
    found |= {"ring": _ring, "twonorm": _twonorm, "banana": _banana}
    found |= {"copies": _copies, "outliers": _outliers}
    if folder is not None:
        found |= {name: (lambda name=name: _table(folder, name)) for name in TABLES}
        found |= {name: (lambda name=name: _text(folder, name)) for name in TEXTS}
        found |= {name: (lambda file=file: _image(folder, file)) for name, file in IMAGES.items()}
    return found


def _bundled(name: str) -> tuple[Any, np.ndarray]:
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9), y


def _ring() -> tuple[Any, np.ndarray]:
    """A dense class within a wide one (ringnorm, Breiman 1996, without its shift)."""
    rng = np.random.default_rng(0)
    y = rng.random(ROWS) < 0.5
    return rng.normal(size=(ROWS, 20)) * np.where(y, 2.0, 1.0)[:, None], y


def _twonorm() -> tuple[Any, np.ndarray]:
    """Two normal classes (Breiman 1996)."""
    rng = np.random.default_rng(0)
    y = rng.random(ROWS) < 0.5
    return rng.normal(size=(ROWS, 20)) + np.where(y, 1, -1)[:, None] * 2 / np.sqrt(20), y


def _banana() -> tuple[Any, np.ndarray]:
    """Two bent classes."""
    rng = np.random.default_rng(0)
    y = rng.random(ROWS) < 0.5
    angle = rng.random(ROWS) * np.pi + np.where(y, np.pi, 0)
    middle = np.where(y, 2.0, 0.0)
    X = np.c_[np.cos(angle) * 3 + middle, np.sin(angle) * 3 + middle / 2]
    return X + rng.normal(size=X.shape) * 0.7, y


def _copies() -> tuple[Any, np.ndarray]:
    """600 digits, five times each."""
    X, y = _bundled("digits")
    return np.repeat(X[:600], 5, axis=0), np.repeat(y[:600], 5)


def _outliers() -> tuple[Any, np.ndarray]:
    """Digits, of which one in twenty is far away and has any label."""
    X, y = _bundled("digits")
    rng = np.random.default_rng(0)
    odd = rng.random(len(y)) < 0.05
    X[odd] = rng.normal(size=(odd.sum(), X.shape[1])) * 5
    return X, np.where(odd, rng.permutation(y), y)


def _table(folder: Path, name: str) -> tuple[Any, np.ndarray]:
    import pandas as pd

    frame = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
    return frame.drop(columns=["target", "split"], errors="ignore"), frame["target"].to_numpy()


def _text(folder: Path, name: str) -> tuple[Any, np.ndarray]:
    import pandas as pd

    stored = np.load(folder / "text" / f"{name}.minilm.npz")
    labels = pd.read_parquet(folder / "text" / f"{name}.parquet")["label"].to_numpy()
    return stored["emb"].astype(np.float32), labels[stored["row"]]


def _image(folder: Path, file: str) -> tuple[Any, np.ndarray]:
    stored = np.load(folder / "image" / f"{file}.npz")
    return stored["x_train"], stored["y_train"].ravel()


def known(load: Callable[[], tuple[Any, np.ndarray]], model: str) -> tuple[Known, Setup]:
    """Rows made ready, and how every run on them is made."""
    one = model == "svm"
    X, y = load()
    rows = np.random.default_rng(0).permutation(len(y))[: 1000 if one else ROWS]
    X = X.iloc[rows].reset_index(drop=True) if hasattr(X, "iloc") else X[rows]
    y = np.asarray(y)[rows].astype(str)
    ready = Known(X, y, 0.4 if one else 0.5)
    spec = f"{__spec__.name}:{model}"
    if one:
        return ready, Setup(spec, 20, 1, len(y), METRICS)
    budget = min(MOST, PER_CLASS * len(ready.task.labels), len(y) // 4)
    return ready, Setup(spec, 0, -(-budget // ROUNDS), budget, METRICS)


# --- models --------------------------------------------------------------------------------------------------------


def linear() -> Any:
    """Logistic regression on columns of the same spread."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    return make_pipeline(MaxAbsScaler(), StandardScaler(with_mean=False), LogisticRegression(max_iter=300))


def forest() -> Any:
    """Fifty trees."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(50, random_state=0)


def svm() -> Any:
    """A support vector machine with a radial kernel."""
    from sklearn.svm import SVC

    from asklearn.models.calibrated import Calibrated

    return Calibrated(SVC())


# --- runs ----------------------------------------------------------------------------------------------------------


def strategy(name: str) -> Any:
    """One of ours, or of a peer where its library is installed."""
    library, _, word = name.partition("/")
    if not word:
        return name
    from benchmarks import conformance

    return getattr(conformance, library.replace("-", "_"))()[word]


def lines(file: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """(strategy, seed) -> what was kept; a line cut off in the middle is none."""
    found = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        found[told["strategy"], told["seed"]] = told
    return found


def work(model: str, name: str, folder: Path | None, seeds: int, wanted: Sequence[str], file: Path) -> None:
    """Make the runs of one model on one set that are not kept yet."""
    done = lines(file)
    todo = [(s, seed) for seed in range(seeds) for s in wanted if (s, seed) not in done]
    if not todo:
        return
    ready, setup = known(sets(folder)[name], model)
    with file.open("a") as out:
        for wish, seed in todo:
            told: dict[str, Any] = {"strategy": wish, "seed": seed}
            if wish == "full":
                told |= full(ready, setup, seed)
            elif wish == "onward":
                told |= onward(ready, setup, seed)
            else:
                curve = run(ready, strategy(wish), setup, seed)
                told |= {"labels": curve.labels.tolist(), "choose": curve.seconds["choose"]}
                told |= {metric: np.round(curve.scores[metric], 5).tolist() for metric in METRICS}
            print(json.dumps(told), file=out, flush=True)


def onward(ready: Known, setup: Setup, seed: int) -> dict[str, list[float]]:
    """The curve of random questions past the budget, up to the whole pool."""
    pool = len(ready.sides(seed).pool.ids)
    steps = int(np.log(pool / setup.budget) / np.log(ONWARD))
    sizes = sorted({*(round(setup.budget * ONWARD**step) for step in range(1, steps + 1)), pool})
    told: dict[str, list[float]] = {"labels": [], **{metric: [] for metric in METRICS}}
    for size in sizes:
        end = run(ready, "random", Setup(setup.model, size, 1, size, METRICS), seed)
        told["labels"].append(size)
        for metric in METRICS:
            told[metric].append(round(float(end.scores[metric][-1]), 5))
    return told


# --- tables --------------------------------------------------------------------------------------------------------


class Results:
    """All runs of a model on a set, on one grid."""

    def __init__(self, files: Sequence[Path], metric: str, seeds: int) -> None:
        kept = {key: told for file in files for key, told in lines(file).items()}
        self.seeds = [s for s in range(seeds) if ("full", s) in kept and ("random", s) in kept]
        names = {name for name, _ in kept} - {"full", "onward"}
        self.names = [n for n in names if all((n, s) in kept for s in self.seeds)]
        self.full = np.array([kept["full", s][metric] for s in self.seeds])
        every = [kept[n, s] for n in self.names for s in self.seeds]
        self.grid = np.unique(np.concatenate([r["labels"] for r in every])) if every else np.empty(0)
        self.grid = self.grid[self.grid >= max(r["labels"][0] for r in every)] if every else self.grid
        self.curves = {
            n: np.array(
                [
                    on_grid(self.grid, np.array(kept[n, s]["labels"]), np.array(kept[n, s][metric]))
                    for s in self.seeds
                ]
            )
            for n in self.names
        }
        further = [kept["onward", s] for s in self.seeds if ("onward", s) in kept]
        whole = len(further) == len(self.seeds) > 0
        self.further = (
            np.array(further[0]["labels"]) if whole else np.empty(0),
            np.mean([told[metric] for told in further], axis=0) if whole else np.empty(0),
        )
        self.seconds = {n: np.mean([kept[n, s]["choose"] for s in self.seeds]) for n in self.names}

    def points(self, name: str) -> float:
        """Points of the metric above random, mean of the whole curve."""
        ours, random = (self.curves[n].mean() for n in (name, "random"))
        return 100 * float(ours - random)

    def gain(self, name: str) -> tuple[float, float]:
        """Normalised area above random, and its standard error."""
        lead = judge.area(self.grid, self.curves[name]) - judge.area(self.grid, self.curves["random"])
        room = max(self.full.mean() - judge.area(self.grid, self.curves["random"]).mean(), LEAST_ROOM)
        error = lead.std(ddof=1) / np.sqrt(len(lead)) if len(lead) > 1 else 0.0
        return float(lead.mean() / room), float(error / room)

    def fewer(self, name: str) -> float | None:
        """Labels of random over ours to 95 % of the full quality, None where neither gets there within the budget."""
        last = float(self.grid[-1])
        mine, theirs = (self._there(self.grid, self.curves[n].mean(axis=0)) for n in (name, "random"))
        if min(mine, theirs) > last:
            return None
        if theirs > last:
            end = self.curves["random"].mean(axis=0)[-1]
            labels, scores = np.append(last, self.further[0]), np.append(end, self.further[1])
            theirs = min(self._there(labels, scores), labels[-1])
        return theirs / min(mine, last)

    def _there(self, labels: np.ndarray, scores: np.ndarray) -> float:
        goal = judge.goals(self.full.mean(keepdims=True), 0.95)
        return float(judge.crossing(labels, scores[None], goal)[0])


def table(found: dict[str, Results], names: Sequence[str]) -> Iterator[str]:
    """Markdown: a row a strategy, best mean rank first."""
    gains = np.array([[r.gain(n) for n in names] for r in found.values()])
    placed = judge.ranks(names, gains[:, :, 0])
    order = np.argsort(placed.ranks)
    yield "| strategy | rank | points | mean gain | worst gain | better | worse | fewer labels | seconds a run |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for i in order:
        g, e = gains[:, i, 0], gains[:, i, 1]
        times = [np.log(times) for r in found.values() if (times := r.fewer(names[i])) is not None]
        fewer = np.exp(np.mean(times)) if times else np.nan
        seconds = np.mean([r.seconds[names[i]] for r in found.values()])
        points = np.mean([r.points(names[i]) for r in found.values()])
        worse = int(((g < 0) & (g < -e)).sum())
        yield (
            f"| {names[i]} | {placed.ranks[i]:.2f} | {points:+.2f} | {g.mean():+.3f} | {g.min():+.3f} "
            f"| {(g > 0).sum()} of {len(g)} | {worse} | {fewer:.2f} x ({len(times)}) | {seconds:.2f} |"
        )
    yield ""
    yield (
        f"Critical difference of mean ranks (Nemenyi, 95 %): {placed.difference:.2f}; "
        f"seeds: {min(len(r.seeds) for r in found.values())}."
    )


def by_set(found: dict[str, Results], name: str) -> Iterator[str]:
    """Markdown: a row a set, for one strategy."""
    yield f"| set | random | {name} | whole pool | points | gain | fewer labels |"
    yield "|---|---|---|---|---|---|---|"
    for each, r in found.items():
        gain, error = r.gain(name)
        low, high = (float(judge.area(r.grid, r.curves[n]).mean()) for n in ("random", name))
        yield (
            f"| {each} | {low:.3f} | {high:.3f} | {r.full.mean():.3f} | {r.points(name):+.2f} "
            f"| {gain:+.2f} ± {error:.2f} | {'-' if (times := r.fewer(name)) is None else f'{times:.2f} x'} |"
        )


def pages(models: Sequence[str], names: Sequence[str], seeds: int) -> Iterator[str]:
    """All tables."""
    for model in models:
        for metric in METRICS:
            found = {n: Results(sorted((KEPT / model).glob(f"{n}.*jsonl")), metric, seeds) for n in names}
            found = {n: r for n, r in found.items() if r.seeds}
            if not found:
                continue
            common = set.intersection(*(set(r.names) for r in found.values()))
            yield f"## {model}, {metric.replace('_', ' ')}, {len(found)} sets\n"
            yield from table(found, sorted(common))
            yield ""
            if "auto" in common:
                yield from by_set(found, "auto")
                yield ""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--models", default="linear,forest")
    parser.add_argument("--only", default="")
    parser.add_argument("--strategies", default=",".join(OURS))
    parser.add_argument("--peers", action="store_true", help="also those of other libraries, in build/peers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    default = Path(os.environ.get("ASKLEARN_DATA", ROOT.parent / "shared" / "data"))
    folder = given.folder or (default if default.is_dir() else None)
    strategies = [s for s in given.strategies.split(",") if s]
    if given.work:
        model, name = given.work
        theirs = any("/" in s for s in strategies)
        file = KEPT / model / f"{name}.{'peers.' if theirs else ''}jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        work(model, name, folder, given.seeds, strategies, file)
        return 0
    names = [n for n in sets(folder) if not given.only or n in given.only.split(",")]
    models = given.models.split(",")

    def start(job: tuple[bool, str, str]) -> int:
        peers, model, name = job
        further = ("onward",) if model != "svm" else ()
        told = ",".join(PEERS if peers else ("full", "random", *further, *strategies))
        options = ["--work", model, name, "--seeds", str(given.seeds), "--strategies", told]
        words = [*([str(folder)] if folder else []), *options]
        if peers:
            ended = _peers.run_there("benchmarks.efficiency", *words).returncode
        else:
            ended = subprocess.run(
                [sys.executable, "-m", "benchmarks.efficiency", *words], cwd=ROOT
            ).returncode
        print(
            f"{model} {name}{' (peers)' if peers else ''}: {'done' if ended == 0 else f'failed ({ended})'}",
            flush=True,
        )
        return ended

    jobs = [
        (p, m, n)
        for p in ((False, True) if given.peers else (False,))
        for m in models
        for n in names
        if m != "svm" or n in ONE_BY_ONE
    ]
    with ThreadPoolExecutor(given.jobs) as threads:
        failed = any(list(threads.map(start, jobs)))
    text = "\n".join(pages(models, names, given.seeds))
    print(text)
    if given.out:
        given.out.write_text(text + "\n", "utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
