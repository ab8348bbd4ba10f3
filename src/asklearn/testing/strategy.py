"""What every strategy keeps to, ours and anybody's: `check_strategy(strategy)`."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from asklearn.errors import SettingError
from asklearn.strategies.choice import Strategy, choose
from asklearn.strategies.registry import get
from asklearn.view import ROWS, Labelled, View, needs

Problem = dict[str, Any]
UNLIKELY = 1e-6  # a strategy that keeps to the rules fails a test by chance once in so many


class Broken(AssertionError):
    """A strategy that broke a rule; the sentence names the rule and what was seen."""


def check_strategy(strategy: str | Strategy, *, rules: Mapping[str, Rule] | None = None) -> None:
    """Nothing when the strategy (or score; or what a name stands for) keeps every rule of `RULES`, else `Broken` with
    the first it breaks.

    It is tried on small made-up problems: with copies, ties, certain probabilities, one class seen, sparse
    features, an empty pool and more wanted than there is. An error it raises comes through with a note of
    what was tried.

    >>> from asklearn.scores.uncertainty import margin
    >>> check_strategy(margin)
    """
    chosen = get(strategy) if isinstance(strategy, str) else strategy
    for name, rule in (RULES if rules is None else rules).items():
        try:
            rule(chosen)
        except Broken as broken:
            raise Broken(f"{name}: {broken}") from None
        except Exception as error:
            error.add_note(f"check_strategy was trying the rule {name!r}")
            raise


def problem(size: int, seed: int = 0, *, classes: int = 3, d: int = 5, known: int = 12) -> Problem:
    """Every quantity for `size` candidates: blobs, one a class, and a model that is fairly right about
    them.
    """
    rng = np.random.default_rng(seed)
    centres = 3 * rng.normal(size=(classes, d))
    y = rng.integers(classes, size=size + known)
    points = centres[y] + rng.normal(size=(size + known, d))
    away = ((points[:, None] - centres) ** 2).sum(-1)
    proba = _normal(np.exp(-away / 8) + 0.02)
    draws = _normal(proba[:, None] * np.exp(rng.normal(scale=0.7, size=(size + known, 8, classes))))
    labelled = Labelled(points[size:], y[size:], proba[size:])
    return {
        "proba": proba[:size],
        "draws": draws[:size],
        "mean": points[:size, 0],
        "std": 0.1 + rng.random(size),
        "embedding": points[:size],
        "labelled": labelled,
        "cost": 1 + rng.random(size),
        "priority": 1 + rng.random(size),
    }


def _normal(p: Any) -> Any:
    return p / p.sum(axis=-1, keepdims=True)


def rows(given: Problem, index: Any) -> Problem:
    """The same problem with only these candidates, in this order."""
    return {key: x[index] if key in ROWS else x for key, x in given.items()}


def ask(strategy: Strategy, given: Problem, n: int, seed: int = 0) -> Any:
    """The strategy's positions, after `choose` looked at them; a fault it finds is `Broken`."""
    view = View(n=n, rng=np.random.default_rng(seed), size=len(given["proba"]), **given)
    try:
        return choose(strategy, view).positions
    except SettingError as fault:
        raise Broken(str(fault)) from None


def valid(strategy: Strategy) -> None:
    """Unique positions of candidates, at most n and at least one, for every n."""
    for size, n in ((40, 1), (40, 7), (40, 20)):
        found = ask(strategy, problem(size), n)
        if not 1 <= len(found) <= n:
            raise Broken(f"{len(found)} positions where {n} of {size} were wanted")


def more_than_there_is(strategy: Strategy) -> None:
    """n larger than the pool asks for at most the pool; an empty pool or n = 0 for nothing."""
    for size, n, most in ((5, 50, 5), (1, 1, 1), (0, 3, 0), (5, 0, 0)):
        found = ask(strategy, problem(size), n)
        if len(found) > most:
            raise Broken(f"{len(found)} positions of {size} candidates, {n} wanted")


def same_seed(strategy: Strategy) -> None:
    """The same seed gives the same answer, whatever global generators do."""
    given = problem(40)
    found = []
    for turn in (1, 2):
        np.random.seed(turn)
        found.append(ask(strategy, given, 7, seed=5).tolist())
    if found[0] != found[1]:
        raise Broken(f"the same view gave {found[0]} and then {found[1]}")


def inputs_unchanged(strategy: Strategy) -> None:
    """Arrays that are handed in are not written to."""
    given = problem(40)
    copy = problem(40)
    ask(strategy, given, 7)
    for key in ROWS:
        if not np.array_equal(given[key], copy[key]):
            raise Broken(f"the strategy wrote into {key}")
    for key, known in vars(given["labelled"]).items():
        if not np.array_equal(known, getattr(copy["labelled"], key)):
            raise Broken(f"the strategy wrote into labelled.{key}")


def row_order(strategy: Strategy) -> None:
    """How often each item is chosen does not depend on where it stands."""
    given, turns, size = problem(40, seed=3), 50, 40
    order = np.random.default_rng(8).permutation(size)
    moved = rows(given, order)
    here, there = np.zeros(size), np.zeros(size)
    for seed in range(turns):
        here[ask(strategy, given, 5, seed)] += 1
        there[order[ask(strategy, moved, 5, seed)]] += 1
    both = here + there
    if _chance(((here - there) ** 2 / np.maximum(both, 1)).sum(), int(np.count_nonzero(both)) - 1) < UNLIKELY:
        worst = int(np.argmax(np.abs(here - there)))
        raise Broken(
            f"with the rows in another order item {worst} was chosen {there[worst]:.0f} "
            f"instead of {here[worst]:.0f} times of {turns}"
        )


