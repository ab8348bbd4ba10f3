"""What features and the automatic model are worth: accuracy with few labels, honesty, time.

    python benchmarks/heads.py [FOLDER] [--only trec6,digits] [--seeds 5] [--labels 50,100,200,500]

FOLDER (or ASKLEARN_DATA, or ../shared/data) holds text/*.parquet, image/*.npz and tabular/*.parquet; without it only
scikit-learn's own digits are measured. Three ways from rows to predictions are compared on the same labels:

    plain   LogisticRegression(max_iter=1000) on TF-IDF of words, on pixels / 255, on standardised and one-hot columns
    linear  LogisticRegression(max_iter=1000) on asklearn's features
    auto    asklearn's automatic model on asklearn's features

Each cell: accuracy, log loss, calibration error (10 bins) on at most 2000 test rows, seconds of the processor for the
fit; means over seeds. Labels are drawn at random.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from asklearn import features, models
from asklearn.pool import of

TEXTS = ("trec6", "sst2", "ag_news_7600", "banking77", "hate_offensive")
IMAGES = ("fashion_mnist_13k", "pneumonia_mnist", "gtsrb_43")
TABLES = ("adult", "spambase", "german_credit", "diabetes", "splice", "pendigits", "letter", "ionosphere")


@dataclass
class Problem:
    """Rows as a user has them, in plain numbers and as features; `test` is the official test set if there is one."""

    name: str
    rows: Any
    y: np.ndarray
    plain: Callable[[Any], Any]
    test: np.ndarray | None = None

    def split(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the test rows, and of the others in random order."""
        order = rng.permutation(len(self.y))
        if self.test is None:
            cut = min(2000, len(order) // 3)
            return order[:cut], order[cut:]
        official = np.isin(order, self.test)
        return order[official][:2000], order[~official]


def words(texts: list[str]) -> Any:
    return TfidfVectorizer(sublinear_tf=True).fit_transform(texts)


def pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255


def columns(frame: Any) -> Any:
    numeric = frame.select_dtypes("number").columns
    filled = frame.fillna({name: frame[name].median() for name in numeric})
    others = [name for name in frame.columns if name not in set(numeric)]
    encode = make_column_transformer(
        (StandardScaler(), list(numeric)), (OneHotEncoder(handle_unknown="ignore"), others)
    )
    return encode.fit_transform(filled)


def problems(folder: Path | None) -> Iterator[Problem]:
    digits = load_digits()
    yield Problem("digits", (digits.images * 15.9).astype(np.uint8), digits.target, pixels)
    yield Problem("digits (64 numbers)", digits.data, digits.target, lambda X: X)
    if folder is None:
        return
    import pandas as pd

    for name in TEXTS:
        frame = pd.read_parquet(folder / "text" / f"{name}.parquet")
        test = np.flatnonzero(frame["split"] == "test") if "split" in frame else None
        yield Problem(name, frame["text"].tolist(), frame["label"].to_numpy(), words, test)
    for name in IMAGES:
        stored = np.load(folder / "image" / f"{name}.npz")
        X, y = (np.concatenate([stored[f"{part}_train"], stored[f"{part}_test"]]) for part in "xy")
        yield Problem(name, X, y.ravel(), pixels, np.arange(len(stored["x_train"]), len(X)))
    for name in TABLES:
        frame = pd.read_parquet(folder / "tabular" / f"{name}.parquet").sample(frac=1, random_state=0)[
            :12_000
        ]
        X = frame.drop(columns=["target", "split"], errors="ignore").reset_index(drop=True)
        yield Problem(name, X, frame["target"].astype(str).to_numpy(), columns)


def calibration_error(p: np.ndarray, y: np.ndarray) -> float:
    """Mean gap between how sure and how right, over 10 bins of sureness."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.minimum((sure * 10).astype(int), 9)
    return sum(abs((sure - right)[place == k].sum()) for k in range(10)) / len(y)


def measure(model: Any, X: Any, y: np.ndarray, learn: np.ndarray, test: np.ndarray) -> list[float]:
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # plain regression on raw columns; its result is judged
        models.fit(model, X[learn], y[learn])
    seconds = time.process_time() - began
    p = models.proba(model, X[test], range(y.max() + 1))
    loss = -np.log(np.maximum(p[np.arange(len(test)), y[test]], 1e-6)).mean()
    return [(p.argmax(axis=1) == y[test]).mean(), loss, calibration_error(p, y[test]), seconds]


def compare(problem: Problem, labels: list[int], seeds: int) -> None:
    began = time.process_time()
    seen = features.compute(of(problem.rows))
    seconds = time.process_time() - began
    names, y = np.unique(problem.y, return_inverse=True)
    print(f"\n{problem.name}: {len(y)} rows, {len(names)} classes; {seen.how} in {seconds:.1f} s")
    plain = problem.plain(problem.rows)
    ways = {"plain": (_logistic, plain), "linear": (_logistic, seen.X), "auto": (models.make, seen.X)}
    for way, (make, X) in ways.items():
        cells = []
        for count in labels:
            got = []
            for seed in range(seeds):
                test, others = problem.split(np.random.default_rng(seed))
                if count == 0 or count <= len(others):
                    got.append(measure(make(), X, y, others[:count] if count else others, test))
            cells.append("{:.3f} {:.3f} {:.3f} {:5.2f}s".format(*np.mean(got, axis=0)) if got else " " * 24)
        print(f"  {way:7s}" + "  |  ".join(cells), flush=True)


def _logistic() -> Any:
    return LogisticRegression(max_iter=1000)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=os.environ.get("ASKLEARN_DATA", "../shared/data"))
    parser.add_argument("--only", default="", help="names of data sets, with commas")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labels", default="50,100,200,500", help="numbers of labels; 0 for all")
    asked = parser.parse_args()
    folder = Path(asked.folder)
    if not folder.is_dir():
        print(f"there is no folder {folder}: only scikit-learn's digits are measured")
    labels = [int(count) for count in asked.labels.split(",")]
    print(
        "accuracy, log loss, calibration error, seconds; labels:", ", ".join(str(n or "all") for n in labels)
    )
    for problem in problems(folder if folder.is_dir() else None):
        if not asked.only or problem.name in asked.only.split(","):
            compare(problem, labels, asked.seeds)


if __name__ == "__main__":
    main()
