"""Which items to ask: audit draws from the whole pool, the strategy's choice among the free, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from asklearn import strategies
from asklearn.events import Learned
from asklearn.learning import Learner, learner_there
from asklearn.people.answers import DRAWN, HIDDEN, Prediction
from asklearn.people.cost import Effort
from asklearn.people.priority import Priority, tiers
from asklearn.tasks import Task
from asklearn.view import Labelled, View, needs, takes

OF_A_MODEL = frozenset({"proba", "draws", "mean", "std"})
Busy = tuple[
    np.ndarray, np.ndarray
]  # positions answered or held, and the column of each one's label (-1: none)


@dataclass(frozen=True)
class Pick:
    """A row of the pool to be asked: its score, the chance of its draw, which arm of the strategy took it.

    `model`: whose numbers it was chosen by; `plan`: the event number at which; `above`: see `Asked`; `look`: the arm
    that people are told of instead, if it is another.
    """

    position: int
    score: float | None
    chance: float | None
    arm: str
    audit: bool = False
    model: str | None = None
    plan: int | None = None
    above: float | None = None
    look: str = ""


def audit_draws(draws: int, population: np.ndarray, rng: np.random.Generator) -> list[tuple[int, float]]:
    """(position, chance) of the rows drawn to measure the model: uniform, one after the other, none twice.

    `population` holds every row not drawn before, answered or not: drawing only from what is left over would
    measure the model on what the strategy did not want.
    """
    drawn = rng.choice(population, size=min(draws, len(population)), replace=False)
    return [(int(position), 1.0 / (len(population) - i)) for i, position in enumerate(drawn)]


def choose(
    learner: Learner,
    strategy: Callable[..., Any],
    free: np.ndarray,
    n: int,
    rng: np.random.Generator,
    busy: Callable[[], Busy],
) -> list[Pick]:
    """At most n of the free rows, as the strategy wants them, best first.

    `free`: (rows,) bool. `busy()` is called when the strategy asks what is labelled. Before the first model, seeds
    that cover the pool stand in for a strategy that wants one; while features are still being computed, random
    draws for one that wants features. Where items have a priority, a strategy that does not ask for it chooses among
    equals only: the highest come first.
    """
    candidates = np.flatnonzero(free)
    if learner.priority is None or takes(strategy, "priority"):
        return _choose(learner, strategy, candidates, n, rng, busy)
    picks: list[Pick] = []
    for some, k in tiers(learner.priority.of(candidates), n):
        picks += _choose(learner, strategy, candidates[some], k, rng, busy)
    return picks


def _choose(
    learner: Learner,
    strategy: Callable[..., Any],
    candidates: np.ndarray,
    n: int,
    rng: np.random.Generator,
    busy: Callable[[], Busy],
) -> list[Pick]:
    if n == 0 or not len(candidates):
        return []
    embedding = None if learner.features is None else learner.features.embedding
    seen = {} if learner.serving is None else learner.serving.quantities
    known = min([len(learner.ids), *(len(t) for t in (embedding, *seen.values()) if t is not None)])
    if known < len(learner.ids):  # rows added since: they join with the next model
        candidates = candidates[candidates < known] if (candidates < known).any() else candidates
        if candidates[-1] >= known:
            embedding, seen = None, {}
    if not seen and needs(strategy) & OF_A_MODEL:
        strategy = strategies.seeds
    if embedding is None and "embedding" in needs(strategy):
        strategy = strategies.get("random")

    def part(table: Any) -> Any:
        return None if table is None else (lambda: table[candidates])

    def labelled() -> Labelled:
        rows, y = busy()
        rows, y = rows[rows < known], y[rows < known]
        return Labelled(
            embedding=None if embedding is None else embedding[rows],
            y=y,
            proba=None if "proba" not in seen else seen["proba"][rows],
        )

    view = View(
        n=min(n, len(candidates)),
        rng=rng,
        size=len(candidates),
        model=learner.name,
        **{name: part(table) for name, table in seen.items()},
        embedding=part(embedding),
        labelled=labelled,
        priority=None if learner.priority is None else partial(learner.priority.of, candidates),
        cost=lambda: learner.costs.of(learner.effort, candidates),
    )
    choice = strategies.choose(strategy, view)
    seeding = strategy is strategies.seeds
    by = None if not seen or learner.serving is None else learner.serving.version
    return [
        Pick(
            int(candidates[position]),
            score,
            chance,
            "seeds" if seeding and arm != "random" else arm,
            model=by,
        )
        for position, score, chance, arm in zip(
            choice.positions, choice.scores, choice.chances, choice.arms, strict=True
        )
    ]


def choose_there(
    request: tuple[str, Task, Any, int],
    last: Learned | None,
    strategy: Callable[..., Any],
    free: np.ndarray,
    n: int,
    seed: tuple[int, ...],
    busy: Busy,
    effort: Effort,
    priority: str | None = None,
) -> list[Pick] | None:
    """`choose` in another process; None when the probabilities of model `last` are not kept on disk."""
    learner = learner_there(*request)
    learner.load_features()
    learner.effort = effort
    if priority is not None and learner.priority is None:
        learner.priority = Priority(learner.pool, priority)
    if last is None:
        learner.serving = None
    elif learner.serving is None or learner.serving.version != last.version:
        learner.serving = learner.kept(last)
        if learner.serving is None:
            return None
    return choose(learner, strategy, free, n, np.random.default_rng(seed), lambda: busy)


def words(pick: Pick, strategy: str, seen: Prediction | None, task: Task) -> str:
    """Why this item, in words for the person who answers it.

    An audit item and any other random one read alike, also one of those drawn to check a bulk label: nobody should
    answer them with more care.
    """
    arm = pick.look or pick.arm
    if pick.audit or arm in ("random", "check", "audit"):
        return DRAWN
    if arm == "again":
        return HIDDEN  # the model may have learned what somebody else said of it: what it thinks is not told
    if arm in ("seeds", "coverage"):
        return "one of the first items, chosen to cover the whole pool"
    if arm == "rare class":
        return "likely one of the class with the fewest labels so far"
    if seen is None or pick.score is None:
        return f"chosen by {strategy}: unlike what was labelled so far"
    thinks, hesitates = task.words(seen)
    if not hesitates:
        return f"{thinks}; chosen by {strategy}"
    return f"{thinks}, and many items are like it" if arm == "uncertain coverage" else thinks
