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
from asklearn.scores.bayes import bald, epig
from asklearn.scores.change import expected_error_reduction, expected_gradient_length, expected_model_change
from asklearn.scores.committee import consensus_kl, flips, mean_std, variation_ratio, vote_entropy
from asklearn.scores.density import density, information_density
from asklearn.scores.plain import certainty, deviation
from asklearn.scores.uncertainty import entropy, expected_cost, least_confidence, margin, ratio
from asklearn.scores.units import average, binary, highest
from asklearn.strategies.auto import adaptive, auto
from asklearn.strategies.bayes import batch_bald
from asklearn.strategies.budget import per_cost
from asklearn.strategies.choice import Strategy, top
from asklearn.strategies.committee import committee
from asklearn.strategies.competence import dcom
from asklearn.strategies.coverage import herding, k_center, k_means, k_means_plus_plus, typiclust
from asklearn.strategies.gradient import badge, bait
from asklearn.strategies.herding import (
    ball,
    closest,
    cover,
    diameter,
    facility_location,
    fixed,
    gauss,
    half,
    max_herding,
    prob_cover,
    pure,
    shrinking,
    tent,
    uherding,
    uherding_closest,
    uherding_local,
)
from asklearn.strategies.imbalance import direct, galaxy, quota
from asklearn.strategies.mixing import mix, random
from asklearn.strategies.narrowing import (
    candidates,
    cluster_margin,
    copies,
    distinct,
    grouped,
    near_labelled,
    shortlist,
    spread,
)
from asklearn.strategies.nesting import named, parse
from asklearn.strategies.noise import power, soft_rank, softmax
from asklearn.strategies.numbers import igs, lcmd
from asklearn.strategies.objectives import pareto, times, weigh
from asklearn.strategies.seeding import seeds
from asklearn.view import is_strategy, needs


@dataclass(frozen=True)
class Entry:
    """A named strategy (or a score, which stands for the best by it) and what one should know of it.

    tasks: classes, number or both. cost: n items, b asked, C classes, d features, T draws, L labelled, r references,
    m candidates, s the short list.
    """

    name: str
    strategy: Callable[..., Any]
    tasks: str
    cost: str
    source: str
    good: str
    bad: str


BOTH, CLASSES, NUMBER = "classes, number", "classes", "number"

