"""What a project's people said, taken out of its state to be thought over: the labels that count, and what is odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from asklearn.events import Answered, Label
from asklearn.people.votes import Votes, votes
from asklearn.state import State


@dataclass(frozen=True)
class Heard:
    """The standing labels in the order given, as of event number `seq`, and what else was said of items.

    `truth`: item -> label, of items that a reviewer settled or whose answer is known. `aside`: items that are nothing
    but gold. `unsure`, `flagged`: items of which somebody said so, none that is settled.
    """

    seq: int
    said: tuple[Answered, ...]
    truth: Mapping[str, Label]
    settled: frozenset[str]
    gold: Mapping[str, Label]
    aside: frozenset[str]
    unsure: frozenset[str]
    flagged: frozenset[str]

    def columns(self) -> dict[str, list[Any]]:
        """item, annotator and label, one entry an answer."""
        return {
            "item": [said.item for said in self.said],
            "annotator": [said.by for said in self.said],
            "label": [said.label for said in self.said],
        }

    def votes(self, labels: tuple[Label, ...]) -> Votes:
        """The same as arrays; for labels that are names."""
        return votes(self.columns(), labels)


def heard(state: State) -> Heard:
    """What people said, as of now."""
    standing = [
        said
        for said in state.keys.values()
        if isinstance(said, Answered) and state.answers.get(said.item, {}).get(said.by) is said
    ]
    unsure = {said.item for said in standing if said.kind == "unsure"}
    return Heard(
        state.seq,
        tuple(said for said in standing if said.kind == "label"),
        {**state.gold, **{item: settled.label for item, settled in state.settled.items()}},
        frozenset(state.settled),
        dict(state.gold),
        frozenset(state.aside),
        frozenset(unsure - state.settled.keys()),
        frozenset(state.flagged),
    )


def truths(known: Votes, truth: Mapping[str, Label]) -> np.ndarray:
    """(items,) int64: the number of each item's known label, -1 where it is not known."""
    place = {(type(label), label): k for k, label in enumerate(known.labels)}
    return np.array(
        [place.get((type(label := truth.get(item)), label), -1) for item in known.items], dtype=np.int64
    )
