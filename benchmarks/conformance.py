"""Who keeps to the rules of `asklearn.check_strategy`: other libraries' strategies, and ours beside them.

    python -m benchmarks.conformance                      everything
    python -m benchmarks.conformance --only modAL         lines with this word
    python -m benchmarks.conformance --why                also what was seen where a rule was broken

Each strategy of a peer runs in a process of its own, in an environment of its own (build/peers), through an adapter of
a few lines that hands over what it asks for and, where it takes one, a seed; where a library draws from NumPy's global
generator, that is seeded instead. No strategy is asked for more than there is, nor for nothing: ours are not either.

    ok      keeps the rule           WRONG   answers, but breaks the rule
    raises  stops with an error      slow    not done within --timeout seconds (apricot compiles anew in each call)
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from asklearn import strategies
from asklearn.loops.points import join
from asklearn.strategies.choice import Strategy
from asklearn.testing.strategy import RULES, Broken
from asklearn.view import Labelled, known_points
from benchmarks import _peers

OURS = "asklearn"


# --- adapters: a strategy of ours that asks a peer -----------------------------------------------------------------


def _seed(rng: np.random.Generator) -> int:
    """A seed for the peer, also given to NumPy's global generator."""
    seed = int(rng.integers(2**31))
    np.random.seed(seed)
    return seed


def _all(labelled: Labelled | None, embedding: Any) -> tuple[Any, int]:
    """Labelled rows and then the candidates, and how many are labelled."""
    known = known_points(labelled, embedding)
    return (join(known, embedding) if known.shape[0] else embedding), known.shape[0]


def _answers(labelled: Labelled | None, size: int) -> Any:
    y = np.full(size, np.nan)
    if labelled is not None and labelled.y is not None and len(labelled.y):
        y[: len(labelled.y)] = np.where(labelled.y < 0, np.nan, labelled.y)
    return y


def scikit_activeml() -> dict[str, Strategy]:
    """Strategies of skactiveml.pool; a classifier that knows the probabilities stands for a fitted one."""
    import skactiveml.pool as pool

    def plain(kind: Callable[..., Any]) -> Strategy:
        def strategy(embedding, n, rng, labelled=None):
            X, known = _all(labelled, embedding)
            y, able = _answers(labelled, X.shape[0]), np.arange(known, X.shape[0])
            return (
                np.asarray(kind(random_state=_seed(rng)).query(X, y, candidates=able, batch_size=n)) - known
            )

        return strategy

    def told(kind: Callable[..., Any], **more: Any) -> Strategy:
        def strategy(proba, embedding, n, rng, labelled=None):
            X, known = _all(labelled, embedding)
            y, able = _answers(labelled, X.shape[0]), np.arange(known, X.shape[0])
            whole = proba if not known or labelled.proba is None else np.concatenate([labelled.proba, proba])
            word = "estimator" if kind is pool.Clue else "clf"
            given = {
                word: given_classifier(whole, X, able, np.flatnonzero(~np.isnan(y))),
                f"fit_{word}": False,
            }
            seed = _seed(rng)
            found = kind(**more, random_state=seed).query(X, y, candidates=able, batch_size=n, **given)
            return np.asarray(found) - known

        return strategy

    def voted(kind: Callable[..., Any], **more: Any) -> Strategy:
        def strategy(draws, embedding, n, rng):
            y = np.full(embedding.shape[0], np.nan)
            members = [given_classifier(draws[:, k], embedding) for k in range(draws.shape[1])]
            seed = _seed(rng)
            asked = kind(**more, random_state=seed)
            return np.asarray(asked.query(embedding, y, ensemble=members, fit_ensemble=False, batch_size=n))

        return strategy

    return {
        "RandomSampling": plain(pool.RandomSampling),
        "UncertaintySampling least_confident": told(pool.UncertaintySampling, method="least_confident"),
        "UncertaintySampling margin": told(pool.UncertaintySampling, method="margin_sampling"),
        "UncertaintySampling entropy": told(pool.UncertaintySampling, method="entropy"),
        "QueryByCommittee vote_entropy": voted(pool.QueryByCommittee, method="vote_entropy"),
        "QueryByCommittee KL": voted(pool.QueryByCommittee, method="KL_divergence"),
        "GreedyBALD": voted(pool.GreedyBALD),
        "BatchBALD": voted(pool.BatchBALD),
        "Badge": told(pool.Badge),
        "CoreSet": plain(pool.CoreSet),
        "TypiClust": plain(pool.TypiClust),
        "ProbCover": plain(pool.ProbCover),
        "MaxHerding": plain(pool.MaxHerding),
        "Clue": told(pool.Clue),
        "Falcun": told(pool.Falcun),
        "ContrastiveAL": told(pool.ContrastiveAL),
    }


