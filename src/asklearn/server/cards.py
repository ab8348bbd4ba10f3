"""The overview in words, card by card: the page need know nothing but how to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from asklearn.people.duration import spell

Card = dict[
    str, Any
]  # title; and some of: facts [[what, value]], words, signs [[mark, words]], picture, table
Told = Mapping[str, Any]

UNKNOWN = "not known yet"
MARKS = {"well": "✓ well", "doubtful": "? doubtful", "broken": "⚠ broken"}  # no meaning by colour alone


def cards(status: Told, told: Told) -> list[Card]:
    """The cards, in the order in which people look; status: a project's, told: its overview, None for what somebody
    may not know."""
    return [
        _quality(status, told),
        _order(status["canary"]),
        _advice(status["advice"]),
        _pace(status, told),
        _cost(status["cost"]),
        _queue(status, told),
        _leaning(status["anchoring"]),
    ]


def _quality(status: Told, told: Told) -> Card:
    found, choosing = status["estimate"], told["choosing"]
    value = UNKNOWN if found is None else _band(found["value"], found["low"], found["high"], ".3f")
    better = UNKNOWN
    if choosing is not None:
        better = (
            f"{_points(choosing['difference'], choosing['low'], choosing['high'])}, "
            f"on {choosing['n']:,} random items"
        )
    model = status["model"]
    return {
        "title": "Quality",
        "facts": [
            [(found or {"metric": "accuracy"})["metric"], value],
            ["measured on", f"{found['n'] if found else 0:,} audit answers"],
            *([] if status["audited"] is None else [["audit items drawn", f"{status['audited']:,}"]]),
            ["choosing against drawing", better],
        ],
        "picture": {
            "path": "curve.svg",
            "version": f"{model and model['version']} {found and found['n']}",
            "alt": "Learning curve with its interval",
        },
    }


def _order(canary: Told) -> Card:
    return {
        "title": f"Does what is asked follow the score? {MARKS[canary['status']]}",
        "words": "" if canary["signs"] else f"{canary['words'][:1].upper()}{canary['words'][1:]}.",
        "signs": [[f"{MARKS[sign['status']]}, {sign['check']}", sign["words"]] for sign in canary["signs"]],
    }


def _advice(advice: Told) -> Card:
    said = {True: "■ stop", False: "→ go on", None: "? cannot tell"}
    return {
        "title": "You can stop here" if advice["stop"] else "Worth going on",
        "words": "; ".join(advice["why"]),
        "signs": [
            [
                f"{said[sign['stop']]}, {sign['rule'].partition('(')[0]}{'' if sign['decides'] else ' (a hint)'}",
                sign["words"],
            ]
            for sign in advice["signs"]
        ],
    }


def _pace(status: Told, told: Told) -> Card:
    hours, days, each = told["hours"], told["days"], status["cost"]["each"]
    agreed = status["people"]["agreement"]
    card: Card = {
        "title": "Pace",
        "facts": [
            ["in the last hour", f"{hours[-1]:,} answers"],
            ["in the last day", f"{sum(hours):,} answers"],
            ["in the last 30 days", f"{sum(days):,} answers"],
            ["an answer takes", UNKNOWN if each is None else f"{each:.1f} s"],
            [
                "agreement",
                UNKNOWN if agreed is None else _band(agreed["value"], agreed["low"], agreed["high"]),
            ],
        ],
    }
    if any(days):
        version = f"{sum(days)} {sum(hours)} {hours[-1]}"
        card["picture"] = {"path": "overview/pace.svg", "version": version, "alt": "Answers over time"}
    if told.get("people"):
        card["table"] = {
            "head": ["who", "answers", "each", "last (UTC)"],
            "rows": [
                [
                    one["by"],
                    f"{one['answers']:,}",
                    f"{one['seconds'] / max(one['answers'], 1):.1f} s",
                    datetime.fromtimestamp(one["last"], UTC).strftime("%Y-%m-%d %H:%M"),
                ]
                for one in told["people"]
            ],
        }
    return card


def _cost(cost: Told) -> Card:
    return {"title": "Cost", "facts": list(_spent(cost))}


def _spent(cost: Told) -> Iterator[list[str]]:
    unit, point = cost["currency"], cost["point"]
    yield ["people's time", spell(cost["seconds"])]
    if cost["money"] is not None:
        yield ["money", f"{cost['money']:,.2f} {unit}"]
    if point is None:
        yield ["a point of quality took", UNKNOWN]
    else:
        took, low, high = (spell(point[name]) for name in ("seconds", "low", "high"))
        yield [f"a point of {point['metric']} took", f"{took} ({low} to {high})"]
        if None not in point["money"]:
            value, least, most = point["money"]
            yield ["that is", f"{_band(value, least, most, ',.2f')} {unit}"]
    for limit in cost["limits"]:
        name = unit if limit["unit"] == "money" else limit["unit"]
        strict = ", then nothing is asked any more" if cost["hard"] else ""
        used = format(limit["used"], ",d" if limit["unit"] == "labels" else ",.1f")
        yield [f"budget of {limit['unit']}", f"{used} of {limit['limit']:,g} {name}{strict}"]


def _queue(status: Told, told: Told) -> Card:
    model, fit = status["model"], status["learning"]
    made = "none yet"
    if model is not None:
        at = datetime.fromtimestamp(model["at"], UTC).strftime("%Y-%m-%d %H:%M")
        made = f"{model['version']}, from {model['labels']:,} labels, {at} UTC"
        made += "" if model["age_labels"] is None else f"; {model['age_labels']:,} newer labels"
    state = f"⚠ {fit['error']}" if fit["error"] else "now" if fit["running"] else "when enough is new"
    return {
        "title": "Queue",
        "facts": [
            ["labelled", f"{status['labelled']:,} of {status['rows']:,}"],
            *([] if told["free"] is None else [["free to be asked", f"{told['free']:,}"]]),
            ["on people's desks", f"{status['held']:,}"],
            *([] if told["planned"] is None else [["chosen ahead", f"{told['planned']:,}"]]),
            ["skipped, flagged", f"{status['skipped']:,}, {status['flagged']:,}"],
            ["model", made],
            ["learning", state],
        ],
    }


def _leaning(told: Told | None) -> Card:
    title = "Do people follow the model?"
    if told is None:
        return {
            "title": title,
            "words": "Not known yet: some proposals are hidden by lot, to see how often people come to the same "
            "by themselves.",
        }
    return {
        "title": title,
        "facts": [
            ["agree, with the proposal shown", f"{told['shown']:.0%} of {told['n_shown']:,}"],
            ["agree, with it hidden", f"{told['hidden']:.0%} of {told['n_hidden']:,}"],
            ["what showing it does", _points(told["difference"], told["low"], told["high"])],
        ],
    }


def _band(value: float, low: float, high: float, form: str = ".2f") -> str:
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _points(value: float, low: float, high: float) -> str:
    """
    >>> _points(0.021, -0.01, 0.05)
    '+2.1 points (-1.0 to +5.0)'
    """
    return f"{100 * value:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