STRATEGIES = (
    Entry(
        "auto",
        auto,
        BOTH,
        "n C + m r (d + C)",
        "coverage, then uncertain coverage in distances that suit the place, a fiftieth at random; guards",
        "from the first label on, when you do not want to choose",
        "many more labels than classes: margin is cheaper and as good",
    ),
    Entry("random", random, BOTH, "n", "", "a baseline; measuring without bias", "rare classes, few labels"),
    Entry(
        "seeds",
        seeds,
        BOTH,
        "m r d",
        "max_herding with a quarter at random",
        "before two classes are known",
        "afterwards: it does not know the model",
    ),
    Entry(
        "least_confidence",
        least_confidence,
        CLASSES,
        "n C",
        "Lewis & Gale 1994",
        "two classes, one question at a time",
        "large batches; probabilities that are off",
    ),
    Entry(
        "margin",
        margin,
        CLASSES,
        "n C",
        "Scheffer et al. 2001; Luo et al. 2005",
        "the cheap default once every class is known",
        "the first labels; noisy labels; copies in a batch",
    ),
    Entry("ratio", ratio, CLASSES, "n C", "", "as margin, in odds", "as margin"),
    Entry(
        "entropy",
        entropy,
        CLASSES,
        "n C",
        "Shannon 1948; Dagan & Engelson 1995",
        "few classes; sums over tokens or pixels",
        "many classes: improbable ones dominate",
    ),
    Entry(
        "power_margin",
        power(margin),
        CLASSES,
        "n C",
        "Kirsch et al. 2023",
        "large batches without an embedding",
        "one question at a time",
    ),
    Entry(
        "certainty",
        certainty,
        CLASSES,
        "n",
        "Cormack & Grossman 2014",
        "finding all of the last class soon",
        "a good model of all classes",
    ),
    Entry(
        "qbc",
        committee(vote_entropy),
        CLASSES,
        "L T C k + n T C d",
        "Seung et al. 1992; Rubin 1981",
        "any model: it brings a committee of its own",
        "many labels: it fits to all of them each time",
    ),
    Entry(
        "qbc_vote",
        vote_entropy,
        CLASSES,
        "n T C",
        "Seung et al. 1992; Dagan & Engelson 1995",
        "models without probabilities",
        "small committees: few different scores",
    ),
    Entry(
        "qbc_kl",
        consensus_kl,
        CLASSES,
        "n T C",
        "McCallum & Nigam 1998",
        "committees with probabilities",
        "copies in a batch",
    ),
    Entry("variation_ratio", variation_ratio, CLASSES, "n T C", "Freeman 1965", "as qbc_vote", "as qbc_vote"),
    Entry(
        "mean_std",
        mean_std,
        CLASSES,
        "n T C",
        "Kampffmeyer et al. 2016",
        "dropout networks",
        "copies in a batch",
    ),
    Entry(
        "bald",
        bald,
        CLASSES,
        "n T C",
        "Houlsby et al. 2011",
        "noisy labels: what no answer settles scores 0",
        "copies in a batch",
    ),
    Entry(
        "power_bald",
        power(bald),
        CLASSES,
        "n T C",
        "Kirsch et al. 2023",
        "batches with a posterior",
        "one question at a time",
    ),
    Entry(
        "batch_bald",
        batch_bald(),
        CLASSES,
        "b m T C configurations",
        "Kirsch et al. 2019",
        "batches of up to 10 with a posterior",
        "larger batches: power_bald",
    ),
    Entry(
        "epig",
        epig(),
        CLASSES,
        "n r T C^2",
        "Bickford Smith et al. 2023",
        "pools with much that is off topic",
        "few draws",
    ),
    Entry(
        "egl",
        expected_gradient_length,
        CLASSES,
        "n (C + d)",
        "Settles et al. 2008",
        "linear heads",
        "likes long vectors; copies in a batch",
    ),
    Entry(
        "emc",
        expected_model_change,
        NUMBER,
        "n d",
        "Cai et al. 2013",
        "numbers with a linear head",
        "likes long vectors; copies in a batch",
    ),
    Entry(
        "eer",
        expected_error_reduction(),
        CLASSES,
        "m r C^2",
        "Roy & McCallum 2001",
        "one question at a time, few items",
        "large pools: looks at 1,000",
    ),
    Entry(
        "badge",
        badge,
        CLASSES,
        "n (C + d)",
        "Ash et al. 2020",
        "batches of 100 and more, networks",
        "few labels, two classes: no better than margin",
    ),
    Entry(
        "bait",
        bait(),
        CLASSES,
        "b m k",
        "Ash et al. 2021",
        "linear heads on good features",
        "slow for large batches",
    ),
    Entry(
        "k_center",
        k_center,
        BOTH,
        "n d (L + b)",
        "Sener & Savarese 2018",
        "covering a clean embedding; numbers",
        "outliers: it goes for them",
    ),
    Entry(
        "gsx",
        k_center,
        BOTH,
        "n d (L + b)",
        "Wu et al. 2019",
        "numbers before a model is any good",
        "as k_center, which it is",
    ),
    Entry(
        "k_means",
        k_means(),
        BOTH,
        "s b d",
        "Lloyd 1982; Zhdanov 2019",
        "batches that stand for the pool",
        "does not know the model",
    ),
    Entry(
        "k_means_plus_plus",
        k_means_plus_plus,
        BOTH,
        "n d (L + b)",
        "Arthur & Vassilvitskii 2007",
        "batches far apart, quickly",
        "does not know the model",
    ),
    Entry(
        "herding",
        herding(),
        BOTH,
        "n d (r + b)",
        "Chen et al. 2010",
        "a small set with the pool's mean",
        "does not know the model",
    ),
    Entry(
        "max_herding",
        max_herding,
        BOTH,
        "m r d",
        "Bae et al. 2024",
        "the first labels",
        "many labels: it does not know the model",
    ),
    Entry(
        "prob_cover",
        prob_cover,
        BOTH,
        "m r d",
        "Yehuda et al. 2022",
        "the first labels in a clean embedding",
        "many labels; an embedding without clusters",
    ),
    Entry(
        "facility_location",
        facility_location,
        BOTH,
        "m r d",
        "Mirchandani & Francis 1990; Wei et al. 2015",
        "batches that stand for the pool",
        "does not know the model",
    ),
    Entry(
        "typiclust",
        typiclust(),
        BOTH,
        "n K d",
        "Hacohen et al. 2022",
        "the first labels, one or two a class",
        "many labels, large batches",
    ),
    Entry(
        "uherding",
        uherding,
        CLASSES,
        "m r d",
        "Bae et al. 2025, with half of the pool within the radius",
        "from the first labels to many",
        "a very dense class beside a thin one",
    ),
    Entry(
        "uherding_local",
        uherding_local,
        CLASSES,
        "m r d",
        "Bae et al. 2025; Zelnik-Manor & Perona 2004",
        "as uherding, also where density varies",
        "features of 0 and 1 only",
    ),
    Entry(
        "uherding_closest",
        uherding_closest,
        CLASSES,
        "m r d",
        "Bae et al. 2025, with the published radius",
        "comparison with the paper",
        "uherding is steadier",
    ),
    Entry(
        "dcom",
        dcom(),
        CLASSES,
        "m r d",
        "Mishal & Weinshall 2024",
        "from the first labels to many",
        "probabilities that are off",
    ),
    Entry(
        "clue",
        k_means(weight=entropy),
        CLASSES,
        "s b d",
        "Prabhu et al. 2021",
        "a new domain, batches",
        "few labels",
    ),
    Entry(
        "cluster_margin",
        cluster_margin(),
        CLASSES,
        "n C + s b d",
        "Citovsky et al. 2021",
        "very large batches and pools",
        "small batches: margin",
    ),
    Entry(
        "spread_margin",
        spread(margin),
        CLASSES,
        "n C + b s d",
        "margin, then Gonzalez 1985",
        "batches without copies, quickly",
        "the first labels",
    ),
    Entry(
        "density_weighted",
        information_density(),
        CLASSES,
        "n (C + r d)",
        "Settles & Craven 2008",
        "outliers in the pool",
        "often worse than margin",
    ),
    Entry(
        "dropquery",
        shortlist(flips, k_means(), width=25),
        CLASSES,
        "n T C + s b d",
        "Gupte et al. 2024",
        "features of foundation models, with dropout draws",
        "other draws",
    ),
    Entry(
        "class_balanced",
        quota(),
        CLASSES,
        "n C",
        "margin, the rarest predicted class first",
        "classes of very different sizes",
        "classes of equal sizes",
    ),
    Entry(
        "galaxy",
        galaxy,
        CLASSES,
        "C n log n",
        "Zhang et al. 2022",
        "very rare classes, once some of each are known",
        "the first labels",
    ),
    Entry(
        "direct",
        direct,
        CLASSES,
        "C n log n",
        "Nuggehalli et al. 2023",
        "very rare classes and noisy labels",
        "the first labels",
    ),
    Entry(
        "lcmd",
        lcmd,
        BOTH,
        "n d (L + b)",
        "Holzmueller et al. 2023",
        "numbers: networks' gradients as embedding",
        "poor features",
    ),
    Entry("igs", igs, NUMBER, "n d (L + b)", "Wu et al. 2019", "numbers, few labels", "noisy numbers"),
    Entry(
        "qbc_std",
        deviation,
        NUMBER,
        "n",
        "RayChaudhuri & Hamey 1995",
        "numbers with a deviation",
        "copies in a batch; noise taken for ignorance",
    ),
)
SCORES = (
    bald,
    certainty,
    consensus_kl,
    copies,
    deviation,
    entropy,
    expected_gradient_length,
    expected_model_change,
    flips,
    least_confidence,
    margin,
    mean_std,
    ratio,
    variation_ratio,
    vote_entropy,
)
KINDS = (
    adaptive,
    average,
    binary,
    highest,
    bait,
    ball,
    batch_bald,
    candidates,
    closest,
    cluster_margin,
    committee,
    cover,
    dcom,
    density,
    diameter,
    distinct,
    epig,
    expected_cost,
    expected_error_reduction,
    fixed,
    gauss,
    grouped,
    half,
    herding,
    information_density,
    k_means,
    mix,
    near_labelled,
    pareto,
    per_cost,
    power,
    pure,
    quota,
    shortlist,
    shrinking,
    soft_rank,
    softmax,
    spread,
    tent,
    times,
    top,
    typiclust,
    weigh,
)
for _entry in STRATEGIES:
    if hasattr(_entry.strategy, "__dataclass_fields__"):
        named(
            _entry.name, _entry.strategy
        )  # so that a record says uherding rather than cover(margin, radius=half())