def equal_scores(strategy: Strategy) -> None:
    """Among equal items the choice is uniform, not the order of the file."""
    size, n, turns = 12, 2, 200
    given = rows(problem(2, seed=4), np.zeros(size, dtype=int))
    counts = np.zeros(size)
    for seed in range(turns):
        counts[ask(strategy, given, n, seed)] += 1
    expected = counts.sum() / size
    if _chance(((counts - expected) ** 2 / expected).sum(), size - 1) < UNLIKELY:
        raise Broken(
            f"of {size} equal items, {n} chosen {turns} times, the items were chosen "
            f"{counts.astype(int).tolist()} times; a uniform choice is wanted"
        )


def copies(strategy: Strategy) -> None:
    """Half the pool is copies and more is wanted than there are kinds: still every position once."""
    given = rows(problem(10, seed=5), np.arange(20) % 10)
    for n in (5, 15, 20):
        ask(strategy, given, n)
    only = rows(problem(3, seed=5), np.zeros(20, dtype=int))
    only["labelled"] = replace(only["labelled"], embedding=only["embedding"][:12])
    ask(strategy, only, 10)


def one_class_seen(strategy: Strategy) -> None:
    """A model that has seen one class only, and so knows only one answer."""
    given = problem(30, seed=6)
    for key in ("proba", "draws"):
        given[key] = np.zeros_like(given[key])
        given[key][..., 0] = 1
    known = given["labelled"]
    given["labelled"] = replace(known, y=np.zeros_like(known.y), proba=given["proba"][: len(known)])
    ask(strategy, given, 5)


def certain(strategy: Strategy) -> None:
    """Probabilities of exactly 0 and 1, zero deviations, zero vectors, answers on their way: legal
    everywhere.
    """
    given = problem(30, seed=7)
    for key in ("proba", "draws"):
        given[key] = (given[key] == given[key].max(axis=-1, keepdims=True)).astype(float)
    given["std"] = np.zeros(30)
    given["embedding"] = given["embedding"].copy()
    given["embedding"][::3] = 0
    known = given["labelled"]
    given["labelled"] = replace(known, y=np.where(np.arange(len(known)) % 2, known.y, -1))
    ask(strategy, given, 5)


def nothing_labelled(strategy: Strategy) -> None:
    """No labels yet, for strategies that can do without."""
    given = problem(30, seed=8)
    empty = rows(given, slice(0, 0))
    none = Labelled(empty["embedding"], np.empty(0, dtype=int), empty["proba"])
    ask(strategy, {**given, "labelled": none}, 5)
    if "labelled" not in needs(strategy):
        del given["labelled"]
        ask(strategy, given, 5)


def kinds_of_numbers(strategy: Strategy) -> None:
    """float32 is as welcome as float64."""
    given = problem(40, seed=9)
    known = given["labelled"]
    single = {key: x.astype(np.float32) for key, x in given.items() if key != "labelled"}
    single["labelled"] = Labelled(known.embedding.astype(np.float32), known.y, known.proba.astype(np.float32))
    ask(strategy, single, 7)


def sparse_as_dense(strategy: Strategy) -> None:
    """A sparse embedding gives the answer of the dense one."""
    from scipy.sparse import csr_array, csr_matrix

    given = problem(40, seed=10)
    known = given["labelled"]
    given["embedding"] = np.where(given["embedding"] > 0, given["embedding"], 0)
    dense = np.where(known.embedding > 0, known.embedding, 0)
    found = ask(strategy, {**given, "labelled": replace(known, embedding=dense)}, 7)
    for kind in (csr_array, csr_matrix):
        thin = {**given, "embedding": kind(given["embedding"])}
        other = ask(strategy, {**thin, "labelled": replace(known, embedding=kind(dense))}, 7)
        if sorted(found) != sorted(other):
            raise Broken(f"{found.tolist()} became {other.tolist()} with a {kind.__name__}")


def memory(strategy: Strategy) -> None:
    """Twice the items need at most about twice the memory: no items x items array."""
    peaks = []
    for size in (2000, 4000):
        given = problem(size, seed=11)
        tracemalloc.start()
        try:
            ask(strategy, given, 10)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    if peaks[1] > 3 * peaks[0] + 1e6:
        small, large = (f"{p / 1e6:.0f} MB" for p in peaks)
        raise Broken(f"{small} for 2000 items became {large} for 4000; twice as much at most is wanted")


def _chance(statistic: float, freedom: int) -> float:
    """The probability of a chi-square at least as large."""
    from scipy.special import gammaincc

    return 1.0 if freedom < 1 else float(gammaincc(freedom / 2, statistic / 2))


Rule = Callable[[Strategy], None]
RULES: dict[str, Rule] = {
    "valid positions": valid,
    "more than there is": more_than_there_is,
    "same seed": same_seed,
    "inputs unchanged": inputs_unchanged,
    "row order": row_order,
    "copies": copies,
    "equal scores": equal_scores,
    "one class seen": one_class_seen,
    "certain": certain,
    "nothing labelled": nothing_labelled,
    "kinds of numbers": kinds_of_numbers,
    "sparse as dense": sparse_as_dense,
    "memory": memory,
}
