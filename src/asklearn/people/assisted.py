"""Consensus with a model's help: the model is one more voice, as sure as the answers show it to be."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from asklearn.people.crowdlab import checked
from asklearn.people.tally import Fit, evidence, plain, softmax, tempered
from asklearn.people.votes import Votes

RIGHT = 0.8  # how often people are right, before anything is known of them, ..
ALL = 10.0  # .. which counts as much as so many answers
EACH = 3.0  # what is known of all people counts for each of them as much as so many answers
SLIPS = (0.05, 0.15, 0.4)  # above 0: answers must be able to bring back a label that a model has never seen
TEMPERATURES = (0.33, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def assisted(votes: Votes, model: np.ndarray, *, rounds: int = 4, steps: int = 30) -> Fit:
    """Labels from answers and a model's probabilities, each trusted as far as the other bears it out.

        p(z_i = c) ~ ((1 - s) m_i(c) + s / labels) prod_n p(l_n | c),   m_i(c) ~ model_i(c)^(1 / T),
        p(l | c) = a_j if l = c else (1 - a_j) / (labels - 1)

    model (items, labels): from models that did not learn from the item, of all items, with or without an answer.
    a_j is estimated by expectation maximisation, drawn towards the mean of all people, and that towards 0.8, so
    that one answer an item is enough to begin with. At the temperature T, slipping in a share s of items, the model
    foretells the answers best, given how often people are right; the model says nothing until then. Unlike a mean of
    both (`crowdlab`),
    two people who agree are surer than one, and a person who answers at random does no harm.
    """
    model = checked(model, votes)
    people, labels = len(votes.annotators), len(votes.labels)
    others = max(1, labels - 1)
    number = np.bincount(votes.annotator, minlength=people)
    # Only items with an answer tell how right people and model are: of a large pool the others are most.
    known, item = np.unique(votes.item, return_inverse=True)
    heard = replace(votes, items=[votes.items[i] for i in known], item=item)
    voices = {way: spoken(model[known], *way) for way in product(TEMPERATURES, SLIPS)}

    def gain(right: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.log(right * others / (1 - right))[votes.annotator]
        return found

    def abilities(voice: np.ndarray) -> np.ndarray:
        start, right = np.log(np.maximum(voice, 1e-9)), np.full(people, RIGHT)
        for _ in range(steps):
            proba = softmax(start + evidence(heard, gain(right)))
            hit = np.bincount(votes.annotator, proba[item, votes.label], people)
            mean = (hit.sum() + ALL * RIGHT) / (len(votes) + ALL)
            right = np.clip((hit + EACH * mean) / (number + EACH), 0.5 / labels, 0.995)
        return right

    right, voice = abilities(np.full((len(known), labels), 1 / labels)), np.full_like(model, 1 / labels)
    for _ in range(rounds):
        a = right[votes.annotator]

        def foretold(way: tuple[float, float], a: np.ndarray = a) -> float:
            p = voices[way][item, votes.label]
            return float(np.log(a * p + (1 - a) * (1 - p) / others).sum())

        best = max(voices, key=foretold)
        right, voice = abilities(voices[best]), spoken(model, *best)
    proba = softmax(np.log(np.maximum(voice, 1e-9)) + evidence(votes, gain(right)))
    one = right[:, None, None]
    return plain(proba, np.where(np.eye(labels, dtype=bool), one, (1 - one) / others))


def spoken(model: np.ndarray, temperature: float, slip: float) -> np.ndarray:
    """(items, labels): the model's voice: tempered, and saying nothing in a share of items."""
    found: np.ndarray = (1 - slip) * tempered(model, temperature) + slip / model.shape[1]
    return found
