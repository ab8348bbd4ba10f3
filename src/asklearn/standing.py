"""How a project stands: its counts, how good it is, whether the order is kept, what it costs, whether to go on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import numpy as np

from asklearn import canary, stopping
from asklearn.errors import NotReady
from asklearn.estimate import Estimate, doubt_in_choosing, paired
from asklearn.events import Event, Learned, Measured, Stopped
from asklearn.learning import Learner
from asklearn.measuring import measured
from asklearn.people import anchoring
from asklearn.people.cost import price_of_a_point
from asklearn.people.leases import Leases
from asklearn.settings import Settings
from asklearn.state import State
from asklearn.stopping import Advice, Progress, Rule
from asklearn.strategies.declared import Declared
from asklearn.tasks import Task

RECENT = 101  # answers whose median time is shown
HOURS, DAYS, PEOPLE = 24, 30, 200  # that throughput is told of


def budget(setup: Settings) -> stopping.budget | None:
    """The project's limits as one rule; None without any."""
    if setup.budget is setup.minutes is setup.money is None:
        return None
    return stopping.budget(
        setup.budget, minutes=setup.minutes, money=setup.money, per_hour=setup.price or 0.0
    )


def room(setup: Settings, progress: Progress, held: int, n: int) -> int:
    """How many of n questions a hard budget has room for: none beyond a limit, nor more labels than it has left.

    `held`: questions that people have and may yet answer.
    """
    rule = budget(setup)
    if rule is None or rule(progress) is not None:
        return n if rule is None else 0
    return n if setup.budget is None else max(0, min(n, setup.budget - progress.labels - held))


def verdict(state: State, promised: Declared, setup: Settings) -> canary.Verdict:
    """What the canary says."""
    follows = setup.priority is None  # people said what comes first, whatever its score
    return canary.judge(
        state.canary,
        score=promised.word if follows else "",
        ordered=promised.ordered and follows,
        low=promised.low,
        high=promised.high,
        audit=setup.audit,
        doubt=doubt_in_choosing(state.wins, state.losses),
    )


def progress(state: State, leases: Leases, new: Sequence[Event] = ()) -> Progress:
    """How far the project is, as stop rules see it; `new` events count already."""
    return Progress(
        labels=state.items_labelled,
        seconds=state.seconds,
        open=int(np.count_nonzero(leases.free())) + leases.count(),
        models=[*state.models, *(e for e in new if isinstance(e, Learned))],
        measured=[*state.measured, *(e for e in new if isinstance(e, Measured))],
        answers=state.kinds["label"],
    )


def counts(state: State, by: str) -> dict[str, int]:
    """answered, labelled and swept as `by` may count: of gold items only what they said themselves.

    Everybody is asked of these: by other counts an answer would change less where others came first, and so tell.
    """
    found = {"answered": len(state.answers), "labelled": state.items_labelled, "swept": len(state.bulk)}
    for item in state.gold:  # with every answer: nothing is built here that can be looked up
        said, weak = state.answers.get(item, {}), item in state.swept and bool(state.weak_of(item))
        own = by in said and said[by].kind == "label"
        found["answered"] += (by in said) - bool(said)
        found["labelled"] += own - any(one.kind == "label" for one in said.values())
        found["swept"] += (weak and not own) - (item in state.bulk)
    return found


def blinded(
    state: State, setup: Settings, progress: Progress, rules: Iterable[Rule], metric: str, by: str
) -> dict[str, Any]:
    """What takes the place of parts of a status for `by`, whom questions measure that must look like any other.

    How many are open is not told: gold items are not among them. What is at its end is told as it is.
    """
    ended = not progress.open or (setup.budget is not None and progress.labels >= setup.budget)
    own = {} if ended else counts(state, by)
    labels = own.get("labelled", progress.labels)
    seen = replace(progress, labels=labels, open=min(progress.open, 1))
    cost = _cost(state, setup, metric)
    limits = [limit | {"used": labels} if limit["unit"] == "labels" else limit for limit in cost["limits"]]
    return {
        **own,
        "advice": told(stopping.advise(rules, seen, metric)),
        "cost": cost | {"limits": limits},
    }


def told(advice: Advice) -> dict[str, Any]:
    """The advice as JSON can hold it."""
    return {
        "stop": advice.stop,
        "why": list(advice.why),
        "forecast": list(advice.forecast),
        "signs": [dict(vars(sign)) for sign in advice.signs],
    }


def stopped(advice: Advice, told: Collection[str], labels: int) -> list[Event]:
    """The rules that fired and had not before, as facts."""
    fired = advice.fired.items()
    return [Stopped(rule=rule, reason=reason, labels=labels) for rule, reason in fired if rule not in told]


def found(state: State, learner: Learner) -> Estimate | None:
    """How good the newest model is, by the task's usual metric; None while nothing honest can be said."""
    usual = learner.task.usual
    if learner.serving is not None:
        try:
            return measured(learner, learner.serving, state, usual)
        except NotReady:
            return None
    return measured_last(state, usual)  # nobody has loaded the model


