"""What simulating costs beside the model's own fits and predictions, and how long a run on digits takes.

    python benchmarks/simulation.py [--rows 10000] [--budget 300]

Overhead is processor time that is neither the estimator's nor the strategy's, as a share of the estimator's; what is
done once for all seeds (features) is told apart. The model: LogisticRegression(max_iter=2000).
"""

from __future__ import annotations

import argparse
import time
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression

from asklearn.study import simulate as simulation
from asklearn.study.known import Known
from asklearn.study.simulate import Setup, run


class Timed(ClassifierMixin, BaseEstimator):
    """An estimator that adds up the processor time it takes."""

    spent: ClassVar[list[float]] = [0.0]

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def fit(self, X: Any, y: Any) -> Self:
        began = time.process_time()
        self.fitted_ = self.inner.fit(X, y)
        self.classes_ = self.fitted_.classes_
        self.spent[0] += time.process_time() - began
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        began = time.process_time()
        proba: np.ndarray = self.fitted_.predict_proba(X)
        self.spent[0] += time.process_time() - began
        return proba


def overhead(known: Known, strategy: str, budget: int) -> tuple[float, float, float]:
    """(share, seconds of the estimator, seconds of the choices) of one run; processor time."""
    choosing = 0.0
    choose = simulation.choose

    def timed(*given: Any) -> Any:
        nonlocal choosing
        began = time.process_time()
        found = choose(*given)
        choosing += time.process_time() - began
        return found

    simulation.choose = timed
    Timed.spent[0] = 0.0
    began = time.process_time()
    try:
        run(known, strategy, Setup(Timed(LogisticRegression(max_iter=2000)), budget=budget), 0)
    finally:
        simulation.choose = choose
    whole, model = time.process_time() - began, Timed.spent[0]
    return (whole - model - choosing) / model, model, choosing


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000, help="rows of the pool")
    options.add_argument("--budget", type=int, default=300, help="labels, ten a round")
    given = options.parse_args()
    rows = round(given.rows / 0.7)
    X, y = make_classification(rows, 40, n_informative=15, n_classes=5, random_state=0)
    began = time.process_time()
    known = Known(X.astype(np.float32), y)
    known.sides(0)
    print(
        f"{given.rows:,} rows, 40 columns: {time.process_time() - began:.2f} s for features and the first split"
    )
    for strategy in ("random", "margin", "mix(margin, share=0.1)"):
        share, model, choosing = min(overhead(known, strategy, given.budget) for _ in range(3))
        print(f"{strategy:<24} overhead {share:5.1%} of {model:.2f} s of the model; choices {choosing:.2f} s")
    X, y = load_digits(return_X_y=True)
    for model, name in ((LogisticRegression(max_iter=2000), "logistic"), ("auto", "auto")):
        for strategy in ("margin", "auto"):
            began = time.perf_counter()
            run(Known(X / 16, y), strategy, Setup(model, budget=500), 0)
            print(f"digits to 500 labels, model {name}, {strategy}: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
