"""Every strategy by name: one line each, from which tables, help and plug-ins' neighbours are made.

A new strategy is one function in one file and one line here. A package of your own declares it as an entry
point of the group "asklearn.strategies": name = "package.module:function".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from asklearn.errors import SettingError
from asklearn.scores.uncertainty import entropy, least_confidence, margin, ratio
from asklearn.strategies.choice import Strategy, top
from asklearn.strategies.coverage import k_center, spread
from asklearn.strategies.herding import max_herding
from asklearn.strategies.mixing import mix, random
from asklearn.strategies.nesting import parse
from asklearn.strategies.noise import power, soft_rank, softmax
from asklearn.strategies.seeding import seeds
from asklearn.view import is_strategy, needs


@dataclass(frozen=True)
class Entry:
    """A named strategy (or a score, which stands for the best by it) and what one should know of it.

    cost: n items, b asked, C classes, d features, T draws, L labelled, r references.
    """

    name: str
    strategy: Callable[..., Any]
    cost: str
    source: str
    good: str
    bad: str


STRATEGIES = (
    Entry(
        "auto",
        mix(spread(margin, width=3), share=0.1),
        "n C + b^2 d",
        "margin thinned in the embedding, a tenth at random",
        "when you do not want to choose",
        "streams, numbers",
    ),
    Entry("random", random, "n", "", "a baseline, unbiased measuring", "rare classes, few labels"),
    Entry(
        "least_confidence",
        least_confidence,
        "n C",
        "Lewis & Gale 1994",
        "two classes, one question at a time",
        "large batches, poor calibration",
    ),
    Entry(
        "margin",
        margin,
        "n C",
        "Scheffer et al. 2001; Luo et al. 2005",
        "the cheap default once every class is known",
        "the first labels, noisy labels, copies in a batch",
    ),
    Entry("ratio", ratio, "n C", "", "as margin, in odds", "as margin"),
    Entry(
        "entropy",
        entropy,
        "n C",
        "Shannon 1948; Dagan & Engelson 1995",
        "few classes",
        "many classes: improbable ones dominate",
    ),
    Entry(
        "power_margin",
        power(margin),
        "n C",
        "Kirsch et al. 2023",
        "large batches without an embedding",
        "one question at a time",
    ),
    Entry(
        "k_center",
        k_center,
        "n d (L + b)",
        "Sener & Savarese 2018",
        "covering a clean embedding",
        "outliers: it goes for them",
    ),
    Entry(
        "max_herding",
        max_herding(),
        "n d r",
        "Bae et al. 2024",
        "the first labels",
        "many labels: it does not know the model",
    ),
    Entry(
        "seeds",
        seeds,
        "n d r",
        "max_herding, a quarter at random",
        "before two classes are known",
        "afterwards",
    ),
)
SCORES = (entropy, least_confidence, margin, ratio)
KINDS = (max_herding, mix, power, soft_rank, softmax, spread, top)


def names() -> list[str]:
    """The names of all strategies, those of installed plug-ins among them.

    >>> "margin" in names()
    True
    """
    return sorted({e.name for e in STRATEGIES}.union(_plugins()))


def get(spec: str | Strategy) -> Strategy:
    """The strategy of this name, or the one written in this expression; a function is taken as it is.

    >>> get("mix(spread(margin), share=0.2)")
    mix(spread(margin, width=5), share=0.2)
    >>> get("margin")
    top(margin)
    """
    if not isinstance(spec, str):
        found: Any = spec
    else:
        words: dict[str, Any] = {f.__name__: f for f in SCORES} | {e.name: e.strategy for e in STRATEGIES}
        words |= {word: load() for word, load in _plugins().items() if word in spec and word not in words}
        found = parse(spec, words, {kind.__name__: kind for kind in KINDS})
    if not callable(found):
        raise SettingError(f"a strategy is a name, an expression or a function; {found!r} is none of these")
    return found if is_strategy(found) else top(found)


def table() -> dict[str, list[str]]:
    """Every strategy as columns: name, needs, cost, source, good (for), bad (for).

    >>> list(table())
    ['name', 'needs', 'cost', 'source', 'good', 'bad']
    """
    known = {e.name: e for e in STRATEGIES} | {
        word: _foreign(word, load()) for word, load in _plugins().items()
    }
    listed = [known[word] for word in sorted(known)]
    columns = {
        "name": [e.name for e in listed],
        "needs": [", ".join(sorted(needs(e.strategy))) for e in listed],
    }
    return columns | {key: [getattr(e, key) for e in listed] for key in ("cost", "source", "good", "bad")}


def _foreign(word: str, strategy: Strategy) -> Entry:
    told = (getattr(strategy, "__doc__", None) or "").strip().partition("\n")[0]
    return Entry(word, strategy, "", "plug-in", told, "")


@cache
def _plugins() -> dict[str, Callable[[], Any]]:
    from importlib.metadata import entry_points

    own = {e.name for e in STRATEGIES}
    return {e.name: e.load for e in entry_points(group="asklearn.strategies") if e.name not in own}