def measured_last(state: State, metric: str) -> Estimate | None:
    """What was measured last when a model came to serve."""
    last = next((m for m in reversed(state.measured) if m.metric == metric), None)
    return None if last is None else Estimate(last.value, last.low, last.high, last.n, last.metric)


def status(
    state: State,
    setup: Settings,
    task: Task,
    promised: Declared,
    fit: dict[str, Any],
    agreed: Estimate | None,
    quality: Estimate | None,
    advice: Advice,
) -> dict[str, Any]:
    """Where the project stands, as JSON can hold it. `fit`: what the learner is at; `agreed`: how far people agree."""
    model, last = state.models[-1] if state.models else None, measured_last(state, task.usual)
    return {
        "name": setup.name,
        "task": task.kind,
        "labels": list(task.labels),
        "range": setup.range and list(setup.range),
        "unit": setup.unit or "",
        "guideline": setup.guideline,
        "strategy": setup.strategy,
        "rows": state.rows,
        "answered": len(state.answers),
        "labelled": state.items_labelled,
        "skipped": state.kinds["skip"],
        "unsure": state.kinds["unsure"],
        "flagged": len(state.flagged),
        "swept": len(state.bulk),
        "audited": len(state.audited),
        "seconds": state.seconds,
        "budget": setup.budget,
        "seq": state.seq,
        "model": model
        and {
            "version": model.version,
            "labels": model.labels,
            "at": model.at,
            "age_labels": state.changed_since(model.watermark),
        },
        "estimate": quality and asdict(quality),
        "measured": last and asdict(last),  # the same, as it was when the newest measured model came to serve
        "people": {
            "annotators": len(state.people),
            "answers": dict(state.people),
            "agreement": agreed and asdict(agreed),
        },
        "choice": {
            "judged": len(state.judged),
            "wins": state.wins,
            "losses": state.losses,
            "doubt": doubt_in_choosing(state.wins, state.losses),
        },
        "advice": told(advice),
        "learning": fit,
        **describe(state, promised, setup, task.usual),
    }


def describe(state: State, promised: Declared, setup: Settings, metric: str) -> dict[str, Any]:
    """The parts "canary", "anchoring" and "cost" of a status, as JSON can hold them; `metric`: what quality is."""
    found = verdict(state, promised, setup)
    leaning = anchoring.anchoring(state.agreed)
    return {
        "canary": {
            "status": found.status,
            "words": str(found),
            "signs": [dict(vars(sign)) for sign in found.signs],
        },
        "anchoring": leaning and asdict(leaning),
        "cost": _cost(state, setup, metric),
    }


def _cost(state: State, setup: Settings, metric: str) -> dict[str, Any]:
    """People's time and money so far, what an answer and a point of quality take, and how far the limits are."""
    recent = sorted(timed.seconds for timed in islice(reversed(state.timed), RECENT))
    n = len(recent)
    point = price_of_a_point(state.measured, state.spent, metric)
    spent = {"labels": state.items_labelled, "minutes": state.seconds / 60}
    limits: list[tuple[str, float | None]] = [("labels", setup.budget), ("minutes", setup.minutes)]
    if setup.price is not None:
        spent["money"] = state.seconds / 3600 * setup.price
        limits.append(("money", setup.money))
    return {
        "seconds": state.seconds,
        "each": (recent[(n - 1) // 2] + recent[n // 2]) / 2 if recent else None,
        "price": setup.price,
        "currency": setup.currency,
        "money": spent.get("money"),
        "point": point
        and {
            **asdict(point),
            "money": [setup.price and s / 3600 * setup.price for s in (point.seconds, point.low, point.high)],
        },
        "limits": [
            {"unit": unit, "used": spent[unit], "limit": limit} for unit, limit in limits if limit is not None
        ],
        "hard": setup.hard,
    }


def throughput(state: State, now: float, people: bool) -> dict[str, Any]:
    """Answers given each hour of the last day and each day of the last month (the newest last), and by whom."""
    hour, by_hour, by_day = int(now // 3600), [0] * HOURS, [0] * DAYS
    for (at, _), count in state.hours.items():
        if 0 <= hour - at < HOURS:
            by_hour[at - hour - 1] += count
        if 0 <= hour // 24 - at // 24 < DAYS:
            by_day[at // 24 - hour // 24 - 1] += count
    found = {"hours": by_hour, "days": by_day, "answers": sum(state.people.values())}
    if people:
        found["people"] = [
            {"by": by, "answers": count, "seconds": state.seconds_of[by], "last": state.said[by][-1].at}
            for by, count in state.people.most_common(PEOPLE)
        ]
    return found


def choosing(state: State) -> dict[str, float] | None:
    """What choosing has brought over drawing at random, at as many labels as were drawn; None while unknown.

    `difference` of the share of audit items that the model of the ones and of the others got right, low..high with
    95 %, from `n` items. It is not known before some were drawn (`Learned`).
    """
    n = len(state.judged)
    if n == 0:
        return None
    value, low, high = paired(state.wins, state.losses, n)
    return {"difference": value, "low": low, "high": high, "n": n}