def given_classifier(proba: Any, X: Any, *parts: Any) -> Any:
    """A fitted scikit-activeml classifier with these probabilities of the rows X, asked about one of `parts` or all."""
    from skactiveml.base import SkactivemlClassifier

    class Given(SkactivemlClassifier):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Given:
            self.classes_ = np.arange(proba.shape[1])
            return self

        def predict_proba(self, asked: Any) -> Any:
            return next(proba[part] for part in (*parts, slice(None)) if np.array_equal(X[part], asked))

        def predict(self, asked: Any) -> Any:
            return self.predict_proba(asked).argmax(axis=1)

    return Given(classes=np.arange(proba.shape[1])).fit(None, None)


def small_text() -> dict[str, Strategy]:
    """Strategies of small_text; the data set is the rows' numbers, by which its classifier looks everything up."""
    import small_text as library

    class Known:
        def __init__(self, proba: Any, embedding: Any = None) -> None:
            self.proba, self.embedding = proba, embedding

        def predict_proba(self, rows: Any, dropout_sampling: int = 1) -> Any:
            return self.proba[rows]

        def embed(self, rows: Any, return_proba: bool = False, **_: Any) -> Any:
            return (self.embedding[rows], self.proba[rows]) if return_proba else self.embedding[rows]

    def asked(strategy: Any, known: Known, size: int, before: int, n: int) -> Any:
        rows = np.arange(size)
        y = np.zeros(before, dtype=int)
        return np.asarray(strategy.query(known, rows, rows[before:], rows[:before], y, n=n)) - before

    def by_proba(kind: Callable[[], Any]) -> Strategy:
        def strategy(proba, n, rng):
            _seed(rng)
            return asked(kind(), Known(proba), len(proba), 0, n)

        return strategy

    def by_draws(kind: Callable[..., Any]) -> Strategy:
        def strategy(draws, n, rng):
            _seed(rng)
            return asked(kind(dropout_samples=draws.shape[1]), Known(draws), len(draws), 0, n)

        return strategy

    def by_place(kind: Callable[[], Any]) -> Strategy:
        def strategy(proba, embedding, n, rng, labelled=None):
            _seed(rng)
            X, known = _all(labelled, embedding)
            whole = proba if not known or labelled.proba is None else np.concatenate([labelled.proba, proba])
            return asked(kind(), Known(whole, X), X.shape[0], known, n)

        return strategy

    return {
        "RandomSampling": by_proba(library.RandomSampling),
        "LeastConfidence": by_proba(library.LeastConfidence),
        "BreakingTies": by_proba(library.BreakingTies),
        "PredictionEntropy": by_proba(library.PredictionEntropy),
        "BALD": by_draws(library.BALD),
        "GreedyCoreset": by_place(library.GreedyCoreset),
        "LightweightCoreset": by_place(library.LightweightCoreset),
        "EmbeddingKMeans": by_place(library.EmbeddingKMeans),
        "ContrastiveActiveLearning": by_place(library.ContrastiveActiveLearning),
    }


