"""How each person answers and how far all agree, as one document that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np

from asklearn.errors import NotReady
from asklearn.estimate import Estimate
from asklearn.events import Answered, Label
from asklearn.people import agreement as agreements
from asklearn.people.gold import gold
from asklearn.people.hearing import Heard
from asklearn.people.quality import confusions, drift, fatigue, quality
from asklearn.people.suspects import suspects
from asklearn.people.votes import Votes

WORST = 5  # confusions named of each person
PAIRS = 100  # pairs compared, those that met most often
SUSPECTS = 200
CLASSES = 20  # labels whose agreement is told one by one
RESAMPLES = 500  # of pairs, labels and windows; what all say together has the full number
ENOUGH = 50  # answers to items that others answered too, before anybody is called a spammer

Row = dict[str, Any]


def portrait(heard: Heard, known: Votes, model: np.ndarray | None, seed: int) -> Row:
    """people, agreement and suspects, of answers that name a class.

    known: `heard.votes`. model (items, labels): as for `suspects`; without it only other people speak against an
    answer.
    """
    columns = heard.columns()
    return {
        "people": people(heard, known),
        "agreement": accords(columns, known.labels, [said.at for said in heard.said], seed),
        "suspects": doubtful(heard, known, model),
    }


def plain(heard: Heard, agreed: Estimate | None) -> Row:
    """The same of answers that are no names: how many, how fast, and how far all agree."""
    rows = [counted(by, said) for by, said in by_person(heard).items()]
    measures = {} if agreed is None else {agreed.metric: asdict(agreed)}
    nothing: list[Row] = []
    together = {"overall": measures, "labels": nothing, "pairs": nothing, "time": nothing}
    return {"people": rows, "agreement": together, "suspects": nothing}


# -- people ---------------------------------------------------------------------------------------------------------


def by_person(heard: Heard) -> dict[str, list[Answered]]:
    """annotator -> their answers, in the order given."""
    found: dict[str, list[Answered]] = {}
    for said in heard.said:
        found.setdefault(said.by, []).append(said)
    return found


def counted(by: str, said: Sequence[Answered]) -> Row:
    """How many answers, and the median of the seconds that each took."""
    spent = [one.seconds for one in said if one.seconds is not None]
    return {"annotator": by, "answers": len(said), "seconds": median(spent) if spent else None}


def people(heard: Heard, known: Votes) -> list[Row]:
    """One row a person, in the order in which they came: see `quality`, `gold`, `drift`, `fatigue`, `confusions`."""
    if len(known) == 0:
        return []
    worth, trend = records(quality(known)), records(drift(known))
    tired = records(fatigue(in_time(heard)))
    on_gold = records(gold(known, heard.gold))
    mistaken = grouped(confusions(known))
    shared = known.counts().sum(axis=1) > 1
    met = np.bincount(known.annotator, shared[known.item], len(known.annotators))
    rows = []
    for j, (by, said) in enumerate(by_person(heard).items()):
        own = worth[by]
        row = counted(by, said) | {
            "shared": int(met[j]),
            "right": triple(own, "right", "low", "high"),
            "looks": triple(own, "looks", "looks_low", "looks_high"),
            "blind": own["blind"],
            "gold": None if not on_gold[by]["gold"] else {**on_gold[by]},
            "drift": triple(trend[by], "change", "low", "high"),
            "fatigue": triple(tired[by], "change", "low", "high"),
            "labels": [cell for cell in mistaken[by] if cell["truth"] == cell["label"]],
            "mistakes": worst([cell for cell in mistaken[by] if cell["truth"] != cell["label"]]),
        }
        rows.append(row | {"words": remarks(row)})
    return rows


def in_time(heard: Heard) -> dict[str, list[Any]]:
    """The answers by their clock, which may have been set back meanwhile, with it as a column `at`."""
    said = sorted(heard.said, key=lambda one: one.at)
    return {
        "item": [one.item for one in said],
        "annotator": [one.by for one in said],
        "label": [one.label for one in said],
        "at": [one.at for one in said],
    }


def records(columns: Mapping[str, Sequence[Any]]) -> dict[str, Row]:
    """annotator -> their row."""
    return {
        by: {name: column[i] for name, column in columns.items()} for i, by in enumerate(columns["annotator"])
    }


def grouped(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Row]]:
    """annotator -> their rows, without the name."""
    found: dict[str, list[Row]] = {}
    for i, by in enumerate(columns["annotator"]):
        cell = {name: column[i] for name, column in columns.items() if name != "annotator"}
        found.setdefault(by, []).append(cell)
    return found


def triple(row: Mapping[str, Any], value: str, low: str, high: str) -> dict[str, float]:
    """A value with its interval."""
    return {"value": row[value], "low": row[low], "high": row[high]}


def worst(mistakes: Sequence[Row]) -> list[Row]:
    """The labels most often taken for others, by how many items are believed to have suffered."""
    often = sorted(mistakes, key=lambda cell: -cell["answers"] * cell["share"])[:WORST]
    return [cell for cell in often if cell["answers"] * cell["share"] >= 0.5]


def remarks(row: Mapping[str, Any]) -> list[str]:
    """What about a person somebody should know, as sentences; most often there is nothing."""
    said = []
    if row["blind"] > 0.5 and row["shared"] >= ENOUGH:
        said.append(f"The answers look unrelated to the items (probability {row['blind']:.2f}).")
    for what, one, many, per in (
        ("drift", "Gets better", "Gets worse", "in 100 answers"),
        ("fatigue", "Gets better", "Tires", "in an hour"),
    ):
        change = row[what]
        if change["low"] > 0 or change["high"] < 0:
            points = 100 * abs(change["value"])
            said.append(f"{one if change['low'] > 0 else many}: {points:.0f} points {per}.")
    found = row["gold"]
    if found and found["high"] < row["right"]["low"]:
        said.append(
            f"Right on {found['right']} of {found['gold']} gold items, fewer than others make believe."
        )
    return said


# -- all together ---------------------------------------------------------------------------------------------------


def accords(
    columns: Mapping[str, Sequence[Any]], labels: Sequence[Label], at: Sequence[float], seed: int
) -> Row:
    """Every measure that suits the answers, and Krippendorff's alpha by label, by pair and over time."""
    several = len(set(columns["annotator"]))
    numbers = all(isinstance(label, int | float) and not isinstance(label, bool) for label in labels)
    names = ["raw", *(["cohen"] if several == 2 else []), "fleiss", "krippendorff"]
    names += ["krippendorff:ordinal", "krippendorff:interval"] if numbers else []
    overall = {}
    for name in names:
        found = possible(lambda name=name: agreements.agreement(columns, name, labels=labels, seed=seed))  # type: ignore[misc]
        if found is not None:
            overall[name] = asdict(found)
    if not overall:
        return {"overall": {}, "labels": [], "pairs": [], "time": []}
    by_label = (
        possible(lambda: agreements.per_class(columns, resamples=RESAMPLES, seed=seed))
        if len(labels) <= CLASSES
        else None
    )
    pairs = possible(lambda: agreements.per_pair(columns, most=PAIRS, resamples=RESAMPLES, seed=seed))
    time = possible(lambda: agreements.over_time(columns, resamples=RESAMPLES, seed=seed))
    windows = rows_of(time)
    return {
        "overall": overall,
        "labels": rows_of(by_label),
        "pairs": rows_of(pairs),
        "time": [row | {"first": at[row["first"]], "last": at[row["last"]]} for row in windows],
    }


def possible(measure: Callable[[], Any]) -> Any:
    """What is measured; None where there is nothing to measure by yet."""
    try:
        return measure()
    except NotReady:
        return None


def rows_of(columns: Mapping[str, Sequence[Any]] | None) -> list[Row]:
    """A table's rows, none where there is no table."""
    if not columns:
        return []
    names = list(columns)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def doubtful(heard: Heard, known: Votes, model: np.ndarray | None) -> list[Row]:
    """`suspects` of items that nobody settled and whose answer is not known."""
    if len(known) == 0:
        return []
    found = rows_of(suspects(known, model))
    return [row for row in found if row["item"] not in heard.truth][:SUSPECTS]