def names() -> list[str]:
    """The names of all strategies, those of installed plug-ins among them.

    >>> "margin" in names()
    True
    """
    return sorted({e.name for e in STRATEGIES}.union(_plugins()))


def get(spec: str | Strategy) -> Strategy:
    """The strategy of this name, or the one written in this expression; a function is taken as it is.

    >>> get("mix(spread(margin, width=3), share=0.2)")
    mix(spread(margin, width=3), share=0.2)
    >>> get("margin")
    top(margin)
    """
    if not isinstance(spec, str):
        found: Any = spec
    else:
        words: dict[str, Any] = {f.__name__: f for f in SCORES} | {e.name: e.strategy for e in STRATEGIES}
        words |= {word: load() for word, load in _plugins().items() if word in spec and word not in words}
        if spec.strip().isidentifier() and spec.strip() not in words:
            words = dict.fromkeys(names())  # only for the sentence that refuses it
        found = parse(spec, words, {kind.__name__: kind for kind in KINDS})
    if not callable(found):
        raise SettingError(f"a strategy is a name, an expression or a function; {found!r} is none of these")
    return found if is_strategy(found) else top(found)


def table() -> dict[str, list[str]]:
    """Every strategy as columns: name, needs, tasks, cost, source, good (for), bad (for).

    >>> list(table())
    ['name', 'needs', 'tasks', 'cost', 'source', 'good', 'bad']
    """
    known = {e.name: e for e in STRATEGIES} | {
        word: _foreign(word, load()) for word, load in _plugins().items()
    }
    listed = [known[word] for word in sorted(known)]
    columns = {
        "name": [e.name for e in listed],
        "needs": [", ".join(sorted(needs(e.strategy))) for e in listed],
    }
    return columns | {
        key: [getattr(e, key) for e in listed] for key in ("tasks", "cost", "source", "good", "bad")
    }


def _foreign(word: str, strategy: Strategy) -> Entry:
    told = (getattr(strategy, "__doc__", None) or "").strip().partition("\n")[0]
    return Entry(word, strategy, "", "", "plug-in", told, "")


@cache
def _plugins() -> dict[str, Callable[[], Any]]:
    from importlib.metadata import entry_points

    own = {e.name for e in STRATEGIES}
    return {e.name: e.load for e in entry_points(group="asklearn.strategies") if e.name not in own}