def modal() -> dict[str, Strategy]:
    """Query functions of modAL, with their random breaking of ties."""
    from modAL import disagreement, uncertainty

    class Known:
        def __init__(self, p: Any) -> None:
            self.p, self.classes_ = p, np.arange(p.shape[-1])

        def __len__(self) -> int:
            return int(self.p.shape[1])

        def __iter__(self) -> Iterator[Known]:
            return (Known(self.p[:, k]) for k in range(len(self)))

        def predict_proba(self, X: Any) -> Any:
            return self.p if self.p.ndim == 2 else self.p.mean(axis=1)

        def vote(self, X: Any) -> Any:
            return self.p.argmax(axis=-1)

        def vote_proba(self, X: Any) -> Any:
            return self.p

    def taken(function: Callable[..., Any], p: Any, n: int, rng: np.random.Generator) -> Any:
        _seed(rng)
        found = function(Known(p), np.zeros((len(p), 1)), n_instances=n, random_tie_break=True)
        return np.asarray(found[0] if isinstance(found, tuple) else found)

    def by_proba(function: Callable[..., Any]) -> Strategy:
        return lambda proba, n, rng: taken(function, proba, n, rng)

    def by_draws(function: Callable[..., Any]) -> Strategy:
        return lambda draws, n, rng: taken(function, draws, n, rng)

    return {
        "uncertainty_sampling": by_proba(uncertainty.uncertainty_sampling),
        "margin_sampling": by_proba(uncertainty.margin_sampling),
        "entropy_sampling": by_proba(uncertainty.entropy_sampling),
        "vote_entropy_sampling": by_draws(disagreement.vote_entropy_sampling),
        "consensus_entropy_sampling": by_draws(disagreement.consensus_entropy_sampling),
        "max_disagreement_sampling": by_draws(disagreement.max_disagreement_sampling),
    }


def baal() -> dict[str, Strategy]:
    """Heuristics of baal, which rank predictions (items, classes, draws)."""
    import torch
    from baal.active import heuristics

    def ranked(heuristic: Callable[[int], Any]) -> Strategy:
        def strategy(draws, n, rng):
            torch.manual_seed(_seed(rng))
            return np.asarray(heuristic(n)(np.ascontiguousarray(draws.transpose(0, 2, 1))))[:n]

        return strategy

    return {
        "BALD": ranked(lambda n: heuristics.BALD()),
        "Margin": ranked(lambda n: heuristics.Margin()),
        "Entropy": ranked(lambda n: heuristics.Entropy()),
        "Variance": ranked(lambda n: heuristics.Variance(reduction="mean")),
        "BatchBALD": ranked(lambda n: heuristics.BatchBALD(num_samples=n, num_draw=100)),
    }


def apricot() -> dict[str, Strategy]:
    """Facility location of apricot; what is labelled comes first, as its initial subset."""
    from apricot import FacilityLocationSelection

    def facility_location(embedding, n, rng, labelled=None):
        X, known = _all(labelled, embedding)
        first = np.arange(known) if known else None
        chosen = FacilityLocationSelection(n, initial_subset=first, random_state=_seed(rng)).fit(X)
        return np.asarray(chosen.ranking)[:n] - known

    return {"FacilityLocation": facility_location}


def batchbald_redux() -> dict[str, Strategy]:
    """BALD and BatchBALD of batchbald_redux, on the logarithms it wants."""
    import torch
    from batchbald_redux import batchbald

    def logs(draws: Any) -> Any:
        with np.errstate(divide="ignore"):
            return torch.as_tensor(np.log(draws))

    def bald(draws, n, rng):
        torch.manual_seed(_seed(rng))
        return np.asarray(batchbald.get_bald_batch(logs(draws), n).indices)

    def batch_bald(draws, n, rng):
        torch.manual_seed(_seed(rng))
        return np.asarray(batchbald.get_batchbald_batch(logs(draws), min(n, 5), 1000).indices)

    return {"BALD": bald, "BatchBALD": batch_bald}


LIBRARIES: dict[str, Callable[[], dict[str, Strategy]]] = {
    "scikit-activeml": scikit_activeml,
    "small-text": small_text,
    "modAL": modal,
    "baal": baal,
    "apricot": apricot,
    "batchbald_redux": batchbald_redux,
}


