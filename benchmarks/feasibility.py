"""What the study says of known data, how often it says the same, and what it costs.

    python -m benchmarks feasibility [FOLDER] [--seeds 3] [--rows 5000] [--only adult,letter] [--model logistic]

FOLDER (or ASKLEARN_DATA, or ../shared/data) holds tabular/*.parquet and text/*.minilm.npz beside text/*.parquet;
without it only scikit-learn's own sets are studied. Every seed studies another random part of at most `--rows` rows
(0: of as many as the study looks at) and other splits of it, by balanced accuracy. The columns:

    verdicts  how often it said so
    wanted    what it should say, where that is known; a * where it said something else
    gain      the best strategy against random from half of the labels on, with its interval, of the first seed
    labels    what it needs to be as good as so many random ones, of the first seed
    cpu       seconds of the processor for one study, on average
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from asklearn import Feasibility, feasibility

TABLES = (
    "adult",
    "diabetes",
    "german_credit",
    "ionosphere",
    "letter",
    "mammography",
    "pendigits",
    "spambase",
    "splice",
)
TEXTS = ("ag_news_7600", "banking77", "hate_offensive", "sst2", "trec6")
# On adult less is saved than labels are in doubt; on letter least confidence loses to random by far.
NOT_YES = frozenset({"no", "unclear"})
WANTED = {
    "adult": NOT_YES,
    "letter": NOT_YES,
    "spambase": frozenset({"yes"}),
    "banking77": frozenset({"yes"}),
    "mammography": frozenset({"yes"}),
}


def problems(folder: Path | None) -> Iterator[tuple[str, Any, np.ndarray]]:
    """(name, rows, labels)"""
    yield "digits", *datasets.load_digits(return_X_y=True)
    yield "breast_cancer", *datasets.load_breast_cancer(return_X_y=True)
    if folder is None or not folder.is_dir():
        return
    import pandas as pd

    for name in TABLES:
        frame = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
        yield name, frame.drop(columns=["target", "split"], errors="ignore"), frame["target"].to_numpy()
    for name in TEXTS:
        kept = np.load(folder / "text" / f"{name}.minilm.npz")
        labels = pd.read_parquet(folder / "text" / f"{name}.parquet", columns=["label"])["label"]
        yield name, kept["emb"].astype(np.float32), labels.to_numpy()[kept["row"]]


def part(X: Any, y: np.ndarray, rows: int, seed: int) -> tuple[Any, np.ndarray]:
    """A random part of at most so many rows; 0 for all."""
    if not rows or len(y) <= rows:
        return X, y
    at = np.random.default_rng(seed).permutation(len(y))[:rows]
    return (X.iloc[at] if hasattr(X, "iloc") else X[at]), y[at]


def line(name: str, found: list[Feasibility], seconds: list[float]) -> str:
    """One data set as a row of the table."""
    counts = Counter(study.verdict for study in found)
    wanted = WANTED.get(name, frozenset())
    odd = "*" if wanted and any(verdict not in wanted for verdict in counts) else ""
    said = ", ".join(f"{verdict} {n}" for verdict, n in counts.most_common())
    first = found[0]
    row = first.table["strategy"].index(first.strategy) if first.strategy != "random" else 0
    gain, low, high = (first.table[key][row] for key in ("gain", "low", "high"))
    labels = f"{first.table['labels'][row]:.0f} of {first.budget}"
    told = f"{gain:+.3f} ({low:+.3f} {high:+.3f})"
    best = first.table["strategy"][row]
    return (
        f"{name:<15} {said + odd:<22} {' or '.join(sorted(wanted)):<14} {best:<15} {told:<24} "
        f"{labels:<11} {np.mean(seconds):5.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    given = os.environ.get("ASKLEARN_DATA", "../shared/data")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(given))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--only", default="")
    parser.add_argument("--model", default="logistic")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # rare classes and few labels are what is studied here
    only = set(filter(None, options.only.split(",")))
    print(f"{'':<15} {'verdicts':<22} {'wanted':<14} {'best':<15} {'gain':<24} {'labels':<11}   cpu")
    for name, X, y in problems(options.folder):
        if only and name not in only:
            continue
        found, seconds = [], []
        for seed in range(options.seeds):
            rows, labels = part(X, y, options.rows, seed)
            began = time.process_time()
            found.append(feasibility(rows, labels, model=options.model, seed=seed))
            seconds.append(time.process_time() - began)
        print(line(name, found, seconds), flush=True)


if __name__ == "__main__":
    main()
