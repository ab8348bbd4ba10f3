"""What a project and the strategies look like at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asklearn.cli.terminal import document, number, plain, say, table
from asklearn.people.duration import spell

NAMED = 10  # people listed by name


def show_status(folder: Path, *, json: bool) -> None:
    """Where the project stands; looks without locking."""
    from asklearn.project import Project

    with Project.open(folder, writing=False) as project:
        status = project.status()
    if json:
        document(status)
    else:
        say(*sentences(status))


def sentences(status: Mapping[str, Any]) -> Iterator[str]:
    """The status as people read it, a line each."""
    rows, labelled = status["rows"], status["labelled"]
    yield f"{plain(status['name'])}: {labelled:,} of {rows:,} rows labelled ({labelled / max(rows, 1):.1%})"
    if status["swept"]:
        yield f"  {status['swept']:,} more in bulk; each counts half until somebody answers it singly"
    aside = [f"{status[what]:,} {what}" for what in ("skipped", "flagged", "held") if status[what]]
    if aside:
        yield "  " + ", ".join(aside)
    yield f"  {'labels: ' if status['labels'] else 'answers: '}{answers(status)}"
    yield from people(status["people"])
    yield from cost(status["cost"])
    model = status["model"]
    if model is None:
        yield "  model: none yet"
    else:
        yield f"  model: {model['version']}, from {model['labels']:,} labels ({model['age_labels']:,} newer)"
    estimate = status["estimate"]
    if estimate is None:
        yield f"  quality: not measured yet ({status['audited']:,} items drawn at random to measure it)"
    else:
        yield (
            f"  {estimate['metric']}: {number(estimate['value'])} "
            f"(95 %: {number(estimate['low'])} to {number(estimate['high'])}), "
            f"from {estimate['n']:,} random items that no model learned from"
        )
    choice = status["choice"]
    if choice["judged"]:
        yield (
            f"  choosing against drawing: on {choice['judged']:,} random items as many chosen labels taught more "
            f"on {choice['wins']:,}, less on {choice['losses']:,}"
        )
    if status["anchoring"]:
        yield from leaning(status["anchoring"])
    if status["canary"]["status"] != "well":
        yield f"  what is asked, {status['canary']['status']}: {plain(status['canary']['words'])}"
    if status["learning"]["error"]:
        yield f"  the last training failed: {plain(status['learning']['error'])}"
    advice = status["advice"]
    yield f"  {'stop' if advice['stop'] else 'go on'}: {'; '.join(plain(why) for why in advice['why'])}"
    for sign in advice["signs"]:
        said = "stop" if sign["stop"] else "cannot tell" if sign["stop"] is None else "go on"
        hint = "" if sign["decides"] else " (a hint)"
        yield f"    {sign['rule']}{hint}: {said}; {plain(sign['words'])}"


def cost(status: Mapping[str, Any]) -> Iterator[str]:
    """What people's time has come to, what quality took of it, and how far the limits are."""
    unit = plain(status["currency"])
    each = "" if status["each"] is None else f", {status['each']:.1f} s an answer"
    money = "" if status["money"] is None else f", {status['money']:.2f} {unit}"
    yield f"  people's time: {spell(status['seconds'])}{each}{money}"
    point = status["point"]
    if point is not None:
        took, low, high = (spell(point[name]) for name in ("seconds", "low", "high"))
        paid = (
            ""
            if status["price"] is None
            else ", {:.2f} {} ({:.2f} to {:.2f})".format(point["money"][0], unit, *point["money"][1:])
        )
        yield f"  a point of {plain(point['metric'])} took {took} (95 %: {low} to {high}){paid}"
    for limit in status["limits"]:
        name = unit if limit["unit"] == "money" else limit["unit"]
        strict = ", then nothing is asked any more" if status["hard"] else ""
        used = format(limit["used"], ",d" if limit["unit"] == "labels" else ",.1f")
        yield f"  budget: {used} of {limit['limit']:,g} {name} used{strict}"


def leaning(told: Mapping[str, Any]) -> Iterator[str]:
    """Whether people follow proposals."""
    yield (
        f"  with the proposal shown {told['shown']:.0%} of {told['n_shown']:,} answers agree with it, hidden "
        f"{told['hidden']:.0%} of {told['n_hidden']:,}: a difference of {told['difference']:+.1%} "
        f"(95 %: {told['low']:+.1%} to {told['high']:+.1%})"
    )


ALPHA = "Krippendorff's alpha"
OF = {  # how agreement is measured, where answers are no names
    "krippendorff:sets": "Krippendorff's alpha of each label",
    "krippendorff:interval": "Krippendorff's alpha of numbers",
    "f1": "F1 of one person's passages by another's",
}


def answers(status: Mapping[str, Any]) -> str:
    """What may be answered, in words."""
    if status["task"] != "number":
        return ", ".join(plain(str(label)) for label in status["labels"])
    span = "" if status["range"] is None else " from {:g} to {:g}".format(*status["range"])
    return plain(f"numbers{span} {status['unit']}".strip())


def people(status: Mapping[str, Any]) -> Iterator[str]:
    """Who answered how much and how far they agree, once there are several."""
    if status["annotators"] < 2:
        return
    busiest = sorted(status["answers"].items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{plain(who)} {count:,}" for who, count in busiest[:NAMED]]
    more = f", {len(busiest) - NAMED:,} more" if len(busiest) > NAMED else ""
    yield f"  answers of {status['annotators']:,} people: {', '.join(named)}{more}"
    agreed = status["agreement"]
    if agreed is None:
        yield "  agreement: not known yet; it takes items that several people labelled, and two different labels"
    else:
        yield (
            f"  agreement ({OF.get(agreed['metric'], ALPHA)}): {number(agreed['value'])} "
            f"(95 %: {number(agreed['low'])} to {number(agreed['high'])}), "
            f"from {agreed['n']:,} items that several people labelled"
        )


def show_strategies(*, json: bool) -> None:
    """The ways to choose what is asked next."""
    from asklearn import strategies

    listed = strategies.table()
    if json:
        document(listed)
    else:
        shown = {"name": "name", "needs": "needs", "good": "good for", "bad": "not good for"}
        table(list(shown.values()), list(zip(*(listed[column] for column in shown), strict=True)))