# --- one strategy, in its process ----------------------------------------------------------------------------------


class TooSlow(BaseException):
    """Not an Exception, so that no library takes it for an error of its own."""


def outcomes(strategy: Strategy, timeout: float) -> Iterator[tuple[str, str, str]]:
    """Each rule, how it went and, where it did not go well, what was seen."""

    def late(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, late)
    for name, rule in RULES.items():
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            rule(strategy)
        except TooSlow:
            yield name, "slow", f"not done in {timeout:g} s"
        except Broken as broken:
            yield name, "WRONG", str(broken)
        except Exception as error:
            yield name, "raises", f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
        else:
            yield name, "ok", ""
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def report(strategy: Strategy, timeout: float) -> None:
    """The outcomes as lines of JSON on stdout, where nothing else may print."""
    out, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"):
        for outcome in outcomes(strategy, timeout):
            print(json.dumps(outcome), file=out, flush=True)


# --- the table -----------------------------------------------------------------------------------------------------


def asked(library: str, name: str, timeout: float) -> list[tuple[str, str, str]]:
    """The outcomes of one strategy of a peer, from a process of its own."""
    words = ["--one", library, name, "--timeout", str(timeout)]
    most = 60 + timeout * len(RULES)  # where code that is not Python's cannot be interrupted
    try:
        done = _peers.run_there("benchmarks.conformance", *words, timeout=most, capture_output=True)
        said, rest = done.stdout, ("raises", done.stderr.strip()[-200:])
    except subprocess.TimeoutExpired as late:
        said, rest = (late.stdout or b"").decode(), ("slow", f"the process was not done in {most:g} s")
    found = [tuple(json.loads(line)) for line in said.splitlines()]
    return found + [(rule, *rest) for rule in list(RULES)[len(found) :]]


def listed(library: str) -> list[str]:
    """The names of a peer's strategies, none where it is not to be had."""
    done = _peers.run_there("benchmarks.conformance", "--list", library, capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 else []


def show(only: str, timeout: float, why: bool) -> None:
    print(f"{'':50}" + "".join(f"{i:>7}" for i in range(1, len(RULES) + 1)), flush=True)
    passed: dict[str, list[int]] = {}

    def line(library: str, name: str, found: list[tuple[str, str, str]]) -> None:
        print(f"{library + ' ' + name:50}" + "".join(f"{how:>7}" for _, how, _ in found), flush=True)
        fine = sum(how == "ok" for _, how, _ in found)
        count = passed.setdefault(library, [0, 0, 0])
        count[0] += 1
        count[1] += fine == len(RULES)
        count[2] += fine
        for rule, how, seen in found if why else []:
            if how != "ok":
                print(f"      {rule}: {seen}", flush=True)

    for library in LIBRARIES:
        names = [name for name in listed(library) if only in f"{library} {name}"]
        for name in names:
            line(library, name, asked(library, name, timeout))
    for name in strategies.names():
        if only in f"{OURS} {name}":
            line(OURS, name, list(outcomes(strategies.get(name), timeout)))
    print("\n" + "   ".join(f"{i} {rule}" for i, rule in enumerate(RULES, start=1)))
    for library, (many, whole, fine) in passed.items():
        share = fine / (many * len(RULES))
        print(f"{library:18} {many:3} strategies, {whole:3} keep every rule; {share:4.0%} of the rules kept")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for each rule")
    parser.add_argument("--why", action="store_true")
    parser.add_argument("--list", metavar="PEER", help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, metavar=("PEER", "STRATEGY"), help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.list:
        print(json.dumps(list(LIBRARIES[words.list]())))
    elif words.one:
        strategy: Any = LIBRARIES[words.one[0]]()[words.one[1]]
        strategy.__name__ = words.one[1]  # for the sentences
        report(strategy, words.timeout)
    else:
        show(words.only, words.timeout, words.why)
    return 0


if __name__ == "__main__":
    sys.exit(main())
