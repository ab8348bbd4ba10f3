"""A comparison in words and on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from asklearn.report import charts
from asklearn.report.html import Section, Sheet, figure, page

if TYPE_CHECKING:
    from asklearn.study.compare import Comparison, Table

SHARES = (0.9, 0.95, 0.99)  # of what full data reach
SURE = (
    0.05  # a p below it counts as evidence, after it was multiplied by the number of strategies (Bonferroni)
)
HEADS = {
    "score": "mean",
    "low": "from",
    "high": "to",
    "area_low": "from ",  # a space more: a page tells its columns by their heads
    "area_high": "to ",
    "p": "p (Wilcoxon)",
    "alike": "not told from the best",
}


def words(found: Comparison, metric: str | None = None) -> list[str]:
    """What came of it, in two or three sentences."""
    return list(_sentences(found, metric or found.metric))


def _sentences(found: Comparison, metric: str) -> Iterator[str]:
    table = found.table(metric)
    rivals = [name for name in table["strategy"] if name != "random"]
    if not rivals:
        yield "Nothing but random was run: there is nothing to compare it with."
        return
    best = rivals[0]
    i, base = table["strategy"].index(best), table["strategy"].index("random")
    span = f"from {found.labels[0]} to {found.labels[-1]} labels"
    name = metric.replace("_", " ")
    mine, theirs = figure(table["score"][i]), figure(table["score"][base])
    seeds = len(found.seeds)
    wins, losses = table["wins"][i], table["losses"][i]
    told = f"mean {name} {mine} {span}, random {theirs}"
    count = f"better on {wins} of {seeds} seeds, worse on {losses}"
    if table["p"][i] * len(rivals) < SURE and i < base:
        yield f"{best} did best: {told}; {count}."
    elif seeds < (enough := seeds_to_be_sure(len(rivals))):
        yield f"{best}: {told}; {count}. So few seeds prove nothing: run {enough} or more."
    else:
        yield f"No strategy was reliably better than random. The best of them, {best}: {told}; {count}."
    yield from _labels(found, metric, best)


def seeds_to_be_sure(rivals: int) -> int:
    """How many seeds can be evidence at all: with n pairs all of one sign, Wilcoxon's p is 2^(1 - n).

    >>> seeds_to_be_sure(1), seeds_to_be_sure(5)
    (6, 8)
    """
    return next(n for n in range(1, 100) if 2.0 ** (1 - n) * rivals < SURE)


def _labels(found: Comparison, metric: str, best: str) -> Iterator[str]:
    reached = found.labels_to(0.95, metric)
    i = reached["strategy"].index(best)
    labels, factor = reached["labels"][i], reached["saving"][i]
    if labels is None:
        yield f"Within {found.labels[-1]} labels {best} did not reach 95 % of what all labels reach."
        return
    said = f"95 % of what all labels reach took {best} {labels:.0f} labels"
    if factor is not None:
        bound = f"{reached['bound'][i]} " if reached["bound"][i] else ""
        said += f", {bound}{factor:.1f} times fewer than random" if factor >= 1 else ", more than random"
        low, high = reached["saving_low"][i], reached["saving_high"][i]
        if low is not None and high is not None:
            said += f" (95 % interval {low:.1f} to {high:.1f} times)"
    yield said + "."


def report(found: Comparison, title: str, facts: Sequence[str] = ()) -> str:
    """One page of HTML that holds everything: sentences, charts, tables, and how it was made."""
    rounds = f"{len(found.seeds)} seeds, {found.labels[0]} to {found.labels[-1]} labels"
    lead = f"{', '.join(found.strategies)}: {rounds}, the same splits for all."
    sections = [section for metric in found.scores for section in _sections(found, metric)]
    return page(title, lead, [*sections, Section("How it was made", [*facts, *METHOD])])


SPLITS = """Of each seed a part of the rows is held out to measure; the rest is asked as people would be. All
strategies of a seed meet the same split, and those that begin alike the same first items. Intervals are of 95 % over
seeds: they speak of other splits of these data, not of other data."""
COLUMNS = """mean: the mean height of the curve. area: the share of the way from random (0) to all labels (1). wins,
ties, losses: seeds against random; a difference of 0.005 or less is a tie. p: Wilcoxon's signed-rank test, two-sided,
not corrected for many strategies. Labels to a goal: where the mean curve crosses that share of what all labels reach,
its interval from 2,000 resamples of the seeds. Ranks: Friedman's test and Nemenyi's critical difference with the seeds
as blocks."""
METHOD = (SPLITS, COLUMNS)


def _sections(found: Comparison, metric: str) -> Iterator[Section]:
    ax = charts.canvas((7.2, 4.2))
    found.chart(ax, metric)
    name = metric.replace("_", " ")
    said = words(found, metric)
    curves = charts.svg(ax, f"Learning curves: {name} by labels given", " ".join(said))
    yield Section(name, said, [curves], [sheet(found.table(metric))])
    yield _reached(found, metric)
    if len(found.strategies) > 2 and len(found.seeds) > 1:
        ranks = found.friedman(metric)
        ax = charts.canvas(charts.ranks_size(len(ranks.names), len(ranks.groups)))
        found.chart_ranks(ax, metric)
        told = f"Friedman p = {ranks.p:.2g}; critical difference {ranks.difference:.2f}."
        picture = charts.svg(ax, f"Mean ranks by {name}", told)
        yield Section(f"Ranks by {name}", [told], [picture], [sheet(found.ranks(metric))])


def _reached(found: Comparison, metric: str) -> Section:
    never, sheets = [], []
    for share in SHARES:
        table = found.labels_to(share, metric)
        if any(labels is not None for labels in table["labels"]):
            sheets.append(sheet(table, f"{share:.0%} of what all labels reach", digits=1))
        else:
            never.append(
                f"{share:.0%} of what all labels reach: none got there within {found.labels[-1]} labels."
            )
    return Section(f"Labels to reach a share of the full {metric.replace('_', ' ')}", never, sheets=sheets)


def sheet(table: Table, caption: str = "", digits: int = 3) -> Sheet:
    """A table as a page shows it."""
    rows = list(zip(*table.values(), strict=True))
    heads = [HEADS.get(name, name.replace("_", " ")) for name in table]
    return Sheet(
        heads,
        [[cell(value, digits) for value in row] for row in rows],
        frozenset({"strategy", "bound"}),
        caption,
    )


def cell(value: Any, digits: int = 3) -> str:
    """A cell in text.

    >>> cell(0.00001), cell(0.5), cell(None)
    ('< 0.001', '0.500', '–')
    """
    if isinstance(value, float) and 0 < value < 10**-digits:
        return f"< {10**-digits:.{digits}f}"
    return figure(value, digits)
