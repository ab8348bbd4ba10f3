"""What several people said together: one label an item, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from asklearn.errors import NotReady, SettingError
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.glad import glad
from asklearn.people.mace import mace
from asklearn.people.tally import Fit, plain, shares, tempered
from asklearn.people.votes import Votes, votes

FOLDS = 5
ENOUGH = 50_000  # answers that tell aggregators apart: of more, those of some items are looked at
LEAST = 1e-12  # the least chance of an answer; a method that ruled it out is not beyond comparison

TEMPERATURES = (1.0, 0.5, 1.5, 2.0, 3.0, 4.0, 6.0)  # the first wins a draw

Aggregator = Callable[[Votes], Fit]


def majority(votes: Votes) -> Fit:
    """The share of an item's answers is the chance of its label; all people err alike, as the others' shares tell."""
    labels = len(votes.labels)
    own = np.eye(labels)[votes.label]
    others = votes.counts()[votes.item] - own
    total = others.sum(axis=1)
    several = total > 0
    said = np.eye(labels)
    np.add.at(said.T, votes.label[several], (others / np.maximum(total, 1)[:, None])[several])
    one = said / said.sum(axis=1, keepdims=True)
    return plain(shares(votes), np.broadcast_to(one, (len(votes.annotators), labels, labels)))


METHODS: dict[str, Aggregator] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "glad": glad,
    "mace": mace,
}


def consensus(
    answers: Any, method: str = "auto", *, labels: Sequence[Any] | None = None, seed: int = 0
) -> dict[str, list[Any]]:
    """One label an item from all answers to it, and how sure that is: a table item, label, confidence.

    answers: a table item, annotator, label (pandas, polars, pyarrow, or a mapping of columns). method: "majority"
    (confidence is the share), "dawid_skene" (each annotator has a confusion matrix), "glad" (annotators have an
    ability, items are more or less easy), "mace" (annotators sometimes answer without looking); "auto" takes the one
    that best foretells answers kept from it, and is as sure as foretells them best. A tie is broken at random.
    Raises `NotReady` without an answer, `SettingError` for another method.

    >>> answers = {"item": [1, 1, 1, 2], "annotator": list("abca"), "label": ["x", "x", "y", "y"]}
    >>> consensus(answers, "majority")
    {'item': [1, 2], 'label': ['x', 'y'], 'confidence': [0.6666666666666666, 1.0]}
    """
    known = votes(answers, labels)
    rng = np.random.default_rng(seed)
    proba = fit(known, method, rng).proba
    best = likeliest(proba, rng)
    return {
        "item": known.items,
        "label": [known.labels[k] for k in best],
        "confidence": proba[np.arange(len(best)), best].tolist(),
    }


def fit(known: Votes, method: str, rng: np.random.Generator) -> Fit:
    """What the method makes of the answers; `rng` draws the answers that "auto" keeps from it.

    Raises `NotReady` without an answer, `SettingError` for a method that does not exist.
    """
    if len(known) == 0:
        raise NotReady("there is no answer yet; a consensus needs one at least")
    if method == "auto":
        method, temperature, _ = max(held_out(known, METHODS, rng), key=lambda found: found.score)
        fitted = METHODS[method](known)
        return replace(fitted, proba=tempered(fitted.proba, temperature))
    if method not in METHODS:
        raise SettingError(f"there is no method {method!r}; there are auto, {', '.join(METHODS)}")
    return METHODS[method](known)


def likeliest(proba: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(items,) the number of the likeliest label; of several as likely, one at random.

    >>> likeliest(np.array([[0.2, 0.8], [0.7, 0.3]]), np.random.default_rng(0)).tolist()
    [1, 0]
    """
    high = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    found: np.ndarray = (high * (1 - rng.random(proba.shape))).argmax(axis=1)
    return found


class Foretold(NamedTuple):
    """How well a method foretells answers kept from it, its beliefs being tempered as suits it best."""

    method: str
    temperature: float
    score: float


def held_out(known: Votes, methods: Mapping[str, Aggregator], rng: np.random.Generator) -> list[Foretold]:
    """How well each method foretells answers: the mean log chance of those it did not see, over 5 folds.

    The chance of an answer l of annotator j to item i is sum_c p_i(c)^(1 / T) p(l | c, j), the powers scaled to add
    up to 1, all from the other answers. No method wins everywhere, and this needs no truth. Methods that take
    people's errors for independent are far too sure where errors go together: another's answer is then foretold
    better at a temperature T above 1, and so is the truth.
    """
    known = some(known, ENOUGH, rng)
    fold = rng.permutation(len(known)) % FOLDS
    found = []
    for name, method in methods.items():
        total = np.zeros(len(TEMPERATURES))
        for k in range(FOLDS):
            kept, out = known.take(fold != k), known.take(fold == k)
            if len(kept) and len(out):
                fitted = method(kept)
                chance = fitted.chance(out.item, out.annotator, out.label)
                for t, temperature in enumerate(TEMPERATURES):
                    likely = (tempered(fitted.proba, temperature)[out.item] * chance).sum(axis=1)
                    total[t] += np.log(np.maximum(likely, LEAST)).sum()
        best = int(total.argmax())
        found.append(Foretold(name, TEMPERATURES[best], float(total[best] / len(known))))
    return found


def some(known: Votes, count: int, rng: np.random.Generator) -> Votes:
    """All answers to items drawn at random, `count` or a few more; all there are if these are fewer."""
    if len(known) <= count:
        return known
    order = rng.permutation(len(known.items))
    reached = np.cumsum(np.bincount(known.item, minlength=len(order))[order])
    return known.take(np.isin(known.item, order[: np.searchsorted(reached, count) + 1]))
