"""Passages of a text and what they are: names in a sentence, clauses in a contract."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from typing import Any, ClassVar

import numpy as np

from asklearn import estimate, measures
from asklearn.errors import AnswerError
from asklearn.events import Label
from asklearn.people.answers import Prediction
from asklearn.tasks import shared
from asklearn.tasks.classes import checked, distinct
from asklearn.tasks.shared import Said

HESITATES = 0.75  # the probability of a passage below which a model is said to hesitate about it


@dataclass(frozen=True)
class spans:
    """The passages of a text that are one of `labels`: a list of {"start", "end", "label"}, [] where there is none.

    Offsets are code points of the item's text, the end exclusive; passages are sorted and do not overlap.

    >>> task, ann = spans(["person", "place"]), {"start": 0, "end": 3, "label": "person"}
    >>> task.check([{"start": 7, "end": 11, "label": "place"}, ann], lambda: "Ann in Oslo")
    [{'start': 0, 'end': 3, 'label': 'person'}, {'start': 7, 'end': 11, 'label': 'place'}]
    """

    labels: tuple[Label, ...]
    kind: ClassVar[str] = "spans"
    gives: ClassVar[frozenset[str]] = frozenset({"proba"})
    usual: ClassVar[str] = "f1"
    sees_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", distinct(self.labels, least=1))

    # -- what people say ----------------------------------------------------------------------------------------

    def check(self, raw: Any, row: Callable[[], Any] | None = None) -> Label:
        """The passages, sorted; `row()` gives the text, within which they must lie. Raises `AnswerError`."""
        if not isinstance(raw, list | tuple):
            raise AnswerError(
                f'{raw!r} is no list of passages, such as [{{"start": 0, "end": 3, "label": ...}}]'
            )
        found = sorted((self._span(one) for one in raw), key=lambda span: span["start"])
        for one, other in pairwise(found):
            if other["start"] < one["end"]:
                raise AnswerError(
                    f"passages may not overlap; {one['start']} to {one['end']} and "
                    f"{other['start']} to {other['end']} do"
                )
        if found and row is not None:
            length = len(str(row()))
            if found[-1]["end"] > length:
                raise AnswerError(
                    f"the text has {length} signs; the passage to {found[-1]['end']} goes beyond it"
                )
        return found

    def parse(self, text: str) -> Label:
        """The passages written as a JSON list."""
        try:
            return self.check(json.loads(text))
        except ValueError as error:
            raise AnswerError(f"{text!r} is no JSON list of passages: {error}") from error

    def merge(self, answers: Mapping[str, Label]) -> tuple[Label, float]:
        """What more than half of the people marked, sign by sign; as sure as the least agreed stretch of them.

        Signs that touch are one passage, unless more than half began another there.
        """
        need, edges = len(answers) / 2, Counter[int]()
        for said in answers.values():
            edges.update({end for span in said for end in (span["start"], span["end"])})
        found: list[Label] = []
        sure = 1.0
        for start, end in pairwise(sorted(edges)):
            votes = Counter(_name_at(said, start) for said in answers.values())
            name, most = votes.most_common(1)[0]
            sure = min(sure, most / len(answers))
            if name is None or most <= need:
                continue
            began = sum(any(span["start"] == start for span in said) for said in answers.values()) > need
            if found and found[-1]["end"] == start and found[-1]["label"] == name[1] and not began:
                found[-1]["end"] = end
            else:
                found.append({"start": start, "end": end, "label": name[1]})
        return found, sure

    def together(self, said: Sequence[Sequence[Label]]) -> tuple[str, np.ndarray]:
        """F1 of every two people's passages: shared, and all of both.

        Where nobody can count what is no passage, it is what kappa tends to (Hripcsak and Rothschild 2005).
        """
        rows = np.zeros((len(said), 2))
        for row, labels in zip(rows, said, strict=True):
            for one, other in combinations(map(measures.parts, labels), 2):
                row += len(one & other), len(one) + len(other)
        return "f1", rows

    # -- what models learn and say ------------------------------------------------------------------------------

    def encode(self, labels: Sequence[Label]) -> np.ndarray:
        """(items,) object, the lists themselves."""
        target = np.empty(len(labels), dtype=object)
        target[:] = list(labels)
        return target

    def says(self, model: Any, X: Any) -> Said:
        """proba (rows, 1 + 2 labels), see `reduce`; the rest is that of `models.tagger.Readings`."""
        found = model.read(X, self.labels)
        names = ("whole", "first", "start", "end", "label", "chance")
        return {"proba": found.tags, **{name: getattr(found, name) for name in names}}

    def reduce(self, scores: np.ndarray) -> np.ndarray:
        """(tags,) of (tokens, tags): the token least certain. A text is as doubtful as its most doubtful token.

        Tags are outside, then begin and go on of each label. Sums over tokens ask for the longest texts first, which
        take longest to answer (Settles and Craven 2008; Shen et al. 2017 divide by length instead).
        """
        worst: np.ndarray = scores[scores.max(axis=1).argmin()]
        return worst

    def told(self, said: Said, rows: np.ndarray) -> dict[str, list[Any]]:
        """The likeliest reading and its probability."""
        return {
            "label": [[span for span, _ in self._found(said, row)] for row in np.asarray(rows).tolist()],
            "probability": said["whole"][rows].tolist(),
        }

    def prediction(self, said: Said, row: int) -> Prediction:
        """The likeliest reading, its passages each with the probability that it is one."""
        found = self._found(said, row)
        return Prediction(
            [span for span, _ in found],
            float(said["whole"][row]),
            spans=tuple(span | {"probability": chance} for span, chance in found),
        )

    def words(self, seen: Prediction) -> tuple[str, bool]:
        """The passage least certain, or how sure it is that there is none."""
        whole = 1.0 if seen.probability is None else seen.probability
        if not seen.spans:
            return f"the model finds nothing here ({whole:.2f})", whole < HESITATES
        worst = min(seen.spans, key=lambda span: float(span["probability"]))
        if worst["probability"] < HESITATES:
            return f"the model hesitates about a passage: {worst['label']} ({worst['probability']:.2f})", True
        return f"the model is {whole:.2f} sure of its reading", whole < HESITATES

    def columns(self, labels: Sequence[Label | None]) -> np.ndarray:
        """(items,) -1: no column of what strategies see is an answer."""
        return np.full(len(labels), -1, dtype=np.intp)

    # -- how good, how stable -----------------------------------------------------------------------------------

    def miss(self, foretold: Label, truth: Label) -> float:
        """How many passages are in one of them only."""
        return float(len(measures.parts(foretold) ^ measures.parts(truth)))

    def kappa(self, one: Said, other: Said, rows: np.ndarray) -> float:
        """F1 of the one's passages by the other's, as for people; 1 where neither finds any."""
        pairs = zip(self.told(one, rows)["label"], self.told(other, rows)["label"], strict=True)
        both = [(measures.parts(a), measures.parts(b)) for a, b in pairs]
        size = sum(len(a) + len(b) for a, b in both)
        return 2 * sum(len(a & b) for a, b in both) / size if size else 1.0

    def signs(self, before: Said | None, now: Said, learned_from: np.ndarray) -> dict[str, float]:
        """Doubt is that of the token least certain; a text has changed when its reading has."""
        return shared.signs(self.told, before, now, learned_from)

    def metric(self, name: str) -> estimate.Measure:
        """ "f1" (exact passages, all texts together) or "accuracy" (whole texts). Raises `SettingError` for others."""
        found: dict[str, estimate.Measure] = {
            "f1": partial(measures.f1_micro, metric="f1"),
            "accuracy": estimate.accuracy,
        }
        return shared.metric(name, found, self.kind)

    def measures(self, name: str) -> bool:
        """Whether `metric` knows it."""
        return name in {"f1", "accuracy"}

    def _span(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict) or not {"start", "end", "label"} <= raw.keys():
            raise AnswerError(f"{raw!r} is no passage; give start, end and label")
        start, end = raw["start"], raw["end"]
        if any(isinstance(n, bool) or not isinstance(n, int) for n in (start, end)) or not 0 <= start < end:
            raise AnswerError(
                f"a passage goes from a sign to a later one, counted from 0; {start!r} to {end!r} does not"
            )
        return {"start": start, "end": end, "label": checked(raw["label"], self.labels)}

    def _found(self, said: Said, row: int) -> list[tuple[dict[str, Any], float]]:
        at = range(int(said["first"][row]), int(said["first"][row + 1]))
        return [
            (
                {
                    "start": int(said["start"][i]),
                    "end": int(said["end"][i]),
                    "label": self.labels[said["label"][i]],
                },
                float(said["chance"][i]),
            )
            for i in at
        ]


def _name_at(said: Label, place: int) -> tuple[type, Any] | None:
    """What one answer says of the sign at this place, by type and name; None where it marks nothing."""
    found = next((s["label"] for s in said if s["start"] <= place < s["end"]), None)
    return None if found is None else (type(found), found)
